"""The two kinds of session, and what waits for the commit of one."""

from collections.abc import Callable

from sqlalchemy.orm import Session

AFTER_COMMIT = "after_commit"


class Reading(Session):
    """A transaction that changes nothing."""


class Writing(Session):
    """A transaction that may write; on SQLite it takes the write lock when it begins."""


def call_after_commit(session: Session, call: Callable[[], object]) -> None:
    """Run `call` once the transaction is committed, and never if it is not."""
    session.info.setdefault(AFTER_COMMIT, []).append(call)


def run_late_calls(session: Session) -> None:
    """Run what waited for the commit."""
    for call in session.info.pop(AFTER_COMMIT, []):
        call()
