"""Locks that have a name, for decisions that rows alone do not hold."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from threading import Lock
from weakref import WeakValueDictionary

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from orc.db.faults import say_faults
from orc.db.sessions import Writing

_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_SHARE = text("SELECT pg_advisory_xact_lock_shared(:key)")
# The longest of flows may take hours, during which its lock does nothing.
_HOLD = text(
    "SELECT set_config('idle_in_transaction_session_timeout', '0', true), "
    "pg_advisory_xact_lock(:key)"
)
_here: WeakValueDictionary[str, "_Held"] = WeakValueDictionary()
_table = Lock()


class _Held:
    """A lock of this process, that a weak dictionary may keep."""

    def __init__(self) -> None:
        self.lock = Lock()


def make_key(name: str) -> int:
    """The 64 bits PostgreSQL knows this name by."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)


def lock(session: Writing, *names: str, shared: bool = False) -> None:
    """No other transaction that locks one of these names goes on until this one ends.

    `shared`: only those that lock it unshared. They are taken in one order, whatever they are
    given in. On SQLite a Writing is alone from its start: nothing is to be locked.
    """
    if session.get_bind().dialect.name == "sqlite":
        return
    for key in sorted({make_key(name) for name in names}):
        session.execute(_SHARE if shared else _LOCK, {"key": key})


@contextmanager
def hold_alone(engine: Engine, name: str) -> Iterator[None]:
    """Hold this name for the time of the block, which may have transactions of its own."""
    if engine.dialect.name == "sqlite":
        with _table:
            held = _here.setdefault(name, _Held())
        with held.lock:
            yield
        return
    with say_faults():
        connection = engine.connect()
    try:
        with say_faults():
            connection.execute(_HOLD, {"key": make_key(name)})
        yield
    finally:
        # A server that was restarted let go of the lock already.
        with suppress(DBAPIError):
            connection.close()
