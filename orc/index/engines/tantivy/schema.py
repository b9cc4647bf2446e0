"""What a tantivy index holds for each field of fields.py, and how a record becomes a document."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import tantivy

from orc.index.analysis import (
    ANALYSIS_VERSION,
    LONGEST_WORD,
    make_amount_key,
    make_code_key,
    make_reference_keys,
    prepare,
)
from orc.index.fields import BY_NAME, FIELDS, NUMBERS, WORDS, Field, Genre, Kind
from orc.index.record import Record, Value

GENRES = {Genre.PIECE: 0, Genre.LIGNE: 1, Genre.PJ: 2}
# A document that stands for a piece and for its only PJ has the numero of each.
NUMEROS = {genre: f"numero_{genre}_" for genre in Genre}
KEYS = ("piece_", "cellule_", "version_")

# Suffixes of the columns of one field: exact words, facet values, number of a numero, sort key.
EXACT, FACET, NUMBER, SORT = "__x", "__v", "__n", "__s"
# Where unqualified words and references are looked for, beside `texte`.
MOTS, REFERENCES = "mots_", "references_"

_TEXTS = frozenset(f.name for f in FIELDS if f.kind is Kind.TEXTE)
_IN_MOTS = frozenset(WORDS)
_SORTED = frozenset(f.name for f in FIELDS if f.sort)

MISSING = -(2**62)  # sorts before every value
LARGEST = 2**62

_SPACED, _EXACT, _WHOLE = "orc_spaced", "orc_exact", "raw"


def make_analyzers() -> dict[str, tantivy.TextAnalyzer]:
    """The tokenizers to register at each open: tantivy does not keep them.

    They receive what analysis.prepare made: only cutting is left to them.
    """
    exact = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    spaced = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    longest = tantivy.Filter.remove_long(LONGEST_WORD + 1)
    return {_EXACT: exact.filter(longest).build(), _SPACED: spaced.build()}


def make_schema() -> tantivy.Schema:
    """The schema, derived from fields.py."""
    builder = tantivy.SchemaBuilder()
    for key in ("genre_", *NUMEROS.values(), *KEYS):
        builder.add_unsigned_field(key, indexed=True, fast=True)
    _add_words(builder, MOTS)
    builder.add_text_field(REFERENCES, tokenizer_name=_SPACED, index_option="basic")
    for field in FIELDS:
        _add_field(builder, field)
    return builder.build()


def _add_words(builder: tantivy.SchemaBuilder, name: str) -> None:
    builder.add_text_field(name, tokenizer_name=_SPACED, index_option="position")
    builder.add_text_field(name + EXACT, tokenizer_name=_EXACT, index_option="position")


def _add_field(builder: tantivy.SchemaBuilder, field: Field) -> None:
    if field.kind is Kind.TEXTE:
        _add_words(builder, field.name)
    elif field.kind in NUMBERS:
        builder.add_integer_field(field.name, indexed=True, fast=True)
    elif field.kind is Kind.MOT:
        builder.add_text_field(field.name, tokenizer_name=_WHOLE, index_option="basic")
    else:
        builder.add_text_field(field.name, tokenizer_name=_SPACED, index_option="basic")
    if field.kind is Kind.NUMERO:
        builder.add_integer_field(field.name + NUMBER, indexed=True, fast=True)
    if field.facet and field.kind not in NUMBERS:
        builder.add_text_field(
            field.name + FACET, fast=True, tokenizer_name=_WHOLE, index_option="basic"
        )
    if field.sort:
        builder.add_integer_field(field.name + SORT, indexed=False, fast=True)


def make_signature() -> str:
    """What changes whenever an older index no longer answers as this code expects."""
    shape = [f"{f.name}:{f.kind}:{f.facet}:{f.sort}:{f.found}" for f in FIELDS]
    text = "\n".join([f"tantivy 4, analysis {ANALYSIS_VERSION}", *shape])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def make_documents(records: Sequence[Record]) -> Iterator[tantivy.Document]:
    """The documents of records of one piece: what all of them say is made once, then copied.

    Unknown names and values of a wrong type are our own faults.
    """
    groups = _group_same(records)
    shared = _find_shared([group[0] for group in groups])
    base, found = tantivy.Document(), set[str]()
    _add_values(base, shared, shared, found)
    for group in groups:
        record, document, references = group[0], copy(base), set(found)
        for one in group:
            document.add_unsigned("genre_", GENRES[one.genre])
            document.add_unsigned(NUMEROS[one.genre], one.numero)
        keys = (record.piece_id, record.cellule, record.version)
        for name, key in zip(KEYS, keys, strict=True):
            document.add_unsigned(name, key)
        own = record.values.keys() - shared.keys()
        _add_values(document, record.values, own, references)
        for name in _SORTED:
            if not record.values.get(name):
                document.add_integer(name + SORT, MISSING)
        if references:
            document.add_text(REFERENCES, " ".join(references))
        yield document


def _group_same(records: Sequence[Record]) -> list[list[Record]]:
    """Records by document: a piece and the PJ that says just the same, most often its only one.

    Its text, nearly all there is to index, is then indexed once.
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


