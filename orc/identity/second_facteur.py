"""The second factor: an authentication application, enrolled, asked for, replaced."""

from datetime import datetime

from sqlalchemy import update

from orc.db import Database, Writing
from orc.errors import Conflict, NotFound
from orc.identity.codes import SECOURS, CodeRefuse, drop_codes, put_codes_de_secours, take_code
from orc.identity.coffre import Coffre
from orc.identity.sessions import Ouverte, drop_second_facteur, renew_session, write_second_facteur
from orc.identity.throttling import forget_failures, record_attempt
from orc.identity.totp import find_pas, make_secret
from orc.journal import Acte, record_acte
from orc.messages import write_to_personne
from orc.models import Personne, read_now

_AVIS = (
    "Bonjour,\n\nLe second facteur de votre compte vient d’être {fait}.\n\nSi ce n’est pas vous, "
    "prévenez l’assistance sans attendre.\n"
)


def begin_totp(session: Writing, coffre: Coffre, personne_id: int) -> None:
    """Make the secret that the application will read; it asks for nothing until confirmed.

    Raises Conflict where a second factor is in force.
    """
    personne = session.get_one(Personne, personne_id, with_for_update=True)
    if personne.totp_le is not None:
        raise Conflict("Un second facteur est déjà en place : retirez-le d’abord.")
    personne.totp, personne.totp_pas = coffre.seal(make_secret()), 0


def read_pending(coffre: Coffre, personne: Personne) -> str:
    """The secret not confirmed yet; "" where there is none."""
    return coffre.open(personne.totp) if personne.totp and personne.totp_le is None else ""


def confirm_totp(
    database: Database, coffre: Coffre, ouverte: Ouverte, code: str, adresse: str
) -> tuple[str, tuple[str, ...]]:
    """Put the second factor in force with its first code: the new cookie and recovery codes.

    Raises CodeRefuse, Conflict where nothing was begun, or TropDEssais.
    """
    with database.writing() as session:
        record_attempt(session, _name(ouverte), adresse)
    with database.writing() as session:
        personne = session.get_one(Personne, ouverte.personne_id, with_for_update=True)
        if not personne.totp or personne.totp_le is not None:
            raise Conflict("Aucun second facteur n’attend d’être confirmé.")
        now = read_now()
        pas = find_pas(coffre.open(personne.totp), code, now.timestamp(), personne.totp_pas)
        if pas is None:
            raise CodeRefuse
        personne.totp_le, personne.totp_pas = now, pas
        forget_failures(session, _name(ouverte))
        codes = put_codes_de_secours(session, coffre, personne.id)
        cookie = _enter(session, ouverte, now)
        _record(session, ouverte, Acte.SECOND_FACTEUR, {"etat": "en place"})
        write_to_personne(
            session, personne.id, "Second facteur mis en place", _AVIS.format(fait="mis en place")
        )
    return cookie, codes


def give_second_facteur(
    database: Database, coffre: Coffre, ouverte: Ouverte, code: str, adresse: str
) -> str:
    """Check the code of the application, or a recovery code; the key of the new cookie.

    Raises CodeRefuse, or TropDEssais.
    """
    check_second_facteur(database, coffre, ouverte, code, adresse)
    with database.writing() as session:
        _record(session, ouverte, Acte.SECOND_FACTEUR, {"etat": "donne"})
        return _enter(session, ouverte, read_now())


def check_second_facteur(
    database: Database, coffre: Coffre, ouverte: Ouverte, code: str, adresse: str
) -> None:
    """Take a code, once. Raises CodeRefuse, or TropDEssais: tries are slowed down."""
    with database.writing() as session:
        record_attempt(session, _name(ouverte), adresse)
    if not _take_totp(database, coffre, ouverte.personne_id, code) and (
        take_code(database, coffre, ouverte.personne_id, SECOURS, code) is None
    ):
        with database.writing() as session:
            _record(session, ouverte, Acte.CONNEXION_REFUSEE, {"porte": "second facteur"})
        raise CodeRefuse
    with database.writing() as session:
        forget_failures(session, _name(ouverte))


def _take_totp(database: Database, coffre: Coffre, personne_id: int, code: str) -> bool:
    with database.reading() as session:
        personne = session.get_one(Personne, personne_id)
        if personne.totp_le is None:
            return False
        secret, last = coffre.open(personne.totp), personne.totp_pas
    pas = find_pas(secret, code, read_now().timestamp(), last)
    if pas is None:
        return False
    with database.writing() as session:
        # Two requests with the same code: one only moves the step.
        taken = session.execute(
            update(Personne)
            .where(Personne.id == personne_id, Personne.totp_pas < pas)
            .values(totp_pas=pas)
            .returning(Personne.id)
        )
        return taken.first() is not None


def remove_totp(session: Writing, personne_id: int, *, par: str) -> None:
    """Take the second factor away: the application was lost, or is replaced. Raises NotFound."""
    personne = session.get(Personne, personne_id, with_for_update=True)
    if personne is None or not personne.totp:
        raise NotFound("Ce compte n’a pas de second facteur.")
    personne.totp, personne.totp_le, personne.totp_pas = "", None, 0
    drop_codes(session, personne_id, SECOURS)
    drop_second_facteur(session, personne_id)
    session.flush()
    record_acte(
        session,
        Acte.SECOND_FACTEUR,
        acteur=par,
        objet=f"personne:{personne_id}",
        details={"etat": "retire"},
    )
    write_to_personne(session, personne_id, "Second facteur retiré", _AVIS.format(fait="retiré"))


def _enter(session: Writing, ouverte: Ouverte, now: datetime) -> str:
    write_second_facteur(session, ouverte.cle, now)
    return renew_session(session, ouverte.cle)


def _name(ouverte: Ouverte) -> str:
    """What failures of the second factor are counted under: not those of the password."""
    return f"second:{ouverte.identifiant}"


def _record(session: Writing, ouverte: Ouverte, acte: Acte, details: dict[str, object]) -> None:
    record_acte(
        session,
        acte,
        acteur=ouverte.identifiant,
        personne_id=ouverte.personne_id,
        objet=f"personne:{ouverte.personne_id}",
        details=details,
    )
