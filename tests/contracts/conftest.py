"""Every engine that ships, each in a folder of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orc.index.engines.tantivy import TantivyEngine
from orc.index.port import SearchEngine

Open = Callable[[], SearchEngine]
ENGINES: dict[str, Callable[[Path], SearchEngine]] = {
    "tantivy": lambda path: TantivyEngine(path, wait=5),
}


@pytest.fixture(params=sorted(ENGINES))
def open_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same index each time, as another process would."""
    opened: list[SearchEngine] = []

    def make() -> SearchEngine:
        opened.append(ENGINES[request.param](tmp_path / "index"))
        return opened[-1]

    yield make
    for engine in opened:
        engine.close()


@pytest.fixture
def engine(open_engine: Open) -> SearchEngine:
    return open_engine()
