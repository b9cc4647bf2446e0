"""One search: the page, the totals and the facets, asked together."""

import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch

from orc.access import Clearance
from orc.errors import Invalid, Unavailable
from orc.index.columns import LARGEST, NUMEROS, SORT
from orc.index.engines.elasticsearch.compile import Json, compile_plan, make_any
from orc.index.engines.elasticsearch.connection import INDISPONIBLE, log
from orc.index.engines.elasticsearch.documents import make_routing
from orc.index.engines.elasticsearch.facets import (
    SOMME,
    is_proven,
    make_beginning,
    make_first_size,
    make_next_size,
    make_terms,
    read_values,
)
from orc.index.fields import BY_NAME, Genre
from orc.index.plan import make_plan
from orc.index.query import (
    DemandeFacette,
    Filtre,
    Hit,
    Hits,
    Query,
    Terme,
    Tout,
    ValeurFacette,
)

_CURSOR = re.compile(r"(-?\d{1,19})\.(\d{1,19})")
_I64 = 2**63 - 1
_SOMME = "somme_"
_LARGEST_FLOAT = 0x7F7FFFFF


@dataclass(frozen=True, slots=True)
class Asked:
    """A search to send. `sauf`: the field whose filters it leaves out."""

    body: Json
    sauf: str | None = None


class Reading:
    """A query within a Clearance, on some indexes."""

    def __init__(
        self, client: Elasticsearch, index: str, query: Query, clearance: Clearance, secondes: float
    ) -> None:
        self._client = client
        self._index = index
        self._query = query
        self._clearance = clearance
        self._timeout = f"{max(1, int(secondes * 1000) - 500)}ms"
        self._numero = NUMEROS[query.genre]

    def read_hits(self) -> Hits:
        """The page, and unless the query wants it alone, totals and facets."""
        query = self._query
        plain, apart = self._sort_facets()
        body = self._make_page() | {"query": self._make_query()}
        if query.totaux:
            body |= self._make_totals(plain)
        page, *others = self._ask([Asked(body), *(self._make_facet(f) for f in apart)])
        hits, suivant = self._read_page(page["hits"]["hits"])
        if not query.totaux:
            return Hits(hits, suivant=suivant)
        answers = {f.champ: _get_facet(page, f) for f in plain}
        answers |= {f.champ: _get_facet(other, f) for f, other in zip(apart, others, strict=True)}
        somme = None
        if query.genre is not Genre.PJ:
            somme = int(page.get("aggregations", {}).get(_SOMME, {}).get("value") or 0)
        total = int(page["hits"]["total"]["value"])
        return Hits(hits, total, somme, self._read_facets(answers), suivant)

    def read_count(self) -> int:
        """How many records, exactly."""
        body = {"query": self._make_query(), "size": 0, "track_total_hits": True}
        (answer,) = self._ask([Asked(body)])
        return int(answer["hits"]["total"]["value"])

    # What is asked.

    def _make_query(self, sauf: str | None = None, *more: Json) -> Json:
        """What may be seen, of this genre, that meets the words and the filters but `sauf`'s."""
        cellules = [str(cellule) for cellule in self._clearance.ordered]
        filters = [make_any("cellule_", cellules), {"term": {"genre_": self._query.genre.value}}]
        filters += [_make_filtre(f) for f in self._query.filtres if f.champ != sauf]
        filters += more
        if isinstance(self._query.expression, Tout):
            return {"bool": {"filter": filters}}
        words = compile_plan(make_plan(self._query.expression))
        return {"bool": {"must": [words], "filter": filters}}

    def _make_page(self) -> Json:
        query = self._query
        if query.taille <= 0:
            return {"size": 0}
        page: Json = {
            "size": query.taille + 1,
            "_source": False,
            "stored_fields": "_none_",
            "docvalue_fields": [self._numero, "piece_"],
            "track_total_hits": False,
        }
        by_numero = {self._numero: "asc"}
        if query.tri is None:
            page["sort"] = [{"_score": "desc"}, by_numero]
            page["track_scores"] = True
        else:
            order = "desc" if query.tri.decroissant else "asc"
            page["sort"] = [{BY_NAME[query.tri.champ].name + SORT: order}, by_numero]
        if query.apres:
            page["search_after"] = self._find_place(*_read_cursor(query.apres))
        return page

    def _find_place(self, key: int, numero: int) -> list[float | int]:
        """After which sort values the page begins.

        A score changes with what the index holds: that of the last hit is asked again.
        """
        numero = min(numero, _I64)
        if self._query.tri is not None:
            return [max(-LARGEST - 1, min(key, LARGEST + 1)), numero]
        body = {
            "query": self._make_query(None, {"term": {self._numero: numero}}),
            "size": 1,
            "_source": False,
            "stored_fields": "_none_",
        }
        (answer,) = self._ask([Asked(body)])
        for hit in answer["hits"]["hits"]:
            return [hit["_score"], numero]
        return [_read_score(key), numero]

    def _make_totals(self, facets: Sequence[DemandeFacette]) -> Json:
        aggs: Json = {f.champ: make_terms(f, make_first_size(f)) for f in facets}
        if self._query.genre is not Genre.PJ:
            aggs[_SOMME] = SOMME
        return {"track_total_hits": True, **({"aggs": aggs} if aggs else {})}

    def _sort_facets(self) -> tuple[list[DemandeFacette], list[DemandeFacette]]:
        """Those of the very query, and those that count wider or less than it."""
        if not self._query.totaux:
            return [], []
        filtered = {f.champ for f in self._query.filtres}
        plain = [f for f in self._query.facettes if f.champ not in filtered and not f.contient]
        return plain, [f for f in self._query.facettes if f not in plain]

    def _make_facet(self, asked: DemandeFacette, shard_size: int = 0) -> Asked:
        begun: list[Json] = []
        if asked.contient:
            begun = [compile_plan(make_plan(make_beginning(asked)))]
        body = {
            "query": self._make_query(asked.champ, *begun),
            "size": 0,
            "track_total_hits": False,
            "aggs": {asked.champ: make_terms(asked, shard_size or make_first_size(asked))},
        }
        return Asked(body, sauf=asked.champ)

    def _read_facets(self, answers: Mapping[str, Any]) -> dict[str, tuple[ValeurFacette, ...]]:
        """The values of each facet; those whose counts are not proven are asked again."""
        asked = {f.champ: f for f in self._query.facettes}
        proven = dict(answers)
        sizes = {champ: make_first_size(f) for champ, f in asked.items()}
        while doubtful := [c for c, a in proven.items() if not is_proven(asked[c], a)]:
            sizes |= {champ: make_next_size(sizes[champ]) for champ in doubtful}
            again = [self._make_facet(asked[champ], sizes[champ]) for champ in doubtful]
            for champ, answer in zip(doubtful, self._ask(again), strict=True):
                proven[champ] = _get_facet(answer, asked[champ])
        return {c: read_values(f, proven[c]["buckets"]) for c, f in asked.items() if c in proven}

    # Asking, reading.

    def _ask(self, asked: Sequence[Asked]) -> list[Json]:
        """The answers, each whole: a shard that does not answer makes it a fault."""
        lines: list[Json] = []
        for one in asked:
            lines += [self._make_header(one), one.body | {"timeout": self._timeout}]
        answer = self._client.msearch(searches=lines)
        for said in answer["responses"]:
            if "error" in said or said.get("timed_out"):
                log.warning("L’index n’a pas répondu : %s", _describe(said))
                raise Unavailable(INDISPONIBLE)
        return list(answer["responses"])

    def _make_header(self, asked: Asked) -> Json:
        header: Json = {
            "index": self._index,
            "ignore_unavailable": True,
            "allow_partial_search_results": False,
            # The same person asks the same copies: their scores are the same from page to page.
            "preference": f"orc{hash(self._clearance.ordered) & 0xFFFF}",
        }
        filtres = [f for f in self._query.filtres if f.champ != asked.sauf]
        if routing := _find_routing(filtres):
            header["routing"] = routing
        if self._query.tri is None and asked.body["size"]:
            # Scores of several indexes compare when words are counted in all of them first.
            header["search_type"] = "dfs_query_then_fetch"
        return header

    def _read_page(self, found: Sequence[Json]) -> tuple[tuple[Hit, ...], str | None]:
        kept = found[: self._query.taille]
        hits = tuple(
            Hit(
                self._query.genre,
                hit["fields"][self._numero][0],
                hit["fields"]["piece_"][0],
                float(hit["sort"][0]),
            )
            for hit in kept
        )
        if not kept or len(found) <= len(kept):
            return hits, None
        rank, numero = kept[-1]["sort"][:2]
        key = _write_score(rank) if self._query.tri is None else rank
        return hits, f"{key}.{numero}"


