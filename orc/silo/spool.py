"""A file of the silo as local XML, hashed on the way: in place, or in a file that goes away."""

import fcntl
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final

from orc.errors import Invalid, Unavailable
from orc.remote import Injoignable
from orc.silo.containers import Archive, check_member, copy_bounded, gunzip, make_bound, read_chunks
from orc.silo.disk_cache import DiskCache
from orc.silo.faults import translated
from orc.silo.fetch import fetch
from orc.silo.local import LocalSource
from orc.silo.ranges import RangeReader
from orc.silo.remote import RemoteSource
from orc.silo.values import FichierVu, FluxLocal, FluxRefuse, Genre

LIMITE_LECTURE: Final = 8 * 1024**3
# A flow kept at hand and not used for so long goes, whatever became of who wanted it.
KEPT_SECONDS: Final = 6 * 3600
# A folder is made a moment before it is held.
FRESH: Final = 60


@dataclass(frozen=True, slots=True)
class Laid:
    """A file of the silo as it lies on this machine; its digest when it was read on the way."""

    vu: FichierVu
    path: Path
    sha256: str = ""
    taille: int = 0


@dataclass(frozen=True, slots=True)
class Spool:
    """Where flows are laid down while they are read.

    `limite` bounds one flow and `octets` all that lies here, in bytes. Flows from far away are
    kept in `kept` until room lacks or the ingestion ends: their PJ are read there.
    """

    source: LocalSource | RemoteSource
    folder: Path
    limite: int
    octets: int
    ranges: RangeReader
    kept: DiskCache

    @contextmanager
    def open(self, fichier: FichierVu) -> Iterator[Iterator[FluxLocal | FluxRefuse]]:
        """Give the flows of a file one after the other: each is gone when the next one comes."""
        if fichier.genre is Genre.XML and isinstance(self.source, LocalSource):
            yield self._read(fichier, Path())
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self.folder, prefix="flux-") as folder, _hold(folder):
            yield self._read(fichier, Path(folder))

    def _read(self, fichier: FichierVu, folder: Path) -> Iterator[FluxLocal | FluxRefuse]:
        try:
            laid = self._lay(fichier, folder)
            if fichier.genre is Genre.ZIP:
                yield from self._read_zip(laid, folder)
            elif fichier.genre is Genre.XML_GZ:
                yield self._read_gz(laid, folder)
            else:
                yield FluxLocal(fichier.chemin, "", laid.path, laid.sha256, laid.taille)
                self._keep(laid.vu, "", laid.path)
        except Invalid as error:
            yield FluxRefuse(fichier.chemin, "", _placed(error, fichier.chemin))

    def _lay(self, fichier: FichierVu, folder: Path) -> Laid:
        chemin = fichier.chemin
        if isinstance(self.source, RemoteSource):
            draft = folder / ("flux.xml" if fichier.genre is Genre.XML else "recu")
            return Laid(*fetch(self.source, fichier, draft, self._find_bound(fichier)))
        if fichier.genre is not Genre.XML:
            return Laid(self.source.find(chemin), self.source.path(chemin))
        with self.source.stream(chemin) as file, translated(chemin):
            sha256, taille = copy_bounded(read_chunks(file), None, self.limite)
        return Laid(fichier, self.source.path(chemin), sha256, taille)

    def _find_bound(self, fichier: FichierVu) -> int:
        """The bytes this file may take here; what is kept makes way. Unavailable without room."""
        room = max(0, self.octets - self._measure() - fichier.taille)
        self.kept.shrink(room, before=time.time() - KEPT_SECONDS)
        free = self.octets - self._measure() - self.kept.measure()
        if fichier.taille > free:
            # Others are being read: once they are, there is room, unless there never is.
            never = fichier.taille > self.octets
            raise (Unavailable if never else Injoignable)(
                f"Le dossier de lecture n’a pas la place de ce fichier ({fichier.taille} octets "
                f"pour {max(0, free)}) : augmentez ORC_SILO_LECTURE_OCTETS."
            )
        return min(free, 4 * self.limite if fichier.genre is Genre.ZIP else self.limite)

    def _measure(self) -> int:
        """Bytes of what is being read, here and in other processes."""
        total = 0
        for path in self.folder.glob("flux-*/*"):
            with suppress(OSError):
                total += path.stat().st_size
        return total

    def _open(self, laid: Laid) -> BinaryIO:
        if isinstance(self.source, LocalSource):
            return self.source.open(laid.vu.chemin)
        return laid.path.open("rb")

    def _read_gz(self, laid: Laid, folder: Path) -> FluxLocal:
        """The content and the index of its PJ at once: two readings of one local file."""
        draft, vu = folder / "flux.xml", laid.vu
        bound = make_bound(vu.taille, self.limite)
        with ThreadPoolExecutor(1) as beside, self._open(laid) as file, translated(vu.chemin):
            index = beside.submit(self.ranges.make_index_of, vu, laid.path)
            with draft.open("wb") as out:
                sha256, taille = copy_bounded(gunzip(file, vu.taille), out, bound)
            index.result()
        return FluxLocal(vu.chemin, "", draft, sha256, taille)

    def _read_zip(self, laid: Laid, folder: Path) -> Iterator[FluxLocal | FluxRefuse]:
        with self._open(laid) as file:
            archive = Archive(file, laid.vu.chemin)
            yield from self._read_members(archive, laid.vu, folder / "flux.xml")

    def _keep(self, vu: FichierVu, membre: str, draft: Path) -> None:
        """Keep a flow from far away at hand: the texts of its PJ are asked for next."""
        if isinstance(self.source, RemoteSource):
            with suppress(OSError):
                self.kept.adopt(self.ranges.make_key("flux", vu, membre), draft)

    def _read_members(
        self, archive: Archive, fichier: FichierVu, draft: Path
    ) -> Iterator[FluxLocal | FluxRefuse]:
        # Members may overlap: together too they may not become more than the file allows.
        left = make_bound(fichier.taille, 1 << 62)
        for membre, info in archive.members.items():
            draft.unlink(missing_ok=True)
            try:
                check_member(info, left)
                bound = min(left, make_bound(info.compress_size, self.limite))
                with draft.open("wb") as out, translated(fichier.chemin):
                    sha256, taille = copy_bounded(archive.chunks(info), out, bound)
                yield FluxLocal(fichier.chemin, membre, draft, sha256, taille)
                left -= taille
                self._keep(fichier, membre, draft)
            except Invalid as error:
                yield FluxRefuse(fichier.chemin, membre, _placed(error, _name(fichier, membre)))
                left -= draft.stat().st_size if draft.exists() else 0


def _name(fichier: FichierVu, membre: str) -> str:
    return f"{fichier.chemin} : {membre}"


def _placed(error: Invalid, place: str) -> Invalid:
    return error if error.place else Invalid(str(error), place)


@contextmanager
def _hold(folder: str) -> Iterator[None]:
    """Say that this folder is in use, to whatever process or container shares it."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _is_held(folder: Path) -> bool:
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(held)
    return False


def remove_leftovers(folder: Path, *, before: float) -> None:
    """Remove what a killed process left here, and all from before `before` (seconds since 1970).

    Its number would say nothing: in containers that share a folder, all have the same.
    """
    for entry in folder.glob("flux-*"):
        with suppress(OSError):
            made = entry.stat().st_mtime
            if made < before or (made < time.time() - FRESH and not _is_held(entry)):
                rmtree(entry, ignore_errors=True)
