"""What OCR read of one page, text and words with their boxes, and the bytes it is kept as. Pure."""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from orc.errors import Invalid

# Sides of a box are kept in ten thousandths of the page.
_UNITS = 10_000
_BOX = struct.Struct("<4HB")
_VERSION = 1
MOTS_MAX = 20_000


class EtatPage(StrEnum):
    """What became of a page given to OCR; `motif` explains what is not LUE."""

    LUE = "lue"
    BLANCHE = "blanche"
    SANS_MOT = "sans_mot"
    # Not read, for a reason that a text may have too (orc.ingest.extract.values.EtatTexte).
    DELAI = "delai"
    MEMOIRE = "memoire"
    TROP_GRAND = "trop_grand"
    PROTEGE = "protege"
    ILLISIBLE = "illisible"


@dataclass(frozen=True, slots=True)
class MotLu:
    """A word as printed, its confidence (0 to 100), its box in fractions of the page as shown.

    `fin`: it ends its line.
    """

    texte: str
    x: float
    y: float
    largeur: float
    hauteur: float
    confiance: int
    fin: bool = False


@dataclass(frozen=True, slots=True)
class PageLue:
    """One page read by OCR. No NIR stands in `texte` nor in `mots`: `nir` says one was masked.

    `qualite`: 0 to 100, the mean confidence over letters. `rotation`: degrees the page was turned
    by, anticlockwise, before it was read. `lecteur`: what read it. `imprime`: the text that the
    file itself holds on this page (a stamp over a scan), kept beside what was read.
    """

    etat: EtatPage
    motif: str = ""
    texte: str = ""
    qualite: int = 0
    rotation: float = 0.0
    lecteur: str = ""
    nir: bool = False
    mots: tuple[MotLu, ...] = ()
    imprime: str = ""


def make_page_key(sha256: str, page: int) -> str:
    """The key of the storage under which a page (1-based) of this document is kept."""
    return f"ocr-{sha256}-{page}"


def dump_page(page: PageLue) -> bytes:
    """The page as bytes: a line of JSON, then nine bytes a word. The last word ends a line."""
    mots = "".join(mot.texte + ("\n" if mot.fin else " ") for mot in page.mots)
    said = {
        "v": _VERSION,
        "etat": page.etat.value,
        "motif": page.motif,
        "texte": page.texte,
        "qualite": page.qualite,
        "rotation": page.rotation,
        "lecteur": page.lecteur,
        "nir": page.nir,
        "imprime": page.imprime,
        "mots": mots[:-1] + "\n" if mots else "",
    }
    boxes = b"".join(_pack(mot) for mot in page.mots)
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace") + b"\n" + boxes


def load_page(octets: bytes) -> PageLue:
    """The page of these bytes. Raises Invalid when they are not what `dump_page` makes."""
    head, _, boxes = octets.partition(b"\n")
    try:
        said = json.loads(head)
        return _load(said, tuple(_BOX.iter_unpack(boxes)))
    except (ValueError, KeyError, TypeError, AttributeError, struct.error, RecursionError) as error:
        raise Invalid("Ce que l’OCR a lu de cette page est abîmé.") from error


def _load(said: Mapping[str, Any], boxes: tuple[tuple[int, ...], ...]) -> PageLue:
    if said["v"] != _VERSION:
        raise ValueError(said["v"])
    rows = [line.split(" ") for line in str(said["mots"]).split("\n")[:-1]]
    words = [(mot, rank == len(row) - 1) for row in rows for rank, mot in enumerate(row)]
    if len(words) > MOTS_MAX:
        raise ValueError(len(words))
    mots = tuple(_unpack(mot, box, fin=fin) for (mot, fin), box in zip(words, boxes, strict=True))
    return PageLue(
        EtatPage(said["etat"]),
        str(said["motif"]),
        str(said["texte"]),
        min(max(int(said["qualite"]), 0), 100),
        float(said["rotation"]),
        str(said["lecteur"]),
        bool(said["nir"]),
        mots,
        str(said["imprime"]),
    )


def _pack(mot: MotLu) -> bytes:
    sides = (mot.x, mot.y, mot.largeur, mot.hauteur)
    kept = (min(max(round(side * _UNITS), 0), _UNITS) for side in sides)
    return _BOX.pack(*kept, min(max(mot.confiance, 0), 100))


def _unpack(mot: str, box: tuple[int, ...], *, fin: bool) -> MotLu:
    x, y, largeur, hauteur = (side / _UNITS for side in box[:4])
    return MotLu(mot, x, y, largeur, hauteur, box[4], fin)
