"""Structures: collectivités habilitated to designate their people, from when and until when."""

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from orc.db import Writing
from orc.models import Demande, Structure, read_now


def find_structure(session: Session, siren: str, today: date) -> Structure | None:
    """The structure of this SIREN in force that day."""
    query = select(Structure).where(
        Structure.siren == siren,
        Structure.retiree_le.is_(None),
        Structure.depuis <= today,
        or_(Structure.jusqu_a.is_(None), Structure.jusqu_a >= today),
    )
    return session.scalar(query.order_by(Structure.id.desc()).limit(1))


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
