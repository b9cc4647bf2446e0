"""« Destruction anticipée »: what may go, what waits, and why."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from web.acces import acces_destruction
from web.deps import Connecte
from web.render import render

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class PageDestruction:
    """What the page says."""

    cellules: int


@router.get("/destruction")
@acces_destruction()
def show_destruction(request: Request, lecteur: Connecte) -> Response:
    """What may be destroyed early within the reader's scope."""
    page = PageDestruction(len(lecteur.clearance.retention))
    return render(request, "destruction/destruction", page)
