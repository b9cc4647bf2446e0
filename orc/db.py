"""Opening the database and its two kinds of transaction, Reading and Writing. No table here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

from sqlalchemy import Engine, Insert, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

AFTER_COMMIT = "after_commit"


class Reading(Session):
    """A transaction that changes nothing."""


class Writing(Session):
    """A transaction that may write; on SQLite it takes the write lock when it begins."""


def open_engine(url: str) -> Engine:
    """An engine on SQLite (WAL, foreign keys, 30 s of patience) or on another database."""
    # The values of a failing statement may be what a document says: errors go to a log.
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(
        url, connect_args={"timeout": 30, "check_same_thread": False}, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # SQLAlchemy says BEGIN itself: the driver's own would come too late for IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "cache_size=-16384",
        "mmap_size=268435456",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


class Database:
    """The two doors to SQL: `reading()` and `writing()`, each one transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        bound = engine.execution_options(immediate=True)
        self._reading = sessionmaker(engine, class_=Reading, autoflush=False)
        self._writing = sessionmaker(bound, class_=Writing, expire_on_commit=False)

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """One transaction that is rolled back at the end."""
        with self._reading() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """One transaction, committed when the block ends well; then its late calls run."""
        with self._writing() as session:
            yield session
            session.commit()
            for call in session.info.pop(AFTER_COMMIT, []):
                call()

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def make_insert_missing(session: Writing, table: type[DeclarativeBase]) -> Insert:
    """An INSERT that leaves alone the rows already there."""
    return _insert_missing(session.get_bind().dialect.name, table)


@cache
def _insert_missing(dialect: str, table: type[DeclarativeBase]) -> Insert:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return insert(cast("Table", table.__table__)).on_conflict_do_nothing()


def insert_missing(
    session: Writing, table: type[DeclarativeBase], rows: Sequence[Mapping[str, object]]
) -> None:
    """Insert rows that carry their keys; those already there stay as they are."""
    if rows:
        session.execute(make_insert_missing(session, table), rows)


def call_after_commit(session: Session, call: Callable[[], object]) -> None:
    """Run `call` once the transaction is committed, and never if it is not."""
    session.info.setdefault(AFTER_COMMIT, []).append(call)
