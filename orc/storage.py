"""Extracted texts and exports, by key, on any fsspec address; a local folder by system calls."""

import hashlib
import os
import re
import struct
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

import deflate
import fsspec

from orc.errors import Invalid, NotFound, OrcError, Unavailable
from orc.remote import Acces
from orc.remote.store import S3Store

_KEY = re.compile(r"[^\x00-\x1f\ud800-\udfff]{1,160}")
_DIGEST = re.compile(r"[0-9a-f]{8,128}")
# An entry: what it is, the size of its body, then the body compressed (zlib, with its checksum).
_PAGES: Final = b"ORCP"
_BYTES: Final = b"ORCB"
_HEADER: Final = struct.Struct("<4sQ")
_DEFLATE_RATIO: Final = 1032
# Where an entry is written before it takes its place: `pid.thread`.
_DRAFTS: Final = "en-cours"
# Two thousand texts a folder at ten million; deeper, making folders costs more than the texts.
_SPREAD: Final = 3
_MISSING: Final = (FileNotFoundError, NotADirectoryError)


class Storage:
    """Keeps bytes and pages of text; safe for threads and for several processes.

    An entry is replaced whole or not at all on a local folder. A digest lies under
    `abc/<digest>`; any other key in a folder of its own digest. `acces` says who ORC is on S3;
    `options` go to fsspec, for another protocol.
    """

    def __init__(
        self,
        url: str,
        *,
        acces: Acces | None = None,
        options: Mapping[str, object] | None = None,
    ) -> None:
        self._store: _LocalStore | S3Store | _RemoteStore
        if url.startswith("file://") or "://" not in url:
            self._store = _LocalStore(str(Path(url.removeprefix("file://")).absolute()))
        elif url.startswith(("s3://", "s3a://")):
            self._store = S3Store(url, acces or Acces("ORC_STORAGE"))
        else:
            self._store = _RemoteStore(url, options or {})

    def put_pages(self, sha256: str, pages: Sequence[str]) -> None:
        """Keep the pages of the document of this digest, apart and exactly as they are."""
        texts = [page.encode("utf-8", "surrogatepass") for page in pages]
        lengths = struct.pack(f"<{len(texts) + 1}I", len(texts), *map(len, texts))
        self._put(sha256, _PAGES, lengths + b"".join(texts))

    def get_pages(self, sha256: str) -> tuple[str, ...]:
        """The pages of a document; NotFound when there are none, Invalid when damaged."""
        body = self._get(sha256, _PAGES)
        try:
            (count,) = struct.unpack_from("<I", body)
            lengths = struct.unpack_from(f"<{count}I", body, 4)
            return tuple(_cut_pages(body, 4 + 4 * count, lengths))
        except (struct.error, ValueError, MemoryError) as error:
            raise _damaged(sha256) from error

    def put_bytes(self, key: str, data: bytes) -> None:
        """Keep these bytes under this key, instead of what it held."""
        self._put(key, _BYTES, data)

    def get_bytes(self, key: str) -> bytes:
        """The bytes of this key; NotFound when there are none, Invalid when damaged."""
        return self._get(key, _BYTES)

    def exists(self, key: str) -> bool:
        """Whether this key holds something."""
        return self._store.exists(_make_path(key))

    def remove(self, key: str) -> None:
        """Remove what this key holds, if anything."""
        self._store.remove(_make_path(key))

    def list_keys(self) -> Iterator[str]:
        """Every key, in the order of the folders; what others left there is passed over."""
        for path in self._store.walk():
            name = unquote(path.rpartition("/")[2])
            if _KEY.fullmatch(name) and _make_path(name) == path:
                yield name

    def sync(self) -> None:
        """Wait until everything written so far would survive a power cut; once for a batch."""
        self._store.sync()

    def _put(self, key: str, kind: bytes, body: bytes) -> None:
        entry = _HEADER.pack(kind, len(body)) + deflate.zlib_compress(body, 1)
        self._store.put(_make_path(key), entry)

    def _get(self, key: str, kind: bytes) -> bytes:
        entry = self._store.get(_make_path(key))
        if entry is None:
            raise NotFound(f"Rien n’est conservé sous « {key} ».")
        try:
            found, size = _HEADER.unpack_from(entry)
            if found == kind and size <= _DEFLATE_RATIO * len(entry):
                engine = zlib.decompressobj()
                body = engine.decompress(memoryview(entry)[_HEADER.size :], size + 1)
                if len(body) == size and engine.eof:
                    return body
        except (struct.error, zlib.error, MemoryError) as error:
            raise _damaged(key) from error
        raise _damaged(key)


def _damaged(key: str) -> Invalid:
    return Invalid(f"Ce qui est conservé sous « {key} » est abîmé.", key)


def _cut_pages(body: bytes, at: int, lengths: Sequence[int]) -> Iterator[str]:
    if at + sum(lengths) != len(body):
        raise ValueError(len(body))
    for length in lengths:
        yield body[at : at + length].decode("utf-8", "surrogatepass")
        at += length


