"""A silo behind any other fsspec address (memory, FTP, SMB…): what its adapter can do, no more."""

import posixpath
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final

import fsspec

from orc.errors import Unavailable
from orc.remote.faults import Passing
from orc.silo.protocols.values import Entry, Extrait

_MTIMES: Final = ("mtime", "LastModified", "last_modified", "updated", "created")


class OtherDepot:
    """The files under an fsspec address."""

    def __init__(self, url: str, options: Mapping[str, object]) -> None:
        try:
            found = fsspec.core.url_to_fs(url, **options)
        except (ImportError, ValueError) as error:
            raise Unavailable(f"Adresse de silo inutilisable : {error}.") from error
        self._fs: Any = found[0]
        self._root = str(found[1]).rstrip("/")
        self.name = f"Le silo « {url.partition('://')[0]} »"

    def _full(self, path: str) -> str:
        return posixpath.join(self._root, path) if path else self._root

    def list_folder(self, path: str) -> list[Entry]:
        """The direct children."""
        base = self._full(path).strip("/") + "/"
        self._fs.invalidate_cache()
        entries = []
        for info in self._fs.ls(self._full(path), detail=True):
            name = str(info["name"]).strip("/").removeprefix(base)
            if info.get("type") in {"file", "directory"}:
                entries.append(_make_entry(f"{path}/{name}" if path else name, info))
        return entries

    def find(self, path: str) -> Entry:
        """As fsspec says."""
        entry = _make_entry(path, self._fs.info(self._full(path)))
        if entry.is_dir:
            raise FileNotFoundError(path)
        return entry

    def read(self, path: str, offset: int, longueur: int) -> Extrait:
        """By open, seek and read: `cat_file` forgets the range on some adapters."""
        try:
            with self._fs.open(self._full(path), "rb", cache_type="none") as file:
                file.seek(offset)
                return Extrait(bytes(file.read(longueur)))
        except (TimeoutError, ConnectionError) as error:
            raise Passing(str(error)) from error

    def stream(self, path: str) -> BinaryIO | None:  # noqa: ARG002 - an unknown adapter
        """Ranges do."""
        return None

    def has_md5(self, path: str) -> bool:  # noqa: ARG002 - nobody knows
        """No."""
        return False

    def close(self) -> None:
        """Fsspec keeps its own connections."""


def _make_entry(path: str, info: Mapping[str, Any]) -> Entry:
    etag = str(info.get("ETag") or info.get("etag") or "").strip('"')
    mtime = next((_read_mtime(info[key]) for key in _MTIMES if info.get(key) is not None), None)
    return Entry(path, info["type"] == "directory", int(info.get("size") or 0), etag, mtime)


def _read_mtime(value: object) -> float | None:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return float(value) if isinstance(value, int | float) else None