def _get_facet(answer: Json, asked: DemandeFacette) -> Json:
    """The values of a facet; none where there is no index at all."""
    none = {"buckets": [], "doc_count_error_upper_bound": 0}
    found: Json = answer.get("aggregations", {}).get(asked.champ, none)
    return found


def _make_filtre(filtre: Filtre) -> Json:
    parts = [compile_plan(make_plan(value)) for value in filtre.valeurs]
    if len(parts) == 1:
        return parts[0]
    return {"bool": {"should": parts, "minimum_should_match": 1}} if parts else {"match_none": {}}


def _find_routing(filtres: Sequence[Filtre]) -> str:
    """Collectivités that a filter names: their shards alone hold what is asked."""
    for filtre in filtres:
        if filtre.champ == "collectivite":
            named = [make_routing(str(t.valeur)) for t in filtre.valeurs if isinstance(t, Terme)]
            if len(named) == len(filtre.valeurs):
                return ",".join(named)
    return ""


def _read_cursor(apres: str) -> tuple[int, int]:
    found = _CURSOR.fullmatch(apres)
    if not found:
        raise Invalid("Cette suite de résultats n’est pas reconnue : relancez la recherche.")
    return int(found[1]), int(found[2])


def _write_score(score: float) -> int:
    """The 32 bits of a score, in the order of scores."""
    return int(struct.unpack(">I", struct.pack(">f", score))[0])


def _read_score(bits: int) -> float:
    return float(struct.unpack(">f", struct.pack(">I", max(0, min(bits, _LARGEST_FLOAT))))[0])


def _describe(answer: Json) -> str:
    error = answer.get("error") or {"type": "timed_out"}
    causes = [c.get("reason", {}) for c in error.get("failed_shards", ())][:1]
    kinds = [f"{c.get('type')} {c.get('reason')}" for c in (error, *causes)]
    return f"{answer.get('status', '')} {' ; '.join(kinds)}"[:500]
