"""Lines of a CSV that a spreadsheet opens: « ; », dates that it sorts, nothing it would compute."""

import csv
import io
from collections.abc import Iterable
from datetime import date

# What tells a spreadsheet that the file is in UTF-8.
BOM = "\ufeff"
# A spreadsheet takes what begins so for a formula (OWASP, « CSV injection »).
FORMULES = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

Valeur = str | int | date | None


def write_line(valeurs: Iterable[Valeur]) -> str:
    """A line of the file, with its end."""
    return write_lines((valeurs,))


def write_lines(lignes: Iterable[Iterable[Valeur]]) -> str:
    """These lines of the file, each with its end."""
    lines = io.StringIO()
    writer = csv.writer(lines, delimiter=";", lineterminator="\r\n")
    writer.writerows([write_cellule(valeur) for valeur in ligne] for ligne in lignes)
    return lines.getvalue()


def write_cellule(valeur: Valeur) -> str:
    """A value of a line; a text that begins as a formula has an apostrophe before it."""
    if valeur is None:
        return ""
    if isinstance(valeur, date):
        return valeur.isoformat()
    if isinstance(valeur, int):
        return str(valeur)
    text = valeur.replace("\0", "")
    return f"'{text}" if text.startswith(FORMULES) else text
