"""A bucket of an S3 service, or a prefix in it: one attempt per call, lengths checked."""

import re
from dataclasses import dataclass
from typing import Any, Final

from fsspec.asyn import sync

from orc.errors import Invalid
from orc.remote.acces import Acces
from orc.remote.faults import Passing, WholeObject
from orc.remote.s3 import open_s3, s3_faults

_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_CHUNK: Final = 256 * 1024
# Seconds a body may take beyond the delay of one answer, per MiB: 128 kB/s is too slow to go on.
SECONDS_PER_MIB: Final = 8


@dataclass(frozen=True, slots=True)
class Corps:
    """The bytes of an answer, and the ETag they came with, without quotes."""

    octets: bytes
    etag: str = ""


class Bucket:
    """What lies under s3://bucket/prefix. Raises what `s3_faults` does."""

    def __init__(self, url: str, acces: Acces) -> None:
        rest = url.partition("://")[2].strip("/")
        self.bucket, _, prefix = rest.partition("/")
        if not self.bucket:
            raise Invalid("Une adresse S3 nomme un seau : s3://seau/dossier.")
        self.prefix = f"{prefix}/" if prefix else ""
        self.acces = acces
        self._fs = open_s3(acces)

    def call(self, method: str, **said: Any) -> Any:
        """One request of the API, its answer without a body."""
        size = len(said.get("Body", b""))
        seconds = 2 * self.acces.secondes + SECONDS_PER_MIB * size / 2**20
        with s3_faults(self.acces, self.bucket):
            return sync(
                self._fs.loop,
                self._fs._call_s3,  # noqa: SLF001 - s3fs' own call, in its loop
                method,
                Bucket=self.bucket,
                timeout=seconds,
                **said,
            )

    def list_page(self, token: str) -> tuple[list[dict[str, Any]], str]:
        """At most a thousand objects as S3 tells them, and the token of the next page or ""."""
        more = {"ContinuationToken": token} if token else {}
        found = self.call("list_objects_v2", Prefix=self.prefix, **more)
        return list(found.get("Contents", ())), str(found.get("NextContinuationToken") or "")

    def get(self, path: str, offset: int = 0, longueur: int | None = None) -> Corps:
        """At most `longueur` bytes from `offset`, the whole object without; none past its end.

        Passing when fewer come than were announced; WholeObject where ranges are not given.
        """
        seconds = self.acces.secondes + SECONDS_PER_MIB * (longueur or 64 * 2**20) / 2**20
        with s3_faults(self.acces, self.bucket):
            found: Corps = sync(
                self._fs.loop, self._get, self.prefix + path, offset, longueur, timeout=seconds
            )
        return found

    def has_md5(self, path: str) -> bool:
        """Whether the ETag of an object sent at once is its MD5: not where a key encrypts it."""
        said = self.call("head_object", Key=self.prefix + path)
        by_key = str(said.get("ServerSideEncryption", "")).startswith("aws:kms")
        return not by_key and not said.get("SSECustomerAlgorithm")

    async def _get(self, key: str, offset: int, longueur: int | None) -> Corps:
        said = {"Bucket": self.bucket, "Key": key}
        if longueur is not None:
            said["Range"] = f"bytes={offset}-{offset + longueur - 1}"
        try:
            answer = await self._fs._call_s3("get_object", **said)  # noqa: SLF001 - the same
        except OSError as error:
            if _is_past_end(error):
                return Corps(b"")
            raise
        body = answer["Body"]
        try:
            data = await _read_body(body, _read_length(answer, offset, longueur))
        finally:
            body.close()
        return Corps(data, clean_etag(answer.get("ETag")))


def clean_etag(etag: object) -> str:
    """An ETag without its quotes."""
    return str(etag or "").strip('"')


def _is_past_end(error: BaseException) -> bool:
    answer = getattr(error.__cause__, "response", None) or {}
    return bool(answer.get("ResponseMetadata", {}).get("HTTPStatusCode") == 416)


def _read_length(answer: dict[str, Any], offset: int, longueur: int | None) -> int:
    """How many bytes this answer has to hold."""
    taille = int(answer.get("ContentLength") or 0)
    if longueur is None:
        return taille
    said = _RANGE.fullmatch(str(answer.get("ContentRange") or ""))
    if said is None:
        if offset == 0 and taille <= longueur:
            return taille
        raise WholeObject
    if int(said[1]) != offset:
        raise Passing("le service S3 a donné une autre étendue que celle demandée.")
    return min(longueur, int(said[3]) - offset)


async def _read_body(body: Any, expected: int) -> bytes:
    data = bytearray()
    while len(data) < expected and (chunk := await body.read(_CHUNK)):
        data += chunk
    if len(data) != expected:
        raise Passing(f"le service S3 n’a donné que {len(data)} octets sur {expected}.")
    return bytes(data)
