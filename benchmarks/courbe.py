"""Does a piece cost the same in a large archive? Ingestions of several sizes; then searches in it.

Light PJ, in plain text: what SQL, links and the index cost does not hide behind pdfium.
"""

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.corpus import make_light_invoice, write_clotures, write_corpus
from benchmarks.ingestion import Passe, run_orc
from benchmarks.lecture_pes import write_flux
from benchmarks.recherche import find_p95

Row = tuple[str, float, str]
MO = 1_000_000
SMALL = (2_000, 10_000)
LARGE = (10_000, 40_000, 200_000)


def measure(sizes: tuple[int, ...] = SMALL) -> list[Row]:
    """Rows (name, value, unit); the searches are those of the largest archive."""
    rows: list[Row] = []
    costs = []
    for size in sizes:
        passe = _run(size, search=size == max(sizes))
        costs.append((passe.cpu + passe.cpu_enfants) / passe.pieces)
        rows += _describe(passe)
    name = f"coût d’une pièce à {sizes[-1]} rapporté à {sizes[0]}"
    rows.append((name, 100 * costs[-1] / costs[0], "%"))
    return rows


def _run(size: int, *, search: bool) -> Passe:
    with tempfile.TemporaryDirectory() as folder:
        passe = run_orc(write_corpus(Path(folder), size, make_light_invoice).silo, search=search)
    if passe.pieces != size:
        raise AssertionError(passe.pieces)
    return passe


def _describe(passe: Passe) -> Iterator[Row]:
    label = f"{passe.pieces} pièces"
    yield f"{label} : ingestion", passe.pieces / passe.secondes, "pièces/s"
    yield f"{label} : calcul par pièce", 1000 * (passe.cpu + passe.cpu_enfants) / passe.pieces, "ms"
    yield f"{label} : mémoire du processus principal", passe.memoire, "Mo"
    for reader, times in passe.recherches.items():
        slowest = max(map(find_p95, times.values()))
        median = statistics.median(t for some in times.values() for t in some)
        yield f"{label} : recherche, {reader}, médiane", median, "ms"
        yield f"{label} : recherche, {reader}, la plus lente des p95", slowest, "ms"


def measure_grand_flux(taille: int = 1_000 * MO) -> list[Row]:
    """One flow of this size through the whole ingestion: time and memory."""
    with tempfile.TemporaryDirectory() as folder:
        silo = Path(folder)
        write_clotures(silo)
        write_flux(silo / "grand.xml", taille)
        size = (silo / "grand.xml").stat().st_size / MO
        passe = run_orc(silo)
    label = f"flux de {size:.0f} Mo ({passe.pieces} pièces)"
    return [
        (f"{label} : ingestion", size / passe.secondes, "Mo/s"),
        (f"{label} : mémoire du processus principal", passe.memoire, "Mo"),
        (f"{label} : mémoire d’un enfant", passe.memoire_enfant, "Mo"),
    ]
