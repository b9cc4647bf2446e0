"""The engine of larger installations: a cluster, an alias, indexes by group of exercices."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from threading import RLock

from elasticsearch import Elasticsearch

from orc.access import Clearance
from orc.errors import Conflict
from orc.index.engines.elasticsearch.connection import Acces, open_client, reached, read_adresse
from orc.index.engines.elasticsearch.generations import Forme, Generations, IndexPerime
from orc.index.engines.elasticsearch.reading import Reading
from orc.index.engines.elasticsearch.writing import Writing
from orc.index.fields import Genre
from orc.index.port import SearchEngine
from orc.index.query import DemandeFacette, Hits, Query, ValeurFacette
from orc.index.record import Record

__all__ = ["Acces", "ElasticsearchEngine", "Forme", "IndexPerime", "open_elasticsearch"]

# Seconds during which the shape of the index behind the alias is not looked at again.
_CHECKED = 30.0
_VERSIONS = 10_000


class ElasticsearchEngine:
    """A SearchEngine on a cluster. Threads may share it, and processes may write at once."""

    one_writer = False

    def __init__(
        self,
        client: Elasticsearch,
        generations: Generations,
        *,
        secondes: float,
        patience: float,
        building: int | None = None,
    ) -> None:
        """`building`: a generation that nobody searches yet; None: the one behind the alias."""
        self._client = client
        self._generations = generations
        self._secondes = secondes
        self._patience = patience
        self.building = building
        self._writing: Writing | None = None
        self._checked = 0.0
        self._lock = RLock()

    # Writing.

    def put(self, records: Iterable[Record]) -> None:
        """Replace every record of the pieces met: give all the records of a piece together."""
        with self._lock, reached():
            for _, of_piece in groupby(records, attrgetter("piece_id")):
                self._get_writing().put(list(of_piece))

    def remove(self, piece_ids: Iterable[int]) -> None:
        """Take every record of these pieces away; an unknown piece is no error."""
        with self._lock, reached():
            for piece_id in piece_ids:
                self._get_writing().remove(piece_id)

    def clear(self) -> None:
        """Take everything away."""
        with self._lock, reached():
            self.release()
            number = self._find_number()
            self._generations.delete(self._generations.find_numbers().get(number, []))

    def commit(self) -> Mapping[int, str]:
        """Make what was put and removed last and found: the pieces refused, and why."""
        with self._lock, reached():
            writing = self._writing
            if writing is None or writing.empty:
                return {}
            try:
                return writing.commit()
            except BaseException:
                self.release()
                raise

    def release(self) -> None:
        """Forget what was put and not committed."""
        with self._lock:
            writing, self._writing = self._writing, None
            if writing is not None:
                writing.discard()

    def close(self) -> None:
        """Let go of the connections."""
        self.release()
        self._client.close()

    def _get_writing(self) -> Writing:
        if self._writing is None:
            self._writing = Writing(
                self._client,
                self._generations,
                self._find_number(),
                searched=self.building is None,
                patience=self._patience,
            )
        return self._writing

    def _find_number(self) -> int:
        if self.building is not None:
            return self.building
        return self._generations.find_number() or self._generations.find_next()

    # Reading.

    def search(self, query: Query, *, clearance: Clearance) -> Hits:
        """Find, within the Clearance only; an empty one is answered without the engine."""
        if not clearance.cellules:
            return Hits()
        with reached():
            return self._read(query, clearance).read_hits()

    def count(self, query: Query, *, clearance: Clearance) -> int:
        """How many records, exactly."""
        if not clearance.cellules:
            return 0
        with reached():
            return self._read(query, clearance).read_count()

    def suggest(
        self, champ: str, debut: str, *, clearance: Clearance, taille: int = 10
    ) -> Sequence[ValeurFacette]:
        """The most frequent values of a facet, with a word that begins so."""
        asked = Query(genre=Genre.PIECE, facettes=(DemandeFacette(champ, taille, debut),), taille=0)
        return self.search(asked, clearance=clearance).facettes.get(champ, ())

    def find_versions(
        self, *, apres: int = -1, taille: int = _VERSIONS
    ) -> Sequence[tuple[int, int]]:
        """Read (piece_id, version) of the pieces held, by ascending piece_id."""
        with reached():
            self._check()
            answer = self._client.search(
                index=self._find_index(),
                ignore_unavailable=True,
                allow_partial_search_results=False,
                query={
                    "bool": {
                        "filter": [
                            {"term": {"genre_": Genre.PIECE.value}},
                            {"range": {"piece_": {"gt": apres}}},
                        ]
                    }
                },
                size=min(taille, _VERSIONS),
                sort=[{"piece_": "asc"}],
                source=False,
                docvalue_fields=[{"field": "piece_"}, {"field": "version_"}],
                track_total_hits=False,
            )
            fields = [hit["fields"] for hit in answer["hits"]["hits"]]
            return [(f["piece_"][0], f["version_"][0]) for f in fields]

    def _read(self, query: Query, clearance: Clearance) -> Reading:
        self._check()
        return Reading(self._client, self._find_index(), query, clearance, self._secondes)

    def _find_index(self) -> str:
        if self.building is None:
            return self._generations.prefix
        return self._generations.pattern(self.building)

    def _check(self) -> None:
        """Raise IndexPerime where the alias shows indexes of another shape; looked at at times."""
        if self.building is None and time.monotonic() - self._checked > _CHECKED:
            self._generations.find_number()
            self._checked = time.monotonic()

    def check(self) -> None:
        """Raise IndexPerime where the index searched is of another shape."""
        with reached():
            self._check()

    # Generations.

    def start(self) -> ElasticsearchEngine:
        """An empty generation beside the one searched."""
        with reached():
            return ElasticsearchEngine(
                self._client,
                self._generations,
                secondes=self._secondes,
                patience=self._patience,
                building=self._generations.start(),
            )

    def switch(self, fresh: SearchEngine) -> ElasticsearchEngine:
        """Have this generation searched, in one step; what it replaces is kept."""
        if not isinstance(fresh, ElasticsearchEngine) or fresh.building is None:
            raise Conflict("Cet index n’est pas une génération en construction.")
        with reached():
            self._generations.switch(fresh.building)
        return self

    def remove_others(self) -> Sequence[str]:
        """Remove every generation but the one searched; the names of their indexes."""
        with reached():
            current = self._generations.find_current()
            held = self._generations.find_numbers().values()
            others = [name for names in held for name in names if name not in current]
            self._generations.delete(others)
            return others


def open_elasticsearch(
    url: str,
    *,
    acces: Acces | None = None,
    forme: Forme | None = None,
    secondes: float = 30.0,
    patience: float = 60.0,
) -> ElasticsearchEngine:
    """The engine of `https://node:9200/orc`; nothing is asked of the cluster before its first use.

    `secondes`: of one search; `patience`: of what may be written a little later.
    """
    adresse = read_adresse(url)
    client = open_client(adresse, acces or Acces(), secondes)
    generations = Generations(client, adresse.prefix, forme or Forme())
    return ElasticsearchEngine(client, generations, secondes=secondes, patience=patience)
