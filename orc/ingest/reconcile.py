"""What a kill, a power cut or a lost queue left unfinished is found in SQL and enqueued again."""

from collections.abc import Iterable

from sqlalchemy import select, update

from orc.db import Database, Writing
from orc.index.jobs import has_ready
from orc.index.outbox import mark_piece_ids
from orc.index.port import SearchEngine
from orc.index.rebuild import find_wanted
from orc.ingest.atelier import Atelier
from orc.ingest.fichiers import ERREUR_INTERNE, find_to_read
from orc.ingest.texts import FROM_SILO
from orc.models import (
    AIndexer,
    Emplacement,
    Fichier,
    Flux,
    PieceJustificative,
    Texte,
    read_now,
)
from orc.silo.values import FLUX
from orc.tasks import Ids

BATCH = 10_000


def enqueue_unfinished(atelier: Atelier, engine: SearchEngine) -> None:
    """Enqueue files not read, texts not extracted, pieces the index does not hold as SQL says."""
    for fichier_id in find_to_read(atelier.database):
        atelier.tasks.enqueue_now("lire_fichier", fichier_id)
    atelier.tasks.enqueue_unfinished(but=("lire_fichier",))
    reconcile_index(atelier.database, engine)
    atelier.tasks.enqueue_now("indexer")


def find_vus(database: Database) -> Iterable[int]:
    """The files seen and not read yet; those left for the next ingestion are not of them."""
    query = select(Fichier.id).where(
        Fichier.etat == "vu",
        Fichier.motif == "",
        Fichier.genre.in_(FLUX),
        Fichier.remplace_le.is_(None),
        Fichier.disparu_le.is_(None),
    )
    with database.reading() as session:
        return list(session.scalars(query.order_by(Fichier.id)))


def is_to_read(database: Database, fichier_id: int) -> bool:
    """Whether reading this file would bring something: it is there and was not read to its end."""
    with database.reading() as session:
        row = session.get_one(Fichier, fichier_id)
        if row.remplace_le or row.disparu_le:
            return False
        faulty = (
            select(Flux.id)
            .join(Emplacement, Emplacement.flux_id == Flux.id)
            .where(Emplacement.fichier_id == fichier_id, Flux.motif == ERREUR_INTERNE)
        )
        return row.etat != "lu" or session.execute(faulty).first() is not None


def must_read(flux: Flux) -> bool:
    """Whether a flow was never read to its end, or met a fault of ours."""
    return flux.etat == "recu" or flux.motif == ERREUR_INTERNE


def is_flux_to_read(database: Database, flux_id: int) -> bool:
    """The same, from SQL as it is now."""
    with database.reading() as session:
        return must_read(session.get_one(Flux, flux_id))


def has_pieces_to_index(database: Database) -> bool:
    """Whether a piece waits for the index and for nothing else."""
    with database.reading() as session:
        return has_ready(session)


def find_flux_without_text(database: Database) -> list[int]:
    """The flows that bring a text which nobody extracted yet."""
    query = (
        select(PieceJustificative.flux_id)
        .join(Texte, Texte.sha256 == PieceJustificative.sha256)
        .where(Texte.etat == "a_extraire")
        .distinct()
    )
    with database.reading() as session:
        return list(session.scalars(query))


def set_fichiers_aside(session: Writing, ids: Ids, motif: str) -> None:
    """These files go to the quarantine: the next ingestion tries them again."""
    session.execute(
        update(Fichier)
        .where(Fichier.id.in_(ids), Fichier.etat == "vu")
        .values(etat="quarantaine", motif=motif)
    )


def set_textes_aside(session: Writing, ids: Ids, motif: str) -> None:
    """The texts that these flows bring and nobody could extract are unreadable, until they are."""
    brought = select(PieceJustificative.sha256).where(PieceJustificative.flux_id.in_(ids))
    session.execute(
        update(Texte)
        .where(Texte.sha256.in_(brought), Texte.etat == "a_extraire")
        .values(etat="illisible", motif=motif, extracteur=FROM_SILO, extrait_le=read_now())
        .execution_options(synchronize_session=False)
    )


def reconcile_index(database: Database, engine: SearchEngine) -> int:
    """Mark every piece whose records are not those SQL would make now; how many.

    The engine may have lost its last commit, or hold what should be gone: turns are compared.
    """
    marked = 0
    held: dict[int, int] = {}
    last = -1
    while batch := engine.find_versions(apres=last, taille=BATCH):
        held.update(batch)
        last = batch[-1][0]
    wanted = _find_wanted(database)
    waiting = _find_waiting(database)
    missing = [p for p, tour in wanted.items() if held.get(p) != tour and p not in waiting]
    extra = [p for p in held if p not in wanted and p not in waiting]
    for ids in (missing, extra):
        for start in range(0, len(ids), BATCH):
            with database.writing() as session:
                mark_piece_ids(session, ids[start : start + BATCH])
        marked += len(ids)
    return marked


def _find_wanted(database: Database) -> dict[int, int]:
    with database.reading() as session:
        return {row.id: row.tour for row in session.execute(find_wanted())}


def _find_waiting(database: Database) -> set[int]:
    with database.reading() as session:
        return set(session.scalars(select(AIndexer.piece_id)))
