"""API keys of technical accounts: made, found, overlapped, withdrawn; only a SHA-256 is kept."""

import hashlib
import re
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.orm import Session

from orc.db import Database, Writing, lock
from orc.errors import Conflict, Forbidden, NotFound
from orc.identity.throttling import record_attempt
from orc.journal import Acte, record_acte
from orc.models import CleApi, CompteTechnique, Personne, read_now
from orc.settings import Settings

# At most: the one in service and the one that it replaces.
VIVANTES_MAX = 2
# How late `vue_le` may be: each call must not cost a write.
TOUCH_AFTER = timedelta(seconds=60)
_FORME = re.compile(r"orc_([a-z0-9]{8})_[A-Za-z0-9_-]{43}")
_LETTERS = string.ascii_lowercase + string.digits


class DroitApi(StrEnum):
    """What a key may call; what its account may see there comes from its habilitations."""

    RECHERCHE = "recherche"
    CONSULTATION = "consultation"
    EXPORT = "export"
    SILO = "silo"
    SANTE = "sante"


LIBELLES_DROITS_API = {
    DroitApi.RECHERCHE: "Recherche",
    DroitApi.CONSULTATION: "Consultation des pièces",
    DroitApi.EXPORT: "Exports et originaux",
    DroitApi.SILO: "Silo et exercices",
    DroitApi.SANTE: "Santé des traitements",
}
# A partenaire never reads a document (domaine.md, « Who uses it »): nor do the keys it holds.
DROITS_QUI_LISENT = frozenset({DroitApi.RECHERCHE, DroitApi.CONSULTATION, DroitApi.EXPORT})


@dataclass(frozen=True, slots=True)
class Durees:
    """How long a key is valid, and how long the one that it replaces still is."""

    validite: timedelta
    recouvrement: timedelta


@dataclass(frozen=True, slots=True)
class CleNeuve:
    """A key just made: the one moment when it is known in clear."""

    id: int
    cle: str = field(repr=False)
    debut: str
    expire_le: datetime


@dataclass(frozen=True, slots=True)
class ClePresentee:
    """A key in force that a call brought. `to_touch`: its last sight should be written again."""

    id: int
    personne_id: int
    identifiant: str
    nom: str
    droits: frozenset[DroitApi]
    to_touch: bool


class CleRefusee(Forbidden):
    """The same words whether the key is unknown, expired, withdrawn, or its account closed."""

    def __init__(self) -> None:
        super().__init__("Clé d’API refusée.")


def make_durees(settings: Settings) -> Durees:
    """The durations of the settings."""
    return Durees(
        timedelta(days=settings.cle_validite_jours),
        timedelta(days=settings.cle_recouvrement_jours),
    )


def rotate_cle(
    session: Writing,
    personne_id: int,
    durees: Durees,
    *,
    par: str,
    courante: int | None = None,
    now: datetime | None = None,
) -> CleNeuve:
    """Make a key; the one in service goes on for the overlap, at most until its own end.

    `courante`: the key that the caller took for the latest (None: there was none, or no matter);
    Conflict where another came since, so that a form sent twice makes one key. Conflict too where
    two are in force already.
    """
    now = now or read_now()
    lock(session, f"cle:{personne_id}")
    live = list(session.scalars(_select_live(personne_id, now)))
    if courante is not None and courante != (live[0].id if live else 0):
        raise Conflict("Une autre clé a été créée depuis : relisez la liste des clés.")
    if len(live) >= VIVANTES_MAX:
        raise Conflict(
            "Deux clés sont déjà en service : retirez l’ancienne avant d’en créer une autre."
        )
    for old in live:
        old.expire_le = min(old.expire_le, now + durees.recouvrement)
    return _add_cle(session, personne_id, now + durees.validite, par=par, now=now)


def reset_cles(
    session: Writing, personne_id: int, durees: Durees, *, par: str, now: datetime | None = None
) -> CleNeuve:
    """Withdraw every key at once and make a new one: what is done when a key leaked."""
    now = now or read_now()
    lock(session, f"cle:{personne_id}")
    remove_cles(session, personne_id, par=par, now=now)
    return _add_cle(session, personne_id, now + durees.validite, par=par, now=now)


