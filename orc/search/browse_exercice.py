"""An exercice of a budget: its months, its bordereaux, within a Clearance."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, extract, func, select
from sqlalchemy.orm import Session

from orc.access import Clearance
from orc.domain import Sens
from orc.errors import NotFound
from orc.models import Bordereau, Cellule, Piece
from orc.nomenclature import libelle_type_bordereau
from orc.search.browse import Sommes, get_budget
from orc.search.consult_values import BordereauResume
from orc.search.lieux import Code, Lieu
from orc.search.paged import Paged, among, find_page
from orc.search.resumes import make_bordereau_resume

BORDEREAUX_PAR_PAGE = 50


@dataclass(frozen=True, slots=True)
class Choix:
    """What the reader keeps of an exercice; "" and None keep everything. `mois` is yyyymm."""

    sens: str = ""
    type_bordereau: str = ""
    mois: int | None = None


@dataclass(frozen=True, slots=True)
class MoisLigne:
    """A month of emission (yyyymm; 0: no date) and what it holds."""

    mois: int
    sommes: Sommes


@dataclass(frozen=True, slots=True)
class TypeLigne:
    """A type of bordereau present, with its label, and how many bordereaux."""

    sens: Sens
    type_bordereau: Code
    nombre: int


@dataclass(frozen=True, slots=True)
class BordereauLigne:
    """A bordereau and its visible pieces: number and TTC in signed cents."""

    resume: BordereauResume
    nb_pieces: int
    ttc: int
    reserve: bool
    nb_declare: int | None


@dataclass(frozen=True, slots=True)
class ExerciceVue:
    """An exercice: sums, months, types, one page of bordereaux."""

    lieu: Lieu
    exercice: int
    clos: bool
    choix: Choix
    sommes: Sommes
    mois: tuple[MoisLigne, ...]
    types: tuple[TypeLigne, ...]
    bordereaux: Paged[BordereauLigne]
    autres: tuple[int, ...]


def get_exercice(
    session: Session,
    code: str,
    budget: str,
    exercice: int,
    *,
    clearance: Clearance,
    choix: Choix,
    page: int = 1,
) -> ExerciceVue:
    """An exercice of a budget, by their codes in addresses. NotFound.

    An open exercice that is granted exists, and shows nothing of what it holds.
    """
    found = get_budget(session, code, budget, clearance=clearance, sommes=False)
    ligne = next((e for e in found.exercices if e.exercice == exercice), None)
    if ligne is None:
        raise NotFound("Cet exercice n’existe pas, ou vous n’y avez pas accès.")
    lieu = found.lieu
    cellules = _find_cellules(session, lieu.budget_id, exercice, clearance)
    mois = _find_mois(session, cellules)
    return ExerciceVue(
        lieu=lieu,
        exercice=exercice,
        clos=ligne.clos,
        choix=choix,
        sommes=sum((m.sommes for m in mois), Sommes()),
        mois=mois,
        types=_find_types(session, cellules),
        bordereaux=_find_bordereaux(session, lieu.budget_id, exercice, cellules, choix, page),
        autres=tuple(e.exercice for e in found.exercices),
    )


def _find_cellules(
    session: Session, budget_id: int, exercice: int, clearance: Clearance
) -> list[int]:
    ids = session.scalars(
        select(Cellule.id).where(Cellule.budget_id == budget_id, Cellule.exercice == exercice)
    )
    return [i for i in ids if clearance.allows(i)]


def _mois() -> ColumnElement[int]:
    day = Bordereau.date_emission
    return func.coalesce(extract("year", day) * 100 + extract("month", day), 0)


def _find_mois(session: Session, cellules: Iterable[int]) -> tuple[MoisLigne, ...]:
    ttc = Piece.ht + Piece.tva
    depense, recette = Piece.sens == Sens.DEPENSE, Piece.sens == Sens.RECETTE
    query = (
        select(
            _mois().label("mois"),
            func.sum(case((depense, 1), else_=0)),
            func.sum(case((depense, ttc), else_=0)),
            func.sum(case((recette, 1), else_=0)),
            func.sum(case((recette, ttc), else_=0)),
        )
        .join(Bordereau, Bordereau.id == Piece.bordereau_id)
        .where(among(Piece.cellule_id, cellules), Piece.courante)
        .group_by("mois")
        .order_by("mois")
    )
    return tuple(MoisLigne(row[0], Sommes(*row[1:])) for row in session.execute(query))


def _find_types(session: Session, cellules: Iterable[int]) -> tuple[TypeLigne, ...]:
    query = (
        select(Piece.sens, Piece.type_bordereau, func.count(func.distinct(Piece.bordereau_id)))
        .where(among(Piece.cellule_id, cellules), Piece.courante)
        .group_by(Piece.sens, Piece.type_bordereau)
        .order_by(Piece.sens, Piece.type_bordereau)
    )
    return tuple(
        TypeLigne(Sens(sens), Code(code, libelle_type_bordereau(sens, code)), nombre)
        for sens, code, nombre in session.execute(query)
    )


def _find_bordereaux(
    session: Session,
    budget_id: int,
    exercice: int,
    cellules: Sequence[int],
    choix: Choix,
    page: int,
) -> Paged[BordereauLigne]:
    """The bordereaux that hold current pieces, latest first; none of an open exercice."""
    if not cellules:
        return Paged((), 0, 1, BORDEREAUX_PAR_PAGE)
    query = _choose(
        select(Bordereau).where(
            Bordereau.budget_id == budget_id,
            Bordereau.exercice == exercice,
            select(Piece.id).where(Piece.bordereau_id == Bordereau.id, Piece.courante).exists(),
        ),
        choix,
    )
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    page, taille = find_page(total, page, BORDEREAUX_PAR_PAGE)
    # Those without a date come last, on every database.
    order = (Bordereau.date_emission.desc().nulls_last(), Bordereau.sens, Bordereau.id.desc())
    rows = session.scalars(query.order_by(*order).limit(taille).offset((page - 1) * taille)).all()
    sums = _sum_bordereaux(session, [b.id for b in rows], set(cellules))
    return Paged(tuple(_make_ligne(b, *sums[b.id]) for b in rows), total, page, taille)


def _choose(query: Select[Any], choix: Choix) -> Select[Any]:
    if choix.sens:
        query = query.where(Bordereau.sens == choix.sens)
    if choix.type_bordereau:
        query = query.where(Bordereau.type_bordereau == choix.type_bordereau)
    if choix.mois is not None:
        query = query.where(_mois() == choix.mois)
    return query


def _sum_bordereaux(
    session: Session, ids: Sequence[int], cellules: set[int]
) -> dict[int, tuple[int, int, bool]]:
    """Per bordereau: visible pieces, their TTC, whether others are reserved."""
    query = (
        select(Piece.bordereau_id, Piece.cellule_id, func.count(), func.sum(Piece.ht + Piece.tva))
        .where(Piece.bordereau_id.in_(ids), Piece.courante)
        .group_by(Piece.bordereau_id, Piece.cellule_id)
    )
    found: dict[int, tuple[int, int, bool]] = {}
    for bordereau_id, cellule, nombre, ttc in session.execute(query):
        before = found.get(bordereau_id, (0, 0, False))
        found[bordereau_id] = (
            (before[0] + nombre, before[1] + ttc, before[2])
            if cellule in cellules
            else (before[0], before[1], True)
        )
    return found


def _make_ligne(bordereau: Bordereau, nombre: int, ttc: int, reserve: bool) -> BordereauLigne:  # noqa: FBT001 - unpacked from a row
    return BordereauLigne(
        resume=make_bordereau_resume(bordereau, visible=nombre > 0 or not reserve),
        nb_pieces=nombre,
        ttc=ttc,
        reserve=reserve,
        nb_declare=None if reserve else bordereau.nb_pieces_declare,
    )
