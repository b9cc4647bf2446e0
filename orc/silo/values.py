"""What the silo shows: values and names; nothing is read here."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from orc.errors import Invalid


class Genre(StrEnum):
    """What a file of the silo is, by its name."""

    XML = "xml"
    XML_GZ = "xml_gz"
    ZIP = "zip"
    CLOTURES = "clotures"
    AUTRE = "autre"
    ILLISIBLE = "illisible"  # a folder or a link that could not be followed


FLUX: Final = frozenset({Genre.XML, Genre.XML_GZ, Genre.ZIP})
CLOTURES_CSV: Final = "clotures.csv"
_SUFFIXES: Final = ((".xml", Genre.XML), (".xml.gz", Genre.XML_GZ), (".zip", Genre.ZIP))
# Names transfer tools give to a file that is still arriving.
_TEMPORARY: Final = (".part", ".partial", ".filepart", ".tmp")


@dataclass(frozen=True, slots=True)
class FichierVu:
    """A file as the silo lists it: `chemin` relative to the root, `taille` in bytes.

    `etag` is "" and `mtime` (seconds since 1970, UTC) None where the silo does not say.
    """

    chemin: str
    taille: int
    etag: str = ""
    mtime: float | None = None

    @property
    def genre(self) -> Genre:
        """What it is, by its name."""
        return find_genre(self.chemin)


@dataclass(frozen=True, slots=True)
class Illisible(FichierVu):
    """A folder or a link that could not be followed: what lies there is neither seen nor gone."""

    motif: str = ""

    @property
    def genre(self) -> Genre:
        """Never a flow."""
        return Genre.ILLISIBLE


@dataclass(frozen=True, slots=True)
class FichierConnu:
    """A file as it was when it was last read."""

    chemin: str
    taille: int
    etag: str = ""
    mtime: float | None = None


@dataclass(frozen=True, slots=True)
class FluxLocal:
    """A flow as a local file: `sha256` and `taille` are those of its XML, whatever held it.

    `membre` names it inside a .zip, and is "" elsewhere.
    """

    chemin: str
    membre: str
    chemin_local: Path
    sha256: str
    taille: int


@dataclass(frozen=True, slots=True)
class FluxRefuse:
    """A file, or a member of a .zip, that could not become a flow; the others go on."""

    chemin: str
    membre: str
    erreur: Invalid


def find_genre(chemin: str) -> Genre:
    """What a file is, by its name alone."""
    name = chemin.lower()
    if name == CLOTURES_CSV:
        return Genre.CLOTURES
    return next((genre for suffix, genre in _SUFFIXES if name.endswith(suffix)), Genre.AUTRE)


def is_ignored(name: str) -> bool:
    """Hidden or still arriving: not listed at all, whether a file or a folder."""
    return name.startswith(".") or name.lower().endswith(_TEMPORARY)


def check_chemin(chemin: str) -> str:
    """Give back a relative path that cannot leave the root, or raise Invalid."""
    parts = chemin.split("/")
    if "\0" in chemin or any(part in {"", ".", ".."} for part in parts):
        raise Invalid("Ce chemin n’est pas celui d’un fichier du silo.", ascii(chemin))
    return chemin


# File names are bytes; those that are not UTF-8 keep their bytes in a private range of Unicode,
# so that every path can be stored as text and still opens its file.
_TO_TEXT: Final = {0xDC00 + byte: 0xF700 + byte for byte in range(0x80, 0x100)}
_FROM_TEXT: Final = {text: raw for raw, text in _TO_TEXT.items()}


def text_of_name(name: str) -> str:
    """The storable form of a file name that may hold bytes outside UTF-8."""
    return name if name.isascii() else name.translate(_TO_TEXT)


def name_of_text(text: str) -> str:
    """The inverse of `text_of_name`."""
    return text if text.isascii() else text.translate(_FROM_TEXT)
