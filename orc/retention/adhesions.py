"""Joining ORC or its offer: asked by the collectivité, answered by its comptable; mails to both."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from orc.access.clearance import Lecteur
from orc.access.demandes import check_motif
from orc.access.tenues import find_voyants
from orc.db import Writing, lock
from orc.domain import Role, format_date
from orc.errors import Conflict, Forbidden, Invalid, NotFound
from orc.messages import write_to_personne
from orc.models import Collectivite, Declaration
from orc.retention.declarations import LIBELLES_GENRES, Genre, find_periodes
from orc.retention.depots import DEMANDES, Depot
from orc.retention.qualites import Qualite, read_qualites
from orc.retention.saisies import insert_declaration, record_declaration, withdraw
from orc.storage import Storage

ACCORDEE, REFUSEE, ABANDONNEE = "accordée", "refusée", "abandonnée"
_ABSENTE = "Cette demande n’existe pas, ou elle n’est pas de votre ressort."


@dataclass(frozen=True, slots=True)
class Reponse:
    """What a comptable answers: from which day it has joined, or why it may not."""

    accord: bool
    depuis: date | None = None
    motif: str = ""


def request_adhesion(
    session: Writing, storage: Storage, lecteur: Lecteur, depot: Depot, *, today: date
) -> int:
    """Ask that a collectivité join ORC or its offer; the id of the row. Its comptables are told.

    Raises as `record_declaration`; Conflict where it is asked or has joined already.
    """
    if depot.genre not in DEMANDES:
        raise Invalid("Cela ne se demande pas : cela se déclare.")
    joined = find_periodes(session, [depot.siren], DEMANDES[depot.genre]).get(depot.siren, ())
    if any(periode.jusqu_a is None for periode in joined):
        raise Conflict("Cette adhésion est déjà enregistrée : rien n’est à demander.")
    row_id = record_declaration(session, storage, lecteur, depot, today=today)
    said = _name_demande(depot.genre)
    nom = name_collectivite(session, depot.siren)
    corps = (
        f"Bonjour,\n\n{lecteur.nom} dépose pour {nom} une {said}, souhaitée au "
        f"{format_date(depot.depuis)}.\n\nLa page « Destruction anticipée », « Déclarations », "
        "attend votre réponse.\n"
    )
    for personne_id in find_comptables(session, depot.siren, today):
        unique = f"adhesion:{row_id}:{personne_id}"
        write_to_personne(session, personne_id, f"ORC : {said} de {nom}", corps, unique=unique)
    return row_id


def _name_demande(genre: Genre) -> str:
    return LIBELLES_GENRES[genre].replace("Demande", "demande")


def find_comptables(session: Session, siren: str, today: date) -> list[int]:
    """The comptables whose grants cover this collectivité now."""
    found = find_voyants(session, siren, today)
    return sorted({p.id for grant, p in found if grant.role == Role.COMPTABLE})


def name_collectivite(session: Session, siren: str) -> str:
    """Its name; its SIREN where it has none."""
    row = session.get(Collectivite, siren)
    return (row.libelle if row else "") or siren


def answer_demande(
    session: Writing,
    storage: Storage,
    lecteur: Lecteur,
    demande_id: int,
    reponse: Reponse,
    *,
    today: date,
) -> int | None:
    """Answer a demande: the id of the adhesion recorded, None where it is refused.

    The comptable of the collectivité answers, never who asked. Raises NotFound, Forbidden,
    Conflict where another answered first, Invalid.
    """
    row = _hold_demande(session, demande_id)
    if row.siren not in read_qualites(session, lecteur, today).comptable:
        raise NotFound(_ABSENTE)
    _check_open(session, row)
    if row.personne_id == lecteur.personne_id:
        raise Forbidden("Nul ne répond à sa propre demande.")
    auteur, recorded = lecteur.auteur, None
    if reponse.accord:
        genre = DEMANDES[Genre(row.genre)]
        depot = Depot(
            genre, reponse.depuis or row.depuis, row.siren, motif=reponse.motif,
            reference=f"demande {row.id}",
        )  # fmt: skip
        recorded = insert_declaration(
            session, storage, auteur, depot, row.siren, qualite=Qualite.COMPTABLE
        )
        motif = reponse.motif
    else:
        motif = check_motif(reponse.motif, "Dites pourquoi la demande est refusée.")
    withdraw(session, auteur, row, motif, ACCORDEE if reponse.accord else REFUSEE)
    _tell_asker(session, row, reponse, motif)
    return recorded


def abandon_demande(session: Writing, lecteur: Lecteur, demande_id: int) -> None:
    """Take back one's own demande that waits. Raises NotFound, Conflict."""
    row = _hold_demande(session, demande_id)
    if row.personne_id != lecteur.personne_id:
        raise NotFound(_ABSENTE)
    _check_open(session, row)
    withdraw(session, lecteur.auteur, row, "", ABANDONNEE)


def _hold_demande(session: Writing, demande_id: int) -> Declaration:
    lock(session, f"declaration:{demande_id}")
    row = session.get(Declaration, demande_id)
    if row is None or Genre(row.genre) not in DEMANDES:
        raise NotFound(_ABSENTE)
    return row


def _check_open(session: Session, row: Declaration) -> None:
    later = session.query(Declaration).filter_by(remplace_id=row.id).one_or_none()
    if later is not None or row.retiree:
        by = f" par {later.saisie_par}" if later else ""
        raise Conflict(f"Cette demande a déjà reçu sa réponse{by} : rien n’a été changé.")


def _tell_asker(session: Writing, row: Declaration, reponse: Reponse, motif: str) -> None:
    if row.personne_id is None:
        return
    nom, said = name_collectivite(session, row.siren), _name_demande(Genre(row.genre))
    answer = ACCORDEE if reponse.accord else REFUSEE
    why = f"\n\n{motif}" if motif else ""
    corps = f"Bonjour,\n\nLe comptable a répondu à la {said} de {nom} : elle est {answer}.{why}\n"
    objet = f"ORC : {said} de {nom}, {answer}"
    write_to_personne(session, row.personne_id, objet, corps, unique=f"adhesion:{row.id}:reponse")
