"""Who sees a bordereau d'élimination and on whose side: who holds every cellule of its lines."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, exists, false, select
from sqlalchemy.orm import Session

from orc.access import Clearance
from orc.db import list_values
from orc.models import BordereauElimination, Budget, Cellule, CelluleElimination
from orc.retention.eliminations.etats import Camp


def get_cellules(clearance: Clearance, camp: Camp) -> frozenset[int]:
    """The cellules on which this person acts on this side."""
    return clearance.destruction if camp is Camp.PRODUCTEUR else clearance.territoire


def covers(cellules: Collection[int]) -> ColumnElement[bool]:
    """The condition that a BordereauElimination holds nothing outside these cellules.

    One without any line yet is seen by who holds something of its collectivité.
    """
    if not cellules:
        return false()
    here = select(Budget.siren).join(Cellule, Cellule.budget_id == Budget.id)
    outside = exists().where(
        CelluleElimination.bordereau_id == BordereauElimination.id,
        CelluleElimination.cellule_id.not_in(list_values(cellules)),
    )
    mine = BordereauElimination.siren.in_(here.where(Cellule.id.in_(list_values(cellules))))
    return and_(mine, ~outside)


def find_camps(session: Session, clearance: Clearance, bordereau_id: int) -> frozenset[Camp]:
    """The sides on which this person may act on this bordereau; a comptable has none."""
    mine = BordereauElimination.id == bordereau_id
    return frozenset(
        camp
        for camp in Camp
        if session.scalar(
            select(BordereauElimination.id).where(mine, covers(get_cellules(clearance, camp)))
        )
    )


def holds_siren(session: Session, cellules: Collection[int], siren: str) -> bool:
    """Whether one of these cellules is of this collectivité."""
    if not cellules:
        return False
    query = (
        select(Cellule.id)
        .join(Budget, Budget.id == Cellule.budget_id)
        .where(Budget.siren == siren, Cellule.id.in_(list_values(cellules)))
    )
    return session.scalar(query.limit(1)) is not None
