"""Walking down for programs: collectivités, budgets, exercices, bordereaux."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from orc.identity.cles import DroitApi
from orc.journal import Acte
from orc.search.browse import (
    BudgetLigne,
    CollectiviteLigne,
    CollectiviteVue,
    find_collectivites,
    get_budget,
    get_collectivite,
)
from orc.search.browse_exercice import Choix, ExerciceVue, get_exercice
from orc.search.paged import Paged
from web.acces import acces_lecteurs
from web.api.consultation import Page
from web.api.contrat import PREFIX, REFUS
from web.cles import cles
from web.deps import Connecte, JournalDuLecteur, Lecture

router = APIRouter(prefix=PREFIX, responses=REFUS, tags=["Parcourir"])

Code = Annotated[str, Path(max_length=60)]


@router.get("/collectivites", summary="Les collectivités que vous voyez")
@acces_lecteurs
@cles(DroitApi.CONSULTATION)
def show_collectivites(
    session: Lecture,
    lecteur: Connecte,
    q: Annotated[str, Query(max_length=100, description="Une partie du nom, ou le SIREN.")] = "",
    page: Page = 1,
) -> Paged[CollectiviteLigne]:
    """Par ordre de nom, avec ce que contiennent leurs exercices clos."""
    return find_collectivites(session, clearance=lecteur.clearance, texte=q, page=page)


@router.get("/collectivites/{code}", summary="Une collectivité et ses budgets")
@acces_lecteurs
@cles(DroitApi.CONSULTATION)
def show_collectivite(session: Lecture, lecteur: Connecte, code: Code) -> CollectiviteVue:
    """Ses budgets et leurs exercices."""
    return get_collectivite(session, code, clearance=lecteur.clearance)


@router.get("/collectivites/{code}/{budget}", summary="Un budget et ses exercices")
@acces_lecteurs
@cles(DroitApi.CONSULTATION)
def show_budget(session: Lecture, lecteur: Connecte, code: Code, budget: Code) -> BudgetLigne:
    """Ses exercices, du plus récent au plus ancien."""
    return get_budget(session, code, budget, clearance=lecteur.clearance)


@router.get("/collectivites/{code}/{budget}/{exercice}", summary="Un exercice")
@acces_lecteurs
@cles(DroitApi.CONSULTATION)
def show_exercice(
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    code: Code,
    budget: Code,
    exercice: Annotated[int, Path(ge=1900, le=9999)],
    sens: Literal["", "depense", "recette"] = "",
    type_bordereau: Annotated[str, Query(alias="type", max_length=10)] = "",
    mois: Annotated[int | None, Query(ge=0, le=999_912, description="AAAAMM")] = None,
    page: Page = 1,
) -> ExerciceVue:
    """Ses sommes, ses mois, ses bordereaux page par page."""
    choix = Choix(sens, type_bordereau, mois)
    vue = get_exercice(
        session, code, budget, exercice, clearance=lecteur.clearance, choix=choix, page=page
    )
    objet = f"budget:{vue.lieu.budget_id}/exercice:{exercice}"
    journal.record(Acte.CONSULTATION, objet, {"api": True})
    return vue
