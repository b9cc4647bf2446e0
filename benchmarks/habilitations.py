"""What the filter of a Clearance costs on a query: 1, 40, 400 and 4 000 cellules, on each engine.

`python -m benchmarks.habilitations 20000 [--elasticsearch http://127.0.0.1:9200/mesure]`. The same
pieces are spread over as many cellules as the Clearance holds, so that the hits are the same with
the filter and without it: only the filter is measured. Sides take turns. « Tout vu »: the index
holds nothing else. « Trouées »: each cellule seen has a neighbour that is not, which holds one
piece without a word. Of tantivy it is the time of the processor that is counted, since it answers
in our own thread; of Elasticsearch, that of the clock.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.recherche import BATCH, FACETTES, QUESTIONS, Corpus
from migrations import migrate
from orc.access import Clearance, make_lecteur
from orc.db import Database, open_engine
from orc.domain import CleBudget, Domaine, Role
from orc.identity.comptes import NouveauCompte, Octroi, create_compte, grant_habilitation
from orc.index.engines.elasticsearch import Acces, Forme, open_elasticsearch
from orc.index.engines.elasticsearch.reading import Reading
from orc.index.engines.tantivy import TantivyEngine
from orc.index.engines.tantivy.scope import Scope, View
from orc.index.fields import Genre
from orc.index.port import SearchEngine
from orc.index.query import Query
from orc.index.record import Record
from orc.ingest.referentiel import Cellules, Libelles, get_budget
from orc.models import Cloture, read_now
from orc.search.find import Question, make_query

Row = tuple[str, float, str]
SIZES = (1, 40, 400, 4000)
TURNS = 15


def fill(engine: SearchEngine, pieces: int, cellules: int, *, holes: bool = False) -> None:
    """The same pieces whatever `cellules`, the even numbers over which they are spread.

    `holes`: each odd number holds a piece too, without a word.
    """
    corpus = Corpus()
    if holes:
        engine.put(
            Record(Genre.PIECE, pieces + rank, pieces + rank, 2 * rank + 1, {})
            for rank in range(cellules)
        )
    for start in range(0, pieces, BATCH):
        batch = range(start, min(start + BATCH, pieces))
        engine.put(
            replace(record, cellule=2 * (record.piece_id % cellules))
            for number in batch
            for record in corpus.make(number)
        )
        engine.commit()
    engine.release()


def unfilter_tantivy(engine: TantivyEngine) -> Callable[[Query, Clearance], object]:
    """A search of this engine where everything may be seen."""
    bare: Any = TantivyEngine.__new__(TantivyEngine)
    bare.__dict__.update(engine.__dict__)

    class Sans(View):
        def find_scope(self, clearance: Clearance) -> Scope:  # noqa: ARG002 - as it is called
            return Scope(None, None, None)

    vars(bare)["_view"] = Sans(engine._view.searcher, engine._compiler)  # noqa: SLF001 - as it is made
    return lambda query, clearance: bare.search(query, clearance=clearance)


def unfilter_elasticsearch(engine: Any) -> Callable[[Query, Clearance], object]:
    """The same on Elasticsearch: the first of the filters is that of the Clearance."""

    class Lecture(Reading):
        def _make_query(self, sauf: str | None = None, *more: Any) -> Any:
            made = super()._make_query(sauf, *more)
            assert "cellule_" in str(made["bool"]["filter"][0])
            made["bool"]["filter"] = made["bool"]["filter"][1:]
            return made

    def search(query: Query, clearance: Clearance) -> object:
        made = engine._read(query, clearance)  # noqa: SLF001 - its index and client, as it asks
        made.__class__ = Lecture
        return made.read_hits()

    return search


def measure_engine(
    nom: str,
    engine: SearchEngine,
    bare: Callable[[Query, Clearance], object],
    cellules: int,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Row]:
    """The median of each question with and without the filter, and what the filter adds in all."""
    clearance = Clearance(frozenset(range(0, 2 * cellules, 2)))
    sums = [0.0, 0.0]
    for _label, texte in QUESTIONS:
        query = make_query(Question(texte, facettes=FACETTES))
        sides: tuple[Callable[[], Any], ...] = (
            partial(engine.search, query, clearance=clearance),
            partial(bare, query, clearance),
        )
        seen = [side().total for side in sides]
        assert 0 <= seen[1] - seen[0] <= (cellules if texte == "*" else 0), (texte, seen)
        spent: tuple[list[float], list[float]] = ([], [])
        for turn in range(TURNS):
            for which in (0, 1) if turn % 2 else (1, 0):
                began = clock()
                sides[which]()
                spent[which].append((clock() - began) * 1000)
        sums = [total + median(times) for total, times in zip(sums, spent, strict=True)]
    yield (
        f"{nom}, {cellules} cellules, avec le filtre, les {len(QUESTIONS)} questions",
        sums[0],
        "ms",
    )
    yield (f"{nom}, {cellules} cellules, sans filtre", sums[1], "ms")
    yield (
        f"{nom}, {cellules} cellules, ce que le filtre ajoute",
        100 * (sums[0] / sums[1] - 1),
        "%",
    )


def measure_sql(folder: Path, cellules: int) -> Iterator[Row]:
    """What reading the rights costs at each request, on SQLite: from grants to a Clearance."""
    engine = open_engine(f"sqlite:///{folder / f'droits-{cellules}.sqlite'}")
    migrate(engine)
    database = Database(engine)
    per_budget = min(10, cellules)
    with database.writing() as session:
        for rank in range(-(-cellules // per_budget)):
            siren = f"{rank:09d}"
            cle = CleBudget(f"{siren}00011", "101", "00")
            budget = get_budget(session, cle, Libelles("033012", "Budget", ""))
            for exercice in range(2015, 2015 + per_budget):
                Cellules().get(session, budget.id, exercice, Domaine.ORDINAIRE)
                session.add(
                    Cloture(
                        budget_id=budget.id,
                        exercice=exercice,
                        close_le=read_now().date(),
                        enregistree_le=read_now(),
                        enregistree_par="mesure",
                    )
                )
        compte = NouveauCompte("mesure", "Mesure", "une phrase de mesure")
        personne_id = create_compte(session, compte, par="mesure")
        octroi = Octroi(Role.COMPTABLE, "poste", "033012")
        grant_habilitation(session, personne_id, octroi, par="mesure")
    spent = []
    for _ in range(TURNS):
        with database.reading() as session:
            began = time.perf_counter()
            made = make_lecteur(session, personne_id, "mesure", "M", read_now().date())
            spent.append((time.perf_counter() - began) * 1000)
            assert len(made.clearance.cellules) == cellules
    database.close()
    yield (f"SQL, lire les droits d’un poste de {cellules} cellules", median(spent), "ms")


def measure(pieces: int, url: str = "", sizes: Sequence[int] = SIZES) -> Iterator[Row]:
    """Every size on SQL, on tantivy, and on the Elasticsearch of this address."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for cellules in sizes:
            yield from measure_sql(folder, cellules)
            for holes in (False, True):
                yield from _measure_tantivy(folder, pieces, cellules, holes=holes)
                if url:
                    yield from _measure_elasticsearch(
                        f"{url}_{cellules}_{holes:d}", pieces, cellules, holes=holes
                    )


