"""A silo on S3: everything listed page by page, in the order of paths."""

from datetime import datetime
from typing import Any, BinaryIO

from orc.remote.acces import Acces
from orc.remote.bucket import Bucket, clean_etag
from orc.remote.faults import AccesRefuse, WholeObject
from orc.silo.faults import NoRanges
from orc.silo.protocols.values import Entry, Extrait


class S3Depot:
    """The objects under s3://bucket/prefix."""

    def __init__(self, url: str, acces: Acces) -> None:
        self._bucket = Bucket(url, acces)
        self.is_folder = bool(self._bucket.prefix)
        self.name = f"Le silo S3 « {self._bucket.bucket} »"

    def list_page(self, token: str) -> tuple[list[Entry], str]:
        """A thousand objects; a missing prefix is an empty one, as S3 has it."""
        try:
            found, following = self._bucket.list_page(token)
        except PermissionError as error:
            raise AccesRefuse(
                f"{self.name} ne peut pas être listé : {error}. Le droit de lister "
                "(s3:ListBucket) et celui de lire (s3:GetObject) suffisent."
            ) from error
        return [self._make_entry(one["Key"], one) for one in found], following

    def _make_entry(self, key: str, said: dict[str, Any]) -> Entry:
        path = key[len(self._bucket.prefix) :]
        taille = int(said.get("Size", said.get("ContentLength", 0)))
        modified = said.get("LastModified")
        mtime = modified.timestamp() if isinstance(modified, datetime) else None
        # A key that ends with a slash stands for a folder in some tools.
        is_dir = path.endswith("/") or (not path and not taille)
        return Entry(path, is_dir, taille, clean_etag(said.get("ETag")), mtime)

    def find(self, path: str) -> Entry:
        """By a HEAD."""
        key = self._bucket.prefix + path
        return self._make_entry(key, self._bucket.call("head_object", Key=key))

    def read(self, path: str, offset: int, longueur: int) -> Extrait:
        """One GET; Passing when fewer bytes come than the service announced."""
        try:
            found = self._bucket.get(path, offset, longueur)
        except WholeObject as error:
            raise NoRanges(path) from error
        return Extrait(found.octets, found.etag)

    def stream(self, path: str) -> BinaryIO | None:  # noqa: ARG002 - S3 always gives ranges
        """Ranges do."""
        return None

    def has_md5(self, path: str) -> bool:
        """Unless a key encrypts the object: its ETag is something else then."""
        return self._bucket.has_md5(path)

    def close(self) -> None:
        """The client is shared by the whole process."""
