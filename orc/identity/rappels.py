"""Reminders before something expires: once each, at the days of the settings."""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import select

from orc.db import Database, Writing
from orc.domain import format_date, format_nombre
from orc.errors import Invalid
from orc.identity.validite import find_expiration
from orc.journal import Acte, record_acte
from orc.messages import forget_secrets, write_to_personne
from orc.models import Ecriture, Personne, read_now

PROGRAMME = "rappels"


def read_jours(texte: str) -> tuple[int, ...]:
    """`30,15,7,1` as numbers of days, the longest first. Raises Invalid."""
    parts = [part.strip() for part in texte.split(",") if part.strip()]
    if not all(part.isdecimal() for part in parts):
        raise Invalid("ORC_RAPPELS_JOURS attend des nombres de jours : 30,15,7,1.")
    return tuple(sorted({int(part) for part in parts}, reverse=True))


def find_palier(expire_le: date, today: date, jours: Sequence[int]) -> int | None:
    """The reminder due that day: the smallest number of days not passed yet; None: none.

    A day missed is made up for by the next run, by one message and not by all those missed.
    """
    left = (expire_le - today).days
    due = [palier for palier in jours if left <= palier]
    return min(due) if due and left > 0 else None


def remind(
    session: Writing,
    personne_id: int,
    quoi: str,
    expire_le: date,
    *,
    jours: Sequence[int],
    objet: str,
    corps: str,
    today: date,
) -> bool:
    """Write to a person that something expires, if a reminder is due and was not sent.

    `quoi` names the thing, as `mot_de_passe:12` or `cle:45`; `{jour}` and `{reste}` in `objet` and
    `corps` become the date and the days left.
    """
    palier = find_palier(expire_le, today, jours)
    if palier is None:
        return False
    said = {
        "jour": format_date(expire_le),
        "reste": format_nombre((expire_le - today).days, "jour"),
    }
    written = write_to_personne(
        session,
        personne_id,
        _fill(objet, said),
        _fill(corps, said),
        unique=f"validite:{quoi}:{expire_le.isoformat()}:{palier}",
    )
    return written is not None


def _fill(texte: str, said: dict[str, str]) -> str:
    for name, value in said.items():
        texte = texte.replace(f"{{{name}}}", value)
    return texte


OBJET = "Votre mot de passe expire dans {reste}"
CORPS = (
    "Bonjour,\n\nLe mot de passe de votre compte {identifiant} expire le {jour}, dans {reste}. "
    "Changez-le avant : la page « Mes informations » le permet. Passé ce jour, seul le contact de "
    "votre département pourra vous en donner un autre.\n\n"
    "Ce message ne demande ni mot de passe ni code : n’en donnez à personne.\n"
)


def remind_mots_de_passe(session: Writing, validite: int, jours: Sequence[int], today: date) -> int:
    """Write to each person whose password expires soon; how many were written to."""
    query = select(Personne).where(
        Personne.desactive_le.is_(None), Personne.mot_de_passe != "", Personne.courriel != ""
    )
    written = 0
    for personne in session.scalars(query).all():
        end = find_expiration(personne.mot_de_passe_le or personne.cree_le, validite)
        if end is not None:
            corps = CORPS.replace("{identifiant}", personne.identifiant)
            written += remind(
                session,
                personne.id,
                f"mot_de_passe:{personne.id}",
                end,
                jours=jours,
                objet=OBJET,
                corps=corps,
                today=today,
            )
    return written


def send_rappels(database: Database, validite: int, jours: Sequence[int], today: date) -> int:
    """The daily work: reminders of passwords, secrets forgotten; how many reminders."""
    with database.writing() as session:
        written = remind_mots_de_passe(session, validite, jours, today)
        forget_secrets(session)
        record_acte(
            session, Acte.RAPPELS, acteur=PROGRAMME, objet=today.isoformat(),
            details={"ecrits": written},
        )  # fmt: skip
    return written


def find_rappels(database: Database) -> Iterable[tuple[()]]:
    """One run to make, where none was made today."""
    query = select(Ecriture.quand).where(Ecriture.acte == Acte.RAPPELS)
    with database.reading() as session:
        last = session.scalar(query.order_by(Ecriture.id.desc()).limit(1))
    now = read_now()
    return [] if last and last.astimezone().date() >= now.astimezone().date() else [()]
