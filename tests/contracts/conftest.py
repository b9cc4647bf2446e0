"""Every engine that ships, each on an index of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from orc.index.engines.elasticsearch import ElasticsearchEngine, Forme, open_elasticsearch
from orc.index.engines.tantivy import TantivyEngine
from orc.index.engines.tantivy.generations import TantivyGenerations
from orc.index.port import Generations, SearchEngine
from scripts.recettes import parc
from scripts.recettes.serveur import Serveur

Open = Callable[[], SearchEngine]
# `scripts/serveurs preparer elasticsearch8`, then `demarrer`: the oldest version is tested too.
OLDEST = ("elasticsearch8",) if parc.find_running("elasticsearch8") else ()
ENGINES = ("tantivy", "elasticsearch", *OLDEST)
# Several shards and a group of exercices an index: counts must be exact over all of them.
FORME = Forme(exercices=2, partitions=2, copies="0")


@pytest.fixture(scope="session")
def index_url(elasticsearch: Serveur) -> Iterator[str]:
    """Indexes of this run on the shared server; each test leaves them empty."""
    yield from make_index_url(elasticsearch)


@pytest.fixture(scope="session")
def elasticsearch8_url(elasticsearch8: Serveur) -> Iterator[str]:
    """The same on the oldest version."""
    yield from make_index_url(elasticsearch8)


def make_index_url(serveur: Serveur) -> Iterator[str]:
    url = f"{serveur.url}/essai{uuid4().hex}"
    yield url
    engine = open_elasticsearch(url)
    engine.clear()
    engine.close()


@dataclass(frozen=True, slots=True)
class Moteur:
    """An index and those beside it; `open` opens the one searched, as another process would."""

    generations: Generations
    open: Open


@pytest.fixture(params=ENGINES)
def moteur(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Moteur]:
    """No index is there yet, of any generation."""
    if request.param == "tantivy":
        with open_in(tmp_path) as make:
            yield Moteur(TantivyGenerations(tmp_path / "index", wait=5), make)
        return
    url = f"{request.getfixturevalue(request.param).url}/essai{uuid4().hex}"
    with open_at(url) as make:
        engine = make()
        yield Moteur(engine, make)
        engine.remove_others()
        engine.clear()


@contextmanager
def open_at(url: str) -> Iterator[Callable[[], ElasticsearchEngine]]:
    """Opens the same indexes each time; they are empty again at the end."""
    opened: list[ElasticsearchEngine] = []

    def make() -> ElasticsearchEngine:
        opened.append(open_elasticsearch(url, forme=FORME, patience=10))
        return opened[-1]

    yield make
    last = make()
    while held := last.find_versions():
        last.remove(piece_id for piece_id, _ in held)
        last.commit()
    for engine in opened:
        engine.close()


@contextmanager
def open_in(folder: Path) -> Iterator[Callable[[], TantivyEngine]]:
    """Opens the same folder each time, as another process would."""
    opened: list[TantivyEngine] = []

    def make() -> TantivyEngine:
        opened.append(TantivyEngine(folder / "index", wait=5))
        return opened[-1]

    yield make
    for engine in opened:
        engine.close()


@pytest.fixture(params=ENGINES)
def open_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same index each time, as another process would."""
    if request.param == "tantivy":
        with open_in(tmp_path) as make:
            yield make
    else:
        name = "elasticsearch8_url" if request.param in OLDEST else "index_url"
        with open_at(request.getfixturevalue(name)) as make:
            yield make


@pytest.fixture
def engine(open_engine: Open) -> SearchEngine:
    return open_engine()
