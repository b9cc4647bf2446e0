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
    )


def touch_session(session: Writing, cle: str) -> None:
    """Write that the session is in use now."""
    session.execute(update(SessionWeb).where(SessionWeb.cle == cle).values(vue_le=read_now()))


def close_session(session: Writing, cle: str) -> None:
    """End this session; its key opens nothing any more."""
    _close(session, SessionWeb.cle == cle)


def close_sessions(session: Writing, personne_id: int, *, porte: str = "") -> None:
    """End every session of a person; `porte`: those that came by this door only."""
    which = SessionWeb.personne_id == personne_id
    _close(session, which & (SessionWeb.porte == porte) if porte else which)


def _close(session: Writing, which: ColumnElement[bool]) -> None:
    session.execute(
        update(SessionWeb).where(which, SessionWeb.fermee_le.is_(None)).values(fermee_le=read_now())
    )


def hash_cookie(cookie: str) -> str:
    """The SHA-256 under which a session is kept."""
    return hashlib.sha256(cookie.encode()).hexdigest()
