"""Budgets and cellules, made when a flow first names them and kept at hand while reading."""

from dataclasses import dataclass, field

from sqlalchemy import select, update

from orc.db import Writing, insert_missing
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


def get_budget(session: Writing, cle: CleBudget, libelles: Libelles) -> BudgetConnu:
    """The budget of this key, made if need be; names are filled in when they were unknown."""
    insert_missing(session, Collectivite, [{"siren": cle.siren, "libelle": libelles.budget}])
    insert_missing(
        session,
        Budget,
        [
            {
                "siren": cle.siren,
                "siret": cle.siret,
                "cod_col": cle.cod_col,
                "cod_bud": cle.cod_bud,
                "id_post": libelles.id_post,
                "libelle": libelles.budget,
                "libelle_poste": libelles.poste,
            }
        ],
    )
    row = session.execute(
        select(Budget).filter_by(siret=cle.siret, cod_col=cle.cod_col, cod_bud=cle.cod_bud)
    ).scalar_one()
    _fill_in(session, row, libelles)
    return BudgetConnu(row.id, row.siren, row.nomenclature)


def _fill_in(session: Writing, row: Budget, libelles: Libelles) -> None:
    if libelles.budget and not row.libelle:
        row.libelle = libelles.budget
        session.execute(
            update(Collectivite)
            .where(Collectivite.siren == row.siren, Collectivite.libelle == "")
            .values(libelle=libelles.budget)
        )
    row.id_post = row.id_post or libelles.id_post
    row.libelle_poste = row.libelle_poste or libelles.poste
    session.flush()


@dataclass(slots=True)
class Cellules:
    """The ids of cellules, asked of SQL once each."""

    known: dict[tuple[int, int, Domaine], int] = field(default_factory=dict)

    def get(self, session: Writing, budget_id: int, exercice: int, domaine: Domaine) -> int:
        """The id of this cellule, made if need be."""
        key = (budget_id, exercice, domaine)
        if key not in self.known:
            self.known[key] = _get_cellule(session, *key)
        return self.known[key]


def _get_cellule(session: Writing, budget_id: int, exercice: int, domaine: Domaine) -> int:
    values = {"budget_id": budget_id, "exercice": exercice, "domaine": domaine.value}
    insert_missing(session, Cellule, [values])
    return session.execute(select(Cellule.id).filter_by(**values)).scalar_one()
