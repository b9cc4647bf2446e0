"""What the scope of a grant covers, by the dated referential: postes, successions, missions."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select, true
from sqlalchemy.orm import Session

from orc.models import (
    Budget,
    Cellule,
    Collectivite,
    Habilitation,
    Mission,
    PorteeMission,
    Poste,
    Rattachement,
    Succession,
)

# Who comes after -> who came before.
Aretes = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class Etendues:
    """What some grants cover that day, once the referential was read for them."""

    today: date
    predecesseurs: Aretes
    postes_repris: Aretes
    missions: Mapping[str, Collection[PorteeMission]]

    def covers_budget(self, grant: Habilitation) -> ColumnElement[bool]:
        """The condition that a Budget row is within the scope of this grant."""
        cle = grant.portee_cle
        conditions: Mapping[str, Callable[[str], ColumnElement[bool]]] = {
            "poste": self._covers_poste,
            "collectivite": self._covers_collectivite,
            "budget": _covers_one,
            "departement": _covers_departement,
            "mission": self._covers_mission,
        }
        make = conditions.get(grant.portee)
        return make(cle) if make and cle else false()

    def covers_cellule(self, grant: Habilitation) -> ColumnElement[bool]:
        """The condition that a Cellule joined to its Budget is within scope and exercices."""
        low, high = grant.exercice_min, grant.exercice_max
        within = (
            self._covers_exercices(grant.portee_cle)
            if grant.portee == "mission"
            else self.covers_budget(grant)
        )
        return and_(
            within,
            Cellule.exercice >= low if low is not None else true(),
            Cellule.exercice <= high if high is not None else true(),
        )

    def _covers_collectivite(self, siren: str) -> ColumnElement[bool]:
        # A right on a successor covers its predecessors' pieces (domaine.md, « Referential »).
        return Budget.siren.in_(close_over(siren, self.predecesseurs))

    def _covers_poste(self, codique: str) -> ColumnElement[bool]:
        codiques = close_over(codique, self.postes_repris)
        kept = and_(
            Rattachement.siren == Budget.siren,
            Rattachement.depuis <= self.today,
            or_(Rattachement.jusqu_a.is_(None), Rattachement.jusqu_a >= self.today),
        )
        here = exists().where(kept, Rattachement.codique.in_(codiques))
        # What the flows say holds where the referential says nothing.
        return or_(here, and_(Budget.id_post.in_(codiques), ~exists().where(kept)))

    def _covers_mission(self, mission_id: str) -> ColumnElement[bool]:
        return or_(
            false(),
            *(self._covers_collectivite(p.siren) for p in self.missions.get(mission_id, ())),
        )

    def _covers_exercices(self, mission_id: str) -> ColumnElement[bool]:
        return or_(
            false(),
            *(
                and_(
                    self._covers_collectivite(portee.siren),
                    Cellule.exercice.between(portee.exercice_min, portee.exercice_max),
                )
                for portee in self.missions.get(mission_id, ())
            ),
        )


def read_etendues(session: Session, grants: Iterable[Habilitation], today: date) -> Etendues:
    """What these grants need to know of the referential, that day."""
    grants = list(grants)
    missions = _read_missions(session, _keys(grants, "mission"), today)
    sirens = _keys(grants, "collectivite") | {p.siren for some in missions.values() for p in some}
    return Etendues(
        today,
        _read_aretes(session, sirens, lambda some: _find_predecesseurs(some, today)),
        _read_aretes(session, _keys(grants, "poste"), lambda some: _find_repris(some, today)),
        missions,
    )


def add_predecesseurs(session: Session, sirens: Collection[str], today: date) -> frozenset[str]:
    """These collectivités and all those that they came after."""
    aretes = _read_aretes(session, sirens, lambda some: _find_predecesseurs(some, today))
    return frozenset().union(*(close_over(siren, aretes) for siren in sirens))


def cover_budgets(
    session: Session, grants: Iterable[Habilitation], today: date
) -> ColumnElement[bool]:
    """The condition that a Budget row is within the scope of one of these grants."""
    grants = list(grants)
    etendues = read_etendues(session, grants, today)
    return or_(false(), *(etendues.covers_budget(grant) for grant in grants))


def _keys(grants: Iterable[Habilitation], portee: str) -> set[str]:
    return {g.portee_cle for g in grants if g.portee == portee}


def _read_missions(
    session: Session, ids: Iterable[str], today: date
) -> dict[str, list[PorteeMission]]:
    found: dict[str, list[PorteeMission]] = {}
    if wanted := [int(i) for i in ids if i.isdigit()]:
        query = (
            select(PorteeMission)
            .join(Mission, Mission.id == PorteeMission.mission_id)
            .where(
                Mission.id.in_(wanted),
                Mission.du <= today,
                Mission.au >= today,
                Mission.close_le.is_(None),
            )
        )
        for portee in session.scalars(query):
            found.setdefault(str(portee.mission_id), []).append(portee)
    return found


def _find_predecesseurs(sirens: Collection[str], today: date) -> Select[str, str]:
    return select(Succession.successeur, Succession.predecesseur).where(
        Succession.successeur.in_(sirens), Succession.depuis <= today
    )


def _find_repris(codiques: Collection[str], today: date) -> Select[str, str]:
    return select(Poste.repris_par, Poste.codique).where(
        Poste.repris_par.in_(codiques), or_(Poste.jusqu_a.is_(None), Poste.jusqu_a <= today)
    )


def _read_aretes(
    session: Session, roots: Collection[str], find: Callable[[Collection[str]], Select[str, str]]
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    known, new = set(roots), set(roots)
    while new:
        rows = session.execute(find(new)).all()
        for after, before in rows:
            found.setdefault(after, []).append(before)
        new = {before for _, before in rows} - known
        known |= new
    return found


def close_over(root: str, aretes: Aretes) -> frozenset[str]:
    """The root and all that came before it, whatever the turns."""
    found, new = {root}, [root]
    while new:
        before = set(aretes.get(new.pop(), ())) - found
        found |= before
        new.extend(before)
    return frozenset(found)


def _covers_one(cle: str) -> ColumnElement[bool]:
    siret, _, codes = cle.partition("/")
    cod_col, _, cod_bud = codes.partition("/")
    return and_(Budget.siret == siret, Budget.cod_col == cod_col, Budget.cod_bud == cod_bud)


def _covers_departement(code: str) -> ColumnElement[bool]:
    return Budget.siren.in_(select(Collectivite.siren).where(Collectivite.departement == code))
