"""Structures: collectivités habilitated to designate their people, from when and until when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from orc.db import Writing
from orc.models import Collectivite, Demande, Structure, read_now


def find_structure(session: Session, siren: str, today: date) -> Structure | None:
    """The structure of this SIREN in force that day."""
    query = select(Structure).where(Structure.siren == siren, _in_force(today))
    return session.scalar(query.order_by(Structure.id.desc()).limit(1))


def _in_force(today: date) -> ColumnElement[bool]:
    return and_(
        Structure.retiree_le.is_(None),
        Structure.depuis <= today,
        or_(Structure.jusqu_a.is_(None), Structure.jusqu_a >= today),
    )


def open_structure(session: Writing, demande: Demande, *, par: str, today: date) -> None:
    """Habilitate the collectivité of this demande from that day on."""
    session.add(
        Structure(
            siren=demande.siren,
            depuis=today,
            demande_id=demande.id,
            accordee_par=par,
            accordee_le=read_now(),
        )
    )
    session.flush()


def close_structure(session: Writing, structure: Structure, *, par: str) -> None:
    """Withdraw it; the grants that came from it are their holder's no more, see habilitations."""
    structure.retiree_le, structure.retiree_par = read_now(), par
    session.flush()


@dataclass(frozen=True, slots=True)
class StructureVue:
    """A structure in force as a list shows it."""

    siren: str
    nom: str
    depuis: date
    accordee_par: str


def find_structures(session: Session, sirens: Collection[str], today: date) -> list[StructureVue]:
    """The structures in force among these collectivités, by name."""
    query = (
        select(Structure, Collectivite.libelle)
        .outerjoin(Collectivite, Collectivite.siren == Structure.siren)
        .where(Structure.siren.in_(sirens), _in_force(today))
    )
    vues = [
        StructureVue(s.siren, nom or s.siren, s.depuis, s.accordee_par)
        for s, nom in session.execute(query)
    ]
    return sorted(vues, key=lambda vue: (vue.nom, vue.siren))
