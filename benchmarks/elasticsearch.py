"""Elasticsearch through ORC beside the same cluster asked directly: bulk, search pages, memory.

`python -m benchmarks.elasticsearch 20000`. The server is a private one, ended here. Sides take
turns in the same run; each bulk pass fills an index of its own.
"""

import argparse
import random
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, groupby
from operator import attrgetter
from typing import Any
from uuid import uuid4

from elasticsearch import Elasticsearch

from benchmarks.recherche import (
    CELLULES,
    FACETTES,
    QUESTIONS,
    SUBJECTS,
    SYLLABLES,
    Corpus,
    time_calls,
)
from orc.access import Clearance
from orc.index.engines.elasticsearch import ElasticsearchEngine, Forme, open_elasticsearch
from orc.index.engines.elasticsearch.bulk import MOST_OCTETS, SENDERS
from orc.index.engines.elasticsearch.documents import make_documents
from orc.index.engines.elasticsearch.mapping import make_mapping
from orc.index.engines.elasticsearch.reading import Asked, Reading
from orc.index.query import Query
from orc.index.record import Record
from orc.search.find import Question, make_query
from scripts.recettes import parc

Row = tuple[str, float, str]
# Words of a text: two pages of a real invoice.
WORDS = 400
FORME = Forme(exercices=10, partitions=1, copies="0")
# Pieces of one commit, as in orc.index.jobs.
BATCH = 5_000
# What people write: the text alone, analysed by the cluster, stemmed and exact.
FRENCH = {
    "analysis": {
        "filter": {
            "racine": {"type": "stemmer", "language": "french"},
            "elision": {"type": "elision", "articles_case": True, "articles": list("cdjlmnst")},
        },
        "analyzer": {
            "racines": {
                "tokenizer": "standard",
                "filter": ["elision", "lowercase", "asciifolding", "racine"],
            },
            "exacts": {
                "tokenizer": "standard",
                "filter": ["elision", "lowercase", "asciifolding"],
            },
        },
    }
}
PLAIN = {
    "properties": {
        "texte": {
            "type": "text",
            "analyzer": "racines",
            "fields": {"exact": {"type": "text", "analyzer": "exacts"}},
        }
    }
}


@dataclass(frozen=True, slots=True)
class Corpus400:
    """Records of one piece and its PJ, which say the same: one document of 400 words each."""

    words: Sequence[str]
    weights: Sequence[float]

    def make(self, number: int) -> Iterator[Record]:
        """The records of a piece; another text for each number."""
        pick = random.Random(number)
        text = " ".join(pick.choices(self.words, cum_weights=self.weights, k=WORDS))
        for record in CORPUS.make(number):
            if record.genre != "ligne":
                yield Record(
                    record.genre,
                    record.numero,
                    record.piece_id,
                    record.cellule,
                    {**record.values, "texte": (text,)},
                    record.version,
                )


CORPUS = Corpus()


def make_corpus() -> Corpus400:
    """Zipf's words, as in benchmarks.recherche."""
    pick = random.Random(7)
    words = SUBJECTS + ["".join(pick.choices(SYLLABLES, k=3)) for _ in range(20_000)]
    return Corpus400(words, list(accumulate(1 / (rank + 5) for rank in range(len(words)))))


@contextmanager
def start_server() -> Iterator[str]:
    """A private server with a heap of 2 GB, as a small production node."""
    own = parc.launch("elasticsearch", {"heap": "2g"})
    try:
        yield own.url
    finally:
        parc.discard("elasticsearch", own)


def fill_raw(client: Elasticsearch, bodies: Sequence[bytes]) -> float:
    """Seconds to send bodies made beforehand, as many at once as ORC, then to show them."""
    name = f"brut-{uuid4().hex}"
    client.indices.create(
        index=name,
        mappings=make_mapping(),
        settings={"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"},
    )
    began = time.perf_counter()
    _send(client, name, bodies)
    spent = time.perf_counter() - began
    client.indices.delete(index=name)
    return spent


def fill_plain(client: Elasticsearch, bodies: Sequence[bytes]) -> float:
    """The same for texts alone, which the cluster analyses."""
    name = f"textes-{uuid4().hex}"
    settings = {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"}
    client.indices.create(index=name, mappings=PLAIN, settings=settings | FRENCH)
    began = time.perf_counter()
    _send(client, name, bodies)
    spent = time.perf_counter() - began
    client.indices.delete(index=name)
    return spent


def _send(client: Elasticsearch, name: str, bodies: Sequence[bytes]) -> None:
    def send(body: bytes) -> None:
        answer = client.bulk(index=name, operations=body, filter_path="errors")  # type: ignore[arg-type]  # octets
        assert not answer["errors"]

    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(send, bodies))
    client.indices.refresh(index=name)


def make_bodies(lines: Sequence[bytes]) -> list[bytes]:
    """Requests of 5 MB at most."""
    bodies, size = [bytearray()], 0
    for line in lines:
        if size + len(line) > MOST_OCTETS:
            bodies.append(bytearray())
            size = 0
        bodies[-1] += line
        size += len(line)
    return [bytes(body) for body in bodies]


def fill_orc(url: str, corpus: Corpus400, records: Sequence[Record]) -> float:
    """Seconds for ORC to index the same records: analysed, sent, refreshed, looked over."""
    engine = open_engine(url, f"orc{uuid4().hex}")
    engine.put([next(corpus.make(10**9))])
    engine.commit()
    began = time.perf_counter()
    for start in range(0, len(records), 2 * BATCH):
        engine.put(records[start : start + 2 * BATCH])
        engine.commit()
    spent = time.perf_counter() - began
    engine.clear()
    engine.close()
    return spent


