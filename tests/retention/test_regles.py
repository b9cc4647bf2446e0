"""Which rule keeps a PJ: the longest, the strictest sort final; from SQL, on both databases."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from orc.db import Database
from orc.models import (
    Bordereau,
    Declaration,
    Flux,
    Piece,
    PieceJustificative,
    RegleDuree,
    VersionRegles,
    read_now,
)
from orc.retention.departs import Connu, find_end
from orc.retention.durees import Arrondi, Duree, Unite
from orc.retention.regle_duree import (
    Criteres,
    Evenement,
    Objet,
    RegleDeDuree,
    SortFinal,
    VersionDeRegles,
    dump_criteres,
    read_livrees,
)
from orc.retention.regles import (
    RegleTrouvee,
    applies,
    decide_duree,
    find_durees,
    find_durees_de,
    find_rules,
    find_version,
)
from orc.retention.rules import Fondement, Rules
from orc.settings import Settings
from tests.flows import UnePj, UnFlux, UnMandat
from tests.ingest.test_intake import take_in
from tests.retention.reponses import UnAcquit, UnRetour

JOUR = date(2026, 6, 1)


def make_regle(code: str = "R", **changes: object) -> RegleDeDuree:
    regle = RegleDeDuree(
        code, code.title(), Criteres(Objet.PJ), "Texte", Fondement.TEXTE, Evenement.EXERCICE,
        Duree(10, Unite.ANS), SortFinal.DETRUIRE,
    )  # fmt: skip
    return replace(regle, **changes)  # type: ignore[arg-type]  # the fields of RegleDeDuree


def make_version(*regles: RegleDeDuree) -> VersionDeRegles:
    return VersionDeRegles(1, "essai", date(2020, 1, 1), regles)


def make_connu(**changes: object) -> Connu:
    connu = Connu("999000018", "003", None, sens={"depense"})
    return replace(connu, **changes)  # type: ignore[arg-type]  # the fields of Connu


FIN_2022 = {Evenement.EXERCICE: date(2022, 12, 31)}


def test_no_rule_keeps_what_none_bears_on() -> None:
    recette = make_regle(criteres=Criteres(Objet.PJ, sens=("recette",)))
    assert decide_duree(make_connu(), [recette]) is None
    assert decide_duree(make_connu(), []) is None


def test_the_longest_keeps_and_the_strictest_sort_wins() -> None:
    court = make_regle("COURT", duree=Duree(1, Unite.ANS), sort_final=SortFinal.CONSERVER)
    long = make_regle("LONG")
    trier = make_regle("TRI", duree=Duree(2, Unite.ANS), sort_final=SortFinal.TRIER)
    found = decide_duree(make_connu(debuts=FIN_2022), [court, long, trier])
    assert found == RegleTrouvee(
        "LONG", "Long", "Texte", "10 ans", "C", date(2022, 12, 31), date(2032, 12, 31),
        date(2033, 1, 1), ("COURT", "LONG", "TRI"), contradictoire=True,
    )  # fmt: skip
    softer = decide_duree(make_connu(debuts=FIN_2022), [long, trier])
    assert softer is not None
    assert softer.sort_final == "T"


def test_a_start_nobody_knows_keeps_longer_than_any_other() -> None:
    solde = make_regle("SOLDE", evenement=Evenement.SOLDE, duree=Duree(0, Unite.JOURS))
    found = decide_duree(make_connu(debuts=FIN_2022), [make_regle("AN"), solde])
    assert found is not None
    assert (found.code, found.debut, found.terme, found.libre) == ("SOLDE", None, None, None)
    assert not found.contradictoire


@pytest.mark.parametrize(
    ("criteres", "connu", "expected"),
    [
        (Criteres(Objet.PJ), make_connu(), True),
        (Criteres(Objet.PJ, sens=("depense",)), make_connu(), True),
        (Criteres(Objet.PJ, sens=("recette",)), make_connu(), False),
        (Criteres(Objet.PJ, sens=("depense",)), make_connu(sens=set()), False),
        (Criteres(Objet.PJ, type_pj=("003", "004")), make_connu(), True),
        (Criteres(Objet.PJ, type_pj=("004",)), make_connu(), False),
        (Criteres(Objet.PJ, type_piece=("05",)), make_connu(types_piece={"01", "05"}), True),
        (Criteres(Objet.PJ, type_piece=("05",)), make_connu(types_piece={"01"}), False),
        (Criteres(Objet.PJ, nature_piece=("11",)), make_connu(natures={"11"}), True),
        (Criteres(Objet.PJ, nature_piece=("11",)), make_connu(natures={"01"}), False),
        (Criteres(Objet.PJ, compte=("64", "65")), make_connu(comptes={"64111"}), True),
        (Criteres(Objet.PJ, compte=("64",)), make_connu(comptes={"60612"}), False),
        (Criteres(Objet.PJ, marche=True), make_connu(), False),
        (Criteres(Objet.PJ, marche=True), make_connu(type_pj="009"), True),
        (Criteres(Objet.PJ, marche=True), make_connu(marches={("1", "M1")}), True),
        (Criteres(Objet.PJ, sens=("depense",), type_pj=("004",)), make_connu(), False),
    ],
)
def test_a_rule_bears_on_what_meets_all_its_criteria(
    criteres: Criteres, connu: Connu, expected: bool
) -> None:
    assert applies(make_regle(criteres=criteres), connu) is expected


REGLES = st.builds(
    make_regle,
    st.sampled_from(["A", "B", "C", "D"]),
    evenement=st.sampled_from([Evenement.EXERCICE, Evenement.FLUX, Evenement.SOLDE]),
    duree=st.builds(
        Duree, st.integers(0, 60), st.sampled_from(Unite), st.sampled_from(Arrondi), st.booleans()
    ),
    sort_final=st.sampled_from(SortFinal),
)
DEBUTS = st.dictionaries(
    st.sampled_from([Evenement.EXERCICE, Evenement.FLUX]), st.dates(date(1990, 1, 1), JOUR)
)


@given(st.lists(REGLES, min_size=1, max_size=5), REGLES, DEBUTS)
def test_one_more_rule_never_frees_sooner_nor_softens(
    regles: list[RegleDeDuree], more: RegleDeDuree, debuts: dict[Evenement, date]
) -> None:
    connu = make_connu(debuts=debuts)
    before, after = decide_duree(connu, regles), decide_duree(connu, [*regles, more])
    assert before is not None
    assert after is not None
    assert (before.libre or date.max) <= (after.libre or date.max)
    assert "CTD".index(after.sort_final) <= "CTD".index(before.sort_final)


@given(st.lists(REGLES, min_size=1, max_size=5), DEBUTS, st.permutations(range(5)))
def test_the_order_of_the_rules_changes_neither_term_nor_sort(
    regles: list[RegleDeDuree], debuts: dict[Evenement, date], order: list[int]
) -> None:
    connu = make_connu(debuts=debuts)
    other = [regles[i] for i in order if i < len(regles)]
    one, two = decide_duree(connu, regles), decide_duree(connu, other)
    assert one is not None
    assert two is not None
    assert (one.libre, one.sort_final) == (two.libre, two.sort_final)


def take(database: Database, folder: Path, flows: Sequence[UnFlux | UnRetour | UnAcquit]) -> None:
    for flow in flows:
        take_in(database, flow if isinstance(flow, UnFlux) else flow.make(), folder)


def read_durees(database: Database, version: VersionDeRegles | None = None) -> RegleTrouvee | None:
    """Of the one PJ there is."""
    with database.reading() as session:
        ids = session.scalars(select(PieceJustificative.id)).all()
        found = (
            find_durees_de(session, ids, version) if version else find_durees(session, ids, JOUR)
        )
    (pj_id,) = ids
    return found.get(pj_id)


FLUX = UnFlux(mandats=(UnMandat("1", cite=("PJ1",)),), pjs=(UnePj("PJ1"),))


def test_a_pj_of_a_mandat_is_kept_ten_years_after_its_exercice(
    database: Database, tmp_path: Path
) -> None:
    take(database, tmp_path, [FLUX])
    with database.reading() as session:
        exercice = session.scalars(select(Piece.exercice)).one()
    found = read_durees(database)
    assert found is not None
    assert (found.code, found.sort_final, found.dua) == (
        "PJ-DEPENSE",
        "D",
        "10 ans, fin d’exercice",
    )
    assert found.debut == date(exercice, 12, 31)
    assert found.terme == date(exercice + 10, 12, 31)
    assert found.libre == date(exercice + 11, 1, 1)


def test_a_pj_nothing_cites_has_no_rule(database: Database, tmp_path: Path) -> None:
    take(database, tmp_path, [UnFlux(mandats=(UnMandat("1"),), pjs=(UnePj("PJ1"),))])
    assert read_durees(database) is None


def start(database: Database, event: Evenement) -> date | None:
    regle = make_regle(evenement=event, duree=Duree(0, Unite.JOURS))
    found = read_durees(database, make_version(regle))
    assert found is not None
    return found.debut


def test_each_event_starts_where_sql_says(database: Database, tmp_path: Path) -> None:
    take(database, tmp_path, [FLUX])
    with database.reading() as session:
        emission = session.scalars(select(Bordereau.date_emission)).one()
        envoi = session.scalars(select(Flux.date_flux)).one()
    assert start(database, Evenement.EMISSION) == emission
    assert start(database, Evenement.FLUX) == envoi
    assert start(database, Evenement.ACQUIT) is None
    assert start(database, Evenement.OPERATION) is None
    assert start(database, Evenement.NOTIFICATION) is None
    assert start(database, Evenement.SOLDE) is None


def test_an_unknown_day_starts_nothing(database: Database, tmp_path: Path) -> None:
    take(database, tmp_path, [FLUX])
    with database.writing() as session:
        session.execute(update(Bordereau).values(date_emission=None))
        session.execute(update(Flux).values(date_flux=None))
    assert start(database, Evenement.EMISSION) is None
    assert start(database, Evenement.FLUX) is None
    assert find_end(10_000) is None
    assert find_end(2022) == date(2022, 12, 31)


def test_the_last_payment_or_prise_en_charge_is_the_operation(
    database: Database, tmp_path: Path
) -> None:
    paye = UnRetour(
        "2023-07-01", "05", (("01", "2023-06-20", "60.00"),), prise_en_charge="2023-05-30"
    )
    take(database, tmp_path, [FLUX, paye])
    assert start(database, Evenement.OPERATION) == date(2023, 6, 20)


def publish(database: Database, *regles: RegleDeDuree, since: date, etat: str = "publiee") -> int:
    with database.writing() as session:
        version = VersionRegles(
            etat=etat, redigee_par="a", redigee_le=read_now(), en_vigueur_le=since
        )
        session.add(version)
        session.flush()
        for rang, regle in enumerate(regles):
            session.add(
                RegleDuree(
                    version_id=version.id,
                    code=regle.code,
                    intitule=regle.intitule,
                    criteres=dump_criteres(regle.criteres),
                    reference=regle.reference,
                    fondement=regle.fondement.value,
                    evenement=regle.evenement.value,
                    nombre=regle.duree.nombre,
                    unite=regle.duree.unite.value,
                    arrondi=regle.duree.arrondi.value,
                    inclus=regle.duree.inclus,
                    sort_final=regle.sort_final.value,
                    garde=regle.garde,
                    rang=rang,
                )
            )
        return version.id


def test_the_version_in_force_is_the_last_published_for_the_day(database: Database) -> None:
    passation = make_regle("MARCHE-PASSATION", duree=Duree(7, Unite.ANS))
    first = publish(database, passation, make_regle("B"), since=date(2026, 1, 1))
    publish(database, make_regle("X"), since=date(2026, 2, 1), etat="brouillon")
    second = publish(database, make_regle("Y"), since=date(2027, 1, 1))
    with database.reading() as session:
        assert find_version(session, date(2025, 12, 31)) is read_livrees()
        found = find_version(session, date(2026, 6, 1))
        assert (found.id, [r.code for r in found.regles]) == (first, ["MARCHE-PASSATION", "B"])
        assert found.regles[0] == passation
        assert find_version(session, date(2027, 1, 1)).id == second
        assert find_rules(session, date(2026, 6, 1)) == Rules(marche_passation=Duree(7, Unite.ANS))
        assert find_rules(session, date(2027, 1, 1)) == Rules()


def test_settings_say_what_we_inferred(database: Database) -> None:
    settings = Settings(
        destruction_refus_avant_offre=False,
        destruction_ordre_prise_en_charge=True,
        destruction_rubrique_inconnue_passe=False,
        destruction_rubriques_originales=" 03122, 5311 ,",
        destruction_origines_de_paiement="01",
    )
    with database.reading() as session:
        found = find_rules(session, JOUR, settings)
        assert find_rules(session, JOUR) == Rules()
    assert found == Rules(False, True, False, frozenset({"03122", "5311"}), frozenset({"01"}))


def test_the_acquit_of_the_pj_starts_what_runs_from_it(database: Database, tmp_path: Path) -> None:
    take(database, tmp_path, [FLUX, UnAcquit("2023-05-04", (("PJ1", False),))])
    assert start(database, Evenement.ACQUIT) is None
    take(database, tmp_path, [UnAcquit("2023-05-09", (("PJ1", True),))])
    assert start(database, Evenement.ACQUIT) == date(2023, 5, 9)


def test_a_compte_is_met_by_its_beginning(database: Database, tmp_path: Path) -> None:
    take(database, tmp_path, [FLUX])
    energie = make_regle(criteres=Criteres(Objet.PJ, compte=("606",)))
    assert read_durees(database, make_version(energie)) is not None
    paie = make_regle(criteres=Criteres(Objet.PJ, compte=("64",)))
    assert read_durees(database, make_version(paie)) is None


CONTRAT = UnFlux(
    mandats=(UnMandat("1", cite=("PJ1",), marche="M2207"),),
    pjs=(UnePj("PJ1", type_pj="009"),),
)


def test_a_contractual_piece_waits_for_the_balance_of_its_marche(
    database: Database, tmp_path: Path
) -> None:
    take(database, tmp_path, [CONTRAT])
    found = read_durees(database)
    assert found is not None
    assert found.terme is None
    assert found.regles == ("PJ-DEPENSE", "MARCHE-PASSATION", "MARCHE-EXECUTION")
    declare(database, "solde_marche", "marche:M2207", date(2024, 1, 15))
    assert start(database, Evenement.SOLDE) == date(2024, 1, 15)
    found = read_durees(database)
    assert found is not None
    assert found.terme is None  # the notification is still unknown


def declare(database: Database, genre: str, objet: str, day: date, **values: object) -> int:
    with database.writing() as session:
        row = Declaration(
            genre=genre, siren="000000001", objet=objet, depuis=day, saisie_par="test",
            saisie_le=read_now(), **values,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def test_a_balance_declared_again_takes_the_place_of_the_first(
    database: Database, tmp_path: Path
) -> None:
    take(database, tmp_path, [CONTRAT])
    first = declare(database, "solde_marche", "marche:M2207", date(2024, 1, 15))
    second = declare(database, "solde_marche", "marche:M2207", date(2023, 3, 1), remplace_id=first)
    assert start(database, Evenement.SOLDE) == date(2023, 3, 1)
    declare(
        database, "solde_marche", "marche:M2207", date(2023, 3, 1),
        remplace_id=second, retiree=True,
    )  # fmt: skip
    assert start(database, Evenement.SOLDE) is None


def test_the_marche_block_says_its_notification(database: Database, tmp_path: Path) -> None:
    bloc = (
        "<PES_Marche><Marches><Marche><IdentifiantMarche>"
        '<IdContrat V="M2207"/></IdentifiantMarche><DateNotification V="2022-03-01"/>'
        '<PJRefs><PJRef><Support V="01"/><IdUnique V="PJ1"/><NomPJ V="acte.pdf"/></PJRef></PJRefs>'
        "</Marche></Marches></PES_Marche>"
    )
    take(database, tmp_path, [UnFlux(pjs=(UnePj("PJ1"),), extra=bloc)])
    assert start(database, Evenement.NOTIFICATION) == date(2022, 3, 1)
    found = read_durees(database)
    assert found is not None
    assert found.regles == ("MARCHE-PASSATION", "MARCHE-EXECUTION")
    assert found.terme is None
    declare(database, "solde_marche", "marche:M2207", date(2024, 1, 15))
    found = read_durees(database)
    assert found is not None
    assert (found.code, found.terme) == ("MARCHE-EXECUTION", date(2034, 1, 15))
    declare(database, "notification_marche", "marche:M2207", date(2022, 4, 1))
    assert start(database, Evenement.NOTIFICATION) == date(2022, 4, 1)  # people know better
