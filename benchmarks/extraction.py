"""Text of two-page invoices: the pool of children against pypdfium2 alone in as many processes."""

import multiprocessing
import os
import random
import re
import resource
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pypdfium2
from fpdf import FPDF

from orc.ingest.extract.pool import Document, ExtractionPool
from orc.ingest.extract.values import EtatTexte, Limits

Row = tuple[str, float, str]

WORDS = re.findall(
    r"\w+",
    "commune marché travaux facture prestation acompte électricité entretien voirie fourniture "
    "école mairie département règlement échéance montant quantité désignation unité livraison",
)
PROCESSES = 2


def make_invoice(seed: int, words: int = 270) -> bytes:
    """A PDF of two pages of `words` words, core fonts."""
    pick = random.Random(seed)
    pdf = FPDF()
    pdf.set_font("Helvetica", size=9)
    for page in (1, 2):
        pdf.add_page()
        pdf.cell(0, 8, f"FACTURE F2023-{seed:05d} page {page}", new_x="LMARGIN", new_y="NEXT")
        text = (
            pick.choice(WORDS) if at % 6 else f"{pick.randint(1, 9999)},{pick.randint(0, 99):02d}"
            for at in range(words)
        )
        pdf.multi_cell(0, 4.5, " ".join(text))
    return bytes(pdf.output())


def read_raw(octets: bytes) -> list[str]:
    """What anybody writes with pypdfium2."""
    document = pypdfium2.PdfDocument(octets)
    pages = []
    for page in document:
        text = page.get_textpage()
        pages.append(text.get_text_range())
        text.close()
        page.close()
    document.close()
    return pages


def _time_raw(pdfs: Sequence[bytes], ready: Any, go: Any, cpu: Any) -> None:
    read_raw(pdfs[0])
    ready.release()
    go.wait()
    began = time.process_time()
    for octets in pdfs:
        read_raw(octets)
    with cpu.get_lock():
        cpu.value += time.process_time() - began


def time_raw(pdfs: Sequence[bytes], processes: int) -> tuple[float, float]:
    """PDF per second, and ms of processor per PDF, of `processes` sharing `pdfs`; start apart."""
    context = multiprocessing.get_context("spawn")
    ready, go, cpu = context.Semaphore(0), context.Event(), context.Value("d", 0.0)
    shares = [pdfs[at::processes] for at in range(processes)]
    running = [context.Process(target=_time_raw, args=(share, ready, go, cpu)) for share in shares]
    for process in running:
        process.start()
    for _ in running:
        ready.acquire()
    began = time.perf_counter()
    go.set()
    for process in running:
        process.join()
    return len(pdfs) / (time.perf_counter() - began), 1000 * cpu.value / len(pdfs)


def time_pool(pdfs: Sequence[bytes], processes: int) -> tuple[float, float]:
    """The same through the pool; the processor of its own process counts too."""
    with ExtractionPool(Limits(), processes) as pool:
        list(pool.extract_many([Document(pdfs[0])] * 40))
        cpu, began = find_cpu(), time.perf_counter()
        found = sum(
            extraction.etat is EtatTexte.EXTRAIT
            for extraction in pool.extract_many(Document(octets) for octets in pdfs)
        )
        elapsed, cpu = time.perf_counter() - began, find_cpu() - cpu
    if found != len(pdfs):
        raise AssertionError(found)
    return len(pdfs) / elapsed, 1000 * cpu / len(pdfs)


def find_cpu() -> float:
    """Seconds of processor of this process, of the children it has and of those it had."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = time.process_time() + ended.ru_utime + ended.ru_stime
    for task in Path("/proc/self/task").iterdir():
        for pid in (task / "children").read_text().split():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


def measure(count: int = 2400, rounds: int = 3) -> list[Row]:
    """(nom, valeur, unité): medians of `rounds`, the two taken in turns on the same PDF.

    On a machine that does other things at the same time, only the processor's time is comparable.
    """
    few = [make_invoice(seed) for seed in range(100)]
    pdfs = [few[at % len(few)] for at in range(count)]
    raw, pool = [], []
    for _ in range(rounds):
        raw.append(time_raw(pdfs, PROCESSES))
        pool.append(time_pool(pdfs, PROCESSES))
    alone, alone_cpu = (statistics.median(column) for column in zip(*raw, strict=True))
    ours, ours_cpu = (statistics.median(column) for column in zip(*pool, strict=True))
    return [
        (f"pypdfium2 seul, {PROCESSES} processus", alone, "PDF/s"),
        (f"extraction, {PROCESSES} enfants", ours, "PDF/s"),
        ("rapport des débits", 100 * ours / alone, "%"),
        ("pypdfium2 seul, processeur par PDF", alone_cpu, "ms"),
        ("extraction, processeur par PDF (parent compris)", ours_cpu, "ms"),
        ("rapport des temps de processeur", 100 * alone_cpu / ours_cpu, "%"),
    ]


def main() -> None:
    for nom, valeur, unite in measure():
        print(f"{nom:<50} {valeur:10.2f} {unite}")


if __name__ == "__main__":
    main()
