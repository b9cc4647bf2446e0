"""How long a password is valid, and the provisional ones that others give."""

import secrets
from datetime import date, datetime, timedelta

from orc.errors import Forbidden
from orc.models import Personne, read_now

# No letter that is read for another; 20 letters are 98 bits.
_LETTRES = "abcdefghjkmnpqrstuvwxyz23456789"


class MotDePasseExpire(Forbidden):
    """Right, but too old: only the contact of the département gives another."""

    def __init__(self, departement: str) -> None:
        super().__init__("Votre mot de passe a expiré : il n’ouvre plus votre compte.")
        self.departement = departement


def find_expiration(mot_de_passe_le: datetime | None, jours: int) -> date | None:
    """The first day when a password no longer opens; None: it stays valid. Civil days."""
    if not jours or mot_de_passe_le is None:
        return None
    return mot_de_passe_le.astimezone().date() + timedelta(days=jours)


def has_expired(personne: Personne, jours: int, now: datetime | None = None) -> bool:
    """Whether the password of this person no longer opens."""
    end = find_expiration(personne.mot_de_passe_le or personne.cree_le, jours)
    return end is not None and (now or read_now()).astimezone().date() >= end


def make_provisoire() -> str:
    """A password to hand over once, in five groups that can be read aloud."""
    return "-".join("".join(secrets.choice(_LETTRES) for _ in range(4)) for _ in range(5))
