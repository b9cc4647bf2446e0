"""What may go and what may not, counted and listed within a scope: by cellule, closed or not."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, select
from sqlalchemy.orm import Session

from orc.db import list_values
from orc.errors import NotFound
from orc.models import (
    Budget,
    Cellule,
    Collectivite,
    DecisionCourante,
    Lien,
    PieceJustificative,
)
from orc.models import Decision as DecisionGardee
from orc.retention.decide import RANGS, Raison, Statut
from orc.retention.groupes import select_groupes
from orc.retention.raisons import load_raisons
from orc.retention.regard import sees_pj

PAR_PAGE = 50
# No exercice: what nothing cites has none.
AUCUN = 0
# Lines read at once for a list that is streamed.
LOT = 500


@dataclass(frozen=True, slots=True)
class Compte:
    """So many PJ, and their bytes."""

    nombre: int = 0
    octets: int = 0


@dataclass(frozen=True, slots=True)
class Etat:
    """The counts of a collectivité and an exercice, by answer. `exercice` None: cited by nothing.

    A PJ cited in two exercices counts in both.
    """

    siren: str
    nom: str
    exercice: int | None
    comptes: dict[Statut, Compte] = field(default_factory=dict)

    def get(self, statut: Statut) -> Compte:
        """The count of an answer."""
        return self.comptes.get(statut, Compte())


@dataclass(frozen=True, slots=True)
class Filtre:
    """Which PJ of a list; what is empty asks nothing. `test`: the number of one that forbids.

    `exercice`: AUCUN for those that nothing cites.
    """

    siren: str = ""
    exercice: int | None = None
    statut: Statut | None = None
    test: str = ""
    anomalie: bool = False
    gelee: bool = False
    depuis: date | None = None


@dataclass(frozen=True, slots=True)
class Ligne:
    """A PJ of a list, with what forbids it first, or what lets it go last."""

    pj_id: int
    siren: str
    id_unique: str
    nom: str
    type_pj: str
    octets: int
    statut: Statut
    depuis: date | None
    jusqu_a: date | None
    anomalie: bool
    gelee: bool
    decision_id: int
    raisons: tuple[Raison, ...]

    @property
    def empechements(self) -> tuple[Raison, ...]:
        """The reasons that forbid, worst first."""
        against = [r for r in self.raisons if r.statut is not Statut.ELIGIBLE]
        return tuple(sorted(against, key=lambda r: -RANGS[r.statut]))

    @property
    def raison(self) -> Raison:
        """The one to say where there is room for one: the worst, or the last to let it go."""
        against = self.empechements
        return against[0] if against else max(self.raisons, key=lambda r: r.depuis or date.min)


@dataclass(frozen=True, slots=True)
class Bilan:
    """What a scope holds: its counts, and how many PJ each test forbids first, most frequent first.

    As decided: a PJ that waits to be decided again counts as it last was.
    """

    etats: list[Etat]
    motifs: list[tuple[str, int]]


def read_bilan(session: Session, cellules: Collection[int], siren: str = "") -> Bilan:
    """The counts within these cellules, by collectivité then exercice, the last first.

    Read from an index alone, a line for each set of cellules that cite PJ together: a PJ cited
    in two exercices counts in both, one cited twice in an exercice counts once.
    """
    if not cellules:
        return Bilan([], [])
    exercices: dict[int, list[int | None]] = defaultdict(list)
    for groupe_id, exercice in session.execute(select_groupes(cellules)):
        exercices[groupe_id].append(exercice)
    etats: dict[tuple[str, int | None], dict[Statut, Compte]] = defaultdict(dict)
    motifs: Counter[str] = Counter()
    for groupe_id, code, statut, motif, count, octets in _read_comptes(session, exercices, siren):
        motifs[motif] += count
        for exercice in exercices[groupe_id]:
            comptes = etats[code, exercice]
            had = comptes.get(Statut(statut), Compte())
            comptes[Statut(statut)] = Compte(had.nombre + count, had.octets + octets)
    noms = _find_noms(session, {code for code, _ in etats})
    found = [Etat(code, noms[code], exercice, etats[code, exercice]) for code, exercice in etats]
    return Bilan(
        sorted(found, key=lambda e: (e.nom, e.siren, -(e.exercice or 0))),
        sorted(((m, n) for m, n in motifs.items() if m), key=lambda pair: (-pair[1], pair[0])),
    )


def _read_comptes(
    session: Session, groupes: Collection[int], siren: str
) -> Iterator[tuple[int, str, str, str, int, int]]:
    row = DecisionCourante
    key = (row.groupe_id, row.siren, row.statut, row.motif)
    query = select(*key, func.count(), func.sum(row.octets)).group_by(*key)
    if siren:
        query = query.where(row.siren == siren)
    for groupe, code, statut, motif, count, octets in session.execute(
        query.where(row.groupe_id.in_(list_values(groupes)))
    ):
        yield groupe or 0, code, statut, motif, count, int(octets or 0)


def _find_noms(session: Session, sirens: Collection[str]) -> dict[str, str]:
    query = select(Collectivite.siren, Collectivite.libelle)
    return dict(session.execute(query.where(Collectivite.siren.in_(list_values(sirens)))).all())


def find_lignes(
    session: Session,
    cellules: Collection[int],
    filtre: Filtre,
    *,
    apres: int = 0,
    combien: int = PAR_PAGE,
) -> Sequence[Ligne]:
    """The PJ of a list after this id, in the order of their ids."""
    if not cellules:
        return []
    ids = select_ids(cellules, *_compile(filtre, cellules), PieceJustificative.id > apres)
    return _read_lot(session, session.scalars(ids.limit(combien)).all())


def select_ids(cellules: Collection[int], *conditions: ColumnElement[bool]) -> Select[int]:
    """The ids of the decided PJ seen from these cellules that meet these conditions, in order.

    What is long of them is read by lots afterwards: neither sorted nor read again for each lot.
    """
    budgets = select(Cellule.budget_id).where(Cellule.id.in_(list_values(cellules)))
    # Said again of the collectivité, so that a small scope reads nothing of the others.
    sirens = select(Budget.siren).where(Budget.id.in_(budgets))
    query = (
        select(PieceJustificative.id)
        .join(DecisionCourante, DecisionCourante.pj_id == PieceJustificative.id)
        .where(DecisionCourante.siren.in_(sirens), sees_pj(cellules), *conditions)
    )
    return query.order_by(PieceJustificative.id)


def _read_lot(session: Session, ids: Sequence[int]) -> Sequence[Ligne]:
    query = _select_lignes().where(DecisionCourante.pj_id.in_(ids))
    rows = session.execute(query.order_by(DecisionCourante.pj_id))
    return [_make_ligne(row) for row in rows]


def read_lignes(
    session: Session, cellules: Collection[int], filtre: Filtre, *, combien: int = LOT
) -> Iterator[Sequence[Ligne]]:
    """Every PJ of a list, so many at a time: nothing but its ids is held whole."""
    ids = select_ids(cellules, *_compile(filtre, cellules))
    for lot in session.scalars(ids.execution_options(yield_per=combien)).partitions():
        yield _read_lot(session, lot)


@dataclass(frozen=True, slots=True)
class PjVue:
    """A PJ as retention shows it: never its content."""

    pj_id: int
    siren: str
    collectivite: str
    id_unique: str
    nom: str
    octets: int
    courante: bool


def get_pj(session: Session, cellules: Collection[int], pj_id: int) -> PjVue:
    """A PJ seen from these cellules, whatever its version. NotFound: not there, or not seen."""
    query = select(PieceJustificative).where(PieceJustificative.id == pj_id, sees_pj(cellules))
    pj = session.scalar(query)
    if pj is None:
        raise NotFound("Cette pièce justificative n’existe pas, ou vous n’y avez pas accès.")
    collectivite = _find_noms(session, [pj.siren]).get(pj.siren, "")
    return PjVue(pj.id, pj.siren, collectivite, pj.id_unique, pj.nom, pj.taille, pj.courante)


def find_ligne(session: Session, cellules: Collection[int], pj_id: int) -> Ligne | None:
    """What is decided of a PJ seen from these cellules; None: nothing, or it is not seen."""
    query = _select_lignes().where(DecisionCourante.pj_id == pj_id, sees_pj(cellules))
    row = session.execute(query).first()
    return _make_ligne(row) if row else None


def _select_lignes() -> Select[*tuple[Any, ...]]:
    """Columns, not rows of the ORM: a list may be of a million."""
    pj, row = PieceJustificative, DecisionCourante
    return (
        select(
            *(pj.id, pj.siren, pj.id_unique, pj.nom, pj.type_pj, pj.taille),
            *(row.statut, row.depuis, row.jusqu_a, row.anomalie, row.gelee, row.decision_id),
            DecisionGardee.raisons,
        )
        .join(row, row.pj_id == pj.id)
        .join(DecisionGardee, DecisionGardee.id == row.decision_id)
    )


def _compile(filtre: Filtre, cellules: Collection[int]) -> Iterator[ColumnElement[bool]]:
    """What is asked; of an exercice, as these cellules cite it: the others tell nothing."""
    if filtre.siren:
        yield DecisionCourante.siren == filtre.siren
    if filtre.statut:
        yield DecisionCourante.statut == filtre.statut.value
    if filtre.test:
        yield DecisionCourante.motifs.contains(f",{filtre.test},", autoescape=True)
    if filtre.anomalie:
        yield DecisionCourante.anomalie.is_(True)
    if filtre.gelee:
        yield DecisionCourante.gelee.is_(True)
    if filtre.depuis:
        yield DecisionCourante.depuis <= filtre.depuis
    if filtre.exercice == AUCUN:
        yield ~exists().where(Lien.pj_id == DecisionCourante.pj_id)
    elif filtre.exercice is not None:
        of_year = and_(Cellule.id == Lien.cellule_id, Cellule.exercice == filtre.exercice)
        seen = Cellule.id.in_(list_values(cellules))
        yield exists().where(Lien.pj_id == DecisionCourante.pj_id, of_year, seen)


def _make_ligne(row: Row[*tuple[Any, ...]]) -> Ligne:
    return Ligne(
        pj_id=row.id,
        siren=row.siren,
        id_unique=row.id_unique,
        nom=row.nom,
        type_pj=row.type_pj,
        octets=row.taille,
        statut=Statut(row.statut),
        depuis=row.depuis,
        jusqu_a=row.jusqu_a,
        anomalie=row.anomalie,
        gelee=row.gelee,
        decision_id=row.decision_id,
        raisons=load_raisons(row.raisons),
    )


def find_collectivites(session: Session, cellules: Collection[int]) -> list[tuple[str, str]]:
    """The collectivités of these cellules: SIREN and name."""
    query = (
        select(Collectivite.siren, Collectivite.libelle)
        .join(Budget, Budget.siren == Collectivite.siren)
        .join(Cellule, Cellule.budget_id == Budget.id)
        .where(Cellule.id.in_(list_values(cellules)))
        .distinct()
        .order_by(Collectivite.libelle, Collectivite.siren)
    )
    return [(siren, nom) for siren, nom in session.execute(query)] if cellules else []
