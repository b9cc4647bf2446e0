"""What records are made from: few queries for many pieces, columns only."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, Select, exists, func, select
from sqlalchemy.orm import Session

from orc.models import (
    Bordereau,
    Budget,
    Collectivite,
    Lien,
    Ligne,
    LigneSortie,
    Piece,
    PieceJustificative,
    Texte,
    Tiers,
)

Rows = Sequence[Any]


def group_by_piece(rows: Rows) -> dict[int, list[Row[Any]]]:
    """Rows by their piece_id, in their order."""
    grouped: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        grouped[row.piece_id].append(row)
    return grouped


def find_pieces(session: Session, ids: Sequence[int]) -> Rows:
    """Pieces with their bordereau, budget and collectivité, by id.

    `reserve`: the bordereau holds pieces of another cellule too, so what it declares is not told.
    """
    mixed = _find_mixed(ids).subquery()
    query = (
        select(
            *Piece.__table__.columns,
            Bordereau.date_emission,
            Bordereau.ht_declare,
            Bordereau.tva_declare,
            Bordereau.nb_pieces_declare,
            Budget.siren,
            Budget.siret,
            Budget.cod_col,
            Budget.cod_bud,
            Budget.id_post,
            Budget.libelle.label("nom_budget"),
            Collectivite.libelle.label("nom_collectivite"),
            mixed.c.bordereau_id.is_not(None).label("reserve"),
        )
        .join(Bordereau, Bordereau.id == Piece.bordereau_id)
        .join(Budget, Budget.id == Piece.budget_id)
        .join(Collectivite, Collectivite.siren == Budget.siren)
        .outerjoin(mixed, mixed.c.bordereau_id == Piece.bordereau_id)
        .where(Piece.id.in_(ids))
        .order_by(Piece.id)
    )
    return session.execute(query).all()


def _find_mixed(ids: Sequence[int]) -> Select[int]:
    """The bordereaux of these pieces that hold several cellules: looked at once, not by piece."""
    concerned = select(Piece.bordereau_id).where(Piece.id.in_(ids))
    return (
        select(Piece.bordereau_id)
        .where(Piece.bordereau_id.in_(concerned))
        .group_by(Piece.bordereau_id)
        .having(func.min(Piece.cellule_id) != func.max(Piece.cellule_id))
    )


def find_lignes(session: Session, ids: Sequence[int]) -> Rows:
    """Every ligne of these pieces, by id."""
    query = select(*Ligne.__table__.columns).where(Ligne.piece_id.in_(ids)).order_by(Ligne.id)
    return session.execute(query).all()


def find_tiers(session: Session, tiers_ids: Iterable[int]) -> dict[int, Row[Any]]:
    """Third parties by id."""
    ids = sorted(set(tiers_ids))
    found: dict[int, Row[Any]] = {}
    for start in range(0, len(ids), 500):
        query = select(*Tiers.__table__.columns).where(Tiers.id.in_(ids[start : start + 500]))
        found.update((row.id, row) for row in session.execute(query))
    return found


def find_liens(session: Session, ids: Sequence[int]) -> Rows:
    """Every lien of these pieces, with its PJ and the state of its text where they are known.

    A PJ that left the silo at its term is found no more.
    """
    left = exists().where(LigneSortie.pj_id == Lien.pj_id).correlate(Lien)
    query = (
        select(
            Lien.id,
            Lien.piece_id,
            Lien.id_unique,
            Lien.nom.label("nom_cite"),
            Lien.support,
            Lien.ligne_numero,
            Lien.pj_id,
            Lien.cellule_id,
            PieceJustificative.nom,
            PieceJustificative.type_pj,
            PieceJustificative.description,
            PieceJustificative.type_reel,
            PieceJustificative.etat,
            PieceJustificative.sha256,
            Texte.type_reel.label("type_lu"),
            Texte.etat.label("etat_texte"),
            Texte.nb_pages,
            Texte.nb_caracteres,
            Texte.qualite,
            Texte.pages_a_oceriser,
        )
        .outerjoin(PieceJustificative, PieceJustificative.id == Lien.pj_id)
        .outerjoin(Texte, Texte.sha256 == PieceJustificative.sha256)
        .where(Lien.piece_id.in_(ids), ~left)
        .order_by(Lien.id)
    )
    return session.execute(query).all()
