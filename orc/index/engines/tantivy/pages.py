"""One page of hits, in an order that never leaves or repeats one, at any depth."""

import re
from dataclasses import dataclass

import tantivy
from tantivy import Order
from tantivy import Query as Native

from orc.errors import Invalid
from orc.index.columns import NUMEROS, SORT
from orc.index.engines.tantivy.compile import Compiler
from orc.index.fields import BY_NAME, Genre
from orc.index.query import Tri

# How far around its place the last hit of the page before is looked for, when the index changed.
_SLACK = 50
_CURSOR = re.compile(r"(-?\d{1,19})\.(\d{1,19})")


@dataclass(frozen=True, slots=True)
class Place:
    """One hit as the engine sees it; `rank` is its key in the order asked."""

    rank: float
    numero: int
    address: tantivy.DocAddress


@dataclass(frozen=True, slots=True)
class Page:
    """The hits of one page, and the cursor of the next one."""

    places: tuple[Place, ...]
    suivant: str | None


def _read_cursor(apres: str) -> tuple[int, int]:
    found = _CURSOR.fullmatch(apres)
    if not found:
        raise Invalid("Cette suite de résultats n’est pas reconnue : relancez la recherche.")
    return int(found[1]), int(found[2])


def read_keys(
    searcher: tantivy.Searcher, name: str, addresses: list[tantivy.DocAddress]
) -> list[int]:
    """A column of keys of these documents: every document has them all."""
    return [int(v or 0) for v in searcher.fast_field_values(name, addresses)]


def _read_places(
    searcher: tantivy.Searcher, result: tantivy.SearchResult, genre: Genre
) -> list[Place]:
    addresses = [address for _, address in result.hits]
    numeros = read_keys(searcher, NUMEROS[genre], addresses)
    return [
        Place(rank, numero, address)
        for (rank, address), numero in zip(result.hits, numeros, strict=True)
    ]


def find_by_relevance(
    searcher: tantivy.Searcher, query: Native, genre: Genre, apres: str | None, taille: int
) -> Page:
    """By score; the cursor is a rank and the hit that held it.

    Where the index changed meanwhile, the page follows that hit if it is still near.
    """
    rank, last = _read_cursor(apres) if apres else (0, -1)
    # The engine takes memory for every rank before the page: an address may ask for any.
    rank = min(max(rank, 0), searcher.num_docs)
    start = max(0, rank - _SLACK)
    result = searcher.search(
        query, limit=(rank - start) + taille + 1 + _SLACK, offset=start, count=False
    )
    places = _read_places(searcher, result, genre)
    first = rank - start
    for i, place in enumerate(places):
        if apres and place.numero == last:
            first = i + 1
    page = places[first : first + taille]
    more = len(places) > first + taille
    suivant = f"{start + first + len(page)}.{page[-1].numero}" if page and more else None
    return Page(tuple(page), suivant)


class SortedPages:
    """By a field marked `sort`, then by numero: search-after at any depth."""

    def __init__(
        self, searcher: tantivy.Searcher, compiler: Compiler, genre: Genre, tri: Tri
    ) -> None:
        self._searcher = searcher
        self._genre = genre
        self._compiler = compiler
        self._column = BY_NAME[tri.champ].name + SORT
        self._down = tri.decroissant

    def find(self, query: Native, apres: str | None, taille: int) -> Page:
        """The page after the cursor, which is the last hit's value and numero."""
        places: list[Place] = []
        wanted = taille + 1
        if apres:
            value, numero = _read_cursor(apres)
            places += self._find_equal(query, value, numero, wanted)
            query = self._compiler.every([query, self._beyond(value)])
        if len(places) < wanted:
            places += self._find_next(query, wanted - len(places))
        page = places[:taille]
        more = len(places) > taille
        return Page(tuple(page), f"{page[-1].rank}.{page[-1].numero}" if page and more else None)

    def _beyond(self, value: int) -> Native:
        mini, maxi = (None, value - 1) if self._down else (value + 1, None)
        return self._compiler.range(self._column, mini, maxi)

    def _find_equal(self, query: Native, value: int, numero: int, wanted: int) -> list[Place]:
        """Those of this very value, after this numero."""
        after = Native.range_query(
            self._compiler.schema,
            NUMEROS[self._genre],
            tantivy.FieldType.Unsigned,
            numero + 1,
            None,
        )
        same = self._compiler.every([query, self._compiler.range(self._column, value, value)])
        result = self._searcher.search(
            self._compiler.every([same, after]),
            limit=wanted,
            count=False,
            order_by_field=NUMEROS[self._genre],
            order=Order.Asc,
        )
        return [Place(value, n, address) for n, address in result.hits]

    def _find_next(self, query: Native, wanted: int) -> list[Place]:
        """From the start of this query.

        The last value met may be cut anywhere: it is asked again by numero.
        """
        result = self._searcher.search(
            query,
            limit=wanted,
            count=False,
            order_by_field=self._column,
            order=Order.Desc if self._down else Order.Asc,
        )
        places = _read_places(self._searcher, result, self._genre)
        if len(places) == wanted:
            cut = places[-1].rank
            places = [p for p in places if p.rank != cut]
            places += self._find_equal(query, int(cut), -1, wanted - len(places))
        return sorted(places, key=lambda p: (-p.rank if self._down else p.rank, p.numero))
