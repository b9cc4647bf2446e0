"""The XML inside .xml.gz and .zip: bounded, whatever they announce; names inside are only names."""

import hashlib
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import IO, BinaryIO, Final, cast

from orc.errors import Invalid
from orc.silo.faults import FichierChange, translated
from orc.silo.payload import gunzip_whole
from orc.silo.values import is_ignored

CHUNK: Final = 1024 * 1024
# XML without attachments compresses 20 to 60 times; 1032 is the most deflate can do.
_RATIO: Final = 250
_ALWAYS: Final = 64 * 1024**2
_SMALL: Final = 16 * 1024**2
# About 80 000 members: beyond, the list of a .zip is itself a bomb.
_DIRECTORY: Final = 8 * 1024**2
_ZIP_FAULTS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,  # a compression of another age
    RuntimeError,  # encrypted
    EOFError,
    OSError,  # bz2
    ValueError,  # names, places before the start
    OverflowError,
)


def make_bound(compressed: int, limite: int) -> int:
    """The most bytes `compressed` bytes may become."""
    return min(limite, max(_ALWAYS, _RATIO * compressed))


def read_chunks(source: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a file, piece by piece."""
    while chunk := source.read(CHUNK):
        yield chunk


def copy_bounded(chunks: Iterable[bytes], out: BinaryIO | None, bound: int) -> tuple[str, int]:
    """Copy, hashing on the way; the SHA-256 and the size. Invalid beyond `bound` bytes."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        size += len(chunk)
        if size > bound:
            raise Invalid(f"Le contenu décompressé dépasse {bound} octets : il n’est pas lu.")
        digest.update(chunk)
        if out is not None:
            out.write(chunk)
    return digest.hexdigest(), size


def gunzip(source: BinaryIO, taille: int) -> Iterator[bytes]:
    """The content of a .gz of `taille` bytes, every member; Invalid when damaged or cut."""
    head = source.read(_SMALL + 1) if taille <= _SMALL else b""
    whole = gunzip_whole(head, _ALWAYS)
    return iter((whole,)) if whole else _gunzip_chunks(chain((head,), read_chunks(source)))


def _gunzip_chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    engine = zlib.decompressobj(31)
    try:
        for data in pieces:
            piece = data
            while piece:
                if engine.eof:
                    if not piece.startswith(b"\x1f"):
                        return  # padding after the last member, which gzip(1) passes over too
                    engine = zlib.decompressobj(31)
                yield from _inflate(engine, piece)
                piece = engine.unused_data
    except zlib.error as error:
        raise Invalid(f"Le fichier .gz est abîmé : {error}.") from error
    if not engine.eof:
        raise Invalid("Le fichier .gz est vide ou tronqué.")


def _inflate(engine: "zlib._Decompress", piece: bytes) -> Iterator[bytes]:
    chunk = b""
    # A full chunk may leave output inside zlib, with no input left to give.
    while (piece or len(chunk) == CHUNK) and not engine.eof:
        chunk = engine.decompress(piece, CHUNK)
        piece = engine.unconsumed_tail
        yield chunk


class Archive:
    """A .zip: its members by name, each read within bounds. Raises Invalid, never more."""

    def __init__(self, file: BinaryIO, chemin: str) -> None:
        self._file = _Guarded(file, chemin)
        self._chemin = chemin
        with _zip_faults(chemin):
            self._zip = zipfile.ZipFile(cast("IO[bytes]", self._file))
        self.members: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            if not info.is_dir() and not _is_hidden(info.filename):
                self.members[self._name(info.filename)] = info

    def _name(self, filename: str) -> str:
        """Two members may have the same name: the next ones are told apart by their rank."""
        name = filename.encode("utf-8", "replace").decode()
        rank = 2
        while name in self.members:
            name, rank = f"{filename}#{rank}", rank + 1
        return name

    def get(self, membre: str) -> zipfile.ZipInfo:
        """A member by its name; FichierChange when there is none."""
        if membre not in self.members:
            raise FichierChange(self._chemin, f"le membre « {membre} » n’y est plus.")
        return self.members[membre]

    def chunks(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """The content of a member, its CRC checked at the end."""
        with _zip_faults(self._chemin), self._zip.open(info) as member:
            yield from read_chunks(member)

    def find_stored(self, info: zipfile.ZipInfo) -> int | None:
        """Where a member kept without compression starts in the file; None for the others."""
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
            return None
        with _zip_faults(self._chemin):  # opening checks the header of the member
            self._zip.open(info).close()
        self._file.seek(info.header_offset + 26)
        name, extra = struct.unpack("<HH", self._file.read(4))
        return info.header_offset + 30 + int(name) + int(extra)


def check_member(info: zipfile.ZipInfo, left: int) -> None:
    """Raise Invalid for a member that is not read; `left`: bytes the .zip may still become."""
    name = info.filename.lower()
    if info.flag_bits & 1:
        raise Invalid("Ce membre est chiffré : il ne peut pas être lu.")
    if name.endswith((".zip", ".gz", ".tar", ".tgz", ".7z", ".rar")):
        raise Invalid("Une archive dans une archive n’est pas lue.")
    if not name.endswith(".xml"):
        raise Invalid("Ce membre n’est pas un flux XML.")
    if left <= 0:
        raise Invalid("L’archive se décompresse sans fin : la suite n’est pas lue.")


def _is_hidden(filename: str) -> bool:
    parts = filename.split("/")
    return parts[0] == "__MACOSX" or any(is_ignored(part) for part in parts if part != "..")


class _Guarded:
    """The file of a .zip: its faults are the silo's, and no read of it is beyond measure."""

    def __init__(self, file: BinaryIO, chemin: str) -> None:
        self._file = file
        self._chemin = chemin

    def read(self, size: int = -1) -> bytes:
        if size > _DIRECTORY:
            raise Invalid("La liste des membres de l’archive est démesurée.", self._chemin)
        with translated(self._chemin):
            return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        """The file belongs to whoever opened it."""


@contextmanager
def _zip_faults(chemin: str) -> Iterator[None]:
    try:
        yield
    except _ZIP_FAULTS as error:
        raise Invalid(
            f"L’archive .zip est abîmée : {error or type(error).__name__}", chemin
        ) from error
