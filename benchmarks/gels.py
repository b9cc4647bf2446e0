"""Gels placed at any moment of eliminations: `python -m benchmarks.gels --essais 100000`."""

import argparse
import tempfile
import time
from pathlib import Path

from tests.retention.courses import run_courses
from tests.retention.eliminables import make_monde
from tests.sql import make_database


def main() -> None:
    """Run the race of tests/retention/courses.py as often as asked, on SQLite; say what came."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gels")
    parser.add_argument("--essais", type=int, default=100_000)
    parser.add_argument("--pj", type=int, default=250)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        monde = make_monde(make_database(folder / "base"), folder / "flux", asked.pj)
        start = time.monotonic()
        bilan = run_courses(monde, asked.essais)
        print(f"{bilan} en {time.monotonic() - start:.0f} s")
    if bilan.tenues:
        raise SystemExit("Une ligne gelée a été attestée.")


if __name__ == "__main__":
    main()
