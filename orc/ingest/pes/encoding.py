"""In which encoding a flow is really written, and how its values are put right.

Declarations lie both ways: the declared one is tried, then each value is judged by itself.
"""

import codecs
import re
from dataclasses import dataclass

from orc.ingest.pes.limits import FluxIllisible

UTF8 = "utf-8"
LATIN1 = "iso-8859-1"
_BOM = b"\xef\xbb\xbf"
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_WIDE_STARTS = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
_PROBE = bytes(range(128))
# Bytes 0x80-0x9F under a declared ISO-8859-1 or -15 are windows-1252 in truth.
_CP1252 = {
    byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0xA0)
}


@dataclass(frozen=True, slots=True)
class Depart:
    """Where the XML begins in the file, its encoding for expat, and a remark in French or ""."""

    encodage: str
    debut: int
    remarque: str = ""


def find_depart(head: bytes) -> Depart:
    """Find encoding and first byte from the head of a file; FluxIllisible on UTF-16 or no XML."""
    if not head:
        raise FluxIllisible("Le fichier est vide.")
    if head.startswith(_WIDE_STARTS):
        raise FluxIllisible(
            "Le fichier est en UTF-16, que le protocole PES n’admet pas.", "ligne 1"
        )
    bom = len(_BOM) if head.startswith(_BOM) else 0
    debut = len(head) - len(head[bom:].lstrip(b" \t\r\n"))
    if not head.startswith(b"<", debut):
        raise FluxIllisible("Le fichier n’est pas du XML.", "ligne 1")
    found = _DECLARED.match(head, debut)
    declared = found.group(1).decode("ascii") if found else UTF8
    if bom:
        return Depart(UTF8, debut)
    return _choose(declared, debut)


def _choose(declared: str, debut: int) -> Depart:
    try:
        name = codecs.lookup(declared).name
    except LookupError:
        return Depart(UTF8, debut, f"L’encodage déclaré « {declared} » n’existe pas.")
    if name in {"utf-8", "ascii", "utf-8-sig"}:
        return Depart(UTF8, debut)
    if name in {"iso8859-1", "cp1252"}:
        return Depart(LATIN1, debut)
    if _is_single_byte(name):
        return Depart(name.replace("iso8859", "iso-8859"), debut)
    return Depart(UTF8, debut, f"Le fichier se dit en « {declared} » et ne l’est pas.")


def _is_single_byte(name: str) -> bool:
    """One byte a character, ASCII below 128: what expat can be told in a table."""
    try:
        table = bytes(range(256)).decode(name, "replace")
    except (LookupError, UnicodeError):
        return False
    return len(table) == 256 and _PROBE.decode(name, "replace") == _PROBE.decode("ascii")


class Correction:
    """Puts values right that were read in a one-byte encoding; `faux` once one was UTF-8."""

    def __init__(self, encodage: str) -> None:
        self.encodage = encodage
        self.faux = False
        self.active = encodage != UTF8

    def correct(self, value: str) -> str:
        """Return the value as its author wrote it: UTF-8 first, then windows-1252."""
        try:
            right = value.encode(self.encodage).decode(UTF8)
        except UnicodeError:
            return value.translate(_CP1252)
        self.faux = True
        return right
