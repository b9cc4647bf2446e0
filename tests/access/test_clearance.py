"""A Clearance says what a person may see now, read from SQL."""

from collections.abc import Iterator
from datetime import date

import pytest

from orc.access import NOTHING, Clearance, Lecteur, make_lecteur
from orc.db import Database, Writing
from orc.domain import Domaine, Role
from orc.ingest.clotures import (
    Exercice,
    record_clotures,
    withdraw_cloture,
)
from orc.journal import Auteur
from tests.sql import grant, make_budget, make_cellule, make_personne

TODAY = date(2026, 6, 1)
PARTOUT = {"portee": "collectivite", "portee_cle": "000000001"}


@pytest.fixture
def session(database: Database) -> Iterator[Writing]:
    with database.writing() as session:
        yield session


def read(session: Writing, personne_id: int, today: date = TODAY) -> Lecteur:
    return make_lecteur(session, personne_id, "x", "X", today)


def close(session: Writing, budget_id: int, exercice: int) -> None:
    record_clotures(session, [Exercice(budget_id, exercice)], close_le=TODAY, auteur=Auteur("test"))


def make_cell(session: Writing, siren: str, exercice: int, domaine: str = "ordinaire") -> int:
    budget = make_budget(session, siren)
    return make_cellule(session, budget, exercice, Domaine(domaine))


def test_a_person_without_grant_sees_nothing(session: Writing) -> None:
    make_cell(session, "000000001", 2023)
    assert read(session, make_personne(session, "alice")).clearance == NOTHING


def test_a_grant_on_a_collectivite_shows_its_closed_exercices_and_no_other_body(
    session: Writing,
) -> None:
    mine, theirs = make_cell(session, "000000001", 2023), make_cell(session, "000000002", 2023)
    budget = make_budget(session, "000000001")
    close(session, budget.id, 2023)
    close(session, make_budget(session, "000000002").id, 2023)
    alice = make_personne(session, "alice")
    grant(session, alice, Role.ORDONNATEUR, **PARTOUT)
    clearance = read(session, alice).clearance
    assert clearance.cellules == {mine}
    assert clearance.allows(mine)
    assert not clearance.allows(theirs)
    assert clearance.ordered == (mine,)


def test_an_open_exercice_is_counted_apart_until_closed_and_again_once_withdrawn(
    session: Writing,
) -> None:
    cell = make_cell(session, "000000001", 2026)
    budget = make_budget(session, "000000001")
    alice = make_personne(session, "alice")
    grant(session, alice, Role.ORDONNATEUR, **PARTOUT)
    assert read(session, alice).clearance.ouvertes == {cell}
    assert read(session, alice).clearance.granted == {cell}
    close(session, budget.id, 2026)
    assert read(session, alice).clearance.cellules == {cell}
    withdraw_cloture(session, Exercice(budget.id, 2026), motif="erreur", auteur=Auteur("t"))
    assert read(session, alice).clearance.cellules == frozenset()


@pytest.mark.parametrize(
    ("portee", "cle", "sees"),
    [
        ("poste", "033012", True),
        ("poste", "099999", False),
        ("collectivite", "000000001", True),
        ("collectivite", "", False),
        ("budget", "00000000100011/101/00", True),
        ("budget", "00000000100011/101/01", False),
        ("departement", "33", False),
    ],
)
def test_the_scope_of_a_grant_is_a_poste_a_collectivite_or_a_budget(
    session: Writing, portee: str, cle: str, *, sees: bool
) -> None:
    make_cell(session, "000000001", 2023)
    close(session, make_budget(session, "000000001").id, 2023)
    alice = make_personne(session, "alice")
    grant(session, alice, Role.COMPTABLE, portee=portee, portee_cle=cle)
    assert bool(read(session, alice).clearance.cellules) is sees


def test_sensitive_domaines_are_hidden_unless_the_grant_names_them(session: Writing) -> None:
    plain = make_cell(session, "000000001", 2023)
    paie = make_cell(session, "000000001", 2023, "paie")
    sante = make_cell(session, "000000001", 2023, "sante")
    budget = make_budget(session, "000000001")
    close(session, budget.id, 2023)
    alice, bob = make_personne(session, "alice"), make_personne(session, "bob")
    grant(session, alice, Role.ORDONNATEUR, **PARTOUT)
    grant(session, bob, Role.ORDONNATEUR, domaines="paie", **PARTOUT)
    assert read(session, alice).clearance == Clearance(frozenset({plain}))
    seen = read(session, bob).clearance
    assert seen.cellules == {plain, paie}
    assert sante not in seen.cellules
    assert seen.sensibles == {(budget.id, 2023)}


def test_exercices_outside_a_grant_are_not_seen(session: Writing) -> None:
    budget = make_budget(session, "000000001")
    cells = {year: make_cell(session, "000000001", year) for year in (2021, 2022, 2023)}
    for year in cells:
        close(session, budget.id, year)
    alice = make_personne(session, "alice")
    grant(session, alice, Role.JUGE, exercice_min=2022, exercice_max=2022, **PARTOUT)
    lecteur = read(session, alice)
    assert lecteur.clearance.cellules == {cells[2022]}
    assert lecteur.scelle


@pytest.mark.parametrize(
    "ended",
    [
        {"jusqu_a": date(2026, 5, 31)},
        {"depuis": date(2026, 6, 2)},
        {"retire_le": __import__("orc.models").models.read_now()},
    ],
)
def test_a_grant_that_ended_or_has_not_begun_shows_nothing(
    session: Writing, ended: dict[str, object]
) -> None:
    make_cell(session, "000000001", 2023)
    close(session, make_budget(session, "000000001").id, 2023)
    alice = make_personne(session, "alice")
    grant(session, alice, Role.ORDONNATEUR, **PARTOUT, **ended)
    lecteur = read(session, alice)
    assert lecteur.clearance == NOTHING
    assert lecteur.roles == frozenset()


def test_an_administrateur_never_opens_a_document(session: Writing) -> None:
    make_cell(session, "000000001", 2023)
    close(session, make_budget(session, "000000001").id, 2023)
    admin = make_personne(session, "admin")
    grant(session, admin, Role.ADMINISTRATEUR, **PARTOUT)
    assert read(session, admin).clearance == NOTHING
