"""Making the index again from SQL and the texts, beside the one that is searched meanwhile."""

import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from orc.access import en_vigueur
from orc.db import Database
from orc.errors import Conflict, Unavailable
from orc.index.jobs import BATCH, COMMIT, put_pieces
from orc.index.outbox import mark_new_pieces
from orc.index.port import Generations, SearchEngine
from orc.journal import Acte, record_acte
from orc.models import AIndexer, Cloture, Piece
from orc.storage import Storage

# Pieces whose turns are compared at once.
WINDOW = 10_000
# Rounds to catch up with what changes meanwhile; the last ones change nothing, or very little.
ROUNDS, FEW = 30, 500
# Times that the new index is compared with SQL before it is held to be wrong.
CHECKS = 5
DIFFERENT = (
    "Le nouvel index ne dit pas ce que dit la base : il n’a pas pris la place de l’ancien, qui "
    "sert toujours. Relancez « orc rebuild »."
)
log = logging.getLogger(__name__)

Watch = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """What a rebuild did. `empreinte`: of the ids and turns that SQL and the new index agree on.

    `refusees`: pieces of which no record could be made, or that the engine refused: they wait.
    """

    pieces: int
    empreinte: str
    refusees: int


@dataclass(slots=True)
class _Ecart:
    """What one window of ids has otherwise in SQL (with its turn) and in the index."""

    missing: dict[int, int]
    extra: list[int]


@dataclass(slots=True)
class _Chantier:
    """What a rebuild works with."""

    database: Database
    storage: Storage
    watch: Watch
    refused: set[int] = field(default_factory=set)


def rebuild(
    database: Database,
    storage: Storage,
    generations: Generations,
    fresh: SearchEngine,
    *,
    watch: Watch = lambda _done, _total: None,
) -> Reconstruction:
    """Fill `fresh`, check it against SQL, have it searched; `watch` gets pieces done and in all.

    Others search and index meanwhile: what they change is caught up with, before and after the
    switch, by the turns of the pieces. Raises Conflict, and keeps the index searched, where the
    new one does not hold what SQL says.
    """
    chantier = _Chantier(database, storage, watch)
    pieces, empreinte = _fill(chantier, fresh)
    engine = generations.switch(fresh)
    _catch_up(chantier, engine)
    engine.release()
    refused = sorted(chantier.refused)
    with database.writing() as session:
        for start in range(0, len(refused), BATCH):
            some = refused[start : start + BATCH]
            mark_new_pieces(session, select(Piece.id).where(Piece.id.in_(some)))
        record_acte(session, Acte.RECONSTRUCTION, acteur="ligne de commande")
    return Reconstruction(pieces, empreinte, len(refused))


def _fill(chantier: _Chantier, fresh: SearchEngine) -> tuple[int, str]:
    """Until it holds what SQL says: how many pieces, and the digest of their ids and turns."""
    for _ in range(CHECKS):
        _catch_up(chantier, fresh)
        if agreed := _check(chantier, fresh):
            return agreed
    raise Conflict(DIFFERENT)


