"""Scans whose words and places are known: printed by fpdf, drawn by pdfium, spoiled on purpose."""

import io
import re
from collections import Counter
from collections.abc import Sequence

import pypdfium2
from fpdf import FPDF
from PIL import Image

from orc.demo.images import make_image_pdf, make_jpeg, scan
from orc.ingest.extract.clean import fold

DPI = 150
LIGNES = (
    "Atelier municipal de menuiserie",
    "Facture F2022-00127 du 12 avril 2022",
    "Remplacement des vantaux de la chapelle",
    "et reprise de la charpente du lavoir.",
    "Livraison, pose et nettoyage compris.",
    "Montant hors taxes : 1 234,50 euros",
    "Total à régler : 1 481,40 euros",
    "Service fait le 20 avril par l'équipe des bâtiments.",
)


def print_page(lignes: Sequence[str] = LIGNES, *, size: int = 16) -> bytes:
    """A PDF of one page of these lines."""
    return print_pages([lignes], size=size)


def print_pages(pages: Sequence[Sequence[str]], *, size: int = 16) -> bytes:
    """A PDF whose pages are these lines."""
    pdf = FPDF(format=(148, 210))
    pdf.set_font("Helvetica", size=size)
    pdf.set_auto_page_break(auto=False)
    for lignes in pages:
        pdf.add_page()
        for rang, ligne in enumerate(lignes):
            pdf.text(12, 20 + rang * 11, ligne)
    return bytes(pdf.output())


def make_scan(
    lignes: Sequence[str] = LIGNES, *, angle: float = 0.0, turn: int = 0, dpi: int = DPI
) -> Image.Image:
    """The page of these lines as a scanner sees it: slanted by `angle`, then turned by `turn`."""
    image = scan(print_page(lignes), angle, dpi=dpi)
    return image.rotate(turn, expand=True) if turn else image


def make_blank(size: tuple[int, int] = (875, 1240)) -> Image.Image:
    """A sheet with nothing on it but its grain."""
    grain = Image.effect_noise(size, 12).point(lambda value: min(255, 120 + value))
    return grain.convert("L")


def save(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """The bytes of an image file."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def make_scan_pdf(*images: Image.Image) -> bytes:
    """A PDF of images."""
    return make_image_pdf([(make_jpeg(image, 80), image.width, image.height) for image in images])


def make_mixed_pdf(texte: str, image: Image.Image, stamp: str = "") -> bytes:
    """A page of text, then a scan with a stamp of text over it, then a page of text."""
    pdf = FPDF(format=(148, 210))
    pdf.set_font("Helvetica", size=12)
    pdf.add_page()
    pdf.multi_cell(0, 8, texte)
    pdf.add_page()
    pdf.image(io.BytesIO(save(image)), 0, 0, 148, 210)
    if stamp:
        pdf.text(20, 200, stamp)
    pdf.add_page()
    pdf.multi_cell(0, 8, texte)
    return bytes(pdf.output())


def find_printed(pdf: bytes, mot: str) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a printed word, by pdfium, in fractions of its page."""
    document = pypdfium2.PdfDocument(pdf)
    page = document[0]
    width, height = page.get_size()
    text = page.get_textpage()
    searcher = text.search(mot)
    index, count = searcher.get_next()
    text.count_rects(index, count)
    left, bottom, right, top = text.get_rect(0)
    for owned in (searcher, text, page, document):
        owned.close()
    return left / width, 1 - top / height, right / width, 1 - bottom / height


def score(found: str, expected: str) -> float:
    """The F1 of the words of `found`, accents and case aside."""
    seen, true = (Counter(re.findall(r"[^\W_]+", fold(text))) for text in (found, expected))
    return 2 * sum((seen & true).values()) / max(1, seen.total() + true.total())
