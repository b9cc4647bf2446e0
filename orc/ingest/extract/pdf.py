"""The text of a PDF: pdfium, else repaired by pikepdf, else pypdf, else a reason. Child only."""

import io
import re
from collections.abc import Iterator
from typing import Any

from orc.ingest.extract.clean import bad_ratio, clean_and_rate, clean_text, count_readable, has_text
from orc.ingest.extract.pdf_pages import (
    Protected,
    Unreadable,
    count_pages,
    open_page,
    open_pdf,
    open_text,
    read_attachments,
    read_metadonnees,
    read_text,
    shows_image,
)
from orc.ingest.extract.values import EtatTexte, Extraction, Limits
from orc.ingest.type_reel import PDF

# Fewer letters and digits than this, with an image on the page: it is a scan.
FEW = 24
# A stamp (« Envoyé en préfecture le… ») over a scan that covers half of the page is no text either.
STAMP = 260
_UNUSABLE = 0.2
_ATTACHMENTS = 50
_PDF_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?")
_PROTECTED = "Le document est protégé par un mot de passe : son texte ne peut pas être lu."

Attached = list[tuple[str, bytes]]


def read_pdf(octets: bytes, limits: Limits) -> tuple[Extraction, Attached]:
    """The extraction of a PDF and the raw files attached to it; never raises but MemoryError."""
    try:
        return _read_opened(octets, limits, "pypdfium2")
    except Protected:
        return Extraction(EtatTexte.PROTEGE, _PROTECTED, type_reel=PDF, extracteur="pypdfium2"), []
    except Unreadable:
        return _read_repaired(octets, limits)


def _read_repaired(octets: bytes, limits: Limits) -> tuple[Extraction, Attached]:
    import pikepdf  # noqa: PLC0415 - heavy, and few documents need it

    repaired = io.BytesIO()
    try:
        with pikepdf.open(io.BytesIO(octets)) as document:
            document.save(repaired)
        return _read_opened(repaired.getvalue(), limits, "pikepdf+pypdfium2")
    except (pikepdf.PasswordError, Protected):
        return Extraction(EtatTexte.PROTEGE, _PROTECTED, type_reel=PDF, extracteur="pikepdf"), []
    except (pikepdf.PdfError, Unreadable, ValueError, RuntimeError, OSError, KeyError):
        return _read_by_pypdf(octets, limits), []


def _read_by_pypdf(octets: bytes, limits: Limits) -> Extraction:
    """The last chance: pypdf reads some files that neither pdfium nor qpdf can."""
    pages = [clean_text(text) for text in _pypdf_pages(octets, limits)]
    if not has_text(pages):
        motif = "Le PDF est abîmé : ni pdfium, ni sa réparation, ni pypdf n’ont pu l’ouvrir."
        return Extraction(EtatTexte.ILLISIBLE, motif, type_reel=PDF, extracteur="pypdf")
    motif = "Le PDF est abîmé : son texte a été lu par le dernier recours (pypdf)."
    return Extraction(EtatTexte.EXTRAIT, motif, tuple(pages), PDF, "pypdf")


def _pypdf_pages(octets: bytes, limits: Limits) -> Iterator[str]:
    """The pages as pypdf reads them, up to the first it cannot."""
    import pypdf  # noqa: PLC0415 - heavy, and few documents need it

    try:
        reader = pypdf.PdfReader(io.BytesIO(octets))
        for index in range(min(len(reader.pages), limits.pages)):
            yield reader.pages[index].extract_text()
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - pypdf raises anything on a broken file
        return


def _read_opened(octets: bytes, limits: Limits, extracteur: str) -> tuple[Extraction, Attached]:
    with open_pdf(octets) as document:
        total = count_pages(document)
        pages, scans, doubtful = _read_pages(document, min(total, limits.pages), limits)
        if doubtful:
            _ask_second_opinion(octets, limits, pages, scans, doubtful)
            extracteur += "+pypdf"
        found = read_metadonnees(document)
        attached = read_attachments(document, _ATTACHMENTS, limits.octets)
    metadonnees = {name: _readable_date(value) for name, value in found.items()}
    metadonnees["pages"] = str(total)
    etat, motif = _decide_state(pages, scans, total)
    if extracteur.startswith("pikepdf") and not motif:
        motif = "Le PDF est abîmé : il a été réparé avant la lecture."
    given = tuple(pages) if any(pages) else ()
    extraction = Extraction(etat, motif, given, PDF, extracteur, tuple(scans), metadonnees)
    return extraction, attached


def _read_pages(
    document: Any, count: int, limits: Limits
) -> tuple[list[str], list[int], list[int]]:
    """Text of each page, the numbers of those to OCR, the numbers of those pdfium garbles."""
    pages: list[str] = []
    scans: list[int] = []
    doubtful: list[int] = []
    room = limits.caracteres
    for number in range(1, count + 1):
        text, scan, bad = _read_page(document, number - 1)
        if scan:
            scans.append(number)
        if bad:
            doubtful.append(number)
        pages.append(text)
        room -= len(text)
        if room < 0:
            break
    return pages, scans, doubtful


def _read_page(document: Any, index: int) -> tuple[str, bool, bool]:
    try:
        with open_page(document, index) as page:
            with open_text(page) as text:
                raw = read_text(text)
            cleaned, bad = clean_and_rate(raw)
            return cleaned, _is_scan(page, cleaned), bad > _UNUSABLE
    except Unreadable:
        return "", True, False


def _is_scan(page: Any, text: str) -> bool:
    if len(text) > 4 * STAMP:
        return False
    readable = count_readable(text)
    if readable < FEW:
        return shows_image(page, 0)
    return readable < STAMP and shows_image(page, 0.5)


def _ask_second_opinion(
    octets: bytes, limits: Limits, pages: list[str], scans: list[int], doubtful: list[int]
) -> None:
    """Put pypdf's text where pdfium's is unusable and pypdf's is not; else the page is to OCR."""
    others = list(_pypdf_pages(octets, limits))
    for number in doubtful:
        other = others[number - 1] if number <= len(others) else ""
        if count_readable(other) >= FEW and bad_ratio(other) <= _UNUSABLE:
            pages[number - 1] = clean_text(other)
        else:
            pages[number - 1] = ""
            if number not in scans:
                scans.append(number)
    scans.sort()


def _decide_state(pages: list[str], scans: list[int], total: int) -> tuple[EtatTexte, str]:
    if len(pages) < total:
        read = f"Le document a {total} pages : seules les {len(pages)} premières ont été lues."
        return EtatTexte.TROP_GRAND, read
    if not scans:
        if has_text(pages):
            return EtatTexte.EXTRAIT, ""
        return EtatTexte.SANS_TEXTE, "Le document ne contient ni texte ni image."
    if len(scans) == total:
        return EtatTexte.A_OCERISER, "Le document est numérisé : son texte attend l’OCR."
    return EtatTexte.EXTRAIT, f"{len(scans)} page(s) sur {total} attendent l’OCR."


def _readable_date(value: str) -> str:
    found = _PDF_DATE.match(value)
    if not found:
        return value
    year, month, day, hour, minute = (part or "01" for part in found.groups())
    if not found[3]:
        return f"{year}-{month}-{day}" if found[2] else year
    return f"{year}-{month}-{day} {hour}:{minute}" if found[5] else f"{year}-{month}-{day}"
