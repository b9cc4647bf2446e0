"""The true type of a document, by its bytes and never by its name. Text extraction is elsewhere."""

import re
import struct

VIDE = "application/x-empty"
INCONNU = "application/octet-stream"
PDF = "application/pdf"
XML = "application/xml"
ZIP = "application/zip"
GZIP = "application/gzip"
TAR = "application/x-tar"
TEXTE = "text/plain"
CSV = "text/csv"
HTML = "text/html"
MAIL = "message/rfc822"
PES_FACTURE = "application/x-pes-facture+xml"
PAIE = "application/x-paie+xml"
AIDE_SOCIALE = "application/x-aide-sociale+xml"
CII = "application/x-cii+xml"
UBL = "application/x-ubl+xml"
CHORUS = "application/x-cpp-facture+xml"
PES_ALLER = "application/x-pes-aller+xml"
OLE = "application/x-ole-storage"
OFFICE_PROTEGE = "application/x-ole-encrypted"
DOC = "application/msword"
XLS = "application/vnd.ms-excel"
PPT = "application/vnd.ms-powerpoint"
MSG = "application/vnd.ms-outlook"
MAILS = frozenset({MAIL, MSG})
RTF = "application/rtf"
_OPENXML = "application/vnd.openxmlformats-officedocument."
DOCX = _OPENXML + "wordprocessingml.document"
XLSX = _OPENXML + "spreadsheetml.sheet"
PPTX = _OPENXML + "presentationml.presentation"
_ODF = "application/vnd.oasis.opendocument."
ODT = _ODF + "text"
ODS = _ODF + "spreadsheet"
ODP = _ODF + "presentation"

_MAGICS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", PDF),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"{\\rtf", RTF),
    (b"\x1f\x8b", GZIP),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"-----BEGIN PKCS7", "application/pkcs7-mime"),
)
# How it starts, where it goes on, and how.
_INNER_MAGICS: tuple[tuple[bytes, int, bytes, str], ...] = (
    (b"BM", 6, b"\0\0\0\0", "image/bmp"),
    (b"RIFF", 8, b"WEBP", "image/webp"),
    (b"", 257, b"ustar", TAR),
)
_ROOTS: dict[str, str] = {
    "DocumentPaye": PAIE,
    "EtatVersement": AIDE_SOCIALE,
    "CrossIndustryInvoice": CII,
    "CrossIndustryDocument": CII,
    "Invoice": UBL,
    "CreditNote": UBL,
    "CPPFactureMixte": CHORUS,
    "PES_Facture": PES_FACTURE,
}
_HTML_ROOTS = frozenset({"html", "head", "body", "div", "p", "table"})
_ROOT = re.compile(r"<(?![?!])(?:[^\s<>/:]{1,64}:)?([^\s<>/:]{1,128})")
_PROLOGUE = re.compile(r"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)", re.S)
_DOCTYPE_HTML = re.compile(r"\s*<!doctype\s+html\b", re.I)
_MAIL = re.compile(rb"(?:From|Return-Path|Received|Date|Subject|Message-ID|MIME-Version|To):", re.I)
_PKCS7_OID = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
_PKCS7_HEAD = re.compile(rb"\x30(?:[\x00-\x7f]|\x80|[\x81-\x84].{1,4})$", re.S)
_OLE_STREAMS: tuple[tuple[str, str], ...] = (
    ("EncryptedPackage", OFFICE_PROTEGE),
    ("WordDocument", DOC),
    ("Workbook", XLS),
    ("Book", XLS),
    ("PowerPoint Document", PPT),
    ("__substg1.0_", MSG),
)
_HEAD = 4096
_PES_HEAD = 1 << 17
_CENTRAL_DIRECTORY = 1 << 20
_CONTROLS = bytes(set(range(32)) - {9, 10, 12, 13, 27} | {127})


def find_type(octets: bytes) -> str:
    """Return the MIME type of a document by its content; `application/octet-stream` if unknown.

    Known XML roots have types of their own (`application/x-pes-facture+xml`, …); no byte at all is
    `application/x-empty`. Reads the head, and for a zip its central directory; never raises.
    """
    if not octets:
        return VIDE
    head = bytes(octets[:_HEAD])
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _find_zip_type(octets)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _find_ole_type(octets)
    return _find_magic(head) or _find_text_type(octets, head)


