"""Part of a flow, wherever it lies: one range read, an index into the .gz, a cached zip member."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

import indexed_gzip

from orc.errors import Invalid, Unavailable
from orc.remote import Injoignable
from orc.silo.containers import Archive, copy_bounded, gunzip, make_bound, read_chunks
from orc.silo.disk_cache import DiskCache
from orc.silo.faults import FichierChange, NoRanges, translated
from orc.silo.local import LocalSource
from orc.silo.remote import RemoteSource
from orc.silo.values import FichierVu, Genre, find_genre

# Smaller .gz are read from their start: it costs less than 10 ms.
_UNINDEXED: Final = 1024 * 1024
# A seek point each MiB: 3 MB of index for 100 MB of XML, and at most 1 MiB inflated for nothing.
_SPACING: Final = 1024 * 1024
_BUFFER: Final = 64 * 1024
# Seconds during which a file is taken for what it was, and how many files are remembered.
_RECENT: Final = 2.0
_REMEMBERED: Final = 10_000

Opener = Callable[[], BinaryIO]


class Recent:
    """What files were a moment ago: many PJ of one flow are opened in a row. Safe for threads."""

    def __init__(self, source: LocalSource | RemoteSource) -> None:
        self._source = source
        self._found: dict[str, tuple[float, FichierVu]] = {}

    def get(self, chemin: str) -> FichierVu:
        """The file as it is, or was two seconds ago; as last seen where the silo is silent."""
        at, vu = self._found.get(chemin, (0.0, None))
        now = time.monotonic()
        if vu is None or now - at > _RECENT:
            try:
                vu = self._source.find(chemin)
            except Injoignable:
                if vu is None:
                    raise
            if len(self._found) > _REMEMBERED:
                self._found.clear()
            self._found[chemin] = (now, vu)
        return vu


@dataclass(frozen=True, slots=True)
class RangeReader:
    """Reads parts of flows; what helps to read faster lies in `cache`. Safe for threads.

    A flow from far away that was just read lies in `kept`, whole.
    """

    source: LocalSource | RemoteSource
    cache: DiskCache
    kept: DiskCache
    url: str
    limite: int
    seen: Recent
    # Where the stored members of .zip start in them, and their size.
    stored: dict[str, tuple[int, int]] = field(default_factory=dict)

    def read(self, chemin: str, membre: str, offset: int, longueur: int) -> bytes:
        """Exactly `longueur` bytes of the XML from `offset`, or FichierChange."""
        if offset < 0 or longueur < 0 or offset + longueur > self.limite:
            raise Invalid("Cette étendue n’est pas celle d’une pièce justificative.", chemin)
        try:
            data = self._read_kept(chemin, membre, offset, longueur)
            if data is None:
                data = self._read(chemin, membre, offset, longueur)
        except NoRanges:
            data = self._read_whole(self.source.find(chemin), membre, offset, longueur)
        if len(data) != longueur:
            raise FichierChange(chemin, "il est plus court.")
        return data

    def _read_kept(self, chemin: str, membre: str, offset: int, longueur: int) -> bytes | None:
        """From the copy of this very version, if there is one; no question asked otherwise."""
        if isinstance(self.source, LocalSource) or not self.kept.folder.is_dir():
            return None
        key = self.make_key("flux", self.seen.get(chemin), membre)
        file = self.kept.find(key)
        return None if file is None else _read_at(file, offset, longueur)

    def _read(self, chemin: str, membre: str, offset: int, longueur: int) -> bytes:
        if find_genre(chemin) not in {Genre.XML_GZ, Genre.ZIP}:
            return self.source.read(chemin, offset, longueur)

        vu = self._find(chemin)

        def opener() -> BinaryIO:
            if isinstance(self.source, RemoteSource):
                return self.source.open(chemin, vu)
            return self.source.open(chemin)

        return self._read_in(vu, membre, offset, longueur, opener)

    def _find(self, chemin: str) -> FichierVu:
        """The file as it is, or as it was a moment ago where asking costs an exchange."""
        remote = isinstance(self.source, RemoteSource)
        return self.seen.get(chemin) if remote else self.source.find(chemin)

    def _read_in(
        self, vu: FichierVu, membre: str, offset: int, longueur: int, opener: Opener,
        *, by_ranges: bool = True,
    ) -> bytes:  # fmt: skip
        if vu.genre is Genre.ZIP:
            return self._read_member(vu, membre, offset, longueur, opener, by_ranges=by_ranges)
        if vu.genre is Genre.XML_GZ:
            return self._read_gz(vu, offset, longueur, opener)
        return _read_at(opener(), offset, longueur)

    def _read_whole(self, vu: FichierVu, membre: str, offset: int, longueur: int) -> bytes:
        """The same, on a copy kept in the cache: the server only gives whole files."""

        def fetch(out: BinaryIO) -> None:
            with self.source.stream(vu.chemin) as file, translated(vu.chemin):
                copy_bounded(read_chunks(file), out, 4 * self.limite)

        key = self.make_key("entier", vu)

        def opener() -> BinaryIO:
            return self.cache.open(key, fetch)

        return self._read_in(vu, membre, offset, longueur, opener, by_ranges=False)

    def _read_gz(self, vu: FichierVu, offset: int, longueur: int, opener: Opener) -> bytes:
        if vu.taille <= _UNINDEXED:
            with opener() as file, translated(vu.chemin):
                return _cut(gunzip(file, vu.taille), offset, longueur)
        with self.cache.open(self.make_key("index", vu), self._index_maker(vu, opener)) as index:
            data = index.read()
        with opener() as file, translated(vu.chemin), closing(_open_gz(file)) as found:
            found.import_index(fileobj=BytesIO(data))
            found.seek(offset)
            return bytes(found.read(longueur))

    def _index_maker(self, vu: FichierVu, opener: Opener) -> Callable[[BinaryIO], None]:
        def make(out: BinaryIO) -> None:
            with opener() as file, translated(vu.chemin), closing(_open_gz(file)) as found:
                found.seek(make_bound(vu.taille, self.limite))  # past the end: all of it
                found.export_index(fileobj=out)

        return make

    def _read_member(
        self, vu: FichierVu, membre: str, offset: int, longueur: int, opener: Opener,
        *, by_ranges: bool,
    ) -> bytes:  # fmt: skip
        key = self.make_key("membre", vu, membre)
        if (kept := self.cache.find(key)) is not None:
            return _read_at(kept, offset, longueur)
        if by_ranges and (known := self.stored.get(key)) is not None:
            begin, size = known
            return self.source.read(vu.chemin, begin + offset, max(0, min(longueur, size - offset)))
        with opener() as file:
            archive = Archive(file, vu.chemin)
            info = archive.get(membre)
            start = archive.find_stored(info)
            if start is not None:
                if len(self.stored) > _REMEMBERED:
                    self.stored.clear()
                self.stored[key] = (start, info.file_size)
                with translated(vu.chemin):
                    file.seek(start + offset)
                    return file.read(max(0, min(longueur, info.file_size - offset)))

            def inflate(out: BinaryIO) -> None:
                bound = make_bound(info.compress_size, self.limite)
                copy_bounded(archive.chunks(info), out, bound)

            return _read_at(self.cache.open(key, inflate), offset, longueur)

    def make_index_of(self, vu: FichierVu, path: Path) -> None:
        """Make now the index that opening a PJ in this .xml.gz takes; `path`: the same, here."""
        if vu.genre is Genre.XML_GZ and vu.taille > _UNINDEXED:
            with suppress(Invalid, Unavailable):  # a damaged one is told by who reads it whole
                maker = self._index_maker(vu, lambda: path.open("rb"))
                self.cache.open(self.make_key("index", vu), maker).close()

    def make_key(self, kind: str, vu: FichierVu, membre: str = "") -> str:
        """The name, in a cache, of something made of this version of a file."""
        said = (kind, self.url, vu.chemin, membre, vu.taille, vu.etag, vu.mtime)
        return hashlib.sha256(repr(said).encode("utf-8", "backslashreplace")).hexdigest()


def _open_gz(file: BinaryIO) -> Any:
    """Open by index; the CRC is left to the digest of the PJ itself."""
    return indexed_gzip.IndexedGzipFile(
        fileobj=file, spacing=_SPACING, buffer_size=_BUFFER, skip_crc_check=True
    )


def _read_at(file: BinaryIO, offset: int, longueur: int) -> bytes:
    with file:
        file.seek(offset)
        return file.read(longueur)


def _cut(chunks: Iterator[bytes], offset: int, longueur: int) -> bytes:
    """The bytes from `offset` of a content that comes piece by piece."""
    found, passed = bytearray(), 0
    for chunk in chunks:
        found += chunk[max(0, offset - passed) : offset + longueur - passed]
        passed += len(chunk)
        if passed >= offset + longueur:
            break
    return bytes(found)
