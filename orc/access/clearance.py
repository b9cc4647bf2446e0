"""The grants of a person in force, and the Clearance they make."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sqlalchemy import Row, and_, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from orc.access.etendues import Etendues, read_etendues
from orc.domain import SENSIBLES, Domaine, Droit, Role
from orc.identity.comptes import is_in_force
from orc.journal import Auteur
from orc.models import Budget, Cellule, Cloture, Habilitation


@dataclass(frozen=True)
class Clearance:
    """What a person may see now: cellules of closed exercices. An empty one sees nothing.

    `ouvertes` are the cellules granted whose exercice is not closed: they are never searched nor
    shown, only counted where a page says what it could not search. `sensibles` are the budgets ×
    exercices where a sensitive domaine is granted: there an original that shows a NIR may open.
    `territoire` are the cellules, closed or not, whose retention data an archiviste sees: never
    their content, which a grant has to open by the droit `contenu`. `comptabilite` are those a
    comptable keeps, `destruction` those where an ordonnateur prepares lists of early destruction:
    closed or not, since payment comes before closure.
    """

    cellules: frozenset[int]
    ouvertes: frozenset[int] = frozenset()
    sensibles: frozenset[tuple[int, int]] = frozenset()
    territoire: frozenset[int] = frozenset()
    comptabilite: frozenset[int] = frozenset()
    destruction: frozenset[int] = frozenset()

    def allows(self, cellule_id: int) -> bool:
        """Whether this cellule may be seen."""
        return cellule_id in self.cellules

    @property
    def granted(self) -> frozenset[int]:
        """Every cellule granted, its exercice closed or not: for counts before a closure."""
        return self.cellules | self.ouvertes

    @property
    def retention(self) -> frozenset[int]:
        """Every cellule, closed or not, whose retention data may be seen."""
        return self.territoire | self.comptabilite | self.destruction

    def without_retention(self) -> "Clearance":
        """The same documents, and nothing of what is kept or may go: a juge's."""
        return Clearance(self.cellules, self.ouvertes, self.sensibles)

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
    # An ordonnateur who prepares lists of early destruction, on any cellule or none yet.
    destruction: bool = False

    @property
    def auteur(self) -> Auteur:
        """Who answers for what this person does."""
        return Auteur(self.identifiant, self.personne_id)

    @property
    def scelle(self) -> bool:
        """A juge's acts go to the sealed part of the journal."""
        return Role.JUGE in self.roles


def find_habilitations(session: Session, personne_id: int, today: date) -> list[Habilitation]:
    """The grants of a person in force that day."""
    query = select(Habilitation).where(Habilitation.personne_id == personne_id, is_in_force(today))
    return list(session.scalars(query))


def make_lecteur(
    session: Session, personne_id: int, identifiant: str, nom: str, today: date
) -> Lecteur:
    """The reader of a request, its rights read from SQL now."""
    grants = find_habilitations(session, personne_id, today)
    roles = frozenset(Role(g.role) for g in grants)
    clearance = make_clearance(session, grants, today)
    return Lecteur(
        personne_id,
        identifiant,
        nom,
        roles,
        clearance.without_retention() if Role.JUGE in roles else clearance,
        any(opens_destruction(g) for g in grants),
    )


# A cellule: its id, budget, exercice, domaine, and whether it is closed.
Ligne = Row[int, int, int, str, bool]


def make_clearance(session: Session, grants: list[Habilitation], today: date) -> Clearance:
    """The cellules that these grants open that day, told apart by closed and open exercices."""
    etendues = read_etendues(session, grants, today)
    read: dict[tuple[int, ...], Sequence[Ligne]] = {}

    def find(chosen: Callable[[Habilitation], bool]) -> Sequence[Ligne]:
        """The cellules of these grants; the same grants are asked for once."""
        mine = [g for g in grants if chosen(g)]
        key = tuple(g.id for g in mine)
        if mine and key not in read:
            read[key] = _find_cellules(session, [_opens(etendues, g) for g in mine])
        return read.get(key, ())

    def find_ids(chosen: Callable[[Habilitation], bool]) -> frozenset[int]:
        return frozenset([ident for ident, *_ in find(chosen)])

    rows = find(opens_content)
    return Clearance(
        frozenset([ident for ident, _, _, _, close in rows if close]),
        frozenset([ident for ident, _, _, _, close in rows if not close]),
        frozenset((b, e) for _, b, e, domaine, close in rows if close and domaine in SENSIBLES),
        find_ids(lambda g: g.role == Role.ARCHIVISTE),
        find_ids(lambda g: g.role == Role.COMPTABLE),
        find_ids(opens_destruction),
    )


def opens_content(grant: Habilitation) -> bool:
    """Whether the documents of its scope may be read; an archiviste's has to say so."""
    if grant.role == Role.ARCHIVISTE:
        return Droit.CONTENU in grant.droits.split(",")
    return grant.role in ROLES_QUI_LISENT


def opens_destruction(grant: Habilitation) -> bool:
    """Whether lists of early destruction may be prepared and signed on its scope."""
    return grant.role == Role.ORDONNATEUR and Droit.DESTRUCTION in grant.droits.split(",")


def _find_cellules(session: Session, conditions: list[ColumnElement[bool]]) -> Sequence[Ligne]:
    query = (
        select(
            Cellule.id,
            Cellule.budget_id,
            Cellule.exercice,
            Cellule.domaine,
            Cloture.id.is_not(None).label("close"),
        )
        .join(Budget, Budget.id == Cellule.budget_id)
        .outerjoin(Cloture, en_vigueur(Cellule.budget_id, Cellule.exercice))
        .where(or_(*conditions))
    )
    # By the connection: nothing of the ORM is needed for thousands of rows.
    return session.connection().execute(query).all()


def _opens(etendues: Etendues, grant: Habilitation) -> ColumnElement[bool]:
    named = {Domaine.ORDINAIRE.value, *filter(None, grant.domaines.split(","))}
    return and_(etendues.covers_cellule(grant), Cellule.domaine.in_(named))


# An administrateur and a partenaire never open a document (domaine.md, « Who uses it »).
ROLES_QUI_LISENT = frozenset({Role.ORDONNATEUR, Role.COMPTABLE, Role.JUGE, Role.ARCHIVISTE})
# An ordonnateur by its droit « destruction » only (domaine.md, « Who uses it »).
ROLES_DE_LA_DESTRUCTION = frozenset({Role.ORDONNATEUR, Role.COMPTABLE, Role.ARCHIVISTE})


def en_vigueur(
    budget_id: ColumnElement[int] | object, exercice: ColumnElement[int] | object
) -> ColumnElement[bool]:
    """The condition that a Cloture row says this budget and exercice closed now."""
    return and_(
        Cloture.budget_id == budget_id,
        Cloture.exercice == exercice,
        Cloture.retiree_le.is_(None),
    )