def _find_magic(head: bytes) -> str | None:
    for magic, mime in _MAGICS:
        if head.startswith(magic):
            return mime
    for start, at, inner, mime in _INNER_MAGICS:
        if head.startswith(start) and head.startswith(inner, at):
            return mime
    if (at := head.find(_PKCS7_OID, 0, 24)) > 0 and _PKCS7_HEAD.search(head[:at]):
        return "application/pkcs7-mime"
    if head.find(b"%PDF-", 0, 1024) > 0 and not head.lstrip().startswith(b"<"):
        return PDF
    return None


def _find_text_type(octets: bytes, head: bytes) -> str:
    text = _decode_head(head)
    if text is None:
        return INCONNU
    stripped = text.lstrip("\ufeff \t\r\n")
    if not stripped and not bytes(octets).strip():
        return VIDE
    if stripped.startswith("<"):
        return _find_xml_type(octets, stripped)
    return MAIL if _is_mail(head) else TEXTE


def _decode_head(head: bytes) -> str | None:
    """The head as text whatever its encoding (names are ASCII), or None when it is binary."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", "replace")
    if head[:2] == b"<\0":
        return head.decode("utf-16-le", "replace")
    if head[:2] == b"\0<":
        return head.decode("utf-16-be", "replace")
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls * 100 > len(head) or b"\0" in head:
        return None
    return head.decode("utf-8", "replace")


def _find_xml_type(octets: bytes, text: str) -> str:
    rest = text
    while found := _PROLOGUE.match(rest):
        if _DOCTYPE_HTML.match(found.group()):
            return HTML
        rest = rest[found.end() :]
    root = _ROOT.match(rest.lstrip())
    if root is None:
        return XML if text.startswith(("<?xml", "<!")) else TEXTE
    name = root.group(1)
    if name == "PES_Aller":
        return _find_pes_type(bytes(octets[:_PES_HEAD]))
    return HTML if name.lower() in _HTML_ROOTS else _ROOTS.get(name, XML)


def _find_pes_type(head: bytes) -> str:
    """A PES_Facture travels inside a PES_Aller root; a flow of anything else is only XML."""
    has_facture = re.search(rb"<(?:\w+:)?PES_Facture\b", head) is not None
    flow = re.search(rb"<(?:\w+:)?PES_(?:Depense|Recette)Aller\b", head) is not None
    return PES_FACTURE if has_facture and not flow else PES_ALLER


def _is_mail(head: bytes) -> bool:
    """At least two known headers among the first lines, before any blank one."""
    lines = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0].splitlines()
    if not lines or not re.match(rb"[A-Za-z][A-Za-z0-9-]*:", lines[0]):
        return False
    return sum(bool(_MAIL.match(line)) for line in lines) >= 2


def _find_zip_type(octets: bytes) -> str:
    if octets[30:38] == b"mimetype":
        return _find_odf_type(octets)
    names = zip_names(octets)
    for part, mime in (("word/", DOCX), ("xl/", XLSX), ("ppt/", PPTX)):
        if any(name.startswith(part) for name in names) and "[Content_Types].xml" in names:
            return mime
    return ZIP


def _find_odf_type(octets: bytes) -> str:
    """ODF writes its type first, stored, unpadded: bytes 38 on."""
    size = struct.unpack_from("<I", octets, 18)[0] if len(octets) >= 38 else 0
    declared = bytes(octets[38 : 38 + min(size or 128, 128)])
    for mime in (ODT, ODS, ODP):
        if declared.startswith(mime.encode()):
            return mime
    return ZIP


def zip_names(octets: bytes) -> frozenset[str]:
    """The member names in a zip's central directory (its first MiB); empty when it is broken."""
    at = octets.rfind(b"PK\x05\x06", max(0, len(octets) - 65_557))
    if at < 0 or len(octets) < at + 20:
        return frozenset()
    start = struct.unpack_from("<I", octets, at + 16)[0]
    directory = octets[start : min(at, start + _CENTRAL_DIRECTORY)]
    names, here = [], 0
    while directory[here : here + 4] == b"PK\x01\x02" and here + 46 <= len(directory):
        name, extra, comment = struct.unpack_from("<HHH", directory, here + 28)
        names.append(directory[here + 46 : here + 46 + name].decode("utf-8", "replace"))
        here += 46 + name + extra + comment
    return frozenset(names)


def _find_ole_type(octets: bytes) -> str:
    """Stream names stand in UTF-16 in the directory sectors of a compound file."""
    for name, mime in _OLE_STREAMS:
        if name.encode("utf-16-le") in octets:
            return mime
    return OLE
