"""A piece asked for by its number in an exercice still open: it exists, but not in ORC yet."""

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.access import Clearance
from orc.domain import Sens
from orc.index.query import Expression, Mot, Terme
from orc.models import Budget, Cellule, Collectivite, Piece
from orc.search.lieux import make_lieu
from orc.search.paged import among

_NUMERO = re.compile(r"0*([1-9]\d{0,12})")
_WIDEST = 13
SHOWN = 5


@dataclass(frozen=True, slots=True)
class PieceOuverte:
    """A piece of an open exercice: its number and place, nothing of what it says."""

    nom: str
    exercice: int
    collectivite: str
    budget: str


def find_numero(expression: Expression) -> str | None:
    """The number of a piece, where the question is just that: `127`, `mandat:127`."""
    if isinstance(expression, Mot) and expression.champ in {None, "piece"}:
        text = expression.texte
    elif isinstance(expression, Terme) and expression.champ == "piece":
        text = str(expression.valeur)
    else:
        return None
    found = _NUMERO.fullmatch(text.strip())
    return found[1] if found else None


def find_ouvertes(
    session: Session, numero: str, *, clearance: Clearance
) -> tuple[PieceOuverte, ...]:
    """The current pieces of this number in the open exercices granted, leading zeros aside."""
    if not clearance.ouvertes:
        return ()
    written = [numero.zfill(width) for width in range(len(numero), _WIDEST + 1)]
    query = (
        select(Piece.numero, Piece.sens, Piece.exercice, Budget, Collectivite)
        .select_from(Cellule)
        .join(
            Piece,
            (Piece.budget_id == Cellule.budget_id)
            & (Piece.exercice == Cellule.exercice)
            & (Piece.cellule_id == Cellule.id),
        )
        .join(Budget, Budget.id == Piece.budget_id)
        .outerjoin(Collectivite, Collectivite.siren == Budget.siren)
        .where(
            among(Cellule.id, clearance.ouvertes),
            Piece.sens.in_(list(Sens)),
            Piece.numero.in_(written),
            Piece.courante,
        )
        .limit(SHOWN)
    )
    found = []
    for number, sens, exercice, budget, collectivite in session.execute(query):
        lieu = make_lieu(budget, collectivite)
        genre = "Mandat" if sens == Sens.DEPENSE else "Titre"
        found.append(
            PieceOuverte(f"{genre} {number}", exercice, lieu.nom_collectivite, lieu.nom_budget)
        )
    return tuple(found)
