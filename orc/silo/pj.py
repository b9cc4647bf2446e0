"""Opening a PJ: its bytes from the silo, given only when their digest is the recorded one."""

from orc.errors import Invalid
from orc.silo.faults import EmpreinteDifferente
from orc.silo.payload import LIMITE, EtatContenu, read_contenu
from orc.silo.reader import Silo


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
        raise Invalid(f"La pièce justificative dépasse la limite de {limite} octets.", chemin)
    contenu = read_contenu(silo.read_range(chemin, membre, offset, longueur), limite=limite)
    if contenu.etat is EtatContenu.TROP_GRAND:
        raise Invalid(contenu.motif, chemin)
    if contenu.sha256 != sha256.lower():
        raise EmpreinteDifferente(chemin)
    return contenu.octets
