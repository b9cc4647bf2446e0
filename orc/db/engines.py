"""How SQLite and PostgreSQL are opened so that both behave alike."""

import math
import time
from functools import partial
from importlib.util import find_spec
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from orc.errors import Invalid, Unavailable

# Connections of a process to a PostgreSQL: so many to read, so many to write.
CONNEXIONS = 10
# A server that is gone is known as such after so many seconds.
SILENCE = 30
# SQLite: who wants to write waits for so many seconds.
PATIENCE = 30
# One used so lately needs no look at.
RESTED = 1.0
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "cache_size=-16384",
    "mmap_size=268435456",
    "temp_store=MEMORY",
)


def open_engine(url: str | URL, *, connexions: int = CONNEXIONS, secondes: int = 0) -> Engine:
    """An engine on SQLite (WAL, foreign keys, 30 s of patience) or on PostgreSQL.

    There: so many connections at most; `secondes` of a query before it is given up, 0: no limit.

    Invalid where the URL names something else; nothing is connected yet.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise Invalid("L’URL de la base (ORC_DATABASE) ne se lit pas.") from error
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed)
    if parsed.get_backend_name() == "postgresql":
        return _open_postgresql(parsed, connexions, secondes)
    raise Invalid(
        f"Base de données inconnue : {parsed.drivername}. "
        "Attendu : postgresql+psycopg://… (ou rien, pour SQLite)."
    )


def _open_sqlite(url: URL) -> Engine:
    # The values of a failing statement may be what a document says: errors go to a log.
    engine = create_engine(
        url, connect_args={"timeout": PATIENCE, "check_same_thread": False}, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # SQLAlchemy says BEGIN itself: the driver's own would come too late for IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _open_postgresql(url: URL, connexions: int, secondes: int) -> Engine:
    if find_spec("psycopg") is None:
        raise Unavailable(
            "PostgreSQL demande des bibliothèques qui ne sont pas installées : celles de l’extra "
            "« grand » (pip install 'orc-archives[grand]')."
        )
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=max(1, connexions),
            max_overflow=0,
            pool_timeout=SILENCE,
            pool_recycle=3600,
            hide_parameters=True,
            connect_args=_make_connect_args(url, secondes),
        )
    except (ArgumentError, NoSuchModuleError) as error:
        raise Invalid("L’URL de la base (ORC_DATABASE) ne se lit pas.") from error
    # Rows go many in one statement, even where nothing is asked back of them.
    engine.dialect.use_insertmanyvalues_wo_returning = True
    event.listen(engine, "connect", _prepare_postgresql)
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", partial(_check_alive, engine))
    return engine


def _note_use(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["used"] = time.monotonic()


def _check_alive(engine: Engine, connection: Any, record: ConnectionPoolEntry, _: object) -> None:
    """A connection that rested may be one to a server that was restarted since: another is made."""
    if time.monotonic() - record.info.get("used", math.inf) < RESTED:
        return
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error


def _make_connect_args(url: URL, secondes: int) -> dict[str, object]:
    """What the URL does not say itself."""
    chosen: dict[str, object] = {
        "connect_timeout": 10,
        "application_name": "orc",
        "keepalives_idle": SILENCE,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": SILENCE * 1000,
        "options": f"-c timezone=UTC -c statement_timeout={secondes}s",
    }
    return {name: value for name, value in chosen.items() if name not in url.query}


def _prepare_postgresql(connection: Any, _record: object) -> None:
    """Sums of BIGINT come as NUMERIC: whole numbers for us, as on SQLite."""
    from orc.db.numbers import Entier  # noqa: PLC0415 - only where psycopg is wanted

    connection.adapters.register_loader("numeric", Entier)
