"""The life of an ouvrier: it says that it lives, finds what was lost, ends when it is told to."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from enum import Enum, auto
from types import FrameType

from sqlalchemy.exc import OperationalError

from orc.errors import Unavailable
from orc.tasks.distributed import Distributed
from orc.tasks.failures import say
from orc.tasks.follow import Sweeper
from orc.tasks.leases import BEATS, read_memory_mo
from orc.tasks.queues import PasEncore

BALAYAGE = "balayage"
# Silences between two looks for what was lost.
SWEEPS = 2

log = logging.getLogger(__name__)


class Cause(Enum):
    """Why an ouvrier ends."""

    SIGNAL = auto()
    MEMOIRE = auto()


class Ouvrage:
    """This process at work on some queues, until a signal or until it holds too much memory."""

    def __init__(
        self,
        tasks: Distributed,
        queues: Sequence[str],
        *,
        memoire_mo: int,
        at_start: Callable[[], object] = lambda: None,
    ) -> None:
        """`at_start` is called once, alone among ouvriers, before the first look."""
        self._tasks = tasks
        self._queues = tuple(queues)
        self._memoire_mo = memoire_mo
        self._at_start = at_start
        self._end = threading.Event()
        self._cause = Cause.SIGNAL
        self._sweeper = Sweeper(tasks)
        self._looks = 0
        self._said = ""

    def run(self, threads: dict[str, int]) -> Cause:
        """Work; return once it must end, the tasks under way still running."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_end)
        self._care(self._beat)
        # A broker that hangs must not silence it; it lives until its tasks have ended.
        threading.Thread(target=self._beat_on, name="vie", daemon=True).start()
        self._tasks.work(self._queues, threads)
        veille = self._tasks.delais.veille
        next_sweep = 0.0
        while not self._end.wait(veille / BEATS):
            if time.monotonic() >= next_sweep and self._care(self._sweep):
                # Two looks must agree: at start the second one comes soon.
                self._looks += 1
                next_sweep = time.monotonic() + (SWEEPS * veille if self._looks > 1 else 0)
        return self._cause

    def _ask_end(self, _number: int, _frame: FrameType | None) -> None:
        self._end.set()

    def _beat(self) -> None:
        self._tasks.leases.beat(self._queues, self._tasks.running.cles)

    def _beat_on(self) -> None:
        while not self._end.is_set() or self._tasks.running.cles():
            time.sleep(self._tasks.delais.veille / BEATS)
            self._care(self._beat)
            if self._memoire_mo and read_memory_mo() > self._memoire_mo:
                self._cause = Cause.MEMOIRE
                self._end.set()

    def _sweep(self) -> None:
        try:
            with self._tasks.hold(BALAYAGE):
                if not self._looks:
                    self._at_start()
                self._sweeper.sweep()
        except PasEncore:
            log.debug("un autre ouvrier cherche ce qui s’est perdu")

    def _care(self, act: Callable[[], None]) -> bool:
        """Do it; what is down is said once, and tried again, whatever went wrong.

        One that no longer says that it lives has its tasks taken from it while it does them.
        """
        try:
            act()
        except Exception as error:
            if str(error) != self._said:
                known = isinstance(error, (Unavailable, OperationalError))
                log.warning("%s Le worker attend.", say(error), exc_info=None if known else error)
            self._said = str(error)
            return False
        self._said = ""
        return True
