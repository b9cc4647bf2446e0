"""What bordereaux d'élimination wait for, of each side: counts for the home page."""

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orc.access import Clearance
from orc.models import BordereauElimination
from orc.retention.eliminations.etats import Camp, Etat
from orc.retention.eliminations.portee import covers, get_cellules

ATTENDUS: Mapping[Camp, tuple[Etat, ...]] = {
    Camp.ARCHIVES: (Etat.VISA_DEMANDE,),
    Camp.PRODUCTEUR: (Etat.VISE, Etat.VISE_EN_PARTIE, Etat.A_CONTRESIGNER),
}


def count_attendus(session: Session, clearance: Clearance) -> dict[Etat, int]:
    """How many bordereaux wait in each state for a side this person is on; states that do."""
    found: dict[Etat, int] = {}
    for camp, etats in ATTENDUS.items():
        cellules = get_cellules(clearance, camp)
        if not cellules:
            continue
        query = (
            select(BordereauElimination.etat, func.count())
            .where(BordereauElimination.etat.in_([etat.value for etat in etats]), covers(cellules))
            .group_by(BordereauElimination.etat)
        )
        found |= {Etat(etat): count for etat, count in session.execute(query)}
    return found
