"""A page as a PNG image: PDF, TIFF, JPEG, PNG. Child only."""

import ctypes
import io
import warnings
from typing import Any

import pypdfium2_raw as pdfium  # type: ignore[import-untyped]  # C functions, no types

from orc.ingest.extract.images import IMAGES, PIXELS
from orc.ingest.extract.pdf_pages import Protected, Unreadable, open_page, open_pdf
from orc.ingest.type_reel import PDF, find_type

SMALLEST, LARGEST = 16, 4000


class NoImage(Exception):
    """No image can be made; the message is French."""


def render_page(octets: bytes, page: int, largeur: int) -> bytes:
    """The 1-based `page` as PNG bytes, `largeur` pixels wide (16 to 4000); raises NoImage."""
    largeur = max(SMALLEST, min(largeur, LARGEST))
    kind = find_type(octets)
    try:
        if kind == PDF:
            image = _render_pdf(octets, page, largeur)
        elif kind in IMAGES:
            image = _render_image(octets, page, largeur)
        else:
            raise NoImage(f"Un document de type {kind} n’a pas d’image.")
    except Protected:
        raise NoImage("Le document est protégé par un mot de passe.") from None
    except (Unreadable, MemoryError, OSError, ValueError, SyntaxError, TypeError):
        raise NoImage("Cette page n’a pas pu être dessinée.") from None
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _render_pdf(octets: bytes, page: int, largeur: int) -> Any:
    from PIL import Image  # noqa: PLC0415 - only the viewer draws

    with open_pdf(octets) as document, open_page(document, page - 1) as opened:
        width, height = pdfium.FPDF_GetPageWidthF(opened), pdfium.FPDF_GetPageHeightF(opened)
        if width <= 0 or height <= 0:
            raise Unreadable
        hauteur = max(1, min(round(largeur * height / width), LARGEST))
        bitmap = pdfium.FPDFBitmap_Create(largeur, hauteur, 0)
        if not bitmap:
            raise Unreadable
        try:
            pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, largeur, hauteur, 0xFFFFFFFF)
            flags = pdfium.FPDF_ANNOT
            pdfium.FPDF_RenderPageBitmap(bitmap, opened, 0, 0, largeur, hauteur, 0, flags)
            stride = pdfium.FPDFBitmap_GetStride(bitmap)
            drawn = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * hauteur)
        finally:
            pdfium.FPDFBitmap_Destroy(bitmap)
    return Image.frombytes("RGB", (largeur, hauteur), drawn, "raw", "BGRX", stride)


def _render_image(octets: bytes, page: int, largeur: int) -> Any:
    from PIL import Image  # noqa: PLC0415 - only the viewer draws

    Image.MAX_IMAGE_PIXELS = PIXELS
    with warnings.catch_warnings(), Image.open(io.BytesIO(octets)) as image:
        warnings.simplefilter("ignore")
        try:
            image.seek(page - 1)
        except EOFError:
            raise Unreadable from None
        hauteur = max(1, min(round(largeur * image.height / image.width), LARGEST))
        image.draft("RGB", (largeur, hauteur))
        bitonal = image.mode in {"1", "L", "I;16"}
        return image.convert("L" if bitonal else "RGB").resize((largeur, hauteur))
