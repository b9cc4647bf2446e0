"""Any XML as lines « Libellé : valeur » a person reads: paie, invoices, aide sociale. Child only.

expat alone, streaming: no DTD, no entity, bounded depth. The NIR is masked by its place here.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from xml.parsers import expat

from orc.ingest.extract.clean import clean_text, has_text
from orc.ingest.extract.labels import make_label, split_name
from orc.ingest.extract.nir import MASK
from orc.ingest.extract.values import EtatTexte, Extraction, Limits

DEPTH = 200
# One page for each payslip, each invoice of a set: a hit then says which one.
_PAGES = frozenset({"PayeIndivMensuel", "FactureIndiv", "CPPFactureMixteUnitaire"})
_NIR_NUMBERS = frozenset({"num", "numero", "no", "code", "id"})
_NIR_WORDS = frozenset({"secu", "securite", "ss", "insee"})
_ATTRIBUTES_LEFT_OUT = frozenset({"schemeID", "format", "listID", "schemaLocation", "listAgencyID"})
_UNITS = frozenset({"currencyID", "unitCode"})
_AMOUNTS = frozenset({"mt", "montant", "amount", "total", "base", "debit", "credit"})
_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T[\d:.]+Z?)?")
_DECIMAL = re.compile(r"-?\d+\.\d+")
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{400,}={0,2}\s*")
_C1 = bytes(set(range(256)) - set(range(0x80, 0xA0)))
_LATIN1 = re.compile(rb"<\?xml[^>]{0,100}encoding=[\"']iso-8859-1[\"']", re.I)
_ATTACHED = 20
_LINE = 160


class _Refused(Exception):
    """What this reader will not read on principle, in French."""


class _Full(Exception):
    """The limit of pages or characters is reached."""


@dataclass(slots=True)
class _Element:
    name: str
    label: str
    text: list[str] = field(default_factory=list)
    unit: str = ""
    leaves: list[tuple[str, str, str]] = field(default_factory=list)
    has_children: bool = False
    announced: bool = False
    filename: str = ""


class _Writer:
    """Listens to expat and writes pages of lines."""

    def __init__(self, limits: Limits) -> None:
        self.pages: list[list[str]] = [[]]
        self.open: list[_Element] = []
        self.attached: list[tuple[str, bytes]] = []
        self.nir = False
        self._limits = limits
        self._written = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.open) >= DEPTH:
            raise _Refused("il emboîte trop de niveaux")
        local = name.rpartition(":")[2]
        if self.open:
            self.open[-1].has_children = True
        if local in _PAGES:
            for element in self.open:
                self._flush(element, closing=False)
            self._start_page()
        element = _Element(local, make_label(local))
        for key, value in attributes.items():
            self._read_attribute(element, key.rpartition(":")[2], value, key)
        self.open.append(element)

    def _read_attribute(self, element: _Element, local: str, value: str, key: str) -> None:
        if local == "V":
            element.text.append(value)
        elif local in _UNITS:
            element.unit = "" if value == "C62" else value
        elif local in {"filename", "fileName"}:
            element.filename = value
        elif not key.startswith(("xmlns", "xsi:")) and local not in _ATTRIBUTES_LEFT_OUT:
            element.leaves.append((local, make_label(local), value.strip()))

    def data(self, text: str) -> None:
        if self.open:
            self.open[-1].text.append(text)

    def end(self, _name: str) -> None:
        element = self.open.pop()
        value = "".join(element.text).strip()
        if len(value) >= 400 and _BASE64.fullmatch(value):
            value = self._attach(element, value)
        if element.has_children or element.leaves:
            if value:
                element.leaves.append((element.name, "Texte", value))
            self._flush(element, closing=True)
            if element.name in _PAGES:
                self._start_page()
            return
        if value:
            value = f"{_readable(value, element.name)} {element.unit}".strip()
            if self.open:
                self.open[-1].leaves.append((element.name, element.label, value))
            else:
                self._write(f"{element.label} : {value}")

    def _attach(self, element: _Element, value: str) -> str:
        """Keep a file carried in base64 apart; its text would only be noise here."""
        name = element.filename
        if not name and self.open:
            names = [kept for tag, _, kept in self.open[-1].leaves if tag.startswith("Nom")]
            name = names[-1] if names else ""
        try:
            octets = base64.b64decode("".join(value.split()), validate=True)
        except (binascii.Error, ValueError):
            return "(contenu binaire)"
        if len(self.attached) < _ATTACHED:
            self.attached.append((name, octets))
        return f"(fichier joint {name})" if name else "(fichier joint)"

    def _flush(self, element: _Element, *, closing: bool) -> None:
        """Write what an element holds so far: on one line when it is short, else a line each."""
        leaves = self._mask(element.leaves)
        texts = [f"{label} : {value}" for _, label, value in leaves if value]
        line = " · ".join(texts)
        if closing and texts and not element.announced and len(line) < _LINE:
            self._announce(element, "")
            self._write(f"{element.label} — {line}")
        elif texts:
            self._announce(element, element.label)
            for text in texts:
                self._write(text)
        element.leaves = []

    def _announce(self, element: _Element, title: str) -> None:
        """The titles of the elements around, then the element's own, once each."""
        for parent in self.open:
            if parent is element:
                break
            if not parent.announced:
                parent.announced = True
                waiting, parent.leaves = self._mask(parent.leaves), []
                self._write(parent.label)
                for _, label, value in waiting:
                    self._write(f"{label} : {value}")
        if title and not element.announced:
            self._write(title)
        element.announced = True

    def _mask(self, leaves: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
        """NIR by place: an element named for it, or a tiers' identifier said to be one (04)."""
        is_nir = any(tag == "NatIdTiers" and value == "04" for tag, _, value in leaves)
        given = []
        for tag, label, value in leaves:
            if _names_nir(tag) or (is_nir and tag == "IdTiers"):
                self.nir = True
                given.append((tag, label, MASK))
            else:
                given.append((tag, label, value))
        return given

    def _write(self, line: str) -> None:
        self._written += len(line) + 1
        if self._written > self._limits.caracteres:
            raise _Full
        self.pages[-1].append(line)

    def _start_page(self) -> None:
        if not self.pages[-1]:
            return
        if len(self.pages) >= self._limits.pages:
            raise _Full
        self.pages.append([])


def read_xml(
    octets: bytes, type_reel: str, limits: Limits
) -> tuple[Extraction, list[tuple[str, bytes]]]:
    """The text of an XML document and the files it carries in base64; never raises.

    A document cut short gives what stands before the cut, and says so with line and column.
    """
    writer, fault = _parse(octets, limits, None)
    if fault and "line" in fault and not _is_utf8(octets):
        writer, fault = _parse(octets, limits, "windows-1252")
    pages = tuple(clean_text("\n".join(page)) for page in writer.pages if page)
    etat, motif = _decide_state(pages, fault)
    metadonnees = {"pages": str(len(pages))} if len(pages) > 1 else {}
    extraction = Extraction(etat, motif, pages, type_reel, "expat", (), metadonnees, (), writer.nir)
    return extraction, writer.attached


def _parse(octets: bytes, limits: Limits, encoding: str | None) -> tuple[_Writer, str]:
    """What was written, and the fault that stopped it (French) or ""."""
    # Bytes 0x80 to 0x9F under a declared ISO-8859-1 are cp1252 in truth (€, œ, ’).
    if encoding is None and _LATIN1.match(octets[:200]) and octets.translate(None, _C1):
        encoding = "windows-1252"
    writer = _Writer(limits)
    try:
        parser = expat.ParserCreate(encoding)
        parser.buffer_text = True
        parser.StartElementHandler = writer.start
        parser.EndElementHandler = writer.end
        parser.CharacterDataHandler = writer.data
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.Parse(octets, True)  # noqa: FBT003 - expat's own signature
    except expat.ExpatError as error:
        place = f"line {error.lineno}, column {error.offset}"
        _close(writer)
        return writer, place
    except (_Refused, _Full, ValueError, LookupError) as error:
        return writer, "plein" if isinstance(error, _Full) else str(error)
    return writer, ""


def _close(writer: _Writer) -> None:
    """Write what the open elements hold when the document stops short."""
    try:
        while writer.open:
            writer.end("")
    except _Full:
        return


def _refuse_doctype(*_: object) -> None:
    raise _Refused("il déclare une DTD, ce qui est refusé")


def _decide_state(pages: tuple[str, ...], fault: str) -> tuple[EtatTexte, str]:
    if not fault:
        if has_text(pages):
            return EtatTexte.EXTRAIT, ""
        return EtatTexte.SANS_TEXTE, "Le document ne contient pas de texte."
    if fault == "plein":
        return EtatTexte.TROP_GRAND, "Le document est très long : seul son début a été lu."
    if fault.startswith("line"):
        place = fault.replace("line", "ligne").replace("column", "colonne")
        if has_text(pages):
            return EtatTexte.EXTRAIT, f"Le XML est abîmé ({place}) : la suite n’a pas été lue."
        return EtatTexte.ILLISIBLE, f"Le XML est abîmé ({place})."
    return EtatTexte.ILLISIBLE, f"Le XML n’a pas été lu : {fault}."


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _names_nir(tag: str) -> bool:
    words = {word.lower() for word in split_name(tag)}
    return "nir" in words or bool(words & _NIR_NUMBERS and words & _NIR_WORDS)


def _readable(value: str, name: str) -> str:
    """Dates as 31/12/2024, amounts with a comma, as people here write and search them."""
    if found := _ISO_DATE.fullmatch(value):
        return f"{found[3]}/{found[2]}/{found[1]}"
    if not _DECIMAL.fullmatch(value):
        return value
    units, _, cents = value.partition(".")
    money = _AMOUNTS.intersection(word.lower() for word in split_name(name))
    return f"{units},{cents:0<2}" if money else f"{units},{cents}"