def open_engine(url: str, name: str) -> ElasticsearchEngine:
    return open_elasticsearch(f"{url}/{name}", forme=FORME)


def measure_bulk(url: str, documents: int, passes: int) -> Iterator[Row]:
    corpus = make_corpus()
    records = [record for number in range(documents) for record in corpus.make(number)]
    lines = {
        "brut": [
            b'{"index":{"_id":"%s","routing":"1"}}\n%s\n' % (d.id.encode(), d.source)
            for _, group in groupby(records, attrgetter("piece_id"))
            for d in make_documents(list(group), 1)
        ],
        "textes": [
            b'{"index":{"_id":"%d"}}\n{"texte":"%s"}\n'
            % (r.numero, str(r.values["texte"][0]).encode())
            for r in records[::2]
        ],
    }
    bodies = {name: make_bodies(some) for name, some in lines.items()}
    with Elasticsearch(url, request_timeout=120) as client:
        sides: Mapping[str, Callable[[], float]] = {
            "bulk brut des mêmes documents": lambda: fill_raw(client, bodies["brut"]),
            "ORC, des enregistrements à l’index": lambda: fill_orc(url, corpus, records),
            "bulk des textes seuls, analysés par Elasticsearch": lambda: fill_plain(
                client, bodies["textes"]
            ),
        }
        rates: dict[str, list[float]] = {name: [] for name in sides}
        fill_raw(client, bodies["brut"])
        for _ in range(passes):
            for name, fill in sides.items():
                rates[name].append(documents / fill())
    for name, some in rates.items():
        yield (f"Bulk : {name}", statistics.median(some), "documents/s")
    raw, orc, plain = (statistics.median(some) for some in rates.values())
    yield ("Bulk : ORC rapporté au bulk brut des mêmes documents", 100 * orc / raw, "%")
    yield ("Bulk : ORC rapporté au bulk des textes seuls", 100 * orc / plain, "%")


def measure_search(url: str, pieces: int) -> Iterator[Row]:
    engine = open_engine(url, "pages")
    memory = []
    for start in range(0, pieces, BATCH):
        batch = range(start, min(start + BATCH, pieces))
        engine.put(record for number in batch for record in CORPUS.make(number))
        engine.commit()
        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    yield ("Mémoire d’ORC après un quart de l’indexation", memory[len(memory) // 4], "Mo")
    yield ("Mémoire d’ORC à la fin de l’indexation", memory[-1], "Mo")
    with Elasticsearch(url, request_timeout=60) as client:
        client.options(request_timeout=3600).indices.forcemerge(index="pages", max_num_segments=5)
        ratios: list[float] = []
        for label, texte in QUESTIONS:
            yield from measure_question(engine, client, label, texte, ratios)
        yield (
            "Page par ORC rapportée à la même question brute, médiane",
            statistics.median(ratios),
            "×",
        )
        yield ("Page par ORC rapportée à la même question brute, la pire", max(ratios), "×")
    engine.clear()
    engine.close()


def measure_question(
    engine: ElasticsearchEngine, client: Elasticsearch, label: str, texte: str, ratios: list[float]
) -> Iterator[Row]:
    allowed = Clearance(frozenset(range(CELLULES // 10)))
    tri = "montant_fort" if texte == "*" else ""
    query = make_query(Question(texte, tri=tri, facettes=FACETTES))
    lines = make_lines(client, query, allowed)
    raw = lambda: client.msearch(searches=lines)  # noqa: E731 - a call to time, nothing more
    orc = lambda: engine.search(query, clearance=allowed)  # noqa: E731 - the same
    sides = [(time_calls(raw, 15)[0], time_calls(orc, 15)[0]) for _ in range(4)]
    brut, par_orc = (statistics.median(side) for side in zip(*sides, strict=True))
    ratios.append(par_orc / brut)
    yield (f"{label}, question brute", brut, "ms")
    yield (f"{label}, par ORC", par_orc, "ms")


def make_lines(client: Elasticsearch, query: Query, allowed: Clearance) -> list[dict[str, Any]]:
    """The very request that ORC sends, made beforehand."""
    sent: list[dict[str, Any]] = []

    class Recorder(Reading):
        def _ask(self, asked: Sequence[Asked]) -> list[dict[str, Any]]:
            for one in asked:
                sent.extend([self._make_header(one), one.body | {"timeout": self._timeout}])
            return super()._ask(asked)

    Recorder(client, "pages", query, allowed, 30.0).read_hits()
    return sent


def measure(documents: int = 10_000, pieces: int = 50_000, passes: int = 3) -> Iterator[Row]:
    """What was measured, as soon as it is: its name, its value, its unit."""
    with start_server() as url:
        yield from measure_bulk(url, documents, passes)
        yield from measure_search(url, pieces)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=int, nargs="?", default=10_000)
    parser.add_argument("--pieces", type=int, default=50_000, help="pièces de la recherche")
    parser.add_argument("--passes", type=int, default=3)
    args = parser.parse_args()
    for nom, valeur, unite in measure(args.documents, args.pieces, args.passes):
        print(f"{nom:<74} {valeur:>10.1f} {unite}", flush=True)
