"""Text of two-page invoices: the pool of children against pypdfium2 alone in as many processes."""

import multiprocessing
import random
import re
import statistics
import time
from collections.abc import Sequence

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


def _time_raw(pdfs: Sequence[bytes], ready: object, go: object) -> None:
    read_raw(pdfs[0])
    ready.release()  # type: ignore[attr-defined]
    go.wait()  # type: ignore[attr-defined]
    for octets in pdfs:
        read_raw(octets)


def time_raw(pdfs: Sequence[bytes], processes: int) -> float:
    """PDF per second of `processes` processes that share `pdfs`, their start left out."""
    context = multiprocessing.get_context("spawn")
    ready, go = context.Semaphore(0), context.Event()
    shares = [pdfs[at::processes] for at in range(processes)]
    running = [context.Process(target=_time_raw, args=(share, ready, go)) for share in shares]
    for process in running:
        process.start()
    for _ in running:
        ready.acquire()
    began = time.perf_counter()
    go.set()
    for process in running:
        process.join()
    return len(pdfs) / (time.perf_counter() - began)


def time_pool(pdfs: Sequence[bytes], processes: int) -> float:
    """PDF per second through the pool, the start of its children left out."""
    with ExtractionPool(Limits(), processes) as pool:
        list(pool.extract_many([Document(pdfs[0])] * 8))
        began = time.perf_counter()
        found = sum(
            extraction.etat is EtatTexte.EXTRAIT
            for extraction in pool.extract_many(Document(octets) for octets in pdfs)
        )
        elapsed = time.perf_counter() - began
    if found != len(pdfs):
        raise AssertionError(found)
    return len(pdfs) / elapsed


def measure(count: int = 2400, rounds: int = 3) -> list[Row]:
    """(nom, valeur, unité): medians of `rounds`, the two taken in turns on the same PDF."""
    few = [make_invoice(seed) for seed in range(100)]
    pdfs = [few[at % len(few)] for at in range(count)]
    raw, pool = [], []
    for _ in range(rounds):
        raw.append(time_raw(pdfs, PROCESSES))
        pool.append(time_pool(pdfs, PROCESSES))
    best = max(ours / alone for ours, alone in zip(pool, raw, strict=True))
    return [
        (f"pypdfium2 seul, {PROCESSES} processus", statistics.median(raw), "PDF/s"),
        (f"extraction, {PROCESSES} enfants", statistics.median(pool), "PDF/s"),
        ("rapport des médianes", 100 * statistics.median(pool) / statistics.median(raw), "%"),
        ("meilleur rapport", 100 * best, "%"),
    ]


def main() -> None:
    for nom, valeur, unite in measure():
        print(f"{nom:<40} {valeur:10.1f} {unite}")


if __name__ == "__main__":
    main()
