"""What a protocol shows of a silo, and what it can do."""

from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a folder; `path` is relative to the root, as the store has it, never checked.

    `taille` in bytes, None where unsaid; `mtime` in seconds since 1970; `motif`: why it cannot be
    read, "" when it can.
    """

    path: str
    is_dir: bool = False
    taille: int | None = None
    etag: str = ""
    mtime: float | None = None
    motif: str = ""


@dataclass(frozen=True, slots=True)
class Extrait:
    """Bytes of a file, and the ETag they came with ("" where there is none)."""

    octets: bytes
    etag: str = ""


class Depot(Protocol):
    """One protocol; each call is one attempt.

    Raises Passing, Altered, FileNotFoundError, PermissionError, or an OrcError when an operator
    has something to mend.
    """

    name: str

    def find(self, path: str) -> Entry:
        """The file as it is now."""

    def read(self, path: str, offset: int, longueur: int) -> Extrait:
        """At most `longueur` bytes from `offset`, fewer only where the file ends; NoRanges."""

    def stream(self, path: str) -> BinaryIO | None:
        """The whole file, read once in order; None where `read` does as well."""

    def has_md5(self, path: str) -> bool:
        """Whether the ETag of this file, when it looks like an MD5, has to be one."""

    def close(self) -> None:
        """Let connections go."""


class Listed(Depot, Protocol):
    """A protocol that lists folder by folder."""

    def list_folder(self, path: str) -> list[Entry]:
        """The direct children of a folder, "" for the root, in any order."""


class Paged(Depot, Protocol):
    """A protocol that lists everything, page by page, in the order of paths.

    `is_folder`: an empty list means that there is no such folder, not an empty store.
    """

    is_folder: bool

    def list_page(self, token: str) -> tuple[list[Entry], str]:
        """A page, and the token of the next one, "" after the last."""
