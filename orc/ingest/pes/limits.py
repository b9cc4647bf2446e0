"""What reading one flow may cost, and the refusals when nothing of it can be used."""

from dataclasses import dataclass

from orc.errors import Invalid
from orc.settings import PJ_OCTETS_MAX

MIB = 1024 * 1024


class FluxIllisible(Invalid):
    """Nothing of the file can be used: not XML, not PES, empty, UTF-16, a DTD."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one flow; what goes beyond is an Anomalie, or ends the reading of the flow.

    `contenu`: bytes of one PJ once decoded. `balise`: bytes of one tag or comment. `valeur`:
    characters of one value (the index holds no word of more than 65 530 bytes). `noeuds`:
    elements of one block, a line of piece being a block.
    """

    contenu: int = PJ_OCTETS_MAX
    balise: int = 1 * MIB
    valeur: int = 16_000
    profondeur: int = 64
    noeuds: int = 100_000
    lignes: int = 100_000
    anomalies: int = 1_000


class Arret(Exception):
    """The reading stops here; what was complete before stays good."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
