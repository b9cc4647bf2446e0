"""What is put and removed between two commits, and how it takes the place of what was there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any
from uuid import uuid4

from elasticsearch import Elasticsearch

from orc.errors import Unavailable
from orc.index.engines.elasticsearch.bulk import Bulk, make_delete, make_index
from orc.index.engines.elasticsearch.documents import SANS, Document, make_documents
from orc.index.engines.elasticsearch.generations import REMPLACE, Generations
from orc.index.record import Record

# Pieces whose older documents are looked for at once, and documents read at once.
_PIECES, _PAGE = 2_000, 10_000
# Turns of SQL begin at 0, versions of Elasticsearch at 1.
_FIRST_VERSION = 1
_EVERY_VERSION = 2**62


def _make_lot() -> int:
    return uuid4().int >> 66


class Writing:
    """The documents put since the last commit, and the pieces whose older ones are to go."""

    def __init__(
        self,
        client: Elasticsearch,
        generations: Generations,
        number: int,
        *,
        searched: bool,
        patience: float,
        page: int = _PAGE,
    ) -> None:
        """`page`: documents looked at at once for those that are to go."""
        self.number = number
        self._page = page
        self._client = client
        self._generations = generations
        self._searched = searched
        self._bulk = Bulk(client, patience=patience)
        self._aliases: dict[str, str] = {}
        self._touched: set[str] = set()
        self._forget()

    def _forget(self) -> None:
        self._lot = _make_lot()
        # What each piece met now holds: (index, routing, id), and its turn.
        self._held: dict[int, set[tuple[str, str, str]]] = {}
        self._turns: dict[int, int] = {}
        # The lot of what each piece holds; None for those of which everything is to go.
        self._lots: dict[int, int | None] = {}

    @property
    def empty(self) -> bool:
        """Whether nothing was put or removed since the last commit."""
        return not self._held

    def put(self, records: Sequence[Record]) -> None:
        """Put the records of one piece, given together, in place of those it has."""
        piece_id = records[0].piece_id
        if self._lots.get(piece_id) == self._lot:
            # Put twice: what the first time alone held must be told from what this one does.
            self._lot = _make_lot()
        self._lots[piece_id] = self._lot
        self._held[piece_id] = set()
        self._turns[piece_id] = max(record.version for record in records)
        for document in make_documents(records, self._lot):
            self._add(document)

    def remove(self, piece_id: int) -> None:
        """Take away everything of this piece."""
        self._lots[piece_id] = None
        self._held[piece_id] = set()
        self._turns[piece_id] = _EVERY_VERSION

    def _add(self, document: Document) -> None:
        group = self._generations.forme.find_group(document.exercice)
        alias = self._aliases.get(group)
        if alias is None:
            alias = self._generations.make(self.number, group, searched=self._searched)
            self._aliases[group] = alias
        index = self._name(group)
        self._touched.add(index)
        self._held[document.piece_id].add((index, document.routing, document.id))
        version = document.version + _FIRST_VERSION
        self._bulk.add(
            make_index(
                alias, document.id, document.routing, version, document.piece_id, document.source
            )
        )

    def _name(self, group: str) -> str:
        return f"{self._generations.prefix}-{self.number}-{group}"

    def commit(self) -> Mapping[int, str]:
        """Send the rest, show it, take the older documents away: pieces refused, and why."""
        refused = self._bulk.finish()
        for piece_id in refused:
            self.remove(piece_id)
        self._refresh()
        for lot in set(self._lots.values()):
            but = {} if lot is None else {"must_not": [{"term": {"lot_": lot}}]}
            self._delete({p for p, held in self._lots.items() if held == lot}, but)
        if self._searched and self._generations.find_number() not in (None, self.number):
            raise Unavailable(REMPLACE)
        self._forget()
        return refused

    def discard(self) -> None:
        """Forget what was put and not committed."""
        self._bulk.discard()
        self._touched.clear()
        self._forget()

    def _refresh(self) -> None:
        if self._touched:
            self._client.indices.refresh(index=sorted(self._touched))
            self._touched.clear()

    def _delete(self, piece_ids: AbstractSet[int], but: Mapping[str, Any]) -> None:
        """Take away what these pieces no longer have, looked for everywhere but there."""
        ids = sorted(piece_ids)
        for start in range(0, len(ids), _PIECES):
            some = {"terms": {"piece_": ids[start : start + _PIECES]}}
            while self._delete_page({"bool": {"filter": [some], **but}}):
                pass

    def _delete_page(self, query: Mapping[str, Any]) -> bool:
        """Take away a page of documents; whether some may be left."""
        answer = self._client.search(
            index=self._generations.pattern(self.number),
            query=query,
            size=self._page,
            source=False,
            docvalue_fields=[{"field": "piece_"}, {"field": "version_"}],
            allow_partial_search_results=False,
        )
        found = answer["hits"]["hits"]
        older = list(self._find_older(found))
        for hit in older:
            self._touched.add(hit["_index"])
            self._bulk.add(self._make_delete(hit))
        self._bulk.finish()
        self._refresh()
        return len(found) == self._page and bool(older)

    def _find_older(self, hits: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Of a turn no later than ours, and not put again by another process meanwhile."""
        for hit in hits:
            (piece_id,), (turn,) = hit["fields"]["piece_"], hit["fields"]["version_"]
            place = (hit["_index"], hit.get("_routing", SANS), hit["_id"])
            if turn <= self._turns[piece_id] and place not in self._held[piece_id]:
                yield hit

    def _make_delete(self, hit: Mapping[str, Any]) -> Any:
        (piece_id,), (turn,) = hit["fields"]["piece_"], hit["fields"]["version_"]
        group = hit["_index"].removeprefix(f"{self._generations.prefix}-{self.number}-")
        alias = self._generations.alias(self.number, group)
        return make_delete(
            alias, hit["_id"], hit.get("_routing", SANS), turn + _FIRST_VERSION, piece_id
        )
