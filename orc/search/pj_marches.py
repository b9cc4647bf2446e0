"""PJ that a marché block cites: seen from the pieces that name the marché, by who sees the block.

A block is of no exercice: it is seen where a piece of its own flow is; one whose flow has no piece
at all, by who sees a closed exercice of its budget.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from orc.access import Clearance
from orc.domain import Domaine, strictest
from orc.models import (
    Budget,
    Cellule,
    LienMarche,
    Ligne,
    Marche,
    Piece,
    PieceJustificative,
    Texte,
)
from orc.nomenclature import libelle_support, libelle_type_pj
from orc.search.consult_pj import find_presence
from orc.search.consult_values import PjMarche
from orc.search.lieux import Code
from orc.search.paged import among

# Pieces of a marché looked at to find one through which the reader may see its PJ.
PIECES_MAX = 50


@dataclass(frozen=True, slots=True)
class CitationMarche:
    """Through which piece of the marché a PJ is seen, and under which cellule."""

    piece_id: int
    nom: str
    cellule: Cellule


def is_visible(clearance: Clearance) -> ColumnElement[bool]:
    """The condition that a Marche row may be seen within a Clearance."""
    same = Piece.flux_id == Marche.flux_id
    closed = select(Cellule.budget_id).where(among(Cellule.id, clearance.cellules))
    return or_(
        exists().where(same, among(Piece.cellule_id, clearance.cellules)),
        and_(~exists().where(same), Marche.budget_id.in_(closed)),
    )


def find_pj_marche(
    session: Session, marche_id: int, piece: Piece, *, clearance: Clearance
) -> tuple[PjMarche, ...]:
    """What this block cites, as a reader of this piece may see it, in the order of the flow."""
    rows = session.execute(
        select(LienMarche, PieceJustificative, Texte)
        .outerjoin(PieceJustificative, PieceJustificative.id == LienMarche.pj_id)
        .outerjoin(Texte, Texte.sha256 == PieceJustificative.sha256)
        .where(LienMarche.marche_id == marche_id)
        .order_by(LienMarche.id)
    )
    place = (piece.budget_id, piece.exercice)
    return tuple(
        _make(lien, pj, texte)
        for lien, pj, texte in rows
        if allows_domaine(session, place, [pj.domaine if pj else ""], clearance)
    )


def find_citation_marche(
    session: Session, pj: PieceJustificative, piece_id: int | None, *, clearance: Clearance
) -> CitationMarche | None:
    """A piece, this one if it is given, whose marché cites this PJ, seen by the reader."""
    cited = session.execute(
        select(LienMarche.nom, Marche.cle, Marche.siren)
        .join(Marche, Marche.id == LienMarche.marche_id)
        .where(
            LienMarche.siren == pj.siren,
            LienMarche.id_unique == pj.id_unique,
            is_visible(clearance),
        )
        .order_by(LienMarche.id)
    )
    for nom, cle, siren in cited:
        for found, cellule in _find_pieces(session, cle, siren, piece_id, clearance):
            place = (cellule.budget_id, cellule.exercice)
            if allows_domaine(session, place, [pj.domaine, cellule.domaine], clearance):
                return CitationMarche(found, nom, cellule)
    return None


def allows_domaine(
    session: Session, place: tuple[int, int], domaines: Sequence[str], clearance: Clearance
) -> bool:
    """Whether the strictest of these domaines is open to the reader in this budget × exercice."""
    domaine = strictest([Domaine(d) for d in domaines if d])
    found = session.scalar(
        select(Cellule.id).where(
            Cellule.budget_id == place[0],
            Cellule.exercice == place[1],
            Cellule.domaine == domaine.value,
        )
    )
    return found is not None and clearance.allows(found)


def _find_pieces(
    session: Session, cle: str, siren: str, piece_id: int | None, clearance: Clearance
) -> Sequence[tuple[int, Cellule]]:
    query = (
        select(Piece.id, Cellule)
        .join(Cellule, Cellule.id == Piece.cellule_id)
        .join(Budget, Budget.id == Piece.budget_id)
        .where(
            Budget.siren == siren,
            among(Piece.cellule_id, clearance.cellules),
            Piece.id.in_(select(Ligne.piece_id).where(Ligne.marche_cle == cle)),
        )
        .order_by(Piece.id.desc())
        .limit(PIECES_MAX)
    )
    if piece_id is not None:
        query = query.where(Piece.id == piece_id)
    return [(row[0], row[1]) for row in session.execute(query)]


def _make(lien: LienMarche, pj: PieceJustificative | None, texte: Texte | None) -> PjMarche:
    return PjMarche(
        id_unique=lien.id_unique,
        nom=(pj.nom if pj else "") or lien.nom or lien.id_unique,
        presence=find_presence(lien.support, pj.id if pj else None),
        support=Code(lien.support, libelle_support(lien.support)),
        pj_id=pj.id if pj else None,
        type_pj=Code(pj.type_pj, libelle_type_pj(pj.type_pj)) if pj else Code(""),
        nir=texte.nir if texte else False,
    )