def _catch_up(chantier: _Chantier, engine: SearchEngine) -> None:
    """Put what differs until nothing does, or so little that the outbox will do."""
    changed, last = 0, ""
    for ronde in range(1, ROUNDS + 1):
        changed, empreinte = _put_differences(chantier, engine)
        if not changed or (ronde > ROUNDS // 2 and changed <= FEW):
            return
        if empreinte == last:
            raise Conflict(DIFFERENT)
        last = empreinte
    raise Unavailable(
        f"L’archive change plus vite que son index ne se refait ({changed} pièces à la dernière "
        "ronde) : relancez « orc rebuild » quand l’ingestion est finie."
    )


def _put_differences(chantier: _Chantier, engine: SearchEngine) -> tuple[int, str]:
    """How many pieces differed, and the digest of which: the same twice, and nothing will help."""
    with chantier.database.reading() as session:
        total = _count(session)
    changed = put = 0
    extra: list[int] = []
    empreinte = hashlib.sha256()
    for seen, ecart in _find_ecarts(chantier, engine):
        ids = list(ecart.missing)
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            with chantier.database.reading() as session:
                chantier.refused |= put_pieces(session, chantier.storage, engine, some)
            put += len(some)
            chantier.watch(min(seen - len(ids) + start + len(some), total), total)
            if put >= COMMIT:
                _commit(chantier, engine)
                put = 0
        engine.remove(ecart.extra)
        extra += ecart.extra
        changed += len(ecart.missing) + len(ecart.extra)
        empreinte.update(repr(ecart).encode())
    _commit(chantier, engine)
    _mark_wanted(chantier.database, extra)
    return changed, empreinte.hexdigest()


def _mark_wanted(database: Database, removed: list[int]) -> None:
    """Those of these pieces that SQL wants by now: an ouvrier may have told the index meanwhile."""
    for start in range(0, len(removed), BATCH):
        some = Piece.id.in_(removed[start : start + BATCH])
        with database.writing() as session:
            wanted = session.scalars(find_wanted().where(some)).all()
            mark_new_pieces(session, select(Piece.id).where(Piece.id.in_(wanted)))


def _commit(chantier: _Chantier, engine: SearchEngine) -> None:
    for piece_id, why in engine.commit().items():
        log.error("La pièce %s est refusée par l’index : %s", piece_id, why)
        chantier.refused.add(piece_id)


def _find_ecarts(chantier: _Chantier, engine: SearchEngine) -> Iterator[tuple[int, _Ecart]]:
    """Window after window of ids: pieces of SQL seen so far, and what differs in this one."""
    seen = 0
    for wanted, held in find_windows(chantier.database, engine):
        seen += len(wanted)
        missing = {
            p: t for p, t in wanted.items() if held.get(p) != t and p not in chantier.refused
        }
        yield seen, _Ecart(missing, [p for p in held if p not in wanted])


def find_windows(
    database: Database, engine: SearchEngine
) -> Iterator[tuple[dict[int, int], dict[int, int]]]:
    """The turns of the pieces that SQL wants found, and of those held, by ascending ids."""
    last = -1
    while True:
        with database.reading() as session:
            query = find_wanted().where(Piece.id > last).order_by(Piece.id).limit(WINDOW)
            wanted = {row.id: row.tour for row in session.execute(query)}
        high = max(wanted, default=last) if len(wanted) == WINDOW else None
        held = _find_held(engine, last, high)
        if wanted or held:
            yield wanted, held
        if high is None:
            return
        last = high


def _find_held(engine: SearchEngine, low: int, high: int | None) -> dict[int, int]:
    held: dict[int, int] = {}
    while batch := engine.find_versions(apres=low, taille=WINDOW):
        held |= {p: t for p, t in batch if high is None or p <= high}
        low = batch[-1][0]
        if high is not None and low >= high:
            break
    return held


def _check(chantier: _Chantier, engine: SearchEngine) -> tuple[int, str] | None:
    """How many pieces, and the digest of their ids and turns, when SQL and the index agree.

    What waits or was refused is left out: it is not what this index was made from. None where
    they differ, if only because somebody changed a piece while they were read.
    """
    with chantier.database.reading() as session:
        moving = set(session.scalars(select(AIndexer.piece_id))) | chantier.refused
    said, found = hashlib.sha256(), hashlib.sha256()
    pieces = indexed = 0
    for wanted, held in find_windows(chantier.database, engine):
        pieces += _add(said, wanted, moving)
        indexed += _add(found, held, moving)
    agreed = (pieces, said.digest()) == (indexed, found.digest())
    return (pieces, said.hexdigest()) if agreed else None


def _add(digest: "hashlib._Hash", turns: dict[int, int], moving: set[int]) -> int:
    kept = [(p, turns[p]) for p in sorted(turns) if p not in moving]
    for piece_id, tour in kept:
        digest.update(b"%d:%d\n" % (piece_id, tour))
    return len(kept)


def find_wanted() -> Select[int, int]:
    """The pieces that may be found, and their turns: current ones, of closed exercices."""
    return (
        select(Piece.id, Piece.tour)
        .join(Cloture, en_vigueur(Piece.budget_id, Piece.exercice))
        .where(Piece.courante)
    )


def _count(session: Session) -> int:
    query = select(func.count()).select_from(find_wanted().subquery())
    return session.execute(query).scalar_one()
