"""Small plots drawn by the server: numbers in, lengths of bars out. The table is the plot."""

from collections.abc import Sequence
from dataclasses import dataclass

LARGEUR = 100.0


@dataclass(frozen=True, slots=True)
class Serie:
    """One kind of bars: its label, and the class that colours it."""

    libelle: str
    classe: str


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a bar, from `x`, in hundredths of the longest bar."""

    classe: str
    x: float
    longueur: float


@dataclass(frozen=True, slots=True)
class Barre:
    """One row: its label and its link ("" for none), its values, its drawing."""

    libelle: str
    url: str
    valeurs: tuple[int, ...]
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Barres:
    """Stacked horizontal bars, one per row of a table."""

    title: str
    colonne: str
    series: tuple[Serie, ...]
    barres: tuple[Barre, ...]


def make_barres(
    title: str,
    colonne: str,
    series: Sequence[Serie],
    rows: Sequence[tuple[str, str, tuple[int, ...]]],
) -> Barres:
    """Lay out rows of (label, url, values): one value of 0 or more per series."""
    longest = max((sum(values) for _, _, values in rows), default=0) or 1
    barres = []
    for label, url, values in rows:
        x, segments = 0.0, []
        for serie, value in zip(series, values, strict=True):
            length = value * LARGEUR / longest
            segments.append(Segment(serie.classe, round(x, 3), round(length, 3)))
            x += length
        barres.append(Barre(label, url, tuple(values), tuple(segments)))
    return Barres(title, colonne, tuple(series), tuple(barres))
