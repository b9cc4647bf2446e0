"""What Tika answered becomes an Extraction: its JSON and XHTML are read as hostile. Child only."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from xml.parsers import expat

from orc.ingest.extract.archives import ARCHIVES
from orc.ingest.extract.clean import clean_text, has_text
from orc.ingest.extract.joints import SEPARATOR, clean_name
from orc.ingest.extract.parts import SCANNED, conclude
from orc.ingest.extract.plain import HIDDEN, INLINE
from orc.ingest.extract.values import EtatTexte, Extraction, Limits, Partie
from orc.ingest.type_reel import HTML, INCONNU, MAIL, OLE, PDF, ZIP

_TIKA = "X-TIKA:"
_FAULTS = ("container_exception", "embedded_exception", "embedded_stream_exception", "runtime")
# Blocks that start a page: of a PDF, of a spreadsheet, of a presentation.
_PAGES = frozenset({"page", "sheet", "slide-content"})
# What Tika writes where an embedded document stands: it comes apart.
_NAMES = frozenset({"embedded", "package-entry"})
_HEADERS = (
    ("dc:subject", "Objet"),
    ("Message-From", "De"),
    ("Message-To", "À"),
    ("Message-Cc", "Copie"),
    ("dcterms:created", "Date"),
)
_META = {
    "dc:title": "titre",
    "dc:subject": "sujet",
    "dc:creator": "auteur",
    "dcterms:created": "cree_le",
    "dcterms:modified": "modifie_le",
    "extended-properties:Application": "logiciel",
    "generator": "logiciel",
}
_SKIPPED = frozenset({"THUMBNAIL", "MACRO", "METADATA", "RENDERING"})
_TYPES = {
    "application/xhtml+xml": HTML,
    "application/x-rfc822": MAIL,
    "application/x-tika-msoffice": "application/x-ole-storage",
}
# Types that Tika may know better, by the whole of the file.
_VAGUE = frozenset({INCONNU, OLE, ZIP})
_PROTECTED = "Le document est protégé par un mot de passe : son texte ne peut pas être lu."
_BROKEN = "Le document est abîmé ou n’est pas conforme à son format : Tika n’a pas pu le lire."
_PARTLY = "Le document est abîmé : Tika n’en a lu qu’une partie."
_EMPTY = "Le document ne contient pas de texte."
_UNKNOWN = "Le format du fichier n’est pas reconnu, même par Tika : son texte n’est pas lu."
_CUT = "Le texte dépasse la limite donnée à Tika : il est coupé."
_MANY = "Le document contient trop de documents joints : la suite n’a pas été lue."


class BadAnswer(ValueError):
    """Tika did not answer what /rmeta/xml answers."""


def read_answer(octets: bytes, type_reel: str, limits: Limits) -> Extraction:
    """The Extraction of one document out of the answer of /rmeta/xml; raises BadAnswer."""
    documents = _load(octets)
    own = documents[0]
    names = {d.ids: d.name for d in documents}
    extraction = _read_own(own, type_reel, limits)
    rest = sorted((d for d in documents[1:] if d.ids), key=lambda d: d.ids)
    parties = tuple(_read_parts(rest, names, limits))
    if parties and extraction.etat is EtatTexte.SANS_TEXTE:
        # What carries others is said by them.
        extraction = replace(extraction, motif="")
    made = conclude(extraction, parties)
    if _said(own.given, "EXCEPTION:write_limit_reached") or _was_cut(documents):
        return replace(made, etat=EtatTexte.TROP_GRAND, motif=_CUT)
    if _said(own.given, "EXCEPTION:embedded_resource_limit_reached"):
        return replace(made, etat=EtatTexte.TROP_GRAND, motif=_MANY)
    return made


class _Document:
    """One object of the answer, its odd shapes straightened."""

    __slots__ = ("given", "ids", "kind", "name", "text")

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        self.text = _text(given, "X-TIKA:content")
        self.name = _text(given, "resourceName")[:500]
        self.ids = tuple(
            int(part)
            for part in _text(given, "X-TIKA:embedded_id_path").split("/")
            if part.isdecimal() and len(part) < 9
        )
        bare = _text(given, "Content-Type").partition(";")[0].strip().lower()
        self.kind = _TYPES.get(bare, bare)[:100] or INCONNU

    @property
    def fault(self) -> str:
        """The first line of what went wrong, never shown; "" where nothing did."""
        found = (_text(self.given, f"{_TIKA}EXCEPTION:{name}") for name in _FAULTS)
        return next(filter(None, found), "").partition("\n")[0][:500]


def _load(octets: bytes) -> list[_Document]:
    try:
        found = json.loads(octets)
    except (ValueError, RecursionError) as error:
        raise BadAnswer("elle n’est pas lisible") from error
    if not isinstance(found, list) or not found or not all(isinstance(d, dict) for d in found):
        raise BadAnswer("elle n’est pas de la forme attendue")
    return [_Document(given) for given in found]


def _read_own(own: _Document, type_reel: str, limits: Limits) -> Extraction:
    pages = () if own.kind in ARCHIVES else tuple(_read_pages(own, limits))
    etat, motif = _decide(own, pages)
    said = {name: _text(own.given, key) for key, name in _META.items() if _text(own.given, key)}
    kind = own.kind if type_reel in _VAGUE else type_reel
    given = pages if has_text(pages) else ()
    return Extraction(etat, motif, given, kind, "tika", (), said)


def _decide(document: _Document, pages: tuple[str, ...]) -> tuple[EtatTexte, str]:
    """The state of one document and its reason."""
    fault = document.fault
    if "Encrypted" in fault and not has_text(pages):
        return EtatTexte.PROTEGE, _PROTECTED
    # A limit that was reached is said as a fault by some versions: it is none of the document's.
    if fault and "write_limit" not in fault:
        partly = has_text(pages)
        return (EtatTexte.EXTRAIT, _PARTLY) if partly else (EtatTexte.ILLISIBLE, _BROKEN)
    if has_text(pages) or document.kind in ARCHIVES:
        return EtatTexte.EXTRAIT, ""
    if "EmptyParser" in str(document.given.get("X-TIKA:Parsed-By")):
        return EtatTexte.NON_PRIS_EN_CHARGE, _UNKNOWN
    if document.kind == PDF or document.kind.startswith("image/"):
        return EtatTexte.A_OCERISER, SCANNED
    return EtatTexte.SANS_TEXTE, _EMPTY


def _read_parts(
    documents: list[_Document], names: dict[tuple[int, ...], str], limits: Limits
) -> Iterator[Partie]:
    """Every embedded document worth naming, in the order of the document, parents first."""
    skipped: set[tuple[int, ...]] = set()
    carriers = {document.ids[:-1] for document in documents}
    for document in documents:
        if _is_skipped(document) or document.ids[:-1] in skipped:
            skipped.add(document.ids)
            continue
        pages = tuple(_read_pages(document, limits)) if document.kind not in ARCHIVES else ()
        etat, motif = _decide(document, pages)
        carrier = document.kind in ARCHIVES or document.ids in carriers
        if carrier and not has_text(pages) and not document.fault:
            continue
        path = (names.get(document.ids[:n], "") for n in range(1, len(document.ids)))
        label = [clean_name(name) for name in path if name]
        label.append(clean_name(document.name, document.ids[-1]))
        kept = pages if has_text(pages) else ()
        yield Partie(SEPARATOR.join(label), document.kind, kept, etat, motif)


def _is_skipped(document: _Document) -> bool:
    """A thumbnail, a macro, or a picture inside a document: nobody looks for them by their text."""
    role = _text(document.given, "embeddedResourceType")
    inline = role == "INLINE" and document.kind.startswith("image/")
    return role in _SKIPPED or inline


def _was_cut(documents: list[_Document]) -> bool:
    return any(
        _said(d.given, "EXCEPTION:write_limit_reached") or "write_limit" in d.fault
        for d in documents
    )


def _said(given: dict[str, Any], name: str) -> bool:
    return _text(given, _TIKA + name).lower() == "true"


def _text(given: dict[str, Any], key: str) -> str:
    """A value as text: Tika gives a list where there are several, of which the first."""
    value = given.get(key)
    if isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, str) else ""


def _read_pages(document: _Document, limits: Limits) -> Iterator[str]:
    reader = _Xhtml(limits.pages + 1)
    reader.read(document.text)
    pages = [clean_text(_tidy("".join(page))) for page in reader.pages]
    if document.kind == MAIL:
        lines = [f"{label} : {value}" for label, value in _find_headers(document.given)]
        pages[0] = clean_text("\n".join([*lines, pages[0]]))
    yield from pages


def _find_headers(given: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, label in _HEADERS:
        value = given.get(key)
        values = value if isinstance(value, list) else [value]
        if said := ", ".join(v for v in values[:50] if isinstance(v, str) and v):
            yield label, " ".join(said.split())


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


class _Xhtml:
    """The text of Tika's XHTML, a line a block, a page where one starts. No DTD, no entity."""

    def __init__(self, most: int) -> None:
        self.pages: list[list[str]] = [[]]
        self._most = most
        self._hidden = 0
        self._named = 0
        self._started = False

    def read(self, xhtml: str) -> None:
        """Read as far as it is well formed: what comes after a fault is lost, not the rest."""
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._add
        try:
            parser.Parse(xhtml.encode("utf-8", "replace"), True)  # noqa: FBT003 - expat's own
        except (expat.ExpatError, _Refused):
            return

    def _refuse(self, *_: object) -> None:
        raise _Refused

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._hidden or tag in HIDDEN or tag == "head":
            self._hidden += 1
            return
        classes = attributes.get("class", "").split()
        if self._named or (tag == "div" and not _NAMES.isdisjoint(classes)):
            self._named += 1
            return
        if tag == "div" and not _PAGES.isdisjoint(classes):
            self._turn()
        self._break(tag)

    def _turn(self) -> None:
        """A new page, unless nothing was written before the first one."""
        written = self._started or any(text.strip() for text in self.pages[-1])
        if written and len(self.pages) < self._most:
            self.pages.append([])
        self._started = True

    def _end(self, tag: str) -> None:
        if self._hidden:
            self._hidden -= 1
        elif self._named:
            self._named -= 1
        else:
            self._break(tag)

    def _add(self, text: str) -> None:
        if not self._hidden and not self._named:
            self.pages[-1].append(text)

    def _break(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self.pages[-1].append(" ")
        elif tag not in INLINE:
            self.pages[-1].append("\n")


class _Refused(Exception):
    """The XHTML declares what Tika's never does."""
