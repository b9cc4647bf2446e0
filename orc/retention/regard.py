"""Which PJ and pieces a person sees for retention: by cellule, closed or not (domaine.md)."""

from collections.abc import Collection

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from orc.models import Budget, Cellule, Lien, Piece, PieceJustificative


def list_ids(ids: Collection[int]) -> BindParameter[int]:
    """These ids written in the statement itself: a scope may hold 100 000 cellules."""
    return bindparam(None, sorted(ids), expanding=True, literal_execute=True)


def sees_pj(cellules: Collection[int]) -> ColumnElement[bool]:
    """The condition that a PieceJustificative is seen from these cellules.

    Through what cites it; cited by nothing, by who has any cellule of its budget.
    """
    inside = Lien.cellule_id.in_(list_ids(cellules))
    cited = exists().where(Lien.pj_id == PieceJustificative.id, inside)
    budgets = select(Cellule.budget_id).where(Cellule.id.in_(list_ids(cellules)))
    return or_(
        cited.correlate(PieceJustificative),
        and_(is_orphan(), PieceJustificative.budget_id.in_(budgets)),
    )


def is_orphan() -> ColumnElement[bool]:
    """The condition that nothing cites a PieceJustificative."""
    return ~exists().where(Lien.pj_id == PieceJustificative.id).correlate(PieceJustificative)


def sees_piece(cellules: Collection[int]) -> ColumnElement[bool]:
    """The condition that a Piece is seen from these cellules."""
    return Piece.cellule_id.in_(list_ids(cellules))


def find_sirens(session: Session, cellules: Collection[int]) -> frozenset[str]:
    """The SIREN of the collectivités these cellules belong to."""
    query = (
        select(Budget.siren)
        .join(Cellule, Cellule.budget_id == Budget.id)
        .where(Cellule.id.in_(list_ids(cellules)))
        .distinct()
    )
    return frozenset(session.scalars(query)) if cellules else frozenset()
