"""Building an index beside the one that is searched, then giving it its place."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from orc.errors import Conflict, Unavailable
from orc.index.engines.tantivy import TantivyEngine
from orc.index.port import SearchEngine

# The file that a writer of tantivy locks: what is begun on the replaced index must have ended.
_WRITER_LOCK = ".tantivy-writer.lock"


class TantivyGenerations:
    """Folders: `index` is searched, `index.neuf` is being built, `index.ancien-1` was replaced."""

    def __init__(self, path: Path, *, wait: float = 120.0) -> None:
        """`wait`: seconds left to another process to end what it writes, before the switch."""
        self._path = path
        self._wait = wait
        self._building: int | None = None

    def start(self) -> TantivyEngine:
        """An empty index beside the one searched; Conflict while another is being built."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._release()
        lock = self._path.with_name(f"{self._path.name}.verrou")
        # Held until the switch, or until this process ends.
        self._building = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        if not _take(self._building):
            self._release()
            raise Conflict("L’index est déjà en train d’être reconstruit : attendez la fin.")
        return TantivyEngine.reset(self._path.with_name(f"{self._path.name}.neuf"))

    def switch(self, fresh: SearchEngine) -> TantivyEngine:
        """Give this index the place of the one searched, which is kept under another name."""
        if not isinstance(fresh, TantivyEngine) or fresh.path == self._path:
            raise Conflict("Cet index n’est pas en construction.")
        fresh.close()
        with _locked(self._path, self._wait):
            if self._path.exists():
                self._path.rename(self._find_name())
            fresh.path.rename(self._path)
        self._release()
        return TantivyEngine(self._path)

    def remove_others(self) -> Sequence[str]:
        """Remove what was replaced; the names of the folders."""
        others = sorted(self._path.parent.glob(f"{self._path.name}.ancien-*"))
        for folder in others:
            shutil.rmtree(folder)
        return [folder.name for folder in others]

    def _release(self) -> None:
        if self._building is not None:
            os.close(self._building)
            self._building = None

    def _find_name(self) -> Path:
        number = 1
        while (free := self._path.with_name(f"{self._path.name}.ancien-{number}")).exists():
            number += 1
        return free


@contextmanager
def _locked(folder: Path, wait: float) -> Iterator[None]:
    """Nobody writes in this folder meanwhile. Raises Unavailable after `wait` seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    held = os.open(folder / _WRITER_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    end = time.monotonic() + wait
    try:
        while not _take(held):
            if time.monotonic() >= end:
                raise Unavailable(
                    "Un autre traitement écrit dans l’index : relancez « orc rebuild »."
                )
            time.sleep(0.05)
        yield
    finally:
        os.close(held)


def _take(held: int) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
