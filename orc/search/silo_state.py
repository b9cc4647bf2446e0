"""What the silo gave and what became of it: flows, anomalies, completeness, waits."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from orc.access import Clearance
from orc.models import (
    Anomalie,
    Budget,
    Collectivite,
    Emplacement,
    Fichier,
    Flux,
    Lien,
    Piece,
    PieceJustificative,
    Texte,
)
from orc.search.lieux import Lieu, make_lieu
from orc.search.paged import Paged, among, read_page
from orc.search.portee_silo import Portee, of_portee
from orc.search.quarantaine import count_ecartes

PAR_PAGE = 50
_CITATION = re.compile(r"«[^»]*»?")
_NOMBRE = re.compile(r"\d(?:[\d\s.,/-]*\d)?")


@dataclass(frozen=True, slots=True)
class FluxLigne:
    """A flow on one line."""

    id: int
    nom_fic: str
    sha256: str
    forme: str
    etat: str
    motif: str
    budget: str
    date_flux: date | None
    recu_le: datetime
    taille: int
    nb_pieces: int
    nb_pj: int
    nb_anomalies: int


@dataclass(frozen=True, slots=True)
class FichierLigne:
    """A file of the silo that is no more there, or not as it was."""

    chemin: str
    taille: int
    vu_le: datetime
    disparu_le: datetime | None
    remplace: bool


@dataclass(frozen=True, slots=True)
class AnomalieLigne:
    """Something wrong in a flow, with its place."""

    flux_id: int
    nom_fic: str
    gravite: str
    code: str
    message: str
    chemin: str
    ligne: int


@dataclass(frozen=True, slots=True)
class Completude:
    """PJ cited as electronic and PJ received, of an exercice of a collectivité."""

    siren: str
    collectivite: str
    exercice: int
    citees: int
    recues: int

    @property
    def manquantes(self) -> int:
        """Cited, never received."""
        return self.citees - self.recues

    @property
    def taux(self) -> float:
        """Received out of cited, from 0 to 1; 1 where nothing is cited."""
        return self.recues / self.citees if self.citees else 1.0


@dataclass(frozen=True, slots=True)
class EtatSilo:
    """The counts at the head of the page, by state."""

    fichiers: dict[str, int]
    disparus: int
    remplaces: int
    flux: dict[str, int]
    ecartes: int
    anomalies: int
    textes: dict[str, int]
    pj_illisibles: int
    dernier: datetime | None


def _fichiers_of(portee: Portee) -> ColumnElement[bool]:
    """The files that hold a flow shown; a file nothing could be read of is the administrateur's."""
    if portee.budgets is None:
        return true()
    return Fichier.id.in_(
        select(Emplacement.fichier_id)
        .join(Flux, Flux.id == Emplacement.flux_id)
        .where(of_portee(portee))
    )


def get_etat(session: Session, portee: Portee) -> EtatSilo:
    """The counts at the head of the page."""
    files, present = _fichiers_of(portee), Fichier.disparu_le.is_(None)
    current = and_(present, Fichier.remplace_le.is_(None))
    return EtatSilo(
        fichiers=_count_by(session, Fichier.etat, select(Fichier.id).where(files, current)),
        disparus=_count(session, select(Fichier.id).where(files, ~present)),
        remplaces=_count(
            session, select(Fichier.id).where(files, present, Fichier.remplace_le.is_not(None))
        ),
        flux=_count_by(session, Flux.etat, select(Flux.id).where(of_portee(portee))),
        ecartes=count_ecartes(session, portee),
        anomalies=session.scalar(select(func.sum(Flux.nb_anomalies)).where(of_portee(portee))) or 0,
        textes=_count_textes(session, portee),
        pj_illisibles=_count(
            session,
            select(PieceJustificative.id).where(_pj_of(portee), PieceJustificative.etat != "ok"),
        ),
        dernier=session.scalar(select(func.max(Flux.lu_le)).where(of_portee(portee))),
    )


def _count(session: Session, query: Select[int]) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _count_by(
    session: Session, column: InstrumentedAttribute[str], query: Select[int]
) -> dict[str, int]:
    rows = session.execute(query.with_only_columns(column, func.count()).group_by(column))
    return {row[0]: row[1] for row in rows}


def _pj_of(portee: Portee) -> ColumnElement[bool]:
    if portee.budgets is None:
        return true()
    return among(PieceJustificative.budget_id, portee.budgets)


def _count_textes(session: Session, portee: Portee) -> dict[str, int]:
    query = select(Texte.etat, func.count(func.distinct(Texte.sha256)))
    if portee.budgets is not None:
        query = query.join(PieceJustificative, PieceJustificative.sha256 == Texte.sha256).where(
            _pj_of(portee)
        )
    return {row[0]: row[1] for row in session.execute(query.group_by(Texte.etat))}


def find_flux(
    session: Session, portee: Portee, *, etat: str = "", page: int = 1, taille: int = PAR_PAGE
) -> Paged[FluxLigne]:
    """The flows, latest first."""
    query = (
        select(Flux, Budget, Collectivite)
        .outerjoin(Budget, Budget.id == Flux.budget_id)
        .outerjoin(Collectivite, Collectivite.siren == Budget.siren)
        .where(of_portee(portee))
        .order_by(Flux.id.desc())
    )
    if etat:
        query = query.where(Flux.etat == etat)
    return read_page(
        session, query, lambda row: _make_flux(row[0], row[1], row[2]), page=page, taille=taille
    )


