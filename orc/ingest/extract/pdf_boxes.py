"""Where words stand on a page of a PDF, for the viewer to highlight. Child only."""

import ctypes
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pypdfium2_raw as pdfium  # type: ignore[import-untyped]  # C functions, no types

from orc.ingest.extract.clean import fold
from orc.ingest.extract.pdf_pages import (
    Protected,
    Unreadable,
    count_pages,
    open_page,
    open_pdf,
    open_text,
)
from orc.ingest.extract.values import Box, Boxes

BOXES = 2000
# A word, even cut by the end of a line: pdfium writes U+FFFE (or U+0002) at the cut.
_WORD = re.compile("[^\\W_]+(?:(?:[\\x02\xad\ufffe]|-(?=\r?\n[a-zà-ÿ]))(?:\r?\n)?[^\\W_]+)*")
_CUT = re.compile("[\\x02\xad\ufffe\r\n-]")
# pdfium gives whole device units: fine ones.
_UNITS = 1_000_000


def find_boxes(octets: bytes, page: int, mots: Sequence[str]) -> Boxes:
    """The boxes of the words of `mots` (lower case, folded) on the 1-based `page`; never raises.

    Whole words only, by the letters-and-digits words of the index.
    """
    wanted = frozenset(mots)
    try:
        with open_pdf(octets) as document:
            if not 1 <= page <= count_pages(document):
                return Boxes(0, 0, (), "Cette page n’existe pas dans le document.")
            with open_page(document, page - 1) as opened, open_text(opened) as text:
                found = tuple(_find(opened, text, wanted))
                size = pdfium.FPDF_GetPageWidthF(opened), pdfium.FPDF_GetPageHeightF(opened)
                return Boxes(*size, found)
    except Protected:
        return Boxes(0, 0, (), "Le document est protégé par un mot de passe.")
    except Unreadable:
        return Boxes(0, 0, (), "Cette page n’a pas pu être lue.")


def _find(page: Any, text: Any, wanted: frozenset[str]) -> Iterator[Box]:
    count = pdfium.FPDFText_CountChars(text)
    signs = (pdfium.FPDFText_GetUnicode(text, index) for index in range(count))
    # One sign for each of pdfium's, so that positions are its own.
    whole = "".join(chr(sign) if 0 < sign < 0x110000 else " " for sign in signs)
    made = 0
    for word in _WORD.finditer(whole):
        mot = fold(_CUT.sub("", word.group()))
        if mot in wanted or any(part in wanted for part in _halves(word.group())):
            for box in _rectangles(page, text, word.start(), word.end() - word.start(), mot):
                yield box
                made += 1
                if made >= BOXES:
                    return


def _halves(word: str) -> list[str]:
    """The parts of a compound cut at its own hyphen (« Saint-Denis »): words of the index too."""
    parts = [part for part in _CUT.split(word) if part]
    return [fold(part) for part in parts] if len(parts) > 1 else []


def _rectangles(page: Any, text: Any, start: int, count: int, mot: str) -> Iterator[Box]:
    """One box a line for a run of signs; fractions of the page as shown, origin top left."""
    for index in range(min(pdfium.FPDFText_CountRects(text, start, count), 8)):
        sides = [ctypes.c_double() for _ in range(4)]
        if pdfium.FPDFText_GetRect(text, index, *sides):
            left, top, right, bottom = (side.value for side in sides)
            x1, y1 = _to_device(page, left, top)
            x2, y2 = _to_device(page, right, bottom)
            width, height = abs(x2 - x1), abs(y2 - y1)
            if 0 < width <= 1 and 0 < height <= 1:
                yield Box(min(x1, x2), min(y1, y2), width, height, mot)


def _to_device(page: Any, x: float, y: float) -> tuple[float, float]:
    """Pdfium applies the page's rotation and crop box."""
    device_x, device_y = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDF_PageToDevice(page, 0, 0, _UNITS, _UNITS, 0, x, y, device_x, device_y)
    return device_x.value / _UNITS, device_y.value / _UNITS