def _find_shared(records: Sequence[Record]) -> dict[str, tuple[Value, ...]]:
    """What every record says, being given the very same values."""
    others = [record.values for record in records[1:]]
    return {
        name: values
        for name, values in (records[0].values.items() if others else ())
        if all(other.get(name) is values for other in others)
    }


def _add_values(
    document: tantivy.Document,
    values: Mapping[str, tuple[Value, ...]],
    names: Iterable[str],
    references: set[str],
) -> None:
    for name in names:
        given = values[name]
        distinct = given if len(given) == 1 else tuple(dict.fromkeys(given))
        if name in _TEXTS:
            _add_texts(document, BY_NAME[name], distinct, references)
        else:
            for value in distinct:
                _add_entry(document, _make_entry(name, value), references)
        if name in _SORTED and given:
            document.add_integer(name + SORT, make_number(given[0]))


def _add_texts(
    document: tantivy.Document, field: Field, values: tuple[Value, ...], references: set[str]
) -> None:
    for value in values:
        prepared = prepare(str(value))
        document.add_text(field.name, prepared.stems)
        document.add_text(field.name + EXACT, prepared.exact)
        references.update(prepared.keys)
        if field.name in _IN_MOTS:
            document.add_text(MOTS, prepared.stems)
            document.add_text(MOTS + EXACT, prepared.exact)
        if field.facet and value:
            document.add_text(field.name + FACET, str(value))


@dataclass(frozen=True, slots=True)
class _Entry:
    """What one value of a field adds to a document: columns, and keys of references."""

    texts: tuple[tuple[str, str], ...]
    numbers: tuple[tuple[str, int], ...]
    keys: tuple[str, ...]


def _add_entry(document: tantivy.Document, entry: _Entry, references: set[str]) -> None:
    for column, text in entry.texts:
        document.add_text(column, text)
    for column, number in entry.numbers:
        document.add_integer(column, number)
    references.update(entry.keys)


# Every record of a piece says the same of it, and most pieces of a budget say nearly the same.
@lru_cache(maxsize=5_000)
def _make_entry(name: str, value: Value) -> _Entry:
    field = BY_NAME[name]
    if field.kind not in NUMBERS:
        return _make_code(field, str(value))
    number = make_number(value)
    found = field.found and field.kind is Kind.MONTANT
    return _Entry((), ((name, number),), (make_amount_key(number),) if found else ())


def _make_code(field: Field, value: str) -> _Entry:
    keys = make_reference_keys(value)
    key = make_code_key(value) if field.kind is Kind.MOT else " ".join(keys)
    texts = [(field.name, key)]
    if field.facet and value:
        texts.append((field.name + FACET, value))
    numbers = read_number(value) if field.kind is Kind.NUMERO else ()
    return _Entry(
        tuple(texts),
        tuple((field.name + NUMBER, number) for number in numbers),
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
