"""Who can see a collectivité now, and who saw it of late; juges are in neither."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from orc.access.collectivites import find_by_name
from orc.access.phrases import read_noms, write_habilitation
from orc.access.tenues import find_voyants
from orc.domain import Role
from orc.journal.read import find_visiteurs
from orc.models import Collectivite, Personne, read_now, read_today
from web.acces import acces
from web.deps import Lecture
from web.render import render

router = APIRouter(include_in_schema=False)

MOIS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class VoyantVu:
    """Someone whose grant covers a collectivité."""

    nom: str
    identifiant: str
    phrase: str


@dataclass(frozen=True, slots=True)
class VisiteurVu:
    """Someone who opened a document of it within MOIS; which ones is not said."""

    nom: str
    identifiant: str
    derniere: datetime


@dataclass(frozen=True, slots=True)
class PageVoyants:
    """Who can see this collectivité, who saw it; juges are never counted.

    `choix`: (SIREN, name) of those that what was typed may name, where it names several or none.
    """

    texte: str
    choix: tuple[tuple[str, str], ...]
    siren: str
    collectivite: str
    voyants: tuple[VoyantVu, ...]
    visiteurs: tuple[VisiteurVu, ...]


@router.get("/administration/acces")
@acces(Role.ADMINISTRATEUR)
def show_voyants(
    request: Request, session: Lecture, siren: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """Who can see this collectivité, and who saw it; it is named by its SIREN or by its name."""
    texte = " ".join(siren.split())
    siren = "".join(texte.split())[:9]
    choix: list[tuple[str, str]] = []
    if not siren.isdecimal():
        choix = find_by_name(session, texte)
        siren = choix[0][0] if len(choix) == 1 else ""
    named = session.get(Collectivite, siren) if siren else None
    page = PageVoyants(
        texte,
        tuple(choix),
        siren,
        named.libelle if named else "",
        _find_voyants(session, siren) if siren else (),
        _find_visiteurs(session, siren) if siren else (),
    )
    return render(request, "administration/voyants", page)


def _find_voyants(session: Session, siren: str) -> tuple[VoyantVu, ...]:
    found = find_voyants(session, siren, read_today())
    noms = read_noms(session, [grant for grant, _ in found])
    return tuple(VoyantVu(p.nom, p.identifiant, write_habilitation(g, noms)) for g, p in found)


def _find_visiteurs(session: Session, siren: str) -> tuple[VisiteurVu, ...]:
    last = find_visiteurs(session, siren, read_now() - MOIS)
    people = session.scalars(select(Personne).where(Personne.id.in_(last)))
    found = [VisiteurVu(p.nom, p.identifiant, last[p.id]) for p in people]
    return tuple(sorted(found, key=lambda v: v.derniere, reverse=True))
