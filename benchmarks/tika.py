"""The same PDF as plain files through Tika and a bulk into Elasticsearch, beside ORC end to end.

What people build instead: no flow, no SQL, no digest, no link, no text kept, no rights. Servers
are private ones, started and ended here: the processor time they take is counted on each side.
"""

import argparse
import json
import os
import queue
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from uuid import uuid4

from benchmarks.corpus import Corpus, make_embedded_invoice, make_invoice, write_corpus
from scripts.recettes import parc
from scripts.recettes.serveur import Serveur

Row = tuple[str, float, str]
PROCESSES = 2
BULK = 500
FRENCH = {
    "settings": {
        "number_of_shards": 1,
        "number_of_replicas": 0,
        "analysis": {
            "filter": {"racine": {"type": "stemmer", "language": "french"}},
            "analyzer": {
                "default": {
                    "tokenizer": "standard",
                    "filter": ["lowercase", "asciifolding", "racine"],
                }
            },
        },
    },
    "mappings": {"properties": {"path": {"type": "keyword"}, "body": {"type": "text"}}},
}
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Passe:
    """One run: documents found at its end, wall and processor seconds, servers included.

    `moteur`: of these processor seconds, those of Elasticsearch.
    """

    trouves: int
    secondes: float
    cpu: float
    moteur: float = 0.0


def read_by_tika(url: str, paths: list[str]) -> Iterator[tuple[str, str]]:
    """Path and text of each file, by PROCESSES threads that keep their connection."""
    import requests  # noqa: PLC0415 - the extra « grand »

    waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    done: queue.Queue[tuple[str, str] | None] = queue.Queue(2 * BULK)
    for path in [*paths, *[None] * PROCESSES]:
        waiting.put(path)

    def work() -> None:
        with requests.Session() as session:
            while (path := waiting.get()) is not None:
                answer = session.put(
                    f"{url}/tika",
                    data=Path(path).read_bytes(),
                    headers={"Accept": "text/plain", "Content-Type": "application/pdf"},
                    timeout=60,
                )
                answer.raise_for_status()
                done.put((path, answer.content.decode("utf-8")))
        done.put(None)

    for _ in range(PROCESSES):
        threading.Thread(target=work, daemon=True).start()
    ended = 0
    while ended < PROCESSES:
        found = done.get()
        if found is None:
            ended += 1
        else:
            yield found


def run_tika(tika: Serveur, search: Serveur, paths: list[str]) -> Passe:
    """Read, bulk, refresh, count: found at the end."""
    from elasticsearch import Elasticsearch, helpers  # noqa: PLC0415 - the extra « grand »

    name = f"pair-{uuid4().hex[:8]}"
    with Elasticsearch(search.url, request_timeout=120) as client:
        client.indices.create(index=name, **FRENCH)  # type: ignore[arg-type]  # as its JSON
        engine, cpu = _count_cpu(search), _count_cpu(tika, search) + time.process_time()
        began = time.perf_counter()
        texts = read_by_tika(tika.url, paths)
        actions = ({"_index": name, "path": path, "body": text} for path, text in texts)
        for _ in helpers.streaming_bulk(client, actions, chunk_size=BULK):
            pass
        client.indices.refresh(index=name)
        found = client.count(index=name, query={"match": {"body": "facture"}})["count"]
        seconds = time.perf_counter() - began
        cpu = _count_cpu(tika, search) + time.process_time() - cpu
        engine = _count_cpu(search) - engine
        client.indices.delete(index=name)
    return Passe(int(found), seconds, cpu, engine)


def run_orc(silo: Path, search: Serveur | None) -> Passe:
    """What `orc ingest` does on the flows of the same documents, in a process of its own."""
    index = f"{search.url}/orc{uuid4().hex[:8]}" if search else ""
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "benchmarks.tika", "--lire", str(silo), data, index]
        before = _count_cpu(search) if search else 0.0
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        passe = Passe(**json.loads(done.stdout))
        spent = _count_cpu(search) - before if search else 0.0
        return Passe(passe.trouves, passe.secondes, passe.cpu + spent, spent)


