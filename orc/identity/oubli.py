"""A forgotten password: a code by SMS where a mobile is on file, and one answer for everybody."""

from sqlalchemy import select

from orc.db import Database, Writing
from orc.identity.codes import OUBLI, VIE, CodeRefuse, put_code, take_code
from orc.identity.coffre import Coffre
from orc.identity.sessions import Venue, open_session
from orc.identity.throttling import Palier, forget_failures, record_attempt
from orc.identity.validite import has_expired
from orc.journal import Acte, record_acte
from orc.messages import Canal, NouveauMessage, write_message
from orc.models import Personne, read_now

# A SMS costs: few codes, then a wait that grows to a quarter of an hour.
PAR_COMPTE = Palier(libres=3, attente_max=900)
PORTE = "oubli"


def ask_code(
    database: Database, coffre: Coffre, identifiant: str, adresse: str, validite: int
) -> None:
    """Send a code to the mobile of this account, if it may have one; say nothing of it.

    Raises TropDEssais, for accounts that do not exist as for those that do.
    """
    with database.writing() as session:
        record_attempt(
            session, f"oubli:{identifiant.strip()}", f"oubli:{adresse}", par_identifiant=PAR_COMPTE
        )
        personne = _find_personne(session, identifiant, validite)
        if personne is None:
            return
        code = put_code(session, coffre, personne.id, OUBLI)
        write_message(
            session,
            NouveauMessage(
                Canal.SMS,
                personne.mobile,
                "Mot de passe oublié",
                f"ORC : votre code provisoire est {code}. Il sert une fois, pendant 10 minutes. "
                "Ne le donnez à personne.",
                personne_id=personne.id,
                secret=True,
                expire_le=read_now() + VIE,
            ),
        )
        record_acte(
            session, Acte.CODE_ENVOYE, acteur="inconnu", objet=f"personne:{personne.id}",
            details={"adresse": adresse, "objet": OUBLI},
        )  # fmt: skip


def enter_by_code(
    database: Database,
    coffre: Coffre,
    identifiant: str,
    code: str,
    adresse: str,
    *,
    navigateur: str = "",
    validite: int = 0,
) -> str:
    """Open a session that asks for a new password at once; the key of its cookie.

    The second factor of the account, if it has one, is still asked for. Raises CodeRefuse, or
    TropDEssais.
    """
    identifiant = identifiant.strip()
    with database.writing() as session:
        record_attempt(session, identifiant, adresse)
        personne = _find_personne(session, identifiant, validite)
    if personne is None or take_code(database, coffre, personne.id, OUBLI, code) is None:
        _record_refusal(database, personne, adresse)
        raise CodeRefuse
    with database.writing() as session:
        kept = session.get_one(Personne, personne.id, with_for_update=True)
        if kept.desactive_le is not None:
            raise CodeRefuse
        kept.provisoire = True
        forget_failures(session, identifiant)
        forget_failures(session, f"oubli:{identifiant}")
        record_acte(
            session, Acte.CONNEXION, acteur=kept.identifiant, personne_id=kept.id,
            details={"adresse": adresse, "porte": PORTE},
        )  # fmt: skip
        return open_session(session, kept.id, Venue(PORTE, adresse, navigateur))


def _find_personne(session: Writing, identifiant: str, validite: int) -> Personne | None:
    """The person of this account, where a code may be sent to it."""
    query = select(Personne).where(Personne.identifiant == identifiant.strip().casefold())
    personne = session.scalar(query)
    if personne is None or personne.desactive_le is not None or not personne.mobile:
        return None
    if not personne.mot_de_passe or has_expired(personne, validite):
        return None
    return personne


def _record_refusal(database: Database, personne: Personne | None, adresse: str) -> None:
    with database.writing() as session:
        record_acte(
            session, Acte.CONNEXION_REFUSEE, acteur=personne.identifiant if personne else "inconnu",
            personne_id=personne.id if personne else None,
            details={"adresse": adresse, "porte": PORTE},
        )  # fmt: skip
