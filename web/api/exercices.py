"""Closing exercices for programs: the comptable's own, listed, closed, reopened."""

from datetime import date

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement

from orc.access import Lecteur
from orc.db import Reading
from orc.domain import Role
from orc.errors import NotFound
from orc.identity.cles import DroitApi
from orc.ingest.clotures import (
    EtatExercice,
    Exercice,
    check_close_le,
    find_exercices,
    record_clotures,
    withdraw_cloture,
)
from orc.models import Budget, read_today
from orc.search.paged import among
from orc.search.portee_silo import find_portee_comptable
from web.acces import acces
from web.api.contrat import PREFIX, REFUS
from web.cles import cles
from web.deps import Connecte, Ecriture, Lecture, get_orc

router = APIRouter(prefix=PREFIX, responses=REFUS, tags=["Exercices"])

INDEXER = "indexer"


class ExerciceCite(BaseModel):
    """An exercice of a budget."""

    budget_id: int
    annee: int = Field(ge=1900, le=9999)


class Fermeture(BaseModel):
    """Exercices to close, and the day they were."""

    exercices: list[ExerciceCite] = Field(min_length=1, max_length=5000)
    close_le: date


class Reouverture(BaseModel):
    """An exercice to reopen, and why."""

    exercice: ExerciceCite
    motif: str


class Fait(BaseModel):
    """How many exercices changed."""

    nombre: int


@router.get("/exercices", summary="Les exercices de votre poste")
@acces(Role.COMPTABLE)
@cles(DroitApi.SILO)
def show_exercices(session: Lecture, lecteur: Connecte) -> list[EtatExercice]:
    """Clos ou ouverts, avec ce qu’ils contiennent."""
    return find_exercices(
        session,
        which=find_which(session, lecteur),
        cellules=lecteur.clearance.granted,
    )


@router.post("/exercices/clore", summary="Clore des exercices")
@acces(Role.COMPTABLE)
def close_exercices(
    request: Request, session: Lecture, writing: Ecriture, lecteur: Connecte, body: Fermeture
) -> Fait:
    """Leurs pièces deviennent cherchables dès qu’elles sont indexées. Ceux déjà clos le restent."""
    asked = check_exercices(session, lecteur, body.exercices)
    check_close_le(body.close_le, read_today())
    count = record_clotures(writing, asked, close_le=body.close_le, auteur=lecteur.auteur)
    get_orc(request).tasks.enqueue(writing, INDEXER)
    return Fait(nombre=count)


@router.post("/exercices/rouvrir", summary="Retirer une clôture")
@acces(Role.COMPTABLE)
def reopen_exercice(
    request: Request, session: Lecture, writing: Ecriture, lecteur: Connecte, body: Reouverture
) -> Fait:
    """Ses pièces ne se cherchent plus, dès la prochaine demande."""
    (asked,) = check_exercices(session, lecteur, [body.exercice])
    withdraw_cloture(writing, asked, motif=body.motif, auteur=lecteur.auteur)
    get_orc(request).tasks.enqueue(writing, INDEXER)
    return Fait(nombre=1)


def find_which(session: Reading, lecteur: Lecteur) -> ColumnElement[bool]:
    """The budgets that this person holds as a comptable: no other grant closes an exercice."""
    today = read_today()
    return among(Budget.id, find_portee_comptable(session, lecteur, today))


def check_exercices(
    session: Reading, lecteur: Lecteur, cited: list[ExerciceCite]
) -> list[Exercice]:
    """These exercices, if they hold pieces and are all of this person's postes. NotFound."""
    asked = [Exercice(c.budget_id, c.annee) for c in cited]
    known = {e.exercice for e in find_exercices(session, which=find_which(session, lecteur))}
    if not known.issuperset(asked):
        raise NotFound("Un de ces exercices n’existe pas, ou n’est pas de votre poste.")
    return asked
