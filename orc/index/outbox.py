"""Which pieces the index must be told of again: a table emptied by orc.index.jobs."""

from collections.abc import Collection, Mapping

from sqlalchemy import Select, Update, select, text, update
from sqlalchemy.orm import Session

from orc.db import Writing, cut, make_insert_missing
from orc.models import AIndexer, Piece


def mark_new_pieces(
    session: Writing, piece_ids: Select[int], bound: Mapping[str, int] | None = None
) -> None:
    """These pieces were never indexed: their turn does not change.

    Those marked already take a new one: the index may be reading them as they were before.
    """
    waiting = piece_ids.where(Piece.id.in_(select(AIndexer.piece_id)))
    session.execute(_turn(waiting), bound or {})
    _insert(session, piece_ids, bound or {})


def mark_pieces(session: Writing, piece_ids: Select[int]) -> None:
    """What the index says of these pieces is out of date: a new turn for each."""
    session.execute(_turn(piece_ids))
    _insert(session, piece_ids, {})


def _turn(piece_ids: Select[int]) -> Update:
    # Taken in one order, so that two who mark the same pieces never wait for one another.
    taken = select(Piece.id).where(Piece.id.in_(piece_ids)).order_by(Piece.id)
    return (
        update(Piece)
        .where(Piece.id.in_(taken.with_for_update(key_share=True)))
        .values(tour=Piece.tour + 1)
        .execution_options(synchronize_session=False)
    )


def _insert(session: Writing, piece_ids: Select[int], bound: Mapping[str, int]) -> None:
    # Without any WHERE, SQLite takes ON CONFLICT for the ON of a join.
    chosen = piece_ids.where(text("true")).order_by(Piece.id)
    statement = make_insert_missing(session, AIndexer).from_select(["piece_id"], chosen)
    session.execute(statement, bound)


def mark_piece_ids(session: Writing, piece_ids: Collection[int]) -> None:
    """The same for ids at hand; any number of them."""
    for lot in cut(piece_ids):
        mark_pieces(session, select(Piece.id).where(Piece.id.in_(lot)))


def count_waiting(session: Session) -> int:
    """How many pieces wait to be indexed."""
    return session.query(AIndexer).count()
