"""The silo at an address: list it, lay its flows down locally, read a part of one. Never writes."""

import math
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Final

from orc.errors import Invalid
from orc.remote import Acces
from orc.silo.containers import read_chunks
from orc.silo.disk_cache import DiskCache
from orc.silo.faults import translated
from orc.silo.local import LocalSource
from orc.silo.ranges import RangeReader, Recent
from orc.silo.remote import RemoteSource
from orc.silo.spool import KEPT_SECONDS, LIMITE_LECTURE, Spool, remove_leftovers
from orc.silo.values import FichierVu, FluxLocal, FluxRefuse

LIMITE_FLUX: Final = 4 * 1024**3
LIMITE_CACHE: Final = 2 * 1024**3
_OLD: Final = 2 * 24 * 3600


class Silo:
    """Any fsspec address (a plain path is a folder of this machine); safe for threads.

    `acces` says who ORC is there; `options` go to fsspec, for a protocol ORC does not know.
    `cache` is a local folder of what can be made again, a temporary one when it is not given;
    `lecture` one for flows from far away while they are read, `limite_lecture` bytes at most. A
    flow may hold `limite_flux` bytes at most.
    """

    def __init__(
        self,
        url: str,
        *,
        acces: Acces | None = None,
        options: Mapping[str, object] | None = None,
        cache: Path | None = None,
        limite_flux: int = LIMITE_FLUX,
        limite_cache: int = LIMITE_CACHE,
        lecture: Path | None = None,
        limite_lecture: int = LIMITE_LECTURE,
    ) -> None:
        self._source = _open_source(url, acces, options)
        self.url = _make_public(url)
        folder = self._find_cache(cache)
        lecture = lecture or folder / "lecture"
        remove_leftovers(lecture, before=time.time() - _OLD)
        kept = DiskCache(lecture / "recus", limite_lecture)
        kept.shrink(limite_lecture, before=time.time() - KEPT_SECONDS)
        self._kept = kept
        self._ranges = RangeReader(
            self._source,
            DiskCache(folder / "silo", limite_cache),
            kept,
            self.url,
            limite_flux,
            Recent(self._source),
        )
        self._spool = Spool(self._source, lecture, limite_flux, limite_lecture, self._ranges, kept)

    def _find_cache(self, cache: Path | None) -> Path:
        if cache is None:
            cache = Path(mkdtemp(prefix="orc-silo-"))
            weakref.finalize(self, rmtree, cache, ignore_errors=True)
        elif isinstance(self._source, LocalSource):
            root = Path(self._source.root).resolve()
            if cache.resolve().is_relative_to(root):
                raise Invalid("Le dossier de cache ne peut pas être dans le silo.", str(cache))
        return cache

    def list(self) -> Iterator[FichierVu]:
        """Every file, in the order of its path; hidden and unfinished ones apart.

        Raises Unavailable when the silo cannot be listed; a folder of it that cannot be comes as
        Illisible, and the others go on.
        """
        return self._source.walk()

    def find(self, chemin: str) -> FichierVu:
        """A file as it is now; FichierDisparu when it is not there."""
        return self._source.find(chemin)

    def spool(self, fichier: FichierVu) -> AbstractContextManager[Iterator[FluxLocal | FluxRefuse]]:
        """The flows a file holds, as local files, one after the other.

        `with silo.spool(fichier) as flux: for un in flux: …`: a local .xml is used in place, the
        rest lies in a temporary file until the next flow is asked for. Raises Unavailable when
        the file cannot be read; what can be read but is not a flow comes as FluxRefuse.
        """
        return self._spool.open(fichier)

    def read_bytes(self, chemin: str, limite: int) -> bytes:
        """A whole small file; Invalid when it holds more than `limite` bytes."""
        with self._source.stream(chemin) as file, translated(chemin):
            chunks, size = [], 0
            for chunk in read_chunks(file):
                chunks.append(chunk)
                size += len(chunk)
                if size > limite:
                    raise Invalid(f"Ce fichier dépasse {limite} octets.", chemin)
        return b"".join(chunks)

    def read_range(self, chemin: str, membre: str, offset: int, longueur: int) -> bytes:
        """Exactly `longueur` bytes of a flow's XML from `offset`, whatever holds it.

        Raises FichierDisparu, FichierChange when it is shorter, Invalid for a path that leaves
        the silo. A large .xml.gz is indexed the first time (about 0.5 s for 100 MB).
        """
        return self._ranges.read(chemin, membre, offset, longueur)

    def forget_lecture(self) -> None:
        """Remove the flows from far away kept since they were read: their texts are extracted."""
        self._kept.shrink(0, before=math.inf)

    def close(self) -> None:
        """Let connections go."""
        if isinstance(self._source, RemoteSource):
            self._source.close()


def _open_source(
    url: str, acces: Acces | None, options: Mapping[str, object] | None
) -> LocalSource | RemoteSource:
    if url.startswith("file://"):
        return LocalSource(str(Path(url.removeprefix("file://")).absolute()))
    if "://" not in url and "::" not in url:
        return LocalSource(str(Path(url).absolute()))
    return RemoteSource(url, acces, options)


def _make_public(url: str) -> str:
    """The same address for every way to write it; one with credentials was refused before."""
    if "://" not in url or url.startswith("file://"):
        return f"file://{Path(url.removeprefix('file://')).absolute()}"
    return url.rstrip("/")
