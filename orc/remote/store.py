"""Entries kept on S3 by path, each written at once: what the service acknowledged, it keeps."""

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from orc.errors import Unavailable
from orc.remote.acces import Acces, check_address
from orc.remote.bucket import Bucket, clean_etag
from orc.remote.faults import Passing
from orc.remote.retry import Retries

T = TypeVar("T")

# What S3 gives for an object sent at once, unless a key of the service encrypts it.
_MD5: Final = re.compile(r"[0-9a-f]{32}")


class S3Store:
    """The objects under s3://bucket/prefix. Safe for threads; raises Unavailable, in French."""

    def __init__(self, url: str, acces: Acces) -> None:
        check_address(url, acces)
        self._bucket = Bucket(url, acces)
        self._retries = Retries(f"Le stockage S3 « {self._bucket.bucket} »", acces.pauses)
        # Whether an ETag of this service was once seen to be the MD5 of its object.
        self._md5_seen = False

    def put(self, path: str, entry: bytes) -> None:
        """Keep this entry in the place of what was there: whole or not at all."""
        key = self._bucket.prefix + path
        said = self._ask(path, lambda: self._bucket.call("put_object", Key=key, Body=entry))
        self._is_told(entry, clean_etag(said.get("ETag")))

    def get(self, path: str) -> bytes | None:
        """The entry, None when there is none."""
        try:
            return self._ask(path, lambda: self._get(path))
        except FileNotFoundError:
            return None

    def _get(self, path: str) -> bytes:
        found = self._bucket.get(path)
        spoilt = not self._is_told(found.octets, found.etag) and self._bucket.has_md5(path)
        # A store whose ETags never were an MD5 is believed when it says the same thing twice.
        if spoilt and (self._md5_seen or self._bucket.get(path) != found):
            raise Passing("un objet arrive abîmé.")
        return found.octets

    def _is_told(self, octets: bytes, etag: str) -> bool:
        """Whether these bytes are those of the ETag, as far as it tells."""
        if not _MD5.fullmatch(etag):
            return True
        told = hashlib.md5(octets, usedforsecurity=False).hexdigest() == etag
        self._md5_seen = self._md5_seen or told
        return told

    def exists(self, path: str) -> bool:
        """Whether there is an entry."""
        key = self._bucket.prefix + path
        try:
            self._ask(path, lambda: self._bucket.call("head_object", Key=key))
        except FileNotFoundError:
            return False
        return True

    def remove(self, path: str) -> None:
        """Remove the entry, if there is one."""
        key = self._bucket.prefix + path
        self._ask(path, lambda: self._bucket.call("delete_object", Key=key))

    def walk(self) -> Iterator[str]:
        """Every path, in the order of their bytes, a thousand at a time."""
        token, cut = "", len(self._bucket.prefix)
        while True:
            asked = token
            found, token = self._ask("", lambda: self._bucket.list_page(asked))  # noqa: B023 - called at once
            yield from (str(one["Key"])[cut:] for one in found)
            if not token:
                return

    def sync(self) -> None:
        """What the service has acknowledged, it keeps."""

    def _ask(self, path: str, attempt: Callable[[], T]) -> T:
        try:
            return self._retries.run(attempt)
        except PermissionError as error:
            raise Unavailable(f"Le stockage S3 refuse {path or 'la liste'} : {error}.") from error
