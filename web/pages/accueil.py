"""The home page: what I may see, one box, the archive at a glance, what waits for me."""

import json
from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from orc.access import ROLES_QUI_LISENT, Lecteur
from orc.domain import Role, Sens, format_nombre
from orc.index.port import SearchEngine
from orc.index.query import DemandeFacette, Filtre, Query, Terme
from orc.journal import Acte
from orc.models import Ecriture
from orc.search.portee import find_etendue, write_etendue, write_exercices
from orc.search.portee_silo import find_portee
from orc.search.quarantaine import count_ecartes
from web.acces import acces_connectes
from web.deps import Connecte, Lecture, get_orc
from web.pages.adresse import CHEMIN
from web.plots import Barres, Serie, make_barres
from web.render import render

router = APIRouter(include_in_schema=False)

EXERCICES_MAX = 15
RECHERCHES_MAX = 5
_SERIES = (Serie("Mandats", "orc-serie-a"), Serie("Titres", "orc-serie-b"))
_VOIENT_LE_SILO = frozenset({Role.COMPTABLE, Role.ADMINISTRATEUR, Role.ARCHIVISTE})


@dataclass(frozen=True, slots=True)
class Attente:
    """Something that waits for this person."""

    libelle: str
    url: str


@dataclass(frozen=True, slots=True)
class DerniereRecherche:
    """A search this person made."""

    libelle: str
    url: str


@dataclass(frozen=True, slots=True)
class PageAccueil:
    """The home page. `lit`: this person searches; `plot` is None where there is nothing to draw."""

    nom: str
    etendue: str
    ouverts: str
    lit: bool
    plot: Barres | None
    attentes: tuple[Attente, ...]
    recherches: tuple[DerniereRecherche, ...]


@router.get("/")
@acces_connectes
def show_accueil(request: Request, session: Lecture, lecteur: Connecte) -> Response:
    """The home page of this person."""
    today = date.today()  # noqa: DTZ011 - grants are dated in the civil days of the place
    reads = bool(lecteur.roles & ROLES_QUI_LISENT)
    etendue = find_etendue(session, lecteur, today)
    page = PageAccueil(
        nom=lecteur.nom,
        etendue=write_etendue(etendue),
        ouverts=write_exercices(etendue.ouverts) if etendue.ouverts else "",
        lit=reads,
        plot=make_plot(get_orc(request).engine, lecteur) if reads else None,
        attentes=find_attentes(session, lecteur, today),
        recherches=find_recherches(session, lecteur) if reads else (),
    )
    return render(request, "accueil", page)


def make_plot(engine: SearchEngine, lecteur: Lecteur) -> Barres | None:
    """Pieces by exercice, mandats and titres, of the last years."""
    counts = {sens: _count_by_exercice(engine, lecteur, sens) for sens in Sens}
    exercices = sorted({e for found in counts.values() for e in found})[-EXERCICES_MAX:]
    if not exercices:
        return None
    rows = [
        (str(e), f"{CHEMIN}?exercice={e}", tuple(counts[sens].get(e, 0) for sens in Sens))
        for e in reversed(exercices)
    ]
    return make_barres("Pièces consultables par exercice", "Exercice", _SERIES, rows)


def _count_by_exercice(engine: SearchEngine, lecteur: Lecteur, sens: Sens) -> dict[int, int]:
    query = Query(
        filtres=(Filtre("sens", (Terme("sens", sens.value),)),),
        facettes=(DemandeFacette("exercice", 100),),
        taille=1,
    )
    hits = engine.search(query, clearance=lecteur.clearance)
    return {int(v.valeur): v.nombre for v in hits.facettes.get("exercice", ())}


def find_attentes(session: Session, lecteur: Lecteur, today: date) -> tuple[Attente, ...]:
    """What waits, by rôle."""
    found = []
    if lecteur.roles & _VOIENT_LE_SILO:
        portee = find_portee(session, lecteur, today)
        ecartes = count_ecartes(session, portee)
        if ecartes:
            libelle = f"{format_nombre(ecartes, 'fichier')} en quarantaine"
            found.append(Attente(libelle, "/silo#quarantaine"))
    return tuple(found)


def find_recherches(session: Session, lecteur: Lecteur) -> tuple[DerniereRecherche, ...]:
    """The last searches of this person, once each, from the journal; only it reads them here."""
    rows = session.scalars(
        select(Ecriture.details)
        .where(Ecriture.personne_id == lecteur.personne_id, Ecriture.acte == Acte.RECHERCHE)
        .order_by(Ecriture.id.desc())
        .limit(RECHERCHES_MAX * 8)
    )
    found: dict[str, DerniereRecherche] = {}
    for text in rows:
        details = json.loads(text)
        adresse, libelle = details.get("adresse", ""), details.get("libelle", "")
        if libelle and libelle not in found:
            url = f"{CHEMIN}?{adresse}" if adresse else CHEMIN
            found[libelle] = DerniereRecherche(libelle, url)
    return tuple(found.values())[:RECHERCHES_MAX]
