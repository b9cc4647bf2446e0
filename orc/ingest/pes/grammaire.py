"""Which elements of a flow are opened and which are read whole, by the element that holds them.

Everything else is skipped. Names are local: prefixes vary from one sender to the next.
"""

from enum import Enum
from typing import Final

from orc.ingest.pes.values import Forme


class Genre(Enum):
    """CONTENANT: opened, its children are looked at. UNITE: read whole, then let go."""

    CONTENANT = 1
    UNITE = 2


RACINES: Final = {
    "PES_Aller": Forme.ALLER,
    "PES_Retour": Forme.RETOUR,
    "PES_ACQUIT": Forme.ACQUIT,
    "PES_ACQUIT_RETOUR": Forme.ACQUIT_RETOUR,
    "PES_Acquit": Forme.ACQUIT_PES_V1,
    "PES_NonAcquit": Forme.ACQUIT_PES_V1,
    "liensPj": Forme.LIENS_PJ,
    "PES_Facture": Forme.ALLER,
}
# A line is let go of as soon as it is read: a piece may have tens of thousands.
SOUS_UNITES: Final = {"Piece": "LigneDePiece"}


def _grammar(contenants: str, unites: str) -> dict[str, Genre]:
    return {
        **dict.fromkeys(contenants.split(), Genre.CONTENANT),
        **dict.fromkeys(unites.split(), Genre.UNITE),
    }


REPETES: Final = frozenset(
    _grammar(
        "Bordereau",
        "Piece LigneDePiece PJ ElementACQUIT ElementACQUIT_RETOUR Marche Concession FactureIndiv "
        "Client lien",
    )
)
_ENTETES = "Enveloppe EnTetePES "
_DOMAINE = _grammar("Bordereau", "EnTeteDepense EnTeteRecette BordereauORMCGlobal")
GRAMMAIRE: Final[dict[str, dict[str, Genre]]] = {
    "PES_Aller": _grammar(
        "PES_DepenseAller PES_RecetteAller PES_Facture PES_Marche PES_PJ",
        _ENTETES + "PJ Signature",
    ),
    "PES_DepenseAller": _DOMAINE,
    "PES_RecetteAller": _DOMAINE,
    "Bordereau": _grammar("", "BlocBordereau Piece Signature"),
    "PES_PJ": _grammar("", "EnTetePES_PJ PJ"),
    "PES_Marche": _grammar("Marches Concessions", "EnTeteMarche"),
    "Marches": _grammar("", "Marche"),
    "Concessions": _grammar("", "Concession"),
    "PES_Facture": _grammar(
        "", "IdVer Annee NumSequence TypeFact Date Emetteur Tiers FactureIndiv"
    ),
    "PES_Retour": _grammar("PES_DepenseRetour PES_RecetteRetour PES_ClientRetour", _ENTETES),
    "PES_DepenseRetour": _DOMAINE,
    "PES_RecetteRetour": _DOMAINE,
    "PES_ClientRetour": _grammar("", "EnTeteClient Client"),
    "PES_ACQUIT": _grammar("ACQUIT", _ENTETES),
    "ACQUIT": _grammar("", "EnTeteAcquit ElementACQUIT"),
    "PES_ACQUIT_RETOUR": _grammar("ACQUIT_RETOUR", _ENTETES),
    "ACQUIT_RETOUR": _grammar("", "EnTeteAcquit_Retour ElementACQUIT_RETOUR"),
    "liensPj": _grammar("liens", "collectivite"),
    "liens": _grammar("", "lien"),
}
