"""Files that can be made again, on the local disk, bounded in bytes: the least used go first."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO


class DiskCache:
    """A folder of files by key, for any number of threads and processes."""

    def __init__(self, folder: Path, limite: int) -> None:
        self.folder = folder
        self.limite = limite
        # A key made by two threads at once would be made twice; keys share a few locks.
        self._locks = tuple(threading.Lock() for _ in range(64))

    def find(self, key: str) -> BinaryIO | None:
        """Open the file of this key if it is there."""
        try:
            return self._open_known(self.folder / key)
        except FileNotFoundError:
            return None

    def open(self, key: str, make: Callable[[BinaryIO], None]) -> BinaryIO:
        """Open the file of this key (hexadecimal), made by `make` when it is not there."""
        path = self.folder / key
        with suppress(FileNotFoundError):
            return self._open_known(path)
        with self._locks[int(key[:8], 16) % len(self._locks)]:
            with suppress(FileNotFoundError):
                return self._open_known(path)
            self._make(path, make)
            file = path.open("rb")
            self._evict(keep=key)
            return file

    def _open_known(self, path: Path) -> BinaryIO:
        file = path.open("rb")
        with suppress(FileNotFoundError):
            os.utime(path)
        return file

    def _make(self, path: Path, make: Callable[[BinaryIO], None]) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            with draft.open("wb") as out:
                make(out)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def _evict(self, *, keep: str) -> None:
        with os.scandir(self.folder) as found:
            files = [(e.stat(), e) for e in found if not e.name.startswith(".")]
        total = sum(status.st_size for status, _ in files)
        for status, entry in sorted(files, key=lambda pair: pair[0].st_mtime_ns):
            if total <= self.limite:
                return
            if entry.name != keep:
                Path(entry.path).unlink(missing_ok=True)
                total -= status.st_size
