"""Where test files are put so that silos of each protocol show them: real servers, own folders."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import fsspec

from orc.remote import Acces
from scripts.recettes.serveur import Serveur

# As many tries as in life, after shorter pauses.
PAUSES = (0.1, 0.2, 0.5)


class Place(Protocol):
    """Somewhere a silo may be: its address, who we are there, and what it shows."""

    url: str
    acces: Acces

    def publish(self, root: Path) -> None:
        """Show what this folder holds now, and nothing else."""


class Memory:
    """fsspec's memory: an adapter ORC knows nothing of."""

    url, acces = "memory://silo", Acces()

    def publish(self, root: Path) -> None:
        memory = fsspec.filesystem("memory")
        memory.store.clear()
        memory.put(f"{root}/", "/silo", recursive=True)


class Folder:
    """A folder of the machine, or one that a server serves."""

    def __init__(self, folder: Path, url: str, acces: Acces) -> None:
        self.folder, self.url, self.acces = folder, url, acces

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def publish(self, root: Path) -> None:
        if self.folder == root:
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(root, self.folder)
        for path in (self.folder, *self.folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)


class Bucket:
    """A bucket of its own; `folder` is the prefix of the silo in it."""

    def __init__(self, serveur: Serveur, folder: str = "") -> None:
        self.bucket = f"orc-{uuid4().hex[:12]}"
        self.acces = make_s3_acces(serveur)
        self.prefix = f"{folder}/" if folder else ""
        self.url = f"s3://{self.bucket}/{self.prefix}"
        self.fs = open_writer(self.acces)
        self.fs.call_s3("create_bucket", Bucket=self.bucket)

    def put(self, key: str, data: bytes) -> None:
        self.fs.call_s3("put_object", Bucket=self.bucket, Key=self.prefix + key, Body=data)

    def keys(self) -> list[str]:
        found, token = [], {}
        while True:
            page = self.fs.call_s3("list_objects_v2", Bucket=self.bucket, **token)
            found += [one["Key"] for one in page.get("Contents", ())]
            if not page.get("NextContinuationToken"):
                return found
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def clear(self) -> None:
        for key in self.keys():
            self.fs.call_s3("delete_object", Bucket=self.bucket, Key=key)

    def publish(self, root: Path) -> None:
        self.clear()
        if self.prefix:  # what tools do for a folder that may be empty
            self.put("", b"")
        for path in root.rglob("*"):
            if path.is_file():
                self.put(str(path.relative_to(root)), path.read_bytes())

    def remove(self) -> None:
        self.clear()
        self.fs.call_s3("delete_bucket", Bucket=self.bucket)


@cache
def open_writer(acces: Acces) -> Any:
    """An s3fs of the tests' own, that writes."""
    import s3fs

    return s3fs.S3FileSystem(
        key=acces.s3_cle,
        secret=acces.s3_secret,
        endpoint_url=acces.s3_endpoint,
        client_kwargs={"region_name": acces.s3_region},
        use_listings_cache=False,
    )


def make_s3_acces(serveur: Serveur, **other: Any) -> Acces:
    """Who we are on the S3 server; `other` changes some of it."""
    said = {
        "s3_endpoint": serveur.url,
        "s3_region": serveur.details["region"],
        "s3_cle": serveur.user,
        "s3_secret": serveur.password,
        "secondes": 5,
        "pauses": PAUSES,
    }
    return Acces(**{**said, **other})


def make_sftp_acces(serveur: Serveur, **other: Any) -> Acces:
    """Who we are on the SFTP server."""
    said = {
        "sftp_cle": serveur.details["key"],
        "sftp_known_hosts": serveur.details["known_hosts"],
        "secondes": 5,
        "pauses": PAUSES,
    }
    return Acces(**{**said, **other})


@contextmanager
def open_bucket(serveur: Serveur, folder: str = "") -> Iterator[Bucket]:
    """A bucket, gone at the end."""
    bucket = Bucket(serveur, folder)
    try:
        yield bucket
    finally:
        bucket.remove()


@contextmanager
def open_served(serveur: Serveur, url: str, acces: Acces) -> Iterator[Folder]:
    """A folder of its own in the root of a server that serves it under `url`; gone at the end."""
    name = f"orc-{uuid4().hex[:12]}"
    folder = Path(serveur.details["root"]) / name
    try:
        yield Folder(folder, f"{url.rstrip('/')}/{name}/", acces)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
