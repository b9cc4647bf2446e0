"""A file from far away, whole and checked: its length, its ETag, and that it did not move."""

import hashlib
import re
from pathlib import Path
from typing import Final

from orc.errors import Invalid
from orc.remote import Injoignable
from orc.silo.containers import read_chunks
from orc.silo.faults import FichierChange, translated
from orc.silo.remote import RemoteSource
from orc.silo.values import FichierVu

# What S3 gives for an object sent at once, unless a key of the service encrypts it.
_MD5: Final = re.compile(r"[0-9a-f]{32}")


def fetch(
    source: RemoteSource, fichier: FichierVu, draft: Path, bound: int
) -> tuple[FichierVu, Path, str, int]:
    """Copy a file to `draft`: what it is now, `draft`, the SHA-256, the size.

    FichierChange when it is not, or no longer, what was listed; Invalid beyond `bound` bytes;
    Injoignable when it comes different each time.
    """
    vu = source.find(fichier.chemin)
    check_same(fichier, vu)
    found = _copy(source, vu, draft, bound)
    if not _is_told(source, vu, found):
        again = _copy(source, vu, draft, bound)
        # Twice the same bytes, from a store whose ETags never were an MD5: they are not one.
        if not _is_told(source, vu, again) and (again != found or source.md5_seen):
            raise Injoignable(
                f"Le fichier « {vu.chemin} » arrive abîmé à chaque lecture : rien n’en est retenu."
            )
        found = again
    check_same(vu, source.find(vu.chemin))
    return vu, draft, found[0], vu.taille


def _is_told(source: RemoteSource, vu: FichierVu, found: tuple[str, str]) -> bool:
    """Whether these bytes are those of the ETag, as far as the store lets us tell."""
    md5 = found[1]
    if md5 and md5 == vu.etag:
        source.md5_seen = True
        return True
    return not md5 or not source.has_md5(vu.chemin)


def _copy(source: RemoteSource, vu: FichierVu, draft: Path, bound: int) -> tuple[str, str]:
    """The SHA-256 and the MD5 ("" where nobody asks) of what was copied."""
    sha256, size = hashlib.sha256(), 0
    md5 = hashlib.md5(usedforsecurity=False) if _MD5.fullmatch(vu.etag) else None
    with source.stream(vu.chemin, vu) as file, translated(vu.chemin), draft.open("wb") as out:
        for chunk in read_chunks(file):
            size += len(chunk)
            if size > bound:
                raise Invalid(f"Le fichier dépasse {bound} octets : il n’est pas lu.")
            sha256.update(chunk)
            if md5 is not None:
                md5.update(chunk)
            out.write(chunk)
    if size != vu.taille:
        raise FichierChange(vu.chemin, f"il fait {size} octets, et non {vu.taille}.")
    return sha256.hexdigest(), md5.hexdigest() if md5 is not None else ""


def check_same(before: FichierVu, now: FichierVu) -> None:
    """Raise FichierChange when a file is no longer the one that was seen."""
    if before.etag and now.etag:
        moved = before.etag != now.etag
    else:  # one answer of a store has dates to the second, another to the microsecond
        dates = (before.mtime, now.mtime)
        moved = None not in dates and int(dates[0] or 0) != int(dates[1] or 0)
    if moved or before.taille != now.taille:
        raise FichierChange(before.chemin, "il est encore en cours d’écriture.")
