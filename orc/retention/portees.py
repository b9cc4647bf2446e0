"""What a gel bears on: who sees it, how much of it, which PJ are to be decided again."""

from datetime import date

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.orm import Session

from orc.access.clearance import Lecteur
from orc.db import Writing, list_values
from orc.marques import mark_to_decide
from orc.models import DecisionCourante, Gel, GelObjet, Piece, PieceJustificative
from orc.retention.criteres import Criteres, compile_criteres
from orc.retention.decide import Statut
from orc.retention.decisions import GEL
from orc.retention.gels import OBJETS, read_criteres, select_listed
from orc.retention.qualites import Qualite, find_qualite, make_vue
from orc.retention.regard import (
    find_sirens,
    sees_piece,
    sees_pj,
)

# Counting stops there: a gel may hold a million PJ.
COMPTE_MAX = 10_000


def sees_gel(session: Session, lecteur: Lecteur) -> ColumnElement[bool]:
    """The condition that a Gel bears on something this person sees for retention."""
    cellules = lecteur.clearance.retention
    sirens = find_sirens(session, cellules)
    pj = select(GelObjet.gel_id).join(PieceJustificative, PieceJustificative.id == GelObjet.pj_id)
    piece = select(GelObjet.gel_id).join(Piece, Piece.id == GelObjet.piece_id)
    listed = or_(
        Gel.id.in_(pj.where(sees_pj(cellules))), Gel.id.in_(piece.where(sees_piece(cellules)))
    )
    return or_(Gel.siren.in_(list_values(sirens)), and_(Gel.portee == OBJETS, listed))


def find_refus(session: Session, lecteur: Lecteur, gel: Gel, today: date) -> str:
    """Why this person may not release a gel in force; empty where it may."""
    if gel.personne_id == lecteur.personne_id:
        return "Qui a posé un gel ne le lève pas : une autre personne le fait."
    if find_qualite(lecteur) == Qualite.ORDONNATEUR and gel.qualite != Qualite.ORDONNATEUR:
        return "Un archiviste ou un comptable lève ce gel, pas un ordonnateur."
    if not sees_all(session, lecteur, gel, today):
        return "Ce gel porte aussi sur des pièces que vous ne voyez pas."
    return ""


def sees_all(session: Session, lecteur: Lecteur, gel: Gel, today: date) -> bool:
    """Whether this person sees all that a gel freezes."""
    if gel.portee == OBJETS:
        return _sees_list(session, lecteur, gel.id)
    held = read_criteres(gel.siren, gel.criteres)
    vue = make_vue(session, lecteur, gel.siren, today)
    return vue is not None and _is_within(held, vue)


def _sees_list(session: Session, lecteur: Lecteur, gel_id: int) -> bool:
    cellules = lecteur.clearance.retention
    pj = exists().where(PieceJustificative.id == GelObjet.pj_id, sees_pj(cellules))
    piece = exists().where(Piece.id == GelObjet.piece_id, sees_piece(cellules))
    hidden = select(GelObjet.id).where(
        GelObjet.gel_id == gel_id, ~pj.correlate(GelObjet), ~piece.correlate(GelObjet)
    )
    return session.scalar(hidden.limit(1)) is None


def _is_within(held: Criteres, vue: Criteres) -> bool:
    """Whether all that meets the first is in what a person sees."""
    low, high = vue.exercice_min, vue.exercice_max
    return (
        _holds(held.budgets, vue.budgets)
        and _holds(held.domaines, vue.domaines)
        and (low is None or (held.exercice_min is not None and held.exercice_min >= low))
        and (high is None or (held.exercice_max is not None and held.exercice_max <= high))
    )


def _holds(asked: tuple[str, ...], seen: tuple[str, ...]) -> bool:
    return not seen or (bool(asked) and set(asked) <= set(seen))


def mark_gel(session: Writing, gel: Gel) -> None:
    """The PJ a gel holds are to be decided again."""
    mark_to_decide(session, select_held(gel))


def suspend_held(session: Writing, gel: Gel) -> None:
    """Nothing that a gel holds is said to go any more, at once: its decision comes after.

    Called after `mark_gel`: who decides these PJ meanwhile has then finished.
    """
    passing = DecisionCourante.statut.in_((Statut.ELIGIBLE.value, Statut.EN_ATTENTE.value))
    statut = case((passing, Statut.SUSPENDU.value), else_=DecisionCourante.statut)
    motif = case((passing, GEL), else_=DecisionCourante.motif)
    session.execute(
        update(DecisionCourante)
        .where(DecisionCourante.pj_id.in_(select_held(gel)))
        .values(gelee=True, statut=statut, motif=motif, depuis=None, jusqu_a=None)
        .execution_options(synchronize_session="fetch")
    )


def select_held(gel: Gel) -> Select[int]:
    """The ids of the PJ a gel holds now, whatever one sees."""
    pj = PieceJustificative.id
    if gel.portee != OBJETS:
        held = compile_criteres(read_criteres(gel.siren, gel.criteres))
        return select(pj).where(held)
    listed = [
        query.where(GelObjet.gel_id == gel.id).with_only_columns(column)
        for column, query in select_listed()
    ]
    ids = union(*listed).subquery()
    return select(pj).where(pj.in_(select(ids.c[0])))


def count_held(session: Session, lecteur: Lecteur, gel: Gel) -> int:
    """How many PJ this person sees are held by a gel; COMPTE_MAX and one: more than COMPTE_MAX."""
    seen = select_held(gel).where(sees_pj(lecteur.clearance.retention)).limit(COMPTE_MAX + 1)
    return session.scalar(select(func.count()).select_from(seen.subquery())) or 0
