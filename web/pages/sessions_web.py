"""« Mes sessions »: where one is logged in, and closing one session or all the others."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from orc.identity.sessions import (
    SessionVue,
    close_numero,
    close_sessions,
    find_sessions,
    make_limits,
)
from orc.journal import Acte
from web.acces import acces_connectes, permis_au_juge
from web.deps import Ecriture, Formulaire, JournalDuLecteur, Lecture, Session, get_orc
from web.navigateurs import name_navigateur
from web.render import render

router = APIRouter(prefix="/sessions", include_in_schema=False)
FAITS = {"une": "La session est fermée.", "autres": "Vos autres sessions sont fermées."}
PORTES = {
    "mot_de_passe": "mot de passe",
    "oubli": "code par SMS",
    "oidc": "fournisseur d’identité",
    "certificat": "certificat",
}


@dataclass(frozen=True, slots=True)
class Ligne:
    """A session, its browser and door in words."""

    vue: SessionVue
    navigateur: str
    porte: str


@dataclass(frozen=True, slots=True)
class PageSessions:
    """The open sessions of this person; how long one lasts."""

    jeton: str
    lignes: tuple[Ligne, ...]
    minutes: int
    heures: int
    fait: str


@router.get("")
@acces_connectes
def show_sessions(request: Request, session: Lecture, ouverte: Session, fait: str = "") -> Response:
    """The sessions in force."""
    settings = get_orc(request).settings
    found = find_sessions(session, ouverte, make_limits(settings))
    page = PageSessions(
        jeton=ouverte.csrf,
        lignes=tuple(
            Ligne(v, name_navigateur(v.navigateur), PORTES.get(v.porte, v.porte)) for v in found
        ),
        minutes=settings.session_minutes_inactive,
        heures=settings.session_heures_max,
        fait=FAITS.get(fait, ""),
    )
    return render(request, "compte/sessions", page)


@router.post("/fermer")
@acces_connectes
@permis_au_juge("ses propres sessions")
def close_one(
    session: Ecriture, ouverte: Session, form: Formulaire, journal: JournalDuLecteur
) -> Response:
    """Close one session of one's own; closing this one leads to the login."""
    close_numero(session, ouverte.personne_id, str(form.get("numero", "")))
    journal.record_in(session, Acte.SESSION_FERMEE, f"personne:{ouverte.personne_id}")
    return RedirectResponse("/sessions?fait=une", 303)


@router.post("/fermer-autres")
@acces_connectes
@permis_au_juge("ses propres sessions")
def close_others(session: Ecriture, ouverte: Session, journal: JournalDuLecteur) -> Response:
    """Close every session of one's own but this one."""
    close_sessions(session, ouverte.personne_id, but=ouverte.cle)
    journal.record_in(
        session, Acte.SESSION_FERMEE, f"personne:{ouverte.personne_id}", {"toutes": True}
    )
    return RedirectResponse("/sessions?fait=autres", 303)
