"""What the silo shows against what SQL knows: new, changed and vanished files are recorded."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import and_, delete, insert, or_, select, update

from orc.db import Database, Writing
from orc.errors import Unavailable
from orc.ingest.a_decider import mark_fichiers
from orc.journal import Acte, record_acte
from orc.models import Emplacement, Fichier, Flux, read_now
from orc.silo import FichierConnu, FichierVu, Genre, Illisible, Silo, compare
from orc.silo.values import FLUX

T = TypeVar("T")

BATCH = 400
BUDGETS_CSV = "budgets.csv"
ERREUR_INTERNE = "Erreur interne d’ORC à la lecture : voir les journaux."


@dataclass(frozen=True, slots=True)
class Releve:
    """What one look at the silo found, in files; `a_lire` are the ids of rows still to be read."""

    nouveaux: int
    changes: int
    disparus: int
    inchanges: int
    autres: tuple[str, ...]
    illisibles: tuple[str, ...]
    a_lire: tuple[int, ...]


def record_fichiers(database: Database, silo: Silo) -> Releve:
    """List the silo and record what is new, changed or gone; nothing is read, nothing dropped.

    One process at a time looks at a silo: the next one knows what this one recorded.
    """
    with database.alone(f"silo:{silo.url}"):
        return _record_fichiers(database, silo)


def _record_fichiers(database: Database, silo: Silo) -> Releve:
    known = _find_known(database, silo.url)
    seen = list(silo.list())
    if known and not seen:
        raise Unavailable(
            f"Le silo « {silo.url} » est vide, alors que {len(known)} fichiers y étaient : le "
            "partage est-il bien monté ? Rien n’est tenu pour disparu."
        )
    ecart = compare(known, seen)
    _record_illisibles(database, silo.url, ecart.illisibles)
    for chunk in batched([f.chemin for f in ecart.changes], BATCH):
        with database.writing() as session:
            _date(session, silo.url, chunk, "remplace_le")
            _insert(session, silo.url, [f for f in ecart.changes if f.chemin in set(chunk)])
    for news in batched(ecart.nouveaux, BATCH):
        with database.writing() as session:
            _insert(session, silo.url, news)
    _record_gone(database, silo.url, [f.chemin for f in ecart.disparus])
    return Releve(
        len(ecart.nouveaux),
        len(ecart.changes),
        len(ecart.disparus),
        len(ecart.inchanges),
        tuple(f.chemin for f in ecart.autres if f.chemin != BUDGETS_CSV and f.genre == Genre.AUTRE),
        tuple(f"{f.chemin} : {f.motif}" for f in ecart.illisibles),
        find_to_read(database, silo.url),
    )


def find_to_read(database: Database, url: str = "") -> tuple[int, ...]:
    """The files of a silo, or of all, that were seen and not read yet; oldest first.

    Also those that the silo would not give, or whose flow met a fault of ours: tried every time.
    """
    faulty = (
        select(Emplacement.fichier_id)
        .join(Flux, Flux.id == Emplacement.flux_id)
        .where(Flux.etat == "quarantaine", Flux.motif == ERREUR_INTERNE)
    )
    query = select(Fichier.id).where(
        or_(Fichier.etat.in_(("vu", "quarantaine")), Fichier.id.in_(faulty)),
        Fichier.genre.in_(FLUX),
        Fichier.remplace_le.is_(None),
        Fichier.disparu_le.is_(None),
    )
    if url:
        query = query.where(Fichier.silo == url)
    with database.reading() as session:
        return tuple(session.scalars(query.order_by(Fichier.id)))


def _find_known(database: Database, url: str) -> list[FichierConnu]:
    query = select(Fichier.chemin, Fichier.taille, Fichier.etag, Fichier.mtime).where(
        Fichier.silo == url,
        Fichier.genre != Genre.ILLISIBLE,
        Fichier.disparu_le.is_(None),
        Fichier.remplace_le.is_(None),
    )
    with database.reading() as session:
        return [FichierConnu(*row) for row in session.execute(query)]


def _insert(session: Writing, url: str, files: Iterable[FichierVu]) -> None:
    rows = [
        {
            "silo": url,
            "chemin": f.chemin,
            "genre": f.genre.value,
            "taille": f.taille,
            "etag": f.etag,
            "mtime": f.mtime,
            "vu_le": read_now(),
            "etat": "vu" if f.genre in FLUX else "quarantaine",
            "motif": f.motif if isinstance(f, Illisible) else "",
        }
        for f in files
    ]
    if rows:
        session.execute(insert(Fichier), rows)


def _record_gone(database: Database, url: str, chemins: list[str]) -> None:
    for chunk in batched(chemins, BATCH):
        with database.writing() as session:
            _date(session, url, chunk, "disparu_le")
            for chemin in chunk:
                record_acte(
                    session, Acte.DISPARITION, acteur="ingestion", objet=f"fichier:{chemin}"
                )


def _record_illisibles(database: Database, url: str, found: Iterable[Illisible]) -> None:
    """What the silo shows and will not give today: set aside with its reason, until it does."""
    known = {connu.chemin for connu in _find_known(database, url)}
    shown = [f for f in found if f.chemin not in known]
    stale = and_(Fichier.silo == url, Fichier.genre == Genre.ILLISIBLE)
    with database.writing() as session:
        session.execute(delete(Fichier).where(stale).execution_options(synchronize_session=False))
        _insert(session, url, shown)


def _date(session: Writing, url: str, chemins: Sequence[str], column: str) -> None:
    mark_fichiers(session, url, chemins)
    session.execute(
        update(Fichier)
        .where(
            Fichier.silo == url,
            Fichier.chemin.in_(chemins),
            Fichier.disparu_le.is_(None),
            Fichier.remplace_le.is_(None),
        )
        .values({column: read_now()})
        .execution_options(synchronize_session=False)
    )


def batched(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Slices of at most `size` items, in order (itertools.batched comes with Python 3.12)."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
