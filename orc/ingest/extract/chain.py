"""Which reader for which bytes, and what holds for all of them: limits, NIR, names. Child only."""

from dataclasses import replace

from orc.ingest.extract.clean import clean_text
from orc.ingest.extract.images import IMAGES, read_image
from orc.ingest.extract.nir import mask_nir
from orc.ingest.extract.pdf import read_pdf
from orc.ingest.extract.values import EtatTexte, Extraction, Limits, Partie
from orc.ingest.type_reel import (
    CSV,
    DOC,
    DOCX,
    HTML,
    MAIL,
    ODS,
    ODT,
    OFFICE_PROTEGE,
    OLE,
    PDF,
    PPT,
    PPTX,
    RTF,
    TEXTE,
    VIDE,
    XLS,
    XLSX,
    ZIP,
    find_type,
)

Attached = list[tuple[str, bytes]]

_METADATA = 60
_METADATA_LENGTH = 500
_PARTS = 20
_EXTENSIONS: dict[str, tuple[str, ...]] = {
    "pdf": (PDF,),
    "jpg": ("image/jpeg",),
    "jpeg": ("image/jpeg",),
    "png": ("image/png",),
    "tif": ("image/tiff",),
    "tiff": ("image/tiff",),
    "doc": (DOC, OFFICE_PROTEGE, OLE),
    "docx": (DOCX, OFFICE_PROTEGE),
    "xls": (XLS, OFFICE_PROTEGE, OLE),
    "xlsx": (XLSX, OFFICE_PROTEGE),
    "ppt": (PPT, OFFICE_PROTEGE, OLE),
    "pptx": (PPTX, OFFICE_PROTEGE),
    "odt": (ODT,),
    "ods": (ODS,),
    "rtf": (RTF,),
    "zip": (ZIP,),
    "htm": (HTML,),
    "html": (HTML,),
    "txt": (TEXTE, MAIL),
    "csv": (TEXTE, CSV),
    "eml": (MAIL, TEXTE),
}
_REFUSED = {
    ZIP: "Le fichier est une archive zip : son contenu n’est pas lu.",
    "application/gzip": "Le fichier est compressé une seconde fois (gzip) : il n’est pas lu.",
    "application/x-7z-compressed": "Le fichier est une archive 7z : son contenu n’est pas lu.",
    "application/vnd.rar": "Le fichier est une archive rar : son contenu n’est pas lu.",
    "application/pkcs7-mime": "Le fichier est une enveloppe signée (PKCS#7) : elle n’est pas lue.",
}
_UNKNOWN = "Le format du fichier n’est pas reconnu : son texte n’est pas lu."
_PROTECTED = "Le document est protégé par un mot de passe : son texte ne peut pas être lu."
_MEMORY = "La lecture du document demande plus de mémoire que la limite."


def extract(octets: bytes, nom: str, type_reel: str, limits: Limits) -> Extraction:
    """The Extraction of one document, masked and bounded. Raises only a library's panic."""
    type_reel = type_reel or find_type(octets)
    try:
        extraction, attached = _read(octets, type_reel, limits)
        parties = tuple(_read_part(name, raw, limits) for name, raw in attached[:_PARTS])
    except MemoryError:
        return Extraction(EtatTexte.MEMOIRE, _MEMORY, type_reel=type_reel)
    except RecursionError:
        motif = "Le document est trop emboîté pour être lu."
        return Extraction(EtatTexte.ILLISIBLE, motif, type_reel=type_reel)
    extraction = replace(extraction, parties=tuple(part for part in parties if part))
    return _mask(_bound(_note_name(extraction, nom), limits))


