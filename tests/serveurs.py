"""The real servers the tests talk to: shared ones by fixture, private ones for faults.

Shared: one for all tests and all their processes; isolate by a database, an index, a bucket, a
folder named with a uuid. `with start_private("redis") as redis:` is a server of the test's own.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scripts.recettes import parc
from scripts.recettes.serveur import Depart, Manque, Serveur, end, is_alive, signal_family

__all__ = [
    "Prive",
    "Serveur",
    "compose",
    "elasticsearch",
    "elasticsearch8",
    "http_silo",
    "postgresql",
    "rabbitmq",
    "redis",
    "s3",
    "sftp",
    "start_private",
    "tesseract",
    "tika",
]

IN_CI = os.environ.get("CI") == "true"


def get_shared(name: str) -> Serveur:
    """The shared server, started if it must be; the test is skipped (CI: fails) without it."""
    try:
        return parc.start(name)
    except Manque as refusal:
        return give_up(str(refusal))


def give_up(why: str) -> Any:
    """Skip, or fail where a missing server is a fault."""
    if IN_CI:
        pytest.fail(f"Un serveur manque, ce que la CI refuse : {why}", pytrace=False)
    pytest.skip(why)


@pytest.fixture(scope="session")
def postgresql() -> Serveur:
    """`.url` is SQLAlchemy's (database `postgres`); `.user` may create databases."""
    return get_shared("postgresql")


@pytest.fixture(scope="session")
def redis() -> Serveur:
    """`.url` holds the password; database 0."""
    return get_shared("redis")


@pytest.fixture(scope="session")
def rabbitmq() -> Serveur:
    """`.url` is the vhost `/`; `details["management"]` is the HTTP API, to make vhosts by."""
    return get_shared("rabbitmq")


@pytest.fixture(scope="session")
def elasticsearch() -> Serveur:
    """One node of 9.x, neither TLS nor password."""
    return get_shared("elasticsearch")


@pytest.fixture(scope="session")
def elasticsearch8() -> Serveur:
    """One node of 8.16, for the compatibility run: only where it was asked for by hand."""
    if parc.find_running("elasticsearch8") is None:
        pytest.skip("à la demande : scripts/serveurs demarrer elasticsearch8")
    return get_shared("elasticsearch8")


@pytest.fixture(scope="session")
def tika() -> Serveur:
    """Tika's server, without OCR."""
    return get_shared("tika")


@pytest.fixture(scope="session")
def s3() -> Serveur:
    """`.url` is the endpoint, `.user` and `.password` the keys, `details["region"]` the region."""
    return get_shared("s3")


@pytest.fixture(scope="session")
def sftp() -> Serveur:
    """`.url` ends with the folder to write in; `details` has `key`, `known_hosts`, `root`."""
    return get_shared("sftp")


@pytest.fixture(scope="session")
def http_silo() -> Serveur:
    """`details["root"]` is the folder served at `.url`; see scripts/recettes/nginx.py."""
    return get_shared("http")


@pytest.fixture(scope="session")
def tesseract() -> Serveur:
    """`.url` is the folder of the French data."""
    return get_shared("tesseract")


@pytest.fixture(scope="session")
def compose() -> Serveur:
    """`.url` is the path of docker-compose, which checks a file without any engine."""
    return get_shared("compose")


class Prive:
    """A server of one test's own: it may be stopped, killed, paused, and started again in place."""

    def __init__(self, name: str, options: dict[str, Any]) -> None:
        self.name = name
        self.options = options
        self.recette = parc.find_recette(name)
        self.serveur = parc.launch(name, options, attached=True)

    @property
    def url(self) -> str:
        """The same through every restart, as are port and password."""
        return self.serveur.url

    @property
    def alive(self) -> bool:
        """Whether its process runs (paused counts)."""
        return is_alive(self.serveur)

    def stop(self) -> None:
        """End it properly; its data stay."""
        end(self.serveur, self.recette.fin)

    def kill(self) -> None:
        """SIGKILL, to it and its children: a power cut, but for the machine's own cache."""
        signal_family(self.serveur, signal.SIGKILL)
        end(self.serveur, signal.SIGKILL, patience=10)

    def start(self) -> None:
        """Start it again, same port, same data; it answers when this returns."""
        depart = Depart(Path(self.serveur.folder), self.serveur.port, self.options)
        self.serveur = parc.run(self.recette, depart, attached=True)

    def pause(self) -> None:
        """Freeze it: connections are accepted by the kernel, nothing answers."""
        signal_family(self.serveur, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        signal_family(self.serveur, signal.SIGCONT)


@contextmanager
def start_private(name: str, **options: Any) -> Iterator[Prive]:
    """A server nobody else uses, gone at the end. The options are those its recipe tells."""
    if why := parc.missing(name):
        give_up(f"{name} : {why} (scripts/serveurs preparer {name})")
    own = Prive(name, options)
    try:
        yield own
    finally:
        own.resume()
        signal_family(own.serveur, signal.SIGKILL)
        parc.discard(name, own.serveur)
