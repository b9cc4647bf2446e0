"""What a kill, a power cut or a lost queue left unfinished is found in SQL and enqueued again."""

from collections.abc import Iterable

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from orc.db import Database, Writing
from orc.errors import Conflict
from orc.index.jobs import has_ready
from orc.index.outbox import mark_piece_ids
from orc.index.port import SearchEngine
from orc.index.rebuild import find_windows
from orc.ingest.a_decider import mark_textes
from orc.ingest.atelier import Atelier
from orc.ingest.fichiers import ERREUR_INTERNE, find_to_read
from orc.ingest.patience import alone
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
from orc.tasks import Ids, make_cle
from orc.tasks.failures import find_given_up

# Ids in one query.
LOOK = 500


def enqueue_unfinished(atelier: Atelier, engine: SearchEngine) -> None:
    """Enqueue files not read, texts not extracted, pieces the index does not hold as SQL says."""
    for fichier_id in find_to_read(atelier.database):
        atelier.tasks.enqueue_now("lire_fichier", fichier_id)
    atelier.tasks.enqueue_unfinished(but=("lire_fichier",))
    reconcile_index(atelier.database, engine)
    atelier.tasks.enqueue_now("indexer")


def enqueue_left(atelier: Atelier) -> None:
    """What another process left (an ingestion reads no scan), and what failed and may pass now.

    Nothing while an ingestion is under way: it does its own work. One that begins is not kept out.
    """
    try:
        with alone(atelier.settings.folder):
            pass
    except Conflict:
        return
    with atelier.database.reading() as session:
        given_up = find_given_up(session)
    for tache in atelier.tasks.taches.values():
        for ids in tache.unfinished() or ():
            if (tache.nom, make_cle(ids)) not in given_up:
                atelier.tasks.enqueue_now(tache.nom, *ids)


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
    mark_textes(session, session.scalars(brought).all())
    session.execute(
        update(Texte)
        .where(Texte.sha256.in_(brought), Texte.etat == "a_extraire")
        .values(etat="illisible", motif=motif, extracteur=FROM_SILO, extrait_le=read_now())
        .execution_options(synchronize_session=False)
    )


def reconcile_index(database: Database, engine: SearchEngine) -> int:
    """Mark every piece whose records are not those SQL would make now; how many.

    The engine may have lost its last commit, or hold what should be gone: turns are compared, a
    window of pieces at a time.
    """
    marked = 0
    for wanted, held in find_windows(database, engine):
        differ = {p for p, tour in wanted.items() if held.get(p) != tour}
        differ.update(p for p in held if p not in wanted)
        if differ:
            with database.writing() as session:
                lost = differ - _find_waiting(session, sorted(differ))
                mark_piece_ids(session, lost)
            marked += len(lost)
    return marked


def _find_waiting(session: Session, piece_ids: list[int]) -> set[int]:
    found: set[int] = set()
    for start in range(0, len(piece_ids), LOOK):
        some = AIndexer.piece_id.in_(piece_ids[start : start + LOOK])
        found.update(session.scalars(select(AIndexer.piece_id).where(some)))
    return found
