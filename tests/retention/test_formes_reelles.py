"""Shapes that real flows take: what is regular may go, what is half said never does."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select

from orc.db import Database
from orc.ingest.a_decider import mark_flux
from orc.models import FLUX_BITS, ADecider, Marche, PieceJustificative
from orc.retention.decide import Decision, Statut, decide
from orc.retention.declarations import Genre
from orc.retention.departs import find_connus
from orc.retention.dossier import read_dossiers
from orc.retention.regle_duree import read_livrees
from orc.retention.rules import Rules
from orc.retention.saisies import mark_objet
from tests.flows import UnePj, UnFlux, UnMandat
from tests.ingest.test_intake import take_in
from tests.retention.archives import (
    ACQUIT,
    AUJOURD_HUI,
    FLUX,
    PAIEMENT,
    PAYE,
    SIREN,
    Flow,
    declare,
    find_pj,
    make_ready,
    put_in_silo,
    take,
)
from tests.retention.reponses import UnAcquit, UnRetour

ELIGIBLE, EN_ATTENTE, SUSPENDU, REFUS = Statut
RENVOI = FLUX.sent("2023-06-10")
DOUBLON = ("ERREUR_DOUBLON_PJ",)
DEJA_LA = UnAcquit("2023-06-11", (("PJ1", False),), RENVOI.nom, DOUBLON)
REJETE = UnRetour("2023-06-01", "04", rejet="2023-05-30")
# Another mandat, of another exercice, that cites PJ1 too.
AUTRE = UnFlux((UnMandat("7", cite=("PJ1",)),), nom="AUTRE", exercice=2022, bordereau="3")
AUTRE_PAYE = replace(PAYE, numero="7", exercice=2022, bordereau="3", jour="2023-09-01")


def say(database: Database, folder: Path, flows: Iterable[Flow], nom: str = "PJ1") -> Decision:
    make_ready(database, folder, flows)
    return decide_on(database, nom)


def decide_on(database: Database, nom: str = "PJ1") -> Decision:
    pj_id = find_pj(database, nom)
    with database.reading() as session:
        facts = read_dossiers(session, [pj_id], AUJOURD_HUI)[pj_id]
    return decide(facts, Rules(), AUJOURD_HUI)


def find_textes(decision: Decision) -> str:
    return " ; ".join(raison.texte for raison in decision.empechements)


@pytest.mark.parametrize("after", ["01", ""])
def test_a_cession_said_once_is_not_taken_back_by_a_later_retour(
    database: Database, tmp_path: Path, after: str
) -> None:
    before = UnRetour("2023-06-01", "02", prise_en_charge="2023-05-30", cession="02")
    said = say(database, tmp_path, [FLUX, ACQUIT, before, replace(PAYE, cession=after)])
    assert said.statut is REFUS
    assert "cession" in find_textes(said)


def test_a_payment_said_then_neutralised_pays_nothing(database: Database, tmp_path: Path) -> None:
    paid = replace(PAYE, total="100.00")
    assert say(database, tmp_path, [FLUX, ACQUIT, paid]).statut is ELIGIBLE
    take(database, tmp_path, [replace(PAYE, jour="2023-10-01", paiements=(), total="0")])
    said = decide_on(database)
    assert said.statut is EN_ATTENTE
    assert "annonce 0,00" in find_textes(said)


def test_a_total_that_a_daily_retour_does_not_repeat_still_holds(
    database: Database, tmp_path: Path
) -> None:
    flows = [FLUX, ACQUIT, replace(PAYE, total="60.00"), replace(PAYE, jour="2023-10-01")]
    assert say(database, tmp_path, flows).statut is EN_ATTENTE


def test_a_pj_that_says_it_proves_a_mandat_waits_until_it_comes(
    database: Database, tmp_path: Path
) -> None:
    pj = UnePj(
        "PJ1", refs=(("01", 2023, "01", "9"), ("01", 2023, "01", "1"), ("04", 2023, "01", ""))
    )
    said = say(database, tmp_path, [replace(FLUX, pjs=(pj,)), ACQUIT, PAYE])
    assert said.statut is EN_ATTENTE
    assert find_textes(said) == (
        "elle se rattache elle-même au mandat 9, 2023, qui n’est jamais arrivé"
    )
    late = UnFlux((UnMandat("9"),), nom="NEUF", bordereau="14")
    take(database, tmp_path, [late])
    with database.reading() as session:
        assert find_pj(database) in session.scalars(select(ADecider.pj_id)).all()
    assert "aucun retour" in find_textes(decide_on(database))
    take(database, tmp_path, [replace(PAYE, numero="9", bordereau="14")])
    assert decide_on(database).statut is ELIGIBLE


def test_a_pj_that_says_a_mandat_without_its_number_waits(
    database: Database, tmp_path: Path
) -> None:
    pj = UnePj("PJ1", refs=(("01", 2023, "01", ""),))
    said = say(database, tmp_path, [replace(FLUX, pjs=(pj,)), ACQUIT, PAYE])
    assert "sans numéro, 2023" in find_textes(said)


def test_a_pj_refused_because_it_is_there_already_is_acknowledged(
    database: Database, tmp_path: Path
) -> None:
    said = say(database, tmp_path, [FLUX, ACQUIT, REJETE, RENVOI, DEJA_LA, PAYE])
    assert said.statut is ELIGIBLE
    assert find_textes(said) == ""


@pytest.mark.parametrize(
    "flows",
    [
        [FLUX, RENVOI, DEJA_LA],
        [FLUX, ACQUIT, RENVOI, replace(DEJA_LA, erreurs=())],
        [FLUX, ACQUIT, RENVOI, replace(DEJA_LA, erreurs=(*DOUBLON, "ERREUR_PJ"))],
        [FLUX, ACQUIT, replace(RENVOI, pjs=(UnePj("PJ1", b"autre"),)), DEJA_LA],
        [FLUX, replace(ACQUIT, pjs=(("PJ1", False),)), RENVOI, DEJA_LA],
    ],
)
def test_a_second_sending_refused_otherwise_is_not_acknowledged(
    database: Database, tmp_path: Path, flows: list[Flow]
) -> None:
    said = say(database, tmp_path, [*flows, PAYE])
    assert (said.statut, find_textes(said)) == (EN_ATTENTE, "l’acquit la refuse")


def test_a_mandat_rejected_then_sent_again_under_its_number_is_paid(
    database: Database, tmp_path: Path
) -> None:
    again = UnAcquit("2023-06-11", (("PJ1", True),), RENVOI.nom)
    flows = [FLUX, ACQUIT, REJETE]
    assert say(database, tmp_path, flows).statut is REFUS
    take(database, tmp_path, [RENVOI, again, PAYE])
    put_in_silo(database)
    assert decide_on(database).statut is ELIGIBLE


def test_a_pj_of_two_exercices_waits_for_both(database: Database, tmp_path: Path) -> None:
    said = say(database, tmp_path, [FLUX, ACQUIT, PAYE, AUTRE])
    assert (said.statut, find_textes(said)) == (
        EN_ATTENTE, "mandat 7, bordereau 3, 2022 : aucun retour reçu",
    )  # fmt: skip
    take(database, tmp_path, [AUTRE_PAYE])
    assert decide_on(database).statut is ELIGIBLE


def test_a_pj_of_two_budgets_waits_for_both(database: Database, tmp_path: Path) -> None:
    make_ready(database, tmp_path, [FLUX, ACQUIT, PAYE])
    annexe = replace(AUTRE, exercice=2023).make()
    take_in(database, annexe.replace(b'CodBud V="00"', b'CodBud V="01"'), tmp_path)
    # Said of the other budget: it answers for nothing here.
    take(database, tmp_path, [replace(AUTRE_PAYE, exercice=2023)])
    assert decide_on(database).statut is EN_ATTENTE


def test_the_same_bytes_under_another_identifier_are_another_pj(
    database: Database, tmp_path: Path
) -> None:
    copy = UnFlux((UnMandat("2", cite=("PJ2",)),), (UnePj("PJ2"),), nom="COPIE")
    make_ready(database, tmp_path, [FLUX, ACQUIT, PAYE, copy])
    assert decide_on(database).statut is ELIGIBLE
    assert "aucun acquit" in find_textes(decide_on(database, "PJ2"))


def test_a_mandat_of_annulation_paid_by_nobody_lets_nothing_go(
    database: Database, tmp_path: Path
) -> None:
    annule = UnFlux(
        (UnMandat("8", cite=("PJ1",), nature="06"),), type_bordereau="02", bordereau="4",
        nom="ANNULE",
    )  # fmt: skip
    settled = UnRetour(
        "2023-08-01", "05", (("08", *PAIEMENT[1:]),), "8", "2023-05-30", type_bordereau="02",
        bordereau="4",
    )  # fmt: skip
    said = say(database, tmp_path, [FLUX, ACQUIT, PAYE, annule, settled])
    assert said.statut is EN_ATTENTE
    assert "mandat (08)" in find_textes(said)


CONTRAT = (("06", 2023, "", "2023-ABC-01"),)


def test_a_pj_that_names_its_contract_is_kept_as_contractual(
    database: Database, tmp_path: Path
) -> None:
    flux = replace(FLUX, pjs=(UnePj("PJ1", refs=CONTRAT),))
    said = say(database, tmp_path, [flux, ACQUIT, PAYE])
    assert (said.statut, said.jusqu_a) == (SUSPENDU, None)
    objet = {"objet": "marche:2023ABC"}
    with database.writing() as session:
        declare(session, Genre.NOTIFICATION_MARCHE, "2015-03-01", **objet)
        declare(session, Genre.SOLDE_MARCHE, "2016-02-29", **objet)
        declare(session, Genre.COFINANCEMENT, "2018-01-01", jusqu_a=AUJOURD_HUI, **objet)
        pj_id = find_pj(database)
        mark_objet(session, SIREN, "marche:2023ABC")
        assert session.get(ADecider, pj_id)
        connu = find_connus(session, [pj_id], read_livrees().regles)[pj_id]
    assert (connu.contractuelle, connu.marches) == (True, {(SIREN, "2023ABC")})
    said = decide_on(database)
    assert (said.statut, said.jusqu_a) == (SUSPENDU, AUJOURD_HUI)
    passed = {r.depuis for r in said.raisons if r.regle.numero == "13"}
    assert passed == {date(2020, 3, 2), date(2026, 3, 1)}


def test_a_pj_that_names_its_contract_is_decided_again_when_its_block_comes(
    database: Database, tmp_path: Path
) -> None:
    make_ready(database, tmp_path, [replace(FLUX, pjs=(UnePj("PJ1", refs=CONTRAT),))])
    with database.writing() as session:
        pj = session.scalars(select(PieceJustificative)).one()
        session.execute(delete(ADecider))
        session.execute(
            insert(Marche).values(
                id=pj.flux_id << FLUX_BITS | 5001, flux_id=pj.flux_id, budget_id=pj.budget_id,
                siren=SIREN, cle="2023ABC", id_contrat="2023-ABC",
            )
        )  # fmt: skip
        mark_flux(session, pj.flux_id, (), {"marche": 1})
        assert session.get(ADecider, pj.id)


@pytest.mark.parametrize("type_pj", ["001", "012", "013"])
def test_a_budget_or_an_account_sent_with_a_mandat_is_kept(
    database: Database, tmp_path: Path, type_pj: str
) -> None:
    flux = replace(FLUX, pjs=(UnePj("PJ1", type_pj=type_pj),))
    said = say(database, tmp_path, [flux, ACQUIT, PAYE])
    assert (said.statut, find_textes(said)) == (
        REFUS, "sort final : conserver ; proposée au versement",
    )  # fmt: skip
