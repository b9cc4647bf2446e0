"""What a scope covers follows the dated referential: successions, postes merged, missions."""

from collections.abc import Iterator
from datetime import date, datetime

import pytest
from sqlalchemy import update

from orc.access import Clearance, make_lecteur
from orc.db import Database, Writing
from orc.domain import Domaine, Role
from orc.models import (
    Base,
    Cloture,
    Collectivite,
    Mission,
    PorteeMission,
    Poste,
    Rattachement,
    Succession,
    read_now,
)
from tests.sql import grant, make_budget, make_cellule, make_personne

TODAY = date(2026, 6, 1)
A, B, C = "000000001", "000000002", "000000003"


@pytest.fixture
def session(database: Database) -> Iterator[Writing]:
    with database.writing() as session:
        yield session


def put(session: Writing, row: Base) -> None:
    session.add(row)
    session.flush()


def make_closed(session: Writing, siren: str, exercice: int = 2023, poste: str = "033012") -> int:
    budget = make_budget(session, siren, poste=poste)
    values = {"close_le": TODAY, "enregistree_le": read_now(), "enregistree_par": "test"}
    put(session, Cloture(budget_id=budget.id, exercice=exercice, **values))
    return make_cellule(session, budget, exercice, Domaine.ORDINAIRE)


def read(session: Writing, role: Role, portee: str, cle: str, **values: object) -> Clearance:
    alice = make_personne(session, "alice")
    grant(session, alice, role, portee=portee, portee_cle=cle, **values)
    return make_lecteur(session, alice, "alice", "Alice", TODAY).clearance


def test_a_right_on_a_successor_covers_all_its_predecessors(session: Writing) -> None:
    cells = {siren: make_closed(session, siren) for siren in (A, B, C)}
    put(session, Succession(predecesseur=B, successeur=A, depuis=date(2020, 1, 1)))
    put(session, Succession(predecesseur=C, successeur=B, depuis=date(2019, 1, 1)))
    assert read(session, Role.ORDONNATEUR, "collectivite", A).cellules == set(cells.values())


def test_a_right_on_a_predecessor_does_not_cover_its_successor(session: Writing) -> None:
    cells = {siren: make_closed(session, siren) for siren in (A, B)}
    put(session, Succession(predecesseur=B, successeur=A, depuis=date(2020, 1, 1)))
    assert read(session, Role.ORDONNATEUR, "collectivite", B).cellules == {cells[B]}


def test_a_succession_to_come_covers_nothing_yet(session: Writing) -> None:
    mine, _other = make_closed(session, A), make_closed(session, B)
    put(session, Succession(predecesseur=B, successeur=A, depuis=date(2026, 6, 2)))
    assert read(session, Role.ORDONNATEUR, "collectivite", A).cellules == {mine}


def test_successions_that_turn_in_a_circle_end(session: Writing) -> None:
    cells = {siren: make_closed(session, siren) for siren in (A, B)}
    for before, after in ((A, B), (B, A)):
        put(session, Succession(predecesseur=before, successeur=after, depuis=date(2020, 1, 1)))
    assert read(session, Role.ORDONNATEUR, "collectivite", A).cellules == set(cells.values())


@pytest.mark.parametrize(
    ("jusqu_a", "sees"), [(None, True), (date(2026, 6, 1), True), (date(2026, 6, 2), False)]
)
def test_a_comptable_sees_what_the_postes_it_took_over_kept(
    session: Writing, jusqu_a: date | None, *, sees: bool
) -> None:
    make_closed(session, A, poste="033099")
    values = {"codique": "033099", "libelle": "Ancienne", "departement": "", "jusqu_a": jusqu_a}
    put(session, Poste(repris_par="033012", **values))
    assert bool(read(session, Role.COMPTABLE, "poste", "033012").cellules) is sees


def test_the_rattachement_in_force_says_which_comptable_and_the_flow_where_there_is_none(
    session: Writing,
) -> None:
    moved, stayed = make_closed(session, A), make_closed(session, B)
    old = {"siren": A, "codique": "033012", "depuis": date(2015, 1, 1)}
    put(session, Rattachement(**old, jusqu_a=date(2025, 12, 31)))
    put(session, Rattachement(siren=A, codique="033014", depuis=date(2026, 1, 1)))
    assert read(session, Role.COMPTABLE, "poste", "033012").cellules == {stayed}
    bob = make_personne(session, "bob")
    grant(session, bob, Role.COMPTABLE, portee="poste", portee_cle="033014")
    assert make_lecteur(session, bob, "bob", "Bob", TODAY).clearance.cellules == {moved}
    ended = make_lecteur(session, bob, "bob", "Bob", date(2025, 12, 31)).clearance
    assert ended.cellules == frozenset()


