"""How long a refusal takes: what may not be seen beside what does not exist."""

import statistics
import tempfile
import time
from pathlib import Path

from tests.archive import make_archive
from tests.web.matrice import INCONNU, Essai, open_essai

FOIS = 200
Row = tuple[str, float, str]


def measure() -> list[Row]:
    """The median and 95th percentile of each, in ms, asked in turns."""
    with (
        tempfile.TemporaryDirectory() as folder,
        make_archive(Path(folder)) as archive,
        open_essai(archive) as essai,
    ):
        hidden = {
            "/piece/{}": archive.pieces["communaute/2022/70"],
            "/bordereau/{}": archive.bordereaux["communaute/2022/depense/7"],
            "/pj/{}/original": archive.pj["Convention.pdf"],
        }
        return [row for path, number in hidden.items() for row in compare(essai, path, number)]


def compare(essai: Essai, path: str, number: int) -> list[Row]:
    """One route: both ids in turns, so that what else the machine does weighs on both."""
    taken: dict[str, list[float]] = {"hors du périmètre": [], "inexistant": []}
    for rank in range(FOIS + 10):
        asked = list(zip(taken, (number, INCONNU), strict=True))
        for name, value in asked if rank % 2 else reversed(asked):
            began = time.perf_counter()
            assert essai.send("GET", path.format(value), "ordonnateur").status == 404
            if rank >= 10:
                taken[name].append((time.perf_counter() - began) * 1000)
    rows = []
    for name, values in taken.items():
        rows.append((f"{path}, {name}, médiane", statistics.median(values), "ms"))
        rows.append((f"{path}, {name}, 95e centile", sorted(values)[int(len(values) * 0.95)], "ms"))
    return rows


if __name__ == "__main__":
    for name, value, unit in measure():
        print(f"{name:<50}{value:8.2f} {unit}")
