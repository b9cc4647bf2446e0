"""Walking down the archive shows what may be seen, counted and summed."""

import pytest

from orc.access import NOTHING
from orc.db import Reading
from orc.domain import Domaine, Sens
from orc.errors import NotFound
from orc.search.browse import find_collectivites, get_budget, get_collectivite
from orc.search.browse_exercice import Choix, get_exercice
from tests.consultation import COMMUNE, VOISINE, Archive

CODE = f"{COMMUNE}00011-101-00"


def test_only_granted_collectivites_are_listed(lecture: Reading, archive: Archive) -> None:
    found = find_collectivites(lecture, clearance=archive.clearance())
    assert [c.siren for c in found.items] == [COMMUNE]
    ligne = found.items[0]
    assert ligne.exercices == (2022,)
    assert (ligne.sommes.nb_depenses, ligne.sommes.depenses) == (2, 180_420 - 150_350)
    assert (ligne.sommes.nb_recettes, ligne.sommes.recettes) == (1, 120_000)


@pytest.mark.usefixtures("archive")
def test_who_may_see_nothing_browses_an_empty_list(lecture: Reading) -> None:
    assert find_collectivites(lecture, clearance=NOTHING).items == ()


@pytest.mark.parametrize(("texte", "nombre"), [("anne", 1), ("999 000 001", 1), ("voisine", 0)])
def test_a_collectivite_is_found_by_a_part_of_its_name_or_siren(
    lecture: Reading, archive: Archive, texte: str, nombre: int
) -> None:
    found = find_collectivites(lecture, clearance=archive.clearance(), texte=texte)
    assert found.total == nombre


def test_an_open_exercice_is_named_without_what_it_holds(
    lecture: Reading, archive: Archive
) -> None:
    budget = get_budget(lecture, COMMUNE, CODE, clearance=archive.clearance())
    assert [(e.exercice, e.clos, e.sommes.nb) for e in budget.exercices] == [
        (2023, False, 0),
        (2022, True, 3),
    ]
    ouvert = get_exercice(
        lecture, COMMUNE, CODE, 2023, clearance=archive.clearance(), choix=Choix()
    )
    assert ouvert.bordereaux.items == ()
    assert not ouvert.clos


def test_a_granted_domaine_is_counted(lecture: Reading, archive: Archive) -> None:
    found = get_collectivite(lecture, COMMUNE, clearance=archive.clearance(Domaine.PAIE))
    assert found.sommes.nb_depenses == 4


def test_what_is_not_granted_does_not_exist(lecture: Reading, archive: Archive) -> None:
    clearance = archive.clearance()
    with pytest.raises(NotFound):
        get_collectivite(lecture, VOISINE, clearance=clearance)
    with pytest.raises(NotFound):
        get_budget(lecture, COMMUNE, "x", clearance=clearance)
    with pytest.raises(NotFound):
        get_exercice(lecture, COMMUNE, CODE, 2021, clearance=clearance, choix=Choix())


def test_an_exercice_lists_its_bordereaux_and_months(lecture: Reading, archive: Archive) -> None:
    vue = get_exercice(lecture, COMMUNE, CODE, 2022, clearance=archive.clearance(), choix=Choix())
    assert [(b.resume.id, b.nb_pieces, b.reserve) for b in vue.bordereaux.items] == [
        (14, 1, False),
        (15, 1, False),
        (13, 0, True),
        (12, 1, True),
    ]
    assert [(m.mois, m.sommes.nb) for m in vue.mois] == [(202204, 1), (202206, 1), (202212, 1)]
    assert [(t.sens, t.type_bordereau.code, t.nombre) for t in vue.types] == [
        (Sens.DEPENSE, "01", 1),
        (Sens.DEPENSE, "02", 1),
        (Sens.RECETTE, "01", 1),
    ]


@pytest.mark.parametrize(
    ("choix", "ids"),
    [
        (Choix(sens="recette"), [15]),
        (Choix(type_bordereau="02"), [14]),
        (Choix(mois=202204), [12]),
        (Choix(sens="recette", mois=202204), []),
    ],
)
def test_bordereaux_are_chosen_by_sens_type_and_month(
    lecture: Reading, archive: Archive, choix: Choix, ids: list[int]
) -> None:
    vue = get_exercice(lecture, COMMUNE, CODE, 2022, clearance=archive.clearance(), choix=choix)
    assert [b.resume.id for b in vue.bordereaux.items] == ids