def _make_path(key: str) -> str:
    """The relative path of a key: one flat file name, in one of 4 096 folders."""
    if not _KEY.fullmatch(key):
        raise Invalid("Cette clé ne peut pas être conservée.", ascii(key))
    if _DIGEST.fullmatch(key):
        return f"{key[:_SPREAD]}/{key}"
    name = quote(key, safe=" ,;=@+()").replace(".", "%2E")
    if len(name) > 250:  # a file name holds 255 bytes
        raise Invalid("Cette clé est trop longue.", key)
    spread = hashlib.sha256(key.encode()).hexdigest()
    return f"{spread[:_SPREAD]}/{name}"


class _LocalStore:
    """A local folder: written beside, then renamed; no fsync until `sync`."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._remove_leftovers()

    def _remove_leftovers(self) -> None:
        """Remove the drafts of processes that were killed."""
        for name in _list_names(f"{self._root}/{_DRAFTS}"):
            if not Path("/proc", name.partition(".")[0]).exists():
                with suppress(OSError):
                    Path(self._root, _DRAFTS, name).unlink()

    def put(self, path: str, entry: bytes) -> None:
        target = f"{self._root}/{path}"
        draft = f"{self._root}/{_DRAFTS}/{os.getpid()}.{threading.get_ident()}"
        try:
            try:
                _write(draft, target, entry)
            except FileNotFoundError:  # one of the folders is not there yet
                Path(draft).parent.mkdir(parents=True, exist_ok=True)
                Path(target).parent.mkdir(parents=True, exist_ok=True)
                _write(draft, target, entry)
        except OSError as error:
            with suppress(OSError):
                Path(draft).unlink()
            raise Unavailable(f"Impossible d’écrire {path} : {error.strerror}.") from error

    def get(self, path: str) -> bytes | None:
        try:
            fd = os.open(f"{self._root}/{path}", os.O_RDONLY | os.O_CLOEXEC)
        except _MISSING:
            return None
        except OSError as error:
            raise Unavailable(f"Impossible de lire {path} : {error.strerror}.") from error
        try:
            return _read_all(fd)
        except OSError as error:
            raise Unavailable(f"Impossible de lire {path} : {error.strerror}.") from error
        finally:
            os.close(fd)

    def exists(self, path: str) -> bool:
        return Path(self._root, path).is_file()

    def remove(self, path: str) -> None:
        try:
            Path(self._root, path).unlink()
        except _MISSING:
            return
        except OSError as error:
            raise Unavailable(f"Impossible de supprimer {path} : {error.strerror}.") from error

    def walk(self) -> Iterator[str]:
        for first in _list_names(self._root):
            for name in _list_names(f"{self._root}/{first}"):
                yield f"{first}/{name}"

    def sync(self) -> None:
        os.sync()


def _write(draft: str, target: str, entry: bytes) -> None:
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        view = memoryview(entry)
        while view:
            view = view[os.write(fd, view) :]
    finally:
        os.close(fd)
    os.replace(draft, target)  # noqa: PTH105 - 5 000 of them a second


def _read_all(fd: int) -> bytes:
    """The whole file: one read for most, without asking for its size first."""
    data = os.read(fd, 65536)
    if len(data) < 65536:
        return data
    chunks = [data]
    while chunk := os.read(fd, 1024 * 1024):
        chunks.append(chunk)
    return b"".join(chunks)


def _list_names(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if not name.endswith(".tmp"))  # noqa: PTH208 - four times faster
    except _MISSING:
        return []
    except OSError as error:
        raise Unavailable(f"Impossible de lister {folder} : {error.strerror}.") from error


class _RemoteStore:
    """Any other fsspec address; one object written at once."""

    def __init__(self, url: str, options: Mapping[str, object]) -> None:
        try:
            found = fsspec.core.url_to_fs(url, **options)
        except (ImportError, ValueError) as error:
            raise Unavailable(f"Adresse de stockage inutilisable : {url} ({error}).") from error
        self._fs: Any = found[0]
        self._root = str(found[1]).rstrip("/")

    def put(self, path: str, entry: bytes) -> None:
        full = f"{self._root}/{path}"
        with _translated(path):
            self._fs.makedirs(full.rpartition("/")[0], exist_ok=True)
            self._fs.pipe_file(full, entry)

    def get(self, path: str) -> bytes | None:
        with _translated(path):
            try:
                return bytes(self._fs.cat_file(f"{self._root}/{path}"))
            except _MISSING:
                return None

    def exists(self, path: str) -> bool:
        with _translated(path):
            return bool(self._fs.exists(f"{self._root}/{path}"))

    def remove(self, path: str) -> None:
        with _translated(path):
            try:
                self._fs.rm_file(f"{self._root}/{path}")
            except _MISSING:
                return

    def walk(self) -> Iterator[str]:
        with _translated(self._root):
            self._fs.invalidate_cache()
            try:
                found = self._fs.find(self._root)
            except _MISSING:
                found = []
        cut = len(self._root.strip("/")) + 1
        for full in sorted(found):
            yield str(full).strip("/")[cut:]

    def sync(self) -> None:
        """What a remote store has acknowledged, it keeps."""


@contextmanager
def _translated(path: str) -> Iterator[None]:
    """Whatever a remote library raises becomes Unavailable, in French."""
    try:
        yield
    except OrcError:
        raise
    except Exception as error:  # each protocol has a family of errors of its own
        raise Unavailable(f"Le stockage ne répond pas pour {path} : {error}.") from error
