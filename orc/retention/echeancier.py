"""What reaches its term, and when: PJ counted by collectivité, exercice and rule."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orc.models import PieceJustificative
from orc.retention.durees import Duree, Unite, find_terme
from orc.retention.rapports.portee import Portee, read_ids
from orc.retention.regles import RegleTrouvee, find_durees_de, find_version


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
# A page counts so many PJ at once; a report counts them all.
PAGE_MAX = 200_000


@dataclass(slots=True)
class Compte:
    """How many PJ and octets."""

    nombre: int = 0
    octets: int = 0

    def add(self, octets: int) -> None:
        """One more PJ."""
        self.nombre += 1
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


def count_pj(session: Session, portee: Portee) -> int:
    """How many PJ a scope holds."""
    query = select(func.count()).select_from(PieceJustificative).where(portee.condition)
    return session.scalar(query) or 0


def find_echeances(session: Session, portee: Portee, today: date) -> list[LigneEcheance]:
    """What reaches its term within a scope, by collectivité, exercice, rule and sort final.

    Every PJ is looked at, some at a time; only the counts are kept.
    """
    found: dict[tuple[str, int, str, str], LigneEcheance] = {}
    for siren, exercice, octets, trouvee in _read(session, portee, today):
        regle = trouvee.code if trouvee else SANS_REGLE
        sort_final = trouvee.sort_final if trouvee else ""
        libre = trouvee.libre if trouvee else None
        key = (siren, exercice, regle, sort_final)
        ligne = found.get(key) or LigneEcheance(*key, comptes={}, premier=None)
        ligne.comptes.setdefault(find_horizon(libre, today), Compte()).add(octets)
        found[key] = _keep_first(ligne, libre, today)
    return [found[key] for key in sorted(found)]


def _keep_first(ligne: LigneEcheance, libre: date | None, today: date) -> LigneEcheance:
    if libre is None or libre <= today or (ligne.premier and ligne.premier <= libre):
        return ligne
    return LigneEcheance(
        ligne.siren, ligne.exercice, ligne.regle, ligne.sort_final, ligne.comptes, libre
    )


def _read(
    session: Session, portee: Portee, today: date
) -> Iterator[tuple[str, int, int, RegleTrouvee | None]]:
    version = find_version(session, today)
    for rows in read_ids(session, portee):
        durees = find_durees_de(session, [row[0] for row in rows], version)
        for pj_id, siren, exercice, octets in rows:
            yield siren, exercice, octets, durees.get(pj_id)
