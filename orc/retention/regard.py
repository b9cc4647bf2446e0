"""Which PJ and pieces a person sees for retention: by cellule, closed or not (domaine.md)."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from orc.db import list_values
from orc.models import (
    Budget,
    Cellule,
    Lien,
    LienMarche,
    Marche,
    Piece,
    PieceJustificative,
    RefCompta,
)

# Domaine of a RefCompta that names a contract.
DOMAINE_MARCHE = "06"


def sees_pj(cellules: Collection[int]) -> ColumnElement[bool]:
    """The condition that a PieceJustificative is seen from these cellules.

    Through what cites it; cited by nothing, by who has any cellule of its budget.
    """
    inside = Lien.cellule_id.in_(list_values(cellules))
    cited = exists().where(Lien.pj_id == PieceJustificative.id, inside)
    budgets = select(Cellule.budget_id).where(Cellule.id.in_(list_values(cellules)))
    return or_(
        cited.correlate(PieceJustificative),
        and_(is_orphan(), PieceJustificative.budget_id.in_(budgets)),
    )


def is_orphan() -> ColumnElement[bool]:
    """The condition that nothing cites a PieceJustificative."""
    return ~exists().where(Lien.pj_id == PieceJustificative.id).correlate(PieceJustificative)


def sees_piece(cellules: Collection[int]) -> ColumnElement[bool]:
    """The condition that a Piece is seen from these cellules."""
    return Piece.cellule_id.in_(list_values(cellules))


def find_sirens(session: Session, cellules: Collection[int]) -> frozenset[str]:
    """The SIREN of the collectivités these cellules belong to."""
    query = (
        select(Budget.siren)
        .join(Cellule, Cellule.budget_id == Budget.id)
        .where(Cellule.id.in_(list_values(cellules)))
        .distinct()
    )
    return frozenset(session.scalars(query)) if cellules else frozenset()


CLE_DE_PIECE = ("budget_id", "exercice", "sens", "numero", "type_bordereau", "numero_bordereau")


def is_same_piece(one: type[Piece], other: type[Piece]) -> ColumnElement[bool]:
    """The condition that two Piece rows are sendings of one piece, or the same row."""
    return and_(*(getattr(one, key) == getattr(other, key) for key in CLE_DE_PIECE))


def is_sent_again(
    one: type[PieceJustificative], other: type[PieceJustificative]
) -> ColumnElement[bool]:
    """The condition that two rows are sendings of one PJ, by the key the collectivité gave it."""
    return and_(one.siren == other.siren, one.id_unique == other.id_unique, other.id_unique != "")


def find_contrats(session: Session, pj_ids: Collection[int]) -> Iterator[tuple[int, str, str]]:
    """Each PJ of a contract, its SIREN and its key: the block cites the PJ, or the PJ says so."""
    cited = (
        select(LienMarche.pj_id, Marche.siren, Marche.cle)
        .join(Marche, Marche.id == LienMarche.marche_id)
        .where(LienMarche.pj_id.in_(pj_ids))
        .distinct()
    )
    said = (
        select(RefCompta.pj_id, PieceJustificative.siren, RefCompta.identifiant)
        .join(PieceJustificative, PieceJustificative.id == RefCompta.pj_id)
        .where(RefCompta.pj_id.in_(pj_ids), RefCompta.domaine_compta == DOMAINE_MARCHE)
        .distinct()
    )
    for query in (cited, said):
        yield from ((pj_id or 0, siren, cle) for pj_id, siren, cle in session.execute(query))


def is_of_contrat(
    meets: Callable[[InstrumentedAttribute[str]], ColumnElement[bool]], *near: type[Any]
) -> ColumnElement[bool]:
    """The condition that a PieceJustificative is of a contract whose key meets this."""
    cited = exists().where(
        LienMarche.pj_id == PieceJustificative.id,
        Marche.id == LienMarche.marche_id,
        meets(Marche.cle),
    )
    said = exists().where(
        RefCompta.pj_id == PieceJustificative.id,
        RefCompta.domaine_compta == DOMAINE_MARCHE,
        meets(RefCompta.identifiant),
    )
    return or_(
        cited.correlate(PieceJustificative, *near), said.correlate(PieceJustificative, *near)
    )


def find_sendings(pj_ids: Collection[int]) -> Select[int]:
    """These PJ and every other sending of them."""
    named, ids = aliased(PieceJustificative), list_values(pj_ids)
    again = (
        select(PieceJustificative.id)
        .join(named, is_sent_again(PieceJustificative, named))
        .where(named.id.in_(ids))
    )
    itself = PieceJustificative.id.in_(ids)
    return select(PieceJustificative.id).where(or_(itself, PieceJustificative.id.in_(again)))


def find_sendings_of_piece(piece_ids: Collection[int]) -> Select[int]:
    """These pieces and every other sending of them."""
    named = aliased(Piece)
    same = select(Piece.id).join(named, is_same_piece(Piece, named))
    return same.where(named.id.in_(list_values(piece_ids)))
