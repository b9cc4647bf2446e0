"""The sixteen legal tests and the settings of what we inferred: data, never code."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from orc.retention.durees import Duree, Unite

CIRCULAIRE = "Circulaire DGP/SIAF/2017/002 (NOR MICC1719763C)"
PES = "Circulaire DGP/SIAF/2017/002 ; PES V2"
MARCHES = "Instruction DAF/DPACI/RES/2009/018 ; circulaire DGP/SIAF/2017/002"
PATRIMOINE = "Code du patrimoine, art. L212-2, L212-3 et L214-3"


class Fondement(StrEnum):
    """Whether a rule is the law's, or how we read it."""

    TEXTE = "texte"
    INTERPRETATION = "interpretation"


@dataclass(frozen=True, slots=True)
class Regle:
    """One test of the table: its number there, its title, its source, whose it is."""

    numero: str
    intitule: str
    reference: str
    fondement: Fondement


REGLES: Mapping[str, Regle] = {
    regle.numero: regle
    for regle in (
        Regle("1", "Adhésion à ORC", CIRCULAIRE, Fondement.TEXTE),
        Regle("2", "Adhésion à l’offre de service", CIRCULAIRE, Fondement.TEXTE),
        Regle("3", "Comptes tenus dans Hélios", CIRCULAIRE, Fondement.TEXTE),
        Regle("4", "Pièce justificative", CIRCULAIRE, Fondement.TEXTE),
        Regle("5", "Transmise par PES V2", PES, Fondement.TEXTE),
        Regle("6", "Acquittée", PES, Fondement.INTERPRETATION),
        Regle("7", "Copie archivée intègre", CIRCULAIRE, Fondement.TEXTE),
        Regle("8", "Numérisation conforme", CIRCULAIRE, Fondement.TEXTE),
        Regle("9a", "Mandat payé", PES, Fondement.INTERPRETATION),
        Regle("9b", "Titre pris en charge", PES, Fondement.INTERPRETATION),
        Regle("9c", "Toutes les pièces qui la citent", PES, Fondement.INTERPRETATION),
        Regle("10", "Original non exigé", CIRCULAIRE, Fondement.INTERPRETATION),
        Regle("11", "Aucun gel", PATRIMOINE, Fondement.INTERPRETATION),
        Regle("12", "Aucun cofinancement à contrôler", CIRCULAIRE, Fondement.INTERPRETATION),
        Regle("13", "Délai des marchés", MARCHES, Fondement.INTERPRETATION),
        Regle("14", "Ni à conserver ni à trier", PATRIMOINE, Fondement.INTERPRETATION),
        Regle("15", "Autorisation d’élimination", PATRIMOINE, Fondement.TEXTE),
        Regle("16", "Attestation de deux personnes", PATRIMOINE, Fondement.INTERPRETATION),
    )
}


CINQ_ANS, DIX_ANS = Duree(5, Unite.ANS), Duree(10, Unite.ANS)


@dataclass(frozen=True, slots=True)
class Rules:
    """What is ours to settle; every default is the safe one (domaine.md, the table of tests)."""

    # PJ sent before the offer was joined are refused.
    refuse_avant_offre: bool = True
    # For pièces d’ordre, never paid: prise en charge stands for payment.
    ordre_par_prise_en_charge: bool = False
    # A PJ of a rubrique nobody declared passes, and says so.
    rubrique_inconnue_passe: bool = True
    # Nomenclature of the PJ (CGCT, annexe I): an original or a unique exemplar is demanded.
    rubriques_originales: frozenset[str] = frozenset({"03122", "47121", "47122", "51121", "5311"})
    # OrgEma of a mandat that are payments: PES V2, retour dépense.
    origines_de_paiement: frozenset[str] = frozenset({"01", "03", "04", "05", "13", "14"})
    # OrgEma of a correcting mandat or titre: settled, not paid.
    origines_correctives: frozenset[str] = frozenset({"07", "09"})
    marche_passation: Duree = CINQ_ANS
    marche_execution: Duree = DIX_ANS


# TypPce of a mandat: issued after payment; d'ordre, which is never paid.
APRES_PAIEMENT = "05"
TYPES_D_ORDRE = frozenset({"03", "07"})
REGLEMENT_D_ORDRE = "08"
# CessOpp of a line: not said, or 01; any other code says one, or nobody knows what.
SANS_CESSION = frozenset({"", "01"})
