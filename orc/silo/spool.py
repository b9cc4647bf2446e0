"""A file of the silo as local XML, hashed on the way: in place, or in a file that goes away."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import BinaryIO

from orc.errors import Invalid
from orc.silo.containers import Archive, check_member, copy_bounded, gunzip, make_bound, read_chunks
from orc.silo.faults import translated
from orc.silo.local import LocalSource
from orc.silo.remote import RemoteSource
from orc.silo.values import FichierVu, FluxLocal, FluxRefuse, Genre


@dataclass(frozen=True, slots=True)
class Spool:
    """Where flows are laid down while they are read; `limite` bounds one flow, in bytes."""

    source: LocalSource | RemoteSource
    folder: Path
    limite: int

    @contextmanager
    def open(self, fichier: FichierVu) -> Iterator[Iterator[FluxLocal | FluxRefuse]]:
        """Give the flows of a file one after the other: each is gone when the next one comes."""
        if fichier.genre is Genre.XML and isinstance(self.source, LocalSource):
            yield self._read(fichier, Path())
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self.folder, prefix=f"flux-{os.getpid()}-") as folder:
            yield self._read(fichier, Path(folder) / "flux.xml")

    def _read(self, fichier: FichierVu, draft: Path) -> Iterator[FluxLocal | FluxRefuse]:
        if fichier.genre is Genre.ZIP:
            yield from self._read_zip(fichier, draft)
            return
        try:
            yield self._read_one(fichier, draft)
        except Invalid as error:
            yield FluxRefuse(fichier.chemin, "", _placed(error, fichier.chemin))

    def _read_one(self, fichier: FichierVu, draft: Path) -> FluxLocal:
        chemin = fichier.chemin
        with self.source.stream(chemin) as file, translated(chemin):
            if fichier.genre is Genre.XML_GZ:
                bound = make_bound(fichier.taille, self.limite)
                with draft.open("wb") as out:
                    sha256, taille = copy_bounded(gunzip(file, fichier.taille), out, bound)
            elif isinstance(self.source, LocalSource):
                sha256, taille = copy_bounded(read_chunks(file), None, self.limite)
                draft = self.source.path(chemin)
            else:
                with draft.open("wb") as out:
                    sha256, taille = copy_bounded(read_chunks(file), out, self.limite)
        return FluxLocal(chemin, "", draft, sha256, taille)

    def _read_zip(self, fichier: FichierVu, draft: Path) -> Iterator[FluxLocal | FluxRefuse]:
        chemin = fichier.chemin
        try:
            with self._open_zip(chemin, draft.with_name("archive.zip")) as file:
                yield from self._read_members(Archive(file, chemin), fichier, draft)
        except Invalid as error:
            yield FluxRefuse(chemin, "", _placed(error, chemin))

    def _open_zip(self, chemin: str, path: Path) -> BinaryIO:
        if isinstance(self.source, LocalSource):
            return self.source.open(chemin)
        with self.source.stream(chemin) as file, translated(chemin), path.open("wb") as out:
            copy_bounded(read_chunks(file), out, 4 * self.limite)
        return path.open("rb")

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
            except Invalid as error:
                yield FluxRefuse(fichier.chemin, membre, _placed(error, _name(fichier, membre)))
            left -= draft.stat().st_size if draft.exists() else 0


def _name(fichier: FichierVu, membre: str) -> str:
    return f"{fichier.chemin} : {membre}"


def _placed(error: Invalid, place: str) -> Invalid:
    return error if error.place else Invalid(str(error), place)


def remove_leftovers(folder: Path, *, before: float) -> None:
    """Remove what a killed process left here, and all from before `before` (seconds since 1970)."""
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        prefix, _, pid = entry.name.rpartition("-")[0].partition("-")
        if prefix != "flux":
            continue
        dead = pid.isdecimal() and not Path("/proc", pid).exists()
        with suppress(FileNotFoundError):
            if dead or entry.stat().st_mtime < before:
                rmtree(entry, ignore_errors=True)
