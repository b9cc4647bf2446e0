"""The silo: list it, read it, open a PJ in it; never write to it. One way in for every address."""

from orc.silo.changes import Ecart, compare
from orc.silo.clotures import LigneCloture, read_clotures
from orc.silo.faults import EmpreinteDifferente, FichierChange, FichierDisparu
from orc.silo.payload import Contenu, EtatContenu, read_contenu
from orc.silo.pj import open_pj
from orc.silo.reader import Silo
from orc.silo.values import (
    FichierConnu,
    FichierVu,
    FluxLocal,
    FluxRefuse,
    Genre,
    Illisible,
)

__all__ = [
    "Contenu",
    "Ecart",
    "EmpreinteDifferente",
    "EtatContenu",
    "FichierChange",
    "FichierConnu",
    "FichierDisparu",
    "FichierVu",
    "FluxLocal",
    "FluxRefuse",
    "Genre",
    "Illisible",
    "LigneCloture",
    "Silo",
    "compare",
    "open_pj",
    "read_clotures",
    "read_contenu",
]
