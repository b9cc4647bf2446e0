"""The marchés that a piece names: their blocks, and the other pieces that name them."""

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orc.access import Clearance
from orc.models import Budget, Ligne, Marche, Piece
from orc.nomenclature import find_libelle
from orc.search.consult_values import MarcheCite, MarcheVue
from orc.search.lieux import Code
from orc.search.paged import among
from orc.search.pj_marches import find_pj_marche, is_visible
from orc.search.resumes import find_resumes

MARCHES_MAX = 20
PIECES_MAX = 20


def find_marches(session: Session, piece: Piece, *, clearance: Clearance) -> tuple[MarcheCite, ...]:
    """Each marché the lines of a piece name, once, by its key (structure.md, INF)."""
    query = (
        select(Ligne.marche_cle, func.min(Ligne.marche))
        .where(Ligne.piece_id == piece.id, Ligne.marche_cle != "")
        .group_by(Ligne.marche_cle)
        .limit(MARCHES_MAX)
    )
    keys = session.execute(query).all()
    if not keys:
        return ()
    siren = session.scalars(select(Budget.siren).where(Budget.id == piece.budget_id)).one()
    return tuple(
        _read_marche(session, piece, siren, cle, reference, clearance) for cle, reference in keys
    )


def _read_marche(
    session: Session, piece: Piece, siren: str, cle: str, reference: str, clearance: Clearance
) -> MarcheCite:
    blocs = session.scalars(
        select(Marche)
        .where(Marche.siren == siren, Marche.cle == cle, is_visible(clearance))
        .order_by(Marche.numero_modification, Marche.id)
        .limit(MARCHES_MAX)
    )
    of_marche = (
        select(Piece.id)
        .join(Ligne, Ligne.piece_id == Piece.id)
        .join(Budget, Budget.id == Piece.budget_id)
        .where(
            Ligne.marche_cle == cle,
            Budget.siren == siren,
            Piece.courante,
            among(Piece.cellule_id, clearance.cellules),
        )
        .distinct()
        .subquery()
    )
    totals = session.execute(
        select(func.count(), func.sum(Piece.ht + Piece.tva)).join(
            of_marche, of_marche.c.id == Piece.id
        )
    ).one()
    others = session.scalars(
        select(Piece)
        .join(of_marche, of_marche.c.id == Piece.id)
        .where(Piece.id != piece.id)
        .order_by(Piece.exercice, Piece.id)
        .limit(PIECES_MAX)
    ).all()
    return MarcheCite(
        reference=reference,
        blocs=tuple(
            replace(
                make_marche(bloc), pj=find_pj_marche(session, bloc.id, piece, clearance=clearance)
            )
            for bloc in blocs
        ),
        pieces=find_resumes(session, others, clearance=clearance),
        nb_pieces=totals[0],
        somme=totals[1] or 0,
    )


def make_marche(marche: Marche) -> MarcheVue:
    """A block with the labels of its codes."""
    return MarcheVue(
        id=marche.id,
        id_contrat=marche.id_contrat,
        modification=marche.numero_modification,
        objet=marche.objet,
        nature=Code(marche.nature, find_libelle("nature_marche", marche.nature)),
        procedure=Code(marche.procedure, find_libelle("procedure_marche", marche.procedure)),
        cpv=marche.cpv,
        montant=marche.montant,
        date_notification=marche.date_notification,
        duree_mois=marche.duree_mois,
        acteurs=tuple(_lines(marche.acteurs)),
    )


def _lines(text: str) -> Iterable[str]:
    return (line for line in text.splitlines() if line.strip())
