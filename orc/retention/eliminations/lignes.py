"""The lines of a list: chosen, written in bulk, described, numbered, hashed in their order."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import cast

from sqlalchemy import ColumnElement, CursorResult, exists, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from orc.db import Writing, insert_missing, list_values
from orc.errors import Conflict, NotFound
from orc.models import (
    Bordereau,
    BordereauElimination,
    Cellule,
    CelluleElimination,
    DecisionCourante,
    Lien,
    LigneElimination,
    Piece,
    PieceJustificative,
)
from orc.nomenclature import libelle_type_pj
from orc.retention.decide import Statut
from orc.retention.regles import RegleTrouvee, find_durees

LOT = 500
# What one bordereau holds at most; what is left over goes to another.
LIGNES_MAX = 50_000


class StatutLigne(StrEnum):
    """What became of a line."""

    RETENUE = "retenue"
    RETIREE = "retiree"
    REFUSEE = "refusee"
    ECARTEE = "ecartee"
    DETRUITE = "detruite"


LIBELLES_STATUTS = {
    StatutLigne.RETENUE: "Retenue",
    StatutLigne.RETIREE: "Retirée",
    StatutLigne.REFUSEE: "Refusée",
    StatutLigne.ECARTEE: "Écartée",
    StatutLigne.DETRUITE: "Détruite",
}
# In the list, or destroyed with it.
DANS_LA_LISTE = (StatutLigne.RETENUE.value, StatutLigne.DETRUITE.value)
# What the producer may take back in its own list.
REPRENABLES = (StatutLigne.RETIREE.value, StatutLigne.ECARTEE.value)


@dataclass(frozen=True, slots=True)
class Criteres:
    """« Tout ce qui est éligible de la collectivité × exercices »; None: no bound, empty: any."""

    exercice_min: int | None = None
    exercice_max: int | None = None
    type_pj: str = ""


def find_candidates(
    session: Session, siren: str, criteres: Criteres, cellules: frozenset[int], after: int
) -> list[int]:
    """The next PJ that may go, after this id: in no live list, cited within these cellules only."""
    exercice = Cellule.exercice
    within: list[ColumnElement[bool]] = [Lien.pj_id == PieceJustificative.id]
    if criteres.exercice_min is not None:
        within.append(exercice >= criteres.exercice_min)
    if criteres.exercice_max is not None:
        within.append(exercice <= criteres.exercice_max)
    cited = exists().where(Cellule.id == Lien.cellule_id, *within)
    outside = exists().where(
        Lien.pj_id == PieceJustificative.id, Lien.cellule_id.not_in(list_values(cellules))
    )
    taken = exists().where(
        LigneElimination.pj_id == PieceJustificative.id, LigneElimination.en_cours
    )
    query = (
        select(PieceJustificative.id)
        .join(DecisionCourante, DecisionCourante.pj_id == PieceJustificative.id)
        .where(
            PieceJustificative.id > after,
            DecisionCourante.siren == siren,
            DecisionCourante.statut == Statut.ELIGIBLE.value,
            cited,
            ~outside,
            ~taken,
        )
        .order_by(PieceJustificative.id)
        .limit(LOT)
    )
    if criteres.type_pj:
        query = query.where(PieceJustificative.type_pj == criteres.type_pj)
    return list(session.scalars(query))


def check_free(session: Session, pj_ids: Sequence[int]) -> None:
    """Raise Conflict where one of these PJ is in a list that goes on, or was destroyed by one."""
    query = (
        select(LigneElimination.id_unique, BordereauElimination.numero)
        .join(BordereauElimination, BordereauElimination.id == LigneElimination.bordereau_id)
        .where(LigneElimination.en_cours)
    )
    for start in range(0, len(pj_ids), LOT):
        some = LigneElimination.pj_id.in_(pj_ids[start : start + LOT])
        found = session.execute(query.where(some).limit(1)).first()
        if found is not None:
            raise Conflict(
                f"La pièce justificative {found.id_unique} est déjà dans le bordereau "
                f"{found.numero} : une pièce n’est que d’un bordereau à la fois."
            )


def check_within(
    session: Session, pj_ids: Sequence[int], siren: str, cellules: frozenset[int]
) -> None:
    """Raise NotFound where one of these PJ is of another collectivité or outside these cellules."""
    pj = PieceJustificative
    outside = exists().where(Lien.pj_id == pj.id, Lien.cellule_id.not_in(list_values(cellules)))
    cited = exists().where(Lien.pj_id == pj.id)
    query = select(func.count()).where(pj.siren == siren, cited, ~outside)
    found = 0
    for start in range(0, len(pj_ids), LOT):
        some = pj.id.in_(pj_ids[start : start + LOT])
        found += session.scalar(query.where(some)) or 0
    if found < len(pj_ids):
        raise NotFound("Une de ces pièces justificatives n’existe pas.")


def put_lines(session: Writing, bordereau_id: int, pj_ids: Sequence[int], today: date) -> int:
    """Write these PJ as retained lines, those of this list set aside taken back; how many.

    One refused by the archives stays refused: another bordereau asks again.
    """
    known = select(LigneElimination.pj_id, LigneElimination.statut).where(
        LigneElimination.bordereau_id == bordereau_id, LigneElimination.pj_id.in_(pj_ids)
    )
    before = dict(session.execute(known).all())
    again = [pj_id for pj_id, statut in before.items() if statut in REPRENABLES]
    session.execute(
        update(LigneElimination)
        .where(LigneElimination.bordereau_id == bordereau_id, LigneElimination.pj_id.in_(again))
        .values(statut=StatutLigne.RETENUE.value, motif="", en_cours=True)
    )
    new = [pj_id for pj_id in pj_ids if pj_id not in before]
    if new:
        session.execute(insert(LigneElimination), _describe(session, bordereau_id, new, today))
        _put_cellules(session, bordereau_id, new)
    return len(again) + len(new)


def _put_cellules(session: Writing, bordereau_id: int, pj_ids: Sequence[int]) -> None:
    query = select(Lien.cellule_id).where(Lien.pj_id.in_(pj_ids)).distinct()
    rows = [
        {"bordereau_id": bordereau_id, "cellule_id": cellule_id}
        for cellule_id in sorted(session.scalars(query))
    ]
    insert_missing(session, CelluleElimination, rows)


def _describe(
    session: Session, bordereau_id: int, pj_ids: Sequence[int], today: date
) -> list[dict[str, object]]:
    """What the register will say of these PJ, as they are now."""
    pj = PieceJustificative
    dates = (
        select(
            Lien.pj_id,
            func.min(Piece.exercice).label("exercice"),
            func.min(Bordereau.date_emission).label("date_min"),
            func.max(Bordereau.date_emission).label("date_max"),
        )
        .join(Piece, Piece.id == Lien.piece_id)
        .join(Bordereau, Bordereau.id == Piece.bordereau_id)
        .where(Lien.pj_id.in_(pj_ids))
        .group_by(Lien.pj_id)
    )
    cited = {row.pj_id: row for row in session.execute(dates)}
    regles = find_durees(session, pj_ids, today)
    query = select(pj.id, pj.id_unique, pj.nom, pj.sha256, pj.taille, pj.type_pj)
    return [
        {
            "bordereau_id": bordereau_id,
            "rang": 0,
            "pj_id": row.id,
            "en_cours": True,
            "statut": StatutLigne.RETENUE.value,
            "motif": "",
            "typologie": name_typologie(row.type_pj),
            "id_unique": row.id_unique,
            "nom": row.nom,
            "sha256": row.sha256,
            "octets": row.taille,
            "exercice": seen.exercice if (seen := cited.get(row.id)) else None,
            "date_min": seen.date_min if seen else None,
            "date_max": seen.date_max if seen else None,
            "regle": name_regle(regles.get(row.id)),
        }
        for row in session.execute(query.where(pj.id.in_(pj_ids)).order_by(pj.id))
    ]


def name_typologie(type_pj: str) -> str:
    """The line of typology of a type of PJ: `003 — Facture`."""
    libelle = libelle_type_pj(type_pj)
    return f"{type_pj} — {libelle}" if libelle else type_pj or "Type non déclaré"


def name_regle(regle: RegleTrouvee | None) -> str:
    """What keeps a PJ, as the archives read it: code, durée d’utilité administrative, reference."""
    return f"{regle.code} ({regle.dua}) : {regle.reference}" if regle else ""


def read_retained(session: Session, bordereau_id: int) -> Iterator[dict[int, int]]:
    """The retained lines, a batch at a time in the order of their ids: line by PJ."""
    query = (
        select(LigneElimination.id, LigneElimination.pj_id)
        .where(
            LigneElimination.bordereau_id == bordereau_id,
            LigneElimination.statut == StatutLigne.RETENUE.value,
        )
        .order_by(LigneElimination.id)
        .limit(LOT)
    )
    after = 0
    while rows := session.execute(query.where(LigneElimination.id > after)).all():
        after = rows[-1].id
        yield {row.pj_id: row.id for row in rows}


def is_of(typologie: str, regle: str = "") -> ColumnElement[bool]:
    """Lines of this typologie; `regle`: the code of the rule they are under too, empty: any."""
    named = LigneElimination.typologie == typologie
    if not regle:
        return named
    return named & LigneElimination.regle.startswith(f"{regle} ", autoescape=True)


def read_code(regle: str) -> str:
    """The code of a rule, from what `name_regle` wrote of it."""
    return regle.partition(" ")[0]


def count_lines(session: Session, bordereau_id: int) -> int:
    """How many lines are retained, or destroyed."""
    query = select(func.count()).where(
        LigneElimination.bordereau_id == bordereau_id, LigneElimination.statut.in_(DANS_LA_LISTE)
    )
    return session.scalar(query) or 0


def change_lines(
    session: Writing, bordereau_id: int, *where: ColumnElement[bool], **values: object
) -> int:
    """Give these values to the retained lines of a bordereau that meet `where`; how many do."""
    done = session.execute(
        update(LigneElimination)
        .where(
            LigneElimination.bordereau_id == bordereau_id,
            LigneElimination.statut == StatutLigne.RETENUE.value,
            *where,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[*tuple[object, ...]]", done).rowcount


def number_lines(session: Writing, bordereau_id: int) -> None:
    """Give the retained lines their place, from 1, by typologie, exercice and id; others 0."""
    mine = LigneElimination.bordereau_id == bordereau_id
    session.execute(update(LigneElimination).where(mine).values(rang=0))
    line = aliased(LigneElimination)
    order = (line.typologie, line.regle, func.coalesce(line.exercice, 0), line.id)
    ranked = (
        select(line.id, func.row_number().over(order_by=order).label("rang"))
        .where(line.bordereau_id == bordereau_id, line.statut == StatutLigne.RETENUE.value)
        .subquery()
    )
    session.execute(
        update(LigneElimination)
        .where(LigneElimination.id == ranked.c.id)
        .values(rang=ranked.c.rang)
        .execution_options(synchronize_session=False)
    )


def write_list(
    session: Session, bordereau: BordereauElimination, *, attested: bool = False
) -> Iterator[bytes]:
    """The canonical lines of the frozen list: one JSON array a line, in the order of the ranks.

    First the bordereau: numero, SIREN. Then each line: rang, IdUnique, name, SHA-256, octets,
    typologie, rule, exercice. `attested`: those still retained, or destroyed, alone.
    """
    yield _write(["orc-elimination-1", bordereau.numero, bordereau.siren])
    line = LigneElimination
    query = (
        select(
            line.rang, line.id_unique, line.nom, line.sha256, line.octets, line.typologie,
            line.regle, line.exercice,
        )
        .where(line.bordereau_id == bordereau.id, line.rang > 0)
        .order_by(line.rang)
        .execution_options(yield_per=LOT)
    )  # fmt: skip
    if attested:
        query = query.where(line.statut.in_(DANS_LA_LISTE))
    for row in session.execute(query):
        yield _write(list(row))


def _write(values: Sequence[object]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def hash_list(session: Session, bordereau: BordereauElimination, *, attested: bool = False) -> str:
    """The SHA-256 of `write_list`."""
    digest = hashlib.sha256()
    for line in write_list(session, bordereau, attested=attested):
        digest.update(line)
    return digest.hexdigest()
