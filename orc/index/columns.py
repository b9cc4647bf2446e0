"""What a record becomes in any engine: columns of words, codes, references and numbers.

Engines differ in how they store them, never in what they hold: one text, one reading.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from orc.index.analysis import make_amount_key, make_code_key, make_reference_keys
from orc.index.fields import BY_NAME, FIELDS, NUMBERS, WORDS, Genre, Kind
from orc.index.record import Record, Value

# Suffixes of the columns of one field: exact words, facet values, number of a numero, sort key.
EXACT, FACET, NUMBER, SORT = "__x", "__v", "__n", "__s"
# Where unqualified words and references are looked for, beside `texte`.
MOTS, REFERENCES = "mots_", "references_"

TEXTS = frozenset(f.name for f in FIELDS if f.kind is Kind.TEXTE)
IN_MOTS = frozenset(WORDS)
SORTED = frozenset(f.name for f in FIELDS if f.sort)

# A document that stands for a piece and for the PJ that says the same has the numero of each.
NUMEROS = {genre: f"numero_{genre}_" for genre in Genre}

MISSING = -(2**62)  # sorts before every value
LARGEST = 2**62


@dataclass(frozen=True, slots=True)
class Entry:
    """What one value of a field adds to a document: columns, and keys of references."""

    texts: tuple[tuple[str, str], ...]
    numbers: tuple[tuple[str, int], ...]
    keys: tuple[str, ...]


# Every record of a piece says the same of it, and most pieces of a budget say nearly the same.
@lru_cache(maxsize=5_000)
def make_entry(name: str, value: Value) -> Entry:
    """The columns of a value that is not a text."""
    field = BY_NAME[name]
    if field.kind not in NUMBERS:
        return _make_code(name, str(value))
    number = make_number(value)
    found = field.found and field.kind is Kind.MONTANT
    return Entry((), ((name, number),), (make_amount_key(number),) if found else ())


def _make_code(name: str, value: str) -> Entry:
    field = BY_NAME[name]
    keys = make_reference_keys(value)
    whole = (make_code_key(value),) if field.kind is Kind.MOT else keys
    texts = [(name, key) for key in whole]
    if field.facet and value:
        texts.append((name + FACET, value))
    numbers = read_number(value) if field.kind is Kind.NUMERO else ()
    return Entry(
        tuple(texts),
        tuple((name + NUMBER, number) for number in numbers),
        keys if field.found else (),
    )


def read_number(value: str) -> Iterator[int]:
    """The number of a numero written in figures only; nothing otherwise."""
    if value.strip().isdecimal():
        yield make_number(value)


def make_number(value: Value) -> int:
    """A value as engines compare it: yyyymmdd for dates, 0 or 1 for booleans, figures as such."""
    if isinstance(value, date):
        return value.year * 10_000 + value.month * 100 + value.day
    if isinstance(value, str):
        return min(int(value), LARGEST) if value.strip().isdecimal() else MISSING
    return max(-LARGEST, min(int(value), LARGEST))


def group_same(records: Sequence[Record]) -> list[list[Record]]:
    """Records of one piece by document: a piece and the PJ that says just the same are one.

    It is most often its only PJ: the text, nearly all there is to index, is then indexed once.
    """
    groups: list[list[Record]] = []
    for record in records:
        if record.genre is Genre.PJ and groups and _says_same(groups[0], record):
            groups[0].append(record)
        else:
            groups.append([record])
    return groups


def _says_same(group: list[Record], pj: Record) -> bool:
    piece = group[0]
    alone = piece.genre is Genre.PIECE and len(group) == 1
    return alone and piece.cellule == pj.cellule and piece.values == pj.values
