"""Telling the index what SQL says: empties the outbox, piece by piece, in batches."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from orc.access import en_vigueur
from orc.db import Database
from orc.errors import Unavailable
from orc.index.claims import Attente, Claims, open_claims
from orc.index.make_records import make_records
from orc.index.port import SearchEngine
from orc.models import AIndexer, Cloture, Lien, Piece, PieceJustificative, Texte
from orc.storage import Storage
from orc.tasks.memory import give_memory_back

# Pieces made into records at once; pieces, or seconds, of one commit of the engine.
BATCH = 250
COMMIT = 5000
COMMIT_SECONDS = 10.0
# Ids of the outbox looked at in one query.
LOOK = 2000
_one_writer = threading.Lock()
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Lot:
    """Pieces of one commit: those given to the engine, all those tried, how far the outbox is."""

    done: list[Attente] = field(default_factory=list)
    tried: set[int] = field(default_factory=set)
    last: int = 0


def index_pieces(
    database: Database,
    storage: Storage,
    engine: SearchEngine,
    *,
    wait_more: Callable[[], bool] = lambda: False,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Index every piece that waits, or remove it where it may no longer be found; how many.

    A piece no record can be made of, or that the engine refuses, is said in the log, stays waiting
    and stops no other.
    `wait_more` is called when none is left: it waits a little and says whether some may still
    come, so that an ingestion under way costs few commits. Once `stop` is true, what was read is
    committed and the rest left for later.
    """
    total = 0
    with _one_writer:
        try:
            while done := _index_lot(database, storage, engine, wait_more, stop):
                give_memory_back()
                total += done
        finally:
            # Another process may have its own pieces to index.
            engine.release()
    return total


def _index_lot(
    database: Database,
    storage: Storage,
    engine: SearchEngine,
    wait_more: Callable[[], bool],
    stop: Callable[[], bool],
) -> int:
    """Tell the engine what one commit of it holds; how many pieces."""
    with open_claims(database) as claims:
        done = _index_some(database, storage, engine, claims, wait_more, stop)
        if not done:
            return 0
        refused = engine.commit()
        for piece_id, why in refused.items():
            log.error("La pièce %s est refusée par l’index : %s", piece_id, why)
        kept = [a for a in done if a.piece_id not in refused]
        claims.forget(kept)
        return len(kept)


def _index_some(
    database: Database,
    storage: Storage,
    engine: SearchEngine,
    claims: Claims,
    wait_more: Callable[[], bool],
    stop: Callable[[], bool],
) -> list[Attente]:
    """The pieces of one commit, those that come meanwhile included."""
    lot = Lot()
    end = time.monotonic() + COMMIT_SECONDS
    while len(lot.done) < COMMIT and not stop():
        with database.reading() as session:
            found = batch = _find_waiting(session, lot)
            if batch and not claims.free:
                taken = claims.take([a.piece_id for a in batch])
                session.rollback()  # what is read from here is as new as the claim, or newer
                batch = _find_ready(session, taken)
            kept = [a.piece_id for a in batch if a.cherchable]
            failed = put_pieces(session, storage, engine, kept)
        engine.remove([a.piece_id for a in batch if not a.cherchable])
        lot.done += [a for a in batch if a.piece_id not in failed]
        if not found and (time.monotonic() > end or not wait_more()):
            break
    return lot.done


def put_pieces(
    session: Session, storage: Storage, engine: SearchEngine, ids: list[int]
) -> set[int]:
    """Index these pieces; the ids of those that could not be, however hostile what they say."""
    if not ids:
        return set()
    try:
        engine.put(list(make_records(session, storage, ids)))
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001 - what flows hold fails in any way
        log.warning("Des pièces ne peuvent pas être indexées ensemble : chacune l’est à part.")
        return _put_one_by_one(session, storage, engine, ids)
    return set()


def _put_one_by_one(
    session: Session, storage: Storage, engine: SearchEngine, ids: list[int]
) -> set[int]:
    failed: dict[int, Exception] = {}
    for piece_id in ids:
        try:
            engine.put(list(make_records(session, storage, [piece_id])))
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the same
            failed[piece_id] = error
    if len(failed) == len(ids) > 1:  # it is not the pieces
        raise Unavailable(
            "L’index ne peut pas être écrit : la cause est dans les journaux."
        ) from next(iter(failed.values()))
    for piece_id, cause in failed.items():
        log.error("La pièce %s n’est pas indexée : %s", piece_id, cause)
        engine.remove([piece_id])
    return set(failed)


def _find_waiting(session: Session, lot: Lot) -> list[Attente]:
    """The next pieces not tried yet; none at the end of the outbox, and the next look restarts."""
    while True:
        query = select(AIndexer.piece_id).where(AIndexer.piece_id > lot.last)
        ids = session.scalars(query.order_by(AIndexer.piece_id).limit(LOOK)).all()
        fresh = [piece_id for piece_id in ids if piece_id not in lot.tried]
        for start in range(0, len(fresh), BATCH):
            some = fresh[start : start + BATCH]
            if batch := _find_ready(session, some):
                lot.last = some[-1]
                lot.tried.update(a.piece_id for a in batch)
                return batch
        lot.last = ids[-1] if ids else 0
        if not ids:
            return []


def _find_ready(session: Session, piece_ids: list[int]) -> list[Attente]:
    """Pieces whose texts are all known: the others wait for theirs, and are not done twice."""
    query = (
        select(Piece.id, Piece.tour, Piece.courante & Cloture.id.is_not(None))
        .outerjoin(Cloture, en_vigueur(Piece.budget_id, Piece.exercice))
        .where(Piece.id.in_(piece_ids), ~_waits_for_a_text())
        .order_by(Piece.id)
    )
    return [Attente(*row) for row in session.execute(query)]


def has_ready(session: Session) -> bool:
    """Whether a piece waits for the index and for nothing else."""
    query = select(AIndexer.piece_id).join(Piece, Piece.id == AIndexer.piece_id)
    return session.execute(query.where(~_waits_for_a_text()).limit(1)).first() is not None


def _waits_for_a_text() -> ColumnElement[bool]:
    return exists().where(
        Lien.piece_id == Piece.id,
        Lien.pj_id == PieceJustificative.id,
        PieceJustificative.sha256 == Texte.sha256,
        Texte.etat == "a_extraire",
    )
