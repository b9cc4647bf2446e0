"""Work done by threads of this process: nothing to install, nothing kept but in SQL."""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from dramatiq import Actor, Worker
from dramatiq.brokers.stub import StubBroker
from sqlalchemy.exc import SQLAlchemyError

from orc.db import Database, Writing
from orc.errors import Unavailable
from orc.tasks.failures import find_failed, record_given_up, remove_failure
from orc.tasks.memory import prepare_memory
from orc.tasks.patience import PAUSES, Patience
from orc.tasks.queues import (
    MAIL,
    OCR,
    Id,
    Registry,
    Tache,
    make_cle,
    tell_task,
)

POLL_SECONDS = 0.05
WATCH_SECONDS = 0.5
NO_LIMIT_MS = 24 * 3600 * 1000

log = logging.getLogger(__name__)


class InProcess(Registry):
    """The known tasks, each queue with a broker and threads of its own.

    It remembers nothing: what a kill left undone is found again in SQL at start.
    """

    in_process = True

    def __init__(self, threads: Mapping[str, int], database: Database) -> None:
        super().__init__()
        self._threads = dict(threads)
        self._database = database
        self._brokers = {queue: StubBroker() for queue in threads}
        self._actors: dict[str, Actor[..., Any]] = {}
        self._workers: list[Worker] = []
        self._patience = Patience()
        # A mail server that is down keeps nothing else waiting.
        self._patience_du_mail = Patience()
        # (name, key) of what failed: only these have a row to remove.
        self._failed: set[tuple[str, str]] = set()

    def _prepare(self, tache: Tache) -> None:
        patience = self._patience_du_mail if tache.queue == MAIL else self._patience
        self._actors[tache.nom] = Actor(
            tell_task(
                tache.nom,
                patience.insist(tache.function, lambda ids, error: self._note(tache, ids, error)),
            ),
            broker=self._brokers[tache.queue],
            actor_name=tache.nom,
            queue_name=tache.queue,
            priority=0,
            options={"max_retries": 0, "time_limit": NO_LIMIT_MS},
        )

    def enqueue_now(self, name: str, *ids: Id) -> None:
        """Ask for this task: what it needs is already committed."""
        self._actors[name].send(*ids)

    def redo(self, session: Writing, name: str, cle: str) -> None:
        """Ask again for a task that failed, here or in another process."""
        self._failed.add((name, cle))
        super().redo(session, name, cle)

    def start(self) -> None:
        """Run the worker threads in this process, a pool per queue; once is enough."""
        if self._workers:
            return
        with self._database.reading() as session:
            known = find_failed(session, self.taches)
        self._failed = {(name, cle) for name, cles in known.items() for cle in cles}
        prepare_memory()
        used = {tache.queue for tache in self.taches.values()}
        for queue in used.intersection(self._threads):
            worker = Worker(
                self._brokers[queue], worker_threads=self._threads[queue], worker_timeout=100
            )
            worker.start()
            self._workers.append(worker)

    def is_idle(self, *, but: str = "") -> bool:
        """Whether nothing waits nor runs in this process, the queue `but` left out.

        OCR is left out too: it may last for days, and nothing waits for it.
        """
        return not any(self.count(queue) for queue in self._brokers if queue not in (but, OCR))

    def count(self, queue: str) -> int:
        """How many tasks of this queue wait or run in this process."""
        return sum(q.unfinished_tasks for q in self._brokers[queue].queues.values())

    def wait_for_room(self, queue: str, most: int) -> None:
        """Return once this queue holds `most` tasks or fewer: the next would wait for nothing."""
        while self._workers and self.count(queue) > most:
            time.sleep(POLL_SECONDS)

    def wait(self, watch: Callable[[], None] = lambda: None) -> None:
        """Return when nothing is left to do; `watch` is called a few times a second meanwhile.

        Less often where it takes long: a twentieth of the time is enough for it.
        """
        next_look = time.monotonic() + WATCH_SECONDS
        while not self.is_idle():
            time.sleep(POLL_SECONDS)
            began = time.monotonic()
            if began >= next_look:
                watch()
                now = time.monotonic()
                next_look = now + max(WATCH_SECONDS, 20 * (now - began))

    def is_stopping(self) -> bool:
        """In process a stop lets every task end."""
        return False

    def stop(self) -> None:
        """Let the tasks under way end, start no other; what is left is found again at start."""
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.stop(timeout=30_000)
        for broker in self._brokers.values():
            broker.close()

    def _note(self, tache: Tache, ids: tuple[Id, ...], error: BaseException | None) -> None:
        """Keep in SQL what failed, where SQL can be written; forget it once it is done."""
        cle = make_cle(ids)
        if error is None and (tache.nom, cle) not in self._failed:
            return
        with suppress(SQLAlchemyError, Unavailable), self._database.writing() as session:
            if error is None:
                remove_failure(session, tache.nom, cle)
                self._failed.discard((tache.nom, cle))
            else:
                record_given_up(session, tache, cle, error, len(PAUSES) + 1)
                self._failed.add((tache.nom, cle))
