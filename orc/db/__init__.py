"""Opening the database and its two kinds of transaction, Reading and Writing. No table here."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from sqlalchemy import Engine
from sqlalchemy.orm import sessionmaker

from orc.db.engines import CONNEXIONS, open_engine
from orc.db.faults import BaseIndisponible, Collision, describe_fault, say_faults
from orc.db.inserts import insert_missing, make_insert_missing
from orc.db.lists import cut, list_values
from orc.db.locks import hold_alone, lock
from orc.db.sessions import Reading, Writing, call_after_commit, run_late_calls
from orc.db.turns import Turns

__all__ = [
    "CONNEXIONS",
    "BaseIndisponible",
    "Collision",
    "Database",
    "Reading",
    "Writing",
    "call_after_commit",
    "cut",
    "describe_fault",
    "insert_missing",
    "list_values",
    "lock",
    "make_insert_missing",
    "open_engine",
    "say_faults",
]

T = TypeVar("T")
# Seconds before a transaction that met another one is played again.
PAUSES = (0.01, 0.05, 0.2, 1.0, 2.0)


class Database:
    """The two doors to SQL: `reading()` and `writing()`, each one transaction.

    A database that does not answer is BaseIndisponible, an Unavailable.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # What floors above leave for each session (`session.info`).
        self.info: dict[Any, Any] = {}
        # SQLite: a Writing is alone. Elsewhere: what it reads may change, unless it locks it.
        self.serial = engine.dialect.name == "sqlite"
        # Two pools: a request that reads always finds a connection to write its journal with.
        self._to_write = engine if self.serial else _open_second(engine)
        self._reading = sessionmaker(self._for_reading(), class_=Reading, autoflush=False)
        self._writing = sessionmaker(
            self._to_write.execution_options(immediate=True),
            class_=Writing,
            expire_on_commit=False,
        )
        self.turns = Turns(self._writing) if self.serial else None

    def _for_reading(self) -> Engine:
        if self.serial:
            return self.engine
        # As on SQLite: one state of the archive from the first query to the last.
        return self.engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """One transaction that sees one state of the archive, and is rolled back at the end."""
        with say_faults(), self._reading(info=self.info) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """One transaction, committed when the block ends well; then its late calls run."""
        with say_faults(), self._writing(info=self.info) as session:
            yield session
            session.commit()
        run_late_calls(session)

    def write(self, work: Callable[[Writing], T]) -> T:
        """What `work` gives, in one Writing; played again from its start when it met another."""
        for pause in PAUSES:
            try:
                with self.writing() as session:
                    return work(session)
            except Collision:
                time.sleep(pause * (1 + random.random()))  # noqa: S311 - two must not meet again
        with self.writing() as session:
            return work(session)

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """No other `alone` of that name runs, in this process or another, until the block ends.

        It ends with the process. On SQLite only this process is concerned.
        """
        with hold_alone(self._to_write, name):
            yield

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()
        self._to_write.dispose()


def _open_second(engine: Engine) -> Engine:
    size: int = cast("Any", engine.pool).size()  # a QueuePool: open_engine made it
    return open_engine(engine.url, connexions=size)
