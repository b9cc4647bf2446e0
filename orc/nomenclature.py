"""What the codes of PES V2 and the main accounts are called, in French. No rule is decided here.

The words are in nomenclature.json; sources: technical file of PES V2, v5.19 (for CatTiers its
annexe 3, which its own code list contradicts), and the M57 chart of accounts in short.
"""

import json
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

_FILE: Final = Path(__file__).with_suffix(".json")
_WIDTHS: Final = {"type_pj": 3, "domaine_acquit": 1, "statut_lien": 1}


@cache
def _tables() -> dict[str, dict[str, MappingProxyType[str, str]]]:
    data: dict[str, dict[str, dict[str, str]]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return {
        table: {sens: MappingProxyType(codes) for sens, codes in senses.items()}
        for table, senses in data.items()
    }


def get_codes(table: str, sens: str = "") -> MappingProxyType[str, str]:
    """Code → label of a table (`type_piece`…); those that differ by sens need it.

    KeyError on a table or a sens that does not exist: that is a mistake of the program.
    """
    return _tables()[table][sens]


def tables() -> frozenset[str]:
    """The names of all tables."""
    return frozenset(_tables())


def find_libelle(table: str, code: str, sens: str = "") -> str:
    """Return the label of `code`, "" when the table does not have it; `1` finds `01`."""
    return get_codes(table, sens).get(code.zfill(_WIDTHS.get(table, 2)) if code else "", "")


def libelle_type_bordereau(sens: str, code: str) -> str:
    """Label of TypBord, those of the retours included."""
    return find_libelle("type_bordereau", code, sens)


def libelle_type_piece(sens: str, code: str) -> str:
    """Label of TypPce, those of the retours included."""
    return find_libelle("type_piece", code, sens)


def libelle_nature_piece(sens: str, code: str) -> str:
    """Label of NatPce, those of the retours included."""
    return find_libelle("nature_piece", code, sens)


def libelle_mode_reglement(sens: str, code: str) -> str:
    """Label of ModRegl."""
    return find_libelle("mode_reglement", code, sens)


def libelle_nature_piece_origine(sens: str, code: str) -> str:
    """Label of NatPceOrig: 01 and 02 are inverted between dépense and recette."""
    return find_libelle("nature_piece_origine", code, sens)


def libelle_etat_piece(sens: str, code: str, *, forme_v20: bool = False) -> str:
    """Label of EtatPce; in the V2.0 form of recette, 05 is a titre fully recovered."""
    if forme_v20 and sens == "recette" and code == "05":
        return "Soldée"
    return find_libelle("etat_piece", code, sens)


def libelle_motif(sens: str, code: str) -> str:
    """Label of one code of ObsEtat."""
    return find_libelle("motif", code, sens)


def libelle_origine_emargement(sens: str, code: str) -> str:
    """Label of OrgEma."""
    return find_libelle("origine_emargement", code, sens)


def libelle_type_pj(code: str) -> str:
    """Label of TypePJ."""
    return find_libelle("type_pj", code)


def libelle_support(code: str) -> str:
    """Label of Support."""
    return find_libelle("support", code)


def libelle_categorie_tiers(code: str) -> str:
    """Label of CatTiers."""
    return find_libelle("categorie_tiers", code)


def libelle_nature_juridique(code: str) -> str:
    """Label of NatJur."""
    return find_libelle("nature_juridique", code)


def libelle_nature_identifiant(code: str) -> str:
    """Label of NatIdTiers."""
    return find_libelle("nature_identifiant_tiers", code)


def libelle_edition(code: str) -> str:
    """Label of Edition (avis des sommes à payer)."""
    return find_libelle("edition", code)


def libelle_compte(compte: str) -> str:
    """Return the short label of the longest account that `compte` begins with, "" when none."""
    comptes = get_codes("compte")
    for length in range(len(compte), 1, -1):
        if label := comptes.get(compte[:length]):
            return label
    return ""
