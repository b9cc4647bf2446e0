"""A silo far away: relative paths, listing, retries; what a protocol does is in `protocols`."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import BinaryIO, Final, Self, TypeVar, cast

from orc.errors import Invalid, OrcError, Unavailable
from orc.remote import Acces, AccesRefuse, Injoignable, Passing, Retries
from orc.silo.faults import FichierChange, NoRanges, translated
from orc.silo.protocols import Entry, Listed, Paged, open_depot
from orc.silo.ranges_file import BLOCK, RangesFile
from orc.silo.values import (
    FichierVu,
    Illisible,
    check_chemin,
    is_ignored,
    name_of_text,
    text_of_name,
)

T = TypeVar("T")

_DEPTH: Final = 64
# One reading from start to end asks for so much at once.
_STREAM_BLOCK: Final = 8 * 1024 * 1024


class RemoteSource:
    """Lists and reads under an address; its files are given by relative paths."""

    def __init__(
        self, url: str, acces: Acces | None = None, options: Mapping[str, object] | None = None
    ) -> None:
        acces = acces or Acces()
        self._depot = open_depot(url, acces, options or {})
        self._retries = Retries(self._depot.name, acces.pauses)
        self._gives_ranges = False
        # Whether an ETag of this store was once seen to be the MD5 of its file.
        self.md5_seen = False

    def walk(self) -> Iterator[FichierVu]:
        """Every file under the root, in the order of their paths.

        Raises Unavailable when the silo does not answer, at whatever moment of the listing: a
        list cut short would make files vanish.
        """
        paged = hasattr(self._depot, "list_page")
        found = self._walk_pages(cast("Paged", self._depot)) if paged else self._walk("", 0)
        for entry in found:
            vu = _make_vu(entry)
            if vu is not None:
                yield vu

    def _walk_pages(self, depot: Paged) -> Iterator[Entry]:
        token, empty = "", True
        while True:
            asked = token
            entries, token = self._ask_root(lambda: depot.list_page(asked))  # noqa: B023 - called at once
            for entry in entries:
                empty = False
                if not entry.is_dir:
                    yield entry
            if not token:
                break
        if empty and depot.is_folder:
            raise Unavailable(
                f"{depot.name} n’a aucun objet sous ce dossier : vérifiez l’adresse. "
                "Rien n’en est conclu."
            )

    def _walk(self, folder: str, depth: int) -> Iterator[Entry]:
        depot = cast("Listed", self._depot)
        if not folder:
            entries = self._ask_root(lambda: depot.list_folder(""))
        else:
            try:
                entries = self._ask(folder, lambda: depot.list_folder(folder))
            except Injoignable:
                raise
            except OrcError as error:
                yield Entry(folder, motif=str(error))
                return
        for entry in sorted(entries, key=lambda e: e.path + "/" * e.is_dir):
            if not entry.is_dir or entry.motif:
                yield entry
            elif is_ignored(entry.path.rpartition("/")[2]):
                continue
            elif depth < _DEPTH:
                yield from self._walk(entry.path, depth + 1)
            else:
                yield Entry(entry.path, motif="trop profond")

    def _ask_root(self, attempt: Callable[[], T]) -> T:
        name = self._depot.name
        try:
            return self._retries.run(attempt)
        except FileNotFoundError as error:
            raise Unavailable(
                f"{name} n’a pas ce dossier, ou ne le liste pas : vérifiez l’adresse."
            ) from error
        except PermissionError as error:
            raise AccesRefuse(f"{name} ne peut pas être listé : {error}.") from error
        except OrcError:
            raise
        except Exception as error:  # an adapter of another protocol
            raise Unavailable(f"{name} ne peut pas être lu : {error}.") from error

    def _ask(self, chemin: str, attempt: Callable[[], T]) -> T:
        with translated(chemin):
            return self._retries.run(attempt)

    def find(self, chemin: str) -> FichierVu:
        """The file as it is now; raises FichierDisparu."""
        path = _path_of(chemin)
        entry = self._ask(chemin, lambda: self._depot.find(path))
        return FichierVu(chemin, entry.taille or 0, entry.etag, entry.mtime)

    def open(self, chemin: str, vu: FichierVu | None = None) -> BinaryIO:
        """Open for reading, seekable: FichierChange if it is no longer `vu`.

        NoRanges where a server only gives whole files.
        """
        vu = vu or self.find(chemin)
        if not self._gives_ranges and vu.taille > 1:
            self.read(chemin, 1, 1)
            self._gives_ranges = True
        return self._open(vu, BLOCK)

    def stream(self, chemin: str, vu: FichierVu | None = None) -> BinaryIO:
        """Open for one reading, from start to end: FichierChange if it is no longer `vu`."""
        vu = vu or self.find(chemin)
        try:
            if vu.taille > 1 and not self._gives_ranges:
                self.read(chemin, 1, 1)
        except NoRanges:
            path = _path_of(chemin)
            whole = self._ask(chemin, lambda: self._depot.stream(path))
            if whole is not None:
                return cast("BinaryIO", _Once(whole, chemin, self._depot.name))
        return self._open(vu, _STREAM_BLOCK)

    def _open(self, vu: FichierVu, block: int) -> BinaryIO:
        def fetch(offset: int, longueur: int) -> bytes:
            data = self.read(vu.chemin, offset, longueur, etag=vu.etag)
            if len(data) != longueur:
                raise FichierChange(vu.chemin, "il est plus court.")
            return data

        return cast("BinaryIO", RangesFile(fetch, vu.taille, block=block))

    def read(self, chemin: str, offset: int, longueur: int, *, etag: str = "") -> bytes:
        """At most `longueur` bytes from `offset`; NoRanges where a server only gives whole files.

        FichierChange when they come with another ETag than this one.
        """
        if longueur <= 0:
            return b""
        path = _path_of(chemin)
        found = self._ask(chemin, lambda: self._depot.read(path, offset, longueur))
        if etag and found.etag and found.etag != etag:
            raise FichierChange(chemin, "un autre l’a remplacé pendant sa lecture.")
        return found.octets

    def has_md5(self, chemin: str) -> bool:
        """Whether the ETag of this file, when it looks like an MD5, has to be one."""
        path = _path_of(chemin)
        return self._ask(chemin, lambda: self._depot.has_md5(path))

    def close(self) -> None:
        """Let connections go."""
        self._depot.close()


class _Once:
    """A whole file read once: what stops it half-way cannot be taken up, only begun again."""

    def __init__(self, file: BinaryIO, chemin: str, name: str) -> None:
        self._file = file
        self._chemin = chemin
        self._name = name

    def read(self, size: int = -1) -> bytes:
        """The next bytes; Injoignable when they stop before the end."""
        try:
            with translated(self._chemin):
                return self._file.read(size)
        except Passing as fault:
            raise Injoignable(f"{self._name} ne répond pas : {fault}") from fault

    def close(self) -> None:
        """Let the answer go."""
        with suppress(Exception):  # it may have failed already
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_said: object) -> None:
        self.close()


def _path_of(chemin: str) -> str:
    return name_of_text(check_chemin(chemin))


def _make_vu(entry: Entry) -> FichierVu | None:
    """What is shown of an entry; None for what is hidden or still arriving."""
    parts = entry.path.split("/")
    if any(is_ignored(part) for part in parts if part not in {".", ".."}):
        return None
    chemin = text_of_name(entry.path)
    try:
        check_chemin(chemin)
    except Invalid:
        return Illisible(ascii(chemin), 0, motif="son nom n’est pas celui d’un fichier")
    if len(parts) > _DEPTH + 1:
        return Illisible(chemin, 0, motif="trop profond")
    if entry.motif:
        return Illisible(chemin, 0, motif=entry.motif)
    return FichierVu(chemin, entry.taille or 0, entry.etag, entry.mtime)
