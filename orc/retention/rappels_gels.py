"""Reminders of gels to look at again: to who placed them, then to others; never a release."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.access import make_lecteur
from orc.access.tenues import find_voyants
from orc.db import Writing
from orc.domain import Role, format_date
from orc.identity.rappels import remind
from orc.messages import write_to_personne
from orc.models import Budget, Gel, GelObjet, Personne, Piece, PieceJustificative
from orc.retention.portees import sees_gel

# A subject is short.
NOM_MAX = 60
OBJET = "Le gel « {nom} » est à revoir dans {{reste}}"
CORPS = (
    "Bonjour,\n\nLe gel « {nom} » ({autorite}, {reference}) est à revoir le {{jour}}. "
    "Maintenez-le, ou demandez à une autre personne de le lever : la page « Gels » le permet. "
    "Sans réponse, il tient toujours.\n"
)
RETARD = "Le gel « {nom} » n’a pas été revu"
CORPS_RETARD = (
    "Bonjour,\n\nLe gel « {nom} » ({autorite}, {reference}), posé par {par}, devait être revu le "
    "{jour}. Il tient toujours : maintenez-le ou levez-le, page « Gels ».\n"
)


def remind_gels(session: Writing, jours: Sequence[int], today: date) -> int:
    """Write before each review to who placed the gel; how many were written to.

    Once past, each month, to the archivistes and comptables who see something of it too.
    """
    written = 0
    for gel in session.scalars(select(Gel).where(Gel.fin_le.is_(None)).order_by(Gel.id)).all():
        if gel.revue_le > today:
            written += _remind_placer(session, gel, jours, today)
        else:
            written += _tell_late(session, gel, today)
    return written


def _remind_placer(session: Writing, gel: Gel, jours: Sequence[int], today: date) -> bool:
    if gel.personne_id is None:
        return False
    return remind(
        session,
        gel.personne_id,
        f"gel:{gel.id}",
        gel.revue_le,
        jours=jours,
        objet=_fill(OBJET, gel),
        corps=_fill(CORPS, gel),
        today=today,
    )


def _fill(texte: str, gel: Gel) -> str:
    """The words of a gel, in which braces are no field to fill."""
    words = {"nom": gel.nom[:NOM_MAX], "autorite": gel.autorite, "reference": gel.reference}
    return texte.format(**{k: v.replace("{", "(").replace("}", ")") for k, v in words.items()})


def _tell_late(session: Writing, gel: Gel, today: date) -> int:
    """One message a month of lateness to each."""
    mois = (today - gel.revue_le).days // 30
    people = {gel.personne_id} | _find_others(session, gel, today)
    said = {"nom": gel.nom, "autorite": gel.autorite, "reference": gel.reference}
    corps = CORPS_RETARD.format(par=gel.pose_par, jour=format_date(gel.revue_le), **said)
    written = 0
    for personne_id in sorted(i for i in people if i is not None):
        unique = f"gel:{gel.id}:{gel.revue_le.isoformat()}:{mois}:{personne_id}"
        row = write_to_personne(
            session, personne_id, RETARD.format(nom=gel.nom[:NOM_MAX]), corps, unique=unique
        )
        written += row is not None
    return written


def _find_others(session: Session, gel: Gel, today: date) -> set[int | None]:
    """The archivistes and comptables of its collectivités who see something of what it holds."""
    roles = (Role.ARCHIVISTE.value, Role.COMPTABLE.value)
    found: set[int | None] = set()
    for siren in _find_sirens(session, gel):
        people = [p for grant, p in find_voyants(session, siren, today) if grant.role in roles]
        found |= {p.id for p in people if p.id not in found and _sees(session, p, gel, today)}
    return found


def _find_sirens(session: Session, gel: Gel) -> list[str]:
    if gel.siren:
        return [gel.siren]
    pj = select(PieceJustificative.siren).join(GelObjet, GelObjet.pj_id == PieceJustificative.id)
    pieces = (
        select(Budget.siren)
        .join(Piece, Piece.budget_id == Budget.id)
        .join(GelObjet, GelObjet.piece_id == Piece.id)
    )
    mine = GelObjet.gel_id == gel.id
    return sorted(session.scalars(pj.where(mine).union(pieces.where(mine))))


def _sees(session: Session, personne: Personne, gel: Gel, today: date) -> bool:
    lecteur = make_lecteur(session, personne.id, personne.identifiant, personne.nom, today)
    query = select(Gel.id).where(Gel.id == gel.id, sees_gel(session, lecteur))
    return session.scalar(query) is not None
