"""From a plan to Elasticsearch's query language."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from orc.index.engines.elasticsearch.mapping import TERMS_MAX
from orc.index.plan import Among, Beginning, Between, Either, Every, Key, Not, Plan, Words

Json = dict[str, Any]

# Elasticsearch refuses queries nested deeper than 30: what is deeper is sent folded, read apart.
_DEEPEST = 9

NOTHING: Json = {"match_none": {}}
EVERYTHING: Json = {"match_all": {}}


def compile_plan(plan: Plan, depth: int = 0) -> Json:
    """The query of a plan."""
    if depth >= _DEEPEST and isinstance(plan, Every | Either | Not):
        inner = json.dumps(compile_plan(plan)).encode()
        return {"wrapper": {"query": base64.b64encode(inner).decode()}}
    return _COMPILERS[type(plan)](plan, depth)


def make_filter(parts: Sequence[Json]) -> Json:
    """All of them, without a score."""
    return {"bool": {"filter": list(parts)}}


def make_any(column: str, values: Sequence[str] | Sequence[int]) -> Json:
    """Any of these values, however many; nothing where there is none: never everything."""
    if not values:
        return NOTHING
    some = [
        {"terms": {column: list(values[start : start + TERMS_MAX])}}
        for start in range(0, len(values), TERMS_MAX)
    ]
    return some[0] if len(some) == 1 else {"bool": {"should": some}}


def _words(plan: Words, _depth: int) -> Json:
    if len(plan.words) == 1:
        return {"term": {plan.column: {"value": plan.words[0], "boost": plan.weight}}}
    said = {"query": " ".join(plan.words), "analyzer": "whitespace", "boost": plan.weight}
    return {"match_phrase": {plan.column: said}}


def _key(plan: Key, _depth: int) -> Json:
    term = {"term": {plan.column: {"value": plan.key}}}
    if plan.weight is None:
        return term
    return {"constant_score": {"filter": term, "boost": plan.weight}}


def _beginning(plan: Beginning, _depth: int) -> Json:
    return {"prefix": {plan.column: {"value": plan.debut}}}


def _between(plan: Between, _depth: int) -> Json:
    bounds = {"gte": plan.mini, "lte": plan.maxi}
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    return make_filter([{"range": {plan.column: given}}])


def _among(plan: Among, _depth: int) -> Json:
    return make_filter([make_any(plan.column, plan.keys)])


def _every(plan: Every, depth: int) -> Json:
    if not plan.parts:
        return make_filter([EVERYTHING])
    return {"bool": {"must": [compile_plan(p, depth + 1) for p in plan.parts]}}


def _either(plan: Either, depth: int) -> Json:
    if not plan.parts:
        return NOTHING
    parts = [compile_plan(p, depth + 1) for p in plan.parts]
    return {"bool": {"should": parts, "minimum_should_match": 1}}


def _not(plan: Not, depth: int) -> Json:
    return {"bool": {"must_not": [compile_plan(plan.part, depth + 1)]}}


_COMPILERS: dict[type, Callable[[Any, int], Json]] = {
    Words: _words,
    Key: _key,
    Beginning: _beginning,
    Between: _between,
    Among: _among,
    Every: _every,
    Either: _either,
    Not: _not,
}
