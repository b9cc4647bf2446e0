"""Codes sent to a person: single use, short-lived, a few tries; only their digest is kept."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from orc.db import Database, Writing
from orc.errors import Forbidden
from orc.identity.coffre import Coffre
from orc.models import CodeEnvoye, read_now

OUBLI, COURRIEL, MOBILE, SECOURS = "oubli", "courriel", "mobile", "secours"
CHIFFRES = 8
VIE = timedelta(minutes=10)
# A code is wrong so many times, then no longer works.
ESSAIS_MAX = 5
CODES_DE_SECOURS = 10
VIE_SECOURS = timedelta(days=3650)
# No letter that is read for another.
_LETTRES = "abcdefghjkmnpqrstuvwxyz23456789"


class CodeRefuse(Forbidden):
    """The same words whether the code is wrong, used, too old, or of nobody."""

    def __init__(self) -> None:
        super().__init__(
            "Ce code n’est pas le bon, ou ne sert plus. Vérifiez-le, ou demandez-en un autre."
        )


@dataclass(frozen=True, slots=True)
class Attendu:
    """A code that a person was sent and has not typed yet; `valeur` is what it proves."""

    valeur: str
    expire_le: datetime


def put_code(
    session: Writing, coffre: Coffre, personne_id: int, objet: str, valeur: str = ""
) -> str:
    """A new code for this purpose, in clear here only; those before it no longer work."""
    code = f"{secrets.randbelow(10**CHIFFRES):0{CHIFFRES}}"
    drop_codes(session, personne_id, objet)
    _add(session, coffre, personne_id, objet, code, valeur, VIE)
    return code


def put_codes_de_secours(session: Writing, coffre: Coffre, personne_id: int) -> tuple[str, ...]:
    """Ten new codes that each replace the second factor once; those before no longer work."""
    drop_codes(session, personne_id, SECOURS)
    codes = tuple(
        "-".join("".join(secrets.choice(_LETTRES) for _ in range(5)) for _ in range(2))
        for _ in range(CODES_DE_SECOURS)
    )
    for code in codes:
        _add(session, coffre, personne_id, SECOURS, clean_code(code), "", VIE_SECOURS)
    return codes


def _add(
    session: Writing,
    coffre: Coffre,
    personne_id: int,
    objet: str,
    code: str,
    valeur: str,
    vie: timedelta,
) -> None:
    now = read_now()
    session.add(
        CodeEnvoye(
            personne_id=personne_id,
            objet=objet,
            empreinte=_digest(coffre, personne_id, objet, code),
            valeur=valeur,
            cree_le=now,
            expire_le=now + vie,
        )
    )
    session.flush()


def drop_codes(session: Writing, personne_id: int, objet: str) -> None:
    """The codes sent for this purpose no longer work."""
    session.execute(
        update(CodeEnvoye)
        .where(
            CodeEnvoye.personne_id == personne_id,
            CodeEnvoye.objet == objet,
            CodeEnvoye.utilise_le.is_(None),
        )
        .values(utilise_le=read_now())
    )


def take_code(
    database: Database, coffre: Coffre, personne_id: int, objet: str, code: str
) -> str | None:
    """What the code proves ("" where nothing), once only; None: refused, and the try counts."""
    now = read_now()
    with database.writing() as session:
        rows = session.scalars(_find_open(personne_id, objet, now).with_for_update()).all()
        digest = _digest(coffre, personne_id, objet, clean_code(code))
        right = [row for row in rows if secrets.compare_digest(row.empreinte, digest)]
        for row in rows:
            row.essais += objet != SECOURS
        if not right:
            return None
        right[0].utilise_le = now
        return right[0].valeur


def find_attendu(session: Session, personne_id: int, objet: str) -> Attendu | None:
    """The code that still waits for this purpose."""
    row = session.scalars(_find_open(personne_id, objet, read_now())).first()
    return Attendu(row.valeur, row.expire_le) if row else None


def count_codes_de_secours(session: Session, personne_id: int) -> int:
    """How many recovery codes are left."""
    return len(session.scalars(_find_open(personne_id, SECOURS, read_now())).all())


def _find_open(personne_id: int, objet: str, now: datetime) -> Select[CodeEnvoye]:
    return (
        select(CodeEnvoye)
        .where(
            CodeEnvoye.personne_id == personne_id,
            CodeEnvoye.objet == objet,
            CodeEnvoye.utilise_le.is_(None),
            CodeEnvoye.expire_le > now,
            CodeEnvoye.essais < ESSAIS_MAX,
        )
        .order_by(CodeEnvoye.id)
    )


def clean_code(code: str) -> str:
    """A code as typed, without what people put between its parts."""
    return "".join(c for c in code.casefold() if c.isalnum())[:64]


def _digest(coffre: Coffre, personne_id: int, objet: str, code: str) -> str:
    return coffre.digest("code", str(personne_id), objet, code)
