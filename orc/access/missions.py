"""Missions of juges: opened by an administrateur, peopled by their head, closed; dated."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.access.clearance import Lecteur, find_habilitations
from orc.access.demandes import MOTIF_MAX
from orc.db import Writing, lock
from orc.domain import SENSIBLES, Domaine, Role, is_siren
from orc.errors import Conflict, Forbidden, Invalid, NotFound
from orc.identity.comptes import Octroi, grant_habilitation, withdraw_habilitation
from orc.journal import Acte, record_acte
from orc.models import Habilitation, Mission, Personne, PorteeMission, read_now

PORTEES_MAX = 200
_ABSENTE = "Cette mission n’existe pas."


@dataclass(frozen=True, slots=True)
class Perimetre:
    """A collectivité of a mission and its exercices, bounds included."""

    siren: str
    exercice_min: int
    exercice_max: int


@dataclass(frozen=True, slots=True)
class NouvelleMission:
    """A mission to open; `domaines`: the sensitive ones that it opens to its members."""

    reference: str
    ordre: str
    juridiction: str
    du: date
    au: date
    chef: str
    perimetres: tuple[Perimetre, ...]
    domaines: tuple[Domaine, ...] = SENSIBLES


def open_mission(session: Writing, mission: NouvelleMission, *, par: str, today: date) -> int:
    """Open a mission and make its head a member; its id. Raises Invalid, Conflict."""
    _check(mission)
    reference = mission.reference.strip()
    lock(session, f"mission:{reference}")
    if session.scalar(select(Mission.id).where(Mission.reference == reference)):
        raise Conflict(f"La mission {reference} existe déjà.")
    chef = _get_juge(session, mission.chef, today)
    row = Mission(
        reference=reference,
        ordre=mission.ordre.strip(),
        juridiction=mission.juridiction.strip(),
        du=mission.du,
        au=mission.au,
        chef_id=chef.id,
        ouverte_par=par,
        ouverte_le=read_now(),
    )
    session.add(row)
    session.flush()
    for p in mission.perimetres:
        session.add(
            PorteeMission(
                mission_id=row.id,
                siren=p.siren,
                exercice_min=p.exercice_min,
                exercice_max=p.exercice_max,
            )
        )
    session.flush()
    _record(session, row, {"ouverte": reference, "portees": len(mission.perimetres)}, par=par)
    _grant(session, row, chef, mission.domaines, par=par, scelle=False)
    return row.id


def _check(mission: NouvelleMission) -> None:
    texts = (mission.reference, mission.ordre, mission.juridiction)
    if not all(text.strip() for text in texts):
        raise Invalid("Une mission a une référence, un ordre et une juridiction.")
    if any(len(text) > MOTIF_MAX for text in texts):
        raise Invalid("La référence, l’ordre ou la juridiction est trop long.")
    if mission.au < mission.du:
        raise Invalid("La fin de la mission précède son début.")
    if not mission.perimetres:
        raise Invalid("Une mission porte sur une collectivité au moins.")
    if len(mission.perimetres) > PORTEES_MAX:
        raise Invalid(f"Une mission porte au plus sur {PORTEES_MAX} collectivités.")
    for p in mission.perimetres:
        if not is_siren(p.siren):
            raise Invalid("Un SIREN a neuf chiffres.", p.siren)
        if p.exercice_min > p.exercice_max:
            raise Invalid("Le premier exercice suit le dernier.", p.siren)


def _get_juge(session: Session, identifiant: str, today: date) -> Personne:
    """The open account of this name; a mission makes no juge of who audits could concern."""
    query = select(Personne).where(
        Personne.identifiant == identifiant.strip().casefold(), Personne.desactive_le.is_(None)
    )
    found = session.scalar(query)
    if found is None:
        raise Invalid(f"Le compte « {identifiant.strip()[:64]} » n’existe pas ou est fermé.")
    others = find_habilitations(session, found.id, today)
    if any(grant.role != Role.JUGE for grant in others):
        raise Conflict(f"Le compte {found.identifiant} a un autre rôle : il n’est pas d’un juge.")
    return found


def _grant(
    session: Writing,
    mission: Mission,
    personne: Personne,
    domaines: Sequence[Domaine],
    *,
    par: str,
    scelle: bool,
) -> None:
    octroi = Octroi(
        Role.JUGE,
        "mission",
        str(mission.id),
        domaines=tuple(domaines),
        depuis=mission.du,
        jusqu_a=mission.au,
    )
    grant_habilitation(session, personne.id, octroi, par=par, scelle=scelle)


def _record(
    session: Writing,
    mission: Mission,
    details: dict[str, object],
    *,
    par: str,
    scelle: bool = False,
) -> None:
    record_acte(
        session,
        Acte.MISSION,
        acteur=par,
        objet=f"mission:{mission.id}",
        details=details,
        scelle=scelle,
    )


def get_mission(session: Session, lecteur: Lecteur, mission_id: int, today: date) -> Mission:
    """A mission that this person may see: any for an administrateur, its own for a juge."""
    mine = _find_miennes(session, lecteur, today)
    mission = session.get(Mission, mission_id)
    if mission is None or not (Role.ADMINISTRATEUR in lecteur.roles or mission_id in mine):
        raise NotFound(_ABSENTE)
    return mission


def _find_miennes(session: Session, lecteur: Lecteur, today: date) -> set[int]:
    return {
        int(grant.portee_cle)
        for grant in find_habilitations(session, lecteur.personne_id, today)
        if grant.role == Role.JUGE and grant.portee == "mission"
    }


def find_missions(session: Session, lecteur: Lecteur, today: date) -> list[Mission]:
    """The missions that this person may see, the latest first."""
    query = select(Mission).order_by(Mission.du.desc(), Mission.id.desc())
    if Role.ADMINISTRATEUR not in lecteur.roles:
        query = query.where(Mission.id.in_(_find_miennes(session, lecteur, today)))
    return list(session.scalars(query))


def find_membres(session: Session, mission_id: int) -> list[tuple[Habilitation, Personne]]:
    """The members of a mission and the grant of each."""
    query = (
        select(Habilitation, Personne)
        .join(Personne, Personne.id == Habilitation.personne_id)
        .where(
            Habilitation.role == Role.JUGE.value,
            Habilitation.portee == "mission",
            Habilitation.portee_cle == str(mission_id),
            Habilitation.retire_le.is_(None),
        )
        .order_by(Personne.nom, Personne.id)
    )
    return [(grant, personne) for grant, personne in session.execute(query)]


def is_open(mission: Mission, today: date) -> bool:
    """Whether people may still be added: neither closed nor past."""
    return mission.close_le is None and mission.au >= today


def add_membre(
    session: Writing, lecteur: Lecteur, mission_id: int, identifiant: str, *, today: date
) -> None:
    """Make a member of the mission: its head, or an administrateur. The one thing a juge writes.

    It sees what the head sees at its next request. Raises NotFound, Conflict, Invalid.
    """
    mission = _get_mission_of_chef(session, lecteur, mission_id, today)
    personne = _get_juge(session, identifiant, today)
    membres = {p.id: g for g, p in find_membres(session, mission.id)}
    if personne.id in membres:
        raise Conflict(f"{personne.identifiant} est déjà membre de cette mission.")
    domaines = _find_domaines(session, mission)
    par, scelle = lecteur.identifiant, lecteur.scelle
    _grant(session, mission, personne, domaines, par=par, scelle=scelle)
    _record(session, mission, {"membre": personne.id}, par=par, scelle=scelle)


def remove_membre(
    session: Writing, lecteur: Lecteur, mission_id: int, habilitation_id: int, *, today: date
) -> None:
    """Take a member out of the mission; its head stays in it. Raises NotFound, Conflict."""
    mission = _get_mission_of_chef(session, lecteur, mission_id, today)
    grant = next((g for g, _ in find_membres(session, mission.id) if g.id == habilitation_id), None)
    if grant is None:
        raise NotFound("Cette personne n’est pas membre de cette mission.")
    if grant.personne_id == mission.chef_id:
        raise Conflict("Le chef d’une mission ne la quitte pas : un administrateur la clôt.")
    par, scelle = lecteur.identifiant, lecteur.scelle
    withdraw_habilitation(session, grant.id, par=par, motif="retiré de la mission", scelle=scelle)
    _record(session, mission, {"membre_retire": grant.personne_id}, par=par, scelle=scelle)


def _get_mission_of_chef(
    session: Writing, lecteur: Lecteur, mission_id: int, today: date
) -> Mission:
    mission = get_mission(session, lecteur, mission_id, today)
    lock(session, f"mission:{mission.reference}")
    session.refresh(mission)
    if Role.ADMINISTRATEUR not in lecteur.roles and mission.chef_id != lecteur.personne_id:
        raise Forbidden("Seul le chef d’une mission en désigne les membres.")
    if not is_open(mission, today):
        raise Conflict("Cette mission est close ou passée.")
    return mission


def _find_domaines(session: Session, mission: Mission) -> tuple[Domaine, ...]:
    """Those of its head."""
    grants = (g for g, p in find_membres(session, mission.id) if p.id == mission.chef_id)
    named = next((g.domaines for g in grants), "")
    return tuple(Domaine(d) for d in named.split(",") if d)


def close_mission(session: Writing, mission_id: int, *, par: str) -> None:
    """Close a mission: its members see nothing of it at their next request. NotFound, Conflict."""
    mission = session.get(Mission, mission_id)
    if mission is None:
        raise NotFound(_ABSENTE)
    lock(session, f"mission:{mission.reference}")
    session.refresh(mission)
    if mission.close_le is not None:
        raise Conflict(f"La mission {mission.reference} est déjà close.")
    mission.close_le, mission.close_par = read_now(), par
    for grant, _ in find_membres(session, mission.id):
        withdraw_habilitation(session, grant.id, par=par, motif="mission close")
    session.flush()
    _record(session, mission, {"close": mission.reference}, par=par)


def find_perimetres(session: Session, mission_id: int) -> list[PorteeMission]:
    """The collectivités and exercices of a mission."""
    query = select(PorteeMission).where(PorteeMission.mission_id == mission_id)
    return list(session.scalars(query.order_by(PorteeMission.siren)))
