"""Work done by processes of their own (`orc worker`), asked for through Redis or RabbitMQ."""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from dramatiq import Actor, Message, Worker
from dramatiq.middleware import CurrentMessage, Interrupt
from sqlalchemy.exc import OperationalError

from orc.db import Database
from orc.errors import Unavailable
from orc.tasks.brokers import BrokerQueue, open_queue
from orc.tasks.failures import (
    PASSING,
    MortDOuvriers,
    make_pause,
    record_failure,
    record_given_up,
    remove_failure,
    say,
)
from orc.tasks.follow import FOLLOWED, Follower
from orc.tasks.leases import BEATS, DEATHS, Leases, Prise, find_running
from orc.tasks.memory import prepare_memory
from orc.tasks.queues import (
    QUEUES,
    Delais,
    FileCoupee,
    Id,
    Ids,
    PasEncore,
    Registry,
    Tache,
    make_cle,
    tell_task,
)

POLL_SECONDS = 0.25
# Once the broker did not answer, seconds without asking it.
CUT_SECONDS = 1.0
# Workers are several: more may wait for them.
ROOMIER = 4

log = logging.getLogger(__name__)


Cle = tuple[str, str]


@dataclass(slots=True)
class Running:
    """What this process does now, for its heartbeat and for its end."""

    # Held while a task is taken: two threads never find the same task free.
    taking: threading.Lock = field(default_factory=threading.Lock)
    _held: "dict[object, tuple[Cle, Message[Any] | None]]" = field(default_factory=dict)

    def add(self, cle: Cle, message: "Message[Any] | None") -> object:
        """Begin: what to end it with. A task may begin again while its last run says its end."""
        mark = object()
        self._held[mark] = cle, message
        return mark

    def remove(self, mark: object) -> None:
        """End."""
        del self._held[mark]

    def cles(self) -> set[Cle]:
        """(name, key) of the tasks under way."""
        return {cle for cle, _message in list(self._held.values())}

    def messages(self) -> "list[Message[Any]]":
        """Their messages."""
        return [message for _cle, message in list(self._held.values()) if message is not None]


