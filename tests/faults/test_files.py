"""Brokers killed, emptied, restarted; workers killed: an ingestion ends as if nothing had been."""

import logging
import multiprocessing
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import func, select

from orc.bootstrap import make_orc
from orc.cli.worker import work
from orc.demo.silo import make_silo
from orc.errors import OrcError
from orc.ingest.run import ingest_silo
from orc.models import Ecriture, Flux, Ouvrier, TacheEchouee, TacheEnCours
from orc.settings import Settings
from orc.tasks import QUEUES
from orc.tasks.distributed import Distributed
from tests.ateliers import wait_for
from tests.faults.etat import read_answers, read_archive
from tests.faults.ingestions import TODAY, start_ingestion
from tests.faults.test_arrets import read_all
from tests.serveurs import Prive, start_private

pytestmark = pytest.mark.lent
PIECES = 200
# Started in a moment: what takes seconds to load is loaded once.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Reference:
    """A silo, and what an ingestion nobody disturbed made of it."""

    silo: Path
    archive: dict[str, list[str]]
    answers: dict[str, Any]
    fichiers: int


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    folder = tmp_path_factory.mktemp("files")
    make_silo(folder / "silo", pieces=PIECES)
    process = start_ingestion(folder / "reference", folder / "silo")
    process.join()
    assert process.exitcode == 0
    archive, answers = read_all(folder / "reference")
    return Reference(
        folder / "silo", archive, answers, count(folder / "reference", "fichier", "etat='lu'")
    )


def _open(data: str, url: str) -> Settings:
    """Begin a process: alone in its group, what it says in a file."""
    os.setsid()
    log = os.open(f"{data}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 2)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    return Settings(
        data=data, queue=url, workers=2, veille_secondes=3, arret_secondes=10, ocr="non"
    )


def _work(data: str, url: str, queues: list[str]) -> None:
    orc = make_orc(_open(data, url))
    assert isinstance(orc.tasks, Distributed)
    work(orc, orc.tasks, queues, 0)
    orc.close()


def _ingest(data: str, url: str, silo: str) -> None:
    orc = make_orc(_open(data, url))
    try:
        ingest_silo(orc, orc.engine, silo, clore_passes=False, today=TODAY)
    except OrcError as error:
        logging.getLogger(__name__).error("REFUS %s", error)  # noqa: TRY400 - its words are enough
        sys.exit(7)
    finally:
        orc.close()


@dataclass
class Usine:
    """An ORC of several processes on this broker and data folder."""

    data: Path
    url: str
    workers: list[ForkServerProcess] = field(default_factory=list)
    killed: set[int] = field(default_factory=set)

    @property
    def said(self) -> str:
        return Path(f"{self.data}.log").read_text(encoding="utf-8")

    def start_worker(self, *queues: str) -> ForkServerProcess:
        args = (str(self.data), self.url, list(queues or QUEUES))
        self.workers.append(_CONTEXT.Process(target=_work, args=args))
        self.workers[-1].start()
        return self.workers[-1]

    def start_ingestion(self, silo: Path) -> ForkServerProcess:
        process = _CONTEXT.Process(target=_ingest, args=(str(self.data), self.url, str(silo)))
        process.start()
        return process

    def kill(self, worker: ForkServerProcess) -> None:
        """Without a word, with its children."""
        with suppress(ProcessLookupError):
            os.killpg(worker.pid or 0, signal.SIGKILL)
        worker.join()
        self.workers.remove(worker)
        self.killed.add(worker.pid or 0)

    def stop(self) -> list[int | None]:
        """Stop the workers gently; their exit codes."""
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.join(30)
        return [worker.exitcode for worker in self.workers]


@pytest.fixture
def usine(tmp_path: Path) -> Iterator[Callable[[Prive], Usine]]:
    """`usine(broker)`: an ORC whose processes all end with the test."""
    made: list[Usine] = []

    def make(broker: Prive) -> Usine:
        data = tmp_path / "data"
        make_orc(Settings(data=str(data))).close()
        made.append(Usine(data, broker.url))
        return made[-1]

    yield make
    for one in made:
        for worker in list(one.workers):
            one.kill(worker)


def count(data: Path, table: str, which: str = "1=1") -> int:
    sql = sqlite3.connect(f"file:{data / 'orc.sqlite'}?mode=ro", uri=True)
    try:
        (found,) = sql.execute(f"SELECT count(*) FROM {table} WHERE {which}").fetchone()  # noqa: S608 - our own words
    finally:
        sql.close()
    return int(found)


def wait_for_fichiers(usine: Usine, process: ForkServerProcess, number: int) -> None:
    def is_there() -> bool:
        assert process.is_alive(), usine.said
        return count(usine.data, "fichier", "etat='lu'") >= number

    wait_for(is_there, seconds=60)


def end_well(usine: Usine, ingestion: ForkServerProcess, seconds: float) -> None:
    """The ingestion ends by itself, then the workers where they are told to."""
    ingestion.join(seconds)
    assert ingestion.exitcode == 0, usine.said[-4000:]
    assert set(usine.stop()) == {0}
    assert "Traceback" not in usine.said, usine.said[-4000:]


def assert_same(reference: Reference, usine: Usine) -> None:
    """SQL and the index say what they would have; each flow was read once, says the journal."""
    orc = make_orc(Settings(data=str(usine.data), workers=1))
    try:
        archive, answers = read_archive(orc), read_answers(orc)
        for name, rows in reference.archive.items():
            assert archive[name] == rows, name
        assert answers == reference.answers
        with orc.database.reading() as session:
            read = session.scalar(select(func.count()).select_from(Flux).where(Flux.etat == "lu"))
            acts = session.execute(
                select(Ecriture.objet, func.count())
                .where(Ecriture.acte == "ingestion")
                .group_by(Ecriture.objet)
            ).all()
            assert [n for _, n in acts] == [1] * (read or 0)
            assert session.scalars(select(TacheEchouee)).all() == []
            left = session.scalars(select(TacheEnCours.tache)).all()
            assert not set(left) - {"balayage"}
            killed = session.scalars(select(Ouvrier.pid)).all()
            assert set(killed) <= usine.killed
    finally:
        orc.close()


def test_a_redis_killed_and_emptied_then_a_worker_killed_cost_nothing(
    reference: Reference, usine: Callable[[Prive], Usine]
) -> None:
    with start_private("redis") as redis:
        orc = usine(redis)
        first = orc.start_worker()
        ingestion = orc.start_ingestion(reference.silo)
        wait_for_fichiers(orc, ingestion, reference.fichiers // 4)
        redis.kill()
        redis.start()
        with Redis.from_url(redis.url) as keys:
            keys.flushall()
        wait_for_fichiers(orc, ingestion, reference.fichiers // 2)
        orc.kill(first)
        orc.start_worker("flux", "textes")
        orc.start_worker("index")
        end_well(orc, ingestion, 90)
    assert_same(reference, orc)


def test_a_rabbitmq_restarted_in_the_middle_costs_nothing(
    reference: Reference, usine: Callable[[Prive], Usine]
) -> None:
    with start_private("rabbitmq") as rabbitmq:
        orc = usine(rabbitmq)
        orc.start_worker()
        orc.start_worker("flux", "textes", "index")
        ingestion = orc.start_ingestion(reference.silo)
        wait_for_fichiers(orc, ingestion, reference.fichiers // 4)
        rabbitmq.kill()
        rabbitmq.start()
        end_well(orc, ingestion, 90)
    assert_same(reference, orc)
