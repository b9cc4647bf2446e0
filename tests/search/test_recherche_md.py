"""docs/recherche.md says what fields.py says: its tables are these, and its examples work."""

import re
from itertools import groupby
from pathlib import Path

import pytest

from orc.index.fields import FIELDS, ORDERED, RETENTION, Field, Kind
from orc.search.syntax import parse

MANUAL = Path(__file__).resolve().parents[2] / "docs/recherche.md"
KINDS = {
    Kind.TEXTE: "texte",
    Kind.MOT: "code",
    Kind.REFERENCE: "référence",
    Kind.NUMERO: "numéro",
    Kind.ENTIER: "nombre",
    Kind.MONTANT: "montant",
    Kind.DATE: "date",
    Kind.MOIS: "mois",
    Kind.BOOLEEN: "oui/non",
}


def write_row(field: Field) -> str:
    names = ", ".join(f"`{name}`" for name in (field.name, *field.aliases))
    kind = ", ".join(field.choix) or KINDS[field.kind] + (
        ", intervalles" if field.kind in ORDERED else ""
    )
    used = [word for word, holds in (("facette", field.facet), ("tri", field.sort)) if holds]
    return f"| {field.label} | {names} | {kind} | {', '.join(used)} | `{field.help}` |"


def write_tables() -> str:
    parts = []
    for group, fields in groupby((*FIELDS, *RETENTION), key=lambda f: f.group):
        head = "| critère | noms | valeurs | sert de | exemple |\n|---|---|---|---|---|"
        parts.append("\n".join([f"### {group}", "", head, *map(write_row, fields)]))
    return "\n\n".join(parts)


def test_the_tables_of_the_manual_are_the_fields() -> None:
    text = MANUAL.read_text(encoding="utf-8")
    _, _, after = text.partition("<!-- critères -->\n")
    tables, _, _ = after.partition("\n<!-- fin des critères -->")
    assert tables == write_tables(), "à recopier :\n" + write_tables()


def examples() -> list[str]:
    text, _, _ = MANUAL.read_text(encoding="utf-8").partition("<!-- critères -->")
    return re.findall(r"^\| `([^`]+)` \|", text, re.M)


@pytest.mark.parametrize("example", examples())
def test_every_example_of_the_manual_is_understood(example: str) -> None:
    assert parse(example, retention=True) is not None


def test_the_manual_has_examples() -> None:
    assert len(examples()) > 20
