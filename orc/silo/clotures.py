"""clotures.csv, at the root of the silo: which exercices are closed, budget by budget."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from orc.errors import Invalid
from orc.silo.faults import FichierDisparu
from orc.silo.reader import Silo
from orc.silo.values import CLOTURES_CSV

_MAX: Final = 64 * 1024**2
_COLUMNS: Final = ("siret", "codcol", "codbud", "exercice", "close_le")
_FRENCH_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")


@dataclass(frozen=True, slots=True)
class LigneCloture:
    """One closed exercice; CodCol on 3 and CodBud on 2 characters, `close_le` None if unsaid.

    `place` says where the line is, for whoever must correct it.
    """

    siret: str
    cod_col: str
    cod_bud: str
    exercice: int
    close_le: date | None
    place: str


def read_clotures(silo: Silo) -> list[LigneCloture | Invalid]:
    """The lines of clotures.csv, and an Invalid with its line for each that cannot be used.

    Empty when there is no such file. The format is that of docs/silo.md.
    """
    for name in (CLOTURES_CSV, CLOTURES_CSV.capitalize(), CLOTURES_CSV.upper()):
        try:
            return read_lignes(silo.read_bytes(name, _MAX))
        except FichierDisparu:
            continue
        except Invalid as error:
            return [error]
    return []


def read_lignes(data: bytes) -> list[LigneCloture | Invalid]:
    """The lines of a clotures.csv given as bytes; never raises."""
    text = _decode(data)
    head = text.partition("\n")[0]
    delimiter = max(";,\t", key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    found: list[LigneCloture | Invalid] = []
    columns: list[int] = []
    try:
        for row in rows:
            place = f"{CLOTURES_CSV}, ligne {rows.line_num}"
            if columns:
                found.extend(_read_ligne(row, columns, place))
            elif _is_filled(row):
                columns = _read_header(row, place)
    except Invalid as error:
        found.append(error)
    except csv.Error:
        place = f"{CLOTURES_CSV}, ligne {rows.line_num}"
        found.append(Invalid("La suite du fichier est illisible.", place))
    return found


def _is_filled(row: list[str]) -> bool:
    return any(cell.strip() for cell in row)


def _read_header(row: list[str], place: str) -> list[int]:
    """Where the columns we read are, in the order of the format."""
    names = [_fold(cell) for cell in row]
    if missing := [name for name in _COLUMNS if _fold(name) not in names]:
        raise Invalid(f"Il manque les colonnes : {', '.join(missing)}.", place)
    return [names.index(_fold(name)) for name in _COLUMNS]


def _read_ligne(row: list[str], columns: list[int], place: str) -> Iterator[LigneCloture | Invalid]:
    if not _is_filled(row):
        return
    cells = [row[at].strip() if at < len(row) else "" for at in columns]
    siret, cod_col, cod_bud = (re.sub(r"\s", "", cell) for cell in cells[:3])
    if motif := _find_fault(siret, cod_col, cod_bud, cells[3]):
        yield Invalid(motif, place)
        return
    try:
        close_le = _read_date(cells[4])
    except ValueError:
        yield Invalid(f"« {cells[4]} » n’est pas une date.", place)
        return
    yield LigneCloture(siret, cod_col.zfill(3), cod_bud.zfill(2), int(cells[3]), close_le, place)


def _find_fault(siret: str, cod_col: str, cod_bud: str, exercice: str) -> str:
    if not re.fullmatch(r"[0-9]{14}", siret):
        return f"Le SIRET « {siret} » n’a pas 14 chiffres."
    for name, value in (("codcol", cod_col), ("codbud", cod_bud)):
        if not re.fullmatch(r"[0-9A-Za-z]{1,10}", value):
            return f"La colonne {name} est vide ou invalide."
    known = re.fullmatch(r"(19|20)[0-9]{2}", exercice)
    return "" if known else f"« {exercice} » n’est pas un exercice."


def _read_date(text: str) -> date | None:
    """A date as AAAA-MM-JJ or JJ/MM/AAAA; None where it is not said."""
    if not text:
        return None
    if found := _FRENCH_DATE.fullmatch(text):
        return date(int(found[3]), int(found[2]), int(found[1]))
    return date.fromisoformat(text)


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _fold(name: str) -> str:
    """Case, accents, spaces and underscores apart: what people change in a header."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", plain.lower())
