"""What passes by itself (a busy database, a full disk) is tried again, then said in French."""

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path

from sqlalchemy.exc import OperationalError

from orc.errors import Conflict, Unavailable

# Nothing is wrong with the flow or the document: the same act may succeed later.
PASSING = (OperationalError, OSError, Unavailable)
# Seconds before each new try; SQLite itself waits 30 s before it says that it is busy.
PAUSES = (0.5, 2.0, 8.0)
# Seconds during which nothing else is tried, once a task was given up: a full disk is full for all.
REST = 60.0

log = logging.getLogger(__name__)


def say(error: BaseException) -> str:
    """Why it failed, in French, on one line."""
    if not isinstance(error, OperationalError):
        return str(error) or type(error).__name__
    cause = str(error.orig)
    if "locked" in cause or "busy" in cause:
        return "la base de données est occupée par un autre programme."
    if "full" in cause or "I/O" in cause:
        return f"la base de données ne peut plus être écrite, faute de place ? ({cause})."
    return f"la base de données ne répond pas ({cause})."


class Patience:
    """Tries tasks again while what stops them may pass; after that, leaves the others alone.

    What was not done stays to be done in SQL, and is found there at the next start.
    """

    def __init__(self, pauses: Sequence[float] = PAUSES, rest: float = REST) -> None:
        self._pauses = pauses
        self._rest = rest
        self._until = 0.0

    def insist(self, function: Callable[..., None]) -> Callable[..., None]:
        """The same task, which always ends, and says in the log why it did not do its work."""

        @wraps(function)
        def run(*ids: int) -> None:
            for pause in (*self._pauses, None):
                if time.monotonic() < self._until:
                    return
                try:
                    function(*ids)
                except PASSING as error:
                    self._wait(f"{function.__name__} {ids}", say(error), pause)
                except Exception:
                    log.exception("%s %s", function.__name__, ids)
                    return
                else:
                    return

        return run

    def _wait(self, task: str, cause: str, pause: float | None) -> None:
        if pause is None:
            self._until = time.monotonic() + self._rest
            log.error("%s, abandon : %s Le reste attend aussi.", task, cause)
        else:
            log.warning("%s, nouvel essai : %s", task, cause)
            time.sleep(pause)


@contextmanager
def said_in_french() -> Iterator[None]:
    """A database that does not answer is Unavailable, with its reason."""
    try:
        yield
    except OperationalError as error:
        raise Unavailable(f"Ingestion arrêtée : {say(error)} Relancez-la.") from error


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One ingestion at a time on this data folder; Conflict when another is under way.

    The lock is on the folder itself: it leaves no file, and ends with the process.
    """
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(held)
        raise Conflict(
            f"Une ingestion est déjà en cours dans « {folder} » : attendez qu’elle se termine."
        ) from error
    try:
        yield
    finally:
        os.close(held)
