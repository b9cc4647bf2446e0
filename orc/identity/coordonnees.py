"""The mail address and the mobile number of a person: what a code proved, and nothing before."""

from orc.db import Database, Writing
from orc.errors import NotFound
from orc.identity.codes import COURRIEL, MOBILE, VIE, CodeRefuse, put_code, take_code
from orc.identity.coffre import Coffre
from orc.identity.sessions import Ouverte
from orc.identity.throttling import Palier, record_attempt
from orc.journal import Acte, record_acte
from orc.messages import (
    Canal,
    NouveauMessage,
    check_courriel,
    check_mobile,
    write_message,
    write_to_personne,
)
from orc.models import Personne, read_now

COORDONNEES = (COURRIEL, MOBILE)
# Each try sends a message to somebody who may not have asked for it.
PAR_COMPTE = Palier(libres=5, attente_max=900)
_AVIS = (
    "Bonjour,\n\n{quoi} de votre compte vient d’être changé.\n\nSi ce n’est pas vous, prévenez "
    "l’assistance sans attendre.\n"
)


def ask_verification(
    database: Database, coffre: Coffre, ouverte: Ouverte, quoi: str, valeur: str, adresse: str
) -> None:
    """Send a code to the address or number. Raises Invalid, or TropDEssais."""
    mail = quoi == COURRIEL
    found = check_courriel(valeur, nominatif=True) if mail else check_mobile(valeur)
    with database.writing() as session:
        record_attempt(
            session,
            f"verification:{ouverte.identifiant}",
            f"verification:{adresse}",
            par_identifiant=PAR_COMPTE,
        )
        code = put_code(session, coffre, ouverte.personne_id, quoi, found)
        write_message(
            session,
            NouveauMessage(
                Canal.COURRIEL if mail else Canal.SMS,
                found,
                "Vérification de votre adresse",
                f"ORC : votre code de vérification est {code}. Il sert une fois, pendant 10 "
                "minutes. Si vous n’avez rien demandé, ignorez ce message.",
                personne_id=ouverte.personne_id,
                secret=True,
                expire_le=read_now() + VIE,
            ),
        )
        record_acte(
            session, Acte.CODE_ENVOYE, acteur=ouverte.identifiant,
            personne_id=ouverte.personne_id, details={"objet": quoi},
        )  # fmt: skip


def confirm(database: Database, coffre: Coffre, ouverte: Ouverte, quoi: str, code: str) -> None:
    """Take the code: what it proves is written, and the address before is told. CodeRefuse."""
    valeur = take_code(database, coffre, ouverte.personne_id, quoi, code)
    if valeur is None:
        raise CodeRefuse
    with database.writing() as session:
        personne = session.get_one(Personne, ouverte.personne_id, with_for_update=True)
        nom = "L’adresse de courriel" if quoi == COURRIEL else "Le numéro de mobile"
        write_to_personne(
            session, personne.id, "Vos coordonnées ont changé", _AVIS.format(quoi=nom)
        )
        if quoi == COURRIEL:
            personne.courriel, personne.courriel_verifie_le = valeur, read_now()
        else:
            personne.mobile = valeur
        _record(session, ouverte, quoi)


def remove_mobile(session: Writing, ouverte: Ouverte) -> None:
    """Forget the mobile number. Raises NotFound where there is none."""
    personne = session.get_one(Personne, ouverte.personne_id, with_for_update=True)
    if not personne.mobile:
        raise NotFound("Aucun numéro de mobile n’est enregistré.")
    personne.mobile = ""
    write_to_personne(
        session, personne.id, "Vos coordonnées ont changé", _AVIS.format(quoi="Le numéro de mobile")
    )
    _record(session, ouverte, "mobile retiré")


def _record(session: Writing, ouverte: Ouverte, quoi: str) -> None:
    session.flush()
    record_acte(
        session,
        Acte.COORDONNEES,
        acteur=ouverte.identifiant,
        personne_id=ouverte.personne_id,
        objet=f"personne:{ouverte.personne_id}",
        details={"change": quoi},
    )
