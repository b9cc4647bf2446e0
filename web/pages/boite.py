"""Messages, for administrators: a test, what waits; the local mailbox where none goes out."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from orc.domain import Role
from orc.errors import Invalid, NotFound, OrcError
from orc.identity.essai import write_essai
from orc.messages import Canal, MessageVu, find_messages
from web.acces import acces
from web.deps import Connecte, Ecriture, Formulaire, Lecture, Session, get_orc
from web.render import render

router = APIRouter(include_in_schema=False)
ETATS = {"envoye": "remis", "attend": "en attente", "abandonne": "abandonné"}


@dataclass(frozen=True, slots=True)
class PageMessages:
    """How messages go out, and those that did not."""

    jeton: str
    courriel_local: bool
    sms_local: bool
    expediteur: str
    messages: tuple[MessageVu, ...]
    etats: dict[str, str]
    erreur: str
    fait: bool


@dataclass(frozen=True, slots=True)
class PageBoite:
    """The messages of an installation that sends none."""

    messages: tuple[MessageVu, ...]


@router.get("/messages")
@acces(Role.ADMINISTRATEUR)
def show_messages(request: Request, session: Lecture, ouverte: Session, fait: str = "") -> Response:
    """How messages go out; a form to try it; those that wait or were given up."""
    return _show(request, session, ouverte, fait=fait == "essai")


def _show(
    request: Request,
    session: Lecture,
    ouverte: Session,
    *,
    fait: bool = False,
    error: OrcError | None = None,
) -> Response:
    orc = get_orc(request)
    page = PageMessages(
        jeton=ouverte.csrf,
        courriel_local=orc.expediteurs[Canal.COURRIEL].local,
        sms_local=orc.expediteurs[Canal.SMS].local,
        expediteur=orc.settings.courriel_expediteur,
        messages=tuple(find_messages(session, unsent=True)),
        etats=ETATS,
        erreur=str(error) if error else "",
        fait=fait,
    )
    return render(request, "messages/messages", page, status=422 if error else 200)


@router.post("/messages/essai")
@acces(Role.ADMINISTRATEUR)
def try_messages(
    request: Request, session: Ecriture, ouverte: Session, lecteur: Connecte, form: Formulaire
) -> Response:
    """Write a test message; it leaves like any other."""
    try:
        write_essai(session, str(form.get("adresse", ""))[:300], par=lecteur.identifiant)
    except Invalid as error:
        return _show(request, session, ouverte, error=error)  # type: ignore[arg-type]  # it reads
    return RedirectResponse("/messages?fait=essai", 303)


@router.get("/boite")
@acces(Role.ADMINISTRATEUR)
def show_boite(request: Request, session: Lecture) -> Response:
    """The local mailbox. It does not exist where messages leave."""
    local = {c for c, e in get_orc(request).expediteurs.items() if e.local}
    if not local:
        raise NotFound("Cette adresse ne mène à rien.")
    found = find_messages(session, 200)
    page = PageBoite(tuple(m for m in found if Canal(m.canal) in local))
    return render(request, "messages/boite", page)
