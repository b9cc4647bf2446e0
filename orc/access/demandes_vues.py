"""Demandes as pages show them: for whom, to which poste, their documents, their answer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from orc.access.clearance import Lecteur
from orc.access.demandes import OUVERTS, Etat, is_in_scope, read_ressort
from orc.access.phrases import read_noms, write_octroi
from orc.access.pieces_demande import get_piece
from orc.domain import Role
from orc.errors import NotFound
from orc.models import Collectivite, Demande, Personne, PieceDemande
from orc.storage import Storage

LIBELLES_ETATS = {
    Etat.DEPOSEE: "En attente du comptable",
    Etat.A_VALIDER: "En attente de validation",
    Etat.ACCORDEE: "Accordée",
    Etat.REFUSEE: "Refusée",
    Etat.ABANDONNEE: "Abandonnée",
}
CLOSES_MAX, LUES_MAX = 50, 500
DERNIERES = Demande.id.desc()


@dataclass(frozen=True, slots=True)
class PieceVue:
    """A document joined to a demande."""

    id: int
    nom: str
    taille: int


@dataclass(frozen=True, slots=True)
class DemandeVue:
    """A demande as a list shows it. `phrase`: what is asked; `mienne`: one cannot answer it."""

    id: int
    structure: bool
    etat: Etat
    demandeur: str
    personne: str
    identifiant: str
    siren: str
    collectivite: str
    codique: str
    phrase: str
    motif: str
    deposee_le: datetime
    decidee_par: str
    decidee_le: datetime | None
    validee_par: str
    validee_le: datetime | None
    motif_decision: str
    pieces: tuple[PieceVue, ...]
    mienne: bool

    @property
    def ouverte(self) -> bool:
        """Whether it waits for an answer."""
        return self.etat.value in OUVERTS

    @property
    def libelle_etat(self) -> str:
        """Where it is, in words."""
        return LIBELLES_ETATS[self.etat]


def find_mes_demandes(session: Session, lecteur: Lecteur) -> list[DemandeVue]:
    """The demandes that this person deposited, or that are for it; the latest first."""
    mine = or_(
        Demande.demandeur_id == lecteur.personne_id, Demande.personne_id == lecteur.personne_id
    )
    return _find(session, lecteur, mine)


def find_a_repondre(session: Session, lecteur: Lecteur, today: date) -> list[DemandeVue]:
    """What waits for this person's answer, the oldest first."""
    return _find(session, lecteur, _waits(session, lecteur, today), Demande.id.asc())


def count_a_repondre(session: Session, lecteur: Lecteur, today: date) -> int:
    """How many demandes wait for this person's answer."""
    query = select(func.count()).select_from(Demande).where(_waits(session, lecteur, today))
    return session.scalar(query) or 0


def _waits(session: Session, lecteur: Lecteur, today: date) -> ColumnElement[bool]:
    etats = OUVERTS if Role.ADMINISTRATEUR in lecteur.roles else (Etat.DEPOSEE.value,)
    return and_(Demande.etat.in_(etats), _is_mine(session, lecteur, today))


def find_repondues(session: Session, lecteur: Lecteur, today: date) -> list[DemandeVue]:
    """The last ones answered, in the scope of this person."""
    done = Demande.etat.in_([Etat.ACCORDEE.value, Etat.REFUSEE.value])
    return _find(session, lecteur, done & _is_mine(session, lecteur, today))[:CLOSES_MAX]


def find_demandes_de(
    session: Session, lecteur: Lecteur, sirens: Collection[str]
) -> list[DemandeVue]:
    """Those of a structure, for its gestionnaire."""
    return _find(session, lecteur, Demande.siren.in_(sirens))[:CLOSES_MAX]


def _is_mine(session: Session, lecteur: Lecteur, today: date) -> ColumnElement[bool]:
    """Deposited, of his postes; agreed to, an administrateur's."""
    here = Demande.siren.in_(read_ressort(session, lecteur, today))
    if Role.ADMINISTRATEUR not in lecteur.roles:
        return here
    return or_(here, Demande.etat == Etat.A_VALIDER.value, Demande.validee_par != "")


def _find(
    session: Session,
    lecteur: Lecteur,
    where: ColumnElement[bool],
    order: ColumnElement[int] = DERNIERES,
) -> list[DemandeVue]:
    query = select(Demande).where(where).order_by(order).limit(LUES_MAX)
    return make_vues(session, lecteur, list(session.scalars(query)))


def make_vues(session: Session, lecteur: Lecteur, demandes: Sequence[Demande]) -> list[DemandeVue]:
    """These demandes with the names of people and places, and their documents."""
    ids = {i for d in demandes for i in (d.demandeur_id, d.personne_id)}
    people = {p.id: p for p in session.scalars(select(Personne).where(Personne.id.in_(ids)))}
    pieces = _find_pieces(session, [d.id for d in demandes])
    named = select(Collectivite.siren, Collectivite.libelle).where(
        Collectivite.siren.in_({d.siren for d in demandes})
    )
    collectivites = dict(session.execute(named).all())
    noms = read_noms(session, demandes)
    return [
        DemandeVue(
            id=d.id,
            structure=d.objet == "structure",
            etat=Etat(d.etat),
            demandeur=people[d.demandeur_id].nom,
            personne=people[d.personne_id].nom,
            identifiant=people[d.personne_id].identifiant,
            siren=d.siren,
            collectivite=collectivites.get(d.siren, "") or d.siren,
            codique=d.codique,
            phrase=write_octroi(d, noms),
            motif=d.motif,
            deposee_le=d.deposee_le,
            decidee_par=d.decidee_par,
            decidee_le=d.decidee_le,
            validee_par=d.validee_par,
            validee_le=d.validee_le,
            motif_decision=d.motif_decision,
            pieces=pieces.get(d.id, ()),
            mienne=lecteur.personne_id in (d.demandeur_id, d.personne_id),
        )
        for d in demandes
    ]


def _find_pieces(session: Session, ids: Collection[int]) -> dict[int, tuple[PieceVue, ...]]:
    query = select(PieceDemande).where(PieceDemande.demande_id.in_(ids)).order_by(PieceDemande.id)
    found: dict[int, tuple[PieceVue, ...]] = {}
    for piece in session.scalars(query):
        vue = PieceVue(piece.id, piece.nom, piece.taille)
        found[piece.demande_id] = (*found.get(piece.demande_id, ()), vue)
    return found


def open_piece(
    session: Session,
    storage: Storage,
    lecteur: Lecteur,
    demande_id: int,
    piece_id: int,
    today: date,
) -> tuple[str, bytes]:
    """A document and its name, for who answers the demande and who deposited it. NotFound."""
    ressort = read_ressort(session, lecteur, today)
    demande = session.get(Demande, demande_id)
    piece = session.get(PieceDemande, piece_id)
    seen = demande is not None and (
        demande.demandeur_id == lecteur.personne_id or is_in_scope(lecteur, ressort, demande)
    )
    if not seen or piece is None or piece.demande_id != demande_id:
        raise NotFound("Ce document n’existe pas.")
    return piece.nom, get_piece(storage, piece.sha256)
