"""A copy of what cannot be made again: the database, then the texts. The index is made again.

The database first: every text that it says was read is then among the texts copied after it.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url

from orc.errors import Conflict, Invalid, Unavailable
from orc.settings import Settings

BASE, TEXTES, BILAN = "orc.sqlite", "textes", "sauvegarde.json"
LOCAL = "file://"
# Where orc.storage writes what is not whole yet.
DRAFTS = "en-cours"


@dataclass(frozen=True, slots=True)
class Sauvegarde:
    """What a backup holds. `textes_copies`: those that the folder did not have yet."""

    faite_le: str
    base_octets: int
    textes: int
    textes_copies: int
    textes_ailleurs: str


def make_sauvegarde(
    settings: Settings, folder: Path, *, watch: Callable[[int], None] = lambda _done: None
) -> Sauvegarde:
    """Copy database and texts into `folder`, while ORC goes on. Done again, it copies what is new.

    `watch` is told how many texts were looked at. Raises Invalid where the database is not SQLite,
    Conflict where the folder is one of ORC's own, Unavailable where it cannot be written.
    """
    base = find_base(settings)
    source = find_textes(settings)
    check_folder(folder, [base.parent, *([source] if source else [])])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        size = copy_base(base, folder / BASE)
        textes, copied = copy_textes(source, folder / TEXTES, watch) if source else (0, 0)
        done = Sauvegarde(
            faite_le=datetime.now(UTC).isoformat(timespec="seconds"),
            base_octets=size,
            textes=textes,
            textes_copies=copied,
            textes_ailleurs="" if source else settings.storage_url(),
        )
        write_last(folder / BILAN, json.dumps(asdict(done), ensure_ascii=False, indent=2))
    except OSError as error:
        raise Unavailable(f"La sauvegarde ne peut être écrite : {error.strerror}.") from error
    return done


def find_base(settings: Settings) -> Path:
    """The file of the SQLite database."""
    url = make_url(settings.database_url())
    if url.get_backend_name() != "sqlite" or not url.database:
        raise Invalid(
            "« orc sauvegarder » copie une base SQLite. Pour PostgreSQL : pg_dump, puis les "
            "textes ; docs/exploitation.md donne les commandes."
        )
    found = Path(url.database)
    if not found.is_file():
        raise Invalid(f"Il n’y a pas de base à sauvegarder : {found} n’existe pas.")
    return found


def find_textes(settings: Settings) -> Path | None:
    """The local folder of the texts; None where they lie on a server with copies of its own."""
    url = settings.storage_url()
    if "://" in url and not url.startswith(LOCAL):
        return None
    return Path(url.removeprefix(LOCAL))


def check_folder(folder: Path, own: list[Path]) -> None:
    """Refuse a folder that is, holds or lies within what is copied."""
    target = folder.resolve()
    for path in own:
        here = path.resolve()
        if target == here or here in target.parents or target in here.parents:
            raise Conflict(f"{folder} et {path} se contiennent : choisissez un autre dossier.")


def copy_base(source: Path, target: Path) -> int:
    """A consistent copy of a database in use, put in place once it is whole; its size."""
    draft = target.with_suffix(".en-cours")
    draft.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=60)) as read,
            closing(sqlite3.connect(draft)) as written,
        ):
            read.backup(written)
            written.execute("PRAGMA journal_mode=DELETE")
            (said,) = written.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        raise Unavailable(f"La base ne peut être copiée : {error}.") from error
    if said != "ok":
        raise Conflict(f"La base copiée est abîmée, celle d’ORC l’est sans doute : {said}.")
    put_in_place(draft, target)
    return target.stat().st_size


def copy_textes(source: Path, target: Path, watch: Callable[[int], None]) -> tuple[int, int]:
    """Copy the texts that `target` does not have, or not as they are: (looked at, copied)."""
    seen = copied = 0
    for path in walk_files(source):
        seen += 1
        kept = target / path.relative_to(source)
        # A text removed or replaced meanwhile is no longer the one the database speaks of.
        with suppress(FileNotFoundError):
            if not is_same(path, kept):
                kept.parent.mkdir(parents=True, exist_ok=True)
                draft = kept.with_name(f"{kept.name}.en-cours")
                shutil.copy2(path, draft)
                draft.replace(kept)
                copied += 1
        if seen % 500 == 0:
            watch(seen)
    watch(seen)
    return seen, copied


def walk_files(folder: Path) -> Iterator[Path]:
    """Every finished file below: the drafts of a process at work are left."""
    if folder.is_dir():
        for root, folders, names in os.walk(folder):
            folders[:] = sorted(name for name in folders if name != DRAFTS)
            yield from (Path(root, name) for name in sorted(names))


def is_same(path: Path, kept: Path) -> bool:
    """Whether a copy has the size and the date of what it copies."""
    if not kept.is_file():
        return False
    now, then = path.stat(), kept.stat()
    return (now.st_size, int(now.st_mtime)) == (then.st_size, int(then.st_mtime))


def put_in_place(draft: Path, target: Path) -> None:
    """Rename a whole file, once it is on the disk."""
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    draft.replace(target)


def write_last(path: Path, text: str) -> None:
    """What is read to know that the backup ended, and when."""
    draft = path.with_suffix(".en-cours")
    draft.write_text(text + "\n", encoding="utf-8")
    put_in_place(draft, path)
