"""Every measure in one table. `make bench`; `make bench ARGS="--grand"` for the long ones."""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from benchmarks import (
    courbe,
    extraction,
    habilitations,
    ingestion,
    lecture_pes,
    ouverture_pj,
    recherche,
    refus,
    tika,
)

Row = tuple[str, float, str]
Part = tuple[str, Callable[[], list[Row]]]


def make_parts(args: argparse.Namespace) -> dict[str, Part]:
    """The measures by name: their title and how to take them."""
    sizes = courbe.LARGE if args.grand else courbe.SMALL
    parts: dict[str, Part] = {
        "lecture": ("Lecture des flux, un cœur", lecture_pes.measure),
        "ouverture": ("Ouverture d’une PJ dans un flux de 100 Mo", ouverture_pj.measure),
        "extraction": ("Extraction seule", lambda: extraction.measure(args.pieces, 2)),
        "ingestion": (
            f"Ingestion de {args.pieces} factures PDF de deux pages, et ce qui s’en approche",
            lambda: ingestion.measure(args.pieces, args.passes),
        ),
        "habilitations": (
            "Ce que coûte le filtre d’une habilitation, 2 000 pièces",
            lambda: list(habilitations.measure(2000, sizes=(1, 40, 400))),
        ),
        "refus": ("Ce que prend un refus : hors du périmètre, inexistant", refus.measure),
        "courbe": ("Ingestion et recherche selon la taille", lambda: courbe.measure(sizes)),
    }
    if args.grand:
        parts["filtre"] = (
            "Le même filtre, 10 000 pièces, jusqu’à 4 000 cellules",
            lambda: list(habilitations.measure(10_000)),
        )
        parts["flux"] = ("Ingestion d’un seul grand flux", courbe.measure_grand_flux)
        parts["tika"] = (
            f"Tika puis bulk à côté d’ORC, {args.pieces} PDF",
            lambda: tika.measure(args.pieces, args.passes),
        )
        parts["recherche"] = ("Moteur seul, 200 000 pièces", recherche.measure)
    return parts


def print_part(title: str, rows: Iterable[Row], seconds: float) -> None:
    print(f"\n{title} ({seconds:.0f} s)")
    for name, value, unit in rows:
        figures = f"{value:,.1f}".replace(",", " ").replace(".", ",")
        print(f"  {name:<74}{figures:>11} {unit}")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--pieces", type=int, default=2000, help="factures PDF de l’ingestion")
    parser.add_argument("--passes", type=int, default=3, help="passes alternées")
    parser.add_argument("--grand", action="store_true", help="200 000 pièces, flux de 1 Go")
    parser.add_argument("--seul", default="", help="une seule mesure, par son nom")
    args = parser.parse_args()
    parts = make_parts(args)
    if args.seul and args.seul not in parts:
        parser.error(f"mesures : {', '.join(parts)}")
    load = os.getloadavg()[0]
    machine = f"{platform.machine()}, {os.cpu_count()} cœurs, Python {platform.python_version()}"
    print(f"{datetime.now(UTC):%d/%m/%Y %H:%M} UTC, {machine}, charge {load:.1f}")
    for name, (title, measure) in parts.items():
        if args.seul in ("", name):
            began = time.perf_counter()
            rows = measure()
            print_part(title, rows, time.perf_counter() - began)


if __name__ == "__main__":
    main()
