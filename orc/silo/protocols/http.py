"""A silo on a web server that lists its folders: index pages (HTML, JSON), ranges checked."""

import asyncio
import json
import re
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any, BinaryIO, Final, Self, cast
from urllib.parse import quote, unquote, urljoin, urlsplit

import aiohttp
from fsspec.asyn import sync
from fsspec.implementations.http import HTTPFileSystem

from orc.errors import Invalid, OrcError
from orc.remote.acces import Acces
from orc.remote.faults import AccesRefuse, Altered, Passing
from orc.silo.faults import NoRanges
from orc.silo.protocols.values import Entry, Extrait

_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_PAGE: Final = 64 * 1024**2  # an index page of half a million files
_CHUNK: Final = 256 * 1024
_AT_ONCE: Final = 16
_SECONDS_PER_MIB: Final = 8


class HttpDepot:
    """The files under http(s)://host/folder/."""

    def __init__(self, url: str, acces: Acces) -> None:
        parts = urlsplit(url)
        if not parts.hostname:
            raise Invalid("Une adresse HTTP nomme un serveur : https://serveur/dossier/.")
        self._root = url.rstrip("/") + "/"
        self._path = unquote(urlsplit(self._root).path, errors="surrogateescape")
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._acces = acces
        self._fs: Any = HTTPFileSystem(
            get_client=self._make_client, use_listings_cache=False, skip_instance_cache=True
        )
        self.name = f"Le silo HTTP « {parts.netloc} »"

    async def _make_client(self, **said: Any) -> aiohttp.ClientSession:
        acces = self._acces
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=min(10, acces.secondes), sock_read=acces.secondes
        )
        context = ssl.create_default_context(cafile=acces.tls_ca or None)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, limit=32, loop=said.get("loop")),
            # Never let a server or the client change the bytes: a .xml.gz stays compressed.
            auto_decompress=False,
            headers={"Accept-Encoding": "identity", **_make_authorization(acces)},
            timeout=timeout,
            **said,
        )

    def _address(self, path: str) -> str:
        return self._root + quote(path, errors="surrogateescape")

    def _run(self, work: Any, *args: Any, seconds: float) -> Any:
        try:
            return sync(self._fs.loop, work, *args, timeout=seconds)
        except TimeoutError as error:
            raise Passing("délai dépassé.") from error

    @asynccontextmanager
    async def _ask(
        self, method: str, path: str, *, folder: bool = False, **headers: str
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One request; its status and its faults said. Redirections are not followed."""
        address = self._address(path) + ("/" if folder and path else "")
        try:
            session = await self._fs.set_session()
            async with session.request(
                method,
                _as_is(address),
                headers=headers,
                allow_redirects=False,
            ) as answer:
                self._check(answer, path)
                yield answer
        except (OrcError, Passing, Altered, FileNotFoundError, PermissionError):
            raise
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise self._explain(error) from error

    def _check(self, answer: aiohttp.ClientResponse, path: str) -> None:
        status = answer.status
        if status in {200, 206, 416}:
            return
        if status in {404, 410}:
            raise FileNotFoundError(path)
        if status == 401:
            user, secret = (self._acces.setting(f"HTTP_{n}") for n in ("UTILISATEUR", "SECRET"))
            raise AccesRefuse(f"{self.name} demande un compte : vérifiez {user} et {secret}.")
        if status == 403:
            raise PermissionError("le serveur HTTP en refuse l’accès (403)")
        if 300 <= status < 400:
            where = answer.headers.get("Location", "")[:200].partition("?")[0]
            raise AccesRefuse(
                f"{self.name} redirige vers « {where} » : écrivez l’adresse définitive."
            )
        if status >= 500 or status in {408, 429}:
            raise Passing(f"le serveur HTTP répond par une erreur ({status}).")
        raise AccesRefuse(f"{self.name} refuse la demande ({status}).")

    def _explain(self, error: BaseException) -> Exception:
        refused = (
            aiohttp.ClientConnectorCertificateError,
            aiohttp.ClientConnectorSSLError,
            ssl.SSLCertVerificationError,
        )
        if isinstance(error, refused):
            return AccesRefuse(
                f"Le certificat de {self.name[:1].lower()}{self.name[1:]} n’est pas reconnu : "
                f"vérifiez l’adresse et {self._acces.setting('TLS_CA')}."
            )
        return Passing(f"{str(error).rstrip('.') or 'délai dépassé'}.")

    def list_folder(self, path: str) -> list[Entry]:
        """The direct children that the index page links to, with their sizes."""
        return cast("list[Entry]", self._run(self._list, path, seconds=30 * self._acces.secondes))

    async def _list(self, path: str) -> list[Entry]:
        async with self._ask("GET", path, folder=True) as answer:
            kind = answer.headers.get("Content-Type", "").partition(";")[0].strip()
            page = await _read_at_most(answer, _PAGE)
            if page is None:
                raise Invalid("La page qui liste ce dossier est démesurée.", path)
        if kind == "application/json":
            return _read_json(page, path)
        entries = self._read_html(page, path)
        room = asyncio.Semaphore(_AT_ONCE)

        async def complete(entry: Entry) -> Entry:
            async with room:
                return await self._find_listed(entry)

        return list(await asyncio.gather(*(complete(entry) for entry in entries)))

    def _read_html(self, page: bytes, path: str) -> list[Entry]:
        base = self._address(path) + ("/" if path else "")
        links = _Links()
        links.feed(page.decode("utf-8", "replace"))
        entries: dict[str, Entry] = {}
        folder = self._path + (f"{path}/" if path else "")
        for link in links.found:
            whole = urlsplit(urljoin(base, link))
            if f"{whole.scheme}://{whole.netloc}" != self._origin or whole.query:
                continue  # elsewhere, or the sorting links of an index page
            name = unquote(whole.path, errors="surrogateescape")
            child = name.removeprefix(folder)
            bare = child.rstrip("/")
            if name.startswith(folder) and bare and "/" not in bare:
                found = f"{path}/{bare}" if path else bare
                entries[bare] = Entry(found, child.endswith("/"))
        return list(entries.values())

    async def _find_listed(self, entry: Entry) -> Entry:
        if entry.is_dir:
            return entry
        try:
            return await self._head(entry.path)
        except FileNotFoundError:
            return Entry(entry.path, motif="le lien de la page ne mène nulle part")
        except PermissionError as error:
            return Entry(entry.path, motif=str(error))

    def find(self, path: str) -> Entry:
        """By a HEAD."""
        return cast("Entry", self._run(self._head, path, seconds=2 * self._acces.secondes))

    async def _head(self, path: str) -> Entry:
        async with self._ask("HEAD", path) as answer:
            said = answer.headers
            return Entry(
                path,
                taille=int(said.get("Content-Length") or 0),
                etag=_clean(said.get("ETag")),
                mtime=_read_date(said.get("Last-Modified")),
            )

    def read(self, path: str, offset: int, longueur: int) -> Extrait:
        """One GET; NoRanges when the server would give the whole file."""
        seconds = self._acces.secondes + _SECONDS_PER_MIB * longueur / 2**20
        return cast("Extrait", self._run(self._get, path, offset, longueur, seconds=seconds))

    async def _get(self, path: str, offset: int, longueur: int) -> Extrait:
        wanted = f"bytes={offset}-{offset + longueur - 1}"
        async with self._ask("GET", path, Range=wanted) as answer:
            if answer.status == 416:
                return Extrait(b"")
            expected = _read_length(answer, offset, longueur, path)
            data = await _read_at_most(answer, expected)
            if data is None or len(data) != expected:
                raise Passing("le serveur HTTP n’a pas donné tout l’extrait annoncé.")
            return Extrait(data, _clean(answer.headers.get("ETag")))

    def stream(self, path: str) -> BinaryIO | None:
        """The whole file, for a server that gives no ranges."""
        return cast("BinaryIO", _Whole(self, path))

    def has_md5(self, path: str) -> bool:  # noqa: ARG002 - a web server makes them of dates and sizes
        """No."""
        return False

    def close(self) -> None:
        """Fsspec closes its session when it is let go."""


class _Whole:
    """A file read once, in order, over one answer; Passing when it stops before its end."""

    def __init__(self, depot: HttpDepot, path: str) -> None:
        self._depot = depot
        self._context = depot._ask("GET", path)  # noqa: SLF001 - its own file
        self._answer = self._run(self._context.__aenter__)
        self._left = int(self._answer.headers.get("Content-Length") or -1)

    def _run(self, work: Any, *args: Any) -> Any:
        return self._depot._run(work, *args, seconds=2 * self._depot._acces.secondes)  # noqa: SLF001 - its own file

    def read(self, size: int = -1) -> bytes:
        wanted = size if size >= 0 else 1 << 62
        data = bytearray()
        while len(data) < wanted:
            chunk = self._next(min(_CHUNK, wanted - len(data)))
            if not chunk:
                break
            data += chunk
        return bytes(data)

    def _next(self, size: int) -> bytes:
        try:
            chunk = cast("bytes", self._run(self._answer.content.read, size))
        except (aiohttp.ClientError, OSError) as error:
            raise self._depot._explain(error) from error  # noqa: SLF001 - its own file
        if self._left >= 0:
            self._left -= len(chunk)
            if not chunk and self._left:
                raise Passing("le serveur HTTP s’est arrêté avant la fin du fichier.")
        return chunk

    def close(self) -> None:
        self._run(self._context.__aexit__, None, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_said: object) -> None:
        self.close()


class _Links(HTMLParser):
    """The addresses of the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


def _as_is(address: str) -> Any:
    from yarl import URL  # noqa: PLC0415 - comes with aiohttp

    return URL(address, encoded=True)


def _make_authorization(acces: Acces) -> dict[str, str]:
    if acces.http_utilisateur:
        said = f"{acces.http_utilisateur}:{acces.http_secret}".encode()
        return {"Authorization": f"Basic {b64encode(said).decode()}"}
    return {"Authorization": f"Bearer {acces.http_secret}"} if acces.http_secret else {}


def _read_length(answer: aiohttp.ClientResponse, offset: int, longueur: int, path: str) -> int:
    """How many bytes this answer has to hold; NoRanges when it is the whole file instead."""
    said = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if answer.status != 206 or said is None:
        taille = answer.content_length
        if offset == 0 and taille is not None and taille <= longueur:
            return taille
        raise NoRanges(path)
    if int(said[1]) != offset:
        raise Passing("le serveur HTTP a donné une autre étendue que celle demandée.")
    return min(longueur, int(said[3]) - offset)


async def _read_at_most(answer: aiohttp.ClientResponse, limit: int) -> bytes | None:
    """The body, None when it holds more than `limit` bytes."""
    data = bytearray()
    while chunk := await answer.content.read(_CHUNK):
        data += chunk
        if len(data) > limit:
            return None
    return bytes(data)


def _read_json(page: bytes, path: str) -> list[Entry]:
    """Nginx's `autoindex_format json`: sizes and dates at once, no question per file."""
    try:
        found = json.loads(page)
        return [
            Entry(
                f"{path}/{one['name']}" if path else str(one["name"]),
                one["type"] == "directory",
                int(one.get("size") or 0),
                mtime=_read_date(one.get("mtime")),
            )
            for one in found
        ]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Invalid("La page JSON qui liste ce dossier ne peut pas être lue.", path) from error


def _clean(etag: str | None) -> str:
    return (etag or "").removeprefix("W/").strip('"')


def _read_date(value: object) -> float | None:
    try:
        return parsedate_to_datetime(str(value)).timestamp() if value else None
    except ValueError:
        return None
