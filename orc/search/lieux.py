"""Where a piece stands: collectivité, budget, poste, exercice; and codes with their labels."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.errors import NotFound
from orc.models import Budget, Collectivite
from orc.search.paged import among

_NOT_IN_ADDRESS = re.compile(r"[^0-9A-Za-z]")
NO_SIREN = "-"


@dataclass(frozen=True, slots=True)
class Code:
    """A code of the norm and its label, "" where nothing names it."""

    code: str
    libelle: str = ""

    def __str__(self) -> str:
        """`60612 — Énergie, électricité`, as every page writes it."""
        return f"{self.code} — {self.libelle}" if self.code and self.libelle else self.code


@dataclass(frozen=True, slots=True)
class Lieu:
    """A budget of a collectivité; `code` is how addresses name it (`SIRET-101-00`)."""

    budget_id: int
    siren: str
    collectivite: str
    code: str
    budget: str
    poste: str
    libelle_poste: str

    @property
    def adresse(self) -> str:
        """The path below /parcourir: safe in an address."""
        return f"{make_siren_code(self.siren)}/{self.code}"

    @property
    def nom_collectivite(self) -> str:
        """Its label, or its SIREN where nothing names it."""
        return self.collectivite or (f"SIREN {self.siren}" if self.siren else "SIREN inconnu")

    @property
    def nom_budget(self) -> str:
        """Its label, or its codes where nothing names it."""
        return self.budget or f"Budget {self.code}"


def make_budget_code(siret: str, cod_col: str, cod_bud: str) -> str:
    """`21760012300010-101-00`: what the field `budget` of searches is, safe in an address."""
    return "-".join(_NOT_IN_ADDRESS.sub("_", part) or "_" for part in (siret, cod_col, cod_bud))


def make_siren_code(siren: str) -> str:
    """A SIREN as a step of an address: a flow may give any text, even none."""
    return _NOT_IN_ADDRESS.sub("_", siren) or NO_SIREN


def make_lieu(budget: Budget, collectivite: Collectivite | None) -> Lieu:
    """A budget with the name of its collectivité."""
    return Lieu(
        budget_id=budget.id,
        siren=budget.siren,
        collectivite=collectivite.libelle if collectivite else "",
        code=make_budget_code(budget.siret, budget.cod_col, budget.cod_bud),
        budget=budget.libelle,
        poste=budget.id_post,
        libelle_poste=budget.libelle_poste,
    )


def find_lieux(session: Session, budget_ids: Iterable[int]) -> dict[int, Lieu]:
    """The lieux of these budgets, by id, in the order of their codes."""
    rows = session.execute(
        select(Budget, Collectivite)
        .outerjoin(Collectivite, Collectivite.siren == Budget.siren)
        .where(among(Budget.id, budget_ids))
        .order_by(Budget.siren, Budget.cod_bud, Budget.cod_col, Budget.siret)
    )
    return {budget.id: make_lieu(budget, collectivite) for budget, collectivite in rows}


def get_lieu(session: Session, budget_id: int) -> Lieu:
    """The lieu of a budget; NotFound where there is none."""
    row = session.execute(
        select(Budget, Collectivite)
        .outerjoin(Collectivite, Collectivite.siren == Budget.siren)
        .where(Budget.id == budget_id)
    ).one_or_none()
    if row is None:
        raise NotFound("Ce budget n’existe pas, ou vous n’y avez pas accès.")
    return make_lieu(row[0], row[1])
