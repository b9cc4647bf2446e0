"""Every table. SQL is the truth: the index and the queue can be made again from here."""

from orc.models.base import FLUX_BITS, Base, Instant, read_now
from orc.models.evenements import Acquit, Emargement, ErreurAcquit, RetourLigne, RetourPiece
from orc.models.flux import Anomalie, Emplacement, Fichier, Flux
from orc.models.habilitations import (
    Demande,
    Mission,
    PieceDemande,
    PorteeMission,
    RechercheScellee,
    Structure,
)
from orc.models.journal import Ecriture
from orc.models.lectures import LecturePage
from orc.models.messages import Message
from orc.models.personnes import (
    AncienMotDePasse,
    CodeEnvoye,
    EchecConnexion,
    Habilitation,
    Personne,
    SessionWeb,
)
from orc.models.pieces import Bordereau, Ligne, Marche, Piece, Tiers
from orc.models.pj import AIndexer, Lien, LienMarche, PieceJustificative, RefCompta, Texte
from orc.models.portes import AllerOidc, CertificatClient, CleApi, CompteTechnique, IdentiteFederee
from orc.models.referentiel import (
    Budget,
    Cellule,
    Cloture,
    Collectivite,
    Departement,
    Poste,
    Rattachement,
    ServiceArchives,
    Succession,
)
from orc.models.taches import Ouvrier, TacheEchouee, TacheEnCours

__all__ = [
    "FLUX_BITS",
    "AIndexer",
    "Acquit",
    "AllerOidc",
    "AncienMotDePasse",
    "Anomalie",
    "Base",
    "Bordereau",
    "Budget",
    "Cellule",
    "CertificatClient",
    "CleApi",
    "Cloture",
    "CodeEnvoye",
    "Collectivite",
    "CompteTechnique",
    "Demande",
    "Departement",
    "EchecConnexion",
    "Ecriture",
    "Emargement",
    "Emplacement",
    "ErreurAcquit",
    "Fichier",
    "Flux",
    "Habilitation",
    "IdentiteFederee",
    "Instant",
    "LecturePage",
    "Lien",
    "LienMarche",
    "Ligne",
    "Marche",
    "Message",
    "Mission",
    "Ouvrier",
    "Personne",
    "Piece",
    "PieceDemande",
    "PieceJustificative",
    "PorteeMission",
    "Poste",
    "Rattachement",
    "RechercheScellee",
    "RefCompta",
    "RetourLigne",
    "RetourPiece",
    "ServiceArchives",
    "SessionWeb",
    "Structure",
    "Succession",
    "TacheEchouee",
    "TacheEnCours",
    "Texte",
    "Tiers",
    "read_now",
]
