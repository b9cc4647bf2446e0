"""orc declaration: an operator sets up the adhesions of many collectivités from one file."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from orc.bootstrap import make_orc
from orc.cli import app
from orc.models import Declaration
from orc.settings import Settings
from tests.sql import prepare_data

LIGNES = (
    "siren;genre;depuis;reference\n"
    "000000001;adhesion_orc;2024-01-01;D-1\n"
    "000000002;adhesion_offre;2024-01-01;\n"
)
NUMERISATION = "siren;genre;depuis;valeur\n000000001;numerisation;2024-01-01;NF Z 42-026\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return prepare_data(tmp_path / "data")


def call(data: Path, *args: str, code: int = 0) -> Result:
    result = CliRunner(env={"ORC_DATA": str(data)}).invoke(app, ["declaration", *args])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def write(data: Path, text: str, name: str = "adhesions.csv") -> str:
    path = data / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def read_rows(data: Path) -> list[tuple[str, str, str, str]]:
    orc = make_orc(Settings(data=str(data)))
    with orc.database.reading() as session:
        rows = session.query(Declaration).order_by(Declaration.id).all()
        found = [(row.siren, row.genre, row.document, row.saisie_par) for row in rows]
    orc.close()
    return found


def test_a_file_imported_twice_records_each_line_once(data: Path) -> None:
    fichier = write(data, LIGNES)
    first = call(data, "importer", fichier).stdout
    assert "2 déclarations enregistrées, 0 déjà connues." in first
    again = json.loads(call(data, "importer", fichier, "--json").stdout)
    assert again == [{"nouvelles": 0, "inchangees": 2}]
    assert read_rows(data) == [
        ("000000001", "adhesion_orc", "", "ligne de commande"),
        ("000000002", "adhesion_offre", "", "ligne de commande"),
    ]


def test_one_bad_line_and_nothing_of_the_file_is_recorded(data: Path) -> None:
    refused = call(data, "importer", write(data, LIGNES + "12;adhesion_orc;2024-01-01;\n"), code=3)
    assert "ligne 4" in refused.output
    assert read_rows(data) == []


def test_a_document_is_joined_to_every_line(data: Path) -> None:
    fichier = write(data, NUMERISATION)
    call(data, "importer", fichier, code=3)
    preuve = write(data, "%PDF-1.4 pv", "pv.pdf")
    call(data, "importer", fichier, "--preuve", preuve)
    assert read_rows(data) == [("000000001", "numerisation", "pv.pdf", "ligne de commande")]


def test_the_columns_are_told_with_those_that_may_be_missing(data: Path) -> None:
    assert call(data, "formes").stdout.startswith("siren ; genre ; depuis ; (jusqu_a) ; ")
