"""Administration of people: made, closed, opened again, reset; their grants in words."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from orc.access.annuaire import (
    PERSONNES_MAX,
    PersonneVue,
    find_personnes,
    get_personne,
)
from orc.access.demandes import MOTIF_MAX, check_motif
from orc.access.tables import read_jour
from orc.domain import (
    LIBELLES_DOMAINES,
    LIBELLES_DROITS,
    LIBELLES_ROLES,
    SENSIBLES,
    Domaine,
    Droit,
    Role,
)
from orc.errors import Conflict, Forbidden, Invalid, NotFound, OrcError
from orc.identity.comptes import (
    PORTEES,
    NouveauCompte,
    Octroi,
    check_identifiant,
    create_provisoire,
    disable_compte,
    enable_compte,
    end_sessions,
    grant_habilitation,
    reset_mot_de_passe,
    withdraw_habilitation,
)
from orc.models import Habilitation, read_today
from web.acces import acces
from web.deps import Connecte, Ecriture, Formulaire, Lecture
from web.forms import read_annee, read_choix, read_texte
from web.pages.piece import Numero
from web.render import render

router = APIRouter(include_in_schema=False)

# A juge's grants come from its missions.
ROLES = tuple(role for role in Role if role is not Role.JUGE)
LIBELLES_PORTEES = {
    "rien": "Aucune (administrateur, partenaire)",
    "poste": "Poste comptable (codique)",
    "collectivite": "Collectivité (SIREN)",
    "budget": "Budget (SIRET/CodCol/CodBud)",
    "departement": "Département",
}
FAITS = {
    "desactive": "Le compte est fermé : ses sessions ont pris fin.",
    "rouvert": "Le compte est rouvert, avec les habilitations qui sont encore les siennes.",
    "sessions": "Ses sessions sont fermées : la personne se connecte de nouveau.",
    "accordee": "L’habilitation est accordée : elle vaut dès maintenant.",
    "retiree": "L’habilitation est retirée : elle n’ouvre plus rien.",
}


@dataclass(frozen=True, slots=True)
class PagePersonnes:
    """The people found, the form that makes an account."""

    personnes: tuple[PersonneVue, ...]
    texte: str
    erreur: str
    identifiant: str = ""
    nom: str = ""
    courriel: str = ""
    departement: str = ""
    limite: int = PERSONNES_MAX


@dataclass(frozen=True, slots=True)
class PagePersonne:
    """One person; `mot_de_passe`: the provisional one, shown once."""

    personne: PersonneVue
    mot_de_passe: str
    fait: str
    erreur: str
    moi: bool
    roles: tuple[tuple[str, str], ...] = tuple((r.value, LIBELLES_ROLES[r]) for r in ROLES)
    portees: tuple[tuple[str, str], ...] = tuple(LIBELLES_PORTEES.items())
    domaines: tuple[tuple[str, str], ...] = tuple(
        (d.value, LIBELLES_DOMAINES[d]) for d in SENSIBLES
    )
    droits: tuple[tuple[str, str], ...] = tuple((d.value, LIBELLES_DROITS[d]) for d in Droit)
    motif_max: int = MOTIF_MAX


@router.get("/administration")
@acces(Role.ADMINISTRATEUR)
def show_personnes(
    request: Request, session: Lecture, q: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """The people, found by their name, identifiant or address."""
    personnes = find_personnes(session, q, read_today())
    return render(request, "administration/personnes", PagePersonnes(tuple(personnes), q, ""))


@router.post("/administration/personnes")
@acces(Role.ADMINISTRATEUR)
def create_personne(
    request: Request, session: Ecriture, lecteur: Connecte, form: Formulaire
) -> Response:
    """Make an account with a provisional password, shown once on the page that answers."""
    identifiant, nom = read_texte(form, "identifiant", 64), read_texte(form, "nom", 100)
    courriel, departement = read_texte(form, "courriel", 200), read_texte(form, "departement", 3)
    compte = NouveauCompte(identifiant, nom, courriel=courriel, departement=departement)
    try:
        personne_id, mot_de_passe = create_provisoire(session, compte, par=lecteur.identifiant)
    except (Invalid, Conflict) as error:
        page = PagePersonnes(
            tuple(find_personnes(session, "", read_today())),
            "",
            str(error),
            identifiant,
            nom,
            courriel,
            departement,
        )
        return render(request, "administration/personnes", page, status=422)
    return _show(request, session, lecteur.personne_id, personne_id, mot_de_passe=mot_de_passe)


@router.get("/administration/personnes/{personne_id}")
@acces(Role.ADMINISTRATEUR)
def show_personne(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    personne_id: Numero,
    fait: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """One person and its grants."""
    said = FAITS.get(fait, "")
    return _show(request, session, lecteur.personne_id, personne_id, fait=said)


def _show(
    request: Request,
    session: Session,
    lecteur_id: int,
    personne_id: int,
    *,
    fait: str = "",
    mot_de_passe: str = "",
    error: OrcError | None = None,
) -> Response:
    personne = get_personne(session, personne_id, read_today())
    page = PagePersonne(
        personne, mot_de_passe, fait, str(error) if error else "", moi=lecteur_id == personne_id
    )
    return render(request, "administration/personne", page, status=422 if error else 200)


@router.post("/administration/personnes/{personne_id}/fermeture")
@acces(Role.ADMINISTRATEUR)
def close_personne(session: Ecriture, lecteur: Connecte, personne_id: Numero) -> Response:
    """Close an account, not one's own: its sessions end."""
    personne = get_personne(session, personne_id, read_today())
    _check_other(lecteur.personne_id, personne_id)
    disable_compte(session, personne.identifiant, par=lecteur.identifiant)
    return RedirectResponse(f"/administration/personnes/{personne_id}?fait=desactive", 303)


