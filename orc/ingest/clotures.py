"""Closing an exercice of a budget, and withdrawing it: what is closed may be searched.

The pieces were read long before: recording a closure only tells the index; the silo is not read.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select, true, update
from sqlalchemy.orm import Session

from orc.access import en_vigueur
from orc.db import Writing, insert_missing
from orc.errors import Invalid, NotFound
from orc.index.outbox import mark_pieces
from orc.ingest.referentiel import find_sirens, lock_collectivites
from orc.journal import Acte, Auteur, record_acte
from orc.models import Budget, Cloture, Piece, read_now

MOTIF_MIN, MOTIF_MAX = 3, 500
PREMIER_JOUR = date(1990, 1, 1)


@dataclass(frozen=True, slots=True)
class Exercice:
    """An exercice of a budget."""

    budget_id: int
    annee: int


@dataclass(frozen=True, slots=True)
class EtatExercice:
    """An exercice that holds pieces, whether it is closed, and what it holds (cents, signed)."""

    exercice: Exercice
    siren: str
    libelle: str
    cod_bud: str
    id_post: str
    close_le: date | None
    nb_pieces: int
    depenses_ttc: int
    recettes_ttc: int


@cache
def find_pieces_closes() -> Select[int]:
    """The current pieces of the flow bound as `flux`, whose exercice is closed."""
    return (
        select(Piece.id)
        .join(Cloture, en_vigueur(Piece.budget_id, Piece.exercice))
        .where(Piece.flux_id == bindparam("flux"), Piece.courante)
    )


def find_exercices(
    session: Session, *, which: ColumnElement[bool], cellules: Collection[int] | None = None
) -> list[EtatExercice]:
    """Every exercice that holds pieces, of the budgets said by `which`; latest first.

    Only pieces of these `cellules` are counted and summed: what is reserved is not told by a
    total. None: all of them.
    """
    ttc = Piece.ht + Piece.tva
    counted = true() if cellules is None else Piece.cellule_id.in_(cellules)
    query = (
        select(
            Budget.id,
            Piece.exercice,
            Budget.siren,
            Budget.libelle,
            Budget.cod_bud,
            Budget.id_post,
            Cloture.close_le,
            func.count(Piece.id).filter(counted),
            func.coalesce(func.sum(ttc).filter(Piece.sens == "depense", counted), 0),
            func.coalesce(func.sum(ttc).filter(Piece.sens == "recette", counted), 0),
        )
        .join(Piece, Piece.budget_id == Budget.id)
        .outerjoin(Cloture, en_vigueur(Budget.id, Piece.exercice))
        .where(which, Piece.courante)
        .group_by(
            Budget.id,
            Piece.exercice,
            Budget.siren,
            Budget.libelle,
            Budget.cod_bud,
            Budget.id_post,
            Cloture.close_le,
        )
        .order_by(Budget.siren, Budget.cod_bud, Piece.exercice.desc())
    )
    return [_make_etat(*row) for row in session.execute(query)]


def _make_etat(budget_id: int, annee: int, *rest: Any) -> EtatExercice:
    return EtatExercice(Exercice(budget_id, annee), *rest)


def check_close_le(close_le: date, today: date) -> None:
    """Refuse (Invalid) a day of closure that a person cannot mean."""
    if not PREMIER_JOUR <= close_le <= today:
        raise Invalid("La date de clôture ne peut pas être dans l’avenir, ni avant 1990.")


def record_clotures(
    session: Writing, exercices: Sequence[Exercice], *, close_le: date, auteur: Auteur
) -> int:
    """Record these closures; those already in force stay as they are. How many are new.

    Their pieces are marked for the index: the caller enqueues the index job.
    """
    lock_collectivites(session, *find_sirens(session, (e.budget_id for e in exercices)))
    return sum(_record_cloture(session, e, close_le, auteur) for e in exercices)


def _record_cloture(session: Writing, exercice: Exercice, close_le: date, auteur: Auteur) -> bool:
    if find_cloture(session, exercice):
        return False
    row = {
        "budget_id": exercice.budget_id,
        "exercice": exercice.annee,
        "close_le": close_le,
        "enregistree_le": read_now(),
        "enregistree_par": auteur.identifiant,
    }
    insert_missing(session, Cloture, [row])
    _tell_index(session, exercice)
    _journal(session, Acte.CLOTURE, exercice, auteur, {"close_le": close_le.isoformat()})
    return True


def withdraw_cloture(session: Writing, exercice: Exercice, *, motif: str, auteur: Auteur) -> None:
    """Withdraw a closure. NotFound when none is in force, Invalid without a motive."""
    motif = " ".join(motif.split())
    lock_collectivites(session, *find_sirens(session, [exercice.budget_id]))
    if not find_cloture(session, exercice):
        raise NotFound(f"L’exercice {exercice.annee} de ce budget n’est pas clos.")
    if not MOTIF_MIN <= len(motif) <= MOTIF_MAX:
        raise Invalid(f"Dites pourquoi, en {MOTIF_MIN} à {MOTIF_MAX} caractères.")
    session.execute(
        update(Cloture)
        .where(en_vigueur(exercice.budget_id, exercice.annee))
        .values(retiree_le=read_now(), retiree_par=auteur.identifiant, motif=motif)
    )
    _tell_index(session, exercice)
    _journal(session, Acte.RETRAIT_DE_CLOTURE, exercice, auteur, {"motif": motif})


def find_cloture(session: Session, exercice: Exercice) -> int | None:
    """The id of the closure in force, if there is one."""
    return session.scalar(select(Cloture.id).where(en_vigueur(exercice.budget_id, exercice.annee)))


def find_past_exercices(session: Session, today: date) -> list[Exercice]:
    """Every exercice before this year that holds pieces: closed by default without clotures.csv."""
    query = (
        select(Piece.budget_id, Piece.exercice)
        .outerjoin(Cloture, en_vigueur(Piece.budget_id, Piece.exercice))
        .where(Piece.exercice.between(1900, today.year - 1), Cloture.id.is_(None))
        .distinct()
    )
    return [Exercice(*row) for row in session.execute(query)]


def _tell_index(session: Writing, exercice: Exercice) -> None:
    held = and_(Piece.budget_id == exercice.budget_id, Piece.exercice == exercice.annee)
    mark_pieces(session, select(Piece.id).where(held))


def _journal(
    session: Writing, acte: Acte, exercice: Exercice, auteur: Auteur, details: dict[str, object]
) -> None:
    record_acte(
        session,
        acte,
        acteur=auteur.identifiant,
        personne_id=auteur.personne_id,
        objet=f"budget:{exercice.budget_id}/exercice:{exercice.annee}",
        details=details,
    )
