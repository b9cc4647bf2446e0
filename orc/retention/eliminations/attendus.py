"""What bordereaux d'élimination wait for, of each side: counts for the home page."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from orc.access import Clearance
from orc.models import BordereauElimination
from orc.retention.eliminations.etats import Camp, Etat
from orc.retention.eliminations.portee import covers, get_cellules

ATTENDUS: Mapping[Camp, tuple[Etat, ...]] = {
    Camp.ARCHIVES: (Etat.VISA_DEMANDE,),
    Camp.PRODUCTEUR: (
        Etat.PROPOSEE,
        Etat.VISE,
        Etat.VISE_EN_PARTIE,
        Etat.DELAI,
        Etat.A_CONTRESIGNER,
    ),
}


def count_attendus(
    session: Session, clearance: Clearance, certificat: Camp, today: date
) -> dict[Etat, int]:
    """How many bordereaux wait in each state for a side this person is on; states that do.

    A délai that runs waits for nobody; `certificat` is the side that signs the certificate.
    """
    found: dict[Etat, int] = {}
    bordereau = BordereauElimination
    over = or_(bordereau.etat != Etat.DELAI.value, bordereau.delai_jusqu_a < today)
    for camp, etats in ATTENDUS.items():
        cellules = get_cellules(clearance, camp)
        if not cellules:
            continue
        asked = (*etats, Etat.ATTESTEE) if camp is certificat else etats
        query = (
            select(bordereau.etat, func.count())
            .where(bordereau.etat.in_([e.value for e in asked]), over, covers(cellules))
            .group_by(bordereau.etat)
        )
        found |= {Etat(etat): count for etat, count in session.execute(query)}
    return found
