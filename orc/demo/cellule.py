"""A cell of the silo: one budget, one exercice, one sense; it numbers what is made in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from orc.demo.alea import Alea, make_alea
from orc.demo.catalogue import ACHATS, FONCTIONS, PRODUITS, Achat, Produit
from orc.demo.referentiel import FIN_DES_FLUX, Budget
from orc.demo.valeurs import Marche, Piece, Pj, PjRef, RefCompta

DEPENSE, RECETTE = "depense", "recette"
_MIMES = {
    "pdf": "application/pdf", "xml": "application/xml", "xhl": "application/xml",
    "tif": "image/tiff", "jpg": "image/jpeg",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "odt": "application/vnd.oasis.opendocument.text",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


@dataclass(slots=True)
class Cellule:
    """Counters and chance of a cell. Numbers never repeat in one, identifiers never anywhere."""

    budget: Budget
    exercice: int
    sens: str
    seed: int
    alea: Alea = field(init=False)
    achats: list[Achat] = field(init=False)
    produits: list[Produit] = field(init=False)
    dernier: int = 0
    dernier_id: int = 0
    bordereaux: dict[str, int] = field(default_factory=dict)
    cumul: int = 0
    scans: int = 0
    situations: int = 0
    fidele: bool = False
    debut: tuple[int, int] = (1, 9)
    marches: list[Marche] = field(default_factory=list)
    recentes: list[Piece] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.alea = make_alea(self.seed, self.budget.cle, self.exercice, self.sens)
        nomenclature = self.budget.nomenclature
        self.achats = [a for a in ACHATS if nomenclature in a.comptes]
        self.produits = [p for p in PRODUITS if nomenclature in p.comptes]

    @property
    def cle(self) -> tuple[str, int, str]:
        """What names the cell."""
        return self.budget.cle, self.exercice, self.sens

    def next_piece(self) -> int:
        """The number of the next mandat or titre."""
        self.dernier += 1
        return self.dernier

    def next_bordereau(self, typ: str) -> int:
        """The number of the next bordereau of that type."""
        self.bordereaux[typ] = self.bordereaux.get(typ, 0) + 1
        return self.bordereaux[typ]

    def next_id(self) -> str:
        """An IdUnique, unique for the collectivité for ever."""
        self.dernier_id += 1
        b = self.budget
        lettre = "D" if self.sens == DEPENSE else "R"
        return f"{b.collectivite.siren}{lettre}{self.exercice}{b.codbud}{self.dernier_id:07d}"

    def day(self, avancement: float) -> dt.date:
        """The day of the year reached when `avancement` (0 to 1) of the pieces are made."""
        debut = dt.date(self.exercice, *self.debut)
        fin = min(dt.date(self.exercice, 12, 28), FIN_DES_FLUX)
        return debut + dt.timedelta(days=int((fin - debut).days * min(avancement, 1.0)))

    def fonction(self) -> str:
        """A function of M57; other nomenclatures have none."""
        return self.alea.choice(FONCTIONS) if self.budget.nomenclature == "M57" else ""

    def make_pj(
        self, genre: str, nom: str, description: str, make: Callable[[], bytes],
        type_pj: str = "", refs: tuple[RefCompta, ...] = (),
    ) -> Pj:  # fmt: skip
        """A PJ of this cell; `genre` is the kind counted by the manifest."""
        type_pj = type_pj or ("003" if self.sens == DEPENSE else "002")
        mime = _MIMES.get(nom.rsplit(".", 1)[-1].lower(), "application/octet-stream")
        return Pj(self.next_id(), nom, genre, type_pj, description[:250], mime, make, refs)


def cite(pj: Pj, support: str = "01") -> PjRef:
    """The reference by which a piece cites a PJ."""
    return PjRef(pj.id_unique, pj.nom, pj.type_pj, support)