def make_mission(session: Writing, **values: object) -> int:
    chef = make_personne(session, "chef")
    base = {
        "reference": "CRC-2026-12", "ordre": "ordre du 2 janvier 2026", "juridiction": "CRC",
        "du": date(2026, 1, 1), "au": date(2026, 12, 31), "chef_id": chef,
        "ouverte_par": "test", "ouverte_le": read_now(), "close_par": "",
    }  # fmt: skip
    mission = Mission(**{**base, **values})
    put(session, mission)
    return mission.id


def test_a_mission_opens_its_collectivites_each_with_its_exercices(session: Writing) -> None:
    seen = {make_closed(session, A, 2022), make_closed(session, B, 2021)}
    make_closed(session, A, 2021)
    make_closed(session, B, 2022)
    mission = make_mission(session)
    for siren, year in ((A, 2022), (B, 2021)):
        values = {"siren": siren, "exercice_min": year, "exercice_max": year}
        put(session, PorteeMission(mission_id=mission, **values))
    assert read(session, Role.JUGE, "mission", str(mission)).cellules == seen


@pytest.mark.parametrize(
    "over",
    [
        {"au": date(2026, 5, 31)},
        {"du": date(2026, 6, 2)},
        {"close_le": datetime.fromisoformat("2026-05-01T00:00:00+00:00")},
    ],
)
def test_a_mission_that_is_over_or_to_come_opens_nothing(
    session: Writing, over: dict[str, object]
) -> None:
    make_closed(session, A, 2022)
    mission = make_mission(session, **over)
    put(session, PorteeMission(mission_id=mission, siren=A, exercice_min=2020, exercice_max=2030))
    assert read(session, Role.JUGE, "mission", str(mission)) == Clearance(frozenset())


@pytest.mark.parametrize("cle", ["", "x", "999"])
def test_a_mission_that_does_not_exist_opens_nothing(session: Writing, cle: str) -> None:
    make_closed(session, A)
    assert read(session, Role.JUGE, "mission", cle) == Clearance(frozenset())


def make_departement(session: Writing) -> dict[str, int]:
    cells = {siren: make_closed(session, siren) for siren in (A, B)}
    session.execute(update(Collectivite).where(Collectivite.siren == A).values(departement="33"))
    return cells


def test_an_archiviste_has_the_territory_of_its_departement_and_no_document(
    session: Writing,
) -> None:
    cells = make_departement(session)
    seen = read(session, Role.ARCHIVISTE, "departement", "33")
    assert seen == Clearance(frozenset(), territoire=frozenset({cells[A]}))


def test_an_archiviste_reads_documents_where_the_grant_says_so(session: Writing) -> None:
    cells = make_departement(session)
    seen = read(session, Role.ARCHIVISTE, "departement", "33", droits="contenu")
    assert seen.cellules == seen.territoire == {cells[A]}


def test_an_ordonnateur_prepares_lists_only_where_its_grant_says_so(session: Writing) -> None:
    cell = make_closed(session, A)
    assert read(session, Role.ORDONNATEUR, "collectivite", A).retention == frozenset()
    seen = read(session, Role.ORDONNATEUR, "collectivite", A, droits="destruction")
    assert seen.destruction == seen.retention == {cell}


def test_a_comptable_sees_what_becomes_of_the_accounts_it_keeps_closed_or_not(
    session: Writing,
) -> None:
    cells = make_departement(session)
    seen = read(session, Role.COMPTABLE, "collectivite", A)
    assert seen.comptabilite == {cells[A]}
    assert seen.territoire == seen.destruction == frozenset()


def test_the_droit_contenu_opens_nothing_to_a_role_that_reads_nothing(session: Writing) -> None:
    make_departement(session)
    seen = read(session, Role.ADMINISTRATEUR, "departement", "33", droits="contenu")
    assert seen == Clearance(frozenset())
