"""A piece asked for by its number in an exercice still open: it exists, but not in ORC yet."""

import re
from dataclasses import dataclass

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from orc.access import Clearance
from orc.domain import Sens
from orc.index.query import Et, Expression, Intervalle, Mot, Terme
from orc.models import Budget, Cellule, Collectivite, Piece
from orc.search.lieux import make_lieu
from orc.search.paged import among

_NUMERO = re.compile(r"0*([1-9]\d{0,12})")
_WIDEST = 13
SHOWN = 5
_GENRES = {
    "mandat": Sens.DEPENSE,
    "mandats": Sens.DEPENSE,
    "titre": Sens.RECETTE,
    "titres": Sens.RECETTE,
}


@dataclass(frozen=True, slots=True)
class PieceOuverte:
    """A piece of an open exercice: its number and place, nothing of what it says."""

    nom: str
    exercice: int
    collectivite: str
    budget: str


@dataclass(frozen=True, slots=True)
class Numero:
    """A piece asked for by its number, leading zeros aside; exercices included, None: any."""

    numero: str
    sens: Sens | None = None
    exercice_min: int | None = None
    exercice_max: int | None = None


def find_numero(expression: Expression) -> Numero | None:
    """The number of a piece, where the question is just that.

    `127`, `mandat 127`, `mandat:127 exercice:2026`, `127 exercice:2025.. sens:recette`.
    """
    numero: str | None = None
    narrowed: dict[str, object] = {}
    for part in expression.termes if isinstance(expression, Et) else (expression,):
        if (found := _read_numero(part)) and numero is None:
            numero = found
        elif said := _read_narrowing(part):
            narrowed |= said
        else:
            return None
    return Numero(numero, **narrowed) if numero else None  # type: ignore[arg-type]  # its fields, by name


def _read_numero(part: Expression) -> str | None:
    if isinstance(part, Mot) and part.champ in {None, "piece"}:
        text = part.texte
    elif isinstance(part, Terme) and part.champ == "piece":
        text = str(part.valeur)
    else:
        return None
    found = _NUMERO.fullmatch(text.strip())
    return found[1] if found else None


def _read_narrowing(part: Expression) -> dict[str, object]:
    """What else a question may say of a number: its exercice, its sens; {} for anything else."""
    if isinstance(part, Mot) and part.champ is None:
        sens = _GENRES.get(part.texte.strip().lower())
        return {"sens": sens} if sens else {}
    if isinstance(part, Terme) and part.champ == "sens" and part.valeur in set(Sens):
        return {"sens": Sens(part.valeur)}
    if isinstance(part, Terme) and part.champ == "exercice":
        return {"exercice_min": part.valeur, "exercice_max": part.valeur}
    if isinstance(part, Intervalle) and part.champ == "exercice":
        return {"exercice_min": part.mini, "exercice_max": part.maxi}
    return {}


def find_ouvertes(
    session: Session, asked: Numero, *, clearance: Clearance
) -> tuple[PieceOuverte, ...]:
    """The current pieces of this number in the open exercices granted, leading zeros aside."""
    if not clearance.ouvertes:
        return ()
    written = [asked.numero.zfill(width) for width in range(len(asked.numero), _WIDEST + 1)]
    low, high = asked.exercice_min, asked.exercice_max
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
            Piece.sens.in_([asked.sens] if asked.sens else list(Sens)),
            Cellule.exercice >= low if low is not None else true(),
            Cellule.exercice <= high if high is not None else true(),
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


def write_ouverte(piece: PieceOuverte) -> str:
    """`Mandat 1 : exercice 2026 ouvert, pas encore dans ORC`."""
    return (
        f"{piece.nom} ({piece.collectivite}, {piece.budget}) : exercice {piece.exercice} ouvert, "
        "pas encore dans ORC."
    )
