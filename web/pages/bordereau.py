"""The page of a bordereau."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from orc.journal import Acte
from orc.search.consult import get_bordereau
from orc.search.consult_values import BordereauVue
from web.acces import acces_lecteurs
from web.deps import Connecte, JournalDuLecteur, Lecture
from web.pages.piece import Etapes, Numero, Page, make_etapes
from web.render import render

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class PageBordereau:
    """What the page says."""

    bordereau: BordereauVue
    etapes: Etapes


@router.get("/bordereau/{bordereau_id}")
@acces_lecteurs
def show_bordereau(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    bordereau_id: Numero,
    page: Page = 1,
) -> Response:
    """A bordereau and the pieces of it that the reader may see; journaled."""
    bordereau = get_bordereau(session, bordereau_id, clearance=lecteur.clearance, page=page)
    journal.record(Acte.CONSULTATION, f"bordereau:{bordereau_id}")
    etapes = make_etapes(bordereau.lieu, bordereau.resume.exercice)
    return render(request, "consultation/bordereau", PageBordereau(bordereau, etapes))
