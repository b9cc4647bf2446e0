"""orc compte technique: an account of a connector and its keys, from the command line."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from orc.bootstrap import make_orc
from orc.cli import app
from orc.identity.cles import find_cle
from orc.settings import Settings
from tests.sql import prepare_data

SIREN = "999000018"
COMPTE = f"ct-{SIREN}-compta"
CLE = re.compile(r"^orc_[a-z0-9]{8}_[\w-]{43}$", re.M)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = prepare_data(tmp_path / "data")
    call(folder, "compte", "creer", "gestion-xt", "--nom", "G", "--role", "gestionnaire",
         stdin="un mot de passe assez long\n" * 2)  # fmt: skip
    make = ("creer", SIREN, "compta", "--proprietaire", "gestion-xt")
    call(folder, "compte", "technique", *make, "--droit", "recherche", "--droit", "silo")
    return folder


def call(folder: Path, *args: str, code: int = 0, stdin: str = "") -> Result:
    result = CliRunner(env={"ORC_DATA": str(folder)}).invoke(app, args, input=stdin)
    assert result.exit_code == code, (result.output, result.exception)
    return result


def opens(folder: Path, cle: str) -> bool:
    orc = make_orc(Settings(data=str(folder)))
    with orc.database.reading() as session:
        found = find_cle(session, cle)
    orc.close()
    return found is not None


def make_key(folder: Path, *options: str) -> str:
    found = CLE.search(call(folder, "compte", "technique", "cle", COMPTE, *options).stdout)
    assert found is not None
    return found[0]


def test_a_key_is_made_shown_once_rotated_and_withdrawn(data: Path) -> None:
    first = make_key(data)
    second = make_key(data)
    assert (opens(data, first), opens(data, second)) == (True, True)
    call(data, "compte", "technique", "cle", COMPTE, code=5)
    (compte,) = json.loads(call(data, "compte", "technique", "liste", "--json").stdout)
    assert compte["identifiant"] == COMPTE
    shown = call(data, "compte", "technique", "liste").stdout
    assert first[:12] in shown
    assert first not in shown
    numero = str(compte["cles"][-1]["id"])
    call(data, "compte", "technique", "retirer-cle", COMPTE, numero)
    assert (opens(data, first), opens(data, second)) == (False, True)


def test_a_reset_leaves_one_key_and_a_closed_account_none(data: Path) -> None:
    first = make_key(data)
    second = make_key(data, "--reinitialiser")
    assert (opens(data, first), opens(data, second)) == (False, True)
    call(data, "compte", "technique", "fermer", COMPTE)
    assert not opens(data, second)


def test_what_does_not_exist_is_said(data: Path) -> None:
    said = call(data, "compte", "technique", "cle", f"ct-{SIREN}-absent", code=4)
    assert "n’existe pas" in said.output + said.stderr
