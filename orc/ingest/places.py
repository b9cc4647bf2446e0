"""Where a flow lies now: the files still in the silo that hold it."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.models import Emplacement, Fichier


@dataclass(frozen=True, slots=True)
class Place:
    """A file of a silo, and the member of it when it is a zip."""

    silo: str
    chemin: str
    membre: str


def find_places(session: Session, flux_id: int) -> list[Place]:
    """Every place of this flow, those still there first: a vanished file may be back unseen."""
    query = (
        select(Fichier.silo, Fichier.chemin, Emplacement.membre)
        .join(Emplacement, Emplacement.fichier_id == Fichier.id)
        .where(Emplacement.flux_id == flux_id, Fichier.remplace_le.is_(None))
        .order_by(Fichier.disparu_le.is_not(None), Fichier.id)
    )
    return [Place(*row) for row in session.execute(query)]
