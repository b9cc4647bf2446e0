"""Opening a PJ: its bytes from the silo, given only when their digest is the recorded one."""

from typing import Final

import pybase64

from orc.errors import Invalid
from orc.silo.faults import EmpreinteDifferente
from orc.silo.payload import LIMITE, Contenu, EtatContenu, read_contenu, read_decoded
from orc.silo.reader import Silo

# A multiple of 4: base64 may be cut there.
_BLOCK: Final = 12 * 1024**2


def open_pj(
    silo: Silo,
    chemin: str,
    membre: str,
    offset: int,
    longueur: int,
    sha256: str,
    *,
    limite: int = LIMITE,
) -> bytes:
    """The decoded bytes of the PJ whose text starts at `offset` in this flow.

    Raises EmpreinteDifferente when they are not those that were recorded, FichierChange when the
    file is shorter, FichierDisparu when it is gone, Invalid beyond `limite` decoded bytes.
    """
    if longueur > 2 * limite:
        raise Invalid(_too_large(limite), chemin)
    place = (chemin, membre, offset, longueur)
    contenu = _read_by_blocks(silo, place, limite) if longueur > _BLOCK else None
    if contenu is None:
        contenu = read_contenu(silo.read_range(*place), limite=limite)
    if contenu.etat is EtatContenu.TROP_GRAND:
        raise Invalid(_too_large(limite), chemin)
    if contenu.sha256 != sha256.lower():
        raise EmpreinteDifferente(chemin)
    return contenu.octets


def _too_large(limite: int) -> str:
    return f"La pièce justificative dépasse la limite de {limite} octets (ORC_PJ_OCTETS_MAX)."


def _read_by_blocks(silo: Silo, place: tuple[str, str, int, int], limite: int) -> Contenu | None:
    """The same without ever holding the whole base64; None when it is not on one line."""
    chemin, membre, offset, longueur = place
    data = bytearray()
    for at in range(offset, offset + longueur, _BLOCK):
        text = silo.read_range(chemin, membre, at, min(_BLOCK, offset + longueur - at))
        try:
            data += pybase64.b64decode(text, validate=True)
        except ValueError:
            return None
        if text.endswith(b"=") and at + _BLOCK < offset + longueur:
            return None
    return read_decoded(data, limite)
