"""Tasks on a real Redis, shared by several processes' worth of workers."""

from collections.abc import Callable, Iterator

import pytest

from orc.db import Database
from orc.tasks import Delais
from tests.ateliers import COURTS, REDIS, Poste, open_file

Ouvrir = Callable[..., Poste]


@pytest.fixture(scope="module")
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with open_file(REDIS, request) as url:
        yield url


@pytest.fixture
def ouvrir(url: str, database: Database) -> Iterator[Ouvrir]:
    """`ouvrir()` gives tasks as another process would have them; all end with the test."""
    made: list[Poste] = []

    def open_one(delais: Delais = COURTS) -> Poste:
        made.append(Poste(url, database, delais))
        return made[-1]

    yield open_one
    for poste in made:
        poste.stop()
