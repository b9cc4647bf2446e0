"""What a process that does its own work looks for now and then: mail to send, daily work.

Where `orc worker` works, its own look at what SQL has unfinished does it (orc.tasks.follow).
"""

import logging
import threading

from sqlalchemy.exc import OperationalError

from orc.errors import Unavailable
from orc.tasks.failures import say
from orc.tasks.queues import MAIL, Tasks

SECONDES = 60.0

log = logging.getLogger(__name__)


class Ronde:
    """Asks every minute for what waits on the queue of mail, and for daily work that is due."""

    def __init__(self, tasks: Tasks, secondes: float = SECONDES) -> None:
        self._tasks = tasks
        self._secondes = secondes
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._go_round, name="ronde", daemon=True)

    def start(self) -> None:
        """Begin; once is enough."""
        if not self._thread.is_alive():
            self._thread.start()

    def stop(self) -> None:
        """Ask for nothing more."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()

    def _go_round(self) -> None:
        while not self._end.wait(self._secondes):
            try:
                self.look()
            except (Unavailable, OperationalError) as error:
                log.warning("%s La ronde reprendra.", say(error))

    def look(self) -> None:
        """Ask once for what waits; what is in the queue already is not asked for twice."""
        if self._tasks.count(MAIL):
            return
        for tache in self._tasks.taches.values():
            if tache.queue != MAIL:
                continue
            for ids in tache.unfinished() or ():
                self._tasks.enqueue_now(tache.nom, *ids)
