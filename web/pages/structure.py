"""The structure's own page: its people, their grants, its demandes, its technical accounts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from orc.access.demandes import MOTIF_MAX, find_gerees
from orc.access.demandes_vues import DemandeVue, find_demandes_de
from orc.access.etendues import add_predecesseurs
from orc.access.structures import StructureVue, find_structures
from orc.access.tenues import find_tenues
from orc.domain import Role
from orc.models import CleApi, CompteTechnique, Personne, read_today
from web.acces import acces
from web.deps import Connecte, Lecture
from web.pages.habilitations import TenueVue, make_tenues
from web.render import render

router = APIRouter(include_in_schema=False)

FAITS = {"retiree": "L’habilitation est retirée : elle n’ouvre plus rien."}


@dataclass(frozen=True, slots=True)
class TechniqueVue:
    """A technical account of the structure; `expire_le`: the last of its keys in force."""

    identifiant: str
    nom: str
    proprietaire: str
    actif: bool
    expire_le: datetime | None


@dataclass(frozen=True, slots=True)
class PageStructure:
    """The structures whose gestionnaire one is, and what is theirs."""

    structures: tuple[StructureVue, ...]
    tenues: tuple[TenueVue, ...]
    demandes: tuple[DemandeVue, ...]
    techniques: tuple[TechniqueVue, ...]
    fait: str
    retour: str = "structure"
    motif_max: int = MOTIF_MAX


@router.get("/structure")
@acces(Role.GESTIONNAIRE)
def show_structure(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    fait: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """The people attached to one's structures, and what they may do."""
    today = read_today()
    sirens = find_gerees(session, lecteur.personne_id, today)
    page = PageStructure(
        structures=tuple(find_structures(session, sirens, today)),
        tenues=make_tenues(session, lecteur, find_tenues(session, sirens, today), today),
        demandes=tuple(find_demandes_de(session, lecteur, sirens)),
        techniques=tuple(find_techniques(session, add_predecesseurs(session, sirens, today))),
        fait=FAITS.get(fait, ""),
    )
    return render(request, "habilitations/structure", page)


def find_techniques(session: Session, sirens: frozenset[str]) -> list[TechniqueVue]:
    """The technical accounts of these structures, with the end of their keys."""
    last = (
        select(CleApi.personne_id, func.max(CleApi.expire_le).label("fin"))
        .where(CleApi.retiree_le.is_(None))
        .group_by(CleApi.personne_id)
        .subquery()
    )
    query = (
        select(CompteTechnique, Personne, last.c.fin)
        .join(Personne, Personne.id == CompteTechnique.personne_id)
        .outerjoin(last, last.c.personne_id == CompteTechnique.personne_id)
        .where(CompteTechnique.siren.in_(sirens))
        .order_by(Personne.identifiant)
    )
    rows = session.execute(query).all()
    owners = select(Personne.id, Personne.nom).where(
        Personne.id.in_({row[0].proprietaire_id for row in rows})
    )
    names = dict(session.execute(owners).all())
    return [
        TechniqueVue(p.identifiant, p.nom, names[t.proprietaire_id], p.desactive_le is None, fin)
        for t, p, fin in rows
    ]
