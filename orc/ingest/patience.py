"""One ingestion at a time, and a database that does not answer said in French."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orc.db import BaseIndisponible
from orc.errors import Conflict, Unavailable


@contextmanager
def said_in_french() -> Iterator[None]:
    """A database that does not answer is Unavailable, with its reason."""
    try:
        yield
    except BaseIndisponible as error:
        cause = str(error)
        raise Unavailable(
            f"Ingestion arrêtée : {cause[:1].lower()}{cause[1:]} "
            "Corrigez la cause et relancez la même commande."
        ) from error


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
