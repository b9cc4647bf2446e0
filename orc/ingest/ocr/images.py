"""A page of a document as one grey image, within a bound of points. Child only."""

import ctypes
import io
import warnings
from typing import Any

import pypdfium2_raw as pdfium  # type: ignore[import-untyped]  # C functions, no types
from PIL import Image, ImageOps

from orc.ingest.extract.pdf_pages import Protected, Unreadable, open_page, open_pdf
from orc.ingest.type_reel import PDF

# What is given to tesseract: A3 at 300 points an inch is 17 million.
POINTS = 24_000_000
# What an image may hold once decoded: more is refused before a byte of it is.
DECODED = 150_000_000
DECODED_BITONAL = 400_000_000
_SMALLEST_DPI, _LARGEST_DPI = 60, 1200
# An image larger than this, in inches, says a resolution that is not its own.
_LARGEST_SIDE = 48
_A4_SIDE = 11.7
# Small images are enlarged so many times at most.
_ENLARGED = 4
_TEXT = 1


class TooLarge(Exception):
    """The page has more points than is safe; the message is French."""


def draw_page(octets: bytes, type_reel: str, page: int, dpi: int, *, bare: bool) -> Any:
    """The 1-based page in grey, at about `dpi`; what its file turns is turned.

    `bare`: without the text that the PDF itself holds there. Raises TooLarge, Protected,
    Unreadable; MemoryError.
    """
    if type_reel == PDF:
        return _draw_pdf(octets, page, dpi, bare=bare)
    return _draw_image(octets, page, dpi)


def _draw_pdf(octets: bytes, page: int, dpi: int, *, bare: bool) -> Any:
    try:
        return _draw_opened(octets, page, dpi, bare=bare)
    except Unreadable:
        return _draw_opened(_repair(octets), page, dpi, bare=bare)


def _repair(octets: bytes) -> bytes:
    import pikepdf  # noqa: PLC0415 - heavy, and few documents need it

    repaired = io.BytesIO()
    try:
        with pikepdf.open(io.BytesIO(octets)) as document:
            document.save(repaired)
    except pikepdf.PasswordError:
        raise Protected from None
    except (pikepdf.PdfError, ValueError, RuntimeError, OSError, KeyError):
        raise Unreadable from None
    return repaired.getvalue()


def _draw_opened(octets: bytes, page: int, dpi: int, *, bare: bool) -> Any:
    with open_pdf(octets) as document, open_page(document, page - 1) as opened:
        width, height = pdfium.FPDF_GetPageWidthF(opened), pdfium.FPDF_GetPageHeightF(opened)
        if width <= 0 or height <= 0:
            raise Unreadable
        size = _fit(width / 72 * dpi, height / 72 * dpi)
        if bare:
            _remove_text(opened)
        return _render(opened, *size)


def _render(page: Any, width: int, height: int) -> Any:
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_Gray, None, 0)
    if not bitmap:
        raise MemoryError
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
        flags = pdfium.FPDF_ANNOT | pdfium.FPDF_GRAYSCALE
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        drawn = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * height)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
    return Image.frombytes("L", (width, height), drawn, "raw", "L", stride)


def _remove_text(page: Any) -> None:
    """Leave out the text objects: they are read by pdfium, exactly."""
    for index in reversed(range(pdfium.FPDFPage_CountObjects(page))):
        one = pdfium.FPDFPage_GetObject(page, index)
        if pdfium.FPDFPageObj_GetType(one) == _TEXT and pdfium.FPDFPage_RemoveObject(page, one):
            pdfium.FPDFPageObj_Destroy(one)


def _draw_image(octets: bytes, page: int, dpi: int) -> Any:
    # Our own bound is looked at before anything is decoded.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(octets)) as image:
            warnings.simplefilter("ignore")
            image.seek(page - 1)
            _check_size(image)
            size = _find_size(image, dpi)
            image.draft("L", size)
            grey = _make_grey(image).resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
            return ImageOps.exif_transpose(_keep_turn(image, grey))
    except (EOFError, OSError, ValueError, SyntaxError, TypeError, KeyError):
        raise Unreadable from None


def _check_size(image: Any) -> None:
    points = image.width * image.height
    limit = DECODED_BITONAL if image.mode == "1" else DECODED
    if points > limit:
        motif = f"L’image a {points // 1_000_000} millions de points : au-delà de la limite."
        raise TooLarge(motif)


def _find_size(image: Any, dpi: int) -> tuple[int, int]:
    """The size to draw it at; a fax has not as many points an inch in both ways."""
    across, down = _find_dpi(image)
    width, height = image.width / across * dpi, image.height / down * dpi
    most = max(width / image.width, height / image.height) / _ENLARGED
    return _fit(width / max(1, most), height / max(1, most))


def _find_dpi(image: Any) -> tuple[float, float]:
    """Points an inch that the image says, where that makes sense; else those of an A4 sheet."""
    try:
        across, down = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        across = down = 0
    longest = max(image.width / max(across, 1), image.height / max(down, 1))
    said = all(_SMALLEST_DPI <= value <= _LARGEST_DPI for value in (across, down))
    if said and longest <= _LARGEST_SIDE:
        return across, down
    guessed = max(image.width, image.height) / _A4_SIDE
    return guessed, guessed


def _fit(width: float, height: float) -> tuple[int, int]:
    """Whole sides of the same shape that make at most POINTS."""
    points = width * height
    shrink = min(1.0, (POINTS / points) ** 0.5) if points > 0 else 1.0
    return max(1, int(width * shrink)), max(1, int(height * shrink))


def _make_grey(image: Any) -> Any:
    """In grey; what is transparent is white, as on screen."""
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        seen = image.convert("RGBA")
        white = Image.new("RGBA", seen.size, "white")
        return Image.alpha_composite(white, seen).convert("L")
    return image.convert("L")


def _keep_turn(image: Any, grey: Any) -> Any:
    """Give the grey copy the turn that the file of the image asks for (EXIF)."""
    grey.getexif()[0x0112] = image.getexif().get(0x0112, 1)
    return grey
