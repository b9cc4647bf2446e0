"""Rules of duration are data: strictly read, written back the same, refused in French."""

import json
from typing import Any

import pytest

from orc.errors import Invalid
from orc.retention.durees import Duree, Unite
from orc.retention.regle_duree import (
    Criteres,
    Objet,
    RegleDeDuree,
    SortFinal,
    dump_criteres,
    dump_regle,
    read_criteres,
    read_livrees,
    read_regle,
    read_regles,
)
from orc.retention.rules import Fondement

REGLE: dict[str, Any] = {
    "code": "PAIE",
    "intitule": "Paie",
    "criteres": {"objet": "pj", "type_pj": ["004"]},
    "reference": "Texte",
    "fondement": "texte",
    "evenement": "exercice",
    "nombre": 50,
    "unite": "ans",
    "arrondi": "aucun",
    "inclus": True,
    "sort_final": "D",
}


def test_the_rules_that_ship_are_those_of_the_table_of_durations() -> None:
    livrees = read_livrees()
    found = {r.code: (r.dua, r.evenement.value, r.sort_final.value) for r in livrees.regles}
    assert livrees.id is None
    assert found == {
        "PJ-DEPENSE": ("10 ans, fin d’exercice", "exercice", "D"),
        "PJ-RECETTE": ("10 ans, fin d’exercice", "exercice", "D"),
        "PJ-BUDGET": ("10 ans, fin d’exercice", "exercice", "C"),
        "MARCHE-PASSATION": ("5 ans", "notification", "D"),
        "MARCHE-EXECUTION": ("10 ans", "solde", "D"),
        "FLUX-PES": ("10 ans", "acquit", "D"),
        "BORDEREAU-JOURNAL": ("10 ans, fin d’exercice", "exercice", "D"),
        "GRAND-LIVRE": ("10 ans, fin d’exercice", "exercice", "C"),
        "SUIVI-BUDGETAIRE": ("1 an, fin d’exercice", "exercice", "D"),
        "BUDGET-COMPTE": ("10 ans, fin d’exercice", "exercice", "C"),
        "PJ-COMPTABLE": ("5 ans, fin d’année", "operation", "D"),
        "TRACE-TRANSMISSION": ("8 ans", "flux", "D"),
    }
    assert all(regle.reference and regle.duree.inclus for regle in livrees.regles)
    assert [r.code for r in livrees.select(Objet.FLUX)] == ["FLUX-PES"]
    assert livrees.find("AUCUNE") is None


def test_what_we_inferred_is_said_to_be_ours() -> None:
    ours = {r.code for r in read_livrees().regles if r.fondement is Fondement.INTERPRETATION}
    assert {"PJ-DEPENSE", "PJ-RECETTE", "PJ-BUDGET"} <= ours
    assert not ours & {"FLUX-PES", "PJ-COMPTABLE", "MARCHE-PASSATION", "MARCHE-EXECUTION"}


def test_a_rule_written_is_read_the_same() -> None:
    for regle in read_livrees().regles:
        assert read_regle(json.loads(json.dumps(dump_regle(regle)))) == regle


def test_criteria_say_only_what_they_ask() -> None:
    criteres = Criteres(Objet.PJ, sens=("depense",), compte=("64",), marche=True)
    written = dump_criteres(criteres)
    asked = {"objet": "pj", "sens": ["depense"], "compte": ["64"], "marche": True}
    assert json.loads(written) == asked
    assert read_criteres(json.loads(written)) == criteres


@pytest.mark.parametrize(
    ("nombre", "unite", "dua"), [(1, "ans", "1 an"), (1, "jours", "1 jour"), (1, "mois", "1 mois")]
)
def test_a_dua_is_written_in_words(nombre: int, unite: str, dua: str) -> None:
    regle = read_regle(REGLE | {"nombre": nombre, "unite": unite})
    assert regle.dua == dua
    assert regle.duree == Duree(nombre, Unite(unite))
    assert isinstance(regle, RegleDeDuree)
    assert regle.sort_final is SortFinal.DETRUIRE


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sort": "D"}, "Champ inconnu ou absent : sort"),
        ({"code": "paie"}, "capitales"),
        ({"code": 3}, "capitales"),
        ({"inclus": "oui"}, "vrai ou faux"),
        ({"intitule": " "}, "Intitulé : un texte"),
        ({"reference": "x" * 401}, "Référence : un texte"),
        ({"garde": 1}, "Garde : un texte"),
        ({"fondement": "usage"}, "« usage » : attendu texte, interpretation"),
        ({"evenement": "demain"}, "« demain »"),
        ({"nombre": 201}, "de 0 à 200"),
        ({"nombre": -1}, "de 0 à 200"),
        ({"nombre": True}, "de 0 à 200"),
        ({"nombre": "10"}, "de 0 à 200"),
        ({"sort_final": "X"}, "attendu C, T, D"),
        ({"criteres": []}, "Critères inconnus"),
        ({"criteres": {}}, "Critères inconnus"),
        ({"criteres": {"objet": "pj", "siret": ["1"]}}, "Critères inconnus"),
        ({"criteres": {"objet": "carton"}}, "« carton »"),
        ({"criteres": {"objet": "pj", "marche": 1}}, "« marche » attend"),
        ({"criteres": {"objet": "pj", "compte": "64"}}, "« compte » attend une liste"),
        ({"criteres": {"objet": "pj", "compte": [64]}}, "« compte » attend une liste"),
        ({"criteres": {"objet": "pj", "compte": [""]}}, "« compte » attend une liste"),
        ({"criteres": {"objet": "pj", "sens": ["les deux"]}}, "attendu depense, recette"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_place(change: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        read_regle(REGLE | change)


def test_a_rule_that_lacks_a_field_is_refused() -> None:
    with pytest.raises(Invalid, match=r"absent : reference\. \(PAIE\)"):
        read_regle({k: v for k, v in REGLE.items() if k != "reference"})


@pytest.mark.parametrize("given", [{}, [], [REGLE] * 201])
def test_a_version_is_a_list_of_rules(given: object) -> None:
    with pytest.raises(Invalid, match="liste de 1 à 200"):
        read_regles(given)


@pytest.mark.parametrize("given", [[REGLE, REGLE], [REGLE, 3]])
def test_a_code_is_that_of_one_rule(given: object) -> None:
    with pytest.raises(Invalid, match="son code"):
        read_regles(given)
