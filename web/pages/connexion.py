"""Logging in and out, the conditions d’utilisation, and the address that tells the server lives."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from sqlalchemy import text
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from orc.errors import OrcError
from orc.identity.annuaire import Contact
from orc.identity.connexion import ConnexionRefusee, log_in, log_out
from orc.identity.throttling import TropDEssais
from orc.identity.validite import MotDePasseExpire
from web.acces import acces_anonyme, acces_connectes, avant_les_etapes, permis_au_juge
from web.certificats import find_enrolment, offers_certificat
from web.deps import Formulaire, Lecture, SessionOuverte, get_orc, read_adresse
from web.portail import Portail, find_contacts, make_portail, read_conditions
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


@dataclass(frozen=True, slots=True)
class PageConnexion:
    """The login form: what was typed, what was wrong, the token of the form."""

    identifiant: str
    erreur: str
    suite: str
    jeton: str
    portail: Portail
    # The provider's name, where there is one; whether the browser's certificate opens an account.
    oidc: str = ""
    certificat: bool = False


@dataclass(frozen=True, slots=True)
class PageExpire:
    """A password too old: who gives another."""

    contacts: Sequence[Contact]
    portail: Portail


@dataclass(frozen=True, slots=True)
class PageConditions:
    """The conditions d’utilisation, by paragraphs."""

    paragraphes: tuple[str, ...]
    portail: Portail


@router.get("/connexion")
@acces_anonyme
def show_connexion(request: Request, ouverte: SessionOuverte, suite: str = "/") -> Response:
    """The login form; who is logged in already goes on."""
    suite = make_local_path(suite)
    if ouverte:
        return RedirectResponse(suite, 303)
    return _show_form(request, suite=suite)


def _show_form(
    request: Request, *, suite: str, identifiant: str = "", error: OrcError | None = None
) -> Response:
    settings = get_orc(request).settings
    jeton = read_cookie(request, COOKIE_AVANT) or make_token()
    page = PageConnexion(
        identifiant,
        str(error) if error else "",
        suite,
        jeton,
        make_portail(settings),
        oidc=settings.oidc_nom if settings.oidc_emetteur else "",
        certificat=offers_certificat(request),
    )
    code = 429 if isinstance(error, TropDEssais) else 403 if error else 200
    response = render(request, "connexion", page, status=code)
    put_cookie(response, COOKIE_AVANT, jeton, settings)
    if isinstance(error, TropDEssais):
        response.headers["retry-after"] = str(error.secondes)
    return response


@router.post("/connexion")
@acces_anonyme
@permis_au_juge("sa propre session")
def open_connexion(request: Request, form: Formulaire) -> Response:
    """Check the password and open a session of a new key."""
    orc = get_orc(request)
    identifiant, mot_de_passe = str(form.get("identifiant", "")), str(form.get("mot_de_passe", ""))
    suite = make_local_path(str(form.get("suite", "/")))
    try:
        cookie = log_in(
            orc.database,
            identifiant[:200],
            mot_de_passe,
            read_adresse(request),
            navigateur=request.headers.get("user-agent", ""),
            validite=orc.settings.mot_de_passe_jours,
        )
    except (ConnexionRefusee, TropDEssais) as error:
        return _show_form(request, suite=suite, identifiant=identifiant[:200], error=error)
    except MotDePasseExpire as error:
        contacts = find_contacts(orc.settings, error.departement)
        page = PageExpire(contacts, make_portail(orc.settings))
        return render(request, "connexion_expire", page, status=403)
    response = RedirectResponse(find_enrolment(request, suite) or suite, 303)
    put_cookie(response, COOKIE, cookie, orc.settings)
    drop_cookie(response, COOKIE_AVANT, orc.settings)
    return response


@router.post("/deconnexion")
@acces_connectes
@avant_les_etapes
@permis_au_juge("sa propre session")
def close_connexion(request: Request, ouverte: SessionOuverte) -> Response:
    """End the session and forget what the browser kept."""
    orc = get_orc(request)
    after = "/connexion"
    if ouverte:
        log_out(orc.database, ouverte)
        if ouverte.porte == "oidc" and orc.settings.oidc_emetteur:
            after = "/connexion/oidc/adieu"
    response = RedirectResponse(after, 303)
    drop_cookie(response, COOKIE, orc.settings)
    return response


@router.get("/conditions")
@acces_anonyme
def show_conditions(request: Request) -> Response:
    """The conditions d’utilisation."""
    settings = get_orc(request).settings
    page = PageConditions(read_conditions(settings), make_portail(settings))
    return render(request, "conditions", page)


@router.get("/sante")
@acces_anonyme
def show_sante(session: Lecture) -> PlainTextResponse:
    """`ok` when SQL answers."""
    session.execute(text("SELECT 1"))
    return PlainTextResponse("ok")
