"""Which pieces this process tells the index of: several may work, none on the same piece."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import delete, select

from orc.db import Database, Writing
from orc.models import AIndexer, Piece

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Attente:
    """A piece that waits: the turn it is at, and whether it has its place in the index."""

    piece_id: int
    tour: int
    cherchable: bool


class Claims:
    """Pieces taken until they are forgotten, or until the transaction that took them ends.

    On SQLite, where one process at a time writes the index, nothing has to be taken.
    """

    def __init__(self, database: Database, session: Writing | None) -> None:
        self._database = database
        self._session = session

    @property
    def free(self) -> bool:
        """Whether nobody else may take anything."""
        return self._session is None

    def take(self, piece_ids: Sequence[int]) -> list[int]:
        """Those of these pieces that still wait and that nobody else took, by id: ours now."""
        if self._session is None:
            return list(piece_ids)
        query = select(AIndexer.piece_id).where(AIndexer.piece_id.in_(piece_ids))
        ordered = query.order_by(AIndexer.piece_id).with_for_update(skip_locked=True)
        return list(self._session.scalars(ordered))

    def forget(self, done: Sequence[Attente]) -> None:
        """These are told; what was marked again meanwhile stays for the next round."""
        for start in range(0, len(done), CHUNK):
            tours = {a.piece_id: a.tour for a in done[start : start + CHUNK]}
            if self._session is None:
                with self._database.writing() as session:
                    _forget(session, tours)
            else:
                _forget(self._session, tours)


def _forget(session: Writing, tours: dict[int, int]) -> None:
    # A piece that somebody changes at this moment will be marked again: it is left as it is.
    now = select(Piece.id, Piece.tour).where(Piece.id.in_(tours)).order_by(Piece.id)
    rows = session.execute(now.with_for_update(read=True, skip_locked=True))
    same = [row.id for row in rows if tours[row.id] == row.tour]
    session.execute(delete(AIndexer).where(AIndexer.piece_id.in_(same)))


@contextmanager
def open_claims(database: Database) -> Iterator[Claims]:
    """Claims, given back at the end: what was not forgotten waits for anybody."""
    if database.serial:
        yield Claims(database, None)
    else:
        with database.writing() as session:
            yield Claims(database, session)
