"""Kills an ingestion at random, many times, and compares what it made to an undisturbed one.

`python benchmarks/pannes.py [--essais 5] [--arrets 20] [--pieces 1000] [--verrou 40]`
"""

import argparse
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from orc.bootstrap import make_orc
from orc.demo.silo import make_silo
from orc.settings import Settings
from tests.faults.etat import hash_tree, read_answers, read_archive
from tests.faults.ingestions import kill, start_ingestion
from tests.faults.orc_dehors import find_members

Made = tuple[dict[str, list[str]], dict[str, Any]]


def read_all(data: Path) -> Made:
    """What SQL holds and what searches answer."""
    orc = make_orc(Settings(data=str(data), workers=1))
    try:
        return read_archive(orc), read_answers(orc)
    finally:
        orc.close()


def ingest_whole(data: Path, silo: Path) -> float:
    """An ingestion to its end; seconds."""
    begun = time.monotonic()
    process = start_ingestion(data, silo)
    process.join()
    if process.exitcode:
        raise SystemExit(f"l’ingestion a échoué : {Path(f'{data}.log').read_text()[-2000:]}")
    return time.monotonic() - begun


def ingest_killed(data: Path, silo: Path, moments: list[float]) -> int:
    """An ingestion killed after each of these durations, then left to end; how many were alive."""
    killed = 0
    for number, moment in enumerate(moments):
        process = start_ingestion(data, silo)
        process.join(moment)
        killed += process.is_alive()
        kill(process, group=number % 2 == 0)
        time.sleep(0.5)
        if process.pid and (left := find_members(process.pid)):
            print(f"  processus orphelins : {left}")
    ingest_whole(data, silo)
    return killed


def ingest_locked(data: Path, silo: Path, seconds: float) -> float:
    """An ingestion whose database another program holds for so long."""
    make_orc(Settings(data=str(data), workers=1)).close()
    process = start_ingestion(data, silo)
    with sqlite3.connect(data / "orc.sqlite", timeout=60, isolation_level=None) as other:
        while not other.execute("SELECT count(*) FROM flux").fetchone()[0]:
            time.sleep(0.1)
        other.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        other.execute("ROLLBACK")
    other.close()
    process.join()
    return float(process.exitcode or 0)


def compare(name: str, made: Made, expected: Made) -> bool:
    """Say where two archives differ."""
    wrong = [k for k, rows in expected[0].items() if made[0][k] != rows]
    wrong += [k for k, answer in expected[1].items() if made[1][k] != answer]
    print(f"{name} : {'identique' if not wrong else f'DIFFÉRENT ({wrong})'}", flush=True)
    return not wrong


def main() -> None:
    """Run the trials; exit code 1 when one differs."""
    parser = argparse.ArgumentParser()
    for option, default in (("essais", 5), ("arrets", 20), ("pieces", 1000), ("verrou", 40)):
        parser.add_argument(f"--{option}", type=int, default=default)
    parser.add_argument("--graine", type=int, default=1)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="orc-pannes-"))
    silo = folder / "silo"
    make_silo(silo, pieces=asked.pieces)
    before = hash_tree(silo)
    seconds = ingest_whole(folder / "reference", silo)
    expected = read_all(folder / "reference")
    rnd = random.Random(asked.graine)
    right = True
    for trial in range(asked.essais):
        data = folder / f"essai{trial}"
        moments = [0.1 + rnd.random() * 2 * seconds / asked.arrets for _ in range(asked.arrets)]
        killed = ingest_killed(data, silo, moments)
        right &= compare(f"essai {trial + 1}, {killed} arrêts", read_all(data), expected)
    if asked.verrou:
        code = ingest_locked(folder / "verrou", silo, asked.verrou)
        if code:
            ingest_whole(folder / "verrou", silo)
        name = f"base tenue {asked.verrou} s (code {code:.0f})"
        right &= compare(name, read_all(folder / "verrou"), expected)
    right &= hash_tree(silo) == before
    shutil.rmtree(folder)
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
