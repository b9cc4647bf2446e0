"""Budgets and cellules, made when a flow first names them and kept at hand while reading."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from orc.db import Writing, call_after_commit, insert_missing, lock
from orc.domain import CleBudget, Domaine
from orc.models import Budget, Cellule, Collectivite


@dataclass(frozen=True, slots=True)
class BudgetConnu:
    """What reading a flow must know of its budget."""

    id: int
    siren: str
    nomenclature: str


@dataclass(frozen=True, slots=True)
class Libelles:
    """What a flow calls its collectivité, budget and poste; empty where it says nothing."""

    id_post: str = ""
    budget: str = ""
    poste: str = ""


def lock_collectivites(session: Writing, *sirens: str) -> None:
    """Until the transaction ends, nobody else decides versions, links, domaines or closures there.

    What is decided from many rows of a collectivité is decided by one transaction at a time: the
    next one sees all that it wrote.
    """
    lock(session, *(f"collectivite:{siren}" for siren in sirens))


def find_sirens(session: Session, budget_ids: Iterable[int]) -> list[str]:
    """The collectivités of these budgets."""
    query = select(Budget.siren).where(Budget.id.in_(sorted(set(budget_ids)))).distinct()
    return list(session.scalars(query))


def get_budget(session: Writing, cle: CleBudget, libelles: Libelles) -> BudgetConnu:
    """The budget of this key, made if need be; names are filled in when they were unknown."""
    query = select(Budget).filter_by(siret=cle.siret, cod_col=cle.cod_col, cod_bud=cle.cod_bud)
    row = session.scalar(query)
    if row is None:
        _insert_budget(session, cle, libelles)
        row = session.execute(query).scalar_one()
    _fill_in(session, row, libelles)
    return BudgetConnu(row.id, row.siren, row.nomenclature)


def _insert_budget(session: Writing, cle: CleBudget, libelles: Libelles) -> None:
    insert_missing(session, Collectivite, [{"siren": cle.siren, "libelle": libelles.budget}])
    budget = {
        "siren": cle.siren,
        "siret": cle.siret,
        "cod_col": cle.cod_col,
        "cod_bud": cle.cod_bud,
        "id_post": libelles.id_post,
        "libelle": libelles.budget,
        "libelle_poste": libelles.poste,
    }
    insert_missing(session, Budget, [budget])


def _fill_in(session: Writing, row: Budget, libelles: Libelles) -> None:
    """Only what is still empty when it is written: another flow may say it at the same time."""
    wanted = {
        "libelle": libelles.budget,
        "id_post": libelles.id_post,
        "libelle_poste": libelles.poste,
    }
    for name, value in wanted.items():
        if value and not getattr(row, name):
            column = getattr(Budget, name)
            where = (Budget.id == row.id, column == "")
            session.execute(update(Budget).where(*where).values({name: value}))
            if name == "libelle":
                unnamed = (Collectivite.siren == row.siren, Collectivite.libelle == "")
                session.execute(update(Collectivite).where(*unnamed).values(libelle=value))


class CleCellule(NamedTuple):
    """What a cellule is known by."""

    budget_id: int
    exercice: int
    domaine: Domaine


@dataclass(slots=True)
class Cellules:
    """The ids of cellules, asked of SQL once each."""

    known: dict[CleCellule, int] = field(default_factory=dict)

    def get(self, session: Writing, budget_id: int, exercice: int, domaine: Domaine) -> int:
        """The id of this cellule, made if need be."""
        key = CleCellule(budget_id, exercice, domaine)
        return self.get_all(session, [key])[key]

    def get_all(self, session: Writing, keys: Iterable[CleCellule]) -> dict[CleCellule, int]:
        """The ids of these cellules; those that lack are made in one order, always the same."""
        wanted = sorted(set(keys))
        unknown = {key: _get_cellule(session, *key) for key in wanted if key not in self.known}
        if unknown:  # undone with the transaction, they would be the ids of nothing
            call_after_commit(session, lambda: self.known.update(unknown))
        return {key: unknown.get(key) or self.known[key] for key in wanted}


def _get_cellule(session: Writing, budget_id: int, exercice: int, domaine: Domaine) -> int:
    values = {"budget_id": budget_id, "exercice": exercice, "domaine": domaine.value}
    query = select(Cellule.id).filter_by(**values)
    found = session.scalar(query)
    if found is None:
        insert_missing(session, Cellule, [values])
        found = session.execute(query).scalar_one()
    return found
