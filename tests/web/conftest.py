"""One archive and one server for all the tests of pages; a browser per rôle."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.archive import Archive, make_archive
from tests.web.serving import Navigateur, open_navigateur, serve

Ouvrir = Callable[..., Navigateur]


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("archive")) as made:
        yield made


@pytest.fixture(scope="session")
def address(archive: Archive) -> Iterator[str]:
    with serve(archive.orc) as found:
        yield found


@pytest.fixture(scope="session")
def ouvrir(address: str) -> Iterator[Ouvrir]:
    """`ouvrir("comptable")`: a browser logged in; `ouvrir()`: one that is not."""
    kept: dict[str, Navigateur] = {}
    with ExitStack() as stack:

        def open_one(identifiant: str = "") -> Navigateur:
            if identifiant not in kept:
                kept[identifiant] = stack.enter_context(open_navigateur(address, identifiant))
            return kept[identifiant]

        yield open_one
