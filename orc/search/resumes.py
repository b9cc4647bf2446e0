"""Pieces and bordereaux on one line of a table, read many at once."""

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from orc.access import Clearance
from orc.domain import Sens
from orc.models import Bordereau, Lien, Ligne, Piece, Tiers
from orc.nomenclature import (
    libelle_nature_piece,
    libelle_type_bordereau,
    libelle_type_piece,
)
from orc.search.consult_values import BordereauResume, PieceResume
from orc.search.lieux import Code
from orc.search.paged import among_named

ELECTRONIQUE = "01"
# What a line says of a piece, and of a bordereau: whole rows cost three times as much to read.
COLUMNS = (
    Piece.id,
    Piece.cellule_id,
    Piece.sens,
    Piece.exercice,
    Piece.numero,
    Piece.numero_bordereau,
    Piece.type_piece,
    Piece.nature_piece,
    Piece.objet,
    Piece.ht,
    Piece.tva,
    Piece.version,
    Piece.courante,
)
COLUMNS_BORDEREAU = (
    Bordereau.id,
    Bordereau.sens,
    Bordereau.exercice,
    Bordereau.numero,
    Bordereau.type_bordereau,
    Bordereau.date_emission,
    Bordereau.objet,
    Bordereau.signe,
)


def make_bordereau_resume(bordereau: Bordereau, *, visible: bool = True) -> BordereauResume:
    """One line of a bordereau, its type with its label; no objet when none of it is `visible`."""
    return BordereauResume(
        id=bordereau.id,
        sens=Sens(bordereau.sens),
        exercice=bordereau.exercice,
        numero=bordereau.numero,
        type_bordereau=Code(
            bordereau.type_bordereau,
            libelle_type_bordereau(bordereau.sens, bordereau.type_bordereau),
        ),
        date_emission=bordereau.date_emission,
        objet=bordereau.objet if visible else "",
        signe=bordereau.signe,
    )


def find_resumes(
    session: Session, pieces: Sequence[Piece], *, clearance: Clearance
) -> tuple[PieceResume, ...]:
    """These pieces on one line each, in the same order; those not allowed are left out.

    Rows that have these columns of a piece (COLUMNS) will do.
    """
    shown = [piece for piece in pieces if clearance.allows(piece.cellule_id)]
    ids = [piece.id for piece in shown]
    tiers = find_noms_tiers(session, ids)
    liens = _count_pj(session, ids, clearance)
    return tuple(
        _make(piece, tiers.get(piece.id, ""), liens.get(piece.id, (0, 0))) for piece in shown
    )


def _make(piece: Piece, tiers: str, liens: tuple[int, int]) -> PieceResume:
    sens = piece.sens
    return PieceResume(
        id=piece.id,
        sens=Sens(sens),
        exercice=piece.exercice,
        numero=piece.numero,
        numero_bordereau=piece.numero_bordereau,
        type_piece=Code(piece.type_piece, libelle_type_piece(sens, piece.type_piece)),
        nature_piece=Code(piece.nature_piece, libelle_nature_piece(sens, piece.nature_piece)),
        objet=piece.objet,
        tiers=tiers,
        ht=piece.ht,
        tva=piece.tva,
        nb_pj=liens[0],
        nb_pj_absentes=liens[1],
        version=piece.version,
        courante=piece.courante,
    )


_TIERS = (
    select(Ligne.piece_id, Tiers.nom, Tiers.prenom)
    .join(Tiers, Tiers.id == Ligne.tiers_id)
    .where(Ligne.piece_id.in_(bindparam("pieces", expanding=True)))
    .order_by(Ligne.piece_id, Ligne.id)
)


def find_noms_tiers(session: Session, piece_ids: Sequence[int]) -> dict[int, str]:
    """The first tiers of each piece, and how many others: `EDF et 2 autres`."""
    names: dict[int, dict[str, None]] = {}
    for piece_id, nom, prenom in session.execute(_TIERS, {"pieces": list(piece_ids)}):
        names.setdefault(piece_id, {})[f"{nom} {prenom}".strip()] = None
    return {piece_id: _join_names(list(found)) for piece_id, found in names.items()}


def _join_names(names: list[str]) -> str:
    others = len(names) - 1
    if not others:
        return names[0]
    return f"{names[0]} et {others} autre{'s' if others > 1 else ''}"


_ABSENT = (Lien.support == ELECTRONIQUE) & Lien.pj_id.is_(None)
_COUNTS = (
    select(
        Lien.piece_id,
        func.count(func.distinct(Lien.id_unique)),
        func.count(func.distinct(Lien.id_unique)).filter(_ABSENT),
    )
    .where(
        Lien.piece_id.in_(bindparam("pieces", expanding=True)),
        among_named(Lien.cellule_id, "cellules"),
    )
    .group_by(Lien.piece_id)
)


def _count_pj(
    session: Session, piece_ids: Sequence[int], clearance: Clearance
) -> dict[int, tuple[int, int]]:
    """How many PJ each piece cites, and how many of them never came, among those allowed."""
    rows = session.execute(_COUNTS, {"pieces": list(piece_ids), "cellules": clearance.ordered})
    return {row[0]: (row[1], row[2]) for row in rows}
