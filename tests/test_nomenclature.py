"""The labels of codes and accounts, against the norm's own tables where they are at hand."""

import csv
import json
from pathlib import Path

import pytest

from orc import nomenclature
from orc.nomenclature import (
    find_libelle,
    get_codes,
    libelle_compte,
    libelle_etat_piece,
    libelle_nature_piece_origine,
    libelle_type_pj,
    tables,
)

ENUMERATIONS = {
    ("type_bordereau", "depense"): [("PES_DepenseRetour_codes", "TTypBord")],
    ("type_bordereau", "recette"): [("PES_RecetteRetour_codes", "TTypBord")],
    ("motif", "depense"): [("PES_DepenseRetour_codes", "TObsEtat")],
    ("motif", "recette"): [("PES_RecetteRetour_codes", "TObsEtat")],
    ("etat_piece", "depense"): [("PES_DepenseRetour_codes", "TEtatPce")],
    ("etat_piece", "recette"): [("PES_RecetteRetour_codes", "TEtatPce")],
    ("etat_ligne", "depense"): [("PES_DepenseRetour_codes", "TEtatLigPce")],
    ("etat_ligne", "recette"): [("PES_RecetteRetour_codes", "TEtatLigPce")],
    ("mode_reglement", "depense"): [("PES_DepenseAller_codes", "TCodePaiement")],
    ("mode_reglement", "recette"): [("PES_RecetteAller_codes", "TModRegl")],
    ("nature_piece_origine", "depense"): [("PES_DepenseAller_codes", "TNatPceOrig")],
    ("nature_piece_origine", "recette"): [("PES_RecetteAller_codes", "TNatPceOrig")],
    ("suspension_poursuites", ""): [("PES_RecetteRetour_codes", "TCodeSuspPour")],
    ("etape_recouvrement", ""): [("PES_RecetteRetour_codes", "TEtapePce")],
    ("actualite_recouvrement", ""): [("PES_RecetteRetour_codes", "TCodActu")],
    ("domaine_acquit", ""): [("Acquittement_codes", "TDomaineAck")],
    ("nature_marche", ""): [("PES_MarcheAller_codes", "TNatureMarche")],
    ("procedure_marche", ""): [("PES_MarcheAller_codes", "TProcedureMarche")],
    ("type_piece", "depense"): [
        ("PES_DepenseAller_codes", "TTypPce"),
        ("PES_DepenseRetour_codes", "TTypPce"),
    ],
    ("nature_piece", "depense"): [
        ("PES_DepenseAller_codes", "TNatPce"),
        ("PES_DepenseRetour_codes", "TNatPce"),
    ],
    ("type_piece", "recette"): [
        ("PES_RecetteAller_codes", "TTypPce"),
        ("PES_RecetteRetour_codes", "TTypPce"),
    ],
    ("nature_piece", "recette"): [
        ("PES_RecetteAller_codes", "TNatPce"),
        ("PES_RecetteRetour_codes", "TNatPce"),
    ],
    ("origine_emargement", "depense"): [("PES_DepenseRetour_codes", "TOrgEma")],
    ("origine_emargement", "recette"): [("PES_RecetteRetour_codes", "TOrgEma")],
}


@pytest.mark.parametrize(("table", "sens"), ENUMERATIONS)
def test_every_code_of_the_norm_has_a_label(shared: Path, table: str, sens: str) -> None:
    norm = json.loads((shared / "pes/tables/codes.json").read_text(encoding="utf-8"))
    wanted: set[str] = set()
    for domain, name in ENUMERATIONS[table, sens]:
        wanted |= set(norm[domain][name])
    assert wanted
    assert wanted <= set(get_codes(table, sens))


def test_every_code_of_the_schemas_for_a_pj_or_a_tiers_has_a_label(shared: Path) -> None:
    text = (shared / "pes/arbres/PES_Aller_v5.17.txt").read_text(encoding="utf-8")
    for tag, table in (
        ("TypePJ", "type_pj"),
        ("CatTiers", "categorie_tiers"),
        ("NatJur", "nature_juridique"),
        ("NatIdTiers", "nature_identifiant_tiers"),
        ("Edition", "edition"),
        ("TypeFact", "type_facture"),
    ):
        line = next(x for x in text.splitlines() if x.strip().startswith(f"{tag} ["))
        codes = line.split("enum{")[1].split("}")[0].split("|")
        assert set(codes) <= set(get_codes(table)), tag


def test_the_piece_of_origin_is_inverted_between_depense_and_recette() -> None:
    assert libelle_nature_piece_origine("depense", "01") == "Mandat"
    assert libelle_nature_piece_origine("recette", "01") == "Titre"


def test_a_titre_in_state_05_is_settled_in_the_old_form_and_cancelled_in_the_new() -> None:
    assert libelle_etat_piece("recette", "05") == "Annulée"
    assert libelle_etat_piece("recette", "05", forme_v20=True) == "Soldée"
    assert libelle_etat_piece("depense", "05", forme_v20=True) == "Soldée"


def test_a_code_written_short_finds_its_label_and_an_unknown_one_finds_none() -> None:
    assert libelle_type_pj("3") == libelle_type_pj("003") == "Dépense"
    assert libelle_type_pj("999") == ""
    assert libelle_type_pj("") == ""


def test_a_compte_takes_the_label_of_its_longest_known_beginning() -> None:
    assert libelle_compte("60612") == "Énergie et électricité"
    assert libelle_compte("6061299") == "Énergie et électricité"
    assert libelle_compte("6553") == libelle_compte("655")
    assert libelle_compte("6") == ""
    assert libelle_compte("") == ""


def test_labels_for_people_are_typeset() -> None:
    for table in tables():
        for sens in ("", "depense", "recette"):
            for label in nomenclature._tables()[table].get(sens, {}).values():
                assert "'" not in label, label
                assert label == label.strip()
                assert label[0].isupper(), label


def test_accounts_have_the_label_of_the_right_class(shared: Path) -> None:
    """The two first digits of an account exist in the official charts."""
    with (shared / "pes/tables/comptes_par_nature.csv").open(encoding="utf-8") as lines:
        known = {cell for row in csv.reader(lines, delimiter=";") for cell in row if cell.isdigit()}
    prefixes = {compte[:2] for compte in known}
    assert {compte[:2] for compte in get_codes("compte")} <= prefixes


def test_find_libelle_knows_tables_without_sens() -> None:
    assert find_libelle("support", "02") == "Papier"
    assert find_libelle("domaine_acquit", "4") == "Pièce justificative"


@pytest.mark.parametrize(
    ("name", "arguments", "label"),
    [
        ("libelle_type_bordereau", ("recette", "06"), "Ordres de recette multi-créanciers (ORMC)"),
        ("libelle_type_piece", ("depense", "09"), "Mandat sur marché"),
        ("libelle_nature_piece", ("depense", "11"), "Paie"),
        ("libelle_mode_reglement", ("recette", "08"), "Prélèvement"),
        ("libelle_motif", ("depense", "07"), "Double paiement"),
        ("libelle_origine_emargement", ("depense", "01"), "Paiement réel"),
        ("libelle_support", ("02",), "Papier"),
        ("libelle_categorie_tiers", ("50",), "Personne morale de droit privé"),
        ("libelle_nature_juridique", ("06",), "Association"),
        ("libelle_nature_identifiant", ("01",), "SIRET"),
        ("libelle_edition", ("01",), "Avis des sommes à payer à éditer"),
    ],
)
def test_each_kind_of_code_is_called_by_its_name(
    name: str, arguments: tuple[str, ...], label: str
) -> None:
    assert getattr(nomenclature, name)(*arguments) == label
