"""Queues of tasks for tests: one of its own on each broker, and processes' worth of workers."""

import base64
import os
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from redis import Redis
from sqlalchemy import update

from orc.db import Database
from orc.models import Ouvrier, read_now
from orc.tasks import IN_PROCESS, QUEUES, Delais, make_tasks
from orc.tasks.distributed import Distributed
from orc.tasks.in_process import InProcess
from scripts.recettes.serveur import Serveur

EMBARQUEE, REDIS, RABBITMQ = FILES = ("inprocess", "redis", "rabbitmq")
# Everything is quicker than in life.
COURTS = Delais(veille=20.0, premier=0.05, plafond=0.2, essais=3, essais_passagers=4, arret=5.0)
THREADS = {"flux": 2, "textes": 2, "ocr": 1, "index": 1, "mail": 1}


@contextmanager
def open_file(kind: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a queue of one's own: a database of the Redis, a vhost of the RabbitMQ."""
    if kind == EMBARQUEE:
        yield IN_PROCESS
    elif kind == REDIS:
        with _open_redis(request.getfixturevalue("redis")) as url:
            yield url
    else:
        with _open_rabbitmq(request.getfixturevalue("rabbitmq")) as url:
            yield url


@contextmanager
def _open_redis(serveur: Serveur) -> Iterator[str]:
    root = serveur.url.rpartition("/")[0]
    with Redis.from_url(serveur.url) as keys:
        for number in range(1, 16):
            if keys.set(f"orc-tests-{number}", os.getpid(), nx=True, ex=600):
                break
        else:
            pytest.fail("toutes les bases de ce Redis sont prises")
        url = f"{root}/{number}"
        with Redis.from_url(url) as own:
            own.flushdb()
            yield url
            own.flushdb()
        keys.delete(f"orc-tests-{number}")


@contextmanager
def _open_rabbitmq(serveur: Serveur) -> Iterator[str]:
    vhost = f"orc-{uuid.uuid4().hex}"
    call_rabbitmq(serveur, "PUT", f"/vhosts/{vhost}")
    call_rabbitmq(
        serveur,
        "PUT",
        f"/permissions/{vhost}/{serveur.user}",
        b'{"configure":".*","write":".*","read":".*"}',
    )
    try:
        yield f"{serveur.url.rpartition('/')[0]}/{quote(vhost)}"
    finally:
        call_rabbitmq(serveur, "DELETE", f"/vhosts/{vhost}")


def call_rabbitmq(serveur: Serveur, method: str, path: str, body: bytes = b"{}") -> bytes:
    """Ask the management API."""
    pair = base64.b64encode(f"{serveur.user}:{serveur.password}".encode()).decode()
    asked = urllib.request.Request(  # noqa: S310 - our own server
        serveur.details["management"] + path,
        data=None if method == "GET" else body,
        method=method,
        headers={"Authorization": f"Basic {pair}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310 - the same
        found: bytes = answer.read()
        return found


class Poste:
    """As a process would have it: the tasks, at work once `start` is called, until `stop`."""

    def __init__(self, url: str, database: Database, delais: Delais = COURTS) -> None:
        self.url = url
        self.tasks: Any = make_tasks(url, database, THREADS, delais)
        self._over = threading.Event()
        self._beating: threading.Thread | None = None

    def start(self, *queues: str) -> None:
        """Work, on these queues or on all."""
        if isinstance(self.tasks, InProcess):
            self.tasks.start()
            return
        assert isinstance(self.tasks, Distributed)
        self._beat()
        self._beating = threading.Thread(target=self._beat_on, daemon=True)
        self._beating.start()
        self.tasks.work(queues or QUEUES, THREADS)

    def stop(self) -> None:
        """End gently."""
        self.tasks.stop()
        self._hush()

    def die(self) -> None:
        """End as a killed process: its tasks stay taken, and it has long been silent."""
        for worker in self.tasks._workers:
            for consumer in worker.consumers.values():
                consumer.pause()
                consumer.paused_event.wait()
        self._hush()
        silence(self.tasks.database, self.tasks.leases.ouvrier)

    def _hush(self) -> None:
        self._over.set()
        if self._beating is not None:
            self._beating.join()

    def _beat(self) -> None:
        self.tasks.leases.beat(QUEUES, self.tasks.running.cles)

    def _beat_on(self) -> None:
        while not self._over.wait(1.0):
            self._beat()


def silence(database: Database, ouvrier: str) -> None:
    """Make this ouvrier one that said nothing for a while."""
    with database.writing() as session:
        long_ago = read_now() - timedelta(minutes=2)
        session.execute(update(Ouvrier).where(Ouvrier.id == ouvrier).values(vu_le=long_ago))


def wait_for(what: Callable[[], Any], *, seconds: float = 15.0) -> None:
    """Return once it is true; fail after so long."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "attendu en vain"
        time.sleep(0.02)
