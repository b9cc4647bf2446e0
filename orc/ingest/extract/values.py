"""What an extraction answers and the limits it runs under. No parsing here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from orc.index.analysis import Prepared


class EtatTexte(StrEnum):
    """Where the text of a piece justificative stands; what `motif` then explains."""

    A_EXTRAIRE = "a_extraire"
    EXTRAIT = "extrait"
    A_OCERISER = "a_oceriser"
    PROTEGE = "protege"
    ILLISIBLE = "illisible"
    SANS_TEXTE = "sans_texte"
    DELAI = "delai"
    MEMOIRE = "memoire"
    TROP_GRAND = "trop_grand"
    NON_PRIS_EN_CHARGE = "non_pris_en_charge"
    VIDE = "vide"


@dataclass(frozen=True, slots=True)
class Partie:
    """A document carried by another: an attached file of a mail or a PDF, a member of an archive.

    `nom` is a label, never a path: what carries it first (« lot.zip › 2023/facture.pdf »). `type`
    is by content, `pages` its text; `motif` says in French why there is none, or not all of it.
    """

    nom: str
    type: str
    pages: tuple[str, ...] = ()
    etat: EtatTexte = EtatTexte.EXTRAIT
    motif: str = ""


@dataclass(frozen=True, slots=True)
class Extraction:
    """The text of one document, page by page, or the state and French reason why there is none.

    `pages` has one string per page (documents without pages have one). `pages_a_oceriser` are
    1-based. A NIR never stands in `pages`, `metadonnees` nor `parties`: `nir` says one was masked.
    `analyse` is what the index makes of `texte`, where the child that read it made that too.
    """

    etat: EtatTexte
    motif: str = ""
    pages: tuple[str, ...] = ()
    type_reel: str = "application/octet-stream"
    extracteur: str = ""
    pages_a_oceriser: tuple[int, ...] = ()
    metadonnees: Mapping[str, str] = field(default_factory=dict)
    parties: tuple[Partie, ...] = ()
    nir: bool = False
    analyse: Prepared | None = None

    @property
    def every_page(self) -> tuple[str, ...]:
        """Its pages, then those of its parts: what is kept and found under its digest."""
        return (*self.pages, *(page for partie in self.parties for page in partie.pages))


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost a child before it is killed, and how long a child lives."""

    secondes: float = 30
    memoire_mo: int = 1024
    pages: int = 5000
    caracteres: int = 5_000_000
    octets: int = 256 * 1024 * 1024
    octets_decompresses: int = 512 * 1024 * 1024
    documents_par_enfant: int = 5000


@dataclass(frozen=True, slots=True)
class Box:
    """One rectangle to highlight: origin top left, each side a fraction (0 to 1) of the page."""

    x: float
    y: float
    largeur: float
    hauteur: float
    mot: str = ""


@dataclass(frozen=True, slots=True)
class Boxes:
    """The highlights of one page; its size in points as shown (rotation applied).

    `motif` is a French reason when the page could not be read; `boxes` is then empty.
    """

    largeur: float
    hauteur: float
    boxes: tuple[Box, ...] = ()
    motif: str = ""
