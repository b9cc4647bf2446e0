"""Another try after a pause, for what passes by itself; bounded in number and in seconds."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from orc.remote.acces import PAUSES
from orc.remote.faults import Injoignable, Passing

T = TypeVar("T")

# No new try begins after so many seconds: someone may be waiting for a page.
BUDGET: Final = 25.0
# A store that has just failed every try gets one only, for so many seconds.
GLOOM: Final = 5.0


class Retries:
    """Tries again, for one store; safe for threads."""

    def __init__(
        self, name: str, pauses: Sequence[float] = PAUSES, *, budget: float = BUDGET
    ) -> None:
        self._name = name
        self._pauses = pauses
        self._budget = budget
        self._lock = threading.Lock()
        self._gloomy_until = 0.0

    def run(self, attempt: Callable[[], T]) -> T:
        """What `attempt` gives; Injoignable once it has failed (by Passing) for too long."""
        began = time.monotonic()
        pauses = () if began < self._gloomy_until else self._pauses
        for pause in (*pauses, None):
            try:
                found = attempt()
            except Passing as fault:
                late = time.monotonic() - began > self._budget
                if pause is None or late:
                    self._set_gloom()
                    raise Injoignable(f"{self._name} ne répond pas : {fault}") from fault
                time.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - not a secret
            else:
                self._gloomy_until = 0.0
                return found
        raise AssertionError("the last pause is None")

    def _set_gloom(self) -> None:
        with self._lock:
            self._gloomy_until = time.monotonic() + GLOOM
