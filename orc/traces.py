"""The technical log: one line per fact, with the request or task it belongs to, without people.

Neither what a person typed nor what a document says is ever in it: faults are told by their type
and their place in the code, and only ids are named. Who did what is in the journal (SQL).
"""

import logging
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.typing import Processor

from orc.errors import Invalid

TEXTE, JSON = "texte", "json"
NIVEAUX = ("debug", "info", "warning", "error")
# Libraries that say in their own lines what they fetch: addresses, queries, values.
SILENCED = (
    "httpx", "httpcore", "urllib3", "elastic_transport", "pika", "asyncio", "botocore",
    "alembic", "dramatiq",
)  # fmt: skip

Event = MutableMapping[str, Any]


def configure_traces(forme: str, niveau: str, stream: TextIO | None = None) -> None:
    """Send every log of this process, libraries included, to `stream` (standard error).

    `forme`: `texte` for a terminal, `json` for a collector: one object a line. Done again, it
    replaces what was. Invalid on another form or level.
    """
    if forme not in {TEXTE, JSON}:
        raise Invalid(f"ORC_JOURNAL_TECHNIQUE attend « texte » ou « json », pas « {forme} ».")
    if niveau.lower() not in NIVEAUX:
        raise Invalid(f"ORC_JOURNAL_NIVEAU attend {', '.join(NIVEAUX)}, pas « {niveau} ».")
    handler = _Lines(stream)
    handler.setFormatter(make_formatter(forme))
    root = logging.getLogger()
    for other in list(root.handlers):
        if type(other) in {_Lines, logging.StreamHandler}:
            root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(niveau.upper())
    for name in SILENCED:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Its access log holds query strings; ours says the route.
    logging.getLogger("uvicorn.access").disabled = True


class _Lines(logging.Handler):
    """Writes lines to a stream; without one, to the standard error of the moment."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; a log that cannot be written stops nothing."""
        try:
            stream = self._stream or sys.stderr
            stream.write(self.format(record) + "\n")
            stream.flush()
        except (OSError, ValueError):
            self.handleError(record)


def make_formatter(forme: str) -> logging.Formatter:
    """How a line is written."""
    common: list[Processor] = [
        merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="quand"),
        _tell_fault,
    ]
    last: list[Processor] = [_name_in_french, structlog.processors.JSONRenderer(ensure_ascii=False)]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=common,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *(last if forme == JSON else [_write_line]),
        ],
    )


@contextmanager
def bind(**known: object) -> Iterator[None]:
    """Say this on every line of the block: the id of a request, the name and ids of a task."""
    with bound_contextvars(**known):
        yield


def describe_fault(error: BaseException) -> str:
    """The type of a fault and where it was raised; its words may be those of a document."""
    lines = [
        f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    kind = type(error).__qualname__
    if isinstance(error, OSError) and error.strerror:
        kind = f"{kind} ({error.strerror})"
    told = " < ".join((kind, *reversed(lines)))
    cause = error.__cause__
    return f"{told} <- {describe_fault(cause)}" if cause is not None else told


def _tell_fault(_logger: object, _method: str, event: Event) -> Event:
    found = event.pop("exc_info", None)
    error = found[1] if isinstance(found, tuple) else found
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["faute"] = describe_fault(error)
    event.pop("stack_info", None)
    event.pop("color_message", None)  # uvicorn says it again with colours
    return event


def _name_in_french(_logger: object, _method: str, event: Event) -> Event:
    """The keys of a line of JSON, the first ones first."""
    first = {
        "quand": event.pop("quand", ""),
        "niveau": event.pop("level", ""),
        "source": event.pop("logger", ""),
        "message": event.pop("event", ""),
    }
    return first | dict(sorted(event.items()))


def _write_line(_logger: object, _method: str, event: Event) -> str:
    """`2026-11-22T17:20:52Z info orc.web requête methode=GET route=/recherche statut=200`."""
    named = _name_in_french(None, "", event)
    head = " ".join(
        " ".join(str(named.pop(key)).split()) for key in ("quand", "niveau", "source", "message")
    )
    tail = " ".join(f"{key}={_write_value(value)}" for key, value in named.items())
    return f"{head} {tail}".rstrip()


def _write_value(value: object) -> str:
    text = str(value).replace("\n", " ")
    return f'"{text}"' if " " in text else text
