"""Exact counts and sums of one search, each facet without its own filter."""

from collections.abc import Mapping, Sequence
from typing import Any

import tantivy
from tantivy import Query as Native

from orc.index.analysis import begins_so, make_code_key
from orc.index.columns import FACET
from orc.index.fields import BY_NAME, NUMBERS, Kind
from orc.index.query import DemandeFacette, Expression, Prefixe, Tout, ValeurFacette

# Above the number of values of any facet, else counts are approximate (composants.md).
EVERY_VALUE = 10_000_000
# How many values are read when they are filtered by what a person typed.
_READ = 50_000
# How many times more values are read when the last of them equals one that is shown.
_MORE = 20

Buckets = Sequence[dict[str, Any]]
_TOTAL, _SUM = "total_", "somme_"
_MONTANT = {"sum": {"field": "montant"}}


def column(champ: str) -> str:
    """The column that holds the values of a facet."""
    return champ if BY_NAME[champ].kind in NUMBERS else champ + FACET


def read_totals(
    searcher: tantivy.Searcher, query: Native, asked: Sequence[DemandeFacette], *, somme: bool
) -> tuple[int, int | None, dict[str, tuple[ValeurFacette, ...]]]:
    """(exact count, exact sum in cents or None, facets), in one pass unless values are equal."""
    wanted: dict[str, Any] = {f.champ: _terms(f) for f in asked}
    wanted[_TOTAL] = {"value_count": {"field": "piece_"}}
    if somme:
        wanted[_SUM] = _MONTANT
    answer = searcher.aggregate(query, wanted)
    buckets = _read_equals(searcher, query, asked, answer)
    facets = {f.champ: _read_values(f, buckets[f.champ]) for f in asked}
    return (
        int(answer[_TOTAL]["value"] or 0),
        int(answer[_SUM]["value"] or 0) if somme else None,
        facets,
    )


def _read_equals(
    searcher: tantivy.Searcher,
    query: Native,
    asked: Sequence[DemandeFacette],
    answer: Mapping[str, Any],
) -> dict[str, Buckets]:
    """The values of each facet; of equal ones the first in their order, so all are read.

    Those that were cut among equals are asked again together: each pass costs its filters.
    """
    found: dict[str, Buckets] = {f.champ: answer[f.champ]["buckets"] for f in asked}
    sizes = {f.champ: _size(f) for f in asked}
    while cut := [f for f in asked if _is_cut(f, found[f.champ], sizes[f.champ])]:
        sizes |= {f.champ: sizes[f.champ] * _MORE for f in cut}
        again = searcher.aggregate(query, {f.champ: _terms(f, sizes[f.champ]) for f in cut})
        found |= {f.champ: again[f.champ]["buckets"] for f in cut}
    return found


def _is_cut(asked: DemandeFacette, buckets: Buckets, size: int) -> bool:
    return len(buckets) == size and _is_cut_among_equals(asked, buckets)


def _is_cut_among_equals(asked: DemandeFacette, buckets: Buckets) -> bool:
    return bool(buckets[asked.taille - 1]["doc_count"] == buckets[-1]["doc_count"])


def _size(asked: DemandeFacette) -> int:
    return _READ if asked.contient else asked.taille + 1


def _terms(asked: DemandeFacette, size: int = 0) -> dict[str, Any]:
    terms: dict[str, Any] = {
        "terms": {
            "field": column(asked.champ),
            "size": size or _size(asked),
            "segment_size": EVERY_VALUE,
            "order": {"_count": "desc"},
        }
    }
    if asked.somme:
        terms["aggs"] = {_SUM: _MONTANT}
    return terms


def _read_values(
    asked: DemandeFacette, buckets: Sequence[dict[str, Any]]
) -> tuple[ValeurFacette, ...]:
    values = [
        ValeurFacette(
            _as_text(bucket["key"]),
            int(bucket["doc_count"]),
            int(bucket[_SUM]["value"] or 0) if asked.somme else None,
        )
        for bucket in buckets
    ]
    if asked.contient:
        values = [v for v in values if _begins_so(asked, v.valeur)]
    values.sort(key=lambda v: (-v.nombre, v.valeur))
    return tuple(values[: asked.taille])


def make_beginning(asked: DemandeFacette) -> Expression:
    """What finds every record that has a value that begins as asked."""
    kind = BY_NAME[asked.champ].kind
    return Tout() if kind in NUMBERS else Prefixe(asked.contient, asked.champ)


def _begins_so(asked: DemandeFacette, valeur: str) -> bool:
    if BY_NAME[asked.champ].kind is Kind.TEXTE:
        return begins_so(valeur, asked.contient)
    return make_code_key(valeur).startswith(make_code_key(asked.contient))


def _as_text(key: object) -> str:
    return str(int(key)) if isinstance(key, float | int) else str(key)
