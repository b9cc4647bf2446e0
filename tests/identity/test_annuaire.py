"""The operator's files: contacts of the départements, applications of the home page."""

import json
from pathlib import Path

import pytest

from orc.domain import Role
from orc.errors import Invalid
from orc.identity.annuaire import check_adresse, find_contact, read_applications, read_contacts

CONTACTS = """departement;libelle;courriel;telephone;horaires
33;DRFiP Gironde;a@b.fr;05 00;9 h
2A;Corse;;;
"""


def put(folder: Path, text: str) -> str:
    path = folder / "fichier"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_contact_of_a_departement_is_found_and_no_other(tmp_path: Path) -> None:
    contacts = read_contacts(put(tmp_path, CONTACTS))
    found = find_contact(contacts, "33")
    assert found is not None
    assert (found.libelle, found.courriel, found.horaires) == ("DRFiP Gironde", "a@b.fr", "9 h")
    assert find_contact(contacts, "75") is None
    assert find_contact(contacts, "") is None
    assert read_contacts(put(tmp_path, "\ufeff" + CONTACTS.replace(";", ","))) == contacts
    assert read_contacts("") == ()


@pytest.mark.parametrize("text", ["", "a;b\n1;2\n", "departement;libelle\n33;\n"])
def test_a_directory_that_means_nothing_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid, match="ORC_CONTACTS"):
        read_contacts(put(tmp_path, text))


def test_a_file_that_is_not_there_or_is_too_long_is_said(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="ne se lit pas"):
        read_contacts(str(tmp_path / "absent"))
    with pytest.raises(Invalid, match="trop long"):
        read_applications(put(tmp_path, " " * (1024 * 1024 + 1)))


def test_an_application_says_whom_it_is_for(tmp_path: Path) -> None:
    entry = {"nom": "Hélios", "adresse": "https://helios.example/", "roles": ["comptable"]}
    found = read_applications(put(tmp_path, json.dumps([entry])))[0]
    assert (found.nom, found.roles, found.codique) == ("Hélios", {Role.COMPTABLE}, False)
    assert read_applications("") == ()


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"nom": "X", "adresse": "javascript:alert(1)"},
        {"nom": "X", "adresse": "//ailleurs.example"},
        {"nom": "X", "adresse": "https://x.example", "roles": ["maire"]},
    ],
)
def test_an_application_that_leads_nowhere_safe_is_refused(
    tmp_path: Path, entry: dict[str, object]
) -> None:
    with pytest.raises(Invalid):
        read_applications(put(tmp_path, json.dumps([entry])))


@pytest.mark.parametrize("adresse", ["", "/aide/syntaxe", "https://x.example/", "mailto:a@b.fr"])
def test_a_plain_address_is_a_link(adresse: str) -> None:
    assert check_adresse(adresse) == adresse
