"""A new password: never one that served, checked and hashed before any lock is taken."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.db import Database, Writing
from orc.errors import Conflict, Forbidden
from orc.identity.passwords import MotDePasseFaible, is_right, make_hash
from orc.identity.sessions import Ouverte, close_sessions, hash_cookie, renew_session
from orc.identity.throttling import forget_failures, record_attempt
from orc.journal import Acte, record_acte
from orc.messages import write_to_personne
from orc.models import AncienMotDePasse, CompteTechnique, Personne, read_now


class MotDePasseActuelFaux(Forbidden):
    """Whoever changes a password says the one it replaces."""

    def __init__(self) -> None:
        super().__init__("Le mot de passe actuel n’est pas le bon.")


@dataclass(frozen=True, slots=True)
class _Connu:
    """What of a person a new password is compared with."""

    empreinte: str
    anciennes: tuple[str, ...]
    proches: tuple[str, ...]


def choose_mot_de_passe(
    database: Database, ouverte: Ouverte, actuel: str, nouveau: str, adresse: str
) -> str:
    """Change one's own password; the key of the new cookie. The other sessions end.

    A provisional password, or a code sent, has just been given: it is not asked for again.
    Raises MotDePasseActuelFaux, MotDePasseFaible, or TropDEssais.
    """
    with database.reading() as session:
        connu = _read_known(session, ouverte.personne_id)
    if not may_skip_actuel(ouverte):
        _check_actuel(database, ouverte, connu.empreinte, actuel, adresse)
    empreinte = _make_new_hash(connu, nouveau)
    with database.writing() as session:
        personne = session.get_one(Personne, ouverte.personne_id, with_for_update=True)
        if personne.mot_de_passe != connu.empreinte:
            raise MotDePasseActuelFaux
        put_mot_de_passe(session, personne, empreinte, provisoire=False, par=ouverte.identifiant)
        cookie = renew_session(session, ouverte.cle)
        close_sessions(session, personne.id, but=hash_cookie(cookie))
    return cookie


def may_skip_actuel(ouverte: Ouverte) -> bool:
    """Whether this session exists only to choose a password."""
    return ouverte.provisoire


def _check_actuel(
    database: Database, ouverte: Ouverte, empreinte: str, actuel: str, adresse: str
) -> None:
    with database.writing() as session:
        record_attempt(session, ouverte.identifiant, adresse)
    if not is_right(empreinte, actuel):
        raise MotDePasseActuelFaux
    with database.writing() as session:
        forget_failures(session, ouverte.identifiant)


def set_mot_de_passe(
    session: Writing, personne: Personne, mot_de_passe: str, *, provisoire: bool, par: str
) -> None:
    """Give somebody a new password and end its sessions. Raises MotDePasseFaible, Conflict."""
    if session.get(CompteTechnique, personne.id) is not None:
        raise Conflict("Un compte technique n’a pas de mot de passe : seule une clé l’ouvre.")
    empreinte = _make_new_hash(_read_known(session, personne.id), mot_de_passe)
    put_mot_de_passe(session, personne, empreinte, provisoire=provisoire, par=par)
    close_sessions(session, personne.id)


def put_mot_de_passe(
    session: Writing, personne: Personne, empreinte: str, *, provisoire: bool, par: str
) -> None:
    """Write the new hash, keep the old one, say so in the journal and to the person."""
    now = read_now()
    if personne.mot_de_passe:
        session.add(
            AncienMotDePasse(
                personne_id=personne.id, empreinte=personne.mot_de_passe, remplace_le=now
            )
        )
    personne.mot_de_passe, personne.mot_de_passe_le = empreinte, now
    personne.provisoire = provisoire
    session.flush()
    record_acte(
        session,
        Acte.MOT_DE_PASSE_CHANGE,
        acteur=par,
        objet=f"personne:{personne.id}",
        details={"mot_de_passe": "provisoire" if provisoire else "change"},
    )
    write_to_personne(session, personne.id, "Votre mot de passe a été changé", _AVIS)


_AVIS = (
    "Bonjour,\n\nLe mot de passe de votre compte vient d’être changé, et les autres sessions "
    "ouvertes ont été fermées.\n\nSi ce n’est pas vous, prévenez l’assistance sans attendre.\n"
)


def _read_known(session: Session, personne_id: int) -> _Connu:
    personne = session.get_one(Personne, personne_id)
    query = select(AncienMotDePasse.empreinte).where(AncienMotDePasse.personne_id == personne_id)
    anciennes = tuple(session.scalars(query.order_by(AncienMotDePasse.id.desc())))
    return _Connu(
        personne.mot_de_passe,
        anciennes,
        (personne.identifiant, personne.nom, personne.courriel),
    )


def _make_new_hash(connu: _Connu, nouveau: str) -> str:
    empreinte = make_hash(nouveau, connu.proches)
    if any(is_right(ancienne, nouveau) for ancienne in (connu.empreinte, *connu.anciennes)):
        raise MotDePasseFaible(
            "Ce mot de passe a déjà été le vôtre : il en faut un qui n’a jamais servi."
        )
    return empreinte
