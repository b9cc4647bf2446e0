"""Queues, processes and tasks that failed, for programs: read, ask again, set aside."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from orc.domain import Role
from orc.identity.cles import DroitApi
from orc.ingest.echecs import ask_again, find_echecs, set_aside
from orc.ingest.traitements import Traitements, read_traitements
from orc.tasks.failures import Echec
from web.acces import acces
from web.api.contrat import PREFIX, REFUS
from web.cles import cles
from web.deps import Connecte, Ecriture, Lecture, get_orc

router = APIRouter(prefix=PREFIX, responses=REFUS, tags=["Traitements"])

Numeros = Annotated[list[Annotated[int, Field(gt=0, lt=2**63)]], Field(max_length=1000)]


class EtatDesTraitements(BaseModel):
    """The state of the work, and the tasks that failed, the latest first."""

    traitements: Traitements
    echecs: list[Echec]


class Relance(BaseModel):
    """Which tasks to ask for again: these, or all that are not set aside."""

    ids: Numeros = []
    toutes: bool = False


class MiseALEcart(BaseModel):
    """Which tasks to give up."""

    ids: Annotated[Numeros, Field(min_length=1)]


class Compte(BaseModel):
    """How many tasks changed."""

    nombre: int


@router.get("/traitements", summary="Files, processus, tâches en échec")
@acces(Role.ADMINISTRATEUR)
@cles(DroitApi.SANTE)
def show_traitements(
    request: Request,
    session: Lecture,
    *,
    ecartees: bool = False,
    debut: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    taille: Annotated[int, Query(ge=1, le=500)] = 100,
) -> EtatDesTraitements:
    """`en_attente` est nul quand la file de tâches ne répond pas ; `panne` dit alors pourquoi."""
    return EtatDesTraitements(
        traitements=read_traitements(get_orc(request)),
        echecs=find_echecs(session, ecartees=ecartees, debut=debut, combien=taille),
    )


@router.post("/traitements/relancer", summary="Relancer des tâches en échec")
@acces(Role.ADMINISTRATEUR)
def relaunch(request: Request, writing: Ecriture, lecteur: Connecte, body: Relance) -> Compte:
    """Elles sont redemandées aussitôt, leurs essais comptés à neuf."""
    asked = None if body.toutes else body.ids
    return Compte(nombre=ask_again(writing, get_orc(request).tasks, asked, auteur=lecteur.auteur))


@router.post("/traitements/ecarter", summary="Écarter des tâches en échec")
@acces(Role.ADMINISTRATEUR)
def dismiss(request: Request, writing: Ecriture, lecteur: Connecte, body: MiseALEcart) -> Compte:
    """ORC n’y revient plus de lui-même ; une nouvelle ingestion les essaiera."""
    tasks = get_orc(request).tasks
    return Compte(nombre=set_aside(writing, tasks, body.ids, auteur=lecteur.auteur))