@router.post("/administration/personnes/{personne_id}/reouverture")
@acces(Role.ADMINISTRATEUR)
def reopen_personne(session: Ecriture, lecteur: Connecte, personne_id: Numero) -> Response:
    """Open an account again: its password and grants are what they were, if still in force."""
    personne = get_personne(session, personne_id, read_today())
    _check_other(lecteur.personne_id, personne_id)
    enable_compte(session, personne.identifiant, par=lecteur.identifiant)
    return RedirectResponse(f"/administration/personnes/{personne_id}?fait=rouvert", 303)


@router.post("/administration/personnes/{personne_id}/sessions")
@acces(Role.ADMINISTRATEUR)
def close_personne_sessions(session: Ecriture, lecteur: Connecte, personne_id: Numero) -> Response:
    """Close every session of a person: a browser lost, a doubt."""
    personne = get_personne(session, personne_id, read_today())
    _check_other(lecteur.personne_id, personne_id)
    end_sessions(session, personne.identifiant, par=lecteur.identifiant)
    return RedirectResponse(f"/administration/personnes/{personne_id}?fait=sessions", 303)


@router.post("/administration/personnes/{personne_id}/mot-de-passe")
@acces(Role.ADMINISTRATEUR)
def reset_personne(
    request: Request, session: Ecriture, lecteur: Connecte, personne_id: Numero
) -> Response:
    """Give a provisional password, shown once; the sessions of the old one end."""
    personne = get_personne(session, personne_id, read_today())
    _check_other(lecteur.personne_id, personne_id)
    mot_de_passe = reset_mot_de_passe(session, personne.identifiant, par=lecteur.identifiant)
    return _show(request, session, lecteur.personne_id, personne_id, mot_de_passe=mot_de_passe)


@router.post("/administration/personnes/{personne_id}/habilitations")
@acces(Role.ADMINISTRATEUR)
def grant(
    request: Request, session: Ecriture, lecteur: Connecte, form: Formulaire, personne_id: Numero
) -> Response:
    """Grant what comes by no demande (comptables, archivistes…); never to oneself."""
    personne = get_personne(session, personne_id, read_today())
    _check_other(lecteur.personne_id, personne_id)
    try:
        octroi = _read_octroi(form)
        check_identifiant(personne.identifiant, octroi.role)
        grant_habilitation(session, personne_id, octroi, par=lecteur.identifiant)
    except Invalid as error:
        return _show(request, session, lecteur.personne_id, personne_id, error=error)
    return RedirectResponse(f"/administration/personnes/{personne_id}?fait=accordee", 303)


def _read_octroi(form: FormData) -> Octroi:
    role = read_choix(Role, read_texte(form, "role", 20))
    portee = read_texte(form, "portee", 20)
    if role not in ROLES or portee not in LIBELLES_PORTEES or portee not in PORTEES:
        raise Invalid("Ce rôle ou cette portée ne s’accorde pas ici.")
    fin = read_texte(form, "jusqu_a", 10)
    try:
        jusqu_a = read_jour(fin) if fin else None
    except ValueError as error:
        raise Invalid(f"Fin : {error}") from error
    return Octroi(
        role,
        portee,
        read_texte(form, "cle", 40),
        exercice_min=read_annee(form, "exercice_min"),
        exercice_max=read_annee(form, "exercice_max"),
        domaines=tuple(read_choix(Domaine, str(d)) for d in form.getlist("domaine")),
        droits=tuple(read_choix(Droit, str(d)) for d in form.getlist("droit")),
        jusqu_a=jusqu_a,
    )


def _check_other(lecteur_id: int, personne_id: int) -> None:
    if lecteur_id == personne_id:
        raise Forbidden("Nul n’administre son propre compte : un autre administrateur le fait.")


@router.post("/administration/habilitations/{habilitation_id}/retrait")
@acces(Role.ADMINISTRATEUR)
def withdraw(
    session: Ecriture, lecteur: Connecte, form: Formulaire, habilitation_id: Numero
) -> Response:
    """Take any grant back, with a motif; one's own stays."""
    row = session.get(Habilitation, habilitation_id)
    if row is None:
        raise NotFound("Cette habilitation n’existe pas, ou a déjà été retirée.")
    _check_other(lecteur.personne_id, row.personne_id)
    motif = check_motif(
        read_texte(form, "motif", MOTIF_MAX + 1), "Dites pourquoi cette habilitation est retirée."
    )
    withdraw_habilitation(session, habilitation_id, par=lecteur.identifiant, motif=motif)
    return RedirectResponse(f"/administration/personnes/{row.personne_id}?fait=retiree", 303)
