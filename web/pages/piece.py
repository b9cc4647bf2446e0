"""The page of a mandat or a titre."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from orc.journal import Acte
from orc.retention.chronologie import Chronologie, read_chronologie
from orc.search.consult import get_piece
from orc.search.consult_values import PieceVue
from orc.search.lieux import Lieu
from orc.search.syntax import LONGEST
from web.acces import acces_lecteurs
from web.deps import Connecte, JournalDuLecteur, Lecture
from web.render import render
from web.sceau import keep_q

router = APIRouter(include_in_schema=False)

# SQL keeps ids on 64 bits: beyond, an address names nothing.
Numero = Annotated[int, Path(ge=0, lt=2**63)]
Page = Annotated[int, Query(ge=1, le=1_000_000)]
Q = Annotated[str, Query(max_length=LONGEST)]
Etapes = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PagePiece:
    """What the page says; `q` is the search it was reached from, for the viewer to highlight."""

    piece: PieceVue
    chronologie: Chronologie
    etapes: Etapes
    q: str


def make_etapes(lieu: Lieu, exercice: int | None = None) -> Etapes:
    """The steps that lead to an exercice of a budget."""
    steps = [
        ("Parcourir", "/parcourir"),
        (lieu.nom_collectivite, f"/parcourir/{lieu.adresse.split('/')[0]}"),
        (lieu.nom_budget, f"/parcourir/{lieu.adresse}"),
    ]
    if exercice is not None:
        steps.append((str(exercice), f"/parcourir/{lieu.adresse}/{exercice}"))
    return tuple(steps)


@router.get("/piece/{piece_id}")
@acces_lecteurs
def show_piece(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    piece_id: Numero,
    lignes: Page = 1,
    q: Q = "",
) -> Response:
    """A mandat or a titre, within the reader's Clearance; the consultation is journaled."""
    piece = get_piece(session, piece_id, clearance=lecteur.clearance, page_lignes=lignes)
    journal.record(Acte.CONSULTATION, f"piece:{piece.id}")
    bordereau = piece.bordereau
    etapes = (
        *make_etapes(piece.lieu, piece.exercice),
        (f"Bordereau {bordereau.numero}", f"/bordereau/{bordereau.id}"),
    )
    chronologie = read_chronologie(session, piece.id)
    page = PagePiece(piece, chronologie, etapes, keep_q(session, lecteur, q))
    return render(request, "consultation/piece", page)
