"""What the demonstration invents before it is written: pieces, lines, supporting documents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from orc.demo.referentiel import Budget
from orc.demo.tiers import Tiers


@dataclass(slots=True)
class RefCompta:
    """The accounting reference a PJ carries when the piece does not cite it."""

    domaine: str
    exercice: int
    typ_bord: str
    identifiant: str
    ligne: str = ""


@dataclass(slots=True)
class Pj:
    """A supporting document: `make` gives its bytes when written; `contenu` overrides base64."""

    id_unique: str
    nom: str
    genre: str
    type_pj: str
    description: str
    mime: str
    make: Callable[[], bytes]
    refs: tuple[RefCompta, ...] = ()
    contenu: Callable[[bytes], bytes] | None = None
    doublon: bool = False


@dataclass(frozen=True, slots=True)
class Marche:
    """A contract: `contrat` is IdContrat, `lien` what mandats write in IdMarche."""

    contrat: str
    objet: str
    titulaire: Tiers
    ht: int
    notification: dt.date
    pj: Pj

    @property
    def lien(self) -> str:
        """IdMarche, as accounting software writes it: hyphen and amendment suffix."""
        return f"{self.contrat[:4]}-{self.contrat[4:]}-00"


@dataclass(slots=True)
class PjRef:
    """How a piece cites a PJ: support 01 electronic, 02 paper, 03 CD-ROM."""

    id_unique: str
    nom: str
    type_pj: str
    support: str = "01"


@dataclass(slots=True)
class Rattachement:
    """RattachPiece: the piece that this one corrects."""

    nature: str
    exercice: int
    piece: int
    ligne: int = 1


@dataclass(slots=True)
class Ligne:
    """One line of a piece; amounts in cents, always positive as PES writes them."""

    ht: int
    tva: int
    compte: str
    tiers: Tiers
    fonction: str = ""
    operation: str = ""
    facture: str = ""
    libelle: str = ""
    mode: str = "03"
    liens: tuple[tuple[str, str], ...] = ()
    rattachement: Rattachement | None = None
    produit: str = ""
    refs: list[PjRef] = field(default_factory=list)


@dataclass(slots=True)
class Repere:
    """A needle: what to search for, and the PJ and page where it must be found (page 0: no PJ)."""

    cle: str
    description: str
    recherche: str
    pj: Pj | None = None
    page: int = 1
    trouvable: str = "oui"


@dataclass(slots=True)
class Casse:
    """Something planted broken, and what a reader must say of it."""

    genre: str
    attendu: dict[str, object]
    pj: Pj | None = None


@dataclass(slots=True)
class Piece:
    """A mandat or a titre. `sort` is what the comptable makes of it; `pjs` travel with its flow."""

    numero: int
    typ: str
    nat: str
    objet: str
    lignes: list[Ligne]
    typ_bord: str = "01"
    refs: list[PjRef] = field(default_factory=list)
    pjs: list[Pj] = field(default_factory=list)
    avant: list[Pj] = field(default_factory=list)
    apres: list[Pj] = field(default_factory=list)
    echeance: dt.date | None = None
    dgp: dt.date | None = None
    pj_libre: str = ""
    sort: str = ""
    asap: str = ""
    lot: str = ""
    pj_refusee: str = ""
    reperes: list[Repere] = field(default_factory=list)
    casses: list[Casse] = field(default_factory=list)

    @property
    def ht(self) -> int:
        """HT of the lines, in cents."""
        return sum(ligne.ht for ligne in self.lignes)

    @property
    def tva(self) -> int:
        """TVA of the lines, in cents."""
        return sum(ligne.tva for ligne in self.lignes)


@dataclass(slots=True)
class Bordereau:
    """A bordereau of pieces of one type."""

    exercice: int
    numero: int
    typ: str
    date: dt.date
    pieces: list[Piece]
    cumul: int = 0
    objet: str = ""


@dataclass(slots=True)
class Flux:
    """One PES_Aller to write: where it comes from, what it carries, how it is typed."""

    budget: Budget
    exercice: int
    sens: str
    date: dt.date
    nom: str
    bordereaux: list[Bordereau]
    pjs: list[Pj] = field(default_factory=list)
    marches: str = ""
    encodage: str = "iso-8859-1"
    bom: bool = False
    prefixe: str = "n"
    compact: bool = False
    largeur: int = 0
    enveloppe: str = "xml"
    typ_fic: str = "PESALR1"
