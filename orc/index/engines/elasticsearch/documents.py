"""From the records of one piece to the lines of a bulk request."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from orc.index.analysis import LONGEST_WORD, WORD, make_code_key, prepare
from orc.index.columns import (
    EXACT,
    FACET,
    MISSING,
    NUMEROS,
    REFERENCES,
    SORT,
    SORTED,
    TEXTS,
    group_same,
    make_entry,
    make_number,
)
from orc.index.fields import BY_NAME, Genre
from orc.index.record import Record, Value

_LETTER = {Genre.PIECE: "p", Genre.LIGNE: "l", Genre.PJ: "j"}
SANS = "sans"

Columns = dict[str, list[str | int]]


@dataclass(frozen=True, slots=True)
class Document:
    """One document: where it goes, under which id, and its JSON.

    `routing` is the collectivité's SIREN: what is asked of one collectivité is asked of one shard.
    """

    piece_id: int
    id: str
    routing: str
    exercice: int | None
    version: int
    source: bytes


def make_documents(records: Sequence[Record], lot: int) -> Iterator[Document]:
    """The documents of the records of one piece."""
    for group in group_same(records):
        record = group[0]
        columns: Columns = {}
        for name, values in record.values.items():
            _add_values(columns, name, values)
        if REFERENCES in columns:
            columns[REFERENCES] = list(dict.fromkeys(columns[REFERENCES]))
        for name in SORTED:
            columns.setdefault(name + SORT, [MISSING])
        keys: dict[str, object] = {
            "genre_": [one.genre.value for one in group],
            "cellule_": str(record.cellule),
            "piece_": record.piece_id,
            "version_": record.version,
            "lot_": lot,
        }
        keys |= {NUMEROS[one.genre]: one.numero for one in group}
        exercices = record.values.get("exercice", ())
        yield Document(
            piece_id=record.piece_id,
            id=f"{_LETTER[record.genre]}{record.numero}",
            routing=_make_routing(record),
            exercice=int(str(exercices[0])) if exercices else None,
            version=record.version,
            source=json.dumps(keys | columns, separators=(",", ":")).encode(),
        )


def _make_routing(record: Record) -> str:
    named = (make_routing(str(value)) for value in record.values.get("collectivite", ()))
    return next(filter(None, named), SANS)


def make_routing(collectivite: str) -> str:
    """Where the documents of a collectivité go, however its SIREN is written or asked for."""
    return make_code_key(collectivite).replace(",", " ")  # a comma would name two


def _add_values(columns: Columns, name: str, values: tuple[Value, ...]) -> None:
    distinct: Iterable[Value] = values if len(values) == 1 else dict.fromkeys(values)
    if name in TEXTS:
        _add_texts(columns, name, distinct)
    else:
        for value in distinct:
            entry = make_entry(name, value)
            for column, text in entry.texts:
                columns.setdefault(column, []).append(_clean(text))
            for column, number in entry.numbers:
                columns.setdefault(column, []).append(number)
            if entry.keys:
                columns.setdefault(REFERENCES, []).extend(entry.keys)
    if name in SORTED and values:
        columns[name + SORT] = [make_number(values[0])]


def _add_texts(columns: Columns, name: str, values: Iterable[Value]) -> None:
    facet = BY_NAME[name].facet
    for value in values:
        prepared = prepare(str(value))
        columns.setdefault(name, []).append(prepared.stems)
        words = [w for w in WORD.findall(prepared.exact) if len(w) <= LONGEST_WORD]
        columns.setdefault(name + EXACT, []).append(" ".join(words))
        if prepared.keys:
            columns.setdefault(REFERENCES, []).extend(prepared.keys)
        if facet and value:
            columns.setdefault(name + FACET, []).append(_clean(str(value)))


def _clean(text: str) -> str:
    """Without the half characters that no JSON reader takes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
