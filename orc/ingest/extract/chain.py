"""Which reader for which bytes, and what holds for all of them: limits, NIR, names. Child only."""

from collections.abc import Iterable
from dataclasses import replace

from orc.ingest.extract.archives import ARCHIVES, BadArchive, open_archive
from orc.ingest.extract.clean import clean_text
from orc.ingest.extract.images import IMAGES, read_image
from orc.ingest.extract.joints import Allowance, Joint
from orc.ingest.extract.nir import mask_nir
from orc.ingest.extract.parts import Parts
from orc.ingest.extract.pdf import read_pdf
from orc.ingest.extract.values import EtatTexte, Extraction, Limits, Partie
from orc.ingest.type_reel import (
    CSV,
    DOC,
    DOCX,
    GZIP,
    HTML,
    MAIL,
    MSG,
    ODS,
    ODT,
    OFFICE_PROTEGE,
    OLE,
    PDF,
    PPT,
    PPTX,
    RTF,
    TAR,
    TEXTE,
    VIDE,
    XLS,
    XLSX,
    ZIP,
    find_type,
)

_METADATA = 60
_METADATA_LENGTH = 500
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
    "gz": (GZIP,),
    "tgz": (GZIP,),
    "tar": (TAR,),
    "msg": (MSG,),
    "htm": (HTML,),
    "html": (HTML,),
    "txt": (TEXTE, MAIL),
    "csv": (TEXTE, CSV),
    "eml": (MAIL, TEXTE),
}
_REFUSED = {
    "application/x-7z-compressed": "Le fichier est une archive 7z : son contenu n’est pas lu.",
    "application/vnd.rar": "Le fichier est une archive rar : son contenu n’est pas lu.",
    "application/pkcs7-mime": "Le fichier est une enveloppe signée (PKCS#7) : elle n’est pas lue.",
}
_UNKNOWN = "Le format du fichier n’est pas reconnu : son texte n’est pas lu."
_PROTECTED = "Le document est protégé par un mot de passe : son texte ne peut pas être lu."
_MEMORY = "La lecture du document demande plus de mémoire que la limite."


class Chain:
    """Reads documents one after the other; `harmed` once a library failed for good in a part."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.harmed = False

    def extract(self, octets: bytes, nom: str, type_reel: str) -> Extraction:
        """The Extraction of one document, masked and bounded. Raises only a library's panic."""
        type_reel = type_reel or find_type(octets)
        try:
            extraction = self._read_whole(octets, nom, type_reel)
        except MemoryError:
            return Extraction(EtatTexte.MEMOIRE, _MEMORY, type_reel=type_reel)
        except RecursionError:
            motif = "Le document est trop emboîté pour être lu."
            return Extraction(EtatTexte.ILLISIBLE, motif, type_reel=type_reel)
        except BadArchive as error:
            return Extraction(EtatTexte.ILLISIBLE, str(error), type_reel=type_reel)
        return _mask(_bound(_note_name(extraction, nom), self._limits))

    def extract_alone(self, octets: bytes, nom: str, type_reel: str) -> Extraction:
        """The Extraction of one document without what it carries, which killed another child."""
        allowance = Allowance(self._limits)
        extraction, _ = _read(octets, nom, type_reel, self._limits, allowance)
        return _mask(_bound(_note_name(extraction, nom), self._limits))

    def read_answer(self, answer: bytes, nom: str, type_reel: str) -> Extraction:
        """The Extraction that Tika's answer on a document gives, masked and bounded as all are."""
        from orc.ingest.extract import tika_answer  # noqa: PLC0415 - only where a Tika is used

        try:
            extraction = tika_answer.read_answer(answer, type_reel, self._limits)
        except tika_answer.BadAnswer as error:
            # No `extracteur`: Tika read nothing.
            return Extraction(EtatTexte.ILLISIBLE, f"La réponse de Tika est inutilisable : {error}")
        return _mask(_bound(_note_name(extraction, nom), self._limits))

    def _read_whole(self, octets: bytes, nom: str, type_reel: str) -> Extraction:
        """A document and the parts it carries."""
        limits, allowance = self._limits, Allowance(self._limits)

        def read(octets: bytes, nom: str, kind: str) -> tuple[Extraction, Iterable[Joint]]:
            return _read(octets, nom, kind, limits, allowance)

        extraction, joints = read(octets, nom, type_reel)
        parts = Parts(read, allowance)
        parties = parts.read(joints)
        self.harmed = self.harmed or parts.harmed
        if not parties and not parts.motif and type_reel not in ARCHIVES:
            return extraction
        return parts.conclude(extraction, parties)


