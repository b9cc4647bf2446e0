"""A rule of duration as a value, and its strict reading from the data file or from SQL. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from orc.domain import Sens
from orc.errors import Invalid
from orc.retention.durees import Arrondi, Duree, Unite
from orc.retention.rules import Fondement

FICHIER = Path(__file__).with_name("regles.json")
CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,29}")
TEXTE_MAX = 400
NOMBRE_MAX = 200
REGLES_MAX = 200
E = TypeVar("E", bound=StrEnum)


class Objet(StrEnum):
    """What a rule bears on. Only those of PJ and of flux are counted by ORC; all are published."""

    PJ = "pj"
    FLUX = "flux"
    BORDEREAU_JOURNAL = "bordereau_journal"
    GRAND_LIVRE = "grand_livre"
    SUIVI_BUDGETAIRE = "suivi_budgetaire"
    BUDGET = "budget"
    PJ_COMPTABLE = "pj_comptable"
    TRACE = "trace"


class Evenement(StrEnum):
    """What a duration starts from."""

    EXERCICE = "exercice"
    EMISSION = "emission"
    OPERATION = "operation"
    ACQUIT = "acquit"
    FLUX = "flux"
    NOTIFICATION = "notification"
    SOLDE = "solde"


class SortFinal(StrEnum):
    """What becomes of it at its term; the strictest first."""

    CONSERVER = "C"
    TRIER = "T"
    DETRUIRE = "D"


LIBELLES_EVENEMENTS: Mapping[str, str] = {
    Evenement.EXERCICE: "fin du dernier exercice qui la cite",
    Evenement.EMISSION: "dernière émission d’un bordereau qui la cite",
    Evenement.OPERATION: "dernier paiement ou dernière prise en charge",
    Evenement.ACQUIT: "acquit",
    Evenement.FLUX: "date du flux",
    Evenement.NOTIFICATION: "notification du marché",
    Evenement.SOLDE: "solde du marché",
}
LIBELLES_SORTS: Mapping[str, str] = {
    SortFinal.CONSERVER: "Conserver",
    SortFinal.TRIER: "Trier",
    SortFinal.DETRUIRE: "Détruire",
}
LIBELLES_ARRONDIS: Mapping[str, str] = {
    Arrondi.AUCUN: "",
    Arrondi.FIN_DE_MOIS: "fin de mois",
    Arrondi.FIN_D_ANNEE: "fin d’année",
    Arrondi.FIN_D_EXERCICE: "fin d’exercice",
}
STRICTS = {sort: rang for rang, sort in enumerate(("", *reversed(SortFinal)))}


@dataclass(frozen=True, slots=True)
class Criteres:
    """What a rule asks of a PJ: every criterion that is given, by any of its values.

    `compte`: beginnings of the comptes of a line that cites it; `marche`: a contractual piece.
    """

    objet: Objet
    sens: tuple[str, ...] = ()
    type_pj: tuple[str, ...] = ()
    type_piece: tuple[str, ...] = ()
    nature_piece: tuple[str, ...] = ()
    compte: tuple[str, ...] = ()
    marche: bool = False


@dataclass(frozen=True, slots=True)
class RegleDeDuree:
    """What keeps, from which event, how long, and what becomes of it then."""

    code: str
    intitule: str
    criteres: Criteres
    reference: str
    fondement: Fondement
    evenement: Evenement
    duree: Duree
    sort_final: SortFinal
    garde: str = ""

    @property
    def dua(self) -> str:
        """The durée d’utilité administrative as people write it: `10 ans, fin d’exercice`."""
        nombre, unite = self.duree.nombre, self.duree.unite.value
        words = f"{nombre} {'an' if nombre == 1 and unite == Unite.ANS else unite}"
        if nombre == 1 and unite == Unite.JOURS:
            words = "1 jour"
        arrondi = LIBELLES_ARRONDIS[self.duree.arrondi]
        return f"{words}, {arrondi}" if arrondi else words


LISTES = tuple(f.name for f in fields(Criteres) if f.name not in {"objet", "marche"})
CHAMPS = (
    "code", "intitule", "criteres", "reference", "fondement", "evenement", "nombre", "unite",
    "arrondi", "inclus", "sort_final", "garde",
)  # fmt: skip


def read_regle(given: Mapping[str, Any]) -> RegleDeDuree:
    """A rule of the data file or of a form. Raises Invalid, which names the rule and the field."""
    place = str(given.get("code", "?"))[:40]
    unknown, missing = set(given) - set(CHAMPS), set(CHAMPS) - {"garde"} - set(given)
    if unknown or missing:
        raise Invalid(f"Champ inconnu ou absent : {', '.join(sorted(unknown | missing))}.", place)
    if not isinstance(given["code"], str) or not CODE.fullmatch(given["code"]):
        raise Invalid("Le code d’une règle : capitales, chiffres et tirets, 2 à 30.", place)
    if not isinstance(given["inclus"], bool):
        raise Invalid("« inclus » attend vrai ou faux.", place)
    return RegleDeDuree(
        code=given["code"],
        intitule=_read_text(given["intitule"], "intitulé", place),
        criteres=read_criteres(given["criteres"], place),
        reference=_read_text(given["reference"], "référence", place),
        fondement=_read_choice(Fondement, given["fondement"], place),
        evenement=_read_choice(Evenement, given["evenement"], place),
        duree=Duree(
            _read_nombre(given["nombre"], place),
            _read_choice(Unite, given["unite"], place),
            _read_choice(Arrondi, given["arrondi"], place),
            given["inclus"],
        ),
        sort_final=_read_choice(SortFinal, given["sort_final"], place),
        garde=_read_text(given.get("garde", ""), "garde", place, empty=True),
    )


def read_criteres(given: object, place: str = "") -> Criteres:
    """The criteria of a rule, from JSON read. Raises Invalid."""
    known = {"objet", "marche", *LISTES}
    if not isinstance(given, Mapping) or set(given) - known or "objet" not in given:
        raise Invalid(f"Critères inconnus : attendus {', '.join(sorted(known))}.", place)
    marche = given.get("marche", False)
    if not isinstance(marche, bool):
        raise Invalid("« marche » attend vrai ou faux.", place)
    lists = {name: _read_list(given.get(name, ()), name, place) for name in LISTES}
    for sens in lists["sens"]:
        _read_choice(Sens, sens, place)
    return Criteres(_read_choice(Objet, given["objet"], place), marche=marche, **lists)


def _read_list(given: object, name: str, place: str) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or not all(
        isinstance(v, str) and 0 < len(v) <= 20 for v in given
    ):
        raise Invalid(f"« {name} » attend une liste de codes.", place)
    return tuple(given)


def _read_choice(kind: type[E], given: object, place: str) -> E:
    try:
        return kind(str(given))
    except ValueError as error:
        known = ", ".join(kind)
        raise Invalid(f"« {given} » : attendu {known}.", place) from error


def _read_text(given: object, name: str, place: str, *, empty: bool = False) -> str:
    text = given.strip() if isinstance(given, str) else None
    if text is None or len(text) > TEXTE_MAX or not (text or empty):
        raise Invalid(f"{name.capitalize()} : un texte d’au plus {TEXTE_MAX} caractères.", place)
    return text


def _read_nombre(given: object, place: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= NOMBRE_MAX:
        raise Invalid(f"La durée : un nombre entier de 0 à {NOMBRE_MAX}.", place)
    return given


def read_regles(given: object) -> tuple[RegleDeDuree, ...]:
    """Rules of a list, in order. Raises Invalid where one is wrong or two have the same code."""
    if not isinstance(given, list) or not 0 < len(given) <= REGLES_MAX:
        raise Invalid(f"Une liste de 1 à {REGLES_MAX} règles est attendue.")
    found = tuple(read_regle(one) for one in given if isinstance(one, Mapping))
    codes = {regle.code for regle in found}
    if len(found) != len(given) or len(codes) != len(found):
        raise Invalid("Chaque règle est un objet JSON, et son code n’est qu’à elle.")
    return found


def dump_criteres(criteres: Criteres) -> str:
    """The criteria as JSON, what is not asked left out."""
    asked: dict[str, object] = {"objet": criteres.objet.value}
    asked |= {n: list(getattr(criteres, n)) for n in LISTES if getattr(criteres, n)}
    if criteres.marche:
        asked["marche"] = True
    return json.dumps(asked, ensure_ascii=False)


def dump_regle(regle: RegleDeDuree) -> dict[str, object]:
    """A rule as the data file writes it."""
    return {
        "code": regle.code,
        "intitule": regle.intitule,
        "criteres": json.loads(dump_criteres(regle.criteres)),
        "reference": regle.reference,
        "fondement": regle.fondement.value,
        "evenement": regle.evenement.value,
        "nombre": regle.duree.nombre,
        "unite": regle.duree.unite.value,
        "arrondi": regle.duree.arrondi.value,
        "inclus": regle.duree.inclus,
        "sort_final": regle.sort_final.value,
        "garde": regle.garde,
    }


@dataclass(frozen=True, slots=True)
class VersionDeRegles:
    """The rules in force from a day; `id` None: those that ship with ORC."""

    id: int | None
    intitule: str
    en_vigueur_le: date
    regles: tuple[RegleDeDuree, ...]

    def find(self, code: str) -> RegleDeDuree | None:
        """The rule of this code."""
        return next((regle for regle in self.regles if regle.code == code), None)

    def select(self, objet: Objet) -> Sequence[RegleDeDuree]:
        """The rules that bear on this kind of object."""
        return [regle for regle in self.regles if regle.criteres.objet is objet]


@cache
def read_livrees() -> VersionDeRegles:
    """The rules that ship with ORC, in force before any publication."""
    given = json.loads(FICHIER.read_text(encoding="utf-8"))
    since = date.fromisoformat(given["en_vigueur_le"])
    return VersionDeRegles(None, given["intitule"], since, read_regles(given["regles"]))
