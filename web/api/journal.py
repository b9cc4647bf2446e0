"""The journal for programs: the rows that its page shows, one page by cursor."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from orc.journal.read import find_lignes
from web.acces import acces
from web.api.contrat import PREFIX, REFUS
from web.deps import Connecte, Lecture
from web.pages.journal import QUI_LIT, Jour, Texte, find_regard, read_demande

router = APIRouter(prefix=PREFIX, responses=REFUS, tags=["Journal"])


class ActeJournalise(BaseModel):
    """One act, as it was written."""

    id: int
    quand: datetime
    acteur: str
    acte: str
    objet: str
    details: dict[str, object]
    scelle: bool


class PageDuJournal(BaseModel):
    """Acts from the latest. `suivant` is the `apres` of the next page, null on the last."""

    actes: list[ActeJournalise]
    suivant: int | None


@router.get("/journal", summary="Les actes que vous pouvez connaître")
@acces(*QUI_LIT)
def show_journal(
    session: Lecture,
    lecteur: Connecte,
    acte: Texte = "",
    qui: Texte = "",
    du: Jour = None,
    au: Jour = None,
    apres: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
    taille: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> PageDuJournal:
    """Les derniers d’abord ; sans `du`, ceux des trente derniers jours."""
    demande = read_demande(acte, qui, du, au)
    regard = find_regard(session, lecteur)
    found = find_lignes(session, regard, demande.choix, apres=apres, combien=taille + 1)
    shown = found[:taille]
    return PageDuJournal(
        actes=[
            ActeJournalise(
                id=ligne.id,
                quand=ligne.quand,
                acteur=ligne.acteur,
                acte=ligne.acte,
                objet=ligne.objet,
                details=dict(ligne.details),
                scelle=ligne.scelle,
            )
            for ligne in shown
        ],
        suivant=shown[-1].id if len(found) > taille else None,
    )
