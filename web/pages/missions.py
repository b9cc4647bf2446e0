"""Missions of juges: opened and closed by an administrateur, peopled by their head."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from orc.access import Lecteur
from orc.access.missions import (
    NouvelleMission,
    Perimetre,
    add_membre,
    close_mission,
    find_membres,
    find_missions,
    find_perimetres,
    get_mission,
    is_open,
    open_mission,
    remove_membre,
)
from orc.access.phrases import read_noms, write_bornes
from orc.access.tables import read_jour
from orc.domain import SENSIBLES, Role
from orc.errors import Conflict, Invalid, OrcError
from orc.models import Habilitation, Mission, read_today
from web.acces import acces, permis_au_juge
from web.deps import Connecte, Ecriture, Formulaire, Lecture
from web.forms import read_texte
from web.pages.piece import Numero
from web.render import render

router = APIRouter(include_in_schema=False)

FAITS = {
    "ouverte": "La mission est ouverte.",
    "membre": "Le membre est ajouté : il consulte dès sa prochaine page.",
    "retire": "Le membre est retiré : il ne consulte plus.",
    "close": "La mission est close : ses membres ne consultent plus.",
}
_LIGNE = re.compile(r"(\d{9})\s+(\d{4})(?:\s*(?:-|à)\s*(\d{4}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class MissionVue:
    """A mission as a list shows it."""

    id: int
    reference: str
    ordre: str
    juridiction: str
    du: date
    au: date
    ouverte: bool
    close: bool


@dataclass(frozen=True, slots=True)
class MembreVu:
    """A member; the head is not taken out."""

    habilitation_id: int
    nom: str
    identifiant: str
    chef: bool


@dataclass(frozen=True, slots=True)
class PageMissions:
    """The missions that one may see; the form that opens one, as it was filled."""

    missions: tuple[MissionVue, ...]
    administre: bool
    erreur: str
    saisie: dict[str, str]


@dataclass(frozen=True, slots=True)
class PageMission:
    """One mission; `dirige`: one adds and removes its members."""

    mission: MissionVue
    perimetres: tuple[tuple[str, str], ...]
    membres: tuple[MembreVu, ...]
    dirige: bool
    administre: bool
    fait: str
    erreur: str


CHAMPS = ("reference", "ordre", "juridiction", "du", "au", "chef", "perimetres")


@router.get("/missions")
@acces(Role.JUGE, Role.ADMINISTRATEUR)
def show_missions(request: Request, session: Lecture, lecteur: Connecte) -> Response:
    """The missions of this juge; all of them for an administrateur."""
    return _show_missions(request, session, lecteur, dict.fromkeys(CHAMPS, ""), None)


def _show_missions(
    request: Request,
    session: Session,
    lecteur: Lecteur,
    saisie: dict[str, str],
    error: OrcError | None,
) -> Response:
    today = read_today()
    page = PageMissions(
        tuple(_make_vue(m, today) for m in find_missions(session, lecteur, today)),
        Role.ADMINISTRATEUR in lecteur.roles,
        str(error) if error else "",
        saisie,
    )
    return render(request, "missions/missions", page, status=422 if error else 200)


def _make_vue(m: Mission, today: date) -> MissionVue:
    closed = m.close_le is not None
    opened = is_open(m, today)
    return MissionVue(
        m.id, m.reference, m.ordre, m.juridiction, m.du, m.au, ouverte=opened, close=closed
    )


@router.post("/missions")
@acces(Role.ADMINISTRATEUR)
def create_mission(
    request: Request, session: Ecriture, lecteur: Connecte, form: Formulaire
) -> Response:
    """Open a mission; the form again where something is to correct."""
    saisie = {name: read_texte(form, name, 8000) for name in CHAMPS}
    try:
        made = _read_mission(saisie)
        mission_id = open_mission(session, made, par=lecteur.identifiant, today=read_today())
    except (Invalid, Conflict) as error:
        return _show_missions(request, session, lecteur, saisie, error)
    return RedirectResponse(f"/missions/{mission_id}?fait=ouverte", 303)


def _read_mission(saisie: dict[str, str]) -> NouvelleMission:
    return NouvelleMission(
        saisie["reference"],
        saisie["ordre"],
        saisie["juridiction"],
        _read_jour(saisie["du"]),
        _read_jour(saisie["au"]),
        saisie["chef"],
        tuple(_read_perimetre(line) for line in saisie["perimetres"].splitlines() if line.strip()),
        SENSIBLES,
    )


def _read_jour(text: str) -> date:
    try:
        return read_jour(text)
    except ValueError as error:
        raise Invalid(str(error)) from error


def _read_perimetre(line: str) -> Perimetre:
    found = _LIGNE.fullmatch(line.strip())
    if found is None:
        raise Invalid(f"Une ligne s’écrit « 123456789 2022-2024 », pas « {line.strip()[:40]} ».")
    return Perimetre(found[1], int(found[2]), int(found[3] or found[2]))


@router.get("/missions/{mission_id}")
@acces(Role.JUGE, Role.ADMINISTRATEUR)
def show_mission(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    mission_id: Numero,
    fait: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """One mission: its collectivités and exercices, its members."""
    mission = get_mission(session, lecteur, mission_id, read_today())
    return _show_mission(request, session, lecteur, mission, fait=FAITS.get(fait, ""))


def _show_mission(
    request: Request,
    session: Session,
    lecteur: Lecteur,
    mission: Mission,
    *,
    fait: str = "",
    error: OrcError | None = None,
) -> Response:
    administre = Role.ADMINISTRATEUR in lecteur.roles
    opened = is_open(mission, read_today())
    page = PageMission(
        mission=_make_vue(mission, read_today()),
        perimetres=_make_perimetres(session, mission.id),
        membres=tuple(
            MembreVu(g.id, p.nom, p.identifiant, chef=p.id == mission.chef_id)
            for g, p in find_membres(session, mission.id)
        ),
        dirige=opened and (administre or mission.chef_id == lecteur.personne_id),
        administre=administre,
        fait=fait,
        erreur=str(error) if error else "",
    )
    return render(request, "missions/mission", page, status=422 if error else 200)


def _make_perimetres(session: Session, mission_id: int) -> tuple[tuple[str, str], ...]:
    rows = find_perimetres(session, mission_id)
    # A scope is named as that of a grant on its collectivité.
    grants = [Habilitation(portee="collectivite", portee_cle=p.siren) for p in rows]
    noms = read_noms(session, grants)
    return tuple(
        (noms.write("collectivite", p.siren), write_bornes(p.exercice_min, p.exercice_max))
        for p in rows
    )


@router.post("/missions/{mission_id}/membres")
@acces(Role.JUGE, Role.ADMINISTRATEUR)
@permis_au_juge("les membres de la mission dont il est chef")
def create_membre(
    request: Request, session: Ecriture, lecteur: Connecte, form: Formulaire, mission_id: Numero
) -> Response:
    """Add a member: the head of the mission, or an administrateur."""
    try:
        identifiant = read_texte(form, "identifiant", 64)
        add_membre(session, lecteur, mission_id, identifiant, today=read_today())
    except (Invalid, Conflict) as error:
        mission = get_mission(session, lecteur, mission_id, read_today())
        return _show_mission(request, session, lecteur, mission, error=error)
    return RedirectResponse(f"/missions/{mission_id}?fait=membre", 303)


@router.post("/missions/{mission_id}/membres/{habilitation_id}/retrait")
@acces(Role.JUGE, Role.ADMINISTRATEUR)
@permis_au_juge("les membres de la mission dont il est chef")
def withdraw_membre(
    session: Ecriture, lecteur: Connecte, mission_id: Numero, habilitation_id: Numero
) -> Response:
    """Take a member out: the head of the mission, or an administrateur."""
    remove_membre(session, lecteur, mission_id, habilitation_id, today=read_today())
    return RedirectResponse(f"/missions/{mission_id}?fait=retire", 303)


@router.post("/missions/{mission_id}/cloture")
@acces(Role.ADMINISTRATEUR)
def end_mission(session: Ecriture, lecteur: Connecte, mission_id: Numero) -> Response:
    """Close a mission: its members see nothing of it any more."""
    close_mission(session, mission_id, par=lecteur.identifiant)
    return RedirectResponse(f"/missions/{mission_id}?fait=close", 303)
