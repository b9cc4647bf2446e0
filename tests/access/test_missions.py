"""Missions: opened by an administrateur, peopled by their head, seen at the next request."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from orc.access import cover_budgets, find_habilitations, make_lecteur
from orc.access.missions import (
    NouvelleMission,
    Perimetre,
    add_membre,
    close_mission,
    find_membres,
    find_missions,
    find_perimetres,
    get_mission,
    open_mission,
    remove_membre,
)
from orc.db import Writing
from orc.domain import Domaine, Role
from orc.errors import Conflict, Forbidden, Invalid, NotFound
from orc.models import Budget, Cloture, Ecriture, Mission, Personne, read_now
from tests.access.conftest import TODAY, A, B, Monde
from tests.sql import make_budget, make_cellule

MISSION = NouvelleMission(
    "2026-17",
    "Ordre n° 17 du 02/05/2026",
    "Chambre régionale des comptes",
    date(2026, 5, 1),
    date(2026, 12, 31),
    "chef",
    (Perimetre(A, 2022, 2023),),
)


def make_cells(session: Writing) -> dict[int, int]:
    """A cellule of the commune A for each exercice, all closed."""
    budget = make_budget(session, A)
    for exercice in (2021, 2022, 2023):
        values = {"close_le": TODAY, "enregistree_le": read_now(), "enregistree_par": "test"}
        session.add(Cloture(budget_id=budget.id, exercice=exercice, **values))
        session.flush()
    return {e: make_cellule(session, budget, e, Domaine.PAIE) for e in (2021, 2022, 2023)}


def open_one(monde: Monde, **values: object) -> int:
    for nom in ("chef", "membre"):
        monde.make(nom)
    made = replace(MISSION, **values)  # type: ignore[arg-type]  # values by name
    return open_mission(monde.session, made, par="administrateur", today=TODAY)


def get_grant_id(monde: Monde, mission_id: int, nom: str) -> int:
    membres = find_membres(monde.session, mission_id)
    return next(g.id for g, p in membres if p.identifiant == nom)


def test_a_mission_opens_its_exercices_to_its_head_and_nothing_else(monde: Monde) -> None:
    cells = make_cells(monde.session)
    mission_id = open_one(monde)
    chef = monde.get("chef")
    assert chef.roles == {Role.JUGE}
    assert chef.clearance.cellules == {cells[2022], cells[2023]}
    (perimetre,) = find_perimetres(monde.session, mission_id)
    assert (perimetre.siren, perimetre.exercice_min) == (A, 2022)
    row = monde.session.scalars(select(Ecriture).where(Ecriture.acte == "mission")).one()
    assert json.loads(row.details) == {"ouverte": "2026-17", "portees": 1}
    assert not row.scelle


@pytest.mark.parametrize("today", [date(2026, 4, 30), date(2027, 1, 1)])
def test_a_mission_opens_nothing_outside_its_dates(monde: Monde, today: date) -> None:
    make_cells(monde.session)
    open_one(monde)
    chef = monde.get("chef")
    then = make_lecteur(monde.session, chef.personne_id, "chef", "Chef", today)
    assert then.roles == frozenset()
    assert then.clearance.cellules == frozenset()


def test_the_head_adds_a_member_who_sees_the_same_and_takes_it_out(monde: Monde) -> None:
    make_cells(monde.session)
    mission_id = open_one(monde, domaines=(Domaine.PAIE,))
    chef = monde.get("chef")
    add_membre(monde.session, chef, mission_id, " MEMBRE ", today=TODAY)
    assert monde.get("membre").clearance == chef.clearance
    assert chef.clearance.cellules
    with pytest.raises(Conflict, match="déjà membre"):
        add_membre(monde.session, chef, mission_id, "membre", today=TODAY)
    grant_id = get_grant_id(monde, mission_id, "membre")
    remove_membre(monde.session, chef, mission_id, grant_id, today=TODAY)
    assert monde.get("membre").clearance.cellules == frozenset()
    with pytest.raises(NotFound):
        remove_membre(monde.session, chef, mission_id, grant_id, today=TODAY)


def test_what_the_head_does_is_in_the_sealed_part_of_the_journal(monde: Monde) -> None:
    mission_id = open_one(monde)
    chef = monde.get("chef")
    add_membre(monde.session, chef, mission_id, "membre", today=TODAY)
    grant_id = get_grant_id(monde, mission_id, "membre")
    remove_membre(monde.session, chef, mission_id, grant_id, today=TODAY)
    rows = monde.session.scalars(select(Ecriture).where(Ecriture.acteur == "chef")).all()
    assert [row.acte for row in rows] == ["habilitation", "mission", "habilitation", "mission"]
    assert all(row.scelle for row in rows)


def test_a_member_who_is_not_the_head_adds_nobody(monde: Monde) -> None:
    mission_id = open_one(monde)
    monde.make("autre")
    add_membre(monde.session, monde.get("chef"), mission_id, "membre", today=TODAY)
    with pytest.raises(Forbidden, match="Seul le chef"):
        add_membre(monde.session, monde.get("membre"), mission_id, "autre", today=TODAY)
    add_membre(monde.session, monde.get("administrateur"), mission_id, "autre", today=TODAY)
    chef_id = get_grant_id(monde, mission_id, "chef")
    with pytest.raises(Conflict, match="ne la quitte pas"):
        remove_membre(monde.session, monde.get("chef"), mission_id, chef_id, today=TODAY)


def test_a_mission_of_others_does_not_exist(monde: Monde) -> None:
    mission_id = open_one(monde)
    monde.make("etranger", Role.JUGE, portee="collectivite", portee_cle=B)
    for nom in ("etranger", "comptable", "membre"):
        for number in (mission_id, 987_654):
            with pytest.raises(NotFound):
                get_mission(monde.session, monde.get(nom), number, TODAY)
            with pytest.raises(NotFound):
                add_membre(monde.session, monde.get(nom), number, "membre", today=TODAY)
        assert find_missions(monde.session, monde.get(nom), TODAY) == []
    for nom in ("chef", "administrateur"):
        assert get_mission(monde.session, monde.get(nom), mission_id, TODAY).id == mission_id
        assert [m.id for m in find_missions(monde.session, monde.get(nom), TODAY)] == [mission_id]


def test_a_mission_that_closes_is_seen_no_more_at_the_next_request(monde: Monde) -> None:
    make_cells(monde.session)
    mission_id = open_one(monde)
    add_membre(monde.session, monde.get("chef"), mission_id, "membre", today=TODAY)
    close_mission(monde.session, mission_id, par="administrateur")
    for nom in ("chef", "membre"):
        assert monde.get(nom).roles == frozenset()
        assert monde.get(nom).clearance.cellules == frozenset()
    with pytest.raises(Conflict, match="déjà close"):
        close_mission(monde.session, mission_id, par="administrateur")
    with pytest.raises(NotFound):
        close_mission(monde.session, 987_654, par="administrateur")
    with pytest.raises(Conflict, match="close ou passée"):
        add_membre(monde.session, monde.get("administrateur"), mission_id, "membre", today=TODAY)


def test_a_mission_that_is_past_takes_nobody_in(monde: Monde) -> None:
    mission_id = open_one(monde)
    later = MISSION.au + timedelta(days=1)
    with pytest.raises(Conflict, match="passée"):
        add_membre(monde.session, monde.get("administrateur"), mission_id, "membre", today=later)


@pytest.mark.parametrize("nom", ["comptable", "administrateur"])
def test_a_juge_holds_no_other_role(monde: Monde, nom: str) -> None:
    mission_id = open_one(monde)
    with pytest.raises(Conflict, match="un autre rôle"):
        add_membre(monde.session, monde.get("chef"), mission_id, nom, today=TODAY)
    with pytest.raises(Conflict, match="un autre rôle"):
        open_one(monde, chef=nom, reference="autre")


def test_an_account_that_is_closed_or_unknown_is_no_member(monde: Monde) -> None:
    mission_id = open_one(monde)
    membre = monde.session.get_one(Personne, monde.get("membre").personne_id)
    membre.desactive_le = read_now()
    monde.session.flush()
    for nom in ("membre", "personne"):
        with pytest.raises(Invalid, match="n’existe pas ou est fermé"):
            add_membre(monde.session, monde.get("chef"), mission_id, nom, today=TODAY)


@pytest.mark.parametrize(
    "values",
    [
        {"reference": " "},
        {"ordre": ""},
        {"juridiction": "x" * 501},
        {"au": date(2026, 4, 1)},
        {"perimetres": ()},
        {"perimetres": (Perimetre(A, 2022, 2023),) * 201},
        {"perimetres": (Perimetre("12", 2022, 2023),)},
        {"perimetres": (Perimetre(A, 2023, 2022),)},
    ],
)
def test_a_mission_that_means_nothing_is_not_opened(
    monde: Monde, values: dict[str, object]
) -> None:
    with pytest.raises(Invalid):
        open_one(monde, **values)
    assert monde.session.scalars(select(Mission)).all() == []


def test_a_reference_serves_once(monde: Monde) -> None:
    open_one(monde)
    with pytest.raises(Conflict, match="existe déjà"):
        open_one(monde)


def test_the_budgets_of_a_mission_are_those_of_its_collectivites(monde: Monde) -> None:
    open_one(monde)
    grants = find_habilitations(monde.session, monde.get("chef").personne_id, TODAY)
    covered = select(Budget.siren).where(cover_budgets(monde.session, grants, TODAY))
    assert monde.session.scalars(covered).all() == [A]
