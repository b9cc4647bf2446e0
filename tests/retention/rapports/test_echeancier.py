"""The échéancier: counted from what each PJ was last decided by, within a scope."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from orc.models import DecisionCourante
from orc.retention.echeancier import (
    SANS_REGLE,
    Horizon,
    LigneEcheance,
    find_echeances,
    find_horizon,
)
from orc.retention.rapports.composer import make_echeancier
from orc.retention.rapports.portee import Portee, find_noms
from tests.archive import COMMUNE, Archive, make_archive
from tests.retention.rapports.fonds import (
    FOURNITURES,
    JOUR,
    OUVERTE,
    PAIE,
    decide_all,
    find_all,
    find_cellules,
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("echeances")) as made:
        decide_all(made)
        yield made


def find(archive: Archive, cellules: frozenset[int], day: date = JOUR) -> dict[int, LigneEcheance]:
    """The lines of the commune, by exercice."""
    with archive.orc.database.reading() as session:
        return {n.exercice: n for n in find_echeances(session, Portee(cellules, COMMUNE), day)}


def change(archive: Archive, nom: str, **values: object) -> None:
    """What is kept of the last decision of a PJ."""
    with archive.orc.database.writing() as session:
        mine = DecisionCourante.pj_id == archive.pj[nom]
        session.execute(update(DecisionCourante).where(mine).values(**values))


def test_the_echeancier_counts_by_rule_and_horizon(archive: Archive) -> None:
    cellules = find_cellules(archive, "archiviste")
    with archive.orc.database.reading() as session:
        noms = find_noms(session, cellules)
        lignes = list(make_echeancier(session, Portee(cellules), noms, JOUR).lignes)
    octets = [len(archive.contenus[nom]) for nom in (FOURNITURES, OUVERTE)]
    commune, regle = "Commune de Sainte-Anne (999000018)", ("PJ-DEPENSE", "D")
    assert [ligne[:4] for ligne in lignes] == [
        (commune, exercice, *regle) for exercice in ("2022", "2023", "2024")
    ]
    assert lignes[0][4:11] == (0, 0, 0, 0, 3, 0, 3)
    assert lignes[0][-1] == date(2033, 1, 1)
    assert [ligne[-2] for ligne in lignes[1:]] == octets


def test_a_domaine_that_is_not_ones_own_is_not_counted(archive: Archive) -> None:
    mine, whole = find_cellules(archive, "archiviste"), find_all(archive)
    assert (find(archive, mine)[2022].nombre, find(archive, whole)[2022].nombre) == (3, 4)
    assert find(archive, frozenset()) == {}


def test_a_pj_without_a_rule_says_so_and_one_to_decide_again_waits(archive: Archive) -> None:
    whole = find_all(archive)
    change(archive, OUVERTE, regle="", sort_final="", libre=None)
    (ligne,) = [n for n in find(archive, whole).values() if n.regle == SANS_REGLE]
    assert (ligne.exercice, ligne.count(Horizon.INCONNU), ligne.premier) == (2024, 1, None)
    change(archive, OUVERTE, regle=None)
    assert 2024 not in find(archive, whole)
    decide_all(archive)
    assert find(archive, whole)[2024].regle == "PJ-DEPENSE"


def test_the_first_term_to_come_is_said_whatever_the_order(archive: Archive) -> None:
    for libre in (date(2030, 1, 1), date(2036, 1, 1)):
        change(archive, PAIE, libre=libre)
        premier = find(archive, find_all(archive))[2022].premier
        assert premier == min(libre, date(2033, 1, 1))
    decide_all(archive)


def test_a_term_is_reached_the_day_nothing_keeps_the_pj_any_more(archive: Archive) -> None:
    whole, free = find_all(archive), date(2033, 1, 1)
    before, after = (find(archive, whole, day)[2022] for day in (free - timedelta(days=1), free))
    assert (before.count(Horizon.UN_AN), before.count(Horizon.ECHU)) == (4, 0)
    assert before.premier == free
    assert (after.count(Horizon.UN_AN), after.count(Horizon.ECHU)) == (0, 4)
    assert after.premier is None


@pytest.mark.parametrize(
    ("libre", "horizon"),
    [
        (None, Horizon.INCONNU),
        (date(2026, 11, 23), Horizon.ECHU),
        (date(2026, 11, 24), Horizon.UN_AN),
        (date(2027, 11, 23), Horizon.UN_AN),
        (date(2027, 11, 24), Horizon.TROIS_ANS),
        (date(2029, 11, 23), Horizon.TROIS_ANS),
        (date(2029, 11, 24), Horizon.CINQ_ANS),
        (date(2031, 11, 23), Horizon.CINQ_ANS),
        (date(2031, 11, 24), Horizon.PLUS_TARD),
    ],
)
def test_the_last_day_of_a_horizon_is_in_it(libre: date | None, horizon: Horizon) -> None:
    assert find_horizon(libre, date(2026, 11, 23)) is horizon
