"""Work to do later: enqueued after commit, on the broker of the settings. Messages carry ids."""

import time
from collections.abc import Callable, Mapping

import dramatiq
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker

from orc.db import Writing, call_after_commit
from orc.errors import Invalid

IN_PROCESS = "inprocess:"
# One queue per kind of work, so that a slow one never delays another.
FLUX, TEXTES, INDEX = "flux", "textes", "index"
POLL_SECONDS = 0.1
NO_LIMIT_MS = 24 * 3600 * 1000


def make_broker(url: str) -> StubBroker:
    """The broker of this URL; only the in-process one ships today."""
    if url != IN_PROCESS:
        raise Invalid(f"File de tâches inconnue : {url}. Attendu : {IN_PROCESS}")
    broker = StubBroker()
    broker.emit_after("process_boot")
    return broker


class Tasks:
    """The known tasks and the broker they go to. A task is a plain function that may run twice."""

    def __init__(self, url: str, threads: Mapping[str, int]) -> None:
        self._broker = make_broker(url)
        self._threads = dict(threads)
        self._actors: dict[str, dramatiq.Actor] = {}  # type: ignore[type-arg]
        self._workers: list[Worker] = []

    def register(self, function: Callable[..., None], *, queue: str) -> None:
        """Make this function callable by its name, on that queue."""
        self._actors[function.__name__] = dramatiq.actor(
            function,
            broker=self._broker,
            actor_name=function.__name__,
            queue_name=queue,
            max_retries=3,
            min_backoff=500,
            time_limit=NO_LIMIT_MS,
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
        for queue, threads in self._threads.items():
            worker = Worker(
                self._broker, queues={queue}, worker_threads=threads, worker_timeout=100
            )
            worker.start()
            self._workers.append(worker)

    def is_idle(self) -> bool:
        """Whether nothing waits nor runs in this process."""
        return not any(queue.unfinished_tasks for queue in self._broker.queues.values())

    def wait(self, watch: Callable[[], None] = lambda: None) -> None:
        """Return when nothing is left to do; `watch` is called a few times a second meanwhile."""
        while not self.is_idle():
            time.sleep(POLL_SECONDS)
            watch()

    def stop(self) -> None:
        """Let the tasks under way end, start no other; what is left is found again at start."""
        for worker in self._workers:
            worker.stop(timeout=30_000)
        self._workers.clear()
        self._broker.close()

    def count_waiting(self) -> dict[str, int]:
        """How many messages wait in each queue of this process."""
        return {name: self._broker.queues[name].qsize() for name in self._threads}
