"""What two people attested destroyed: of one PJ, and how many of a scope."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orc.models import BordereauElimination, LigneElimination, PieceJustificative
from orc.retention.eliminations.lignes import StatutLigne
from orc.retention.eliminations.portee import covers
from orc.retention.regard import sees_pj


@dataclass(frozen=True, slots=True)
class Destruction:
    """The day the collectivité's copy was destroyed, and by which bordereau.

    `bordereau_id` None: the bordereau has lines that who asks does not hold.
    """

    jour: date | None
    numero: str
    bordereau_id: int | None


def find_destruction(session: Session, cellules: Collection[int], pj_id: int) -> Destruction | None:
    """How the copy of a PJ that was shown to who asks was destroyed; None: it was not."""
    bordereau = BordereauElimination
    query = (
        select(bordereau.detruite_le, bordereau.numero, bordereau.id, covers(cellules))
        .join(LigneElimination, LigneElimination.bordereau_id == bordereau.id)
        .where(
            LigneElimination.pj_id == pj_id,
            LigneElimination.statut == StatutLigne.DETRUITE.value,
        )
    )
    row = session.execute(query).first()
    if row is None:
        return None
    jour, numero, bordereau_id, held = row
    return Destruction(jour, numero, bordereau_id if held else None)


def count_detruites(session: Session, cellules: Collection[int], siren: str = "") -> int:
    """How many PJ seen from these cellules have their copy destroyed."""
    query = (
        select(func.count())
        .select_from(PieceJustificative)
        .join(LigneElimination, LigneElimination.pj_id == PieceJustificative.id)
        .where(LigneElimination.statut == StatutLigne.DETRUITE.value, sees_pj(cellules))
    )
    if siren:
        query = query.where(PieceJustificative.siren == siren)
    return session.scalar(query) or 0 if cellules else 0
