"""Silos of every kind, on the same files: folder, memory, S3, SFTP, web with and without Range."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from orc.remote import Acces
from orc.silo import Silo
from tests.serveurs import http_silo, s3, sftp
from tests.silo.publish import Folder, Memory, Place, make_sftp_acces, open_bucket, open_served

__all__ = ["http_silo", "s3", "sftp"]

KINDS = ("file", "memory", "s3", "sftp", "http", "http_whole")
Opener = Callable[..., Silo]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder the silo shows."""
    folder = tmp_path / "silo"
    folder.mkdir()
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def _find_place(kind: str, request: pytest.FixtureRequest, root: Path, stack: ExitStack) -> Place:
    if kind == "file":
        return Folder(root, str(root), Acces())
    if kind == "memory":
        return Memory()
    if kind == "s3":
        server = request.getfixturevalue("s3")
        return stack.enter_context(open_bucket(server))
    if kind == "sftp":
        server = request.getfixturevalue("sftp")
        return stack.enter_context(open_served(server, server.url, make_sftp_acces(server)))
    server = request.getfixturevalue("http_silo")
    url = server.url if kind == "http" else server.details["entier"]
    return stack.enter_context(open_served(server, url, Acces(secondes=5)))


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, root: Path) -> Iterator[Place]:
    """Each kind of silo, empty; what it is made of is gone at the end."""
    with ExitStack() as stack:
        yield _find_place(request.param, request, root, stack)


@pytest.fixture
def open_silo(place: Place, root: Path, cache: Path) -> Opener:
    """Open a silo of each kind on what `root` holds at that moment."""

    def make(**options: Any) -> Silo:
        place.publish(root)
        return Silo(place.url, acces=place.acces, cache=cache, **options)

    return make
