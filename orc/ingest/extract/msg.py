"""Mails saved by Outlook (.msg), out of their compound file. Child only."""

import re
import struct
from datetime import UTC, datetime, timedelta

from orc.ingest.extract.clean import clean_text
from orc.ingest.extract.compound import BadCompound, Compound
from orc.ingest.extract.joints import Joint
from orc.ingest.extract.plain import decode_text, make_extraction, strip_html
from orc.ingest.extract.values import EtatTexte, Extraction
from orc.ingest.type_reel import MSG

# [MS-OXMSG], [MS-OXPROPS]: the numbers of properties, in hexadecimal.
_SUBJECT, _BODY, _HTML, _RTF = "0037", "1000", "1013", "1009"
_SENDER, _SENDER_ADDRESS, _TO, _COPY = "0C1A", "5D01", "0E04", "0E03"
_DATA, _LONG_NAME, _SHORT_NAME = "3701", "3707", "3704"
_SENT = 0x0039
_TIME = 0x0040
_ATTACH = re.compile(r"__attach_version1\.0_#[0-9A-Fa-f]{8}/")
_EMBEDDED = "__substg1.0_3701000D/"
_DEPTH = 3
_LINKED = "Il n’est pas dans le message : seul un lien y mène."
_TOO_DEEP = "Il est trop profond dans le message : il n’a pas été lu."
_ATTACHED = 500
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_LZFU = b"LZFu"
_RTF_OCTETS = 32 * 1024 * 1024
_RTF_WORDS = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)


def read_msg(octets: bytes) -> tuple[Extraction, list[Joint]]:
    """Headers and body of a mail saved by Outlook, and what is attached to it.

    A mail attached to this one is a text, and its own attached files stand under its name.
    """
    try:
        text, joints = _read_message(Compound(octets), "", "", 0)
    except (BadCompound, struct.error):
        motif = "Le message Outlook est abîmé : il n’a pas pu être lu."
        return Extraction(EtatTexte.ILLISIBLE, motif, (), MSG, "msg"), []
    return make_extraction((clean_text(text),), MSG, "msg"), joints


def _read_message(file: Compound, prefix: str, label: str, depth: int) -> tuple[str, list[Joint]]:
    """The text of the message under this storage, and what is attached to it."""
    sender = (_read_text(file, prefix, name) for name in (_SENDER, _SENDER_ADDRESS))
    said = {
        "Objet": _read_text(file, prefix, _SUBJECT),
        "De": " ".join(filter(None, sender)),
        "À": _read_text(file, prefix, _TO),
        "Copie": _read_text(file, prefix, _COPY),
        "Date": _read_date(file, prefix),
    }
    lines = [f"{name} : {' '.join(value.split())}" for name, value in said.items() if value]
    joints: list[Joint] = []
    body = _read_text(file, prefix, _BODY) or strip_html(_read_html(file, prefix))
    if not body and (packed := file.read(f"{prefix}__substg1.0_{_RTF}0102")):
        joints.append(Joint(f"{label}message.rtf", unpack_rtf(packed)))
    for storage in _find_attachments(file, prefix):
        joints += _read_attached(file, storage, label, depth)
    return "\n".join([*lines, body]), joints


def _find_attachments(file: Compound, prefix: str) -> list[str]:
    found: dict[str, None] = {}
    for path in file.paths:
        if path.startswith(prefix) and (match := _ATTACH.match(path, len(prefix))):
            found[path[: match.end()]] = None
    return sorted(found)[:_ATTACHED]


def _read_attached(file: Compound, storage: str, label: str, depth: int) -> list[Joint]:
    names = (_read_text(file, storage, name) for name in (_LONG_NAME, _SHORT_NAME))
    name = next(filter(None, names), "")
    octets = file.read(f"{storage}__substg1.0_{_DATA}0102")
    if octets is not None:
        return [Joint(label + name, octets)]
    inside = f"{storage}{_EMBEDDED}"
    if not any(path.startswith(inside) for path in file.paths):
        return [Joint(label + name, b"", EtatTexte.NON_PRIS_EN_CHARGE, _LINKED)]
    name = name or _read_text(file, inside, _SUBJECT) or "message"
    if depth >= _DEPTH:
        return [Joint(label + name, b"", EtatTexte.TROP_GRAND, _TOO_DEEP)]
    text, joints = _read_message(file, inside, f"{label}{name.replace('/', '-')}/", depth + 1)
    return [Joint(label + name.replace("/", "-"), text.encode(), type=MSG), *joints]


def _read_text(file: Compound, prefix: str, name: str) -> str:
    """A property that is text, in UTF-16 or in the code page of an old Outlook."""
    if (wide := file.read(f"{prefix}__substg1.0_{name}001F")) is not None:
        return wide.decode("utf-16-le", "replace").strip("\0")
    narrow = file.read(f"{prefix}__substg1.0_{name}001E") or b""
    return decode_text(narrow).strip("\0")


def _read_html(file: Compound, prefix: str) -> str:
    html = file.read(f"{prefix}__substg1.0_{_HTML}0102")
    return decode_text(html) if html is not None else _read_text(file, prefix, _HTML)


def _read_date(file: Compound, prefix: str) -> str:
    """When it was sent, in French order, UTC; "" where it is not said."""
    properties = file.read(f"{prefix}__properties_version1.0") or b""
    for at in range(32 if not prefix else 24, len(properties) - 15, 16):
        kind, name, _, value = struct.unpack_from("<HHIQ", properties, at)
        if (name, kind) == (_SENT, _TIME):
            try:
                when = _EPOCH + timedelta(microseconds=value // 10)
            except OverflowError:
                return ""
            return f"{when:%d/%m/%Y %H:%M} UTC"
    return ""


def unpack_rtf(packed: bytes) -> bytes:
    """The RTF that [MS-OXRTFCP] packs; what can be read of it where it is broken."""
    if len(packed) < 16 or packed[8:12] != _LZFU:
        return packed[16:] if packed[8:12] == b"MELA" else b""
    size = min(struct.unpack_from("<I", packed, 4)[0], _RTF_OCTETS)
    found = bytearray(_RTF_WORDS)
    at = 16
    while at < len(packed) and len(found) < size + len(_RTF_WORDS):
        flags = packed[at]
        at += 1
        for bit in range(8):
            if at >= len(packed):
                break
            if not flags >> bit & 1:
                found.append(packed[at])
                at += 1
                continue
            if at + 1 >= len(packed):
                return bytes(found[len(_RTF_WORDS) :])
            word = packed[at] << 8 | packed[at + 1]
            at += 2
            if not _copy(found, word >> 4, (word & 15) + 2):
                return bytes(found[len(_RTF_WORDS) :])
    return bytes(found[len(_RTF_WORDS) :])


def _copy(found: bytearray, offset: int, length: int) -> bool:
    """Append what stands at this place of the 4 096 last bytes; False at the end mark."""
    back = (len(found) - offset) % 4096
    if back == 0:
        return False
    start = len(found) - back
    for i in range(length):
        found.append(found[start + i] if start + i >= 0 else 0x20)
    return True
