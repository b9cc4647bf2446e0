"""« Mes informations » and the change of one's own password."""

from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from orc.errors import OrcError
from orc.identity.change import MotDePasseActuelFaux, choose_mot_de_passe, may_skip_actuel
from orc.identity.passwords import LONGUEUR_MAX, LONGUEUR_MIN, MotDePasseFaible
from orc.identity.strength import Force, estimate_force
from orc.identity.throttling import TropDEssais
from orc.identity.validite import find_expiration
from orc.models import Personne
from web.acces import acces_connectes, avant_les_etapes, permis_au_juge
from web.deps import Formulaire, Lecture, Session, get_orc, read_adresse
from web.render import render
from web.security import COOKIE, put_cookie

router = APIRouter(include_in_schema=False)

FAITS = {
    "mot-de-passe": "Votre mot de passe est changé ; vos autres sessions sont fermées.",
    "courriel": "Votre adresse de courriel est vérifiée.",
    "mobile": "Votre numéro de mobile est vérifié.",
    "mobile-retire": "Votre numéro de mobile est effacé.",
    "preuve": "Vous avez prouvé qui vous êtes.",
}


@dataclass(frozen=True, slots=True)
class PageCompte:
    """What ORC keeps of this person, and where each thing is changed."""

    identifiant: str
    nom: str
    courriel: str
    courriel_verifie: bool
    mobile: str
    departement: str
    a_mot_de_passe: bool
    expire_le: date | None
    second_facteur: bool
    droits: str
    fait: str


@dataclass(frozen=True, slots=True)
class PageMotDePasse:
    """The form of a new password. `force`: of the one just refused; None: none was typed."""

    jeton: str
    demande_actuel: bool
    impose: bool
    longueur_min: int
    longueur_max: int
    proches: str
    erreur: str
    force: Force | None


@router.get("/compte")
@acces_connectes
def show_compte(request: Request, session: Lecture, ouverte: Session, fait: str = "") -> Response:
    """The page of personal data."""
    settings = get_orc(request).settings
    personne = session.get_one(Personne, ouverte.personne_id)
    start = personne.mot_de_passe_le or personne.cree_le
    page = PageCompte(
        identifiant=personne.identifiant,
        nom=personne.nom,
        courriel=personne.courriel,
        courriel_verifie=personne.courriel_verifie_le is not None,
        mobile=personne.mobile,
        departement=personne.departement,
        a_mot_de_passe=bool(personne.mot_de_passe),
        expire_le=find_expiration(start, settings.mot_de_passe_jours),
        second_facteur=ouverte.totp,
        droits=settings.droits_contact,
        fait=FAITS.get(fait, ""),
    )
    return render(request, "compte/compte", page)


@router.get("/mot-de-passe")
@acces_connectes
@avant_les_etapes
def show_mot_de_passe(request: Request, session: Lecture, ouverte: Session) -> Response:
    """The form of a new password."""
    return _show_form(request, session.get_one(Personne, ouverte.personne_id), ouverte)


@router.post("/mot-de-passe")
@acces_connectes
@avant_les_etapes
@permis_au_juge("son propre mot de passe")
def change_mot_de_passe(
    request: Request, session: Lecture, ouverte: Session, form: Formulaire
) -> Response:
    """Change one's own password; the session goes on under a new key."""
    orc = get_orc(request)
    nouveau = str(form.get("nouveau", ""))
    personne = session.get_one(Personne, ouverte.personne_id)
    try:
        _check_same(nouveau, str(form.get("confirmation", "")))
        cookie = choose_mot_de_passe(
            orc.database, ouverte, str(form.get("actuel", "")), nouveau, read_adresse(request)
        )
    except (MotDePasseFaible, MotDePasseActuelFaux, TropDEssais) as error:
        return _show_form(request, personne, ouverte, error=error, nouveau=nouveau)
    response = RedirectResponse("/compte?fait=mot-de-passe", 303)
    put_cookie(response, COOKIE, cookie, orc.settings)
    return response


def _check_same(nouveau: str, confirmation: str) -> None:
    if nouveau != confirmation:
        raise MotDePasseFaible("Les deux saisies du nouveau mot de passe diffèrent.")


def _show_form(
    request: Request,
    personne: Personne,
    ouverte: Session,
    *,
    error: OrcError | None = None,
    nouveau: str = "",
) -> Response:
    proches = (personne.identifiant, personne.nom, personne.courriel)
    page = PageMotDePasse(
        jeton=ouverte.csrf,
        demande_actuel=not may_skip_actuel(ouverte),
        impose=ouverte.provisoire,
        longueur_min=LONGUEUR_MIN,
        longueur_max=LONGUEUR_MAX,
        proches=" ".join(proches),
        erreur=str(error) if error else "",
        force=estimate_force(nouveau, proches) if nouveau else None,
    )
    status = 429 if isinstance(error, TropDEssais) else 422 if error else 200
    return render(request, "compte/mot_de_passe", page, status=status)
