"""Declarations and gels for programs, to read: the same rows as their pages, the same rights."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from orc.models import read_today
from orc.retention.declarees import DeclarationVue, find_declarations
from orc.retention.gels_vus import DetailGel, EtatGel, GelVu, find_gels_vus, read_gel
from web.acces import acces_destruction
from web.api.contrat import PREFIX, REFUS
from web.deps import Connecte, Lecture
from web.pages.declarations import ROLES
from web.pages.piece import Numero

router = APIRouter(prefix=PREFIX, responses=REFUS, tags=["Destruction anticipée"])


class PageDeGels(BaseModel):
    """Gels in one state, by date of review; `total`: of all pages."""

    gels: list[GelVu]
    total: int


@router.get("/destruction/declarations/{code}", summary="Ce qu’une collectivité a déclaré")
@acces_destruction(*ROLES)
def show_declarations(
    session: Lecture,
    lecteur: Connecte,
    code: str,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> list[DeclarationVue]:
    """Ce qui tient d’abord, puis ce qui a été remplacé ou retiré ; cent par page."""
    vues, _total = find_declarations(session, lecteur, code, read_today(), page=page)
    return list(vues)


@router.get("/destruction/gels", summary="Les gels de votre ressort")
@acces_destruction()
def show_gels(
    session: Lecture,
    lecteur: Connecte,
    etat: EtatGel = EtatGel.EN_VIGUEUR,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> PageDeGels:
    """En vigueur, levés qui tiennent encore, ou finis."""
    gels, total = find_gels_vus(session, lecteur, etat, page, read_today())
    return PageDeGels(gels=list(gels), total=total)


@router.get("/destruction/gels/{gel_id}", summary="Un gel")
@acces_destruction()
def show_gel(session: Lecture, lecteur: Connecte, gel_id: Numero) -> DetailGel:
    """Ce qu’il dit, et ce qu’il gèle de ce que vous voyez."""
    return read_gel(session, lecteur, gel_id, read_today())
