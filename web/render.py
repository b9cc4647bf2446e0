"""Pages from templates: one frozen dataclass per page, the frame around it, nothing else."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from orc.access import ROLES_DE_LA_DESTRUCTION, ROLES_QUI_LISENT, Lecteur
from orc.domain import (
    LIBELLES_DOMAINES,
    LIBELLES_ROLES,
    Role,
    format_date,
    format_entier,
    format_euros,
    format_montant,
    format_nombre,
)
from web.sceau import seal_page
from web.statics import get_static_url

TEMPLATES = Path(__file__).parent / "templates"
NBSP = "\u00a0"


@dataclass(frozen=True, slots=True)
class Entree:
    """A link of the main menu."""

    libelle: str
    chemin: str
    ici: bool


@dataclass(frozen=True, slots=True)
class Cadre:
    """What surrounds every page: the service, the person, the menu, the token of forms."""

    nom_service: str
    marque_etat: bool
    personne: str
    roles: tuple[str, ...]
    jeton: str
    # A juge's: its searches are sent as forms, so that no address holds their words.
    scelle: bool
    menu: tuple[Entree, ...]
    # The pages of early destruction, for who may open them.
    destruction: tuple[Entree, ...]
    chemin: str


TOUS = frozenset(Role)
# (label, path, rôles that see it; TOUS: people whose grants have all ended too)
Menu = tuple[tuple[str, str, frozenset[Role]], ...]
MENU: Menu = (
    ("Accueil", "/", frozenset(Role)),
    ("Recherche", "/recherche", ROLES_QUI_LISENT),
    ("Parcourir", "/parcourir", ROLES_QUI_LISENT),
    ("Exercices", "/exercices", frozenset({Role.COMPTABLE})),
    ("Destruction anticipée", "/destruction", ROLES_DE_LA_DESTRUCTION),
    ("Demandes d’accès", "/habilitations", frozenset({Role.COMPTABLE, Role.ADMINISTRATEUR})),
    ("Ma structure", "/structure", frozenset({Role.GESTIONNAIRE})),
    ("Missions", "/missions", frozenset({Role.JUGE, Role.ADMINISTRATEUR})),
    ("Administration", "/administration", frozenset({Role.ADMINISTRATEUR})),
    ("Silo", "/silo", frozenset({Role.COMPTABLE, Role.ADMINISTRATEUR, Role.ARCHIVISTE})),
    (
        "Comptes techniques",
        "/comptes-techniques",
        frozenset({Role.GESTIONNAIRE, Role.PARTENAIRE}),
    ),
    (
        "Journal",
        "/journal",
        frozenset({Role.COMPTABLE, Role.ORDONNATEUR, Role.ADMINISTRATEUR, Role.JUGE}),
    ),
    ("Traitements", "/traitements", frozenset({Role.ADMINISTRATEUR})),
    ("Messages", "/messages", frozenset({Role.ADMINISTRATEUR})),
    ("Mes accès", "/demandes", frozenset(Role)),
)
# The pages under « Destruction anticipée », in their order: a line for each route that exists.
# An ordonnateur sees them by its droit « destruction » only.
MENU_DESTRUCTION: Menu = (
    ("Ce qui peut partir", "/destruction", ROLES_DE_LA_DESTRUCTION),
    ("Bordereaux d’élimination", "/destruction/bordereaux", ROLES_DE_LA_DESTRUCTION),
    ("Registre", "/destruction/bordereaux/registre", ROLES_DE_LA_DESTRUCTION),
    ("Échéancier", "/destruction/echeancier", ROLES_DE_LA_DESTRUCTION),
    ("Rapports", "/destruction/rapports", ROLES_DE_LA_DESTRUCTION),
    ("Règles de durée", "/destruction/regles", ROLES_DE_LA_DESTRUCTION),
    ("Sorties du silo", "/destruction/sorties", ROLES_DE_LA_DESTRUCTION),
    (
        "Déclarations",
        "/destruction/declarations",
        ROLES_DE_LA_DESTRUCTION | {Role.GESTIONNAIRE},
    ),
    ("Gels", "/destruction/gels", ROLES_DE_LA_DESTRUCTION),
)


def make_cadre(request: Request) -> Cadre:
    """The frame of this request, from what deps.py left in its state."""
    lecteur: Lecteur | None = getattr(request.state, "lecteur", None)
    ouverte = getattr(request.state, "ouverte", None)
    etape = getattr(request.state, "etape", None)
    settings = request.app.state.orc.settings
    roles = lecteur.roles if lecteur else frozenset()
    return Cadre(
        nom_service=settings.nom_service,
        marque_etat=settings.marque_etat,
        personne=lecteur.nom if lecteur else "",
        roles=tuple(LIBELLES_ROLES[r] for r in sorted(roles)),
        jeton=ouverte.csrf if ouverte else "",
        scelle=lecteur.scelle if lecteur else False,
        menu=() if etape else _make_menu(MENU, lecteur, request.url.path),
        destruction=() if etape else _make_menu(MENU_DESTRUCTION, lecteur, request.url.path),
        chemin=request.url.path,
    )


def _make_menu(menu: Menu, lecteur: Lecteur | None, chemin: str) -> tuple[Entree, ...]:
    if lecteur is None:
        return ()
    return tuple(
        Entree(libelle, path, _is_here(menu, path, chemin))
        for libelle, path, roles in menu
        if roles == TOUS or roles & _find_roles(lecteur, path)
    )


def _find_roles(lecteur: Lecteur, path: str) -> frozenset[Role]:
    """The rôles by which this person sees a line: an ordonnateur needs a droit for some."""
    kept = lecteur.destruction or not path.startswith("/destruction")
    return lecteur.roles if kept else lecteur.roles - {Role.ORDONNATEUR}


def _is_here(menu: Menu, path: str, chemin: str) -> bool:
    """Whether this address is under that line, and under no longer one of the same menu."""
    under = [p for _, p, _ in menu if chemin == p or (p != "/" and chemin.startswith(f"{p}/"))]
    return max(under, key=len, default="") == path


def make_environment() -> Environment:
    """Templates that escape everything and refuse what was not given to them."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "entier": format_entier,
        "euros": format_euros,
        "montant": format_montant,
        "jour": format_date,
        "jour_en_lettres": format_jour_en_lettres,
        "instant": format_instant,
        "octets": format_octets,
        "nombre": format_nombre,
        "mois": format_mois,
        "domaine": lambda d: LIBELLES_DOMAINES[d],
        "requete": make_query,
    }
    environment.globals["statique"] = get_static_url
    return environment


