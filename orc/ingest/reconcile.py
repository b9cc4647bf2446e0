"""What a kill, a power cut or a lost queue left unfinished is found in SQL and enqueued again."""

from sqlalchemy import select

from orc.access import en_vigueur
from orc.db import Database
from orc.index.outbox import mark_piece_ids
from orc.index.port import SearchEngine
from orc.ingest.atelier import Atelier
from orc.ingest.fichiers import find_to_read
from orc.models import AIndexer, Cloture, Piece, PieceJustificative, Texte

BATCH = 10_000


def enqueue_unfinished(atelier: Atelier, engine: SearchEngine) -> None:
    """Enqueue files not read, texts not extracted, pieces the index does not hold as SQL says."""
    for fichier_id in find_to_read(atelier.database):
        atelier.tasks.enqueue_now("lire_fichier", fichier_id)
    for flux_id in _find_flux_without_text(atelier.database):
        atelier.tasks.enqueue_now("extraire_textes", flux_id)
    reconcile_index(atelier.database, engine)
    atelier.tasks.enqueue_now("indexer")


def _find_flux_without_text(database: Database) -> list[int]:
    query = (
        select(PieceJustificative.flux_id)
        .join(Texte, Texte.sha256 == PieceJustificative.sha256)
        .where(Texte.etat == "a_extraire")
        .distinct()
    )
    with database.reading() as session:
        return list(session.scalars(query))


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
    query = (
        select(Piece.id, Piece.tour)
        .join(Cloture, en_vigueur(Piece.budget_id, Piece.exercice))
        .where(Piece.courante)
    )
    with database.reading() as session:
        return {row.id: row.tour for row in session.execute(query)}


def _find_waiting(database: Database) -> set[int]:
    with database.reading() as session:
        return set(session.scalars(select(AIndexer.piece_id)))
