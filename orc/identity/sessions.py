"""Sessions kept by the server: the cookie is a random key, SQL holds only its SHA-256."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from orc.db import Writing
from orc.errors import Forbidden
from orc.models import Personne, SessionWeb, read_now
from orc.settings import Settings

# How late `vue_le` may be: each page read must not cost a write.
TOUCH_AFTER = timedelta(seconds=60)
KEPT_AFTER = timedelta(days=30)
# What of a key names a session on a page: nobody makes the key, nor the cookie, from it.
NUMERO = 16
PAR_MOT_DE_PASSE = ("mot_de_passe", "oubli")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts: without a request, and in all."""

    inactive: timedelta
    total: timedelta


@dataclass(frozen=True, slots=True)
class Ouverte:
    """A session in force and its person. `to_touch`: its last sight should be written again."""

    cle: str
    personne_id: int
    identifiant: str
    nom: str
    csrf: str
    to_touch: bool
    porte: str = "mot_de_passe"
    # Its password was given by somebody else, or replaced by a code: to be changed first.
    provisoire: bool = False
    # A second factor is in force on the account; it was given in this session.
    totp: bool = False
    second_facteur: bool = False
    preuve_le: datetime | None = None
    ouverte_le: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionVue:
    """An open session as its person sees it; `numero` tells it from the others."""

    numero: str
    porte: str
    adresse: str
    navigateur: str
    ouverte_le: datetime
    vue_le: datetime
    ici: bool


class PorteFermee(Forbidden):
    """Another door than the password opened nothing; the words are each door's."""


@dataclass(frozen=True, slots=True)
class Venue:
    """How a person came in: by which door, from where, with a second factor or not."""

    porte: str = "mot_de_passe"
    adresse: str = ""
    navigateur: str = ""
    second_facteur: bool = False


def make_limits(settings: Settings) -> Limits:
    """The limits of the settings."""
    return Limits(
        timedelta(minutes=settings.session_minutes_inactive),
        timedelta(hours=settings.session_heures_max),
    )


def open_session(session: Writing, personne_id: int, venue: Venue | None = None) -> str:
    """Open a new session and give the key of its cookie, which is written nowhere."""
    cookie = secrets.token_urlsafe(32)
    now, venue = read_now(), venue or Venue()
    old = select(SessionWeb.cle).where(SessionWeb.vue_le < now - KEPT_AFTER)
    # Those that another login is forgetting are left to it.
    free = old.with_for_update(skip_locked=True)
    session.execute(delete(SessionWeb).where(SessionWeb.cle.in_(free)))
    session.add(
        SessionWeb(
            cle=hash_cookie(cookie),
            personne_id=personne_id,
            csrf=secrets.token_urlsafe(32),
            porte=venue.porte,
            adresse=venue.adresse[:100],
            navigateur=venue.navigateur[:200],
            second_facteur_le=now if venue.second_facteur else None,
            ouverte_le=now,
            vue_le=now,
        )
    )
    session.flush()
    return cookie


def find_session(
    session: Session, cookie: str, limits: Limits, now: datetime | None = None
) -> Ouverte | None:
    """The session of this cookie, or None: unknown, closed, too old, or its account disabled."""
    now = now or read_now()
    row = session.execute(
        select(SessionWeb, Personne)
        .join(Personne, Personne.id == SessionWeb.personne_id)
        .where(
            SessionWeb.cle == hash_cookie(cookie),
            SessionWeb.fermee_le.is_(None),
            SessionWeb.vue_le > now - limits.inactive,
            SessionWeb.ouverte_le > now - limits.total,
            Personne.desactive_le.is_(None),
        )
    ).first()
    if row is None:
        return None
    kept, personne = row
    return Ouverte(
        kept.cle,
        personne.id,
        personne.identifiant,
        personne.nom,
        kept.csrf,
        to_touch=kept.vue_le < now - TOUCH_AFTER,
        porte=kept.porte,
        # Who comes by another door has no password to change.
        provisoire=personne.provisoire and kept.porte in PAR_MOT_DE_PASSE,
        totp=personne.totp_le is not None,
        second_facteur=kept.second_facteur_le is not None,
        preuve_le=kept.preuve_le,
        ouverte_le=kept.ouverte_le,
    )


def touch_session(session: Writing, cle: str) -> None:
    """Write that the session is in use now."""
    session.execute(update(SessionWeb).where(SessionWeb.cle == cle).values(vue_le=read_now()))


def close_session(session: Writing, cle: str) -> None:
    """End this session; its key opens nothing any more."""
    _close(session, SessionWeb.cle == cle)


def close_sessions(session: Writing, personne_id: int, *, porte: str = "", but: str = "") -> None:
    """End every session of a person; `porte`: those of this door only; `but`: all but this key."""
    which = (SessionWeb.personne_id == personne_id) & (SessionWeb.cle != but)
    _close(session, which & (SessionWeb.porte == porte) if porte else which)


def close_numero(session: Writing, personne_id: int, numero: str) -> None:
    """End the session of that number, if it is this person's."""
    if len(numero) == NUMERO:
        mine = SessionWeb.personne_id == personne_id
        _close(session, mine & SessionWeb.cle.startswith(numero, autoescape=True))


def find_sessions(
    session: Session, ouverte: Ouverte, limits: Limits, now: datetime | None = None
) -> list[SessionVue]:
    """The sessions of this person still in force, the last seen first."""
    now = now or read_now()
    query = (
        select(SessionWeb)
        .where(
            SessionWeb.personne_id == ouverte.personne_id,
            SessionWeb.fermee_le.is_(None),
            SessionWeb.vue_le > now - limits.inactive,
            SessionWeb.ouverte_le > now - limits.total,
        )
        .order_by(SessionWeb.vue_le.desc(), SessionWeb.cle)
    )
    return [
        SessionVue(
            row.cle[:NUMERO],
            row.porte,
            row.adresse,
            row.navigateur,
            row.ouverte_le,
            row.vue_le,
            row.cle == ouverte.cle,
        )
        for row in session.scalars(query)
    ]


def renew_session(session: Writing, cle: str) -> str:
    """Give a session another key, once it opens more than before: the key of the new cookie."""
    cookie = secrets.token_urlsafe(32)
    session.execute(
        update(SessionWeb)
        .where(SessionWeb.cle == cle)
        .values(cle=hash_cookie(cookie), csrf=secrets.token_urlsafe(32))
    )
    return cookie


def write_second_facteur(session: Writing, cle: str, now: datetime) -> None:
    """The second factor was given in this session; it proves who the person is, too."""
    session.execute(
        update(SessionWeb).where(SessionWeb.cle == cle).values(second_facteur_le=now, preuve_le=now)
    )


def drop_second_facteur(session: Writing, personne_id: int) -> None:
    """The second factor is gone: sessions opened by the password have none any more."""
    session.execute(
        update(SessionWeb)
        .where(SessionWeb.personne_id == personne_id, SessionWeb.porte.in_(PAR_MOT_DE_PASSE))
        .values(second_facteur_le=None)
    )


def write_preuve(session: Writing, cle: str) -> None:
    """The person of this session proved again who it is."""
    session.execute(update(SessionWeb).where(SessionWeb.cle == cle).values(preuve_le=read_now()))


def _close(session: Writing, which: ColumnElement[bool]) -> None:
    session.execute(
        update(SessionWeb).where(which, SessionWeb.fermee_le.is_(None)).values(fermee_le=read_now())
    )


def hash_cookie(cookie: str) -> str:
    """The SHA-256 under which a session is kept."""
    return hashlib.sha256(cookie.encode()).hexdigest()
