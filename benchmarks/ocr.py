"""Pages a second and a core, words found, memory: ORC's own OCR child on spoiled invoices.

`python -m benchmarks.ocr [pages]`. Invoices of the demonstration, whose words pdfium knows.
"""

import base64
import gzip
import io
import re
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
from PIL import Image

from orc.demo.images import scan
from orc.demo.silo import make_silo
from orc.ingest.extract.clean import fold
from orc.ingest.extract.values import Limits
from orc.ingest.ocr.children import OcrChildren, PageAOceriser
from orc.ingest.ocr.tessdata import Tessdata, find_tessdata
from orc.settings import Settings

Page = tuple[bytes, str]
_FICHIER = re.compile(rb"<Fichier[^>]*>([A-Za-z0-9+/=\s]+)</Fichier>")


@dataclass(frozen=True, slots=True)
class Etat:
    """How a page is spoiled before it is read: slant in degrees, quarter turns, points an inch."""

    nom: str
    angle: float = 0.0
    turn: int = 0
    dpi: int = 300
    lu_a: int = 300


ETATS = (
    Etat("grain, penchée de 1°, 300 points par pouce", 1),
    Etat("la même, dessinée à 200", 1, lu_a=200),
    Etat("numérisée à 200, dessinée à 300", 1, dpi=200),
    Etat("numérisée à 90", 1, dpi=90),
    Etat("penchée de 6°", 6),
    Etat("couchée", 1, turn=90),
    Etat("à l’envers", 1, turn=180),
)


def find_invoices(folder: Path, count: int) -> Iterator[Page]:
    """The first page of PDF of a demonstration silo, alone, and its words."""
    make_silo(folder, pieces=200)
    found = 0
    for path in sorted(folder.rglob("*.xml*")):
        flux = path.read_bytes()
        flux = gzip.decompress(flux) if path.suffix == ".gz" else flux
        for payload in _FICHIER.findall(flux):
            try:
                octets = gzip.decompress(base64.b64decode(payload))
            except (ValueError, OSError):
                continue
            page = _read_pdf(octets)
            if page is not None and len(page[1]) > 300:
                yield page
                found += 1
            if found >= count:
                return


def _read_pdf(octets: bytes) -> Page | None:
    try:
        with pypdfium2.PdfDocument(octets) as document:
            return octets, document[0].get_textpage().get_text_range()
    except pypdfium2.PdfiumError:
        return None


def count_words(text: str) -> Counter[str]:
    """Words without case nor accents."""
    return Counter(re.findall(r"[^\W_]+", fold(text)))


def spoil(octets: bytes, etat: Etat) -> bytes:
    """A grained JPEG of the first page."""
    image: Image.Image = scan(octets, etat.angle, dpi=etat.dpi)
    image = image.rotate(etat.turn, expand=True)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=60, dpi=(etat.dpi, etat.dpi))
    return out.getvalue()


def measure_one(etat: Etat, pages: list[Page], tessdata: Tessdata) -> tuple[float, float, int, int]:
    """Pages a second of processor (its start included), F1 of words, quality, memory in Mo."""
    children = OcrChildren(Limits(secondes=600), etat.lu_a)
    scans = [spoil(octets, etat) for octets, _ in pages]
    f1 = quality = 0.0
    memory = 0
    begun = _read_cpu()
    for octets, (_, words) in zip(scans, pages, strict=True):
        read = children.read_page(PageAOceriser(octets, "image/jpeg", 1), tessdata)
        quality += read.qualite
        seen, true = count_words(read.texte), count_words(words)
        f1 += 2 * (seen & true).total() / max(1, seen.total() + true.total())
        memory = max(memory, *(held.child.memory_ko // 1024 for held in children._held.values()))  # noqa: SLF001 - what only the pool knows
    children.release()
    seconds = _read_cpu() - begun
    return len(pages) / seconds, f1 / len(pages), round(quality / len(pages)), memory


def _read_cpu() -> float:
    """Seconds of processor of the children that ended: others may share the machine."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print a line a state of the pages."""
    tessdata = find_tessdata(Settings())
    with tempfile.TemporaryDirectory() as folder:
        pages = list(find_invoices(Path(folder) / "silo", int((sys.argv[1:] or ["20"])[0])))
    print(f"{len(pages)} pages, {sum(len(text.split()) for _, text in pages) // len(pages)} mots")
    for etat in ETATS:
        speed, f1, quality, memory = measure_one(etat, pages, tessdata)
        found = f"F1 {f1:.3f}  qualité {quality} %"
        print(f"{etat.nom:46} {speed:5.2f} pages/s/cœur  {found}  {memory} Mo")


if __name__ == "__main__":
    main()