def format_instant(instant: datetime) -> str:
    """A moment, in the hours of the machine: `12/03/2022 à 14:05:03`."""
    return f"{instant.astimezone():%d/%m/%Y à{NBSP}%H:%M:%S}"


def format_jour_en_lettres(jour: date | None) -> str:
    """`12 décembre 2026`, or nothing when there is no date."""
    if jour is None:
        return ""
    rang = "1ᵉʳ" if jour.day == 1 else str(jour.day)
    return f"{rang}{NBSP}{MOIS[jour.month - 1]} {jour.year}"


def format_octets(taille: int) -> str:
    """A size as a person reads it: `1,2 Mo`, decimal units."""
    value, unit = float(taille), "octets"
    for unit in ("octets", "Ko", "Mo", "Go", "To"):
        if value < 1000 or unit == "To":
            break
        value /= 1000
    digits = f"{value:.0f}" if unit == "octets" or value >= 100 else f"{value:.1f}"
    return f"{digits.replace('.', ',')}{NBSP}{unit}"


MOIS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


def format_mois(yyyymm: int) -> str:
    """`202304` as `avril 2023`."""
    year, month = divmod(yyyymm, 100)
    return f"{MOIS[month - 1]} {year}" if 1 <= month <= 12 else str(yyyymm)


def make_query(params: dict[str, Any]) -> str:
    """The query string of a link; what is empty is left out, a list is repeated."""
    kept = {k: v for k, v in params.items() if v not in ("", None, (), [])}
    return urlencode(kept, doseq=True)


_ENVIRONMENT = make_environment()


def render(request: Request, template: str, page: object, *, status: int = 200) -> HTMLResponse:
    """`templates/<template>.html.jinja` with `page` and `cadre`, and nothing else."""
    found = _ENVIRONMENT.get_template(f"{template}.html.jinja")
    sealed = seal_page(request, page)
    return HTMLResponse(found.render(page=sealed, cadre=make_cadre(request)), status)
