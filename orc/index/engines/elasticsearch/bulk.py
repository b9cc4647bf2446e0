"""Documents sent by requests of 5 MB at most, the fate of each known: there, refused, to retry."""

import json
import logging
import random
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError

from orc.errors import Unavailable
from orc.index.engines.elasticsearch.connection import INDISPONIBLE, describe

MOST_OCTETS = 5_000_000
# Requests under way at once: the cluster is given work while the next is prepared.
SENDERS = 2
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 10.0
_REFUSED = frozenset({400, 413})
# All that is kept of a reason: the rest may quote the document.
_FIELD = re.compile(r"field \[(\w+)\](?: of type \[(\w+)\])?")
_LIMIT = re.compile(r"_operation_bytes=(\d+), max_\w+_bytes=(\d+)")
_TOO_LARGE = "ses textes sont trop longs pour la mémoire de l’index"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """One operation of a bulk request, already in JSON; `source` is None for a removal."""

    piece_id: int
    action: bytes
    source: bytes | None

    @property
    def size(self) -> int:
        """Octets of the request that it takes."""
        return len(self.action) + len(self.source or b"") + 2


class Bulk:
    """Documents on their way. One thread adds; a few others send."""

    def __init__(self, client: Elasticsearch, *, patience: float, most: int = MOST_OCTETS) -> None:
        """`patience`: seconds during which what may pass later is tried again."""
        self._client = client
        self._patience = patience
        self._most = most
        self._waiting: list[Line] = []
        self._size = 0
        self._pool: ThreadPoolExecutor | None = None
        self._sent: list[Future[None]] = []
        self._refused: dict[int, str] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def add(self, line: Line) -> None:
        """Send it with others, soon; raises Unavailable when earlier ones could not be sent."""
        if self._waiting and self._size + line.size > self._most:
            self._submit()
        self._waiting.append(line)
        self._size += line.size

    def finish(self) -> Mapping[int, str]:
        """Wait until everything is sent: pieces that the engine refused, and why."""
        self._submit()
        while self._sent:
            self._sent.pop(0).result()
        refused, self._refused = self._refused, {}
        return refused

    def discard(self) -> None:
        """Forget what was not sent; what was sent stays."""
        self._stopped.set()
        self._waiting, self._size, self._refused = [], 0, {}
        for future in self._sent:
            future.cancel()
        self._sent = []
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None
        self._stopped.clear()

    def _submit(self) -> None:
        if not self._waiting:
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(SENDERS, thread_name_prefix="orc-bulk")
        while len(self._sent) >= SENDERS:
            self._sent.pop(0).result()
        lines, self._waiting, self._size = self._waiting, [], 0
        self._sent.append(self._pool.submit(self._send, lines))

    def _send(self, lines: Sequence[Line]) -> None:
        """Send until none is left, waiting more and more; raises Unavailable at the end."""
        cause = ""
        for wait in make_waits(self._patience):
            lines, cause = self._try(lines)
            if not lines:
                return
            log.warning("%s documents seront renvoyés à l’index : %s", len(lines), cause)
            if self._stopped.wait(wait):
                break
        raise Unavailable(f"{INDISPONIBLE} ({cause})" if cause else INDISPONIBLE)

    def _try(self, lines: Sequence[Line]) -> tuple[Sequence[Line], str]:
        """Send once: (those to send again, why)."""
        body = b"".join([part for line in lines for part in _write(line)])
        try:
            answer = self._client.bulk(
                operations=body,  # type: ignore[arg-type]  # octets are passed on as they are
                require_alias=True,
                filter_path="errors,items.*.status,items.*.error",
            )
        except ApiError as error:
            return self._judge(lines, error)
        except TransportError as error:
            return lines, describe(error)
        return self._read(lines, answer.body) if answer["errors"] else ((), "")

    def _judge(self, lines: Sequence[Line], error: ApiError) -> tuple[Sequence[Line], str]:
        if error.status_code in _REFUSED or is_too_large(str(error)):
            return self._split(lines, describe(error))
        # 401 and 403 too: a cluster that starts again does not know its keys at once.
        return lines, describe(error)

    def _split(self, lines: Sequence[Line], cause: str) -> tuple[Sequence[Line], str]:
        """A request that is too large, or that one line spoils, is sent in halves."""
        if len(lines) == 1:
            self._refuse(lines[0], cause)
            return (), ""
        middle = len(lines) // 2
        left, why = self._try(lines[:middle])
        right, and_why = self._try(lines[middle:])
        return [*left, *right], why or and_why

    def _read(self, lines: Sequence[Line], answer: Mapping[str, Any]) -> tuple[Sequence[Line], str]:
        """The fate of each item; a conflict means that a later turn of the piece is there."""
        again: list[Line] = []
        cause = ""
        for line, item in zip(lines, answer["items"], strict=True):
            (result,) = item.values()
            status, error = result["status"], result.get("error")
            if error is None or status == 409 or (status == 404 and line.source is None):
                continue
            kind = str(error.get("type", ""))
            if status in _REFUSED and kind not in _PASSING:
                self._refuse(line, _say(error))
            elif len(lines) == 1 and is_too_large(str(error.get("reason"))):
                self._refuse(line, _TOO_LARGE)
            else:
                again.append(line)
                cause = f"{status} {kind}"
        return again, cause

    def _refuse(self, line: Line, cause: str) -> None:
        with self._lock:
            self._refused.setdefault(line.piece_id, cause)


