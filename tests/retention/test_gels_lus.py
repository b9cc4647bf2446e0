"""Which gels hold a PJ: lists, criteria, what arrives later, what ended."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import update

from orc.db import Database
from orc.models import Gel
from orc.retention.criteres import Criteres
from orc.retention.gels import find_gels, find_held, is_held
from tests.flows import UnePj, UnFlux, UnMandat
from tests.ingest.test_intake import take_in
from tests.retention.actes import JOUR, find_piece, find_pj, put_gel

pytestmark = pytest.mark.usefixtures("silo")

COMMUNE, AUTRE = "000000001", "000000002"
FLUX = UnFlux(
    mandats=(UnMandat("1", cite=("A",)), UnMandat("2", cite=("A", "B"))),
    pjs=(UnePj("A"), UnePj("B", b"%PDF-1.4 b"), UnePj("SEULE", b"%PDF-1.4 seule")),
)
TOUT = Criteres(siren=COMMUNE)


@pytest.fixture
def silo(database: Database, tmp_path: Path) -> Path:
    take_in(database, FLUX, tmp_path)
    return tmp_path


def read_noms(database: Database, *pj: int) -> dict[int, list[str]]:
    with database.reading() as session:
        return {i: [g.nom for g in gels] for i, gels in find_gels(session, pj).items()}


def put(database: Database, **values: object) -> int:
    with database.writing() as session:
        return put_gel(session, **values)  # type: ignore[arg-type]  # as put_gel takes them


def test_a_pj_under_no_gel_is_not_there(database: Database) -> None:
    a, b = find_pj(database, "A"), find_pj(database, "B")
    put(database, pj=(a,))
    assert list(read_noms(database, a, b)) == [a]
    assert read_noms(database) == {}


def test_several_gels_hold_one_pj_each_once(database: Database) -> None:
    a = find_pj(database, "A")
    put(database, nom="Un", pj=(a,), pieces=(find_piece(database, "1"), find_piece(database, "2")))
    put(database, nom="Deux", criteres=TOUT)
    put(database, nom="Trois", criteres=TOUT, portee="exercices")
    assert read_noms(database, a) == {a: ["Un", "Deux", "Trois"]}


def test_a_gel_on_a_piece_holds_every_pj_it_cites(database: Database) -> None:
    a, b = find_pj(database, "A"), find_pj(database, "B")
    put(database, pieces=(find_piece(database, "2"),))
    assert set(read_noms(database, a, b)) == {a, b}


def test_a_pj_sent_again_stays_held(database: Database, silo: Path) -> None:
    put(database, pj=(find_pj(database, "A"),))
    take_in(database, FLUX.sent("2023-06-01", mandats=()), silo)
    assert set(read_noms(database, find_pj(database, "A", 2), find_pj(database, "B", 2))) == {
        find_pj(database, "A", 2)
    }


def test_what_a_held_piece_cites_when_sent_again_is_held(database: Database, silo: Path) -> None:
    put(database, pieces=(find_piece(database, "1"),))
    again = (UnMandat("1", cite=("C",), objet="Corrigé"),)
    take_in(database, FLUX.sent("2023-06-01", mandats=again, pjs=(UnePj("C", b"%PDF c"),)), silo)
    c = find_pj(database, "C")
    assert set(read_noms(database, c)) == {c}


def test_criteria_hold_what_arrives_later(database: Database, silo: Path) -> None:
    put(database, criteres=Criteres(siren=COMMUNE, exercice_min=2024, exercice_max=2025))
    a = find_pj(database, "A")
    assert read_noms(database, a) == {}
    later = UnFlux(mandats=(UnMandat("9", cite=("D",)),), pjs=(UnePj("D"),), exercice=2024, nom="L")
    take_in(database, later, silo)
    d = find_pj(database, "D")
    assert set(read_noms(database, a, d)) == {d}


def test_a_gel_of_another_collectivite_holds_nothing_here(database: Database) -> None:
    put(database, criteres=Criteres(siren=AUTRE))
    assert read_noms(database, find_pj(database, "A")) == {}


@pytest.mark.parametrize("column", ["", "pas du JSON", "[1]", '{"inconnu": 1}'])
def test_criteria_nobody_can_read_hold_the_whole_collectivite(
    database: Database, column: str
) -> None:
    gel = put(database, criteres=Criteres(siren=COMMUNE, exercice_min=2050))
    with database.writing() as session:
        session.execute(update(Gel).where(Gel.id == gel).values(criteres=column))
    a = find_pj(database, "A")
    assert set(read_noms(database, a)) == {a}


def test_more_gels_than_one_statement_takes_are_all_found(database: Database) -> None:
    a = find_pj(database, "A")
    with database.writing() as session:
        wanted = [put_gel(session, nom=f"Gel {rank}", criteres=TOUT) for rank in range(120)]
    assert len(read_noms(database, a)[a]) == len(wanted)


def test_a_released_gel_holds_until_its_last_day(database: Database) -> None:
    a, b = find_pj(database, "A"), find_pj(database, "B")
    put(database, pj=(a,), fin_le=date(2024, 3, 1))
    put(database, pj=(b,))
    with database.reading() as session:
        (gel,) = find_gels(session, [a])[a]
        assert (gel.periode.depuis, gel.periode.jusqu_a) == (JOUR, date(2024, 3, 1))
        assert find_held(session, [a, b], date(2024, 3, 1)) == {a, b}
        assert find_held(session, [a, b], date(2024, 3, 2)) == {b}
        assert is_held(session, b, date(2024, 3, 2))
        assert not is_held(session, a, date(2024, 3, 2))


def test_the_proof_names_the_gel_and_who_placed_it(database: Database) -> None:
    a = find_pj(database, "A")
    gel_id = put(database, pj=(a,))
    with database.reading() as session:
        (gel,) = find_gels(session, [a])[a]
    assert (gel.nom, gel.autorite, gel.reference) == (
        "Contentieux",
        "Tribunal administratif",
        "TA-1",
    )
    assert gel.periode.preuve.source == f"gel:{gel_id}"
    assert gel.periode.preuve.evenement == "gel posé par test"
