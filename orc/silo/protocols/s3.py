"""A silo on S3: everything listed page by page, ranges with their length and ETag checked."""

import re
from datetime import datetime
from typing import Any, BinaryIO, Final

from fsspec.asyn import sync

from orc.errors import Invalid
from orc.remote.acces import Acces
from orc.remote.faults import AccesRefuse, Passing
from orc.remote.s3 import open_s3, s3_faults
from orc.silo.faults import NoRanges
from orc.silo.protocols.values import Entry, Extrait

_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_CHUNK: Final = 256 * 1024
# Seconds a range may take beyond the delay of one answer, per MiB: 128 kB/s is too slow to go on.
_SECONDS_PER_MIB: Final = 8


class S3Depot:
    """The objects under s3://bucket/prefix."""

    def __init__(self, url: str, acces: Acces) -> None:
        rest = url.partition("://")[2].strip("/")
        self._bucket, _, prefix = rest.partition("/")
        if not self._bucket:
            raise Invalid("Une adresse S3 nomme un seau : s3://seau/dossier.")
        self._prefix = f"{prefix}/" if prefix else ""
        self._acces = acces
        self._fs = open_s3(acces)
        self.name = f"Le silo S3 « {self._bucket} »"
        self.is_folder = bool(prefix)

    def _call(self, method: str, seconds: float, **said: Any) -> Any:
        with s3_faults(self._acces, self._bucket):
            return sync(
                self._fs.loop,
                self._fs._call_s3,  # noqa: SLF001 - s3fs' own call, in its loop
                method,
                Bucket=self._bucket,
                timeout=seconds,
                **said,
            )

    def list_page(self, token: str) -> tuple[list[Entry], str]:
        """A thousand objects; a missing prefix is an empty one, as S3 has it."""
        more = {"ContinuationToken": token} if token else {}
        try:
            found = self._call(
                "list_objects_v2", 3 * self._acces.secondes, Prefix=self._prefix, **more
            )
        except PermissionError as error:
            raise AccesRefuse(
                f"{self.name} ne peut pas être listé : {error}. Le droit de lister "
                "(s3:ListBucket) et celui de lire (s3:GetObject) suffisent."
            ) from error
        entries = [self._make_entry(o["Key"], o) for o in found.get("Contents", ())]
        return entries, str(found.get("NextContinuationToken") or "")

    def _make_entry(self, key: str, said: dict[str, Any]) -> Entry:
        path = key[len(self._prefix) :]
        taille = int(said.get("Size", said.get("ContentLength", 0)))
        modified = said.get("LastModified")
        mtime = modified.timestamp() if isinstance(modified, datetime) else None
        # A key that ends with a slash stands for a folder in some tools.
        is_dir = path.endswith("/") or (not path and not taille)
        return Entry(path, is_dir, taille, _clean(said.get("ETag")), mtime)

    def find(self, path: str) -> Entry:
        """By a HEAD."""
        key = self._prefix + path
        return self._make_entry(key, self._call("head_object", self._acces.secondes, Key=key))

    def read(self, path: str, offset: int, longueur: int) -> Extrait:
        """One GET; Passing when fewer bytes come than the service announced."""
        seconds = self._acces.secondes + _SECONDS_PER_MIB * longueur / 2**20
        with s3_faults(self._acces, self._bucket):
            return sync(  # type: ignore[no-any-return]  # fsspec is not typed
                self._fs.loop, self._get, self._prefix + path, offset, longueur, timeout=seconds
            )

    async def _get(self, key: str, offset: int, longueur: int) -> Extrait:
        wanted = f"bytes={offset}-{offset + longueur - 1}"
        try:
            answer = await self._fs._call_s3(  # noqa: SLF001 - s3fs' own call, in its loop
                "get_object", Bucket=self._bucket, Key=key, Range=wanted
            )
        except OSError as error:
            if "InvalidRange" in str(error) or _is_past_end(error):
                return Extrait(b"")
            raise
        body = answer["Body"]
        try:
            expected = _read_length(answer, offset, longueur, key)
            data = await _read_body(body, expected)
        finally:
            body.close()
        return Extrait(data, _clean(answer.get("ETag")))

    def stream(self, path: str) -> BinaryIO | None:  # noqa: ARG002 - S3 always gives ranges
        """Ranges do."""
        return None

    def close(self) -> None:
        """s3fs closes its session when it is let go."""


def _clean(etag: object) -> str:
    return str(etag or "").strip('"')


def _is_past_end(error: BaseException) -> bool:
    answer = getattr(error.__cause__, "response", None) or {}
    return bool(answer.get("ResponseMetadata", {}).get("HTTPStatusCode") == 416)


def _read_length(answer: dict[str, Any], offset: int, longueur: int, key: str) -> int:
    """How many bytes this answer has to hold; NoRanges when it is the whole object instead."""
    said = _RANGE.fullmatch(str(answer.get("ContentRange") or ""))
    if said is None:
        taille = int(answer.get("ContentLength") or 0)
        if offset == 0 and taille <= longueur:
            return taille
        raise NoRanges(key)
    start, total = int(said[1]), int(said[3])
    expected = min(longueur, total - offset)
    if start != offset:
        raise Passing("le service S3 a donné une autre étendue que celle demandée.")
    return expected


async def _read_body(body: Any, expected: int) -> bytes:
    data = bytearray()
    while len(data) < expected and (chunk := await body.read(_CHUNK)):
        data += chunk
    if len(data) != expected:
        raise Passing(f"le service S3 n’a donné que {len(data)} octets sur {expected}.")
    return bytes(data)
