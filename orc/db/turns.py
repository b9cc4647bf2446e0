"""Threads of a process that write to SQLite: each has its turn."""

from threading import Lock
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker

from orc.db.engines import PATIENCE
from orc.db.faults import OCCUPEE, BaseIndisponible


class Turns:
    """Who writes waits for its turn where its transaction begins, and gives it where that ends.

    SQLite alone lets in whoever asks at the right moment: the page of a person may wait for
    seconds behind an ingestion that writes without end.
    """

    def __init__(self, maker: sessionmaker[Any]) -> None:
        # Seconds that one waits for it.
        self.patience: float = PATIENCE
        self._lock = Lock()
        event.listen(maker, "after_transaction_create", self._take)
        event.listen(maker, "after_transaction_end", self._give)

    def _take(self, session: Session, transaction: SessionTransaction) -> None:
        if transaction.parent is not None:
            return
        if not self._lock.acquire(timeout=self.patience):
            raise BaseIndisponible(OCCUPEE)
        session.info[self] = transaction

    def _give(self, session: Session, transaction: SessionTransaction) -> None:
        if session.info.get(self) is transaction:
            del session.info[self]
            self._lock.release()
