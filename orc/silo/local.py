"""A silo in a folder of this machine: plain system calls, and nothing outside the root."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import local
from typing import BinaryIO

from orc.errors import Invalid, Unavailable
from orc.remote.faults import Injoignable
from orc.silo.faults import FichierDisparu, translated
from orc.silo.values import (
    FichierVu,
    Illisible,
    check_chemin,
    is_ignored,
    name_of_text,
    text_of_name,
)

_DEPTH = 64


class LocalSource:
    """Lists and reads under a local folder; symbolic links never lead out of it."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._threads = local()

    def walk(self) -> Iterator[FichierVu]:
        """Every file under the root, in the order of their paths; raises Unavailable."""
        if not Path(self.root).is_dir():
            raise Injoignable(f"Le silo « {self.root} » est introuvable.")
        return self._walk("", 0)

    def _walk(self, folder: str, depth: int) -> Iterator[FichierVu]:
        try:
            with os.scandir(os.path.join(self.root, folder)) as found:  # noqa: PTH118 - paths by the thousand
                entries = [(e, e.is_dir(follow_symlinks=False)) for e in found]
        except OSError as error:
            if not folder:
                raise Unavailable(f"Le silo « {self.root} » ne peut pas être lu.") from error
            motif = error.strerror or "illisible"
            yield Illisible(text_of_name(folder), 0, motif=motif)
            return
        entries = [(e, is_dir) for e, is_dir in entries if not is_ignored(e.name)]
        entries.sort(key=lambda pair: pair[0].name + "/" * pair[1])
        for entry, is_dir in entries:
            chemin = f"{folder}/{entry.name}" if folder else entry.name
            if not is_dir:
                yield from self._see(entry, chemin)
            elif depth < _DEPTH:
                yield from self._walk(chemin, depth + 1)
            else:
                yield Illisible(text_of_name(chemin), 0, motif="trop profond")

    def _see(self, entry: os.DirEntry[str], chemin: str) -> Iterator[FichierVu]:
        try:
            if entry.is_symlink():
                self._resolve(chemin)
            status = entry.stat()
        except FileNotFoundError:
            if entry.is_symlink():
                yield Illisible(text_of_name(chemin), 0, motif="lien qui ne mène nulle part")
            return  # gone meanwhile
        except (OSError, Invalid) as error:
            motif = getattr(error, "strerror", None) or str(error)
            yield Illisible(text_of_name(chemin), 0, motif=motif)
            return
        if stat.S_ISREG(status.st_mode):
            yield _make_vu(text_of_name(chemin), status)
        elif not stat.S_ISDIR(status.st_mode):  # a pipe, a socket, a device
            yield Illisible(text_of_name(chemin), 0, motif="ce n’est pas un fichier ordinaire")

    def find(self, chemin: str) -> FichierVu:
        """The file as it is now; raises FichierDisparu."""
        path = self.path(chemin)
        with self._translated(chemin):
            return _make_vu(chemin, path.stat())

    @contextmanager
    def _translated(self, chemin: str) -> Iterator[None]:
        """A file is not gone where the whole folder is (a share that is not mounted)."""
        try:
            with translated(chemin):
                yield
        except FichierDisparu as error:
            if not Path(self.root).is_dir():
                raise Injoignable(f"Le silo « {self.root} » est introuvable.") from error
            raise

    def path(self, chemin: str) -> Path:
        """Where the file really is; Invalid for a path that would leave the root."""
        return Path(self._resolve(name_of_text(check_chemin(chemin))))

    def _resolve(self, name: str) -> str:
        root = os.path.realpath(self.root)
        real = os.path.realpath(os.path.join(root, name))  # noqa: PTH118 - bytes kept
        if os.path.commonpath((root, real)) != root:
            raise Invalid("Ce chemin mène hors du silo.", ascii(name))
        return real

    def open(self, chemin: str) -> BinaryIO:
        """Open for reading, seekable; only a regular file ever is."""
        path = self.path(chemin)
        with self._translated(chemin):
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise Invalid("Ce n’est pas un fichier.", chemin)
        return os.fdopen(fd, "rb")

    def stream(self, chemin: str) -> BinaryIO:
        """Open for one reading, from start to end."""
        return self.open(chemin)

    def read(self, chemin: str, offset: int, longueur: int) -> bytes:
        """At most `longueur` bytes from `offset`: fewer where the file ends."""
        with self._translated(chemin):
            return os.pread(self._hold(chemin), longueur, offset)

    def _hold(self, chemin: str) -> int:
        """The file, kept open by this thread for the next reading: PJ of a flow follow one another.

        Opened again as soon as its name leads to anything else.
        """
        with self._translated(chemin):
            now = os.stat(os.path.join(self.root, name_of_text(check_chemin(chemin))))  # noqa: PTH116, PTH118 - speed
        state = (chemin, now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns)
        held: _Held | None = getattr(self._threads, "held", None)
        if held is None or held.state != state:
            with self.open(chemin) as file:
                held = self._threads.held = _Held(state, os.dup(file.fileno()))
        return held.fd


class _Held:
    """An open file and what its name led to; closed when it is let go."""

    def __init__(self, state: tuple[object, ...], fd: int) -> None:
        self.state = state
        self.fd = fd

    def __del__(self) -> None:
        os.close(self.fd)


def _make_vu(chemin: str, status: os.stat_result) -> FichierVu:
    return FichierVu(chemin, status.st_size, "", status.st_mtime)
