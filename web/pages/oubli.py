"""A forgotten password: a code by SMS, or whom to ask; the same page whoever asks."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from orc.errors import OrcError
from orc.identity.annuaire import Contact
from orc.identity.codes import CodeRefuse
from orc.identity.oubli import ask_code, enter_by_code
from orc.identity.throttling import TropDEssais
from web.acces import acces_anonyme, permis_au_juge
from web.deps import Formulaire, get_orc, read_adresse
from web.portail import Portail, find_contacts, make_portail
from web.render import render
from web.security import (
    COOKIE,
    COOKIE_AVANT,
    drop_cookie,
    make_token,
    put_cookie,
    read_cookie,
)

router = APIRouter(include_in_schema=False)

# No answer comes sooner: what an account that exists costs more is lost in it.
DUREE_MIN = 0.4


@dataclass(frozen=True, slots=True)
class PageOubli:
    """The form of a forgotten password, then that of the code (`demande`)."""

    identifiant: str
    demande: bool
    erreur: str
    jeton: str
    contacts: Sequence[Contact]
    portail: Portail


@router.get("/oubli")
@acces_anonyme
def show_oubli(request: Request) -> Response:
    """The form that asks for a code, and whom else to ask."""
    return _show(request)


def _show(
    request: Request,
    *,
    identifiant: str = "",
    demande: bool = False,
    error: OrcError | None = None,
) -> Response:
    settings = get_orc(request).settings
    jeton = read_cookie(request, COOKIE_AVANT) or make_token()
    erreur = str(error) if error else ""
    page = PageOubli(
        identifiant, demande, erreur, jeton, find_contacts(settings), make_portail(settings)
    )
    code = 429 if isinstance(error, TropDEssais) else 403 if error else 200
    response = render(request, "oubli", page, status=code)
    put_cookie(response, COOKIE_AVANT, jeton, settings)
    if isinstance(error, TropDEssais):
        response.headers["retry-after"] = str(error.secondes)
    return response


@router.post("/oubli")
@acces_anonyme
@permis_au_juge("son propre mot de passe")
def ask_oubli(request: Request, form: Formulaire) -> Response:
    """Send a code where one may be sent; the answer and its time say nothing of it."""
    began, orc = time.monotonic(), get_orc(request)
    identifiant = str(form.get("identifiant", ""))[:200]
    try:
        ask_code(
            orc.database,
            orc.coffre,
            identifiant,
            read_adresse(request),
            orc.settings.mot_de_passe_jours,
        )
    except TropDEssais as error:
        return _show(request, identifiant=identifiant, error=error)
    _wait(began)
    return _show(request, identifiant=identifiant, demande=True)


@router.post("/oubli/code")
@acces_anonyme
@permis_au_juge("son propre mot de passe")
def enter_oubli(request: Request, form: Formulaire) -> Response:
    """Take the code: a session that asks for a new password at once."""
    began, orc = time.monotonic(), get_orc(request)
    identifiant = str(form.get("identifiant", ""))[:200]
    try:
        cookie = enter_by_code(
            orc.database,
            orc.coffre,
            identifiant,
            str(form.get("code", ""))[:50],
            read_adresse(request),
            navigateur=request.headers.get("user-agent", ""),
            validite=orc.settings.mot_de_passe_jours,
        )
    except (CodeRefuse, TropDEssais) as error:
        _wait(began)
        return _show(request, identifiant=identifiant, demande=True, error=error)
    response = RedirectResponse("/mot-de-passe", 303)
    put_cookie(response, COOKIE, cookie, orc.settings)
    drop_cookie(response, COOKIE_AVANT, orc.settings)
    return response


def _wait(began: float) -> None:
    time.sleep(max(0.0, began + DUREE_MIN - time.monotonic()))
