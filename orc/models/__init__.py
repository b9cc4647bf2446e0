"""Every table. SQL is the truth: the index and the queue can be made again from here."""

from orc.models.base import FLUX_BITS, Base, Instant, read_now
from orc.models.flux import Anomalie, Emplacement, Fichier, Flux
from orc.models.journal import Ecriture
from orc.models.lectures import LecturePage
from orc.models.personnes import EchecConnexion, Habilitation, Personne, SessionWeb
from orc.models.pieces import Bordereau, Ligne, Marche, Piece, Tiers
from orc.models.pj import AIndexer, Lien, LienMarche, PieceJustificative, RefCompta, Texte
from orc.models.referentiel import Budget, Cellule, Cloture, Collectivite
from orc.models.taches import Ouvrier, TacheEchouee, TacheEnCours

__all__ = [
    "FLUX_BITS",
    "AIndexer",
    "Anomalie",
    "Base",
    "Bordereau",
    "Budget",
    "Cellule",
    "Cloture",
    "Collectivite",
    "EchecConnexion",
    "Ecriture",
    "Emplacement",
    "Fichier",
    "Flux",
    "Habilitation",
    "Instant",
    "LecturePage",
    "Lien",
    "LienMarche",
    "Ligne",
    "Marche",
    "Ouvrier",
    "Personne",
    "Piece",
    "PieceJustificative",
    "RefCompta",
    "SessionWeb",
    "TacheEchouee",
    "TacheEnCours",
    "Texte",
    "Tiers",
    "read_now",
]