def _make_flux(flux: Flux, budget: Budget | None, collectivite: Collectivite | None) -> FluxLigne:
    lieu: Lieu | None = make_lieu(budget, collectivite) if budget else None
    return FluxLigne(
        id=flux.id,
        nom_fic=flux.nom_fic,
        sha256=flux.sha256,
        forme=flux.forme,
        etat=flux.etat,
        motif=flux.motif,
        budget=f"{lieu.nom_collectivite} · {lieu.nom_budget}" if lieu else "",
        date_flux=flux.date_flux,
        recu_le=flux.recu_le,
        taille=flux.taille,
        nb_pieces=flux.nb_pieces,
        nb_pj=flux.nb_pj,
        nb_anomalies=flux.nb_anomalies,
    )


def find_disparus(
    session: Session, portee: Portee, *, page: int = 1, taille: int = PAR_PAGE
) -> Paged[FichierLigne]:
    """Files that vanished or were replaced, latest first: what they held is not lost."""
    query = (
        select(Fichier)
        .where(
            _fichiers_of(portee),
            or_(Fichier.disparu_le.is_not(None), Fichier.remplace_le.is_not(None)),
        )
        .order_by(Fichier.disparu_le.desc().nulls_last(), Fichier.id.desc())
    )
    return read_page(session, query, lambda row: _make_fichier(row[0]), page=page, taille=taille)


def _make_fichier(fichier: Fichier) -> FichierLigne:
    return FichierLigne(
        fichier.chemin,
        fichier.taille,
        fichier.vu_le,
        fichier.disparu_le,
        fichier.remplace_le is not None,
    )


def find_anomalies(
    session: Session,
    portee: Portee,
    *,
    flux_id: int | None = None,
    code: str = "",
    page: int = 1,
    taille: int = PAR_PAGE,
) -> Paged[AnomalieLigne]:
    """Anomalies with their place, latest flows first; of one flow or one code where asked."""
    query = (
        select(Anomalie, Flux.nom_fic)
        .join(Flux, Flux.id == Anomalie.flux_id)
        .where(of_portee(portee))
        .order_by(Anomalie.flux_id.desc(), Anomalie.id)
    )
    if flux_id is not None:
        query = query.where(Anomalie.flux_id == flux_id)
    if code:
        query = query.where(Anomalie.code == code)
    found = read_page(
        session, query, lambda row: _make_anomalie(row[0], row[1]), page=page, taille=taille
    )
    hidden = _find_hidden(session, {a.flux_id for a in found.items}, portee.clearance)
    items = tuple(
        replace(a, message=hide_values(a.message)) if a.flux_id in hidden else a
        for a in found.items
    )
    return replace(found, items=items)


def _find_hidden(session: Session, ids: set[int], clearance: Clearance | None) -> set[int]:
    """The flows of which something may not be seen: values quoted from them are not told."""
    if clearance is None:
        return set()
    held = select(Piece.flux_id).where(Piece.flux_id.in_(ids))
    with_pieces = set(session.scalars(held.distinct()))
    beyond = held.where(~among(Piece.cellule_id, clearance.cellules)).distinct()
    return ids - with_pieces | set(session.scalars(beyond))


def hide_values(message: str) -> str:
    """A message without the values it quotes: what is wrong stays, not whose nor how much."""
    return _NOMBRE.sub("…", _CITATION.sub("« … »", message))


def _make_anomalie(anomalie: Anomalie, nom_fic: str) -> AnomalieLigne:
    return AnomalieLigne(
        anomalie.flux_id,
        nom_fic,
        anomalie.gravite,
        anomalie.code,
        anomalie.message,
        anomalie.chemin,
        anomalie.ligne,
    )


def find_completude(
    session: Session, portee: Portee, *, page: int = 1, taille: int = PAR_PAGE
) -> Paged[Completude]:
    """Collectivité × exercice, worst first: PJ cited (Support 01) by current pieces, received."""
    citees, recues = func.count(Lien.id), func.count(Lien.pj_id)
    query = (
        select(Budget.siren, Collectivite.libelle, Piece.exercice, citees, recues)
        .join(Piece, Piece.id == Lien.piece_id)
        .join(Budget, Budget.id == Piece.budget_id)
        .outerjoin(Collectivite, Collectivite.siren == Budget.siren)
        .where(Lien.support == "01", Piece.courante)
        .group_by(Budget.siren, Collectivite.libelle, Piece.exercice)
        .order_by((recues * 1.0 / citees), (citees - recues).desc(), Budget.siren, Piece.exercice)
    )
    if portee.budgets is not None:
        query = query.where(among(Piece.budget_id, portee.budgets))
    return read_page(
        session,
        query,
        lambda row: Completude(row[0], row[1] or f"SIREN {row[0]}", *row[2:]),
        page=page,
        taille=taille,
    )
