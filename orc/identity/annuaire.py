"""Files of the operator: the contact of each département, the applications of the home page."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from orc.domain import Role
from orc.errors import Invalid

MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Contact:
    """Who resets an expired password for the accounts made in a département."""

    departement: str
    libelle: str
    courriel: str
    telephone: str
    horaires: str


@dataclass(frozen=True, slots=True)
class Application:
    """An application of the home page; `roles` empty: for everybody. `codique`: shown beside."""

    nom: str
    adresse: str
    description: str
    roles: frozenset[Role]
    codique: bool


def read_contacts(path: str) -> tuple[Contact, ...]:
    """The directory of a CSV file with a heading line (`departement;libelle;courriel;…`).

    "": none. Raises Invalid, with the line.
    """
    if not path:
        return ()
    lines = _read_text(path, "ORC_CONTACTS").splitlines()
    delimiter = ";" if lines and ";" in lines[0] else ","
    rows = csv.DictReader(lines, delimiter=delimiter)
    if not {"departement", "libelle"} <= set(rows.fieldnames or ()):
        raise Invalid(f"ORC_CONTACTS : les colonnes departement et libelle manquent ({path}).")
    return tuple(_make_contact(row, rows.line_num) for row in rows)


def _make_contact(row: dict[str, Any], line: int) -> Contact:
    values = {key: str(value or "").strip() for key, value in row.items() if isinstance(key, str)}
    if not values["departement"] or not values["libelle"]:
        raise Invalid("ORC_CONTACTS : un contact a un département et un libellé", f"ligne {line}")
    return Contact(
        values["departement"],
        values["libelle"],
        values.get("courriel", ""),
        values.get("telephone", ""),
        values.get("horaires", ""),
    )


def find_contact(contacts: Sequence[Contact], departement: str) -> Contact | None:
    """The contact of this département, if the directory has one."""
    return next((c for c in contacts if departement and c.departement == departement), None)


def read_applications(path: str) -> tuple[Application, ...]:
    """The applications of a JSON file: `[{"nom": …, "adresse": "https://…", "roles": […]}]`.

    "": none. Raises Invalid.
    """
    if not path:
        return ()
    try:
        found = json.loads(_read_text(path, "ORC_APPLICATIONS"))
        return tuple(_make_application(entry) for entry in found)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise Invalid(
            "ORC_APPLICATIONS attend une liste d’objets : nom, adresse, description, roles, "
            "codique.",
            path,
        ) from error


def _make_application(entry: dict[str, Any]) -> Application:
    return Application(
        nom=str(entry["nom"]),
        adresse=check_adresse(str(entry["adresse"])),
        description=str(entry.get("description", "")),
        roles=frozenset(Role(role) for role in entry.get("roles", ())),
        codique=entry.get("codique") is True,
    )


def check_adresse(adresse: str) -> str:
    """An address that a link may have: https, http, mailto, or a path of ours. Raises Invalid."""
    text = adresse.strip()
    local = text.startswith("/") and not text.startswith(("//", "/\\"))
    if text and not local and urlsplit(text).scheme not in {"https", "http", "mailto"}:
        raise Invalid("Une adresse commence par https://, mailto: ou /.", text)
    return text


def _read_text(path: str, name: str) -> str:
    try:
        with Path(path).open(encoding="utf-8-sig") as file:
            text = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise Invalid(f"{name} : le fichier « {path} » ne se lit pas.") from error
    if len(text) > MAX_BYTES:
        raise Invalid(f"{name} : le fichier « {path} » est trop long.")
    return text
