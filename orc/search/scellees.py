"""Searches whose address says nothing: the words stay here, the address carries a key."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from orc.db import Writing, insert_missing
from orc.models import RechercheScellee, read_now

# A page proposes a hundred searches; those that nobody opened are forgotten.
KEPT_UNSEEN = timedelta(days=2)
CLE_MAX = 40


def hash_requete(requete: str) -> str:
    """What tells one question of a person from another."""
    return hashlib.sha256(requete.encode()).hexdigest()


def seal_recherches(session: Writing, personne_id: int, requetes: Iterable[str]) -> dict[str, str]:
    """The key of each query string for this person: always the same one, made when first met."""
    now = read_now()
    wanted = {hash_requete(requete): requete for requete in requetes}
    session.execute(
        delete(RechercheScellee).where(
            RechercheScellee.personne_id == personne_id,
            RechercheScellee.vue_le.is_(None),
            RechercheScellee.cree_le < now - KEPT_UNSEEN,
        )
    )
    known = _find_cles(session, personne_id, wanted)
    rows = [
        {
            "cle": secrets.token_urlsafe(16),
            "personne_id": personne_id,
            "empreinte": empreinte,
            "requete": requete,
            "cree_le": now,
        }
        for empreinte, requete in wanted.items()
        if empreinte not in known
    ]
    if rows:
        insert_missing(session, RechercheScellee, rows)
        known = _find_cles(session, personne_id, wanted)
    return {requete: known[empreinte] for empreinte, requete in wanted.items()}


def _find_cles(session: Session, personne_id: int, empreintes: Iterable[str]) -> dict[str, str]:
    query = select(RechercheScellee.empreinte, RechercheScellee.cle).where(
        RechercheScellee.personne_id == personne_id,
        RechercheScellee.empreinte.in_(list(empreintes)),
    )
    return {row.empreinte: row.cle for row in session.execute(query)}


def find_requete(session: Session, personne_id: int, cle: str) -> str | None:
    """The query string behind a key of this person; None for another's, or for none."""
    return session.scalar(
        select(RechercheScellee.requete).where(
            RechercheScellee.cle == cle[:CLE_MAX], RechercheScellee.personne_id == personne_id
        )
    )


def mark_seen(session: Writing, personne_id: int, cle: str) -> None:
    """Keep this search: its address was opened, and may be a bookmark."""
    session.execute(
        update(RechercheScellee)
        .where(
            RechercheScellee.cle == cle[:CLE_MAX],
            RechercheScellee.personne_id == personne_id,
            RechercheScellee.vue_le.is_(None),
        )
        .values(vue_le=read_now())
    )
