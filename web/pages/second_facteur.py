"""The second factor: enrolled, asked for at the login, removed; and the proof before signing."""

from dataclasses import dataclass

import segno
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from orc.errors import OrcError
from orc.identity.codes import CodeRefuse, count_codes_de_secours
from orc.identity.etapes import read_roles
from orc.identity.preuve import PreuveRefusee, is_proven, prove
from orc.identity.second_facteur import (
    begin_totp,
    confirm_totp,
    give_second_facteur,
    read_pending,
    remove_totp,
)
from orc.identity.sessions import Ouverte
from orc.identity.throttling import TropDEssais
from orc.identity.totp import make_uri
from orc.models import Personne
from web.acces import acces_connectes, avant_les_etapes, permis_au_juge
from web.deps import (
    Connecte,
    Ecriture,
    Formulaire,
    Lecture,
    Session,
    SessionProuvee,
    get_orc,
    read_adresse,
)
from web.render import render
from web.security import COOKIE, make_local_path, put_cookie

router = APIRouter(include_in_schema=False)
MOTIF = "son propre second facteur"


@dataclass(frozen=True, slots=True)
class PageSecondFacteur:
    """The state of the second factor. `secret`: waits to be confirmed, with its QR code."""

    jeton: str
    en_place: bool
    impose: bool
    secret: str
    qr: str
    codes_restants: int
    erreur: str


@dataclass(frozen=True, slots=True)
class PageCodes:
    """The recovery codes, shown once."""

    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PageCode:
    """The form of a code, at the login (`suite` is "") or of a proof before an act."""

    jeton: str
    action: str
    title: str
    par_code: bool
    suite: str
    erreur: str


@router.get("/second-facteur")
@acces_connectes
@avant_les_etapes
def show_second_facteur(
    request: Request, session: Lecture, ouverte: Session, lecteur: Connecte
) -> Response:
    """The state of the second factor, and its enrolment."""
    if ouverte.totp and not ouverte.second_facteur:
        return RedirectResponse("/second-facteur/code", 303)
    return _show(request, session, ouverte, lecteur)


def _show(
    request: Request,
    session: Lecture,
    ouverte: Ouverte,
    lecteur: Connecte,
    error: OrcError | None = None,
) -> Response:
    orc = get_orc(request)
    personne = session.get_one(Personne, ouverte.personne_id)
    secret = read_pending(orc.coffre, personne)
    uri = make_uri(secret, orc.settings.nom_service, personne.identifiant) if secret else ""
    page = PageSecondFacteur(
        jeton=ouverte.csrf,
        en_place=ouverte.totp,
        impose=bool(lecteur.roles & read_roles(orc.settings)),
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        qr=segno.make(uri, error="m").svg_data_uri(scale=4) if uri else "",
        codes_restants=count_codes_de_secours(session, ouverte.personne_id),
        erreur=str(error) if error else "",
    )
    return render(request, "compte/second_facteur", page, status=422 if error else 200)


@router.post("/second-facteur/debut")
@acces_connectes
@avant_les_etapes
@permis_au_juge(MOTIF)
def begin(request: Request, session: Ecriture, ouverte: Session) -> Response:
    """Make the secret that the application reads on the next page."""
    begin_totp(session, get_orc(request).coffre, ouverte.personne_id)
    return RedirectResponse("/second-facteur", 303)


@router.post("/second-facteur/confirmation")
@acces_connectes
@avant_les_etapes
@permis_au_juge(MOTIF)
def confirm(
    request: Request, session: Lecture, ouverte: Session, lecteur: Connecte, form: Formulaire
) -> Response:
    """Put it in force; the recovery codes are in this answer and nowhere else."""
    orc = get_orc(request)
    code = str(form.get("code", ""))[:50]
    try:
        cookie, codes = confirm_totp(orc.database, orc.coffre, ouverte, code, read_adresse(request))
    except (CodeRefuse, TropDEssais) as error:
        return _show(request, session, ouverte, lecteur, error)
    response = render(request, "compte/codes_de_secours", PageCodes(codes))
    put_cookie(response, COOKIE, cookie, orc.settings)
    return response


@router.post("/second-facteur/retrait")
@acces_connectes
@permis_au_juge(MOTIF)
def remove(session: Ecriture, ouverte: SessionProuvee) -> Response:
    """Take it away, to put another in its place."""
    remove_totp(session, ouverte.personne_id, par=ouverte.identifiant)
    return RedirectResponse("/second-facteur", 303)


@router.get("/second-facteur/code")
@acces_connectes
@avant_les_etapes
def show_code(request: Request, ouverte: Session) -> Response:
    """The form of the code, after the password."""
    if not ouverte.totp or ouverte.second_facteur:
        return RedirectResponse("/", 303)
    return _show_code(request, ouverte)


@router.post("/second-facteur/code")
@acces_connectes
@avant_les_etapes
@permis_au_juge(MOTIF)
def give_code(request: Request, ouverte: Session, form: Formulaire) -> Response:
    """Take the code: the session opens, under a new key."""
    orc = get_orc(request)
    code = str(form.get("code", ""))[:50]
    try:
        cookie = give_second_facteur(orc.database, orc.coffre, ouverte, code, read_adresse(request))
    except (CodeRefuse, TropDEssais) as error:
        return _show_code(request, ouverte, error=error)
    response = RedirectResponse("/", 303)
    put_cookie(response, COOKIE, cookie, orc.settings)
    return response


@router.get("/preuve")
@acces_connectes
def show_preuve(request: Request, ouverte: Session, suite: str = "/") -> Response:
    """The form that asks again who one is, before an act."""
    suite = make_local_path(suite)
    if is_proven(ouverte):
        return RedirectResponse(suite, 303)
    return _show_code(request, ouverte, suite=suite)


@router.post("/preuve")
@acces_connectes
@permis_au_juge("une preuve de sa propre identité")
def give_preuve(request: Request, ouverte: Session, form: Formulaire) -> Response:
    """Take the proof and go back to the act."""
    orc = get_orc(request)
    suite = make_local_path(str(form.get("suite", "/")))
    given = str(form.get("code", ""))[:300]
    try:
        prove(orc.database, orc.coffre, ouverte, given, read_adresse(request))
    except (CodeRefuse, PreuveRefusee, TropDEssais) as error:
        return _show_code(request, ouverte, suite=suite, error=error)
    return RedirectResponse(suite, 303)


def _show_code(
    request: Request, ouverte: Ouverte, *, suite: str = "", error: OrcError | None = None
) -> Response:
    page = PageCode(
        jeton=ouverte.csrf,
        action="/preuve" if suite else "/second-facteur/code",
        title="Prouvez que c’est bien vous" if suite else "Second facteur",
        par_code=ouverte.totp,
        suite=suite,
        erreur=str(error) if error else "",
    )
    status = 429 if isinstance(error, TropDEssais) else 403 if error else 200
    return render(request, "compte/code", page, status=status)
