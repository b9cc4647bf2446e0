"""Gels placed at any moment of eliminations: `python -m benchmarks.gels --essais 100000`.

What is done so far is said after each elimination: stopped anywhere, the last line holds, and
`--graine` goes on from the trials after those.
"""

import argparse
import tempfile
import time
from pathlib import Path

from tests.retention.courses import Bilan, run_courses
from tests.retention.eliminables import make_monde
from tests.sql import make_database


def main() -> None:
    """Run the race of tests/retention/courses.py as often as asked, on SQLite; say what came."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gels")
    parser.add_argument("--essais", type=int, default=100_000)
    parser.add_argument("--pj", type=int, default=125)
    parser.add_argument("--graine", type=int, default=6)
    parser.add_argument("--minutes", type=float, default=24 * 60)
    asked = parser.parse_args()
    total = Bilan()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        monde = make_monde(make_database(folder / "base"), folder / "flux", asked.pj)
        start, seed = time.monotonic(), asked.graine
        while total.essais < asked.essais and time.monotonic() - start < asked.minutes * 60:
            add(total, run_courses(monde, asked.pj, seed))
            seed += 1
            print(f"graine {seed - 1} : {total} en {time.monotonic() - start:.0f} s", flush=True)
    if total.tenues:
        raise SystemExit("Une ligne gelée a été attestée.")


def add(total: Bilan, bilan: Bilan) -> None:
    """Count these trials with those before."""
    total.essais += bilan.essais
    total.ecartes += bilan.ecartes
    total.gels_apres += bilan.gels_apres
    total.tenues += bilan.tenues
    total.eliminations += bilan.eliminations


if __name__ == "__main__":
    main()
