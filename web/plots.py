"""Small plots drawn by the server: numbers in, the geometry of bars out. Templates draw the SVG."""

from collections.abc import Sequence
from dataclasses import dataclass

from orc.domain import format_entier


@dataclass(frozen=True, slots=True)
class Serie:
    """One kind of bars, in the colour of its class."""

    libelle: str
    classe: str


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a bar, in units of the drawing."""

    classe: str
    y: float
    hauteur: float


@dataclass(frozen=True, slots=True)
class Barre:
    """One bar: its label below, its total above, its parts from the bottom up."""

    libelle: str
    total: str
    x: float
    milieu: float
    y: float
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Histogramme:
    """Stacked bars. `valeurs`: the same as rows of a table, label first."""

    title: str
    largeur: float
    hauteur: float
    base: float
    largeur_barre: float
    series: tuple[Serie, ...]
    barres: tuple[Barre, ...]
    valeurs: tuple[tuple[str, tuple[int, ...]], ...]


def make_histogramme(
    title: str,
    series: Sequence[Serie],
    valeurs: Sequence[tuple[str, tuple[int, ...]]],
    *,
    largeur: float = 640,
    hauteur: float = 200,
) -> Histogramme:
    """Lay out stacked bars; every value is 0 or more, one per series."""
    top, bottom = 22.0, 24.0
    base = hauteur - bottom
    step = largeur / max(1, len(valeurs))
    width = min(56.0, step * 0.64)
    highest = max((sum(v) for _, v in valeurs), default=0) or 1
    scale = (base - top) / highest
    barres = []
    for rank, (label, counts) in enumerate(valeurs):
        middle, y, segments = step * (rank + 0.5), base, []
        for serie, count in zip(series, counts, strict=True):
            height = count * scale
            y -= height
            segments.append(Segment(serie.classe, round(y, 2), round(height, 2)))
        barres.append(
            Barre(
                label,
                format_entier(sum(counts)),
                round(middle - width / 2, 2),
                round(middle, 2),
                round(y, 2),
                tuple(segments),
            )
        )
    return Histogramme(
        title, largeur, hauteur, base, round(width, 2), tuple(series), tuple(barres), tuple(valeurs)
    )
