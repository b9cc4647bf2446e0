"""Plain text, CSV, HTML and simple mails, by the standard library. Child only."""

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from html.parser import HTMLParser

from orc.ingest.extract.clean import clean_text, has_text
from orc.ingest.extract.joints import Joint
from orc.ingest.extract.values import EtatTexte, Extraction
from orc.ingest.type_reel import HTML, MAIL

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
HIDDEN = frozenset({"script", "style", "template", "noscript", "svg"})
INLINE = frozenset(
    ("a", "abbr", "b", "big", "code", "em", "font", "i", "label", "mark", "q", "s", "small")
) | {"span", "strong", "sub", "sup", "u"}
_HEADERS = (("Subject", "Objet"), ("From", "De"), ("To", "À"), ("Cc", "Copie"), ("Date", "Date"))
_PARTS = 1000
# An image the mail shows and that weighs less is a logo or a signature.
_LOGO = 20_000


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
    return make_extraction(pages, type_reel, "texte")


def read_html(octets: bytes) -> Extraction:
    """What a browser would show of an HTML file, without scripts nor styles."""
    return make_extraction((clean_text(strip_html(decode_text(octets))),), HTML, "html")


def read_mail(octets: bytes) -> tuple[Extraction, list[Joint]]:
    """Headers and body of a mail, and what is attached to it."""
    message = email.message_from_bytes(octets, policy=email.policy.default)
    lines, joints = [], []
    for header, label in _HEADERS:
        if value := _read_header(message, header):
            lines.append(f"{label} : {value}")
    for part in _walk(message):
        if (joint := _make_joint(part)) is not None:
            joints.append(joint)
        elif part.get_content_maintype() == "text":
            lines.append(_read_body(part))
    return make_extraction((clean_text("\n".join(lines)),), MAIL, "mail"), joints


def _walk(message: EmailMessage) -> Iterator[EmailMessage]:
    """The parts that hold something, in order; a mail attached to this one is one part."""
    waiting = [message]
    for _ in range(_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        inside = part.get_payload() if part.get_content_maintype() == "multipart" else None
        if isinstance(inside, list):
            waiting = _choose(part, [p for p in inside if isinstance(p, EmailMessage)]) + waiting
        else:
            yield part


def _choose(part: EmailMessage, inside: list[EmailMessage]) -> list[EmailMessage]:
    """Of alternatives, the richest comes last: the plain text before it says the same."""
    if part.get_content_subtype() == "alternative" and inside[1:]:
        return [p for p in inside if p.get_content_type() != "text/plain"] or inside
    return inside


def _make_joint(part: EmailMessage) -> Joint | None:
    """What this part attaches, or None: a text of the mail, or a small image that decorates it."""
    name, kind = part.get_filename() or "", part.get_content_type()
    if kind == "message/rfc822":
        return _make_inner_mail(part, name)
    payload = part.get_payload(decode=True)
    octets = payload if isinstance(payload, bytes) else b""
    if not name and kind in {"text/plain", "text/html"}:
        return None
    if part.get("Content-ID") and kind.startswith("image/") and len(octets) < _LOGO:
        return None
    return Joint(name or kind.replace("/", "."), octets)


def _make_inner_mail(part: EmailMessage, name: str) -> Joint:
    inside = part.get_payload()
    mail = inside[0] if isinstance(inside, list) and inside else None
    if not isinstance(mail, EmailMessage):
        return Joint(name or "message.eml")
    subject = _read_header(mail, "Subject") or "message"
    return Joint(name or f"{subject}.eml", mail.as_bytes())


def _read_header(message: EmailMessage, name: str) -> str:
    """A header decoded; as it came when it is too broken to be."""
    try:
        return str(message.get(name) or "")
    except (ValueError, IndexError, AttributeError, TypeError, LookupError):
        return next((str(v) for k, v in message.raw_items() if k.lower() == name.lower()), "")


def _read_body(part: EmailMessage) -> str:
    payload = part.get_payload(decode=True)
    octets = payload if isinstance(payload, bytes) else b""
    try:
        text = octets.decode(part.get_content_charset() or "utf-8")
    except (UnicodeDecodeError, LookupError):
        text = decode_text(octets)
    return strip_html(text) if part.get_content_subtype() == "html" else text


def make_extraction(pages: tuple[str, ...], type_reel: str, extracteur: str) -> Extraction:
    """An Extraction of these clean pages, or the state that says they hold no text."""
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
        self.hidden += tag in HIDDEN
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        self.hidden = max(0, self.hidden - (tag in HIDDEN))
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.found.append(data.replace("\n", " "))

    def _break(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self.found.append(" ")
        elif tag not in INLINE:
            self.found.append("\n")


def strip_html(html: str) -> str:
    """What a browser would show: a line a block, a space between cells."""
    stripper = _Stripper()
    stripper.feed(html)
    stripper.close()
    lines = (" ".join(line.split()) for line in "".join(stripper.found).split("\n"))
    return "\n".join(line for line in lines if line)
