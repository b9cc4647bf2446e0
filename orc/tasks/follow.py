"""Following work that other processes do, and finding again what a broker lost of it."""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Protocol

from sqlalchemy.exc import OperationalError

from orc.db import Database
from orc.errors import Unavailable
from orc.tasks.failures import count_retries, find_failed, remove_failure, say, take_due
from orc.tasks.leases import Leases, count_alive, find_running
from orc.tasks.queues import FLUX, INDEX, TEXTES, Delais, Ids, Tache, make_cle, read_cle

# What an ingestion waits for: OCR and mail come after it.
FOLLOWED = (FLUX, TEXTES, INDEX)
LOOK_SECONDS = 0.5
# Looks that find nothing before the work counts as ended or lost.
QUIET = 3
# Tasks of one kind found lost at once, and asked for again: the next look finds the others.
MOST = 10_000

log = logging.getLogger(__name__)
Left = dict[str, dict[str, Ids]]
# By task, the keys that are not lost: they failed, or are being done.
Known = Mapping[str, Collection[str]]


class Ailleurs(Protocol):
    """Tasks done by other processes, as those who follow them need to know them."""

    delais: Delais
    database: Database
    leases: Leases
    taches: dict[str, Tache]

    def count(self, queue: str) -> int:
        """How many tasks of this queue wait."""
        ...

    def send(self, name: str, ids: Ids) -> bool:
        """Ask for this task; whether the broker has it."""
        ...


def find_left(taches: Iterable[Tache], known: Known, most: int = MOST) -> Left:
    """What SQL says is unfinished and is not known, by task and key, `most` of each.

    What is known does not count among them: were it so, ten thousand failures would hide all
    that is lost behind them. Tasks of which nothing can be told are left out.
    """
    found = ((t.nom, t.unfinished()) for t in taches)
    return {
        nom: dict(islice(_leave_out(some, known.get(nom, ())), most))
        for nom, some in found
        if some is not None
    }


def _leave_out(some: Iterable[Ids], known: Collection[str]) -> Iterator[tuple[str, Ids]]:
    return ((cle, ids) for ids in some if (cle := make_cle(ids)) not in known)


class Follower:
    """Waits for the end of work done elsewhere, from SQL and from the lengths of the queues."""

    def __init__(self, tasks: Ailleurs, queues: Iterable[str] = FOLLOWED) -> None:
        self._tasks = tasks
        self._queues = tuple(queues)
        self._taches = [t for t in tasks.taches.values() if t.queue in self._queues]
        self._names = [t.nom for t in self._taches]
        self._said = ""

    def wait(self, watch: Callable[[], None]) -> None:
        """Return when nothing is left, or when what is left was asked for again for nothing."""
        quiet, asked = 0, None
        next_watch = 0.0
        while True:
            began = time.monotonic()
            try:
                quiet = 0 if self._is_busy() else quiet + 1
                if quiet >= QUIET:
                    left = self._find_lost()
                    if not any(left.values()) or left == asked:
                        return
                    self._ask_again(left)
                    quiet, asked = 0, left
                if began >= next_watch:
                    watch()
                    spent = time.monotonic() - began
                    next_watch = began + max(LOOK_SECONDS, 20 * spent)
            except (Unavailable, OperationalError) as error:
                quiet = 0
                self._say(f"{say(error)} L’ingestion reprendra d’elle-même.")
            time.sleep(LOOK_SECONDS)

    def _is_busy(self) -> bool:
        waiting = sum(self._tasks.count(queue) for queue in self._queues)
        veille = self._tasks.delais.veille
        with self._tasks.database.reading() as session:
            alive = count_alive(session, veille)
            running = find_running(session, self._names, veille)
            retries = count_retries(session, self._names)
        if waiting and not alive:
            self._say("Aucun « orc worker » ne travaille : l’ingestion attend qu’on en lance un.")
        elif waiting or running:
            self._said = ""
        return bool(waiting or running or retries)

    def _find_lost(self) -> Left:
        with self._tasks.database.reading() as session:
            failed = find_failed(session, self._names)
        return find_left(self._taches, failed)

    def _ask_again(self, left: Left) -> None:
        for name, found in left.items():
            for ids in found.values():
                self._tasks.send(name, ids)

    def _say(self, what: str) -> None:
        if what != self._said:
            log.warning("%s", what)
            self._said = what


class Sweeper:
    """Asks again for what SQL says is unfinished and no queue holds any more."""

    def __init__(self, tasks: Ailleurs, most: int = MOST) -> None:
        """`most`: so many tasks of one kind are found at once."""
        self._tasks = tasks
        self._most = most
        self._database: Database = tasks.database
        self._leases: Leases = tasks.leases
        self._delais: Delais = tasks.delais
        self._seen: Left = {}

    def sweep(self) -> int:
        """Ask again for what two looks in a row found lost; how many tasks.

        A queue that is not empty is left alone: what it lost is seen once it is.
        """
        with self._database.writing() as session:
            due = take_due(session, self._delais)
        for name, cle in due:
            if name in self._tasks.taches:
                self._tasks.send(name, read_cle(cle))
        empty = [t for t in self._tasks.taches.values() if not self._tasks.count(t.queue)]
        names = [t.nom for t in empty]
        with self._database.reading() as session:
            known = find_failed(session, names)
            running = find_running(session, names, self._delais.veille)
        self._forget_done(empty, known)
        for name, cle in running:
            known[name].add(cle)
        lost = find_left(empty, known, self._most)
        total = 0
        for name, found in lost.items():
            for cle in found.keys() & self._seen.get(name, {}).keys():
                total += self._tasks.send(name, found[cle])
        self._seen = lost
        if total:
            log.warning("%s tâches inachevées n’étaient plus dans la file : redemandées.", total)
        return total + len(due)

    def _forget_done(self, taches: Iterable[Tache], failed: Known) -> None:
        """What failed once and SQL no longer has unfinished was done some other way."""
        for tache in taches:
            done = set(failed[tache.nom]) if tache.known else set()
            unfinished = tache.unfinished() if done else None
            for ids in () if unfinished is None else unfinished:
                done.discard(make_cle(ids))
                if not done:
                    break
            for cle in done if unfinished is not None else ():
                with self._database.writing() as session:
                    remove_failure(session, tache.nom, cle)
