"""Opening a PJ inside a flow of 100 MB, plain, .xml.gz and .zip; and keeping the texts of PJ."""

import base64
import gzip
import hashlib
import os
import random
import statistics
import tempfile
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from orc.silo import Silo, open_pj
from orc.storage import Storage

Row = tuple[str, float, str]
DOCUMENT = 75_000
FLOW = 100_000_000
TEXTS = 5_000


def _make_flow() -> tuple[bytes, list[tuple[int, int, str]]]:
    """A flow of 100 MB, and where its PJ are: offset, length, digest."""
    parts, places, at = [b"<PES>"], [], 5
    while at < FLOW:
        document = os.urandom(DOCUMENT)
        text = base64.b64encode(gzip.compress(document, 1))
        parts += [b"<Fichier>", text, b"</Fichier>"]
        places.append((at + 9, len(text), hashlib.sha256(document).hexdigest()))
        at += len(text) + 19
    return b"".join(parts), places


def fill(root: Path) -> list[tuple[int, int, str]]:
    """The flow plain, in a .xml.gz and in two .zip; where its PJ are."""
    flow, places = _make_flow()
    (root / "a.xml").write_bytes(flow)
    (root / "a.xml.gz").write_bytes(gzip.compress(flow, 6))
    for name, method in (("s.zip", zipfile.ZIP_STORED), ("z.zip", zipfile.ZIP_DEFLATED)):
        with zipfile.ZipFile(root / name, "w", method) as archive:
            archive.writestr("a.xml", flow)
    return places


def _time(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


def _measure_openings(folder: Path) -> list[Row]:
    root = folder / "silo"
    root.mkdir()
    places = fill(root)
    silo = Silo(str(root), cache=folder / "cache")
    rows: list[Row] = []
    holders = (
        ("a.xml", "", "flux .xml"),
        ("a.xml.gz", "", "flux .xml.gz"),
        ("s.zip", "a.xml", "flux en .zip sans compression"),
        ("z.zip", "a.xml", "flux en .zip compressé"),
    )
    for chemin, membre, label in holders:
        wanted = [places[-1], *random.Random(3).choices(places, k=60)]
        times = [_time(partial(open_pj, silo, chemin, membre, *place)) for place in wanted]
        rows.append((f"Première ouverture, {label} de 100 Mo", times[0], "ms"))
        rows.append((f"Ouverture médiane, {label} de 100 Mo", statistics.median(times[1:]), "ms"))
        rows.append((f"Ouverture p95, {label} de 100 Mo", sorted(times[1:])[57], "ms"))
    return rows


def _measure_texts(folder: Path) -> list[Row]:
    storage = Storage(str(folder / "textes"))
    page = " ".join(hashlib.sha256(bytes([n])).hexdigest()[: n % 9 + 2] for n in range(150))
    keys = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(TEXTS)]
    put = _time(lambda: [storage.put_pages(key, (page, page)) for key in keys])
    got = _time(lambda: [storage.get_pages(key) for key in keys])
    return [
        ("Textes de 2 ko écrits", TEXTS / put * 1000, "par seconde"),
        ("Textes de 2 ko relus", TEXTS / got * 1000, "par seconde"),
    ]


def measure() -> list[Row]:
    """What was measured: its name, its value, its unit. About 15 s."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return _measure_openings(folder) + _measure_texts(folder)


if __name__ == "__main__":
    for nom, valeur, unite in measure():
        print(f"{nom:<60} {valeur:>10.1f} {unite}")
