"""Logging in and out, and the address that tells that the server lives."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from sqlalchemy import text
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from orc.errors import OrcError
from orc.identity.connexion import ConnexionRefusee, log_in, log_out
from orc.identity.throttling import TropDEssais
from orc.settings import Settings
from web.acces import acces_anonyme, acces_connectes, permis_au_juge
from web.certificats import find_enrolment, offers_certificat
from web.deps import Formulaire, Lecture, SessionOuverte, get_orc
from web.render import render
from web.security import COOKIE, COOKIE_AVANT, make_local_path, make_token

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class PageConnexion:
    """The login form: what was typed, what was wrong, the token of the form."""

    identifiant: str
    erreur: str
    suite: str
    jeton: str
    # The provider's name, where there is one; whether the browser's certificate opens an account.
    oidc: str = ""
    certificat: bool = False


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
    jeton = request.cookies.get(COOKIE_AVANT) or make_token()
    settings = get_orc(request).settings
    page = PageConnexion(
        identifiant,
        str(error) if error else "",
        suite,
        jeton,
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
    adresse = request.client.host if request.client else ""
    try:
        cookie = log_in(orc.database, identifiant[:200], mot_de_passe, adresse)
    except (ConnexionRefusee, TropDEssais) as error:
        return _show_form(request, suite=suite, identifiant=identifiant[:200], error=error)
    response = RedirectResponse(find_enrolment(request, suite) or suite, 303)
    put_cookie(response, COOKIE, cookie, orc.settings)
    response.delete_cookie(COOKIE_AVANT)
    return response


@router.post("/deconnexion")
@acces_connectes
@permis_au_juge("sa propre session")
def close_connexion(request: Request, ouverte: SessionOuverte) -> Response:
    """End the session and forget what the browser kept."""
    after = "/connexion"
    if ouverte:
        log_out(get_orc(request).database, ouverte)
        if ouverte.porte == "oidc" and get_orc(request).settings.oidc_emetteur:
            after = "/connexion/oidc/adieu"
    response = RedirectResponse(after, 303)
    response.delete_cookie(COOKIE)
    return response


@router.get("/sante")
@acces_anonyme
def show_sante(session: Lecture) -> PlainTextResponse:
    """`ok` when SQL answers."""
    session.execute(text("SELECT 1"))
    return PlainTextResponse("ok")


def put_cookie(response: Response, name: str, value: str, settings: Settings) -> None:
    """A cookie of the browser's session that no script reads."""
    response.set_cookie(name, value, httponly=True, samesite="lax", secure=settings.cookie_secure)
