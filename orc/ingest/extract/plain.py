"""Plain text, CSV, HTML and simple mails, by the standard library. Child only."""

import email
import email.policy
from email.message import EmailMessage
from html.parser import HTMLParser

from orc.ingest.extract.clean import clean_text, has_text
from orc.ingest.extract.values import EtatTexte, Extraction
from orc.ingest.type_reel import HTML, MAIL

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_HIDDEN = frozenset({"script", "style", "template", "noscript", "svg"})
_INLINE = frozenset(
    ("a", "abbr", "b", "big", "code", "em", "font", "i", "label", "mark", "q", "s", "small")
) | {"span", "strong", "sub", "sup", "u"}
_HEADERS = (("Subject", "Objet"), ("From", "De"), ("To", "À"), ("Cc", "Copie"), ("Date", "Date"))
_PARTS = 50


def decode_text(octets: bytes) -> str:
    """The text of bytes whose encoding nobody says: its byte order mark, UTF-8, else cp1252."""
    for mark, encoding in _BOMS:
        if octets.startswith(mark):
            return octets.decode(encoding, "replace")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def read_plain(octets: bytes, type_reel: str) -> Extraction:
    """Plain text or CSV as it is; a form feed starts a page."""
    pages = tuple(clean_text(page) for page in decode_text(octets).split("\f"))
    return _make(pages, type_reel, "texte")


def read_html(octets: bytes) -> Extraction:
    """What a browser would show of an HTML file, without scripts nor styles."""
    return _make((clean_text(_strip(decode_text(octets))),), HTML, "html")


def read_mail(octets: bytes) -> tuple[Extraction, list[tuple[str, bytes]]]:
    """Headers and body of a mail, and its attached files as (name, bytes)."""
    message = email.message_from_bytes(octets, policy=email.policy.default)
    lines, attached = [], []
    for header, label in _HEADERS:
        if value := message.get(header):
            lines.append(f"{label} : {value}")
    for part in list(message.walk())[:_PARTS]:
        name = part.get_filename() or ""
        payload = part.get_payload(decode=True)
        if name and isinstance(payload, bytes):
            attached.append((name, payload))
        elif not part.is_multipart() and part.get_content_maintype() == "text":
            lines.append(_read_body(part))
    return _make((clean_text("\n".join(lines)),), MAIL, "mail"), attached


def _read_body(part: EmailMessage) -> str:
    payload = part.get_payload(decode=True)
    octets = payload if isinstance(payload, bytes) else b""
    try:
        text = octets.decode(part.get_content_charset() or "utf-8")
    except (UnicodeDecodeError, LookupError):
        text = decode_text(octets)
    return _strip(text) if part.get_content_subtype() == "html" else text


def _make(pages: tuple[str, ...], type_reel: str, extracteur: str) -> Extraction:
    if has_text(pages):
        return Extraction(EtatTexte.EXTRAIT, "", pages, type_reel, extracteur)
    motif = "Le document ne contient pas de texte."
    return Extraction(EtatTexte.SANS_TEXTE, motif, (), type_reel, extracteur)


class _Stripper(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.hidden += tag in _HIDDEN
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        self.hidden = max(0, self.hidden - (tag in _HIDDEN))
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.found.append(data.replace("\n", " "))

    def _break(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self.found.append(" ")
        elif tag not in _INLINE:
            self.found.append("\n")


def _strip(html: str) -> str:
    stripper = _Stripper()
    stripper.feed(html)
    stripper.close()
    lines = (" ".join(line.split()) for line in "".join(stripper.found).split("\n"))
    return "\n".join(line for line in lines if line)
