"""Logging in and out: throttled, journaled, one answer for every refusal."""

from sqlalchemy import select

from orc.db import Database, Writing
from orc.errors import Forbidden
from orc.identity.passwords import is_right
from orc.identity.sessions import Ouverte, Venue, close_session, open_session
from orc.identity.throttling import forget_failures, record_attempt
from orc.identity.validite import MotDePasseExpire, has_expired
from orc.journal import Acte, record_acte
from orc.models import Personne


class ConnexionRefusee(Forbidden):
    """The same words whether the account is unknown, disabled, or the password wrong."""

    def __init__(self) -> None:
        super().__init__("Identifiant ou mot de passe incorrect.")


def log_in(
    database: Database,
    identifiant: str,
    mot_de_passe: str,
    adresse: str,
    *,
    navigateur: str = "",
    validite: int = 0,
) -> str:
    """Open a session and give the key of its cookie. `validite`: of a password, in days; 0: none.

    Raises ConnexionRefusee, MotDePasseExpire (to who gave the right one), or TropDEssais. The hash
    is computed between two transactions, so that no lock is held meanwhile.
    """
    identifiant = identifiant.strip()
    with database.writing() as session:
        record_attempt(session, identifiant, adresse)
        personne = session.scalar(
            select(Personne).where(Personne.identifiant == identifiant.casefold())
        )
    known = personne is not None and personne.desactive_le is None
    if not is_right(personne.mot_de_passe if personne and known else None, mot_de_passe):
        _record_refusal(database, personne, adresse)
        raise ConnexionRefusee
    if personne is None:  # pragma: no cover - is_right(None) is never true
        raise ConnexionRefusee
    if has_expired(personne, validite):
        _record_refusal(database, personne, adresse)
        raise MotDePasseExpire(personne.departement)
    try:
        return _enter(database, personne, identifiant, Venue("mot_de_passe", adresse, navigateur))
    except ConnexionRefusee:
        _record_refusal(database, personne, adresse)
        raise


def _enter(database: Database, personne: Personne, identifiant: str, venue: Venue) -> str:
    with database.writing() as session:
        _check_unchanged(session, personne)
        forget_failures(session, identifiant)
        record_acte(
            session,
            Acte.CONNEXION,
            acteur=personne.identifiant,
            personne_id=personne.id,
            details={"adresse": venue.adresse},
        )
        return open_session(session, personne.id, venue)


def _check_unchanged(session: Writing, checked: Personne) -> None:
    """Refuse what was right when it was checked, if it no longer is.

    Whoever closed the account or changed its password meanwhile ended the sessions there were.
    """
    query = select(Personne).where(Personne.id == checked.id).with_for_update(read=True)
    now = session.scalar(query)
    if now is None or now.desactive_le or now.mot_de_passe != checked.mot_de_passe:
        raise ConnexionRefusee


def log_out(database: Database, ouverte: Ouverte) -> None:
    """Close the session of a person who leaves."""
    with database.writing() as session:
        close_session(session, ouverte.cle)
        record_acte(
            session,
            Acte.DECONNEXION,
            acteur=ouverte.identifiant,
            personne_id=ouverte.personne_id,
        )


def _record_refusal(database: Database, personne: Personne | None, adresse: str) -> None:
    # An unknown identifiant is not written: it may be a password typed in the wrong box.
    with database.writing() as session:
        record_acte(
            session,
            Acte.CONNEXION_REFUSEE,
            acteur=personne.identifiant if personne else "inconnu",
            personne_id=personne.id if personne else None,
            details={"adresse": adresse},
        )
