"""What a document carries (attached files, members of an archive), before it is read. Child only.

Everything unpacked is counted: a bomb costs its own member a state, and the rest goes on.
"""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass

from orc.ingest.extract.clean import clean_text
from orc.ingest.extract.values import EtatTexte, Limits

# Documents carried by one document, whatever the depth; and that depth.
JOINTS = 500
DEPTH = 4
SEPARATOR = " › "
# Part of the time of a document after which what it still carries is left.
_TIME = 0.6
_RATIO = 200
_SMALL = 50 * 1024 * 1024
# One carried document lies in memory with the one that carries it.
_EACH = 128 * 1024 * 1024
_NAME = 200
_DRIVE = re.compile(r"^[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Joint:
    """One carried document: its name and bytes, or the state and French reason without them.

    `type`: what it was where its bytes no longer say it (a mail inside an Outlook one, as text).
    """

    nom: str
    octets: bytes = b""
    etat: EtatTexte = EtatTexte.EXTRAIT
    motif: str = ""
    type: str = ""


class Exhausted(Exception):
    """No more may be unpacked from this document; says why in French."""


class Allowance:
    """What may still be unpacked and read of one document, all depths together."""

    def __init__(self, limits: Limits) -> None:
        self._each = min(limits.octets, _EACH)
        self._octets = limits.octets_decompresses
        self._joints = JOINTS
        self._until = time.monotonic() + _TIME * limits.secondes

    def find_room(self) -> int:
        """How many bytes one more carried document may take."""
        return min(self._each, self._octets)

    def refuse(self, size: int, packed: int) -> str:
        """Why a document of `size` bytes that took `packed` must not be unpacked; "" if it may."""
        if size > self.find_room():
            return f"Une fois décompressé il ferait {size // 1_000_000} Mo : il n’a pas été ouvert."
        if size > _SMALL and size > _RATIO * max(packed, 1):
            mo = size // 1_000_000
            return f"{packed // 1000} Ko en donneraient {mo} Mo : il n’a pas été ouvert."
        return ""

    def take(self, octets: int) -> None:
        """Count these unpacked bytes."""
        self._octets -= octets

    def count_joint(self) -> None:
        """Count one more carried document; raises Exhausted if there are too many, or too late."""
        self._joints -= 1
        if self._joints < 0:
            raise Exhausted(f"Plus de {JOINTS} documents joints : la suite n’a pas été lue.")
        if time.monotonic() > self._until:
            raise Exhausted("Le temps de lecture est écoulé : la suite n’a pas été lue.")


def clean_name(name: str, rank: int = 0) -> str:
    """A label out of the name of a carried document: no control, no way out of its folder."""
    known = name[:4096].encode("utf-8", "replace").decode("utf-8")
    flat = " ".join(clean_text(known).replace("\\", "/").split())
    parts = _DRIVE.sub("", flat).split("/")
    kept = "/".join(part for part in parts if part.strip(" ."))
    kept = kept.replace(SEPARATOR.strip(), ">")
    if len(kept) > _NAME:
        kept = "…" + kept[1 - _NAME :]
    return kept or (f"document {rank}" if rank else "document sans nom")


def find_base_name(name: str) -> str:
    """The last name of a label: « facture.pdf » of « lot.zip › 2023/facture.pdf »."""
    return name.rpartition(SEPARATOR)[2].rpartition("/")[2]


def explain_unread(said: Iterable[tuple[str, str]]) -> str:
    """One French sentence for the carried documents, (name, reason) each, that were not read."""
    some = list(said)
    if not some:
        return ""
    name, motif = some[0]
    motif = motif[:1].lower() + motif[1:]
    if len(some) == 1:
        return f"« {name} » n’a pas été lu : {motif}"
    return f"{len(some)} documents joints n’ont pas été lus, dont « {name} » : {motif}"