def _measure_tantivy(folder: Path, pieces: int, cellules: int, *, holes: bool) -> Iterator[Row]:
    engine = TantivyEngine(folder / f"index-{cellules}-{holes}")
    fill(engine, pieces, cellules, holes=holes)
    nom = "tantivy, trouées" if holes else "tantivy, tout vu"
    yield from measure_engine(nom, engine, unfilter_tantivy(engine), cellules, time.thread_time)
    engine.close()


def _measure_elasticsearch(url: str, pieces: int, cellules: int, *, holes: bool) -> Iterator[Row]:
    forme = Forme(exercices=10, partitions=1, copies="0")
    engine = open_elasticsearch(url, acces=Acces(), forme=forme, secondes=60.0)
    engine.clear()
    fill(engine, pieces, cellules, holes=holes)
    bare = unfilter_elasticsearch(engine)
    nom = "Elasticsearch, trouées" if holes else "Elasticsearch, tout vu"
    yield from measure_engine(nom, engine, bare, cellules)
    engine.clear()
    engine.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.habilitations")
    parser.add_argument("pieces", type=int, nargs="?", default=20_000)
    parser.add_argument("--elasticsearch", default="", help="http://serveur:9200/nom")
    args = parser.parse_args()
    for nom, valeur, unite in measure(args.pieces, args.elasticsearch):
        print(f"{nom:<76} {valeur:>10.2f} {unite}")
        sys.stdout.flush()
