"""The documents joined to a demande: what is taken, where their bytes are, never shown inline."""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from orc.errors import Invalid
from orc.storage import Storage

PIECES_MAX = 5
# Of all the documents of a demande together.
OCTETS_MAX = 10_000_000
NOM_MAX = 120
_MACROS = re.compile(r"vbaProject|/macrosheets/|^Basic/", re.IGNORECASE)
_OFFICE = {
    "docx": "word/document.xml",
    "xlsx": "xl/workbook.xml",
    "odt": "mimetype",
    "ods": "mimetype",
}
_MAGIES: tuple[tuple[bytes, tuple[str, ...]], ...] = (
    (b"%PDF-", ("pdf",)),
    (b"\x89PNG\r\n\x1a\n", ("png",)),
    (b"\xff\xd8\xff", ("jpg", "jpeg")),
    (b"II*\0", ("tif", "tiff")),
    (b"MM\0*", ("tif", "tiff")),
    (b"PK\x03\x04", tuple(_OFFICE)),
)


@dataclass(frozen=True, slots=True)
class PieceJointe:
    """A document as it was sent."""

    nom: str
    octets: bytes


def check_pieces(pieces: Sequence[PieceJointe]) -> tuple[PieceJointe, ...]:
    """These documents with plain names; Invalid where one is no PDF, image or office file."""
    if len(pieces) > PIECES_MAX:
        raise Invalid(f"Joignez au plus {PIECES_MAX} documents.")
    if sum(len(piece.octets) for piece in pieces) > OCTETS_MAX:
        raise Invalid(f"Les documents pèsent ensemble plus de {OCTETS_MAX // 1_000_000} Mo.")
    return tuple(_check(piece) for piece in pieces)


def _check(piece: PieceJointe) -> PieceJointe:
    nom = _clean(piece.nom)
    if not piece.octets:
        raise Invalid("Ce document est vide.", nom)
    suffix = nom.rpartition(".")[2].casefold()
    kinds = next((k for magic, k in _MAGIES if piece.octets.startswith(magic)), ())
    if suffix not in kinds:
        raise Invalid(
            "Ce document n’est pas de ceux qui se joignent : PDF, image (PNG, JPEG, TIFF) ou "
            "bureautique (DOCX, XLSX, ODT, ODS), sous son vrai nom.",
            nom,
        )
    if suffix in _OFFICE:
        _check_office(nom, piece.octets, _OFFICE[suffix])
    return PieceJointe(nom, piece.octets)


def _check_office(nom: str, octets: bytes, wanted: str) -> None:
    """Its list of members is read, none is opened."""
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            members = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise Invalid("Ce document est abîmé.", nom) from error
    if wanted not in members:
        raise Invalid("Ce document n’est pas celui que dit son nom.", nom)
    if any(_MACROS.search(member) for member in members):
        raise Invalid("Ce document contient des macros : envoyez-le sans elles, ou en PDF.", nom)


def _clean(nom: str) -> str:
    last = re.split(r"[\\/]", nom)[-1]
    plain = "".join(c for c in last if c.isprintable()).strip() or "document"
    if len(plain) <= NOM_MAX:
        return plain
    stem, _, suffix = plain.rpartition(".")
    return f"{stem[: NOM_MAX - 8]}.{suffix[:6]}"


def put_piece(storage: Storage, piece: PieceJointe) -> str:
    """Keep its bytes under their digest, apart from the texts of the archive; the digest."""
    digest = sha256(piece.octets).hexdigest()
    storage.put_bytes(_make_key(digest), piece.octets)
    return digest


def get_piece(storage: Storage, digest: str) -> bytes:
    """The bytes of this digest. Raises NotFound, Invalid when damaged."""
    return storage.get_bytes(_make_key(digest))


def _make_key(digest: str) -> str:
    return f"demande {digest}"
