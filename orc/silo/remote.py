"""A silo behind any other fsspec address: S3, SFTP, HTTP, memory; one adapter for all of them."""

import posixpath
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import Any, BinaryIO, Final, cast
from urllib.parse import quote, unquote

import fsspec
from fsspec.implementations.memory import MemoryFile

from orc.errors import OrcError, Unavailable
from orc.silo.faults import NoRanges, translated
from orc.silo.values import (
    FichierVu,
    Illisible,
    check_chemin,
    is_ignored,
    name_of_text,
    text_of_name,
)

_DEPTH: Final = 64
_BLOCK: Final = 1024 * 1024
_MTIMES: Final = ("mtime", "LastModified", "last_modified", "updated", "Last-Modified", "created")
# Never let a server or the client change the bytes on their way: a .xml.gz stays compressed.
_HTTP: Final = {
    "client_kwargs": {"auto_decompress": False},
    "headers": {"Accept-Encoding": "identity"},
}


class RemoteSource:
    """Lists and reads under an fsspec address; its files are given by relative paths."""

    def __init__(self, url: str, options: Mapping[str, object]) -> None:
        self.url = url
        self.http = url.startswith(("http://", "https://"))
        defaults: dict[str, object] = _HTTP if self.http else {}
        try:
            found = fsspec.core.url_to_fs(url, **{**defaults, **options})
        except (ImportError, ValueError) as error:
            raise Unavailable(f"Adresse de silo inutilisable : {url} ({error}).") from error
        self.fs: Any = found[0]
        self.root = str(found[1]).rstrip("/")

    def walk(self) -> Iterator[FichierVu]:
        """Every file under the root, in the order of their paths; raises Unavailable."""
        self.fs.invalidate_cache()
        return self._walk("", 0)

    def _walk(self, folder: str, depth: int) -> Iterator[FichierVu]:
        try:
            with translated(folder or self.url):
                entries = self._find_entries(folder)
        except OrcError as error:
            if not folder:
                raise Unavailable(f"Le silo « {self.url} » ne peut pas être lu.") from error
            yield Illisible(folder, 0, motif=str(error))
            return
        for name, is_dir, info in entries:
            chemin = f"{folder}/{name}" if folder else name
            if not is_dir:
                yield _make_vu(chemin, info)
            elif depth < _DEPTH:
                yield from self._walk(chemin, depth + 1)
            else:
                yield Illisible(chemin, 0, motif="trop profond")

    def _find_entries(self, folder: str) -> list[tuple[str, bool, dict[str, Any]]]:
        base = self._full(folder) if folder else self.root
        # A web server lists a folder at its address with a final slash.
        listed = self.fs.ls(base + "/" if self.http else base, detail=True)
        entries = []
        for info in listed:
            name = self._name_under(base, str(info["name"]))
            if name and info.get("type") in {"file", "directory"}:
                entries.append((name, info["type"] == "directory", info))
        entries.sort(key=lambda entry: entry[0] + "/" * entry[1])
        return self._with_sizes(entries)

    def _name_under(self, base: str, full: str) -> str:
        """The name of a direct child, "" for whatever else a listing shows."""
        prefix = base.strip("/") + "/"
        full = full.strip("/")
        name = full[len(prefix) :] if full.startswith(prefix) else ""
        if self.http:
            if set(name) & set("?#"):
                return ""  # the sorting links of an index page
            name = unquote(name, errors="surrogateescape")
        if "/" in name or "\0" in name or name in {".", ".."} or is_ignored(name):
            return ""
        return text_of_name(name)

    def _with_sizes(
        self, entries: list[tuple[str, bool, dict[str, Any]]]
    ) -> list[tuple[str, bool, dict[str, Any]]]:
        """Ask for what an index page does not say, several files at a time."""
        if all(is_dir or info.get("size") is not None for _, is_dir, info in entries):
            return entries

        def ask(entry: tuple[str, bool, dict[str, Any]]) -> tuple[str, bool, dict[str, Any]]:
            name, is_dir, info = entry
            return name, is_dir, info if is_dir else self.fs.info(info["name"])

        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(ask, entries))

    def find(self, chemin: str) -> FichierVu:
        """The file as it is now; raises FichierDisparu."""
        full = self._full(chemin)
        with translated(chemin):
            return _make_vu(chemin, self.fs.info(full))

    def _full(self, chemin: str) -> str:
        name = name_of_text(check_chemin(chemin))
        return posixpath.join(
            self.root, quote(name, errors="surrogateescape") if self.http else name
        )

    def open(self, chemin: str) -> BinaryIO:
        """Open for reading, seekable; NoRanges where a server only gives whole files."""
        if self.http:  # its first byte past the start tells whether it does
            self.read(chemin, 1, 1)
        return self._open(chemin, block_size=_BLOCK)

    def stream(self, chemin: str) -> BinaryIO:
        """Open for one reading, from start to end."""
        return self._open(chemin, **({"block_size": 0} if self.http else {}))

    def _open(self, chemin: str, **how: object) -> BinaryIO:
        full = self._full(chemin)
        with translated(chemin):
            file = self.fs.open(full, "rb", **how)
            # A memory file is one for all its readers, position included.
            shared = isinstance(file, MemoryFile)
            return cast("BinaryIO", BytesIO(file.getvalue()) if shared else file)

    def read(self, chemin: str, offset: int, longueur: int) -> bytes:
        """At most `longueur` bytes from `offset`; NoRanges where a server only gives whole files.

        By open, seek and read: `cat_file` forgets the range on some adapters (sshfs) and swallows
        a whole file where a web server ignores it.
        """
        if longueur <= 0:
            return b""
        with self._open(chemin, cache_type="none") as file, translated(chemin):
            if self.http and not _gives_ranges(file):
                raise NoRanges(chemin)
            file.seek(offset)
            try:
                return bytes(file.read(longueur))
            except ValueError as error:
                if self.http:
                    raise NoRanges(chemin) from error
                raise


def _gives_ranges(file: object) -> bool:
    from fsspec.implementations.http import HTTPFile  # noqa: PLC0415 - aiohttp takes 0.3 s

    return isinstance(file, HTTPFile)


def _make_vu(chemin: str, info: Mapping[str, Any]) -> FichierVu:
    etag = str(info.get("ETag") or info.get("etag") or "").strip('"')
    mtime = next((_read_mtime(info[key]) for key in _MTIMES if info.get(key) is not None), None)
    return FichierVu(chemin, int(info.get("size") or 0), etag, mtime)


def _read_mtime(value: object) -> float | None:
    if isinstance(value, str):
        try:
            value = parsedate_to_datetime(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return float(value) if isinstance(value, int | float) else None
