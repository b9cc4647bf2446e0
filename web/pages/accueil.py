"""The home page: what I may see, one box, the archive at a glance, what waits for me."""

import json
from dataclasses import dataclass
from datetime import date, datetime

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.orm import Session as SqlSession
from starlette.responses import Response

from orc.access import ROLES_QUI_LISENT, Lecteur, find_habilitations
from orc.access.evenements import Evenement, find_evenements
from orc.domain import Sens
from orc.identity.annuaire import read_applications
from orc.identity.sessions import Ouverte
from orc.identity.validite import find_expiration
from orc.index.port import SearchEngine
from orc.index.query import DemandeFacette, Filtre, Query, Terme
from orc.journal import Acte
from orc.models import Ecriture, Personne, read_today
from orc.search.portee import find_etendue, write_etendue, write_exercices
from orc.settings import Settings
from web.acces import acces_connectes
from web.deps import Connecte, Lecture, Session, get_orc
from web.pages.adresse import CHEMIN
from web.pages.attentes import Attente, find_attentes
from web.plots import Barres, Serie, make_barres
from web.render import render

router = APIRouter(include_in_schema=False)

EXERCICES_MAX = 15
RECHERCHES_MAX = 5
_SERIES = (Serie("Mandats", "orc-serie-a"), Serie("Titres", "orc-serie-b"))


@dataclass(frozen=True, slots=True)
class Acces:
    """An application of this person: ORC's own part, or one of the settings; its codique."""

    nom: str
    adresse: str
    description: str
    codique: str


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
    applications: tuple[Acces, ...]
    expire_le: date | None
    derniere: datetime | None
    recherches: tuple[DerniereRecherche, ...]
    evenements: tuple[Evenement, ...]


@router.get("/")
@acces_connectes
def show_accueil(
    request: Request, session: Lecture, lecteur: Connecte, ouverte: Session
) -> Response:
    """The home page of this person."""
    today = read_today()
    settings = get_orc(request).settings
    reads = bool(lecteur.roles & ROLES_QUI_LISENT)
    etendue = find_etendue(session, lecteur, today)
    page = PageAccueil(
        nom=lecteur.nom,
        etendue=write_etendue(etendue),
        ouverts=write_exercices(etendue.ouverts) if etendue.ouverts else "",
        lit=reads,
        plot=make_plot(get_orc(request).engine, lecteur) if reads else None,
        attentes=find_attentes(session, settings, lecteur, today),
        applications=find_applications(session, settings, lecteur, today),
        expire_le=find_fin(session, settings, ouverte),
        derniere=find_derniere_connexion(session, lecteur),
        recherches=find_recherches(session, lecteur) if reads else (),
        evenements=find_evenements(session, lecteur.personne_id, today),
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


PARTIES = (
    Acces("Recherche", "/recherche", "Chercher dans les pièces archivées", ""),
    Acces("Parcourir", "/parcourir", "Collectivités, budgets, exercices", ""),
)
DESTRUCTION = Acces(
    "Destruction anticipée", "/destruction", "Ce qui peut partir, gels, éliminations, rapports", ""
)


def find_applications(
    session: SqlSession, settings: Settings, lecteur: Lecteur, today: date
) -> tuple[Acces, ...]:
    """ORC's parts, then the applications of the settings that this person's rôles open."""
    grants = find_habilitations(session, lecteur.personne_id, today)
    codiques = ", ".join(sorted({g.portee_cle for g in grants if g.portee == "poste"}))
    own = PARTIES if lecteur.roles & ROLES_QUI_LISENT else ()
    if lecteur.clearance.retention:
        own = (*own, DESTRUCTION)
    others = tuple(
        Acces(a.nom, a.adresse, a.description, codiques if a.codique else "")
        for a in read_applications(settings.applications)
        if not a.roles or a.roles & lecteur.roles
    )
    return (*own, *others)


def find_fin(session: SqlSession, settings: Settings, ouverte: Ouverte) -> date | None:
    """The day when the password of this person expires."""
    personne = session.get_one(Personne, ouverte.personne_id)
    if not personne.mot_de_passe:
        return None
    start = personne.mot_de_passe_le or personne.cree_le
    return find_expiration(start, settings.mot_de_passe_jours)


def find_derniere_connexion(session: SqlSession, lecteur: Lecteur) -> datetime | None:
    """When this person logged in before this time; None: never."""
    query = select(Ecriture.quand).where(
        Ecriture.personne_id == lecteur.personne_id, Ecriture.acte == Acte.CONNEXION
    )
    found = session.scalars(query.order_by(Ecriture.id.desc()).limit(2)).all()
    return found[1] if len(found) > 1 else None


def find_recherches(session: SqlSession, lecteur: Lecteur) -> tuple[DerniereRecherche, ...]:
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
