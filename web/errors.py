"""Refusals and faults become answers: the only place that knows both OrcError and HTTP."""

import logging
import secrets
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, RedirectResponse, Response

from orc.errors import Conflict, Forbidden, Invalid, NotFound, OrcError, Unavailable
from orc.identity.cles import CleRefusee
from orc.identity.preuve import PreuveNecessaire
from orc.identity.sessions import PorteFermee
from orc.identity.throttling import TropDEssais
from web.deps import EtapeNecessaire, PasConnecte, make_suite
from web.metrics import SEARCHES
from web.observe import find_route
from web.render import render
from web.security import make_local_path

log = logging.getLogger("orc.web")

API = "/api/"


@dataclass(frozen=True, slots=True)
class PageErreur:
    """What happened, what is safe, what to do; `reference` finds it again in the log.

    `encore`: the address to ask for again, where that may do. `retour`: the page one came from.
    """

    code: int
    title: str
    message: str
    conseil: str
    reference: str
    encore: str = ""
    retour: str = ""


@dataclass(frozen=True, slots=True)
class _Sort:
    code: int
    title: str
    conseil: str


_SORTS: tuple[tuple[type[OrcError], _Sort], ...] = (
    (
        NotFound,
        _Sort(
            404,
            "Page introuvable",
            "Vérifiez l’adresse. Ce que votre habilitation ne couvre pas est aussi répondu ainsi.",
        ),
    ),
    (
        TropDEssais,
        _Sort(429, "Trop d’essais", "Attendez, puis recommencez : rien n’est bloqué."),
    ),
    (
        CleRefusee,
        _Sort(401, "Clé refusée", "Demandez une nouvelle clé au gestionnaire de la structure."),
    ),
    (
        PorteFermee,
        _Sort(403, "Identification sans suite", "Revenez à la page de connexion."),
    ),
    (
        Forbidden,
        _Sort(403, "Accès refusé", "Si vous devez y avoir accès, parlez-en à votre comptable."),
    ),
    (
        Conflict,
        _Sort(409, "Action impossible pour l’instant", "Rien n’a été changé."),
    ),
    (
        Invalid,
        _Sort(422, "Demande mal comprise", "Rien n’a été changé. Corrigez, puis recommencez."),
    ),
    (
        Unavailable,
        _Sort(503, "Momentanément indisponible", "Rien n’est perdu. Réessayez dans un moment."),
    ),
)
_BY_KIND = dict(_SORTS)
# Where the search is what is asked for, it is what is down for who asks.
_RECHERCHE = _Sort(
    503,
    "La recherche est momentanément indisponible",
    "Rien n’est perdu, et rien n’est à refaire : réessayez dans un moment. Ce que vous avez tapé "
    "est dans l’adresse de cette page.",
)
RETRY_AFTER = "30"
_PANNE = _Sort(
    500,
    "Une erreur est survenue",
    "Rien n’a été perdu. Réessayez ; si elle revient, donnez la référence à l’assistance.",
)


def add_error_answers(app: FastAPI) -> None:
    """Register the answers on this application."""
    app.add_exception_handler(PasConnecte, _answer_anonymous)
    app.add_exception_handler(EtapeNecessaire, _answer_etape)
    app.add_exception_handler(PreuveNecessaire, _answer_preuve)
    app.add_exception_handler(OrcError, _answer_refusal)
    app.add_exception_handler(RequestValidationError, _answer_validation)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(ClientDisconnect, _answer_departed)


def make_reference() -> str:
    """A short number that a person can read aloud."""
    digits = secrets.token_hex(4).upper()
    return f"{digits[:4]}-{digits[4:]}"


def _answer_anonymous(request: Request, error: Exception) -> Response:
    if request.url.path.startswith(API):
        return _json(401, "Connexion nécessaire.", make_reference())
    suite = error.suite if isinstance(error, PasConnecte) else ""
    return RedirectResponse(f"/connexion?suite={suite}" if suite else "/connexion", 303)


def _answer_etape(request: Request, error: Exception) -> Response:
    if request.url.path.startswith(API) or not isinstance(error, EtapeNecessaire):
        return _answer_refusal(request, error)
    return RedirectResponse(error.etape.value, 303)