def _add_cle(
    session: Writing, personne_id: int, expire_le: datetime, *, par: str, now: datetime
) -> CleNeuve:
    debut = "".join(secrets.choice(_LETTERS) for _ in range(8))
    cle = f"orc_{debut}_{secrets.token_urlsafe(32)}"
    row = CleApi(
        personne_id=personne_id,
        debut=debut,
        empreinte=hash_cle(cle),
        creee_le=now,
        creee_par=par,
        expire_le=expire_le,
    )
    session.add(row)
    session.flush()
    _record(session, Acte.CLE_CREEE, personne_id, debut, par=par)
    return CleNeuve(row.id, cle, debut, expire_le)


def remove_cle(session: Writing, personne_id: int, cle_id: int, *, par: str) -> None:
    """Withdraw a key of this account: refused from its next call on. Raises NotFound."""
    row = session.get(CleApi, cle_id, with_for_update=True)
    if row is None or row.personne_id != personne_id or row.retiree_le is not None:
        raise NotFound("Cette clé n’existe pas, ou a déjà été retirée.")
    row.retiree_le = read_now()
    session.flush()
    _record(session, Acte.CLE_RETIREE, personne_id, row.debut, par=par)


def remove_cles(
    session: Writing, personne_id: int, *, par: str, now: datetime | None = None
) -> int:
    """Withdraw every key of this account that is in force; how many there were."""
    live = list(session.scalars(_select_live(personne_id, now or read_now())))
    for row in live:
        row.retiree_le = now or read_now()
        _record(session, Acte.CLE_RETIREE, personne_id, row.debut, par=par)
    session.flush()
    return len(live)


def is_live(now: datetime) -> ColumnElement[bool]:
    """The condition that a CleApi row is in force."""
    return CleApi.retiree_le.is_(None) & (CleApi.expire_le > now)


def _select_live(personne_id: int, now: datetime) -> Select[CleApi]:
    return (
        select(CleApi)
        .where(CleApi.personne_id == personne_id, is_live(now))
        .order_by(CleApi.id.desc())
        .with_for_update()
    )


def find_cle(session: Session, cle: str, now: datetime | None = None) -> ClePresentee | None:
    """The key of these characters, in force and of an open account; None otherwise."""
    if not _FORME.fullmatch(cle):
        return None
    now = now or read_now()
    row = session.execute(
        select(CleApi, Personne, CompteTechnique)
        .join(Personne, Personne.id == CleApi.personne_id)
        .join(CompteTechnique, CompteTechnique.personne_id == CleApi.personne_id)
        .where(
            CleApi.empreinte == hash_cle(cle),
            is_live(now),
            Personne.desactive_le.is_(None),
        )
    ).first()
    if row is None:
        return None
    kept, personne, compte = row
    droits = read_droits(compte.droits)
    return ClePresentee(
        kept.id,
        personne.id,
        personne.identifiant,
        personne.nom,
        droits - DROITS_QUI_LISENT if compte.partenaire_id else droits,
        to_touch=kept.vue_le is None or kept.vue_le < now - TOUCH_AFTER,
    )


def touch_cle(session: Writing, cle_id: int) -> None:
    """Write that the key is in use now."""
    session.execute(update(CleApi).where(CleApi.id == cle_id).values(vue_le=read_now()))


def record_refusal(database: Database, cle: str, adresse: str) -> None:
    """Count and journal a bad key. Raises TropDEssais where this address sends too many.

    Addresses of bad keys are counted apart: a connector left with an old key slows down nobody's
    login, nor another connector's good key, which is looked up before anything is counted.
    """
    found = _FORME.fullmatch(cle)
    debut = found[1] if found else ""
    with database.writing() as session:
        record_attempt(session, f"cle:{debut}", f"cle:{adresse}")
        details = {"adresse": adresse, "debut": debut}
        record_acte(session, Acte.CLE_REFUSEE, acteur="inconnu", details=details)


def read_droits(kept: str) -> frozenset[DroitApi]:
    """What the column `droits` says."""
    return frozenset(DroitApi(word) for word in kept.split(",") if word)


def write_droits(droits: Iterable[DroitApi]) -> str:
    """What the column `droits` keeps, in the order of the enumeration."""
    wanted = set(droits)
    return ",".join(droit.value for droit in DroitApi if droit in wanted)


def hash_cle(cle: str) -> str:
    """The SHA-256 under which a key is kept: 256 bits drawn at random need no slow hash."""
    return hashlib.sha256(cle.encode()).hexdigest()


def _record(session: Writing, acte: Acte, personne_id: int, debut: str, *, par: str) -> None:
    objet = f"personne:{personne_id}"
    record_acte(session, acte, acteur=par, objet=objet, details={"debut": debut})
