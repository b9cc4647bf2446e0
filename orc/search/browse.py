"""Walking down from the collectivités to the bordereaux: counts and sums of what may be seen."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from orc.access import Clearance
from orc.domain import Sens
from orc.errors import NotFound
from orc.models import Budget, Cellule, Piece
from orc.search.lieux import Lieu, find_lieux, make_siren_code
from orc.search.paged import Paged, among, make_page

COLLECTIVITES_PAR_PAGE = 50


@dataclass(frozen=True, slots=True)
class Sommes:
    """Counts of current pieces and their TTC in signed cents, on both sides."""

    nb_depenses: int = 0
    depenses: int = 0
    nb_recettes: int = 0
    recettes: int = 0

    @property
    def nb(self) -> int:
        """Mandats and titres together."""
        return self.nb_depenses + self.nb_recettes

    def __add__(self, other: "Sommes") -> "Sommes":
        """Add two of them."""
        return Sommes(
            self.nb_depenses + other.nb_depenses,
            self.depenses + other.depenses,
            self.nb_recettes + other.nb_recettes,
            self.recettes + other.recettes,
        )


@dataclass(frozen=True, slots=True)
class CollectiviteLigne:
    """A collectivité on one line: its closed exercices, what they hold."""

    siren: str
    code: str
    nom: str
    nb_budgets: int
    exercices: tuple[int, ...]
    sommes: Sommes


@dataclass(frozen=True, slots=True)
class ExerciceLigne:
    """An exercice of a budget: closed ones with their sums, open ones without."""

    exercice: int
    clos: bool
    sommes: Sommes


@dataclass(frozen=True, slots=True)
class BudgetLigne:
    """A budget and its exercices, latest first."""

    lieu: Lieu
    exercices: tuple[ExerciceLigne, ...]

    @property
    def sommes(self) -> Sommes:
        """What all its closed exercices hold."""
        return sum((e.sommes for e in self.exercices), Sommes())


@dataclass(frozen=True, slots=True)
class CollectiviteVue:
    """A collectivité: its budgets."""

    siren: str
    code: str
    nom: str
    budgets: tuple[BudgetLigne, ...]

    @property
    def sommes(self) -> Sommes:
        """What all its budgets hold."""
        return sum((b.sommes for b in self.budgets), Sommes())


@dataclass(frozen=True, slots=True)
class _Case:
    """One granted cellule: its budget, its exercice, whether it is closed."""

    cellule_id: int
    budget_id: int
    exercice: int
    clos: bool


def _find_cases(
    session: Session, clearance: Clearance, budget_ids: Iterable[int] | None
) -> list[_Case]:
    granted = clearance.cellules | clearance.ouvertes
    query = select(Cellule.id, Cellule.budget_id, Cellule.exercice).where(
        among(Cellule.id, granted)
    )
    if budget_ids is not None:
        query = query.where(among(Cellule.budget_id, budget_ids))
    return [_Case(*row, row[0] in clearance.cellules) for row in session.execute(query)]


def sum_pieces(session: Session, cellules: Iterable[int]) -> dict[tuple[int, int], Sommes]:
    """What each (budget, exercice) holds in these cellules; only current pieces."""
    ttc = Piece.ht + Piece.tva
    depense, recette = Piece.sens == Sens.DEPENSE, Piece.sens == Sens.RECETTE
    query = (
        select(
            Piece.budget_id,
            Piece.exercice,
            func.sum(case((depense, 1), else_=0)),
            func.sum(case((depense, ttc), else_=0)),
            func.sum(case((recette, 1), else_=0)),
            func.sum(case((recette, ttc), else_=0)),
        )
        .where(among(Piece.cellule_id, cellules), Piece.courante)
        .group_by(Piece.budget_id, Piece.exercice)
    )
    return {(row[0], row[1]): Sommes(*row[2:]) for row in session.execute(query)}


def find_collectivites(
    session: Session,
    *,
    clearance: Clearance,
    texte: str = "",
    page: int = 1,
    taille: int = COLLECTIVITES_PAR_PAGE,
) -> Paged[CollectiviteLigne]:
    """The collectivités with something to see, by name; `texte`: a part of the name or the SIREN.

    Sums are made for the page only: a thousand collectivités cost what fifty do.
    """
    cases = [c for c in _find_cases(session, clearance, None) if c.clos]
    budgets = find_lieux(session, {c.budget_id for c in cases})
    by_siren: dict[str, list[Lieu]] = {}
    for lieu in budgets.values():
        by_siren.setdefault(lieu.siren, []).append(lieu)
    wanted = texte.strip().casefold()
    names = sorted(
        (lieux[0].nom_collectivite, siren)
        for siren, lieux in by_siren.items()
        if wanted in lieux[0].nom_collectivite.casefold() or wanted.replace(" ", "") in siren
    )
    shown = make_page(names, page, taille)
    on_page = {lieu.budget_id for _, siren in shown.items for lieu in by_siren[siren]}
    kept = [c for c in cases if c.budget_id in on_page]
    sums = sum_pieces(session, (c.cellule_id for c in kept))
    items = tuple(
        _make_collectivite(nom, siren, {x.budget_id for x in by_siren[siren]}, kept, sums)
        for nom, siren in shown.items
    )
    return Paged(items, shown.total, shown.page, shown.taille)


def _make_collectivite(
    nom: str,
    siren: str,
    budgets: set[int],
    cases: list[_Case],
    sums: dict[tuple[int, int], Sommes],
) -> CollectiviteLigne:
    mine = [c for c in cases if c.budget_id in budgets]
    return CollectiviteLigne(
        siren=siren,
        code=make_siren_code(siren),
        nom=nom,
        nb_budgets=len({c.budget_id for c in mine}),
        exercices=tuple(sorted({c.exercice for c in mine})),
        sommes=sum((s for (budget, _), s in sums.items() if budget in budgets), Sommes()),
    )


def get_collectivite(session: Session, code: str, *, clearance: Clearance) -> CollectiviteVue:
    """The budgets and exercices of a collectivité, by its code in addresses. NotFound."""
    cases = _get_cases(session, code, clearance)
    sums = sum_pieces(session, (c.cellule_id for c in cases if c.clos))
    lieux = find_lieux(session, {c.budget_id for c in cases})
    budgets = tuple(_make_budget(lieu, cases, sums) for lieu in lieux.values())
    lieu = budgets[0].lieu
    return CollectiviteVue(lieu.siren, code, lieu.nom_collectivite, budgets)


def _get_cases(session: Session, code: str, clearance: Clearance) -> list[_Case]:
    siren = "" if code == make_siren_code("") else code
    ids = session.scalars(select(Budget.id).where(Budget.siren == siren)).all()
    cases = _find_cases(session, clearance, ids)
    if not cases:
        raise NotFound("Cette collectivité n’existe pas, ou vous n’y avez pas accès.")
    return cases


def _make_budget(
    lieu: Lieu, cases: list[_Case], sums: dict[tuple[int, int], Sommes]
) -> BudgetLigne:
    closed: dict[int, bool] = {}
    for c in cases:
        if c.budget_id == lieu.budget_id:
            closed[c.exercice] = closed.get(c.exercice, False) or c.clos
    exercices = tuple(
        ExerciceLigne(exercice, closed[exercice], sums.get((lieu.budget_id, exercice), Sommes()))
        for exercice in sorted(closed, reverse=True)
    )
    return BudgetLigne(lieu, exercices)


def get_budget(
    session: Session, code: str, budget: str, *, clearance: Clearance, sommes: bool = True
) -> BudgetLigne:
    """One budget and its exercices, by its codes in addresses (`SIRET-101-00`). NotFound.

    Without `sommes`, what they hold is left at zero: it costs a look at every piece.
    """
    cases = _get_cases(session, code, clearance)
    for lieu in find_lieux(session, {c.budget_id for c in cases}).values():
        if lieu.code == budget:
            mine = [c for c in cases if c.budget_id == lieu.budget_id]
            closed = (c.cellule_id for c in mine if c.clos)
            return _make_budget(lieu, mine, sum_pieces(session, closed) if sommes else {})
    raise NotFound("Ce budget n’existe pas, ou vous n’y avez pas accès.")
