"""Work to do later: enqueued after commit, on the broker of the settings. Messages carry ids."""

import ctypes
import gc
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from dramatiq import Actor, Worker
from dramatiq.brokers.stub import StubBroker

from orc.db import Writing, call_after_commit
from orc.errors import Invalid

IN_PROCESS = "inprocess:"
# One queue per kind of work, so that a slow one never delays another.
FLUX, TEXTES, INDEX = "flux", "textes", "index"
POLL_SECONDS = 0.05
WATCH_SECONDS = 0.5
NO_LIMIT_MS = 24 * 3600 * 1000
RETRIES = 3
M_ARENA_MAX = -8  # malloc.h
GC_THRESHOLDS = (20_000, 20, 50)


def make_broker(url: str) -> StubBroker:
    """The broker of this URL; only the in-process one ships today."""
    if url != IN_PROCESS:
        raise Invalid(f"File de tâches inconnue : {url}. Attendu : {IN_PROCESS}")
    return StubBroker()


class Tasks:
    """The known tasks and the brokers they go to. A task is a plain function that may run twice.

    In process, each queue has a broker and threads of its own, and remembers nothing: what a
    kill left undone is found again in SQL at start.
    """

    def __init__(self, url: str, threads: Mapping[str, int]) -> None:
        self._threads = dict(threads)
        self._brokers = {queue: make_broker(url) for queue in threads}
        self._actors: dict[str, Actor[..., Any]] = {}
        self._workers: list[Worker] = []

    def register(self, function: Callable[..., None], *, queue: str) -> None:
        """Make this function callable by its name, on that queue."""
        self._actors[function.__name__] = Actor(
            function,
            broker=self._brokers[queue],
            actor_name=function.__name__,
            queue_name=queue,
            priority=0,
            options={"max_retries": RETRIES, "min_backoff": 500, "time_limit": NO_LIMIT_MS},
        )

    def enqueue(self, session: Writing, name: str, *ids: int | str) -> None:
        """Ask for this task once the transaction is committed."""
        call_after_commit(session, lambda: self.enqueue_now(name, *ids))

    def enqueue_now(self, name: str, *ids: int | str) -> None:
        """Ask for this task: what it needs is already committed."""
        self._actors[name].send(*ids)

    def start(self) -> None:
        """Run the worker threads in this process, a pool per queue; once is enough."""
        if self._workers:
            return
        # Jobs make many values and few cycles: looking for these at each turn costs a twentieth.
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        _share_arenas()
        for queue, threads in self._threads.items():
            worker = Worker(self._brokers[queue], worker_threads=threads, worker_timeout=100)
            worker.start()
            self._workers.append(worker)

    def is_idle(self, *, but: str = "") -> bool:
        """Whether nothing waits nor runs in this process, the queue `but` left out."""
        return not any(self.count(queue) for queue in self._brokers if queue != but)

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

    def stop(self) -> None:
        """Let the tasks under way end, start no other; what is left is found again at start."""
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.stop(timeout=30_000)
        for broker in self._brokers.values():
            broker.close()


def _share_arenas() -> None:
    """Let threads share two heaps: with one each, glibc keeps twice the memory that is in use."""
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)
