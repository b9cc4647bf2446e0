"""pdfium, through the C functions of pypdfium2: documents, pages, their raw text. Child only.

The raw module is used rather than the classes above it: a child starts 70 ms sooner.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pypdfium2_raw as pdfium  # type: ignore[import-untyped]  # C functions, no types

_ERR_PASSWORD = 4
_ERR_SECURITY = 5
_TEXT, _PATH, _IMAGE, _SHADING, _FORM = 1, 2, 3, 4, 5
_SHORT_POINTER = ctypes.POINTER(ctypes.c_ushort)
_META = {
    b"Title": "titre",
    b"Author": "auteur",
    b"Subject": "sujet",
    b"Keywords": "mots_cles",
    b"Creator": "logiciel",
    b"Producer": "producteur",
    b"CreationDate": "cree_le",
    b"ModDate": "modifie_le",
}
# One buffer for nearly every page: making one costs more than reading a page's text.
_BUFFER_SIZE = 65_536
_BUFFER = ctypes.create_string_buffer(_BUFFER_SIZE)
_MANY_PATHS = 60
_OBJECTS_LOOKED_AT = 2000


class Unreadable(Exception):
    """pdfium cannot open these bytes, or finds no page in them."""


class Protected(Exception):
    """A password is needed."""


pdfium.FPDF_InitLibrary()


@contextmanager
def open_pdf(octets: bytes) -> Iterator[Any]:
    """A pdfium document handle; raises Protected or Unreadable. `octets` must outlive it."""
    document = pdfium.FPDF_LoadMemDocument64(octets, len(octets), None)
    if not document:
        if pdfium.FPDF_GetLastError() in (_ERR_PASSWORD, _ERR_SECURITY):
            raise Protected
        raise Unreadable
    try:
        if count_pages(document) < 1:
            raise Unreadable
        yield document
    finally:
        pdfium.FPDF_CloseDocument(document)


@contextmanager
def open_page(document: Any, index: int) -> Iterator[Any]:
    """The page at `index` (0-based); raises Unreadable when pdfium cannot load it."""
    page = pdfium.FPDF_LoadPage(document, index)
    if not page:
        raise Unreadable
    try:
        yield page
    finally:
        pdfium.FPDF_ClosePage(page)


@contextmanager
def open_text(page: Any) -> Iterator[Any]:
    """The text of a page; raises Unreadable."""
    text = pdfium.FPDFText_LoadPage(page)
    if not text:
        raise Unreadable
    try:
        yield text
    finally:
        pdfium.FPDFText_ClosePage(text)


def count_pages(document: Any) -> int:
    """How many pages the document says it has."""
    return int(pdfium.FPDF_GetPageCount(document))


def read_text(text: Any) -> str:
    """All the text of a page, as pdfium gives it (CRLF, U+FFFE at cut words)."""
    count = pdfium.FPDFText_CountChars(text)
    if count < 1:
        return ""
    # pdfium may insert signs that its count leaves out: room for twice as many.
    size = 4 * count + 4
    buffer = _BUFFER if size <= _BUFFER_SIZE else ctypes.create_string_buffer(size)
    written = pdfium.FPDFText_GetText(text, 0, count, ctypes.cast(buffer, _SHORT_POINTER))
    return ctypes.string_at(buffer, 2 * max(0, written - 1)).decode("utf-16-le", "replace")


def read_metadonnees(document: Any) -> dict[str, str]:
    """What the document's information dictionary says, empty entries left out."""
    found: dict[str, str] = {}
    for tag, name in _META.items():
        size = pdfium.FPDF_GetMetaText(document, tag, _BUFFER, 4096)
        if 2 < size <= 4096:
            text = ctypes.string_at(_BUFFER, size - 2).decode("utf-16-le", "replace")
            if value := text.strip():
                found[name] = value
    return found


def read_attachments(document: Any, limit: int, octets: int) -> list[tuple[str, bytes]]:
    """Name and bytes of at most `limit` embedded files of at most `octets` bytes each."""
    count = min(limit, int(pdfium.FPDFDoc_GetAttachmentCount(document)))
    found = []
    for index in range(count):
        attachment = pdfium.FPDFDoc_GetAttachment(document, index)
        if attachment:
            found.append((_read_name(attachment), _read_file(attachment, octets)))
    return found


def _read_name(attachment: Any) -> str:
    size = pdfium.FPDFAttachment_GetName(attachment, None, 0)
    if not 2 < size <= 2048:
        return ""
    buffer = ctypes.create_string_buffer(size)
    pdfium.FPDFAttachment_GetName(attachment, ctypes.cast(buffer, _SHORT_POINTER), size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace")


def _read_file(attachment: Any, octets: int) -> bytes:
    size = ctypes.c_ulong()
    if not pdfium.FPDFAttachment_GetFile(attachment, None, 0, size) or size.value > octets:
        return b""
    buffer = ctypes.create_string_buffer(size.value)
    pdfium.FPDFAttachment_GetFile(attachment, buffer, size.value, size)
    return buffer.raw


def shows_image(page: Any, part: float) -> bool:
    """Whether an image covers at least `part` of the page, or letters were drawn as lines."""
    area = pdfium.FPDF_GetPageWidthF(page) * pdfium.FPDF_GetPageHeightF(page)
    paths = 0
    for index in range(min(pdfium.FPDFPage_CountObjects(page), _OBJECTS_LOOKED_AT)):
        one = pdfium.FPDFPage_GetObject(page, index)
        kind = pdfium.FPDFPageObj_GetType(one)
        paths += kind == _PATH
        if kind in (_IMAGE, _FORM, _SHADING) and _covered(one) >= part * area:
            return True
    return paths >= _MANY_PATHS and part == 0


def _covered(one: Any) -> float:
    """The surface of an object's bounds, in square points."""
    sides = [ctypes.c_float() for _ in range(4)]
    if not pdfium.FPDFPageObj_GetBounds(one, *sides):
        return 0.0
    left, bottom, right, top = (side.value for side in sides)
    return max(0.0, right - left) * max(0.0, top - bottom)
