"""Facets of one search, exact whatever the number of shards: counts are proven or asked again."""

from collections.abc import Mapping, Sequence
from typing import Any

from orc.index.analysis import begins_so, make_code_key
from orc.index.columns import FACET
from orc.index.fields import BY_NAME, NUMBERS, Kind
from orc.index.query import DemandeFacette, Expression, Prefixe, Tout, ValeurFacette

SOMME: dict[str, Any] = {"sum": {"field": "montant"}}
# Values each shard tells of at first, then how many times more, until counts are proven.
_FIRST, _MORE, _ALL = 1_000, 20, 2**31 - 1
# Values read beyond those asked: the first ones left out, which must be proven smaller.
_BEYOND = 50
# How many values are read when they are filtered by what a person typed; clusters refuse 65 536.
_READ = 50_000


def make_first_size(asked: DemandeFacette) -> int:
    """How many values each shard is asked for at first."""
    return _ALL if asked.contient else max(_FIRST, 2 * asked.taille)


def make_next_size(size: int) -> int:
    """How many it is asked for when that did not prove the counts."""
    return min(size * _MORE, _ALL)


def make_terms(asked: DemandeFacette, shard_size: int) -> dict[str, Any]:
    """The aggregation of a facet."""
    terms: dict[str, Any] = {
        "terms": {
            "field": column(asked.champ),
            "size": _READ if asked.contient else asked.taille + _BEYOND,
            "shard_size": shard_size,
            "show_term_doc_count_error": True,
        }
    }
    if asked.somme:
        terms["aggs"] = {"somme_": SOMME}
    return terms


def column(champ: str) -> str:
    """The column that holds the values of a facet."""
    return champ if BY_NAME[champ].kind in NUMBERS else champ + FACET


def is_proven(asked: DemandeFacette, answer: Mapping[str, Any]) -> bool:
    """Whether the values asked are the most frequent ones and their counts exact.

    A shard that told of some values only may hold more of a value than it said: at most as many
    as of the last value it told of. The engine gives the sum of these for a value never told of
    (`doc_count_error_upper_bound`), and for each value told of by some shards only.
    """
    unseen = answer["doc_count_error_upper_bound"]
    if unseen == 0:
        return True
    buckets = answer["buckets"]
    kept, left = buckets[: asked.taille], buckets[asked.taille :]
    if len(buckets) < asked.taille + _BEYOND or any(_error(b) for b in kept):
        return False
    least = kept[-1]["doc_count"]
    most = max(b["doc_count"] + _error(b) for b in left)
    return bool(max(most, left[-1]["doc_count"] + unseen) < least)


def _error(bucket: Mapping[str, Any]) -> int:
    return int(bucket["doc_count_error_upper_bound"])


def read_values(
    asked: DemandeFacette, buckets: Sequence[Mapping[str, Any]]
) -> tuple[ValeurFacette, ...]:
    """The most frequent values first; of equal ones, in their order."""
    values = [
        ValeurFacette(
            str(bucket["key"]),
            int(bucket["doc_count"]),
            int(bucket["somme_"]["value"]) if asked.somme else None,
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
