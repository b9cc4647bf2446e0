"""Whose flows a person sees: those of some budgets, or all of them for an administrateur."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from orc.access import Clearance, Lecteur, cover_budgets, find_habilitations
from orc.domain import Role
from orc.models import Budget, Flux, Habilitation, Lien, Piece
from orc.search.paged import among

SEE_THEIR_BUDGETS = frozenset({Role.COMPTABLE, Role.ARCHIVISTE})


@dataclass(frozen=True, slots=True)
class Portee:
    """Whose flows are shown. `budgets` None: everything. `details`: names, or counts alone.

    `clearance`: whose eyes read the anomalies of pieces; None: the operator's, on the machine.
    """

    budgets: frozenset[int] | None
    details: bool
    clearance: Clearance | None = None

    def holds(self, budget_id: int | None) -> bool:
        """Whether a flow of this budget is shown."""
        return self.budgets is None or budget_id in self.budgets


def find_portee(session: Session, lecteur: Lecteur, today: date) -> Portee:
    """Whose flows this person may see: everything for an administrateur, its grants otherwise.

    A comptable sees names; an archiviste counts only (domaine.md, « Who uses it »).
    """
    if Role.ADMINISTRATEUR in lecteur.roles:
        return Portee(None, details=True, clearance=lecteur.clearance)
    grants = find_habilitations(session, lecteur.personne_id, today)
    of_comptable = [g for g in grants if g.role == Role.COMPTABLE]
    kept = of_comptable or [g for g in grants if g.role in SEE_THEIR_BUDGETS]
    ids = find_budgets_granted(session, kept, today)
    return Portee(frozenset(ids), details=bool(of_comptable), clearance=lecteur.clearance)


def find_portee_comptable(session: Session, lecteur: Lecteur, today: date) -> list[int]:
    """The budgets whose exercices this person closes: those of its grants as comptable."""
    grants = find_habilitations(session, lecteur.personne_id, today)
    return find_budgets_granted(session, [g for g in grants if g.role == Role.COMPTABLE], today)


def count_pj(
    session: Session, exercices: Iterable[tuple[int, int]], *, cellules: Collection[int]
) -> int:
    """How many PJ received, of these cellules, are cited in these (budget, exercice)."""
    clauses = [and_(Piece.budget_id == b, Piece.exercice == e) for b, e in exercices]
    total = 0
    # SQLite bounds the depth of an expression: a few at a time.
    for start in range(0, len(clauses), 100):
        query = (
            select(func.count(func.distinct(Lien.pj_id)))
            .join(Piece, Piece.id == Lien.piece_id)
            .where(
                Piece.courante,
                among(Lien.cellule_id, cellules),
                or_(false(), *clauses[start : start + 100]),
            )
        )
        total += session.scalar(query) or 0
    return total


def find_budgets_granted(
    session: Session, grants: Iterable[Habilitation], today: date
) -> list[int]:
    """The budgets that these grants cover that day."""
    return list(session.scalars(select(Budget.id).where(cover_budgets(session, grants, today))))


def of_portee(portee: Portee) -> ColumnElement[bool]:
    """The condition that a flow is one of those shown."""
    return true() if portee.budgets is None else among(Flux.budget_id, portee.budgets)  # type: ignore[arg-type]  # nullable column
