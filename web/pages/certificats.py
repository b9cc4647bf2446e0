"""The doors of one's own account: certificates and linked identities; login by a certificate."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from orc.db import Reading
from orc.errors import Conflict, Invalid
from orc.identity.certificats import (
    PORTE,
    Certificat,
    CertificatRefuse,
    enrol_certificat,
    enter_by_certificat,
    find_certificats,
    is_enrolled,
    remove_certificat,
)
from orc.identity.oidc_aller import find_identites, remove_identite
from orc.identity.preuve import check_entree
from orc.identity.sessions import Ouverte
from web.acces import acces_anonyme, acces_connectes, permis_au_juge
from web.certificats import find_certificat
from web.deps import Connecte, Ecriture, Formulaire, Lecture, Session, SessionOuverte, get_orc
from web.pages.oidc import PORTES, check_by_password, make_venue
from web.render import render
from web.security import COOKIE, COOKIE_AVANT, drop_cookie, make_local_path, put_cookie

router = APIRouter(include_in_schema=False)

FAITS = {
    "enrole": "Le certificat est enregistré : il ouvre désormais votre compte.",
    "retire": "Le certificat est retiré ; les sessions ouvertes par un certificat sont fermées.",
    "liee": "L’identité est liée : elle ouvre désormais votre compte.",
    "deliee": "L’identité n’ouvre plus votre compte.",
}
MOTIF = "son propre compte"
Numero = Annotated[int, Path(gt=0, lt=2**63)]


@dataclass(frozen=True, slots=True)
class CertificatVu:
    """A certificate as the page shows it."""

    id: int
    sujet: str
    emetteur: str
    expire_le: datetime
    enrole_le: datetime
    expire: bool


@dataclass(frozen=True, slots=True)
class PagePortes:
    """How this person may come in; `presente`: a certificate that could be enrolled now."""

    certificats: tuple[CertificatVu, ...]
    identites: tuple[tuple[int, str, datetime], ...]
    presente: Certificat | None
    nom_oidc: str
    par_mot_de_passe: bool
    suite: str
    fait: str
    erreur: str


@router.get(PORTES)
@acces_connectes
def show_portes(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    ouverte: SessionOuverte,
    fait: Literal["", "enrole", "retire", "liee", "deliee"] = "",
    suite: Annotated[str, Query(max_length=4000)] = "",
) -> Response:
    """The certificates and the identities that open this account."""
    page = _make_page(request, session, lecteur.personne_id, ouverte)
    return _render(request, page(FAITS.get(fait, ""), "", make_local_path(suite) if suite else ""))


def _make_page(
    request: Request, session: Reading, personne_id: int, ouverte: Ouverte | None
) -> "_Page":
    presented = find_certificat(request)
    if presented is not None and is_enrolled(session, presented):
        presented = None
    settings = get_orc(request).settings
    now = datetime.now().astimezone()
    certificats = tuple(
        CertificatVu(c.id, c.sujet, c.emetteur, c.expire_le, c.enrole_le, c.expire_le <= now)
        for c in find_certificats(session, personne_id)
    )
    identites = tuple((i.id, i.emetteur, i.liee_le) for i in find_identites(session, personne_id))
    nom = settings.oidc_nom if settings.oidc_emetteur else ""
    by_password = ouverte is not None and ouverte.porte == "mot_de_passe"
    return _Page(certificats, identites, presented, nom, by_password)


@dataclass(frozen=True, slots=True)
class _Page:
    certificats: tuple[CertificatVu, ...]
    identites: tuple[tuple[int, str, datetime], ...]
    presente: Certificat | None
    nom_oidc: str
    par_mot_de_passe: bool

    def __call__(self, fait: str, erreur: str, suite: str) -> PagePortes:
        return PagePortes(
            self.certificats,
            self.identites,
            self.presente,
            self.nom_oidc,
            self.par_mot_de_passe,
            suite,
            fait,
            erreur,
        )


def _render(request: Request, page: PagePortes, status: int = 200) -> Response:
    return render(request, "portes/portes", page, status=status)


@router.post(f"{PORTES}/certificat")
@acces_connectes
@permis_au_juge(MOTIF)
def enrol(
    request: Request,
    session: Ecriture,
    reading: Lecture,
    lecteur: Connecte,
    ouverte: Session,
    form: Formulaire,
) -> Response:
    """Enrol the certificate that this very request presents."""
    check_by_password(ouverte)
    suite = str(form.get("suite", ""))
    back = f"{PORTES}?suite={quote(make_local_path(suite), safe='')}" if suite else PORTES
    check_entree(ouverte, retour=back)
    presented = find_certificat(request)
    if presented is None:
        raise Invalid("Votre navigateur ne présente pas de certificat.")
    try:
        enrol_certificat(session, lecteur.personne_id, presented, par=lecteur.identifiant)
    except (Invalid, Conflict) as error:
        page = _make_page(request, reading, lecteur.personne_id, ouverte)
        return _render(request, page("", str(error), suite), 422)
    return RedirectResponse(make_local_path(suite) if suite else f"{PORTES}?fait=enrole", 303)


@router.post(f"{PORTES}/certificats/{{numero}}/retirer")
@acces_connectes
@permis_au_juge(MOTIF)
def withdraw(session: Ecriture, lecteur: Connecte, numero: Numero) -> Response:
    """Withdraw a certificate of one's own."""
    remove_certificat(session, lecteur.personne_id, numero, par=lecteur.identifiant)
    return RedirectResponse(f"{PORTES}?fait=retire", 303)


@router.post(f"{PORTES}/identites/{{numero}}/retirer")
@acces_connectes
@permis_au_juge(MOTIF)
def unlink(session: Ecriture, lecteur: Connecte, numero: Numero) -> Response:
    """Unlink an identity of one's own."""
    remove_identite(session, lecteur.personne_id, numero, par=lecteur.identifiant)
    return RedirectResponse(f"{PORTES}?fait=deliee", 303)


@router.post("/connexion/certificat")
@acces_anonyme
@permis_au_juge(MOTIF)
def enter(request: Request, form: Formulaire) -> Response:
    """Open the session of the account of the certificate that this request presents."""
    presented = find_certificat(request)
    if presented is None:
        raise CertificatRefuse
    orc = get_orc(request)
    cookie = enter_by_certificat(orc.database, presented, make_venue(request, PORTE))
    response = RedirectResponse(make_local_path(str(form.get("suite", "/"))), 303)
    put_cookie(response, COOKIE, cookie, orc.settings)
    drop_cookie(response, COOKIE_AVANT, orc.settings)
    return response
