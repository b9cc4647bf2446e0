"""Habilitations become a Clearance: the only place that makes one, from SQL at each request."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sqlalchemy import and_, false, or_, select, true
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from orc.domain import SENSIBLES, Domaine, Role
from orc.models import Budget, Cellule, Cloture, Habilitation


@dataclass(frozen=True)
class Clearance:
    """What a person may see now: cellules of closed exercices. An empty one sees nothing.

    `ouvertes` are the cellules granted whose exercice is not closed: they are never searched nor
    shown, only counted where a page says what it could not search. `sensibles` are the budgets ×
    exercices where a sensitive domaine is granted: there an original that shows a NIR may open.
    """

    cellules: frozenset[int]
    ouvertes: frozenset[int] = frozenset()
    sensibles: frozenset[tuple[int, int]] = frozenset()

    def allows(self, cellule_id: int) -> bool:
        """Whether this cellule may be seen."""
        return cellule_id in self.cellules

    @property
    def granted(self) -> frozenset[int]:
        """Every cellule granted, its exercice closed or not: for counts before a closure."""
        return self.cellules | self.ouvertes

    @cached_property
    def ordered(self) -> tuple[int, ...]:
        """The cellules in order, for filters that want a list."""
        return tuple(sorted(self.cellules))


NOTHING = Clearance(frozenset())


@dataclass(frozen=True)
class Lecteur:
    """The person behind a request: who it is, its rôles in force, what it may see."""

    personne_id: int
    identifiant: str
    nom: str
    roles: frozenset[Role]
    clearance: Clearance

    @property
    def scelle(self) -> bool:
        """A juge's acts go to the sealed part of the journal."""
        return Role.JUGE in self.roles


def find_habilitations(session: Session, personne_id: int, today: date) -> list[Habilitation]:
    """The grants of a person in force that day."""
    query = select(Habilitation).where(
        Habilitation.personne_id == personne_id,
        Habilitation.retire_le.is_(None),
        Habilitation.depuis <= today,
        or_(Habilitation.jusqu_a.is_(None), Habilitation.jusqu_a >= today),
    )
    return list(session.scalars(query))


def make_lecteur(
    session: Session, personne_id: int, identifiant: str, nom: str, today: date
) -> Lecteur:
    """The reader of a request, its rights read from SQL now."""
    grants = find_habilitations(session, personne_id, today)
    return Lecteur(
        personne_id,
        identifiant,
        nom,
        frozenset(Role(g.role) for g in grants),
        make_clearance(session, grants),
    )


def make_clearance(session: Session, grants: list[Habilitation]) -> Clearance:
    """The cellules that these grants open, told apart by closed and open exercices."""
    granted = [_granted(g) for g in grants if g.role in ROLES_QUI_LISENT]
    if not granted:
        return NOTHING
    query = (
        select(
            Cellule.id,
            Cellule.budget_id,
            Cellule.exercice,
            Cellule.domaine,
            Cloture.id.is_not(None),
        )
        .join(Budget, Budget.id == Cellule.budget_id)
        .outerjoin(Cloture, en_vigueur(Cellule.budget_id, Cellule.exercice))
        .where(or_(*granted))
    )
    rows = session.execute(query).all()
    return Clearance(
        frozenset(row[0] for row in rows if row[4]),
        frozenset(row[0] for row in rows if not row[4]),
        frozenset((row[1], row[2]) for row in rows if row[4] and row[3] in SENSIBLES),
    )


# An administrateur and a partenaire never open a document (domaine.md, « Who uses it »).
ROLES_QUI_LISENT = frozenset({Role.ORDONNATEUR, Role.COMPTABLE, Role.JUGE, Role.ARCHIVISTE})


def en_vigueur(
    budget_id: ColumnElement[int] | object, exercice: ColumnElement[int] | object
) -> ColumnElement[bool]:
    """The condition that a Cloture row says this budget and exercice closed now."""
    return and_(
        Cloture.budget_id == budget_id,
        Cloture.exercice == exercice,
        Cloture.retiree_le.is_(None),
    )


def _granted(grant: Habilitation) -> ColumnElement[bool]:
    named = {Domaine.ORDINAIRE.value, *filter(None, grant.domaines.split(","))}
    return and_(
        covers_budget(grant),
        Cellule.domaine.in_(named),
        Cellule.exercice >= grant.exercice_min if grant.exercice_min is not None else true(),
        Cellule.exercice <= grant.exercice_max if grant.exercice_max is not None else true(),
    )


def covers_budget(grant: Habilitation) -> ColumnElement[bool]:
    """The condition that a Budget row is within the scope of this grant, whatever its dates."""
    cle = grant.portee_cle
    siret, _, codes = cle.partition("/")
    cod_col, _, cod_bud = codes.partition("/")
    conditions = {
        "poste": Budget.id_post == cle,
        "collectivite": Budget.siren == cle,
        "budget": and_(Budget.siret == siret, Budget.cod_col == cod_col, Budget.cod_bud == cod_bud),
    }
    return conditions.get(grant.portee, false()) if cle else false()