def extract(octets: bytes, nom: str, type_reel: str, limits: Limits) -> Extraction:
    """The Extraction of one document, by a Chain of its own."""
    return Chain(limits).extract(octets, nom, type_reel)


def _read(
    octets: bytes, nom: str, type_reel: str, limits: Limits, allowance: Allowance
) -> tuple[Extraction, Iterable[Joint]]:
    """The readers, by true type. The heavy ones load their library when first needed."""
    if type_reel == PDF:
        extraction, attached = read_pdf(octets, limits)
        return extraction, [Joint(name, raw) for name, raw in attached if raw]
    if type_reel in IMAGES:
        return read_image(octets, type_reel, limits), ()
    if type_reel in ARCHIVES:
        name = nom.rpartition("/")[2]
        bare = Extraction(EtatTexte.EXTRAIT, type_reel=type_reel, extracteur="archive")
        return bare, open_archive(octets, type_reel, name, allowance)
    if type_reel.endswith("xml") and not type_reel.startswith("application/vnd."):
        from orc.ingest.extract.xml_text import read_xml  # noqa: PLC0415 - starts sooner without

        extraction, attached = read_xml(octets, type_reel, limits)
        return extraction, [Joint(name, raw) for name, raw in attached]
    return _read_rest(octets, type_reel, limits)


def _read_rest(octets: bytes, type_reel: str, limits: Limits) -> tuple[Extraction, Iterable[Joint]]:
    from orc.ingest.extract import msg, office, plain  # noqa: PLC0415 - starts sooner without

    if type_reel == MAIL:
        return plain.read_mail(octets)
    if type_reel == MSG:
        return msg.read_msg(octets)
    if type_reel in office.OFFICE:
        return office.read_office(octets, type_reel, limits), ()
    if type_reel in {TEXTE, CSV}:
        return plain.read_plain(octets, type_reel), ()
    if type_reel == HTML:
        return plain.read_html(octets), ()
    return _refuse(type_reel), ()


def _refuse(type_reel: str) -> Extraction:
    if type_reel == VIDE:
        return Extraction(EtatTexte.VIDE, "Le fichier est vide.", type_reel=VIDE)
    if type_reel == OFFICE_PROTEGE:
        return Extraction(EtatTexte.PROTEGE, _PROTECTED, type_reel=type_reel)
    motif = _REFUSED.get(type_reel, _UNKNOWN)
    return Extraction(EtatTexte.NON_PRIS_EN_CHARGE, motif, type_reel=type_reel)


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
    signs, numbers = limits.caracteres, limits.pages
    pages, signs, cut = _cut(extraction.pages[:numbers], signs)
    cut = cut or len(extraction.pages) > numbers
    parties: list[Partie] = []
    for part in extraction.parties:
        numbers = max(0, numbers - len(pages if not parties else parties[-1].pages))
        kept, signs, part_cut = _cut(part.pages[:numbers], signs)
        cut = cut or part_cut or len(part.pages) > numbers
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
        replace(
            part,
            nom=mask_nir(part.nom)[0],
            pages=tuple(mask_nir(p)[0] for p in part.pages),
            motif=mask_nir(part.motif)[0],
        )
        for part in extraction.parties
    ]
    given = list(extraction.metadonnees.items())[:_METADATA]
    said = {key: mask_nir(clean_text(value[:_METADATA_LENGTH]))[0] for key, value in given}
    nir = extraction.nir or any(seen for _, seen in found) or parts != list(extraction.parties)
    pages = tuple(page for page, _ in found)
    return replace(extraction, pages=pages, metadonnees=said, parties=tuple(parts), nir=nir)
