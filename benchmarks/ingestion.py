"""Ingestion end to end: flows of two-page invoices to searchable, beside the raw floor.

Each ingestion runs alone in a process of its own, which starts its extraction children.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import pairs
from benchmarks.corpus import (
    FONTS,
    Corpus,
    make_embedded_invoice,
    make_invoice,
    write_corpus,
)

if TYPE_CHECKING:
    from orc.bootstrap import Orc

Row = tuple[str, float, str]
PROCESSES = pairs.PROCESSES


@dataclass(frozen=True, slots=True)
class Passe:
    """One ingestion: wall and CPU seconds, peaks of memory in MB, of ORC and of its children."""

    pieces: int
    secondes: float
    cpu: float
    cpu_enfants: float
    memoire: float
    memoire_enfant: float
    # Milliseconds of each search, by reader and by question.
    recherches: dict[str, dict[str, list[float]]]


def run_orc(silo: Path, *, search: bool = False) -> Passe:
    """Ingest this silo into empty folders, in another process; then search it."""
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "benchmarks.ingestion", "--lire", str(silo), data]
        command += ["--chercher"] if search else []
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return Passe(**json.loads(done.stdout))


def ingest_once(silo: str, data: str, *, search: bool) -> Passe:
    """In the other process: what `orc ingest` does, its children already started."""
    from orc.bootstrap import make_orc  # noqa: PLC0415 - not in the memory of what measures
    from orc.ingest.extract.pool import Document  # noqa: PLC0415
    from orc.ingest.run import ingest_silo  # noqa: PLC0415
    from orc.settings import Settings  # noqa: PLC0415

    orc = make_orc(Settings(data=data, workers=PROCESSES))
    list(orc.pool.extract_many([Document(make_invoice(1))] * 4 * PROCESSES))
    cpu = time.process_time()
    began = time.perf_counter()
    bilan = ingest_silo(orc, orc.engine, silo, clore_passes=False, today=date(2026, 1, 2))
    elapsed = time.perf_counter() - began
    cpu = time.process_time() - cpu
    own = resource.getrusage(resource.RUSAGE_SELF)
    found = _search(orc) if search else {}
    orc.close()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Passe(
        bilan.cherchables,
        elapsed,
        cpu,
        children.ru_utime + children.ru_stime,
        own.ru_maxrss / 1024,
        children.ru_maxrss / 1024,
        found,
    )


def _search(orc: "Orc") -> dict[str, dict[str, list[float]]]:
    from benchmarks.page_resultats import time_searches  # noqa: PLC0415

    return time_searches(orc)


def measure(count: int = 3000, rounds: int = 3) -> list[Row]:
    """ORC and the floor in turns on the same PDF; then pypdf into tantivy on some of them.

    Twice: on invoices that carry their fonts, as billing programs make them, and on the lightest.
    """
    rows: list[Row] = []
    kinds = {"polices incorporées": make_embedded_invoice, "polices standard": make_invoice}
    for name, make in kinds.items():
        if make is make_embedded_invoice and not all(file.exists() for file in FONTS.values()):
            rows.append((f"{name} : les polices DejaVu ne sont pas sur cette machine", 0.0, ""))
            continue
        with tempfile.TemporaryDirectory() as folder:
            corpus = write_corpus(Path(folder), count, make)
            rows += [(f"{name} : {row[0]}", *row[1:]) for row in _measure(corpus, rounds)]
    return rows


def _measure(corpus: Corpus, rounds: int) -> list[Row]:
    paths = sorted(str(path) for path in corpus.pdf.iterdir())
    floors, passes = [], []
    for _ in range(rounds):
        floors.append(len(paths) / pairs.time_floor(paths))
        passes.append(run_orc(corpus.silo))
    if any(p.pieces != corpus.count for p in passes):
        raise AssertionError([p.pieces for p in passes])
    few = paths[: max(100, len(paths) // 10)]
    peer = len(few) / pairs.time_pypdf(few)
    ours = [p.pieces / p.secondes for p in passes]
    ratios = [100 * a / b for a, b in zip(ours, floors, strict=True)]
    last = passes[-1]
    return [
        ("plancher, pypdfium2 puis tantivy", statistics.median(floors), "PDF/s"),
        ("ORC de bout en bout", statistics.median(ours), "PDF/s"),
        ("ORC / plancher, médiane des passes", statistics.median(ratios), "%"),
        ("pypdf puis tantivy", peer, "PDF/s"),
        ("ORC, calcul par PDF, processus principal", 1000 * last.cpu / last.pieces, "ms"),
        ("ORC, calcul par PDF, enfants", 1000 * last.cpu_enfants / last.pieces, "ms"),
        ("ORC, mémoire du processus principal", last.memoire, "Mo"),
        ("ORC, mémoire d’un enfant", last.memoire_enfant, "Mo"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lire", nargs=2)
    parser.add_argument("--chercher", action="store_true")
    parser.add_argument("--pieces", type=int, default=3000)
    args = parser.parse_args()
    if args.lire:
        passe = ingest_once(*args.lire, search=args.chercher)
        sys.stdout.write(json.dumps(asdict(passe)))
        return
    for name, value, unit in measure(args.pieces):
        print(f"{name:60} {value:10.1f} {unit}")


if __name__ == "__main__":
    main()