# 400 that tell of the state of an index, not of the document.
_PASSING = frozenset({"index_closed_exception", "illegal_state_exception"})


def is_too_large(reason: str) -> bool:
    """Whether this alone is more than the cluster will ever take at once, with its memory.

    It counts a document four times as it indexes it, and once more as it receives it.
    """
    found = _LIMIT.search(reason)
    return bool(found and int(found[1]) * 5 / 4 > int(found[2]))


def make_waits(patience: float) -> Iterator[float]:
    """Seconds to wait after each try, doubling, with jitter; ends when patience is over."""
    end = time.monotonic() + patience
    wait = _FIRST_WAIT
    while True:
        left = end - time.monotonic()
        yield min(wait * random.uniform(0.5, 1.0), max(left, 0.0))  # noqa: S311 - spreads retries
        if left <= 0:
            return
        wait = min(wait * 2, _LONGEST_WAIT)


def make_index(
    alias: str, identity: str, routing: str, version: int, piece_id: int, source: bytes
) -> Line:
    """Put this document, unless a later version of it is there."""
    action = {"index": _address(alias, identity, routing, version)}
    return Line(piece_id, json.dumps(action, separators=(",", ":")).encode(), source)


def make_delete(alias: str, identity: str, routing: str, version: int, piece_id: int) -> Line:
    """Take this document away, unless a later version of it is there."""
    action = {"delete": _address(alias, identity, routing, version)}
    return Line(piece_id, json.dumps(action, separators=(",", ":")).encode(), None)


def _address(alias: str, identity: str, routing: str, version: int) -> dict[str, object]:
    return {
        "_index": alias,
        "_id": identity,
        "routing": routing,
        "version": version,
        "version_type": "external_gte",
    }


def _write(line: Line) -> Iterator[bytes]:
    yield line.action
    yield b"\n"
    if line.source is not None:
        yield line.source
        yield b"\n"


def _say(error: Mapping[str, Any]) -> str:
    """The reason of a refusal, without what the document says."""
    inner = error.get("caused_by") or {}
    kinds = [str(e["type"]) for e in (error, inner) if e.get("type")]
    field = _FIELD.search(str(error.get("reason")))
    places = [f"champ {' de type '.join(filter(None, field.groups()))}"] if field else []
    return ", ".join([*kinds, *places])
