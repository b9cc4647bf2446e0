"""What endpoints ask for: a transaction, the reader behind the request, the journal, a form."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from orc.access import Lecteur, make_lecteur
from orc.bootstrap import Orc
from orc.db import Reading, Writing
from orc.errors import Forbidden, OrcError
from orc.identity.cles import (
    ClePresentee,
    CleRefusee,
    find_cle,
    record_refusal,
    touch_cle,
)
from orc.identity.etapes import Etape, find_etape, read_roles
from orc.identity.preuve import check_preuve
from orc.identity.sessions import Ouverte, find_session, make_limits, touch_session
from orc.journal import Acte, record_acte
from orc.models import read_today
from web.acces import SAFE, get_acces, is_avant_etapes
from web.cles import check_cle, read_bearer
from web.security import COOKIE, check_csrf, check_origin, read_cookie

MAX_FIELDS = 20_000


class PasConnecte(Exception):
    """Nobody is logged in: a page goes to the login form, the API answers 401."""

    def __init__(self, suite: str) -> None:
        super().__init__(suite)
        self.suite = suite


class EtapeNecessaire(Forbidden):
    """Logged in, but something comes first: a second factor, a new password."""

    def __init__(self, etape: Etape) -> None:
        super().__init__("Une étape de la connexion reste à faire avant cette page.")
        self.etape = etape


def get_orc(request: Request) -> Orc:
    """The running ORC of this application."""
    found: Orc = request.app.state.orc
    return found


def open_reading(request: Request) -> Iterator[Reading]:
    """A transaction that changes nothing, for the time of the endpoint."""
    with get_orc(request).database.reading() as session:
        yield session


def open_writing(request: Request) -> Iterator[Writing]:
    """A transaction committed before the first byte of the answer leaves."""
    with get_orc(request).database.writing() as session:
        yield session


Lecture = Annotated[Reading, Depends(open_reading, scope="function")]
Ecriture = Annotated[Writing, Depends(open_writing, scope="function")]


def find_presentee(request: Request, session: Lecture) -> ClePresentee | None:
    """The API key of a call, in force; None: it brings none. Raises CleRefusee, TropDEssais."""
    given = read_bearer(request)
    if given is None:
        return None
    found = find_cle(session, given)
    if found is None:
        adresse = request.client.host if request.client else ""
        record_refusal(get_orc(request).database, given, adresse)
        raise CleRefusee
    if found.to_touch:
        with get_orc(request).database.writing() as writing:
            touch_cle(writing, found.id)
    return found


CleDuProgramme = Annotated[ClePresentee | None, Depends(find_presentee)]


def find_ouverte(request: Request, session: Lecture, cle: CleDuProgramme) -> Ouverte | None:
    """The session of the cookie, if it is still in force; a call with a key has none."""
    cookie = None if cle else read_cookie(request, COOKIE)
    orc = get_orc(request)
    ouverte = find_session(session, cookie, make_limits(orc.settings)) if cookie else None
    request.state.ouverte = ouverte
    return ouverte


SessionOuverte = Annotated[Ouverte | None, Depends(find_ouverte)]


def find_lecteur(
    request: Request, session: Lecture, ouverte: SessionOuverte, cle: CleDuProgramme
) -> Lecteur | None:
    """Who is behind the request, its rights read from SQL now; None: not logged in."""
    request.state.lecteur = None
    who = cle or ouverte
    if who is None:
        return None
    if ouverte is not None and ouverte.to_touch:
        with get_orc(request).database.writing() as writing:
            touch_session(writing, ouverte.cle)
    lecteur = make_lecteur(
        session,
        who.personne_id,
        who.identifiant,
        who.nom,
        read_today(),
    )
    request.state.lecteur = lecteur
    return lecteur


def check_acces(
    request: Request,
    lecteur: Annotated[Lecteur | None, Depends(find_lecteur)],
    ouverte: SessionOuverte,
    cle: CleDuProgramme,
) -> None:
    """Hold every route to its rule; the application asks for it on all of them."""
    rule = get_acces(request.scope["endpoint"])
    etape = _find_etape(request, lecteur, ouverte)
    if lecteur is not None and rule.refuses_juge(lecteur.roles, request.method):
        raise Forbidden("Un juge des comptes consulte : il n’écrit rien dans l’archive.")
    if cle is not None:
        check_cle(request.scope["endpoint"], cle)
    if rule.anonyme:
        return
    if lecteur is None:
        raise PasConnecte(make_suite(request))
    if etape is not None and not is_avant_etapes(request.scope["endpoint"]):
        raise EtapeNecessaire(etape)
    if not rule.allows(lecteur.roles, destruction=lecteur.destruction):
        raise Forbidden("Votre habilitation ne donne pas accès à cette page.")


def _find_etape(request: Request, lecteur: Lecteur | None, ouverte: Ouverte | None) -> Etape | None:
    """What the person has to do first; the frame of the page shows no menu meanwhile."""
    etape = None
    if lecteur is not None and ouverte is not None:
        etape = find_etape(ouverte, lecteur.roles, read_roles(get_orc(request).settings))
    request.state.etape = etape
    return etape


def make_suite(request: Request) -> str:
    """The address to come back to after the login: only a page can be."""
    if request.method not in SAFE or request.url.path == "/":
        return ""
    query = f"?{request.url.query}" if request.url.query else ""
    return quote(request.url.path + query, safe="")


def get_lecteur(lecteur: Annotated[Lecteur | None, Depends(find_lecteur)]) -> Lecteur:
    """The person behind the request; check_acces has seen that there is one."""
    if lecteur is None:
        raise PasConnecte("")
    return lecteur


Connecte = Annotated[Lecteur, Depends(get_lecteur)]


def get_ouverte(ouverte: SessionOuverte) -> Ouverte:
    """The session behind the request; check_acces has seen that there is one."""
    if ouverte is None:
        raise PasConnecte("")
    return ouverte


Session = Annotated[Ouverte, Depends(get_ouverte)]


def prove_now(ouverte: Session) -> Ouverte:
    """The session of a person who proved who it is within ten minutes, before signing.

    A page that holds the form of such an act asks for it too, so that the form is sent in time.
    Raises PreuveNecessaire, which leads to the page of proof and back.
    """
    check_preuve(ouverte)
    return ouverte


SessionProuvee = Annotated[Ouverte, Depends(prove_now)]


def read_adresse(request: Request) -> str:
    """Where the request comes from."""
    return request.client.host if request.client else ""


async def read_form(request: Request) -> FormData:
    """The form of a POST, once its CSRF token is checked. The only door to a form."""
    most = getattr(request.scope["endpoint"], "__fichiers__", 0)
    return await request.form(max_fields=MAX_FIELDS, max_files=most)


async def check_request(
    request: Request,
    ouverte: Annotated[Ouverte | None, Depends(find_ouverte)],
    cle: CleDuProgramme,
) -> None:
    """Refuse a POST that no page of ours sent; asked for on every route.

    A key is in no browser: the call that brings one needs no token.
    """
    if request.method in SAFE:
        return
    check_origin(request.headers)
    if cle is not None:
        return
    form = await read_form(request)
    try:
        await run_in_threadpool(check_csrf, request, form, ouverte.csrf if ouverte else None)
    except OrcError:
        await form.close()  # the files it brought, which nothing will read
        raise


Formulaire = Annotated[FormData, Depends(read_form)]


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal, as this reader writes in it: a row is committed before the answer begins.

    For acts that read (search, consultation, download). An act that writes calls record_acte in
    its own Writing.
    """

    orc: Orc
    lecteur: Lecteur

    def record(
        self, acte: Acte, objet: str = "", details: Mapping[str, object] | None = None
    ) -> None:
        """Append a row and commit it; if it cannot be, the answer is not given."""
        with self.orc.database.writing() as session:
            self.record_in(session, acte, objet, details)

    def record_in(
        self,
        session: Writing,
        acte: Acte,
        objet: str = "",
        details: Mapping[str, object] | None = None,
    ) -> None:
        """Append a row in the transaction of the act."""
        record_acte(
            session,
            acte,
            acteur=self.lecteur.identifiant,
            personne_id=self.lecteur.personne_id,
            objet=objet,
            details=details,
            scelle=self.lecteur.scelle,
        )


def make_journal(request: Request, lecteur: Connecte) -> Journal:
    """The journal of this reader."""
    return Journal(get_orc(request), lecteur)


JournalDuLecteur = Annotated[Journal, Depends(make_journal)]