def ingest_once(silo: str, data: str, index: str) -> Passe:
    """In the other process, its children already started; the CPU of this process and of those."""
    from orc.bootstrap import make_orc  # noqa: PLC0415 - not in the memory of what measures
    from orc.ingest.extract.pool import Document  # noqa: PLC0415 - the same
    from orc.ingest.run import ingest_silo  # noqa: PLC0415 - the same
    from orc.settings import Settings  # noqa: PLC0415 - the same

    orc = make_orc(Settings(data=data, index=index, workers=PROCESSES))
    list(orc.pool.extract_many([Document(make_invoice(1))] * 4 * PROCESSES))
    cpu = time.process_time()
    began = time.perf_counter()
    bilan = ingest_silo(orc, orc.engine, silo, clore_passes=False, today=date(2026, 1, 2))
    seconds = time.perf_counter() - began
    cpu = time.process_time() - cpu
    if index:
        orc.engine.clear()
    orc.close()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Passe(bilan.cherchables, seconds, cpu + children.ru_utime + children.ru_stime)


def _count_cpu(*servers: Serveur) -> float:
    """The processor seconds that these servers and their children have taken so far."""
    parents, ticks = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(folder.name)] = int(fields[1])
            ticks[int(folder.name)] = sum(map(int, fields[11:15]))
    family = {server.pid for server in servers}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(ticks.get(pid, 0) for pid in family) / _TICKS


def measure(count: int = 2000, rounds: int = 3, *, embedded: bool = False) -> list[Row]:
    """ORC on Elasticsearch, ORC embedded, and Tika with a bulk, in turns on the same PDF."""
    make = make_embedded_invoice if embedded else make_invoice
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        corpus = write_corpus(folder, count, make)
        tika, search = (_start(stack, name) for name in ("tika", "elasticsearch"))
        paths = sorted(str(path) for path in corpus.pdf.iterdir())
        # A virtual machine of Java is slow at first: its start is left out, as ORC's children's.
        run_tika(tika, search, paths[: max(200, count // 4)])
        return _measure(corpus, paths, (tika, search), rounds)


def _start(stack: ExitStack, name: str) -> Serveur:
    server = parc.launch(name, {})
    stack.callback(parc.discard, name, server)
    return server


def _measure(
    corpus: Corpus, paths: list[str], servers: tuple[Serveur, Serveur], rounds: int
) -> list[Row]:
    found: dict[str, list[Passe]] = {"tika": [], "orc": [], "embarque": []}
    for _ in range(rounds):
        found["tika"].append(run_tika(*servers, paths))
        found["orc"].append(run_orc(corpus.silo, servers[1]))
        found["embarque"].append(run_orc(corpus.silo, None))
    if wrong := [p.trouves for some in found.values() for p in some if p.trouves != corpus.count]:
        raise AssertionError(wrong)
    rates = {k: statistics.median(corpus.count / p.secondes for p in v) for k, v in found.items()}
    costs = {k: statistics.median(p.cpu for p in v) / corpus.count for k, v in found.items()}
    names = {
        "tika": "Tika puis bulk dans Elasticsearch, les PDF en fichiers",
        "orc": "ORC de bout en bout, sur Elasticsearch",
        "embarque": "ORC de bout en bout, embarqué",
    }
    rows: list[Row] = [(name, rates[key], "PDF/s") for key, name in names.items()]
    rows += [(f"{name} : calcul par PDF", 1000 * costs[k], "ms") for k, name in names.items()]
    for key in ("tika", "orc"):
        spent = 1000 * statistics.median(p.moteur for p in found[key]) / corpus.count
        rows.append((f"{names[key]} : dont Elasticsearch", spent, "ms"))
    for key in ("orc", "embarque"):
        rows.append((f"{names[key]} / Tika puis bulk", rates[key] / rates["tika"], "fois"))
        rows.append(
            (f"{names[key]} : calcul de Tika / le sien", costs["tika"] / costs[key], "fois")
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tika", description=__doc__)
    parser.add_argument("--lire", nargs=3)
    parser.add_argument("--pieces", type=int, default=2000)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--polices", action="store_true", help="PDF à polices incorporées")
    args = parser.parse_args()
    if args.lire:
        sys.stdout.write(json.dumps(asdict(ingest_once(*args.lire))))
        return
    for name, value, unit in measure(args.pieces, args.passes, embedded=args.polices):
        print(f"{name:74} {value:10.1f} {unit}")


if __name__ == "__main__":
    main()
