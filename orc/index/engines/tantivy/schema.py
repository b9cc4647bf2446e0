"""What a tantivy index holds for each field of fields.py, and how a record becomes a document."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy

import tantivy

from orc.index.analysis import ANALYSIS_VERSION, prepare
from orc.index.columns import (
    EXACT,
    FACET,
    IN_MOTS,
    MISSING,
    MOTS,
    NUMBER,
    NUMEROS,
    REFERENCES,
    SORT,
    SORTED,
    TEXTS,
    Entry,
    group_same,
    make_entry,
    make_number,
)
from orc.index.fields import BY_NAME, FIELDS, NUMBERS, Field, Genre, Kind
from orc.index.record import Record, Value

GENRES = {Genre.PIECE: 0, Genre.LIGNE: 1, Genre.PJ: 2}
KEYS = ("piece_", "cellule_", "version_")

_SPACED, _WHOLE = "orc_spaced", "raw"


def make_analyzers() -> dict[str, tantivy.TextAnalyzer]:
    """The tokenizers to register at each open: tantivy does not keep them.

    They receive what analysis.prepare made: only cutting at spaces is left to them.
    """
    return {_SPACED: tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()}


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
    for column in (name, name + EXACT):
        builder.add_text_field(column, tokenizer_name=_SPACED, index_option="position")


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
    text = "\n".join([f"tantivy 5, analysis {ANALYSIS_VERSION}", *shape])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def make_documents(records: Sequence[Record]) -> Iterator[tantivy.Document]:
    """The documents of records of one piece: what all of them say is made once, then copied.

    Unknown names and values of a wrong type are our own faults.
    """
    groups = group_same(records)
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
        for name in SORTED:
            if not record.values.get(name):
                document.add_integer(name + SORT, MISSING)
        if references:
            document.add_text(REFERENCES, " ".join(references))
        yield document


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
        if name in TEXTS:
            _add_texts(document, BY_NAME[name], distinct, references)
        else:
            for value in distinct:
                _add_entry(document, make_entry(name, value), references)
        if name in SORTED and given:
            document.add_integer(name + SORT, make_number(given[0]))


def _add_texts(
    document: tantivy.Document, field: Field, values: tuple[Value, ...], references: set[str]
) -> None:
    for value in values:
        prepared = prepare(str(value))
        document.add_text(field.name, prepared.stems)
        document.add_text(field.name + EXACT, prepared.exact)
        references.update(prepared.keys)
        if field.name in IN_MOTS:
            document.add_text(MOTS, prepared.stems)
            document.add_text(MOTS + EXACT, prepared.exact)
        if field.facet and value:
            document.add_text(field.name + FACET, str(value))


def _add_entry(document: tantivy.Document, entry: Entry, references: set[str]) -> None:
    for column, text in entry.texts:
        document.add_text(column, text)
    for column, number in entry.numbers:
        document.add_integer(column, number)
    references.update(entry.keys)
