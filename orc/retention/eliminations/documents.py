"""The documents of the steps: the signed scan, the PV. Kept by their digest, never shown inline."""

from hashlib import sha256

from orc.access.pieces_demande import PieceJointe, check_pieces
from orc.storage import Storage


def keep_piece(storage: Storage, piece: PieceJointe | None) -> PieceJointe | None:
    """The document, its name made plain and its bytes kept. Raises Invalid."""
    if piece is None:
        return None
    (kept,) = check_pieces((piece,))
    storage.put_bytes(_make_key(hash_piece(kept)), kept.octets)
    storage.sync()
    return kept


def hash_piece(piece: PieceJointe | None) -> str:
    """The SHA-256 of its bytes; empty where there is none."""
    return sha256(piece.octets).hexdigest() if piece else ""


def get_piece(storage: Storage, digest: str) -> bytes:
    """The bytes of this digest. Raises NotFound, Invalid when damaged."""
    return storage.get_bytes(_make_key(digest))


def _make_key(digest: str) -> str:
    return f"elimination {digest}"
