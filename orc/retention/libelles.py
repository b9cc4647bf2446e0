"""What people read of a decision: French words for its answers and whose rule it is."""

from collections.abc import Mapping

from orc.retention.decide import Statut
from orc.retention.rules import Fondement

LIBELLES_STATUTS: Mapping[str, str] = {
    Statut.ELIGIBLE: "Destruction anticipée permise",
    Statut.EN_ATTENTE: "En attente",
    Statut.SUSPENDU: "Suspendue",
    Statut.REFUS: "Refusée",
}
LIBELLES_FONDEMENTS: Mapping[str, str] = {
    Fondement.TEXTE: "texte",
    Fondement.INTERPRETATION: "interprétation ORC",
}
