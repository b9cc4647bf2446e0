"""Many collectivités set up from one file: all lines or none; again, nothing changes."""

from datetime import date
from pathlib import Path

import pytest

from orc.access.pieces_demande import PieceJointe
from orc.db import Database
from orc.errors import Conflict, Invalid
from orc.models import Declaration
from orc.retention.declarations import Genre, find_periodes
from orc.retention.declarations_csv import Bilan, import_declarations
from orc.storage import Storage
from tests.sql import make_database

TETE = "siren;genre;depuis;jusqu_a;valeur;autorite;reference;exercice_min;exercice_max\n"
BON = (
    "000000001;adhesion_orc;2024-01-01;;;;;;\n"
    "000000001;cofinancement;2024-01-01;2026-12-31;FEDER;Région;F-1;2022;2023\n\n"
    "000000002;adhesion_offre;2024-01-01;;;;;;\n"
)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return make_database(tmp_path)


def load(
    database: Database, folder: Path, text: str | bytes, preuve: PieceJointe | None = None
) -> Bilan:
    octets = text if isinstance(text, bytes) else text.encode()
    storage = Storage(str(folder / "stockage"))
    with database.writing() as session:
        return import_declarations(session, storage, octets, par="exploitant", preuve=preuve)


def test_each_line_is_recorded_once(database: Database, tmp_path: Path) -> None:
    assert load(database, tmp_path, "\ufeff" + TETE + BON) == Bilan(3, 0)
    assert load(database, tmp_path, TETE + BON) == Bilan(0, 3)
    with database.reading() as session:
        (periode,) = find_periodes(session, ["000000002"], Genre.ADHESION_OFFRE)["000000002"]
        row = session.query(Declaration).filter_by(genre="cofinancement").one()
    assert periode.depuis == date(2024, 1, 1)
    assert (row.exercice_min, row.jusqu_a, row.saisie_par) == (
        2022,
        date(2026, 12, 31),
        "exploitant",
    )


def test_digitisation_comes_with_its_document(database: Database, tmp_path: Path) -> None:
    line = TETE + "000000001;numerisation;2024-01-01;;NF Z 42-026;;;;\n"
    with pytest.raises(Invalid, match="ligne 2"):
        load(database, tmp_path, line)
    pv = PieceJointe("pv.pdf", b"%PDF-1.4 pv")
    assert load(database, tmp_path, line, pv) == Bilan(1, 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "manque"),
        ("siren;genre\n", "depuis"),
        ("siren;genre;depuis;roi\n", "inconnues"),
        (b"\xff\xfe", "UTF-8"),
        (TETE + "12;adhesion_orc;2024-01-01;;;;;;\n", "neuf chiffres"),
        (TETE + "000000001;roi;2024-01-01;;;;;;\n", "ligne 2"),
        (TETE + "000000001;adhesion_orc;hier;;;;;;\n", "ne se lit pas"),
        (TETE + "000000001;adhesion_orc;2024-01-01\n", "nombre de colonnes"),
        (TETE + "000000001;historique;2024-01-01;;;;;;\n", "ne s’importe pas"),
        (TETE + BON + "000000003;cofinancement;2024-01-01;;;;;;\n", "ligne 6"),
        (TETE + "\n" * 50_001, "plus de 50000"),
    ],
)
def test_a_line_that_is_wrong_stops_all(
    database: Database, tmp_path: Path, text: str | bytes, said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        load(database, tmp_path, text)
    with database.reading() as session:
        assert session.query(Declaration).count() == 0


def test_what_says_otherwise_is_a_conflict(database: Database, tmp_path: Path) -> None:
    load(database, tmp_path, TETE + BON)
    with pytest.raises(Conflict, match="ligne 2"):
        load(database, tmp_path, TETE + "000000001;adhesion_orc;2023-01-01;;;;;;\n")
