"""What a process that does its own work looks for now and then: mail, daily work, what is left.

Where `orc worker` works, its own look at what SQL has unfinished does it (orc.tasks.follow).
"""

import logging
import threading
from collections.abc import Callable
from itertools import count

from sqlalchemy.exc import OperationalError

from orc.errors import Unavailable
from orc.tasks.failures import say
from orc.tasks.queues import MAIL, QUEUES, Tasks

SECONDES = 60.0
# Rounds from one look at everything to the next.
WIDER = 15

log = logging.getLogger(__name__)


class Ronde:
    """Asks every minute for what waits on the queue of mail, and for daily work that is due.

    And every quarter of an hour, while nothing else is done here, for all that is left.
    """

    def __init__(self, tasks: Tasks, secondes: float = SECONDES) -> None:
        self._tasks = tasks
        self._secondes = secondes
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._go_round, name="ronde", daemon=True)
        self._ask_left: Callable[[], None] = lambda: None

    def start(self, ask_left: Callable[[], None] = lambda: None) -> None:
        """Begin; once is enough. `ask_left` asks for what is left of any work."""
        self._ask_left = ask_left
        if not self._thread.is_alive():
            self._thread.start()

    def stop(self) -> None:
        """Ask for nothing more."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()

    def _go_round(self) -> None:
        for turn in count(1):
            if self._end.wait(self._secondes):
                return
            try:
                self.look()
                if turn % WIDER == 0:
                    self.look_wider()
            except Exception as error:
                known = isinstance(error, (Unavailable, OperationalError))
                log.warning("%s La ronde reprendra.", say(error), exc_info=None if known else error)

    def look(self) -> None:
        """Ask once for what waits; what is in the queue already is not asked for twice."""
        if self._tasks.count(MAIL):
            return
        for tache in self._tasks.taches.values():
            if tache.queue != MAIL:
                continue
            for ids in tache.unfinished() or ():
                self._tasks.enqueue_now(tache.nom, *ids)

    def look_wider(self) -> None:
        """Ask for all that is left, once nothing waits nor is done here."""
        if not any(self._tasks.count(queue) for queue in QUEUES):
            self._ask_left()
