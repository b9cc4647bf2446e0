"""The life of a piece told in order, each event with its flow; what cannot be told is a doubt."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from orc.db import Database
from orc.models import (
    FLUX_BITS,
    Acquit,
    Bordereau,
    Budget,
    Emargement,
    ErreurAcquit,
    Flux,
    Piece,
    RetourLigne,
    RetourPiece,
    read_now,
)
from orc.retention.chronologie import MOST, Chronologie, read_chronologie
from tests.retention.archives import FLUX, PAIEMENT, PAYE, PRIS_EN_CHARGE, take
from tests.retention.reponses import UnRetour


def read(database: Database) -> Chronologie:
    with database.reading() as session:
        query = select(Piece.id).where(Piece.courante, Piece.numero == "1")
        return read_chronologie(session, session.scalars(query).one())


def put_acquit(
    database: Database, *, accepte: bool | None = True, rank: int = 1, **erreur: str
) -> None:
    """An acquit of bordereau 12, in a flow of its own; `erreur`: one it says."""
    with database.writing() as session:
        budget_id = session.scalars(select(Budget.id)).one()
        known = session.scalars(select(Flux).where(Flux.nom_fic == "ACK")).first()
        if known is None:
            known = Flux(
                sha256="a" * 64, taille=1, etat="lu", recu_le=read_now(), nom_fic="ACK",
                date_flux=date(2023, 5, 4),
            )  # fmt: skip
            session.add(known)
            session.flush()
        ident = known.id << FLUX_BITS | rank
        session.execute(
            insert(Acquit).values(
                id=ident, flux_id=known.id, budget_id=budget_id, siren="000000001",
                nom_fic="FLUX", jour=date(2023, 5, 4), domaine="5", accepte=accepte,
                exercice=2023, numero_bordereau="12", id_unique="", id_marche="", ligne_xml=rank,
            )
        )  # fmt: skip
        if erreur:
            said = {"code": "", "libelle": "", "numero_piece": "", "numero_ligne": "", **erreur}
            session.execute(insert(ErreurAcquit).values(id=ident, acquit_id=ident, **said))


def test_a_piece_nobody_answered_says_only_that_it_was_sent(
    database: Database, tmp_path: Path
) -> None:
    take(database, tmp_path, [FLUX])
    found = read(database)
    assert [e.quoi for e in found.evenements] == ["Émise, bordereau 12"]
    assert (found.etat, found.regle, found.reste, found.doutes) == ("", None, None, ())


def test_the_events_come_in_the_order_of_their_days(database: Database, tmp_path: Path) -> None:
    take(database, tmp_path, [PAYE, PRIS_EN_CHARGE, FLUX])
    put_acquit(database)
    found = read(database)
    told = [(str(e.jour), re.sub(r"\s", " ", e.quoi)) for e in found.evenements]
    assert told == [
        ("2023-05-02", "Émise, bordereau 12"),
        ("2023-05-04", "Bordereau acquitté"),
        ("2023-06-01", "Prise en charge (retour périodique)"),
        ("2023-06-20", "Paiement réel : 100,00 €"),
        ("2023-08-01", "Soldée (retour périodique)"),
    ]
    assert found.regle == 10_000
    assert found.etat == "Soldée, au 01/08/2023"


def test_a_stock_that_repeats_the_state_is_told_once(database: Database, tmp_path: Path) -> None:
    again = UnRetour(
        "2023-09-01", "05", (PAIEMENT,), prise_en_charge="2023-05-30", restitution="03"
    )
    take(database, tmp_path, [FLUX, PAYE, again])
    assert sum("Soldée" in e.quoi for e in read(database).evenements) == 1


def test_a_refusal_says_where_and_why(database: Database, tmp_path: Path) -> None:
    take(
        database,
        tmp_path,
        [FLUX, UnRetour("2023-05-20", "04", rejet="2023-05-18", restitution="01")],
    )
    put_acquit(
        database, accepte=False, code="E1", libelle="Compte absent", numero_piece="1",
        numero_ligne="2",
    )  # fmt: skip
    put_acquit(database, accepte=None, rank=2, code="E2", libelle="Autre", numero_piece="77")
    acquit, silent, rejet = read(database).evenements[1:]
    assert acquit.quoi == "Bordereau refusé par l’acquit"
    assert acquit.details == ("Erreur sur la pièce 1, ligne 2 : E1 — Compte absent",)
    assert acquit.refus
    assert silent.quoi == "Acquit du bordereau, qui ne dit pas s’il accepte"
    assert silent.details == ()
    assert rejet.refus
    assert "rejetée le 18/05/2023" in rejet.details


def test_an_acquit_that_fits_two_bordereaux_is_listed_never_guessed(
    database: Database, tmp_path: Path
) -> None:
    take(database, tmp_path, [FLUX])
    with database.writing() as session:
        row = session.scalars(select(Bordereau)).one()
        values = {c.name: getattr(row, c.name) for c in Bordereau.__table__.columns}
        session.execute(
            insert(Bordereau).values(values | {"id": row.id + 900, "type_bordereau": "02"})
        )
    assert read(database).doutes == ()
    put_acquit(database)
    found = read(database)
    assert len(found.evenements) == 1
    assert "on ne sait auquel" in found.doutes[0]


def test_a_piece_sent_again_says_each_sending(database: Database, tmp_path: Path) -> None:
    take(database, tmp_path, [FLUX, FLUX.sent("2023-06-10")])
    told = [e.quoi for e in read(database).evenements]
    assert told == ["Émise, bordereau 12", "Envoyée de nouveau (version 2)"]


@pytest.mark.parametrize(("reste", "said"), [(2_500, 2_500), (None, None)])
def test_what_is_left_to_recover_is_what_the_last_retour_says(
    database: Database, tmp_path: Path, reste: int | None, said: int | None
) -> None:
    take(database, tmp_path, [FLUX, PAYE])
    with database.writing() as session:
        session.execute(update(RetourLigne).values(reste=reste))
        session.execute(update(RetourPiece).values(jour=None, etat="99", motifs="01,99",
                                                   commentaire="À revoir"))  # fmt: skip
        session.execute(update(RetourPiece).values(type_restitution="77"))
    found = read(database)
    assert found.reste == said
    assert found.etat == "État 99"
    last = next(e for e in found.evenements if "État 99" in e.quoi)
    assert "motif 99" in last.details
    assert "À revoir" in last.details


def test_a_state_that_is_not_said_is_not_invented(database: Database, tmp_path: Path) -> None:
    take(database, tmp_path, [FLUX, UnRetour("2023-06-01", "")])
    assert any("État non dit" in e.quoi for e in read(database).evenements)


def test_a_thousand_payments_are_counted_and_the_last_shown(
    database: Database, tmp_path: Path
) -> None:
    take(database, tmp_path, [FLUX, PAYE])
    with database.writing() as session:
        row = session.scalars(select(Emargement)).one()
        for rank in range(1, MOST + 11):
            session.execute(
                insert(Emargement).values(
                    id=row.id + rank, ligne_id=row.ligne_id, origine="", jour=date(2023, 7, 1),
                    montant=rank,
                )
            )  # fmt: skip
    found = read(database)
    assert found.omis == 11
    assert sum("Paiement :" in e.quoi for e in found.evenements) == MOST


def test_the_payments_of_an_annulation_are_signed_as_it_is(
    database: Database, tmp_path: Path
) -> None:
    paid = UnRetour("2023-08-01", "05", (PAIEMENT,), type_bordereau="02")
    take(database, tmp_path, [replace(FLUX, type_bordereau="02"), paid])
    assert read(database).regle == -10_000


def test_a_retour_of_no_reason_and_no_label_is_still_told(
    database: Database, tmp_path: Path
) -> None:
    take(database, tmp_path, [FLUX])
    put_acquit(database, accepte=False, code="", libelle="Refus")
    acquit = read(database).evenements[1]
    assert acquit.details == ("Erreur sur le bordereau : Refus",)
