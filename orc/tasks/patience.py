"""Retries in process: what passes by itself (a busy database, a full disk) is tried again here."""

import logging
import time
from collections.abc import Callable, Sequence
from functools import wraps

from orc.tasks.failures import PASSING, say
from orc.tasks.queues import Id

# Seconds before each new try; SQLite itself waits 30 s before it says that it is busy.
PAUSES = (0.5, 2.0, 8.0)
# Seconds during which nothing else is tried, once a task was given up: a full disk is full for all.
REST = 60.0

log = logging.getLogger(__name__)


class Patience:
    """Tries tasks again while what stops them may pass; after that, leaves the others alone.

    What was not done stays to be done in SQL, and is found there at the next start.
    """

    def __init__(self, pauses: Sequence[float] = PAUSES, rest: float = REST) -> None:
        self._pauses = pauses
        self._rest = rest
        self._until = 0.0

    def insist(
        self,
        function: Callable[..., None],
        tell: Callable[[tuple[Id, ...], BaseException | None], None] = lambda _ids, _error: None,
    ) -> Callable[..., None]:
        """The same task, which always ends, and says in the log why it did not do its work.

        `tell` is called with its ids when it ends: None when it did its work, else the cause.
        """

        @wraps(function)
        def run(*ids: Id) -> None:
            for pause in (*self._pauses, None):
                if time.monotonic() < self._until:
                    return
                try:
                    function(*ids)
                except PASSING as error:
                    self._wait(f"{function.__name__} {ids}", say(error), pause)
                    if pause is None:
                        tell(ids, error)
                except Exception as error:
                    log.exception("%s %s", function.__name__, ids)
                    tell(ids, error)
                    return
                else:
                    tell(ids, None)
                    return

        return run

    def _wait(self, task: str, cause: str, pause: float | None) -> None:
        if pause is None:
            self._until = time.monotonic() + self._rest
            log.error("%s, abandon : %s Le reste attend aussi.", task, cause)
        else:
            log.warning("%s, nouvel essai : %s", task, cause)
            time.sleep(pause)
