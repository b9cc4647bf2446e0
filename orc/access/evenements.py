"""What happened of late to the accesses of one person, and what is about to: its own alone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from orc.access.demandes import Etat
from orc.access.phrases import read_noms, write_octroi
from orc.domain import format_date
from orc.models import Demande, Habilitation, Mission

# What is older has been read; what ends later will be said in time.
AVANT = timedelta(days=30)
APRES = timedelta(days=60)
EVENEMENTS_MAX = 10


@dataclass(frozen=True, slots=True)
class Evenement:
    """Something that happened, or will: on which day, in words, and where it is seen."""

    jour: date
    phrase: str
    url: str


def find_evenements(session: Session, personne_id: int, today: date) -> tuple[Evenement, ...]:
    """The events of this person, those to come first, then from the latest; EVENEMENTS_MAX."""
    found = [
        *_find_of_grants(session, personne_id, today),
        *_find_of_demandes(session, personne_id, today),
    ]
    near = [e for e in found if today - AVANT <= e.jour <= today + APRES]
    # Of one day, what happened last comes first.
    near.sort(key=lambda e: e.jour)
    return tuple(near[::-1][:EVENEMENTS_MAX])


def _find_of_grants(session: Session, personne_id: int, today: date) -> Iterator[Evenement]:
    query = select(Habilitation).where(
        Habilitation.personne_id == personne_id,
        or_(Habilitation.jusqu_a.is_(None), Habilitation.jusqu_a >= today - AVANT),
    )
    grants = list(session.scalars(query.order_by(Habilitation.id)))
    noms = read_noms(session, grants)
    missions = _read_missions(session, grants)
    for grant in grants:
        mission = missions.get(grant.portee_cle) if grant.portee == "mission" else None
        if mission is not None:
            yield from _make_of_mission(grant, mission, today)
        else:
            yield from _make_of_grant(grant, write_octroi(grant, noms), today)


def _read_missions(session: Session, grants: Iterable[Habilitation]) -> dict[str, Mission]:
    cles = [int(g.portee_cle) for g in grants if g.portee == "mission" and g.portee_cle.isdecimal()]
    rows = session.scalars(select(Mission).where(Mission.id.in_(cles))) if cles else ()
    return {str(mission.id): mission for mission in rows}


def _make_of_grant(grant: Habilitation, phrase: str, today: date) -> Iterator[Evenement]:
    yield Evenement(_day(grant.accorde_le), f"Habilitation accordée : {phrase}", "/demandes")
    if grant.retire_le is not None:
        said = f" ({grant.motif_retrait})" if grant.motif_retrait else ""
        yield Evenement(
            _day(grant.retire_le), f"Habilitation retirée : {phrase}{said}", "/demandes"
        )
    elif grant.jusqu_a is not None:
        last = format_date(grant.jusqu_a)
        verb = "finie le" if grant.jusqu_a < today else "qui finit le"
        yield Evenement(grant.jusqu_a, f"Habilitation {verb} {last} : {phrase}", "/demandes")


def _make_of_mission(grant: Habilitation, mission: Mission, today: date) -> Iterator[Evenement]:
    url, nom = f"/missions/{mission.id}", f"Mission {mission.reference}"
    yield Evenement(_day(grant.accorde_le), f"{nom} : vous en êtes membre", url)
    if grant.retire_le is not None and mission.close_le is None:
        yield Evenement(_day(grant.retire_le), f"{nom} : vous n’en êtes plus membre", "")
    elif mission.close_le is not None:
        yield Evenement(_day(mission.close_le), f"{nom} : close", "")
    else:
        verb = "finie le" if mission.au < today else "finit le"
        yield Evenement(mission.au, f"{nom} : {verb} {format_date(mission.au)}", url)


def _find_of_demandes(session: Session, personne_id: int, today: date) -> Iterator[Evenement]:
    query = select(Demande).where(
        or_(Demande.demandeur_id == personne_id, Demande.personne_id == personne_id),
        Demande.etat.in_([Etat.ACCORDEE.value, Etat.REFUSEE.value]),
        Demande.decidee_le >= datetime.combine(today - AVANT, datetime.min.time()).astimezone(),
    )
    demandes = list(session.scalars(query.order_by(Demande.id)))
    noms = read_noms(session, demandes)
    for demande in demandes:
        if demande.etat == Etat.ACCORDEE and demande.personne_id == personne_id:
            continue  # its grant says so
        answer = "accordée" if demande.etat == Etat.ACCORDEE else "refusée"
        said = f" ({demande.motif_decision})" if demande.motif_decision else ""
        when = demande.validee_le or demande.decidee_le
        if when is not None:  # pragma: no branch - the query has said so; for mypy
            phrase = f"Demande {answer} : {write_octroi(demande, noms)}{said}"
            yield Evenement(_day(when), phrase, "/demandes")


def _day(when: datetime) -> date:
    return when.astimezone().date()
