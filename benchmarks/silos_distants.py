"""Silos far away, on real servers of this machine: opening a PJ, and the memory of a flow of 1 GB.

`python -m benchmarks.silos_distants [octets du grand flux]`.
"""

import hashlib
import multiprocessing
import shutil
import statistics
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import uuid4

from benchmarks.ouverture_pj import fill
from benchmarks.recherche import find_p95
from orc.remote import Acces
from orc.silo import FluxLocal, Silo, open_pj
from scripts.recettes import parc
from scripts.recettes.serveur import Serveur

HOLDERS = (("a.xml", ""), ("a.xml.gz", ""), ("s.zip", "a.xml"), ("z.zip", "a.xml"))
OPENINGS = 40


def _find_place(serveur: Serveur, name: str) -> tuple[str, Path, Acces]:
    """The address of a new folder of this server, where its files are, who we are."""
    folder = Path(serveur.details["root"]) / name
    if serveur.name == "s3":
        acces = Acces(
            s3_endpoint=serveur.url,
            s3_region=serveur.details["region"],
            s3_cle=serveur.user,
            s3_secret=serveur.password,
        )
        return f"s3://{name}/", folder, acces
    if serveur.name == "sftp":
        keys = {"sftp_cle": serveur.details["key"]}
        acces = Acces(**keys, sftp_known_hosts=serveur.details["known_hosts"])
        return f"{serveur.url}/{name}", folder, acces
    return f"{serveur.url}{name}/", folder, Acces()


def measure_openings(serveur: Serveur, files: Path, places: list[tuple[int, int, str]]) -> None:
    """Print the first opening, the median and the 95th percentile, in milliseconds."""
    url, folder, acces = _find_place(serveur, f"mesure-{uuid4().hex[:8]}")
    shutil.copytree(files, folder)
    folder.chmod(0o755)
    try:
        with tempfile.TemporaryDirectory() as cache:
            silo = Silo(url, acces=acces, cache=Path(cache))
            for holder in HOLDERS:
                times = []
                for rank in range(OPENINGS):
                    place = places[(rank * 37) % len(places)]
                    began = time.perf_counter()
                    open_pj(silo, *holder, *place)
                    times.append((time.perf_counter() - began) * 1000)
                first, rest = times[0], times[1:]
                print(
                    f"{serveur.name:5} {holder[0]:9} première {first:7.1f} ms, médiane "
                    f"{statistics.median(rest):6.1f}, p95 {find_p95(rest):6.1f}"
                )
    finally:
        shutil.rmtree(folder)


def measure_spool(serveur: Serveur, octets: int) -> None:
    """Print how fast a large flow is laid down, and the memory it took."""
    url, folder, acces = _find_place(serveur, f"mesure-{uuid4().hex[:8]}")
    folder.mkdir()
    chunk, size = b"<x>" + b"a" * (1 << 20) + b"</x>", 0
    with (folder / "a.xml").open("wb") as out:
        while size < octets:
            size += out.write(chunk)
    context = multiprocessing.get_context("spawn")
    reader, writer = context.Pipe()
    process = context.Process(target=_spool, args=(url, acces, writer))
    try:
        process.start()
        seconds, before, after, digest, passed = reader.recv()
        process.join()
        print(
            f"{serveur.name:5} {size / 1e6:.0f} Mo déposés en {seconds:.1f} s "
            f"({size / 1e6 / seconds:.0f} Mo/s ; le seul SHA-256 de {passed:.1f} s), mémoire "
            f"{before:.0f} puis {after:.0f} Mo, {digest[:8]}"
        )
    finally:
        shutil.rmtree(folder)


def _spool(url: str, acces: Acces, said: Connection) -> None:
    with tempfile.TemporaryDirectory() as cache:
        silo = Silo(url, acces=acces, cache=Path(cache))
        (fichier,) = silo.list()
        before = read_peak()
        began = time.perf_counter()
        with silo.spool(fichier) as flux:
            for one in flux:
                assert isinstance(one, FluxLocal)
                seconds = time.perf_counter() - began
                after = read_peak()
                began = time.perf_counter()
                with one.chemin_local.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                assert digest == one.sha256
                said.send((seconds, before, after, digest, time.perf_counter() - began))


def read_peak() -> float:
    """The most memory this process ever held, in MB (ru_maxrss would be its parent's too)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """All three protocols."""
    octets = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000_000
    with tempfile.TemporaryDirectory() as made:
        places = fill(Path(made))
        for name in ("s3", "sftp", "http"):
            serveur = parc.start(name)
            measure_openings(serveur, Path(made), places)
            measure_spool(serveur, octets)


if __name__ == "__main__":
    main()
