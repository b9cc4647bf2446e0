"""The texts that a sortie du silo gave up are removed, whatever stopped who began it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.models import LigneSortie, Sortie, Texte
from orc.retention import jobs
from orc.retention.sorties import A_RETIRER, remove_texts
from orc.storage import Storage
from orc.tasks import INDEX, Ids


class Atelier(jobs.Atelier, Protocol):
    """The means of this task."""

    @property
    def storage(self) -> Storage:
        """Where texts are."""


def register_retraits(orc: Atelier) -> None:
    """Give the broker the task that finishes it: found again at each start by the marked texts."""

    def retirer_textes() -> None:
        remove_texts(orc.database, orc.storage)

    def find_retirer_textes() -> Iterable[Ids]:
        with orc.database.reading() as session:
            left = session.scalar(select(Texte.sha256).where(Texte.etat == A_RETIRER).limit(1))
        return [()] if left else []

    orc.tasks.register(retirer_textes, queue=INDEX, unfinished=find_retirer_textes, unique=True)


@dataclass(frozen=True, slots=True)
class SortieDite:
    """When a PJ left the silo at its term, and under which number of the register."""

    numero: str
    quand: datetime


def find_sortie(session: Session, pj_id: int) -> SortieDite | None:
    """What the register says of a PJ that whoever asks sees; None: it did not leave."""
    query = (
        select(Sortie.numero, Sortie.quand)
        .join(LigneSortie, LigneSortie.sortie_id == Sortie.id)
        .where(LigneSortie.pj_id == pj_id)
    )
    row = session.execute(query).first()
    return SortieDite(row.numero, row.quand) if row else None
