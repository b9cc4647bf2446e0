"""Reading a CSV that a person wrote: recognised by its columns, each fault said with its line."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from orc.errors import Invalid

OCTETS_MAX = 32 * 1024**2
LIGNES_MAX = 500_000
ERREURS_DITES = 30
VALEUR_MAX = 500
_DEPARTEMENT = re.compile(r"\d{2,3}|2[AB]", re.ASCII)
_SIREN = re.compile(r"\d{9}", re.ASCII)
# Five to seven, `02A` and `02B` among them: what flows say (IdPost).
_CODIQUE = re.compile(r"\d{2}[\dAB]\d{2,4}", re.ASCII)

Read = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Colonne:
    """A column: how its text is read (ValueError: why it is refused), and whether it may be empty.

    A column that is not `voulue` may be left out of the file.
    """

    read: Read
    vide: bool = False
    voulue: bool = True


Forme = Mapping[str, Colonne]


@dataclass(frozen=True, slots=True)
class Ligne:
    """A line of a file, its values read by the names of their columns."""

    place: str
    valeurs: Mapping[str, object]


@dataclass(slots=True)
class Erreurs:
    """What is wrong, line by line; said all at once, since nothing is done while one is left."""

    dites: list[str] = field(default_factory=list)

    def add(self, place: str, message: str) -> None:
        """Keep one fault with its place: `postes.csv, ligne 12`."""
        self.dites.append(f"{place} : {message}")

    def check(self) -> None:
        """Raise Invalid with every fault, if there is any."""
        if not self.dites:
            return
        said = self.dites[:ERREURS_DITES]
        if more := len(self.dites) - len(said):
            said.append(f"… et {more} autres.")
        raise Invalid("Rien n’a été importé.\n" + "\n".join(said))


def read_table(
    nom: str, octets: bytes, formes: Mapping[str, Forme], erreurs: Erreurs
) -> tuple[str, list[Ligne]]:
    """Which of these forms a file has, by its first line, and its lines that can be read.

    UTF-8 (with or without its mark), `;` or `,` between values. What is wrong goes to `erreurs`;
    Invalid at once where the file itself cannot be read.
    """
    rows = _read_rows(nom, octets)
    columns = [name.strip().casefold() for name in next(rows, (1, []))[1]]
    genre = next((g for g, forme in formes.items() if _is_of(columns, forme)), None)
    if genre is None:
        known = " ; ".join(f"{g} : {', '.join(forme)}" for g, forme in formes.items())
        raise Invalid(f"Colonnes inconnues : {', '.join(columns)}. Attendu — {known}.", nom)
    lignes = []
    for number, row in rows:
        if any(value.strip() for value in row):
            place = f"{nom}, ligne {number}"
            valeurs = _read_values(
                place, dict(zip(columns, row, strict=False)), formes[genre], erreurs
            )
            if len(row) != len(columns):
                erreurs.add(place, f"{len(row)} valeurs pour {len(columns)} colonnes.")
            elif valeurs is not None:
                lignes.append(Ligne(place, valeurs))
    return genre, lignes


def _is_of(columns: list[str], forme: Forme) -> bool:
    wanted = {name for name, colonne in forme.items() if colonne.voulue}
    return wanted <= set(columns) <= set(forme) and len(set(columns)) == len(columns)


def _read_rows(nom: str, octets: bytes) -> Iterator[tuple[int, list[str]]]:
    if len(octets) > OCTETS_MAX:
        raise Invalid("Ce fichier est trop gros.", nom)
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("Ce fichier n’est pas en UTF-8.", nom) from error
    first = text.partition("\n")[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",", strict=True
    )
    try:
        for row in reader:
            if reader.line_num > LIGNES_MAX:
                raise Invalid(f"Ce fichier a plus de {LIGNES_MAX} lignes.", nom)
            yield reader.line_num, row
    except csv.Error as error:
        place = f"{nom}, ligne {reader.line_num}"
        raise Invalid("Cette ligne n’est pas du CSV.", place) from error


def _read_values(
    place: str, given: Mapping[str, str], forme: Forme, erreurs: Erreurs
) -> dict[str, object] | None:
    found: dict[str, object] = {}
    before = len(erreurs.dites)
    for name, colonne in forme.items():
        if name not in given and not colonne.voulue:
            continue  # what a file does not speak of stays as it was
        text = given.get(name, "").strip()
        try:
            found[name] = _read_value(text, colonne)
        except ValueError as error:
            erreurs.add(place, f"{name} : {error}")
    return found if len(erreurs.dites) == before else None


def _read_value(text: str, colonne: Colonne) -> object:
    if len(text) > VALEUR_MAX:
        raise ValueError("valeur trop longue.")
    if text or not colonne.vide:
        return colonne.read(text)
    return None if colonne.read is read_jour else ""


def read_texte(text: str) -> str:
    """Any text, of one line."""
    if not text:
        raise ValueError("il manque.")
    if not text.isprintable():
        raise ValueError("caractère interdit.")
    return text


def read_siren(text: str) -> str:
    """Nine digits."""
    return _match(_SIREN, text, "un SIREN a neuf chiffres")


def read_codique(text: str) -> str:
    """Six or seven digits, sometimes five."""
    return _match(_CODIQUE, text.upper(), "un codique a six ou sept chiffres")


def read_departement(text: str) -> str:
    """`33`, `2A`, `974`."""
    return _match(_DEPARTEMENT, text.upper(), "un département s’écrit 33, 2A ou 974")


def _match(pattern: re.Pattern[str], text: str, rule: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"{rule}, pas « {text[:40]} ».")
    return text


def read_jour(text: str) -> date:
    """A civil day: `2024-12-31` or `31/12/2024`."""
    for forme in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, forme).date()  # noqa: DTZ007 - a civil day
        except ValueError:
            continue
    raise ValueError(f"date attendue sous la forme 31/12/2024, pas « {text[:40]} ».")
