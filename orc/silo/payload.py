"""From the text of a Fichier element to the bytes of the attachment: base64, then gzip.

Nothing here knows XML: the reader of flows and the opening of a PJ both come here.
"""

import hashlib
import io
import re
import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import deflate
import pybase64

from orc.settings import PJ_OCTETS_MAX


class EtatContenu(StrEnum):
    """What became of the content; everything but OK comes with a reason."""

    OK = "ok"
    VIDE = "vide"
    PAS_BASE64 = "pas_base64"
    PAS_GZIP = "pas_gzip"
    TRONQUE = "tronque"
    CRC_FAUX = "crc_faux"
    TROP_GRAND = "trop_grand"
    CHIFFRE = "chiffre"


@dataclass(frozen=True, slots=True)
class Contenu:
    """The bytes of an attachment; `sha256` is that of `octets`, `motif` is French, "" when ok."""

    etat: EtatContenu
    octets: bytes
    sha256: str
    motif: str

    @property
    def taille(self) -> int:
        """Size of `octets`, in bytes."""
        return len(self.octets)


LIMITE: Final = PJ_OCTETS_MAX
_GZIP: Final = b"\x1f\x8b\x08"
_BLANKS: Final = b" \t\r\n\v\f"
# A deflate stream never says more than 1032 bytes per byte: an announced size beyond is a lie.
_DEFLATE_RATIO: Final = 1032
_PIECE: Final = 16 * 1024
# Beyond, zlib, which takes twice the time, for libdeflate's result would have to be copied.
_LARGE: Final = 16 * 1024**2
_CHUNK: Final = 1024 * 1024
# What Java serialisers leave of a line break inside an element.
_ESCAPED_BREAK = re.compile(rb"&#(?:1[03]|x[dDaA]);")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_INNER_BLANK = re.compile(rb"[A-Za-z0-9+/][ \t]+[A-Za-z0-9+/]")
_ENCRYPTED = re.compile(rb"<(?:\w{1,40}:)?EncryptedData[\s>]")


def read_contenu(brut: bytes | memoryview, *, limite: int = LIMITE) -> Contenu:
    """Decode the text of a `Fichier`: base64 (one line or wrapped), then gzip (PES V2, PES_PJ).

    Never raises. PAS_GZIP: the base64-decoded bytes; PAS_BASE64: the raw text; TRONQUE and
    CRC_FAUX: what could be recovered; VIDE, CHIFFRE and TROP_GRAND (more than `limite` bytes once
    decompressed): no bytes.
    """
    if len(brut) > 2 * limite + _PIECE:  # even wrapped and indented, base64 is 4/3 of its bytes
        return _too_large(limite)
    try:
        data = pybase64.b64decode(brut, validate=True)
    except ValueError:
        return _read_loose(bytes(brut), limite)
    return _read_decoded(data, "", limite)


def _make(etat: EtatContenu, octets: bytes, motif: str) -> Contenu:
    return Contenu(etat, octets, hashlib.sha256(octets).hexdigest(), motif)


def _keep(etat: EtatContenu, octets: bytes, motif: str, limite: int) -> Contenu:
    return _too_large(limite) if len(octets) > limite else _make(etat, octets, motif)


def _too_large(limite: int) -> Contenu:
    motif = f"Le contenu dépasse la limite de {limite} octets une fois décompressé."
    return _make(EtatContenu.TROP_GRAND, b"", motif)


def _read_loose(text: bytes, limite: int) -> Contenu:
    """Read what strict base64 refused: wrapped lines, missing padding, prose, encrypted XML."""
    head = text[:4096].lstrip(_BLANKS)
    if head.startswith(b"<") and _ENCRYPTED.search(head):
        return _make(EtatContenu.CHIFFRE, b"", "Le contenu est chiffré : il ne peut pas être lu.")
    bare = _ESCAPED_BREAK.sub(b"\n", text).translate(None, _BLANKS).rstrip(b"=")
    if not bare:
        return _make(EtatContenu.VIDE, b"", "Le contenu est vide.")
    fault = _NOT_BASE64.search(bare)
    kept = bare[: fault.start()] if fault else bare
    kept = kept[:-1] if len(kept) % 4 == 1 else kept
    data = pybase64.b64decode(kept + b"=" * (-len(kept) % 4), validate=True)
    gzipped = data.startswith(_GZIP)
    # Prose without its spaces may well be valid base64: only a gzip is believed then.
    if not gzipped and (fault or not data or _INNER_BLANK.search(text)):
        return _keep(EtatContenu.PAS_BASE64, text, "Le contenu n’est pas en base64.", limite)
    cut = "Le base64 s’interrompt sur un caractère étranger." if fault else ""
    return _read_decoded(data, cut, limite)


def read_decoded(data: bytes | bytearray, limite: int) -> Contenu:
    """The same, of what base64 gave."""
    return _read_decoded(data, "", limite)