class Distributed(Registry):
    """The known tasks, on the broker of this URL. Asking is done here, working by `work`."""

    in_process = False

    def __init__(self, url: str, database: Database, delais: Delais) -> None:
        super().__init__()
        self.delais = delais
        self.database = database
        self.leases = Leases(database, delais.veille)
        self.running = Running()
        self.queues: dict[str, BrokerQueue] = {
            name: open_queue(url, name, veille=delais.veille, limite=delais.limite)
            for name in QUEUES
        }
        self._actors: dict[str, Actor[..., Any]] = {}
        self._workers: list[Worker] = []
        self._stopping = threading.Event()
        self._cut_until = 0.0

    def _prepare(self, tache: Tache) -> None:
        self._actors[tache.nom] = Actor(
            tell_task(tache.nom, lambda *ids: self._run(tache, ids)),
            broker=self.queues[tache.queue].broker,
            actor_name=tache.nom,
            queue_name=tache.queue,
            priority=0,
            options={},
        )

    # Asking.

    def enqueue_now(self, name: str, *ids: Id) -> None:
        """Ask for this task; where the broker is down, SQL knows and it is asked for again."""
        self.send(name, ids)

    def send(self, name: str, ids: Ids, delay: float | None = None) -> bool:
        """Ask for this task; whether the broker has it."""
        if time.monotonic() < self._cut_until:
            return False
        tache = self.taches[name]
        queue = self.queues[tache.queue]
        try:
            if tache.unique and delay is None and queue.count():
                return True  # what waits will see what this one would
            queue.send(self._actors[name].message(*ids), delay)
        except FileCoupee as error:
            self._cut_until = time.monotonic() + CUT_SECONDS
            log.warning("%s Ce qui est à faire est noté, et sera redemandé.", error)
            return False
        return True

    def enqueue_unfinished(self, *, but: Collection[str] = ()) -> None:
        """Ask for everything that SQL says is unfinished, the tasks of these names left out.

        A queue that comes after an ingestion is left alone while it holds something: its tasks
        are weeks of work, and each ingestion would ask for all of it once more.
        """
        full = {q for q in self.queues if q not in FOLLOWED and self._holds(q)}
        super().enqueue_unfinished(
            but={*but, *(t.nom for t in self.taches.values() if t.queue in full)}
        )

    def _holds(self, queue: str) -> bool:
        """Whether something waits there; a broker that does not answer is asked by ouvriers."""
        try:
            return bool(self.count(queue))
        except FileCoupee:
            return True

    def count(self, queue: str) -> int:
        """How many tasks of this queue wait. FileCoupee when the broker does not answer."""
        return self.queues[queue].count()

    def is_idle(self, *, but: str = "") -> bool:
        """Whether nothing waits, nor runs in a living process, the queue `but` left out.

        OCR and mail are left out too: nothing waits for them. A broker that does not answer is
        not idle.
        """
        queues = [queue for queue in FOLLOWED if queue != but]
        names = [t.nom for t in self.taches.values() if t.queue in queues]
        try:
            if any(self.count(queue) for queue in queues):
                return False
        except FileCoupee:
            return False
        with self.database.reading() as session:
            return not find_running(session, names, self.delais.veille)

    def wait_for_room(self, queue: str, most: int) -> None:
        """Return once this queue holds few tasks; raise PasEncore when that takes long."""
        end = time.monotonic() + self.delais.place
        with suppress(FileCoupee):
            while self.count(queue) > ROOMIER * most:
                if self._stopping.wait(POLL_SECONDS) or time.monotonic() > end:
                    raise PasEncore(self.delais.absence)

    def start(self) -> None:
        """Others work: `orc worker`."""

    def wait(self, watch: Callable[[], None] = lambda: None) -> None:
        """Return when nothing is left to do but in the queues that come after an ingestion."""
        Follower(self).wait(watch)

    # Working.

    def work(self, queues: Sequence[str], threads: dict[str, int]) -> None:
        """Take tasks of these queues, in threads of this process."""
        prepare_memory()
        for name in queues:
            broker = self.queues[name].broker
            broker.emit_after("process_boot")
            worker = Worker(broker, worker_threads=threads[name], worker_timeout=250)
            # A task in hand is a task being done: none waits behind a long one.
            worker.queue_prefetch = threads[name]
            worker.start()
            self._workers.append(worker)

    def is_stopping(self) -> bool:
        """Whether a long task should end now: what it leaves is done by another."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Let the tasks under way end, for a while; give back those that did not."""
        self._stopping.set()
        workers, self._workers = self._workers, []
        bound = int(self.delais.arret * 1000)
        stops = [threading.Thread(target=w.stop, args=(bound,), daemon=True) for w in workers]
        for stop in stops:
            stop.start()
        for stop in stops:
            stop.join(self.delais.arret + 2)
        for message in self.running.messages():
            with suppress(FileCoupee):
                self.queues[message.queue_name].give_back([message])
        if workers:
            with suppress(OperationalError, Unavailable):
                self.leases.leave()
        for queue in self.queues.values():
            queue.close()

    @contextmanager
    def hold(self, name: str, *ids: Id) -> Iterator[None]:
        """Do something alone among all processes; raise PasEncore when another does it."""
        with self._take(name, make_cle(ids), None) as prise:
            if prise is not Prise.PRISE:
                raise PasEncore(self.delais.absence)
            try:
                yield
            finally:
                with self.database.writing() as session:
                    self.leases.release(session, name, make_cle(ids))

    @contextmanager
    def live(self) -> Iterator[None]:
        """Say meanwhile that this process lives, as ouvriers do.

        The others take what is held by one that says nothing for dead, and do it too.
        """
        over = threading.Event()
        self.leases.come()
        self.leases.beat((), self.running.cles)
        life = threading.Thread(target=self._live_on, args=(over,), name="vie", daemon=True)
        life.start()
        try:
            yield
        finally:
            over.set()
            life.join()
            with suppress(OperationalError, Unavailable):
                self.leases.leave()

    def _live_on(self, over: threading.Event) -> None:
        while not over.wait(self.delais.veille / BEATS):
            try:
                self.leases.beat((), self.running.cles)
            except Exception as error:  # noqa: BLE001 - one beat missed is not the end of its life
                log.warning("%s", say(error))

    @contextmanager
    def _take(self, name: str, cle: str, message: "Message[Any] | None") -> Iterator[Prise]:
        """Begin a task, known to this process's heartbeat before it is taken and until it ends."""
        with self.running.taking:
            doing = (name, cle) in self.running.cles()
            mark = self.running.add((name, cle), message)
            try:
                prise = self.leases.take(name, cle, doing=doing)
            except BaseException:
                self.running.remove(mark)
                raise
        try:
            yield prise
        finally:
            self.running.remove(mark)

    def _run(self, tache: Tache, ids: Ids) -> None:
        """A task that came from the broker: alone, its failure written down, never raised."""
        message = CurrentMessage.get_current_message()
        try:
            with self._take(tache.nom, self._make_lease(tache, ids), message) as prise:
                if prise is Prise.PRISE or not tache.seule:
                    self._end(tache, ids, self._try(tache, ids))
                elif prise is Prise.MORTELLE:
                    self._give_up(tache, ids)
        except (*PASSING, Interrupt) as error:
            # SQL itself does not answer: nothing can be written down, so nothing is given up.
            tries = 1 + int(message.options.get("orc_essais", 0) if message else 0)
            log.warning("%s %s, nouvel essai : %s", tache.nom, ids, say(error))
            self._send_again(tache, ids, tries)

    def _make_lease(self, tache: Tache, ids: Ids) -> str:
        """The key it is leased under: its own, or one of this process where several may do it.

        Without a lease, who waits for its end would take it for lost.
        """
        return make_cle(ids if tache.seule else (*ids, self.leases.ouvrier))

    def _give_up(self, tache: Tache, ids: Ids) -> None:
        log.error("%s %s : des processus en sont morts, abandon.", tache.nom, ids)
        with self.database.writing() as session:
            record_given_up(session, tache, make_cle(ids), MortDOuvriers(), DEATHS)

    def _try(self, tache: Tache, ids: Ids) -> BaseException | None:
        try:
            tache.function(*ids)
        except PasEncore as later:
            return later
        except PASSING as error:
            log.warning("%s %s : %s", tache.nom, ids, say(error))
            return error
        except (Exception, Interrupt) as error:
            log.exception("%s %s", tache.nom, ids)
            return error
        return None

    def _end(self, tache: Tache, ids: Ids, error: BaseException | None) -> None:
        """Write down how it ended, then ask for what comes next, if anything does."""
        cle, wait = make_cle(ids), None
        with self.database.writing() as session:
            again = self.leases.release(session, tache.nom, self._make_lease(tache, ids))
            if error is None:
                remove_failure(session, tache.nom, cle)
            elif isinstance(error, PasEncore):
                wait = error.secondes
            else:
                wait = record_failure(session, tache, cle, error, self.delais)
                if wait is None:
                    log.error("%s %s, abandon : %s", tache.nom, cle, say(error))
        if wait is not None:
            self.send(tache.nom, ids, wait)
        elif again and tache.seule:
            self.send(tache.nom, ids)

    def _send_again(self, tache: Tache, ids: Ids, tries: int) -> None:
        message = self._actors[tache.nom].message_with_options(args=ids, orc_essais=tries)
        with suppress(FileCoupee, Unavailable):
            self.queues[tache.queue].send(message, make_pause(tries, self.delais))
