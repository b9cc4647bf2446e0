"""Whether a piece that cites the PJ is paid, or taken in charge: tests 9a and 9b. Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from orc.domain import Sens, format_euros
from orc.retention.facts import Citation, LignePayee
from orc.retention.rules import APRES_PAIEMENT, REGLEMENT_D_ORDRE, TYPES_D_ORDRE, Rules

PRISE_EN_CHARGE, REJETEE, SOLDEE = "02", "04", "05"
# OrgEma of a mandat that are no payment, in words: PES V2, retour dépense.
ORIGINES = {
    "02": "pénalités de retard",
    "06": "ordre de reversement",
    "08": "mandat",
    "10": "titre",
    "11": "liste de non-valeur",
    "12": "encaissement",
    "15": "divers",
}


class Suite(StrEnum):
    """What became of a piece, for the PJ that proves it."""

    ACQUISE = "acquise"
    ATTENDUE = "attendue"
    PERDUE = "perdue"


@dataclass(frozen=True, slots=True)
class Reglement:
    """What became of a piece: since when it is acquired, and in words why."""

    suite: Suite
    texte: str
    depuis: date | None = None


def read_reglement(citation: Citation, rules: Rules) -> Reglement:
    """Test 9a for a mandat, 9b for a titre."""
    if citation.doute:
        return Reglement(Suite.ATTENDUE, citation.doute)
    if citation.etat == REJETEE:
        return Reglement(Suite.PERDUE, "rejeté")
    if citation.etat == SOLDEE and citation.sens is Sens.RECETTE and not citation.forme_v20:
        return Reglement(Suite.PERDUE, "annulé")
    if citation.rejetee_le is not None:
        return Reglement(Suite.PERDUE, "annulé après sa prise en charge")
    if citation.sens is Sens.RECETTE:
        return _read_prise_en_charge(citation, "pris en charge")
    return _read_by_type(citation, rules)


def _read_by_type(citation: Citation, rules: Rules) -> Reglement:
    if numero := _find_corrected(citation, rules):
        texte = f"ligne {numero} soldée par une pièce corrective : ce n’est pas un paiement"
        return Reglement(Suite.ATTENDUE, texte)
    if citation.type_piece == APRES_PAIEMENT:
        return _read_prise_en_charge(citation, "émis après paiement, pris en charge")
    if citation.type_piece in TYPES_D_ORDRE or citation.mode_reglement == REGLEMENT_D_ORDRE:
        if rules.ordre_par_prise_en_charge:
            return _read_prise_en_charge(citation, "pièce d’ordre, prise en charge")
        return Reglement(Suite.ATTENDUE, "pièce d’ordre : aucun paiement ne viendra")
    return _read_mandat(citation, rules)


def _read_prise_en_charge(citation: Citation, texte: str) -> Reglement:
    """Taken in charge, wholly: 03 is partial; settled implies it."""
    if citation.etat in {PRISE_EN_CHARGE, SOLDEE} and citation.prise_en_charge_le:
        return Reglement(Suite.ACQUISE, texte, citation.prise_en_charge_le)
    if not citation.etat:
        return Reglement(Suite.ATTENDUE, "aucun retour reçu")
    return Reglement(Suite.ATTENDUE, "pas encore pris en charge")


def _read_mandat(citation: Citation, rules: Rules) -> Reglement:
    if not citation.etat:
        return Reglement(Suite.ATTENDUE, "aucun retour reçu")
    if citation.etat != SOLDEE:
        return Reglement(Suite.ATTENDUE, "pas encore payé")
    if not citation.lignes:
        return Reglement(Suite.ATTENDUE, "soldé, sans le détail de ses paiements")
    days: list[date] = []
    for ligne in citation.lignes:
        if missing := _find_missing(ligne, rules):
            return Reglement(Suite.ATTENDUE, f"ligne {ligne.numero} {missing}")
        days.extend(e.jour for e in ligne.emargements if e.jour)
    if not days:
        return Reglement(Suite.ATTENDUE, "soldé sans aucun paiement")
    return Reglement(Suite.ACQUISE, "payé", max(days))


def _find_corrected(citation: Citation, rules: Rules) -> str:
    """The first line that a correcting mandat or titre settles, were it in part; empty: none."""
    for ligne in citation.lignes:
        if any(e.origine in rules.origines_correctives for e in ligne.emargements):
            return ligne.numero
    return ""


def _find_missing(ligne: LignePayee, rules: Rules) -> str:
    """What forbids to say this line paid, in words; empty when it is paid."""
    origines = {e.origine for e in ligne.emargements}
    if strange := sorted(origines - rules.origines_de_paiement):
        return _say_strange(strange)
    if any(e.jour is None for e in ligne.emargements):
        return "payée à une date que le retour ne dit pas"
    if any(e.montant is None for e in ligne.emargements):
        return "payée d’un montant que le retour ne dit pas"
    paid = sum(e.montant or 0 for e in ligne.emargements)
    if paid != ligne.montant:
        return f"payée pour {format_euros(paid)} sur {format_euros(ligne.montant)}"
    if ligne.annonce not in (None, ligne.montant):
        total = format_euros(ligne.annonce or 0)
        return f"payée, mais le dernier retour annonce {total} en tout"
    return ""


def _say_strange(origines: list[str]) -> str:
    """Origins that are no payment; the V2.0 form says none."""
    if "" in origines:
        return "émargée sans origine, comme dans la forme V2.0 : rien ne dit que c’est un paiement"
    noms = ", ".join(f"{ORIGINES.get(o, 'origine inconnue')} ({o})" for o in origines)
    return f"émargée par autre chose qu’un paiement connu : {noms}"