def _read(octets: bytes, type_reel: str, limits: Limits) -> tuple[Extraction, Attached]:
    """The readers, by true type. The heavy ones load their library when first needed."""
    if type_reel == PDF:
        return read_pdf(octets, limits)
    if type_reel in IMAGES:
        return read_image(octets, type_reel, limits), []
    if type_reel == VIDE:
        return Extraction(EtatTexte.VIDE, "Le fichier est vide.", type_reel=VIDE), []
    if type_reel == OFFICE_PROTEGE:
        return Extraction(EtatTexte.PROTEGE, _PROTECTED, type_reel=type_reel), []
    if type_reel.endswith("xml") and not type_reel.startswith("application/vnd."):
        from orc.ingest.extract.xml_text import read_xml  # noqa: PLC0415 - starts sooner without

        return read_xml(octets, type_reel, limits)
    return _read_rest(octets, type_reel, limits)


def _read_rest(octets: bytes, type_reel: str, limits: Limits) -> tuple[Extraction, Attached]:
    from orc.ingest.extract import office, plain  # noqa: PLC0415 - starts sooner without

    if type_reel in office.OFFICE:
        return office.read_office(octets, type_reel, limits), []
    if type_reel in {TEXTE, CSV}:
        return plain.read_plain(octets, type_reel), []
    if type_reel == HTML:
        return plain.read_html(octets), []
    if type_reel == MAIL:
        return plain.read_mail(octets)
    if type_reel == ZIP and (refused := office.refuse_zip(octets, ZIP, limits)):
        return refused, []
    motif = _REFUSED.get(type_reel, _UNKNOWN)
    return Extraction(EtatTexte.NON_PRIS_EN_CHARGE, motif, type_reel=type_reel), []


def _read_part(name: str, octets: bytes, limits: Limits) -> Partie | None:
    """An attached document, one level deep: what it carries in turn is not read."""
    if not octets:
        return None
    kind = find_type(octets)
    extraction, _ = _read(octets, kind, limits)
    return Partie(clean_text(name)[:200], kind, extraction.pages)


def _note_name(extraction: Extraction, nom: str) -> Extraction:
    """Say in the metadata that the name announces another format than the content's."""
    extension = nom.rpartition(".")[2].lower() if "." in nom else ""
    expected = _EXTENSIONS.get(extension)
    if not expected or extraction.type_reel in expected or extraction.type_reel == VIDE:
        return extraction
    said = f"Le nom annonce « .{extension} », le contenu est de type {extraction.type_reel}."
    return replace(extraction, metadonnees={**extraction.metadonnees, "extension": said})


def _bound(extraction: Extraction, limits: Limits) -> Extraction:
    """No more pages nor characters than the limits; what was cut is said by the state."""
    room = limits.caracteres
    pages, room, cut = _cut(extraction.pages[: limits.pages], room)
    cut = cut or len(extraction.pages) > limits.pages
    parties = []
    for part in extraction.parties:
        kept, room, part_cut = _cut(part.pages[: limits.pages], room)
        cut = cut or part_cut
        parties.append(replace(part, pages=kept))
    if not cut:
        return extraction
    motif = f"Le texte dépasse {limits.caracteres} signes ou {limits.pages} pages : il est coupé."
    etat, motif = EtatTexte.TROP_GRAND, extraction.motif or motif
    return replace(extraction, etat=etat, motif=motif, pages=pages, parties=tuple(parties))


def _cut(pages: tuple[str, ...], room: int) -> tuple[tuple[str, ...], int, bool]:
    kept: list[str] = []
    for page in pages:
        if room <= 0:
            return tuple(kept), 0, True
        kept.append(page[:room])
        room -= len(page)
    return tuple(kept), max(room, 0), room < 0


def _mask(extraction: Extraction) -> Extraction:
    """No NIR leaves a child, wherever it stood."""
    found = [mask_nir(page) for page in extraction.pages]
    parts = [
        replace(part, nom=mask_nir(part.nom)[0], pages=tuple(mask_nir(p)[0] for p in part.pages))
        for part in extraction.parties
    ]
    given = list(extraction.metadonnees.items())[:_METADATA]
    said = {key: mask_nir(clean_text(value[:_METADATA_LENGTH]))[0] for key, value in given}
    nir = extraction.nir or any(seen for _, seen in found) or parts != list(extraction.parties)
    pages = tuple(page for page, _ in found)
    return replace(extraction, pages=pages, metadonnees=said, parties=tuple(parts), nir=nir)