def _answer_preuve(request: Request, error: Exception) -> Response:
    if request.url.path.startswith(API):
        return _answer_refusal(request, error)
    retour = error.retour if isinstance(error, PreuveNecessaire) else ""
    suite = quote(retour, safe="") or make_suite(request)
    return RedirectResponse(f"/preuve?suite={suite}", 303)


def _answer_refusal(request: Request, error: Exception) -> Response:
    sort = next((s for kind, s in _SORTS if isinstance(error, kind)), _PANNE)
    if isinstance(error, Unavailable):
        log.warning("indisponible", exc_info=error)
        if find_route(request.scope) in SEARCHES:
            return _answer(request, _RECHERCHE, _shorten(str(error)))
    return _answer(request, sort, str(error))


def _shorten(message: str) -> str:
    """What the title says already is not said twice."""
    said = message.startswith(_RECHERCHE.title)
    return "Un élément dont elle a besoin ne répond pas." if said else message


def _answer_validation(request: Request, error: Exception) -> Response:
    places = (
        [".".join(str(p) for p in e["loc"][1:]) for e in error.errors()]
        if isinstance(error, RequestValidationError)
        else []
    )
    # A path that cannot be read names nothing.
    if isinstance(error, RequestValidationError) and all(
        e["loc"][:1] == ("path",) for e in error.errors()
    ):
        return _answer(request, _BY_KIND[NotFound], "Cette adresse ne mène à rien.")
    named = ", ".join(places)
    return _answer(request, _BY_KIND[Invalid], f"Valeur inattendue : {named}.")


def _answer_http(request: Request, error: Exception) -> Response:
    code = error.status_code if isinstance(error, HTTPException) else 500
    if code == 404:
        return _answer(request, _BY_KIND[NotFound], "Cette adresse ne mène à rien.")
    if code == 405:
        return _answer(request, _Sort(405, "Action impossible ici", ""), "Méthode non admise.")
    return _answer(request, _Sort(code, "Demande refusée", ""), "La demande a été refusée.")


def _answer_departed(_request: Request, _error: Exception) -> Response:
    """Who left while sending reads no answer, and it is no fault of ours."""
    return Response(status_code=400)


def answer_fault(request: Request, error: Exception) -> Response:
    """The answer to a fault of ours: a reference, and nothing of what went wrong."""
    reference = make_reference()
    log.error("faute", extra={"reference": reference}, exc_info=error)
    return _answer(request, _PANNE, "ORC n’a pas pu répondre.", reference)


def _answer(request: Request, sort: _Sort, message: str, reference: str = "") -> Response:
    reference = reference or make_reference()
    level = logging.ERROR if sort.code >= 500 else logging.INFO
    known = {"reference": reference, "route": find_route(request.scope), "statut": sort.code}
    log.log(level, "refus", extra=known)
    if request.url.path.startswith(API):
        answer: Response = _json(sort.code, message, reference)
        if sort.code == 401:
            answer.headers["www-authenticate"] = 'Bearer error="invalid_token"'
    else:
        encore = make_retry(request) if sort.code == 503 else ""
        retour = find_retour(request)
        page = PageErreur(sort.code, sort.title, message, sort.conseil, reference, encore, retour)
        answer = render(request, "erreur", page, status=sort.code)
    if sort.code == 503:
        answer.headers["retry-after"] = RETRY_AFTER
    return answer


def make_retry(request: Request) -> str:
    """The same address again; a form is not sent twice."""
    if request.method != "GET":
        return ""
    query = f"?{request.url.query}" if request.url.query else ""
    return make_local_path(request.url.path + query)


def find_retour(request: Request) -> str:
    """The page of this site one came from, where there is something to correct; else none."""
    try:
        came = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return ""
    known = came.netloc == request.headers.get("host", "") and came.path != request.url.path
    if not known or came.path.startswith(("/connexion", "/preuve")):
        return ""
    return make_local_path(came.path + (f"?{came.query}" if came.query else ""))


def _json(code: int, message: str, reference: str) -> JSONResponse:
    headers = {"www-authenticate": "Cookie"} if code == 401 else None
    return JSONResponse({"erreur": message, "reference": reference}, code, headers=headers)
