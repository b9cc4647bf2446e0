"""orc referentiel, mission, compte importer: what an operator types, and what it leaves."""

import json
import stat
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from orc.cli import app
from tests.sql import prepare_data

COMPTES = "identifiant;nom\nchef;Chef C.\nlea;Léa L.\n"
HABILITATIONS = "identifiant;role;portee;cle\nlea;comptable;poste;033012\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with its tables, and files to import."""
    prepare_data(tmp_path / "data")
    (tmp_path / "comptes.csv").write_text(COMPTES, encoding="utf-8")
    (tmp_path / "habilitations.csv").write_text(HABILITATIONS, encoding="utf-8")
    return tmp_path


def call(folder: Path, *args: str, code: int = 0) -> Result:
    result = CliRunner(env={"ORC_DATA": str(folder / "data")}).invoke(app, args)
    assert result.exit_code == code, (result.output, result.exception)
    return result


def import_comptes(folder: Path, *args: str, code: int = 0) -> str:
    files = (str(folder / "comptes.csv"), str(folder / "habilitations.csv"))
    return call(folder, "compte", "importer", *files, *args, code=code).output


def list_comptes(folder: Path) -> list[str]:
    listed = json.loads(call(folder, "compte", "liste", "--json").stdout)
    return [compte["identifiant"] for compte in listed]


def test_accounts_are_tried_then_made_with_their_passwords_in_a_private_file(folder: Path) -> None:
    said = import_comptes(folder, "--essai")
    assert "Essai, rien n’est fait : 2 comptes créés" in said
    assert list_comptes(folder) == []
    assert "--mots-de-passe" in import_comptes(folder, code=3)
    assert list_comptes(folder) == []
    secrets = folder / "provisoires.csv"
    import_comptes(folder, "--mots-de-passe", str(secrets))
    assert list_comptes(folder) == ["chef", "lea"]
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert [line.split(";")[0] for line in secrets.read_text().splitlines()] == ["chef", "lea"]
    again = import_comptes(folder)
    assert "0 comptes créés, 2 déjà connus ; 0 habilitations données, 1 déjà tenues" in again


def test_passwords_are_written_over_nothing(folder: Path) -> None:
    kept = folder / "comptes.csv"
    assert "existe déjà" in import_comptes(folder, "--mots-de-passe", str(kept), code=3)
    assert kept.read_text(encoding="utf-8") == COMPTES
    assert list_comptes(folder) == []


def test_the_referential_of_the_demonstration_is_imported_and_again(folder: Path) -> None:
    call(folder, "demo", "referentiel", "--out", str(folder / "ref"))
    files = [str(path) for path in sorted((folder / "ref").iterdir())]
    said = call(folder, "referentiel", "importer", *files).output
    assert "postes : 3 nouvelles, 0 changées, 0 inchangées." in said
    bilans = json.loads(call(folder, "referentiel", "importer", *files, "--json").stdout)
    assert all(bilan["nouvelles"] == 0 for bilan in bilans)
    assert "(repris_par)" in call(folder, "referentiel", "formes").output


def test_a_referential_with_a_fault_says_its_line(folder: Path) -> None:
    (folder / "faux.csv").write_text("siren;libelle\n12;X\n", encoding="utf-8")
    said = call(folder, "referentiel", "importer", str(folder / "faux.csv"), code=3).output
    assert "faux.csv, ligne 2" in said
    call(folder, "referentiel", "importer", str(folder / "absent.csv"), code=3)


def test_a_mission_is_opened_listed_and_closed(folder: Path) -> None:
    import_comptes(folder, "--mots-de-passe", str(folder / "provisoires.csv"))
    today = date.today()  # noqa: DTZ011 - as the command
    ordre = ("--ordre", "Ordre 17", "--juridiction", "CRC", "--chef", "chef")
    dates = ("--du", f"{today:%d/%m/%Y}", "--au", f"{today + timedelta(days=9):%d/%m/%Y}")
    one = ("mission", "ouvrir", "2026-17", *ordre, *dates)
    call(folder, *one, "--portee", "000000018", code=3)
    call(folder, *one, "--portee", "000000018:2022", "--du", "demain", code=3)
    call(folder, *one, "--portee", "000000018:2022-2024", "--portee", "000000026:2022")
    (listed,) = json.loads(call(folder, "mission", "liste", "--json").stdout)
    assert (listed["reference"], listed["membres"], listed["close"]) == ("2026-17", ["chef"], False)
    assert "CRC" in call(folder, "mission", "liste").output
    call(folder, "mission", "clore", "2026-17")
    assert "close" in call(folder, "mission", "liste").output
    call(folder, "mission", "clore", "2026-18", code=4)
