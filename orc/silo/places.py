"""Where a flow lies now: the files of the silos that hold it, from SQL."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.models import Emplacement, Fichier


@dataclass(frozen=True, slots=True)
class Place:
    """A file of a silo, and the member of it when it is a zip; `la`: it was there when listed."""

    silo: str
    chemin: str
    membre: str
    la: bool


def find_places(session: Session, flux_id: int) -> list[Place]:
    """Every place of this flow, the surest and cheapest to read first.

    Those still there, plain files before archives, latest first; then those that vanished, which
    may be back unseen.
    """
    query = (
        select(Fichier.silo, Fichier.chemin, Emplacement.membre, Fichier.disparu_le.is_(None))
        .join(Emplacement, Emplacement.fichier_id == Fichier.id)
        .where(Emplacement.flux_id == flux_id, Fichier.remplace_le.is_(None))
        .order_by(Fichier.disparu_le.is_not(None), Fichier.genre, Fichier.id.desc())
    )
    return [Place(*row) for row in session.execute(query)]
