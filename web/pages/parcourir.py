"""Walking down: collectivités, budgets, exercices, bordereaux. Addresses are readable codes."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from starlette.responses import Response

from orc.journal import Acte
from orc.search.browse import (
    BudgetLigne,
    CollectiviteLigne,
    CollectiviteVue,
    Sommes,
    find_collectivites,
    get_budget,
    get_collectivite,
)
from orc.search.browse_exercice import Choix, ExerciceVue, MoisLigne, get_exercice
from orc.search.paged import Paged
from web.acces import acces_lecteurs
from web.deps import Connecte, JournalDuLecteur, Lecture
from web.pages.piece import Etapes, Page, make_etapes
from web.render import render

router = APIRouter(include_in_schema=False)

COURTS = (
    "s. d.", "janv.", "févr.", "mars", "avr.", "mai", "juin",
    "juil.", "août", "sept.", "oct.", "nov.", "déc.",
)  # fmt: skip

Code = Annotated[str, InPath(max_length=60)]
Annee = Annotated[int, InPath(ge=0, le=9999)]


@dataclass(frozen=True, slots=True)
class PageCollectivites:
    """The list of collectivités, and what was typed to shorten it."""

    collectivites: Paged[CollectiviteLigne]
    texte: str


@dataclass(frozen=True, slots=True)
class PageCollectivite:
    """A collectivité and its budgets."""

    collectivite: CollectiviteVue
    etapes: Etapes


@dataclass(frozen=True, slots=True)
class PageBudget:
    """A budget and its exercices."""

    budget: BudgetLigne
    etapes: Etapes


@dataclass(frozen=True, slots=True)
class Barre:
    """A month of the plot: two amounts in cents and their heights, from 0 to 100."""

    mois: int
    court: str
    depenses: int
    recettes: int
    nb: int
    hauteur_depenses: int
    hauteur_recettes: int
    choisi: bool
    choix: dict[str, object]


@dataclass(frozen=True, slots=True)
class PageExercice:
    """An exercice: its months, its bordereaux, what is kept of them."""

    vue: ExerciceVue
    etapes: Etapes
    barres: tuple[Barre, ...]
    params: dict[str, object]


@router.get("/parcourir")
@acces_lecteurs
def show_collectivites(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    q: Annotated[str, Query(max_length=100)] = "",
    page: Page = 1,
) -> Response:
    """The collectivités of the reader; who has only one goes straight to it."""
    found = find_collectivites(session, clearance=lecteur.clearance, texte=q, page=page)
    return render(request, "consultation/collectivites", PageCollectivites(found, q.strip()))


@router.get("/parcourir/{code}")
@acces_lecteurs
def show_collectivite(
    request: Request, session: Lecture, lecteur: Connecte, code: Code
) -> Response:
    """The budgets of a collectivité."""
    found = get_collectivite(session, code, clearance=lecteur.clearance)
    etapes = (("Parcourir", "/parcourir"),)
    return render(request, "consultation/collectivite", PageCollectivite(found, etapes))


@router.get("/parcourir/{code}/{budget}")
@acces_lecteurs
def show_budget(
    request: Request, session: Lecture, lecteur: Connecte, code: Code, budget: Code
) -> Response:
    """The exercices of a budget."""
    found = get_budget(session, code, budget, clearance=lecteur.clearance)
    return render(request, "consultation/budget", PageBudget(found, make_etapes(found.lieu)[:-1]))


@router.get("/parcourir/{code}/{budget}/{exercice}")
@acces_lecteurs
def show_exercice(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    code: Code,
    budget: Code,
    exercice: Annee,
    sens: Literal["", "depense", "recette"] = "",
    type_bordereau: Annotated[str, Query(alias="type", max_length=10)] = "",
    mois: Annotated[int | None, Query(ge=0, le=999_912)] = None,
    page: Page = 1,
) -> Response:
    """The bordereaux of an exercice, by sens, type and month; journaled."""
    choix = Choix(sens, type_bordereau, mois)
    vue = get_exercice(
        session, code, budget, exercice, clearance=lecteur.clearance, choix=choix, page=page
    )
    objet = f"budget:{vue.lieu.budget_id}/exercice:{exercice}"
    journal.record(Acte.CONSULTATION, objet)
    params: dict[str, object] = {"sens": sens, "type": type_bordereau, "mois": mois}
    return render(
        request,
        "consultation/exercice",
        PageExercice(vue, make_etapes(vue.lieu), make_barres(vue, params), params),
    )


def make_barres(vue: ExerciceVue, params: dict[str, object]) -> tuple[Barre, ...]:
    """The plot by month: heights are against the largest amount, whatever its sign."""
    amounts = [abs(a) for m in vue.mois for a in (m.sommes.depenses, m.sommes.recettes)]
    largest = max(amounts, default=0) or 1
    known = {m.mois: m for m in vue.mois}
    # Every month of the year, so that two exercices read alike; then those of the days after it.
    year = [vue.exercice * 100 + month for month in range(1, 13)]
    months = [known.get(m, MoisLigne(m, Sommes())) for m in sorted({*year, *known})]
    return tuple(
        Barre(
            mois=m.mois,
            court=COURTS[m.mois % 100] if m.mois % 100 <= 12 else str(m.mois),
            depenses=m.sommes.depenses,
            recettes=m.sommes.recettes,
            nb=m.sommes.nb,
            hauteur_depenses=_height(m.sommes.depenses, largest),
            hauteur_recettes=_height(m.sommes.recettes, largest),
            choisi=vue.choix.mois == m.mois,
            choix={**params, "mois": None if vue.choix.mois == m.mois else m.mois},
        )
        for m in (months if known else ())
    )


def _height(amount: int, largest: int) -> int:
    return max(1, round(100 * abs(amount) / largest)) if amount else 0
