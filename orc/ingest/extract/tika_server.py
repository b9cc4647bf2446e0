"""A Tika server as ORC uses it: what it is given, one retry alone, a dead one left in peace."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from orc.ingest.extract.images import IMAGES
from orc.ingest.extract.tika_http import Acces, Dropped, Late, Refused, TikaHttp
from orc.ingest.type_reel import CSV, MAIL, OFFICE_PROTEGE, PDF, TEXTE, VIDE

# ORC's own readers are faster and know more (pages, scans, PES): never sent by themselves.
OURS = IMAGES | {PDF, CSV, TEXTE, VIDE, OFFICE_PROTEGE}
WRITE_LIMIT: Final = 2_000_000
EMBEDDED_LIMIT: Final = 500
_PROBE_SECONDS: Final = 2.0
log = logging.getLogger(__name__)


class TikaFailed(Exception):
    """Tika did not give the text of a document; says why in French, without a final stop."""


def is_ours(type_reel: str) -> bool:
    """Whether ORC reads this type by itself wherever it stands: PDF, images, XML, plain text."""
    xml = type_reel.endswith("xml") and not type_reel.startswith("application/vnd.")
    return type_reel in OURS or xml


class TikaServer:
    """One Tika server; any thread may ask. A server that no longer answers is left in peace.

    `octets`: the largest document sent to it. `patience`: how long it may take to come back
    before it is left alone. `rests`: for how long, the first time and at most. In seconds.
    """

    def __init__(
        self,
        acces: Acces,
        octets: int = 100 * 1024 * 1024,
        *,
        patience: float = 15.0,
        rests: tuple[float, float] = (30.0, 300.0),
    ) -> None:
        self._http = TikaHttp(acces)
        self._octets = octets
        self._turns = _Turns()
        self._rest = _Rest(*rests)
        self._patience = patience
        self._was_alive = False
        self._stopping = False

    def takes(self, type_reel: str, size: int) -> bool:
        """Whether a document of this true type and size is for Tika."""
        return not is_ours(type_reel) and size <= self._octets

    def read(self, octets: bytes, type_reel: str) -> bytes:
        """The answer of /rmeta/xml on this document, unread; raises TikaFailed."""
        self._rest.check(self._is_alive)
        try:
            with self._turns.shared():
                return self._put(octets, type_reel)
        except Refused as error:
            raise TikaFailed(f"Tika n’a pas lu le document : {error}") from error
        except Dropped as error:
            first = error
        if not self._wait_alive():
            self._rest.begin()
            raise TikaFailed(f"Tika ne répond plus : {first}") from first
        if isinstance(first, Late):
            raise TikaFailed(f"Tika n’a pas lu le document : {first}") from first
        # Another document may have killed the server's child: once more, alone.
        try:
            with self._turns.alone():
                self._rest.check(self._is_alive)
                return self._put(octets, type_reel)
        except (Refused, Dropped) as error:
            raise TikaFailed(f"Tika n’a pas lu le document, en deux essais : {error}") from error

    def stop(self) -> None:
        """Ask and wait for nothing more: what is under way ends at its first failure."""
        self._stopping = True

    def find_version(self) -> str:
        """What the server calls itself; raises TikaFailed. For `orc` and the page of health."""
        try:
            return self._http.find_version(_PROBE_SECONDS)
        except (Dropped, Refused) as error:
            raise TikaFailed(f"Tika ne répond pas : {error}") from error

    def _put(self, octets: bytes, type_reel: str) -> bytes:
        # No X-Tika-Timeout-Millis: 3.3 refuses less than 30 s, and answers [] beyond its own limit.
        headers = {
            "Accept": "application/json",
            "writeLimit": str(WRITE_LIMIT),
            "maxEmbeddedResources": str(EMBEDDED_LIMIT),
        }
        # Tika knows all others by their content as well as we do.
        if type_reel == MAIL:
            headers["Content-Type"] = type_reel
        answer = self._http.ask("put", "/rmeta/xml", octets, headers)
        self._was_alive = True
        return answer

    def _is_alive(self) -> bool:
        try:
            return bool(self.find_version())
        except TikaFailed:
            return False

    def _wait_alive(self) -> bool:
        """Whether it answers again within a few seconds: its child takes two to come back.

        One that was never there is not waited for.
        """
        limit = time.monotonic() + (self._patience if self._was_alive else 0)
        while not self._is_alive():
            if self._stopping or time.monotonic() > limit:
                return False
            time.sleep(0.1)
        return True


class _Rest:
    """The circuit breaker: after a silence nothing is sent for a while, longer each time."""

    def __init__(self, shortest: float, longest: float) -> None:
        self._shortest, self._longest = shortest, longest
        self._lock = threading.Lock()
        self._until = 0.0
        self._seconds = 0.0
        self._probing = False

    def begin(self) -> None:
        """The server no longer answers."""
        with self._lock:
            now = time.monotonic()
            if self._until > now:
                return
            self._seconds = min(max(2 * self._seconds, self._shortest), self._longest)
            self._until = now + self._seconds
        log.warning("Tika ne répond plus : il est laissé en paix %d s.", self._seconds)

    def check(self, is_alive: Callable[[], bool]) -> None:
        """Raise TikaFailed during a rest; at its end one thread looks whether it answers again."""
        with self._lock:
            if not self._seconds:
                return
            if self._until > time.monotonic() or self._probing:
                raise TikaFailed("Tika ne répondait plus peu avant")
            self._probing = True
        try:
            alive = is_alive()
        finally:
            with self._lock:
                self._probing = False
        if not alive:
            self.begin()
            raise TikaFailed("Tika ne répond toujours pas")
        with self._lock:
            self._seconds = 0.0
        log.warning("Tika répond de nouveau.")


class _Turns:
    """Many share the server, or one has it alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._sharing = 0
        self._alone = False

    @contextmanager
    def shared(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._sharing += 1
        try:
            yield
        finally:
            with self._changed:
                self._sharing -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._alone = True
            self._changed.wait_for(lambda: not self._sharing)
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()
