"""What a report says, whatever form it takes: paragraphs, tables of values, places to sign."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from orc.csv_lines import Valeur
from orc.domain import format_date, format_entier


class Forme(StrEnum):
    """The files a report is given as."""

    PDF = "pdf"
    ODS = "ods"
    CSV = "csv"


class Genre(StrEnum):
    """What reports there are."""

    BORDEREAU = "bordereau_elimination"
    PIECES = "pieces"
    CERTIFICAT = "certificat"
    REFUS = "refus"
    REGISTRE = "registre"
    GELS = "gels"
    ECHEANCIER = "echeancier"
    ANOMALIES = "anomalies"
    ETATS = "etats"


LIBELLES_GENRES = {
    Genre.BORDEREAU: "Bordereau d’élimination",
    Genre.PIECES: "Pièces d’un bordereau d’élimination",
    Genre.CERTIFICAT: "Certificat d’élimination",
    Genre.REFUS: "Refus de destruction anticipée et leurs motifs",
    Genre.REGISTRE: "Registre des destructions anticipées",
    Genre.GELS: "Gels en vigueur et revues dépassées",
    Genre.ECHEANCIER: "Échéancier des durées",
    Genre.ANOMALIES: "Anomalies",
    Genre.ETATS: "États de la destruction anticipée",
}


@dataclass(frozen=True, slots=True)
class Colonne:
    """A column: its heading, whether it holds numbers, how wide it is beside the others."""

    libelle: str
    nombre: bool = False
    largeur: int = 2


@dataclass(frozen=True, slots=True)
class Tableau:
    """A table; `lignes` are read once, so that a million of them are never held.

    `annexe`: a detail that a PDF may leave to the ODS where it is long.
    """

    title: str
    colonnes: tuple[Colonne, ...]
    lignes: Iterable[tuple[Valeur, ...]]
    annexe: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """A place to sign: who, and what is known already."""

    qualite: str
    mention: str = ""


@dataclass(frozen=True, slots=True)
class Feuille:
    """A report before it has a form. Its first table is the whole of its CSV."""

    genre: Genre
    title: str
    # What it bears on, one line each: label, value.
    mentions: tuple[tuple[str, str], ...]
    paragraphes: tuple[str, ...]
    tableaux: tuple[Tableau, ...]
    signatures: tuple[Signature, ...] = ()


@dataclass(frozen=True, slots=True)
class Identite:
    """What tells a report from every other: its number, who asked for it, when."""

    numero: str
    par: str
    jour: date


def write_valeur(valeur: Valeur) -> str:
    """A value as a person reads it."""
    if valeur is None:
        return ""
    if isinstance(valeur, date):
        return format_date(valeur)
    return format_entier(valeur) if isinstance(valeur, int) else valeur
