"""Logging in through an OpenID provider: leave, come back, link an account, leave it too.

No form leads to the provider: the CSP keeps forms here, and a POST that redirects is a form.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from orc.db import Writing
from orc.errors import Forbidden, NotFound
from orc.identity.oidc import Fournisseur, Identite, OidcRefuse, make_configuration
from orc.identity.oidc_aller import (
    PORTE,
    Aller,
    enter_by_oidc,
    link_identite,
    record_refus,
    start_aller,
    take_aller,
)
from orc.identity.preuve import check_preuve
from orc.identity.sessions import Ouverte, Venue
from web.acces import acces_anonyme, acces_connectes, permis_au_juge
from web.deps import Connecte, Session, SessionOuverte, get_orc
from web.render import render
from web.security import (
    COOKIE,
    COOKIE_AVANT,
    drop_cookie,
    make_local_path,
    make_token,
    put_cookie,
    read_cookie,
)

router = APIRouter(include_in_schema=False)

COOKIE_OIDC = "orc_oidc"
RACINE = "/connexion/oidc"
# A browser keeps 4096 octets a cookie.
ID_TOKEN_MAX = 3500
PORTES = "/mes-portes"
Court = Annotated[str, Query(max_length=300)]
Code = Annotated[str, Query(max_length=4000)]


@dataclass(frozen=True, slots=True)
class PageDepart:
    """The link that leads to the provider."""

    nom: str
    adresse: str


@dataclass(frozen=True, slots=True)
class PageAdieu:
    """What is left to close at the provider."""

    nom: str


def get_fournisseur(request: Request) -> Fournisseur:
    """The provider of the settings, one for this application. Raises NotFound: there is none."""
    state = request.app.state
    if not hasattr(state, "fournisseur"):
        configuration = make_configuration(get_orc(request).settings)
        state.fournisseur = Fournisseur(configuration) if configuration else None
    found: Fournisseur | None = state.fournisseur
    if found is None:
        raise NotFound("Cette adresse ne mène à rien.")
    return found


def make_venue(request: Request, porte: str, *, second_facteur: bool = False) -> Venue:
    """How this browser comes in."""
    return Venue(
        porte,
        request.client.host if request.client else "",
        request.headers.get("user-agent", "")[:200],
        second_facteur,
    )


@router.get(RACINE)
@acces_anonyme
def leave(request: Request, suite: Annotated[str, Query(max_length=4000)] = "/") -> Response:
    """Go to the provider; its answer is taken from this browser only."""
    fournisseur = get_fournisseur(request)
    jeton = read_cookie(request, COOKIE_AVANT) or make_token()
    response = RedirectResponse(_start(request, fournisseur, jeton, make_local_path(suite)), 303)
    put_cookie(response, COOKIE_AVANT, jeton, get_orc(request).settings)
    return response


@router.post(f"{PORTES}/oidc")
@acces_connectes
@permis_au_juge("son propre compte")
def leave_to_link(request: Request, _lecteur: Connecte, ouverte: Session) -> Response:
    """Show the link to the provider; who comes back is linked to the account of this session."""
    fournisseur = get_fournisseur(request)
    check_by_password(ouverte)
    check_preuve(ouverte, retour=PORTES)
    cookie = read_cookie(request, COOKIE)
    page = PageDepart(fournisseur.configuration.nom, _start(request, fournisseur, cookie, PORTES))
    return render(request, "portes/depart", page)


def check_by_password(ouverte: Ouverte | None) -> None:
    """A door is added under the password only: one door never opens another. Raises Forbidden."""
    if ouverte is None or ouverte.porte != "mot_de_passe":
        raise Forbidden("Connectez-vous avec votre mot de passe pour ajouter une façon d’entrer.")


def _start(request: Request, fournisseur: Fournisseur, navigateur: str, suite: str) -> str:
    fournisseur.check_ready()
    with get_orc(request).database.writing() as session:
        aller = start_aller(session, navigateur, suite)
    return fournisseur.make_depart(aller.state, aller.nonce, aller.verificateur)


@router.get(f"{RACINE}/retour")
@acces_anonyme
def come_back(
    request: Request,
    ouverte: SessionOuverte,
    state: Court = "",
    code: Code = "",
    iss: Court | None = None,
) -> Response:
    """Take the way back of this browser, once; verify who it is; open a session, or link."""
    fournisseur = get_fournisseur(request)
    database = get_orc(request).database
    with database.writing() as session:
        aller, to_link = _take(request, session, state, ouverte)
    if aller is None or not code:
        record_refus(database, make_venue(request, PORTE).adresse)
        raise OidcRefuse(fournisseur.configuration.nom)
    try:
        identite = fournisseur.get_identite(
            code, verificateur=aller.verificateur, nonce=aller.nonce, emetteur=iss
        )
    except OidcRefuse:
        record_refus(database, make_venue(request, PORTE).adresse)
        raise
    if to_link and ouverte is not None:
        with database.writing() as session:
            link_identite(session, ouverte.personne_id, identite)
        return RedirectResponse(f"{PORTES}?fait=liee", 303)
    return _enter(request, fournisseur, identite, aller)


def _take(
    request: Request, session: Writing, state: str, ouverte: Ouverte | None
) -> tuple[Aller | None, bool]:
    avant = read_cookie(request, COOKIE_AVANT)
    if avant and (found := take_aller(session, state, avant)):
        return found, False
    if ouverte is not None and ouverte.porte == "mot_de_passe":
        return take_aller(session, state, read_cookie(request, COOKIE)), True
    return None, False


def _enter(
    request: Request, fournisseur: Fournisseur, identite: Identite, aller: Aller
) -> Response:
    orc = get_orc(request)
    cookie = enter_by_oidc(
        orc.database,
        identite,
        nom=fournisseur.configuration.nom,
        lier=orc.settings.oidc_lier,
        venue=make_venue(request, PORTE, second_facteur=identite.second_facteur),
    )
    response = RedirectResponse(make_local_path(aller.suite), 303)
    put_cookie(response, COOKIE, cookie, orc.settings)
    drop_cookie(response, COOKIE_AVANT, orc.settings)
    if len(identite.id_token) <= ID_TOKEN_MAX:
        response.set_cookie(
            COOKIE_OIDC,
            identite.id_token,
            path=RACINE,
            httponly=True,
            samesite="lax",
            secure=orc.settings.cookie_secure,
        )
    return response


@router.get(f"{RACINE}/adieu")
@acces_anonyme
def show_adieu(request: Request) -> Response:
    """After the session here is closed: the one at the provider may still be open."""
    nom = get_fournisseur(request).configuration.nom
    return render(request, "portes/adieu", PageAdieu(nom))


@router.get(f"{RACINE}/sortir")
@acces_anonyme
def leave_provider(request: Request) -> Response:
    """Close the session at the provider, which sends back to the login page."""
    fournisseur = get_fournisseur(request)
    token = request.cookies.get(COOKIE_OIDC, "")
    adieu = fournisseur.make_adieu(token) if token else ""
    response = RedirectResponse(adieu or "/connexion", 303)
    response.delete_cookie(COOKIE_OIDC, path=RACINE)
    return response
