"""What a person is told of its accesses: what it left, what ends soon, what was answered."""

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import update

from orc.access.evenements import find_evenements
from orc.access.missions import (
    NouvelleMission,
    Perimetre,
    add_membre,
    close_mission,
    find_membres,
    open_mission,
    remove_membre,
)
from orc.domain import Role
from orc.models import Demande, Habilitation, Mission
from tests.access.conftest import TODAY, A, Monde

HIER = TODAY - timedelta(days=1)


def at_noon(day: date) -> datetime:
    return datetime.combine(day, time(12)).astimezone()


@pytest.fixture
def mission_id(monde: Monde) -> int:
    """A mission that ends within a month, its head and one member there since yesterday."""
    for nom in ("chef", "membre"):
        monde.make(nom)
    mission = NouvelleMission(
        "2026-17",
        "Ordre n° 17",
        "Chambre régionale des comptes",
        date(2026, 5, 1),
        date(2026, 6, 30),
        "chef",
        (Perimetre(A, 2022, 2023),),
    )
    made = open_mission(monde.session, mission, par="administrateur", today=TODAY)
    add_membre(monde.session, monde.get("chef"), made, "membre", today=TODAY)
    monde.session.execute(update(Habilitation).values(accorde_le=at_noon(HIER)))
    return made


def tell(monde: Monde, nom: str, day: date = TODAY) -> list[tuple[date, str, str]]:
    found = find_evenements(monde.session, monde.get(nom).personne_id, day)
    return [(e.jour, e.phrase, e.url) for e in found]


def test_a_member_is_told_of_its_mission_and_of_its_end(monde: Monde, mission_id: int) -> None:
    url = f"/missions/{mission_id}"
    since = (HIER, "Mission 2026-17 : vous en êtes membre", url)
    last = date(2026, 6, 30)
    assert tell(monde, "membre") == [(last, "Mission 2026-17 : finit le 30/06/2026", url), since]
    after = tell(monde, "membre", last + timedelta(days=1))
    assert after == [(last, "Mission 2026-17 : finie le 30/06/2026", url)]


def test_who_is_taken_out_of_a_mission_is_told_and_led_nowhere(
    monde: Monde, mission_id: int
) -> None:
    (grant_id,) = [
        grant.id
        for grant, personne in find_membres(monde.session, mission_id)
        if personne.identifiant == "membre"
    ]
    remove_membre(monde.session, monde.get("chef"), mission_id, grant_id, today=TODAY)
    gone = update(Habilitation).where(Habilitation.id == grant_id)
    monde.session.execute(gone.values(retire_le=at_noon(TODAY)))
    told = tell(monde, "membre")
    assert told[0] == (TODAY, "Mission 2026-17 : vous n’en êtes plus membre", "")
    assert next(phrase for _, phrase, _ in tell(monde, "chef")).endswith("finit le 30/06/2026")


def test_a_closed_mission_is_said_so_to_all_of_it(monde: Monde, mission_id: int) -> None:
    close_mission(monde.session, mission_id, par="administrateur")
    monde.session.execute(update(Mission).values(close_le=at_noon(TODAY)))
    for nom in ("chef", "membre"):
        assert tell(monde, nom)[0] == (TODAY, "Mission 2026-17 : close", "")


def test_a_grant_that_ended_is_told_with_its_reason(monde: Monde) -> None:
    monde.make("parti", Role.COMPTABLE, portee="poste", portee_cle="033012")
    personne_id = monde.get("parti").personne_id
    ended = update(Habilitation).where(Habilitation.personne_id == personne_id)
    monde.session.execute(ended.values(jusqu_a=TODAY + timedelta(days=9)))
    ((jour, phrase, _),) = [e for e in tell(monde, "parti") if e[0] > TODAY]
    assert (jour, phrase[:35]) == (date(2026, 6, 10), "Habilitation qui finit le 10/06/202")
    monde.session.execute(ended.values(retire_le=at_noon(HIER), motif_retrait="Mutation"))
    assert tell(monde, "parti")[0][:1] == (HIER,)
    assert tell(monde, "parti")[0][1].endswith("(Mutation)")


def test_who_asks_is_told_a_refusal_and_why(monde: Monde) -> None:
    monde.open_structure()
    demande_id = monde.deposit("alice")
    monde.decide("comptable", demande_id, accorde=False, motif="Pas de mon service")
    asked = update(Demande).where(Demande.id == demande_id)
    monde.session.execute(asked.values(decidee_le=at_noon(HIER)))
    ((jour, phrase, url),) = tell(monde, "alice")
    assert (jour, url) == (HIER, "/demandes")
    assert phrase.startswith("Demande refusée : ")
    assert phrase.endswith("(Pas de mon service)")
