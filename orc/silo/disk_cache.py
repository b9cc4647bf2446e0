"""Files that can be made again, on the local disk, bounded in bytes: the least used go first."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from weakref import WeakValueDictionary


class DiskCache:
    """A folder of files by key, for any number of threads and processes."""

    def __init__(self, folder: Path, limite: int) -> None:
        self.folder = folder
        self.limite = limite
        # A key made by two threads at once would be made twice. None shares its lock: making one
        # may ask for another (the index of a file asks for the file).
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
        self._table = threading.Lock()

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
        with self._get_lock(key):
            with suppress(FileNotFoundError):
                return self._open_known(path)
            self._make(path, make)
            file = path.open("rb")
            self.shrink(self.limite, keep=key)
            return file

    def _get_lock(self, key: str) -> threading.Lock:
        with self._table:
            return self._locks.setdefault(key, threading.Lock())

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

    def adopt(self, key: str, path: Path) -> None:
        """Take this file of the same disk in, as what this key holds."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.replace(self.folder / key)
        os.utime(self.folder / key)
        self.shrink(self.limite)

    def measure(self) -> int:
        """The bytes it holds."""
        return sum(status.st_size for status, _ in self._list())

    def shrink(self, limite: int, *, keep: str = "", before: float = 0) -> None:
        """Remove the least used until at most `limite` bytes are left.

        Those not used since `before` (seconds since 1970) go too; `keep` never does.
        """
        files = self._list()
        total = sum(status.st_size for status, _ in files)
        for status, path in sorted(files, key=lambda pair: pair[0].st_mtime_ns):
            if total <= limite and status.st_mtime >= before:
                return
            if path.name != keep:
                path.unlink(missing_ok=True)
                total -= status.st_size

    def _list(self) -> list[tuple[os.stat_result, Path]]:
        found = []
        with suppress(FileNotFoundError):
            for entry in os.scandir(self.folder):
                if not entry.name.startswith("."):
                    with suppress(FileNotFoundError):  # another process took it away
                        found.append((entry.stat(), Path(entry.path)))
        return found
