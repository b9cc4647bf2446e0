"""Which PJ are to be decided again, because a fact changed: rows, so that no kill loses one."""

from collections.abc import Callable, Iterable

from sqlalchemy import Select, literal, select, true
from sqlalchemy.dialects import postgresql, sqlite

from orc.db import Database, Writing, call_after_commit, cut
from orc.models import ADecider, Instant, Lien, PieceJustificative, read_now

# What a Writing calls after its commit, once, when it marked something.
REVEIL, REVEILLE = "a_decider", "a_decider_dit"


def on_mark(database: Database, wake: Callable[[], None]) -> None:
    """Call `wake` after the commit of each transaction on this database that marks PJ."""
    database.info[REVEIL] = wake


def mark_to_decide(session: Writing, pj_ids: Select[int]) -> None:
    """These PJ are decided again, in the transaction that changes the fact.

    A mark already there is taken again: who decides waits for this transaction before it removes
    the mark, and so reads the fact.
    """
    _wake_after(session)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    column = pj_ids.distinct().subquery().c[0]
    # Without any WHERE, SQLite takes ON CONFLICT for the ON of a join.
    chosen = select(column, literal(read_now(), Instant())).where(true()).order_by(column)
    statement = insert(ADecider).from_select(["pj_id", "depuis"], chosen)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[ADecider.pj_id], set_={"depuis": statement.excluded.depuis}
        )
    )


def _wake_after(session: Writing) -> None:
    wake = session.info.get(REVEIL)
    if wake is not None and REVEILLE not in session.info:
        session.info[REVEILLE] = True
        call_after_commit(session, wake)


def mark_pj_ids(session: Writing, pj_ids: Iterable[int]) -> None:
    """The same for ids at hand, any number of them."""
    for lot in cut(set(pj_ids)):
        some = PieceJustificative.id.in_(lot)
        mark_to_decide(session, select(PieceJustificative.id).where(some))


def mark_collectivites(session: Writing, sirens: Iterable[str]) -> None:
    """Every PJ of these collectivités."""
    mine = PieceJustificative.siren.in_(sorted(set(sirens)))
    mark_to_decide(session, select(PieceJustificative.id).where(mine))


def mark_pieces_to_decide(session: Writing, piece_ids: Select[int]) -> None:
    """Every PJ that these pieces cite."""
    links = select(Lien.pj_id).where(Lien.piece_id.in_(piece_ids), Lien.pj_id.is_not(None))
    cited = PieceJustificative.id.in_(links)
    mark_to_decide(session, select(PieceJustificative.id).where(cited))
