"""Gels as pages show them: in force (overdue first), about to end, ended; what they bear on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from orc.access.clearance import Lecteur
from orc.access.phrases import write_bornes
from orc.domain import LIBELLES_DOMAINES, Domaine, format_date, format_euros, join_words
from orc.errors import NotFound
from orc.models import Collectivite, Gel, PieceJustificative
from orc.retention.criteres import Criteres
from orc.retention.gels import OBJETS, read_criteres
from orc.retention.portees import count_held, find_refus, sees_gel, select_held
from orc.retention.regard import sees_pj

PAR_PAGE = 50
EXEMPLES = 100


class EtatGel(StrEnum):
    """Where a gel is."""

    EN_VIGUEUR = "en_vigueur"
    # Released, and still holding for the days of the cool-off.
    A_FINIR = "a_finir"
    FINI = "fini"


LIBELLES_ETATS = {
    EtatGel.EN_VIGUEUR: "En vigueur",
    EtatGel.A_FINIR: "Levé, tient encore",
    EtatGel.FINI: "Fini",
}


@dataclass(frozen=True, slots=True)
class GelVu:
    """A gel, in words."""

    id: int
    nom: str
    autorite: str
    reference: str
    motif: str
    portee: str
    depuis: date
    revue_le: date
    pose_par: str
    qualite: str
    etat: EtatGel
    en_retard: bool
    leve_par: str
    leve_le: date | None
    motif_levee: str
    fin_le: date | None
    liste_sha256: str


@dataclass(frozen=True, slots=True)
class PjGelee:
    """A PJ a gel holds."""

    id: int
    nom: str


@dataclass(frozen=True, slots=True)
class DetailGel:
    """A gel with what it holds of what this person sees. `nombre` past 10 000: more.

    `refus`: why this person may not release it; empty: it may.
    """

    gel: GelVu
    nombre: int
    pjs: tuple[PjGelee, ...]
    refus: str


def find_etat(gel: Gel, today: date) -> EtatGel:
    """Where a gel is that day."""
    if gel.fin_le is None:
        return EtatGel.EN_VIGUEUR
    return EtatGel.A_FINIR if gel.fin_le >= today else EtatGel.FINI


def find_gels_vus(
    session: Session, lecteur: Lecteur, etat: EtatGel, page: int, today: date
) -> tuple[tuple[GelVu, ...], int]:
    """The gels this person sees that are there; overdue ones first. And how many."""
    seen = (sees_gel(session, lecteur), _is_in(etat, today))
    query = select(Gel).where(*seen).order_by(Gel.revue_le, Gel.id)
    rows = session.scalars(query.limit(PAR_PAGE).offset((page - 1) * PAR_PAGE)).all()
    total = session.scalar(select(func.count()).select_from(Gel).where(*seen)) or 0
    return tuple(_make_vu(session, row, today) for row in rows), total


def count_en_retard(session: Session, lecteur: Lecteur, today: date) -> int:
    """How many gels in force were to be looked at again before that day."""
    late = (sees_gel(session, lecteur), Gel.fin_le.is_(None), Gel.revue_le <= today)
    return session.scalar(select(func.count()).select_from(Gel).where(*late)) or 0


def _is_in(etat: EtatGel, today: date) -> ColumnElement[bool]:
    if etat is EtatGel.EN_VIGUEUR:
        return Gel.fin_le.is_(None)
    return Gel.fin_le >= today if etat is EtatGel.A_FINIR else Gel.fin_le < today


def _make_vu(session: Session, row: Gel, today: date) -> GelVu:
    return GelVu(
        id=row.id,
        nom=row.nom,
        autorite=row.autorite,
        reference=row.reference,
        motif=row.motif,
        portee=_write_portee(session, row),
        depuis=row.depuis,
        revue_le=row.revue_le,
        pose_par=row.pose_par,
        qualite=row.qualite,
        etat=find_etat(row, today),
        en_retard=row.fin_le is None and row.revue_le <= today,
        leve_par=row.leve_par,
        leve_le=row.leve_le.date() if row.leve_le else None,
        motif_levee=row.motif_levee,
        fin_le=row.fin_le,
        liste_sha256=row.liste_sha256,
    )


def _write_portee(session: Session, row: Gel) -> str:
    if row.portee == OBJETS:
        return "Liste arrêtée de pièces"
    named = session.get(Collectivite, row.siren)
    nom = (named.libelle if named else "") or row.siren
    said = ", ".join(write_criteres(read_criteres(row.siren, row.criteres)))
    return f"{nom} : {said or 'tout'}, présent et à venir"


def write_criteres(criteres: Criteres) -> tuple[str, ...]:
    """Criteria in words, the collectivité apart."""
    lists = (
        ("budgets", criteres.budgets),
        ("types de PJ", criteres.types_pj),
        ("marchés", criteres.marches),
        ("pièces n°", criteres.numeros),
        ("identifiants de tiers", criteres.tiers),
        ("tiers", criteres.noms),
        ("comptes commençant par", criteres.comptes),
    )
    said = [f"{nom} {', '.join(values)}" for nom, values in lists if values]
    if criteres.sens:
        said.append(
            {"depense": "dépenses", "recette": "recettes"}.get(criteres.sens, criteres.sens)
        )
    if criteres.emis_du:
        said.append(f"émises depuis le {format_date(criteres.emis_du)}")
    if criteres.emis_au:
        said.append(f"émises jusqu’au {format_date(criteres.emis_au)}")
    if criteres.montant_min is not None:
        said.append(f"d’au moins {format_euros(criteres.montant_min)}")
    if criteres.montant_max is not None:
        said.append(f"d’au plus {format_euros(criteres.montant_max)}")
    exercices = write_bornes(criteres.exercice_min, criteres.exercice_max)
    return tuple(filter(None, (exercices, *said, _write_domaines(criteres.domaines))))


def _write_domaines(named: Sequence[str]) -> str:
    """`hors paie et santé`: what is left out says more than what is kept. Empty: nothing is."""
    left = [LIBELLES_DOMAINES[d].lower() for d in Domaine if d.value not in named]
    return f"hors {join_words(left)}" if named else ""


def read_gel(session: Session, lecteur: Lecteur, gel_id: int, today: date) -> DetailGel:
    """A gel this person sees, and what it holds of what it sees. Raises NotFound."""
    row = session.scalar(select(Gel).where(Gel.id == gel_id, sees_gel(session, lecteur)))
    if row is None:
        raise NotFound("Ce gel n’existe pas, ou rien de ce qu’il gèle n’est de votre ressort.")
    held = select_held(row).where(sees_pj(lecteur.clearance.retention))
    query = (
        select(PieceJustificative.id, PieceJustificative.nom)
        .where(PieceJustificative.id.in_(held))
        .order_by(PieceJustificative.id.desc())
        .limit(EXEMPLES)
    )
    pjs = tuple(PjGelee(pj_id, nom) for pj_id, nom in session.execute(query))
    return DetailGel(
        _make_vu(session, row, today),
        count_held(session, lecteur, row),
        pjs,
        f"Ce gel a été levé par {row.leve_par}."
        if row.leve_le
        else find_refus(session, lecteur, row, today),
    )
