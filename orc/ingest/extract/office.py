"""Office files, by kreuzberg, after checks of their zip. Child only, and never a PDF."""

import io
import re
import zipfile
from typing import Any

from orc.ingest.extract.clean import clean_text, has_text
from orc.ingest.extract.values import EtatTexte, Extraction, Limits
from orc.ingest.type_reel import DOC, DOCX, ODP, ODS, ODT, PPT, PPTX, RTF, XLS, XLSX

OFFICE = frozenset({DOC, DOCX, ODP, ODS, ODT, PPT, PPTX, RTF, XLS, XLSX})
_ZIPPED = frozenset({DOCX, ODP, ODS, ODT, PPTX, XLSX})
_SHEETS = frozenset({ODS, XLS, XLSX})
_MEMBERS = 20_000
_RATIO = 200
_SMALL = 50 * 1024 * 1024
_META = {
    "title": "titre",
    "subject": "sujet",
    "created_by": "auteur",
    "created_at": "cree_le",
    "modified_at": "modifie_le",
    "application": "logiciel",
    "generator": "logiciel",
}
_PROTECTED = "Le document est protégé par un mot de passe : son texte ne peut pas être lu."
_ENCRYPTED = re.compile(r"encrypt|password|protected", re.I)


def read_office(octets: bytes, type_reel: str, limits: Limits) -> Extraction:
    """The text of a word processor, spreadsheet or presentation file, a page per sheet if it has.

    Lets kreuzberg's panics (BaseException) through: the child that saw one must be replaced.
    """
    if type_reel in _ZIPPED and (refused := refuse_zip(octets, type_reel, limits)):
        return refused
    import kreuzberg  # noqa: PLC0415 - 125 MB of address space that only office files need

    config = kreuzberg.ExtractionConfig(  # type: ignore[call-arg]  # its stubs forget disable_ocr
        use_cache=False,
        disable_ocr=True,
        enable_quality_processing=False,
        output_format="plain",
        pages=kreuzberg.PageConfig(extract_pages=True),
    )
    try:
        result = kreuzberg.extract_bytes_sync(octets, type_reel, config)
    except kreuzberg.KreuzbergError as error:
        return _explain(str(error), type_reel)
    pages = _cut(_make_pages(result, type_reel), limits)
    if not has_text(pages):
        motif = "Le document ne contient pas de texte."
        return Extraction(EtatTexte.SANS_TEXTE, motif, (), type_reel, "kreuzberg")
    metadonnees = _read_metadonnees(dict(result.metadata))
    return Extraction(EtatTexte.EXTRAIT, "", pages, type_reel, "kreuzberg", (), metadonnees)


def refuse_zip(octets: bytes, type_reel: str, limits: Limits) -> Extraction | None:
    """An extraction that says why this zip must not be opened, or None when it may be.

    Sizes come from the central directory; a member that lies about its own stops the reader later.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            members = archive.infolist()
            if any(member.flag_bits & 1 for member in members) or _is_odf_encrypted(archive):
                return Extraction(EtatTexte.PROTEGE, _PROTECTED, (), type_reel)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError) as error:
        motif = f"Le fichier est abîmé : son archive zip ne s’ouvre pas ({error})."
        return Extraction(EtatTexte.ILLISIBLE, motif, (), type_reel)
    unpacked = sum(member.file_size for member in members)
    bomb = unpacked > _SMALL and unpacked > _RATIO * len(octets)
    if len(members) > _MEMBERS or unpacked > limits.octets_decompresses or bomb:
        mo = unpacked // 1_000_000
        motif = f"Une fois décompressé le fichier ferait {mo} Mo : il n’a pas été ouvert."
        return Extraction(EtatTexte.TROP_GRAND, motif, (), type_reel)
    return None


def _is_odf_encrypted(archive: zipfile.ZipFile) -> bool:
    name = "META-INF/manifest.xml"
    if name not in archive.namelist() or archive.getinfo(name).file_size > 4_000_000:
        return False
    return b"encryption-data" in archive.read(name)


def _explain(error: str, type_reel: str) -> Extraction:
    if _ENCRYPTED.search(error):
        return Extraction(EtatTexte.PROTEGE, _PROTECTED, (), type_reel, "kreuzberg")
    motif = "Le fichier est abîmé ou n’est pas conforme à son format : il n’a pas pu être lu."
    said = {"erreur": error[:300]}
    return Extraction(EtatTexte.ILLISIBLE, motif, (), type_reel, "kreuzberg", (), said)


def _make_pages(result: Any, type_reel: str) -> list[str]:
    found = result.pages or []
    if type_reel in _SHEETS and found:
        names = dict(result.metadata).get("sheet_names") or []
        sheets = [_make_sheet(page, names) for page in found]
        if any(sheets):
            return sheets
    pages = [str(page["content"]) for page in found]
    return pages if any(pages) else [str(result.content)]


def _make_sheet(page: Any, names: list[str]) -> str:
    number = int(page["page_number"])
    rows = [[str(names[number - 1])]] if 0 < number <= len(names) else []
    for table in page["tables"]:
        rows += table.cells
    lines = (" ".join(str(cell).strip() for cell in row if str(cell).strip()) for row in rows)
    return "\n".join(line for line in lines if line)


def _cut(pages: list[str], limits: Limits) -> tuple[str, ...]:
    """Clean pages; what passes the limits is seen (and said) by the caller."""
    return tuple(clean_text(page) for page in pages[: limits.pages + 1])


def _read_metadonnees(found: dict[str, Any]) -> dict[str, str]:
    return {name: str(found[key]) for key, name in _META.items() if found.get(key)}