def _read_decoded(data: bytes | bytearray, cut: str, limite: int) -> Contenu:
    """Gunzip `data`; `cut` says why it is known to be only a beginning, or is empty."""
    if not data:
        return _make(EtatContenu.VIDE, b"", "Le contenu est vide.")
    if not data.startswith(_GZIP):
        motif = "Le contenu n’est pas compressé par gzip."
        return _keep(EtatContenu.PAS_GZIP, bytes(data), motif, limite)
    found = None if cut else gunzip_whole(data, limite)
    contenu = _gunzip(bytes(data), limite) if found is None else _make(EtatContenu.OK, found, "")
    if cut and contenu.etat is EtatContenu.OK:
        return _make(EtatContenu.TRONQUE, contenu.octets, cut)
    if contenu.etat is EtatContenu.OK and not contenu.octets:
        return _make(EtatContenu.VIDE, b"", "Le fichier joint est vide.")
    return contenu


def gunzip_whole(data: bytes | bytearray, limite: int) -> bytes | None:
    """Gunzip one well-formed member at once; None when it has to be looked at closer."""
    size = int.from_bytes(data[-4:], "little")
    if not 0 < size <= min(limite, _DEFLATE_RATIO * len(data)):
        return None  # an announced size of 0 would make `deflate` check nothing at all
    try:
        found = _gunzip_at_once(data, size)
    except (deflate.DeflateError, zlib.error, MemoryError):
        return None
    # It stops after the first member: what it found must be what the last eight bytes announce,
    # and these nowhere before (two members of the same content).
    if len(found) != size or deflate.crc32(found) != int.from_bytes(data[-8:-4], "little"):
        return None
    return bytes(found) if data.find(data[-8:]) == len(data) - 8 else None


def _gunzip_at_once(data: bytes | bytearray, size: int) -> bytes | bytearray:
    if size > _LARGE:
        return zlib.decompress(data, 31, size)
    return deflate.gzip_decompress(data, size)


def _gunzip(data: bytes, limite: int) -> Contenu:
    """Gunzip every member by zlib, keeping what comes out before a fault."""
    out = io.BytesIO()
    start = 0
    while data.startswith(_GZIP, start):
        header = _header_length(data, start)
        if header is None:
            break
        end, crc, size = _inflate(data, start + header, out, limite)
        if out.tell() > limite:
            return _too_large(limite)
        if end < 0 or end + 8 > len(data):
            motif = "Le contenu compressé est tronqué ou abîmé : seul son début a été lu."
            return _make(EtatContenu.TRONQUE, out.getvalue(), motif)
        if struct.unpack_from("<II", data, end) != (crc, size & 0xFFFFFFFF):
            motif = "La somme de contrôle du contenu compressé est fausse."
            return _make(EtatContenu.CRC_FAUX, out.getvalue(), motif)
        start = end + 8
    if start == 0 or data.startswith(_GZIP, start):
        motif = "L’en-tête du contenu compressé est tronqué."
        return _make(EtatContenu.TRONQUE, out.getvalue(), motif)
    return _make(EtatContenu.OK, out.getvalue(), "")


def _header_length(data: bytes, start: int) -> int | None:
    """Length of a member's header (RFC 1952, 2.3), None when it does not end."""
    if start + 10 > len(data):
        return None
    flags = data[start + 3]
    at = start + 10
    if flags & 4:
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    for flag in (8, 16):
        if flags & flag:
            end = data.find(b"\0", at)
            if end < 0:
                return None
            at = end + 1
    at += 2 if flags & 2 else 0
    return at - start if at < len(data) else None


def _inflate(data: bytes, start: int, out: io.BytesIO, limite: int) -> tuple[int, int, int]:
    """Inflate one member into `out`; where its trailer starts (-1: never), its CRC, its size."""
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    crc = size = 0
    for at in range(start, len(data), _PIECE):
        piece, chunk = data[at : at + _PIECE], b""
        # A full chunk may leave output inside zlib, with no input left to give.
        while (piece or len(chunk) == _CHUNK) and not engine.eof:
            before = engine.copy()
            try:
                chunk = engine.decompress(piece, _CHUNK)
            except zlib.error:
                out.write(_inflate_to_fault(before, piece, limite))
                return -1, crc, size
            out.write(chunk)
            crc, size = zlib.crc32(chunk, crc), size + len(chunk)
            if out.tell() > limite:
                return -1, crc, size
            piece = engine.unconsumed_tail
        if engine.eof:
            return min(at + _PIECE, len(data)) - len(engine.unused_data), crc, size
    return -1, crc, size


def _inflate_to_fault(engine: "zlib._Decompress", piece: bytes, limite: int) -> bytes:
    """Inflate byte by byte, up to the byte that makes zlib refuse the rest."""
    out = bytearray()
    try:
        for at in range(len(piece)):
            out += engine.decompress(piece[at : at + 1], limite)
    except zlib.error:
        pass
    return bytes(out)
