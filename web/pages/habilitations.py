"""The comptable's list: demandes to answer, who holds what on his poste; revoked, renewed."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from orc.access import Lecteur
from orc.access.demandes import MOTIF_MAX, Decision, Etat, decide_demande, read_ressort
from orc.access.demandes_vues import DemandeVue, find_a_repondre, find_repondues
from orc.access.echeances import is_to_review
from orc.access.phrases import read_noms, write_habilitation
from orc.access.structures import StructureVue, find_structures
from orc.access.tenues import (
    find_tenues,
    renew_tenue,
    revoke_habilitation,
    withdraw_structure,
)
from orc.domain import Role
from orc.models import Habilitation, Personne, read_today
from web.acces import acces
from web.deps import Connecte, Ecriture, Formulaire, Lecture, get_orc
from web.forms import read_texte
from web.pages.demandes import make_regles
from web.pages.piece import Numero
from web.render import render

router = APIRouter(include_in_schema=False)

FAITS = {
    Etat.ACCORDEE.value: "La demande est accordée : elle vaut dès maintenant.",
    Etat.A_VALIDER.value: "Votre accord est enregistré : un administrateur valide maintenant.",
    Etat.REFUSEE.value: "La demande est refusée : rien n’est accordé.",
    "retiree": "L’habilitation est retirée : elle n’ouvre plus rien.",
    "renouvelee": "L’habilitation est renouvelée.",
    "structure": "La structure n’est plus habilitée : les accès de ses agents sont retirés.",
}


@dataclass(frozen=True, slots=True)
class TenueVue:
    """A grant that somebody holds, in words; `mienne`: one does not renew it oneself."""

    id: int
    personne: str
    identifiant: str
    phrase: str
    fin: date | None
    a_revoir: bool
    mienne: bool


@dataclass(frozen=True, slots=True)
class PageHabilitations:
    """What waits for an answer, who holds what, the structures, the last answers."""

    comptable: bool
    demandes: tuple[DemandeVue, ...]
    a_revoir: tuple[TenueVue, ...]
    tenues: tuple[TenueVue, ...]
    structures: tuple[StructureVue, ...]
    repondues: tuple[DemandeVue, ...]
    fait: str
    retour: str = "habilitations"
    motif_max: int = MOTIF_MAX


@router.get("/habilitations")
@acces(Role.COMPTABLE, Role.ADMINISTRATEUR)
def show_habilitations(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    fait: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """What waits for this person, and who holds what on his poste."""
    today = read_today()
    sirens = read_ressort(session, lecteur, today)
    tenues = make_tenues(session, lecteur, find_tenues(session, sirens, today), today)
    page = PageHabilitations(
        comptable=Role.COMPTABLE in lecteur.roles,
        demandes=tuple(find_a_repondre(session, lecteur, today)),
        a_revoir=tuple(t for t in tenues if t.a_revoir),
        tenues=tenues,
        structures=tuple(find_structures(session, sirens, today)),
        repondues=tuple(find_repondues(session, lecteur, today)),
        fait=FAITS.get(fait, ""),
    )
    return render(request, "habilitations/habilitations", page)


def make_tenues(
    session: Session, lecteur: Lecteur, rows: list[tuple[Habilitation, Personne]], today: date
) -> tuple[TenueVue, ...]:
    """These grants in words, those that end soon first."""
    noms = read_noms(session, [grant for grant, _ in rows])
    vues = [
        TenueVue(
            g.id,
            p.nom,
            p.identifiant,
            write_habilitation(g, noms),
            g.jusqu_a,
            a_revoir=is_to_review(g, today),
            mienne=p.id == lecteur.personne_id,
        )
        for g, p in rows
    ]
    return tuple(sorted(vues, key=lambda t: (t.personne, t.id)))


@router.post("/habilitations/demandes/{demande_id}")
@acces(Role.COMPTABLE, Role.ADMINISTRATEUR)
def decide(
    request: Request, session: Ecriture, lecteur: Connecte, form: Formulaire, demande_id: Numero
) -> Response:
    """Answer a demande: what is granted is what it says, whatever else the form holds."""
    accorde = read_texte(form, "reponse", 20) == "accorder"
    decision = Decision(accorde, read_texte(form, "motif", MOTIF_MAX + 1))
    regles = make_regles(get_orc(request).settings)
    etat = decide_demande(session, lecteur, demande_id, decision, regles=regles, today=read_today())
    return RedirectResponse(f"/habilitations?fait={etat.value}", 303)


@router.post("/habilitations/{habilitation_id}/retrait")
@acces(Role.COMPTABLE, Role.GESTIONNAIRE)
def revoke(
    session: Ecriture, lecteur: Connecte, form: Formulaire, habilitation_id: Numero
) -> Response:
    """Take a grant back, with a motif: the comptable, or the gestionnaire of the structure."""
    motif = read_texte(form, "motif", MOTIF_MAX + 1)
    revoke_habilitation(session, lecteur, habilitation_id, motif, today=read_today())
    back = "structure" if read_texte(form, "retour", 20) == "structure" else "habilitations"
    return RedirectResponse(f"/{back}?fait=retiree", 303)


@router.post("/habilitations/{habilitation_id}/renouvellement")
@acces(Role.COMPTABLE)
def renew(
    request: Request, session: Ecriture, lecteur: Connecte, habilitation_id: Numero
) -> Response:
    """Give a grant that ends soon its next year."""
    mois = get_orc(request).settings.habilitation_mois
    renew_tenue(session, lecteur, habilitation_id, mois=mois, today=read_today())
    return RedirectResponse("/habilitations?fait=renouvelee", 303)


@router.post("/habilitations/structures")
@acces(Role.COMPTABLE)
def end_structure(session: Ecriture, lecteur: Connecte, form: Formulaire) -> Response:
    """End a structure, and every grant of its people on it."""
    siren, motif = read_texte(form, "siren", 9), read_texte(form, "motif", MOTIF_MAX + 1)
    withdraw_structure(session, lecteur, siren, motif, today=read_today())
    return RedirectResponse("/habilitations?fait=structure", 303)
