"""What reaches its term, and when: PJ counted by collectivité, exercice and rule."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from orc.db import list_values
from orc.models import DecisionCourante
from orc.retention.durees import Duree, Unite, find_terme
from orc.retention.groupes import select_groupes
from orc.retention.rapports.portee import Portee


class Horizon(StrEnum):
    """When a term is reached, from today."""

    ECHU = "echu"
    UN_AN = "un_an"
    TROIS_ANS = "trois_ans"
    CINQ_ANS = "cinq_ans"
    PLUS_TARD = "plus_tard"
    INCONNU = "inconnu"


LIBELLES_HORIZONS = {
    Horizon.ECHU: "Échu",
    Horizon.UN_AN: "Dans l’année",
    Horizon.TROIS_ANS: "De 1 à 3 ans",
    Horizon.CINQ_ANS: "De 3 à 5 ans",
    Horizon.PLUS_TARD: "Au-delà de 5 ans",
    Horizon.INCONNU: "Inconnu",
}
BORNES = ((1, Horizon.UN_AN), (3, Horizon.TROIS_ANS), (5, Horizon.CINQ_ANS))
SANS_REGLE = "sans règle"


@dataclass(slots=True)
class Compte:
    """How many PJ and octets."""

    nombre: int = 0
    octets: int = 0

    def add(self, nombre: int, octets: int) -> None:
        """So many more PJ."""
        self.nombre += nombre
        self.octets += octets


@dataclass(frozen=True, slots=True)
class LigneEcheance:
    """PJ of a collectivité × exercice × rule, by horizon; `exercice` 0: nothing cites them.

    `premier`: the first term not reached yet.
    """

    siren: str
    exercice: int
    regle: str
    sort_final: str
    comptes: dict[Horizon, Compte]
    premier: date | None

    @property
    def nombre(self) -> int:
        """All of them."""
        return sum(compte.nombre for compte in self.comptes.values())

    @property
    def octets(self) -> int:
        """What they weigh."""
        return sum(compte.octets for compte in self.comptes.values())

    def count(self, horizon: Horizon) -> int:
        """How many reach their term then."""
        found = self.comptes.get(horizon)
        return found.nombre if found else 0


def find_horizon(libre: date | None, today: date) -> Horizon:
    """Where the first free day stands from today; what is not known is said so."""
    if libre is None:
        return Horizon.INCONNU
    if libre <= today:
        return Horizon.ECHU
    for years, horizon in BORNES:
        if libre <= find_terme(today, Duree(years, Unite.ANS)):
            return horizon
    return Horizon.PLUS_TARD


def find_echeances(session: Session, portee: Portee, today: date) -> list[LigneEcheance]:
    """What reaches its term within a scope, by collectivité, exercice, rule and sort final.

    As each PJ was last decided, counted by SQL: nothing is read of the PJ themselves.
    """
    found: dict[tuple[str, int, str, str], LigneEcheance] = {}
    for exercice, row in _read_comptes(session, portee):
        key = (row.siren, exercice, row.regle or SANS_REGLE, row.sort_final)
        ligne = found.get(key) or LigneEcheance(*key, comptes={}, premier=None)
        compte = ligne.comptes.setdefault(find_horizon(row.libre, today), Compte())
        compte.add(row.nombre, int(row.octets))
        found[key] = _keep_first(ligne, row.libre, today)
    return [found[key] for key in sorted(found)]


def _keep_first(ligne: LigneEcheance, libre: date | None, today: date) -> LigneEcheance:
    if libre is None or libre <= today or (ligne.premier and ligne.premier <= libre):
        return ligne
    return replace(ligne, premier=libre)


Comptee = Row[int | None, str, str | None, str, date | None, int, int]


def _read_comptes(session: Session, portee: Portee) -> Iterator[tuple[int, Comptee]]:
    """The PJ of a scope counted by what tells their term, with the last exercice it sees."""
    exercices: dict[int, int] = {}
    for groupe_id, exercice in session.execute(select_groupes(portee.seen)):
        exercices[groupe_id] = max(exercices.get(groupe_id, 0), exercice or 0)
    row = DecisionCourante
    key = (row.groupe_id, row.siren, row.regle, row.sort_final, row.libre)
    query = (
        select(*key, func.count().label("nombre"), func.sum(row.octets).label("octets"))
        .where(row.groupe_id.in_(list_values(exercices)), row.regle.is_not(None))
        .group_by(*key)
    )
    if portee.siren:
        query = query.where(row.siren == portee.siren)
    for one in session.execute(query):
        yield exercices[one.groupe_id or 0], one
