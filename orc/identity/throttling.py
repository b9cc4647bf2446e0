"""Guessing is slowed down, by identifiant and by address; nobody is ever locked out for good."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select

from orc.db import Writing, lock
from orc.errors import Conflict
from orc.models import EchecConnexion, read_now

WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Palier:
    """So many failures are free; then the wait doubles from one second, up to `attente_max`."""

    libres: int
    attente_max: int

    def wait(self, echecs: int) -> timedelta:
        """How long after the last of these failures the next try may come."""
        if echecs < self.libres:
            return timedelta()
        return timedelta(seconds=min(2 ** min(echecs - self.libres, 20), self.attente_max))


PAR_IDENTIFIANT = Palier(libres=5, attente_max=60)
# An address may be that of a whole town hall.
PAR_ADRESSE = Palier(libres=30, attente_max=300)


class TropDEssais(Conflict):
    """Too many failures: the same answer whether the account exists or not."""

    def __init__(self, secondes: int) -> None:
        super().__init__(
            f"Trop d’essais de connexion. Attendez {secondes} seconde{'s' if secondes > 1 else ''}"
            " avant d’essayer de nouveau."
        )
        self.secondes = secondes


def record_attempt(
    session: Writing,
    identifiant: str,
    adresse: str,
    now: datetime | None = None,
    *,
    par_identifiant: Palier = PAR_IDENTIFIANT,
) -> None:
    """Count a try as a failure before it is made, so that tries sent together all count.

    Raises TropDEssais, and counts nothing, when the wait is not over. A person's own success
    erases the failures of its identifiant.
    """
    now = now or read_now()
    cle = hash_identifiant(identifiant)
    # Tries of the same person, or from the same address, are counted one after the other.
    lock(session, f"essai:{cle}", f"essai:{adresse}")
    _forget_old(session, now)
    waits = (
        _read_wait(session, par_identifiant, EchecConnexion.identifiant == cle, now),
        _read_wait(session, PAR_ADRESSE, EchecConnexion.adresse == adresse, now),
    )
    if (wait := max(waits)) > 0:
        raise TropDEssais(wait)
    session.add(EchecConnexion(quand=now, identifiant=cle, adresse=adresse))
    session.flush()


def _forget_old(session: Writing, now: datetime) -> None:
    old = select(EchecConnexion.id).where(EchecConnexion.quand < now - WINDOW)
    # Those that another try is forgetting are left to it.
    free = old.with_for_update(skip_locked=True)
    session.execute(delete(EchecConnexion).where(EchecConnexion.id.in_(free)))


def forget_failures(session: Writing, identifiant: str) -> None:
    """After a success: this person starts afresh."""
    cle = hash_identifiant(identifiant)
    session.execute(delete(EchecConnexion).where(EchecConnexion.identifiant == cle))


def hash_identifiant(identifiant: str) -> str:
    """What is kept of a typed identifiant: people type their password there by mistake."""
    return hashlib.sha256(identifiant.strip().casefold().encode()).hexdigest()


def _read_wait(session: Writing, palier: Palier, which: ColumnElement[bool], now: datetime) -> int:
    echecs, dernier = session.execute(
        select(func.count(), func.max(EchecConnexion.quand)).where(which)
    ).one()
    if not echecs:
        return 0
    left = dernier + palier.wait(echecs) - now
    return max(0, -int(-left.total_seconds() // 1))
