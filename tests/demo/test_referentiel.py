"""The invented world: keys that check, names no one bears, closures as the demonstration needs."""

import csv
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban
from stdnum.fr import siren, siret

from orc.demo.alea import make_alea
from orc.demo.montants import compute_tva, format_flux, format_papier, share
from orc.demo.referentiel import (
    BUDGET_EN_RETARD,
    BUDGETS,
    COLLECTIVITES,
    EXERCICE_OUVERT,
    EXERCICES,
    PREFIXE_SIREN,
    find_cloture,
    make_siren,
    make_siret,
)
from orc.demo.tiers import METIERS, list_firmes, make_iban, make_personne, rib_key, split_rib


def test_the_world_has_every_kind_of_collectivite_and_budget() -> None:
    natures = [c.nature for c in COLLECTIVITES]
    assert sorted(natures) == ["CCAS", "EPCI", "commune", "commune", "departement", "hopital"]
    assert {b.nomenclature for b in BUDGETS} == {"M57", "M49", "M21"}
    assert any(not b.principal for b in BUDGETS)
    assert len({b.poste.codique for b in BUDGETS}) == 3


def test_siren_and_siret_are_valid_and_no_one_s() -> None:
    for budget in BUDGETS:
        assert siret.is_valid(budget.siret)
        assert siren.is_valid(budget.collectivite.siren)
        assert budget.siret.startswith(budget.collectivite.siren)
        assert budget.siret.startswith(PREFIXE_SIREN)


@given(st.integers(0, 99_999), st.integers(1, 9999))
def test_any_number_makes_a_valid_siret(numero: int, etablissement: int) -> None:
    assert siret.is_valid(make_siret(make_siren(numero), etablissement))


@given(st.integers(1, 99_999), st.integers(1, 99_999_999_999))
def test_any_account_makes_a_valid_iban_and_rib(guichet: int, compte: int) -> None:
    numero = make_iban(guichet, compte)
    assert iban.is_valid(numero)
    banque, branche, cpte, cle = split_rib(numero)
    assert (int(banque), cle) == (9, rib_key(branche, cpte))
    assert (89 * int(banque) + 15 * int(branche) + 3 * int(cpte) + int(cle)) % 97 == 0


def test_firms_are_distinct_and_valid() -> None:
    firmes = [f for metier in METIERS for f in list_firmes(metier, 2026)]
    assert len({f.siret for f in firmes}) == len({f.iban for f in firmes}) == len(firmes)
    assert all(siret.is_valid(f.siret) and iban.is_valid(f.iban) for f in firmes)
    assert all(len(f.nom) <= 38 for f in firmes)


@given(st.integers(0, 10_000))
def test_a_person_has_no_siret_and_a_valid_iban(graine: int) -> None:
    personne = make_personne(make_alea(graine))
    assert personne.siret == ""
    assert iban.is_valid(personne.iban)
    assert personne.code_postal.startswith("99")


def test_the_last_exercice_is_open_and_one_annexe_is_late() -> None:
    for budget in BUDGETS:
        assert find_cloture(budget, EXERCICE_OUVERT) is None
        clos = [e for e in EXERCICES if find_cloture(budget, e)]
        assert clos == ([2022, 2023, 2024] if budget is BUDGET_EN_RETARD else list(EXERCICES[:-1]))


def test_clotures_csv_says_the_same(silo: Path) -> None:
    with (silo / "clotures.csv").open(encoding="utf-8", newline="") as fichier:
        lignes = list(csv.DictReader(fichier, delimiter=";"))
    assert list(lignes[0]) == ["siret", "codcol", "codbud", "exercice", "close_le"]
    attendu = {
        (b.siret, b.codcol, b.codbud, str(e), str(cloture.close_le))
        for b in BUDGETS for e in EXERCICES if (cloture := find_cloture(b, e))
    }  # fmt: skip
    assert {tuple(ligne.values()) for ligne in lignes} == attendu


@given(st.integers(0, 10**12), st.integers(1, 60))
def test_shares_add_up(total: int, parts: int) -> None:
    assert sum(share(total, parts)) == total


@given(st.integers(0, 10**11))
def test_amounts_are_written_without_loss(centimes: int) -> None:
    assert round(float(format_flux(centimes)) * 100) == centimes
    assert int(format_papier(centimes).replace(" ", "").replace(",", "")) == centimes


@given(st.integers(0, 10**9), st.sampled_from([0, 550, 1000, 2000]))
def test_tva_is_rounded_to_the_nearest_cent(ht: int, taux: int) -> None:
    assert abs(compute_tva(ht, taux) * 10_000 - ht * taux) <= 5_000
