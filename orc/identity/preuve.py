"""Proving again who one is, before signing or before changing what identifies one."""

from datetime import datetime, timedelta

from orc.db import Database
from orc.errors import Conflict, Forbidden
from orc.identity.coffre import Coffre
from orc.identity.passwords import is_right
from orc.identity.second_facteur import check_second_facteur
from orc.identity.sessions import Ouverte, write_preuve
from orc.identity.throttling import forget_failures, record_attempt
from orc.journal import Acte, record_acte
from orc.models import Personne, read_now

DUREE = timedelta(minutes=10)


class PreuveNecessaire(Forbidden):
    """The last proof is too old for this act; `retour`: the page that holds its form, if known."""

    def __init__(self, retour: str = "") -> None:
        super().__init__("Cette action demande de prouver de nouveau qui vous êtes.")
        self.retour = retour


class PreuveRefusee(Forbidden):
    """The password given is not the right one."""

    def __init__(self) -> None:
        super().__init__("Le mot de passe n’est pas le bon.")


def is_proven(ouverte: Ouverte, now: datetime | None = None) -> bool:
    """Whether the person of this session proved who it is within DUREE."""
    return ouverte.preuve_le is not None and ouverte.preuve_le > (now or read_now()) - DUREE


def check_preuve(ouverte: Ouverte, now: datetime | None = None, *, retour: str = "") -> None:
    """Raise PreuveNecessaire where the last proof is too old."""
    if not is_proven(ouverte, now):
        raise PreuveNecessaire(retour)


def check_entree(ouverte: Ouverte, now: datetime | None = None, *, retour: str = "") -> None:
    """Raise PreuveNecessaire unless a proof is recent, or the password that opened this session.

    For what a person does as soon as it came in: asked again, the same password proves nothing
    more. A second factor, where there is one, was asked for at the same time, and is a proof.
    """
    by_password = ouverte.porte == "mot_de_passe" and not ouverte.totp
    since = ouverte.ouverte_le if by_password else None
    if since is None or since <= (now or read_now()) - DUREE:
        check_preuve(ouverte, now, retour=retour)


def prove(database: Database, coffre: Coffre, ouverte: Ouverte, donne: str, adresse: str) -> None:
    """Take the code of the second factor, or the password where there is none.

    Raises CodeRefuse, PreuveRefusee, TropDEssais; Conflict where the person has neither.
    """
    if ouverte.totp:
        check_second_facteur(database, coffre, ouverte, donne, adresse)
    else:
        _check_mot_de_passe(database, ouverte, donne, adresse)
    with database.writing() as session:
        write_preuve(session, ouverte.cle)
        record_acte(
            session, Acte.PREUVE, acteur=ouverte.identifiant, personne_id=ouverte.personne_id
        )


def _check_mot_de_passe(database: Database, ouverte: Ouverte, donne: str, adresse: str) -> None:
    with database.writing() as session:
        record_attempt(session, ouverte.identifiant, adresse)
        empreinte = session.get_one(Personne, ouverte.personne_id).mot_de_passe
    if not empreinte:
        raise Conflict("Votre compte n’a pas de mot de passe : mettez en place un second facteur.")
    if not is_right(empreinte, donne):
        raise PreuveRefusee
    with database.writing() as session:
        forget_failures(session, ouverte.identifiant)
