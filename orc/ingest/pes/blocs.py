"""A block of XML held in memory, and the typed reading of its fields with their anomalies."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache

from orc.ingest.extract.nir import mask_nir
from orc.ingest.pes.limits import Limits
from orc.ingest.pes.values import Anomalie, Gravite
from orc.nomenclature import find_libelle

_MONTANT = re.compile(r"([+-]?)([0-9]{0,15})(?:[.,]([0-9]{0,20}))?", re.ASCII)
_DATE = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2}|T[0-9:.+Z-]{0,30})?", re.ASCII
)
_ENTIER = re.compile(r"[+]?([0-9]{1,15})(?:\.0{0,4})?", re.ASCII)
# What an INTEGER of any database holds.
ENTIER_MAX = 2**31 - 1
MONTANT_MAX = 10**13
_NUMERO_MAX = 60
_BOOLEENS = {"1": True, "true": True, "oui": True, "0": False, "false": False, "non": False}


class Bloc:
    """An element of the flow: its value (attribute V, else its text) and its children by name."""

    __slots__ = ("attrs", "enfants", "ligne", "nom", "v")

    def __init__(self, nom: str, v: str, ligne: int, attrs: dict[str, str]) -> None:
        self.nom = nom
        self.v = v
        self.ligne = ligne
        self.attrs = attrs
        self.enfants: dict[str, list[Bloc]] = {}

    def find(self, nom: str) -> "Bloc":
        """Return the first child of that name, or the empty block."""
        found = self.enfants.get(nom)
        return found[0] if found else VIDE

    def find_all(self, nom: str) -> "list[Bloc]":
        """All children of that name, in order."""
        return self.enfants.get(nom, [])

    def walk(self, nom: str) -> "Iterator[Bloc]":
        """Every descendant of that name, in order."""
        for children in self.enfants.values():
            for child in children:
                if child.nom == nom:
                    yield child
                yield from child.walk(nom)

    def __bool__(self) -> bool:
        return self is not VIDE


VIDE = Bloc("", "", 0, {})


def make_numero(text: str) -> str:
    """Return an identifier the norm types as a number, without its leading zeros."""
    return text.lstrip("0") or "0" if text.isascii() and text.isdigit() else text


def parse_montant(text: str) -> tuple[int, bool] | None:
    """Cents, and whether they are exact (no more than two decimals that count); None if neither.

    Also None beyond 100 milliards d’euros: a hundred thousand such lines still add up in 64 bits.
    """
    found = _MONTANT.fullmatch(text)
    if found is None or not (found[2] or found[3]):
        return None
    decimals = (found[3] or "").ljust(2, "0")
    cents = int(found[2] or "0") * 100 + int(decimals[:2])
    rest = decimals[2:].strip("0")
    if rest and decimals[2] >= "5":
        cents += 1
    if cents > MONTANT_MAX:
        return None
    return (-cents if found[1] == "-" else cents), not rest


def parse_date(text: str) -> date | None:
    """Return the day of an xs:date (zone and time ignored), None when it is none."""
    found = _DATE.fullmatch(text)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


class Lecture:
    """Typed fields of the block being read; what is wrong is signalled once, with its place."""

    def __init__(self, put: Callable[[Anomalie], None], limits: Limits) -> None:
        self._put = put
        self._limits = limits
        self.nb_anomalies = 0
        self.chemin = ""
        self.unite = VIDE

    def signal(
        self,
        code: str,
        message: str,
        bloc: Bloc = VIDE,
        *,
        champ: str = "",
        ligne: int = 0,
        gravite: Gravite = Gravite.ANOMALIE,
    ) -> None:
        """Emit an anomaly at `bloc`/`champ` of the present block; beyond the limit, only count."""
        self.nb_anomalies += 1
        if self.nb_anomalies > self._limits.anomalies:
            return
        field = bloc.find(champ) if champ else VIDE
        parts = [self.chemin, *_path(self.unite, bloc), champ]
        where = field.ligne or bloc.ligne or ligne or self.unite.ligne
        chemin = "/".join(part for part in parts if part)
        self._put(Anomalie(code, message, chemin, where, gravite))

    @property
    def nb_tues(self) -> int:
        """How many anomalies were only counted."""
        return max(0, self.nb_anomalies - self._limits.anomalies)

    def texte(self, bloc: Bloc, champ: str, *autres: str) -> str:
        """Return the value of the first of these fields that has one, "" when none."""
        found = bloc.enfants.get(champ)
        if found and (value := found[0].v):
            return value
        for autre in autres:
            found = bloc.enfants.get(autre)
            if found and (value := found[0].v):
                return value
        return ""

    def exige(self, bloc: Bloc, champ: str) -> str:
        """Return the value of a field the norm demands; its absence is an anomaly."""
        value = self.texte(bloc, champ)
        if not value:
            self.signal("champ_absent", f"{champ} n’est pas renseigné.", bloc, champ=champ)
        return value

    def numero(self, bloc: Bloc, *champs: str) -> str:
        """Return an identifier without leading zeros, "" when there is none."""
        text = self.texte(bloc, *champs)
        if len(text) <= _NUMERO_MAX:
            return make_numero(text) if text else ""
        champ = _present(bloc, champs)
        message = f"{champ} : le numéro « {_court(text)} » est trop long, il est coupé."
        self.signal("numero_trop_long", message, bloc, champ=champ)
        return make_numero(text)[:_NUMERO_MAX]

    def montant(self, bloc: Bloc, *champs: str) -> int | None:
        """Cents, None when absent or unreadable."""
        text = self.texte(bloc, *champs)
        if not text:
            return None
        parsed = parse_montant(text)
        if parsed is None:
            self._illisible("montant", text, bloc, champs)
            return None
        if not parsed[1]:
            message = f"Le montant « {_court(text)} » a plus de deux décimales : il est arrondi."
            self.signal("montant_arrondi", message, bloc, champ=_present(bloc, champs))
        return parsed[0]

    def date(self, bloc: Bloc, *champs: str) -> date | None:
        """Return a day, None when absent or unreadable."""
        text = self.texte(bloc, *champs)
        if not text:
            return None
        parsed = parse_date(text)
        if parsed is None:
            self._illisible("date", text, bloc, champs)
        return parsed

    def entier(self, bloc: Bloc, *champs: str) -> int | None:
        """Return a whole number, None when absent or unreadable."""
        text = self.texte(bloc, *champs)
        if not text:
            return None
        found = _ENTIER.fullmatch(text)
        value = int(found[1]) if found else None
        if value is None or value > ENTIER_MAX:
            self._illisible("nombre", text, bloc, champs)
            return None
        return value

    def exercice(self, bloc: Bloc, champ: str) -> int:
        """Return a year from 1900 to 2999, 0 when absent or unreadable: that is an anomaly."""
        text = self.exige(bloc, champ)
        year = int(text) if len(text) == 4 and text.isascii() and text.isdigit() else 0
        if text and not 1900 <= year < 3000:
            self._illisible("exercice", text, bloc, (champ,))
            return 0
        return year

    def booleen(self, bloc: Bloc, *champs: str) -> bool | None:
        """Yes or no, None when absent or unreadable."""
        text = self.texte(bloc, *champs)
        if not text:
            return None
        value = _BOOLEENS.get(text.lower())
        if value is None:
            self._illisible("booleen", text, bloc, champs)
        return value

    def code(
        self, bloc: Bloc, champ: str, table: str, sens: str = "", *, requis: bool = False
    ) -> str:
        """Return a code of a table, padded to its width; an unknown one is kept and signalled."""
        text = self.exige(bloc, champ) if requis else self.texte(bloc, champ)
        if not text:
            return ""
        padded, known = _check_code(table, sens, text[:_CODE_MAX])
        if not known:
            padded, _ = mask_nir(padded)  # in the place of a code, it is no rarer than elsewhere
            message = f"{champ} : le code « {_court(text)} » n’est pas connu."
            self.signal("code_inconnu", message, bloc, champ=champ)
        return padded

    def _illisible(self, genre: str, text: str, bloc: Bloc, champs: tuple[str, ...]) -> None:
        champ = _present(bloc, champs)
        noms = {
            "montant": "le montant",
            "date": "la date",
            "nombre": "le nombre",
            "exercice": "l’exercice",
            "booleen": "la valeur (0 ou 1)",
        }
        message = f"{champ} : {noms[genre]} « {_court(text)} » ne se lit pas."
        self.signal(f"{genre}_illisible", message, bloc, champ=champ)


_CODE_MAX = 50
_WIDTHS = {"type_pj": 3, "domaine_acquit": 1, "statut_lien": 1}


@lru_cache(maxsize=2048)
def _check_code(table: str, sens: str, text: str) -> tuple[str, bool]:
    """A code padded to the width of its table, and whether the table has it."""
    padded = text.zfill(_WIDTHS.get(table, 2)) if text.isascii() and text.isdigit() else text
    return padded, bool(find_libelle(table, padded, sens))


def _court(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"


def _present(bloc: Bloc, champs: tuple[str, ...]) -> str:
    return next((champ for champ in champs if bloc.find(champ).v), champs[0])


def _path(unite: Bloc, cible: Bloc) -> list[str]:
    """Names from a block down to one of its descendants, the block itself left out."""
    if cible is unite or not cible:
        return []
    for children in unite.enfants.values():
        for child in children:
            if child is cible:
                return [child.nom]
            if below := _path(child, cible):
                return [child.nom, *below]
    return []
