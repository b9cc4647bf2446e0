"""The home page: what I may see, one box, the archive at a glance, what waits for me."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from web.acces import acces_connectes
from web.deps import Connecte
from web.render import render

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class PageAccueil:
    """The home page."""

    portee: str


@router.get("/")
@acces_connectes
def show_accueil(request: Request, lecteur: Connecte) -> Response:
    """The home page of this person."""
    return render(request, "accueil", PageAccueil(portee=lecteur.nom))
