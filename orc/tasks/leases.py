"""Who does what now: a task is done by one living ouvrier at a time, and none is lost with it."""

import os
import socket
import threading
from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from enum import Enum, auto
from pathlib import Path
from uuid import uuid4

from sqlalchemy import ColumnElement, and_, delete, func, select, tuple_, update
from sqlalchemy.orm import Session

from orc.db import Database, Writing, insert_missing, make_insert_missing
from orc.models import Ouvrier, TacheEnCours, read_now

# Heartbeats in a silence that kills.
BEATS = 3
# An ouvrier that died is forgotten after so many silences.
FORGOTTEN = 100
# Ouvriers that may die while they do a task, before the task is given up.
DEATHS = 3


# Reads (name, key) of the tasks a process does.
ReadRunning = Callable[[], Collection[tuple[str, str]]]


class Prise(Enum):
    """What became of a task one wanted to do."""

    PRISE = auto()
    # Somebody does it; it is done once more after.
    OCCUPEE = auto()
    # Too many ouvriers died of it.
    MORTELLE = auto()


class Leases:
    """The leases of one ouvrier, this process. `veille`: seconds of silence before it is dead."""

    def __init__(self, database: Database, veille: float) -> None:
        self.ouvrier = uuid4().hex
        self._database = database
        self._veille = veille
        self._depuis = read_now()
        self._left = False
        self._lock = threading.Lock()

    def come(self) -> None:
        """This process begins, or begins again: it may say that it lives."""
        with self._lock:
            self._left = False

    def beat(self, queues: Iterable[str], read_running: ReadRunning) -> None:
        """Say that this process lives; end its leases of tasks it does not do.

        Without `queues` it is no ouvrier: it does what a person asked for at a terminal.
        """
        with self._lock:
            if not self._left:
                self._beat(queues, read_running)

    def _beat(self, queues: Iterable[str], read_running: ReadRunning) -> None:
        values = {"vu_le": read_now(), "memoire_mo": read_memory_mo()}
        row = {
            "id": self.ouvrier, "machine": socket.gethostname(), "pid": os.getpid(),
            "files": ",".join(queues), "depuis": self._depuis, **values,
        }  # fmt: skip
        old = read_now() - timedelta(seconds=FORGOTTEN * self._veille)
        orphan = delete(TacheEnCours).where(TacheEnCours.ouvrier.not_in(select(Ouvrier.id)))
        with self._database.writing() as session:
            session.execute(delete(Ouvrier).where(Ouvrier.vu_le < old))
            insert_missing(session, Ouvrier, [row])
            session.execute(update(Ouvrier).where(Ouvrier.id == self.ouvrier).values(**values))
            self._end_wrong(session, read_running)
            session.execute(orphan)

    def _end_wrong(self, session: Session, read_running: ReadRunning) -> None:
        """End leases whose end could not be written down.

        A task is said running before its lease is taken: what is read here and not running then
        is over. A lease of the same task taken since has another date, and is not ended.
        """
        key = (TacheEnCours.tache, TacheEnCours.cle, TacheEnCours.depuis)
        held = session.execute(select(*key).where(TacheEnCours.ouvrier == self.ouvrier)).all()
        running = set(read_running())
        wrong = [tuple(row) for row in held if (row.tache, row.cle) not in running]
        if wrong:
            mine = TacheEnCours.ouvrier == self.ouvrier
            session.execute(delete(TacheEnCours).where(mine, tuple_(*key).in_(wrong)))

    def leave(self) -> None:
        """This process ends: it does nothing any more, and says nothing."""
        with self._lock, self._database.writing() as session:
            self._left = True
            session.execute(delete(TacheEnCours).where(TacheEnCours.ouvrier == self.ouvrier))
            session.execute(delete(Ouvrier).where(Ouvrier.id == self.ouvrier))

    def take(self, tache: str, cle: str, *, doing: bool = False) -> Prise:
        """Begin a task, or mark it to be done again after where a living ouvrier does it.

        `doing`: this process does it already, in another thread.
        """
        values = {
            "tache": tache, "cle": cle, "ouvrier": self.ouvrier, "depuis": read_now(),
            "encore": False, "reprises": 0,
        }  # fmt: skip
        with self._database.writing() as session:
            insert = make_insert_missing(session, TacheEnCours).values(values)
            insert = insert.returning(TacheEnCours.cle)
            query = select(TacheEnCours).where(_is(tache, cle)).with_for_update()
            while True:
                if session.execute(insert).first():
                    return Prise.PRISE
                held = session.execute(query).scalar_one_or_none()
                if held is not None:
                    return self._take_over(session, held, doing=doing)

    def _take_over(self, session: Session, held: TacheEnCours, *, doing: bool) -> Prise:
        mine = held.ouvrier == self.ouvrier
        if doing or (not mine and self._lives(session, held.ouvrier)):
            held.encore = True
            return Prise.OCCUPEE
        if mine:  # its end could not be written down
            held.depuis = read_now()
            return Prise.PRISE
        held.reprises += 1
        if held.reprises >= DEATHS:
            session.delete(held)
            return Prise.MORTELLE
        held.ouvrier, held.depuis = self.ouvrier, read_now()
        return Prise.PRISE

    def _lives(self, session: Session, ouvrier: str) -> bool:
        query = select(Ouvrier.id).where(Ouvrier.id == ouvrier, is_alive(self._veille))
        return session.execute(query).first() is not None

    def release(self, session: Writing, tache: str, cle: str) -> bool:
        """End a task; whether it was asked for again meanwhile."""
        mine = and_(_is(tache, cle), TacheEnCours.ouvrier == self.ouvrier)
        found = session.execute(delete(TacheEnCours).where(mine).returning(TacheEnCours.encore))
        return bool(found.scalar_one_or_none())


def is_alive(veille: float) -> ColumnElement[bool]:
    """The condition that an ouvrier spoke lately."""
    return Ouvrier.vu_le >= read_now() - timedelta(seconds=veille)


def find_running(session: Session, taches: Iterable[str], veille: float) -> set[tuple[str, str]]:
    """(name, key) of these tasks that living ouvriers do now."""
    query = (
        select(TacheEnCours.tache, TacheEnCours.cle)
        .join(Ouvrier, Ouvrier.id == TacheEnCours.ouvrier)
        .where(is_alive(veille), TacheEnCours.tache.in_(list(taches)))
    )
    return {(row.tache, row.cle) for row in session.execute(query)}


def count_alive(session: Session, veille: float) -> int:
    """How many ouvriers live: processes that take tasks of a queue."""
    return session.execute(
        select(func.count()).select_from(Ouvrier).where(is_alive(veille), Ouvrier.files != "")
    ).scalar_one()


def read_memory_mo() -> int:
    """The memory this process holds now, in megabytes; its children apart."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000


def _is(tache: str, cle: str) -> ColumnElement[bool]:
    return and_(TacheEnCours.tache == tache, TacheEnCours.cle == cle)
