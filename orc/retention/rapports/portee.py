"""What a report may read: PJ seen from some cellules, of one collectivité or of all of them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import ColumnElement, Subquery, and_, func, select, true
from sqlalchemy.orm import Session

from orc.db import list_values
from orc.errors import NotFound
from orc.models import Cellule, Lien, Piece, PieceJustificative
from orc.retention.etats import find_collectivites
from orc.retention.regard import sees_pj

LOT = 2000
# A page looks at so many PJ at once; a report looks at them all.
PAGE_MAX = 200_000


@dataclass(frozen=True)
class Portee:
    """The cellules of who asks, and the collectivité asked for; "" is all of them.

    No cellules at all (None) is the whole archive: for what is counted and never shown.
    """

    cellules: frozenset[int] | None
    siren: str = ""

    @property
    def seen(self) -> frozenset[int]:
        """The cellules, for what is shown."""
        return self.cellules or frozenset()

    @cached_property
    def condition(self) -> ColumnElement[bool]:
        """The condition that a PieceJustificative is within it."""
        seen = true() if self.cellules is None else sees_pj(self.cellules)
        return and_(seen, PieceJustificative.siren == self.siren) if self.siren else seen

    def make_exercices(self, pj_ids: Collection[int] | None = None) -> Subquery:
        """The last exercice that cites each PJ, as this scope sees it: `pj_id`, `exercice`."""
        query = (
            select(Lien.pj_id, func.max(Piece.exercice).label("exercice"))
            .join(Piece, Piece.id == Lien.piece_id)
            .where(Lien.pj_id.is_not(None))
            .group_by(Lien.pj_id)
        )
        if self.cellules is not None:
            query = query.where(Lien.cellule_id.in_(list_values(self.cellules)))
        some = query if pj_ids is None else query.where(Lien.pj_id.in_(list_values(pj_ids)))
        return some.subquery()

    def make_chaque_exercice(self) -> Subquery:
        """Every exercice that cites each PJ, as this scope sees it: `pj_id`, `exercice`."""
        query = select(Lien.pj_id, Cellule.exercice).join(Cellule, Cellule.id == Lien.cellule_id)
        seen = Lien.cellule_id.in_(list_values(self.seen))
        return query.where(seen, Lien.pj_id.is_not(None)).distinct().subquery()


@dataclass(frozen=True, slots=True)
class Noms:
    """Collectivités by their SIREN."""

    libelles: Mapping[str, str]

    def name(self, siren: str) -> str:
        """`Commune de Sainte-Anne (999000018)`."""
        libelle = self.libelles.get(siren, "")
        return f"{libelle} ({siren})" if libelle else siren


def find_noms(session: Session, cellules: Collection[int]) -> Noms:
    """The collectivités these cellules belong to, by name."""
    return Noms({siren: nom or siren for siren, nom in find_collectivites(session, cellules)})


def choose_portee(session: Session, cellules: frozenset[int], siren: str) -> tuple[Portee, Noms]:
    """One collectivité of these cellules, or all of them, with their names. Raises NotFound."""
    noms = find_noms(session, cellules)
    if siren and siren not in noms.libelles:
        raise NotFound("Cette collectivité n’est pas de votre ressort.")
    return Portee(cellules, siren), noms


def find_exercices(session: Session, portee: Portee, pj_ids: Collection[int]) -> dict[int, int]:
    """The last exercice that cites each of these PJ; absent: nothing seen cites it."""
    exercices = portee.make_exercices(pj_ids)
    return {row.pj_id: row.exercice for row in session.execute(select(exercices))}


def count_pj(session: Session, portee: Portee) -> int:
    """How many PJ a scope holds."""
    query = select(func.count()).select_from(PieceJustificative).where(portee.condition)
    return session.scalar(query) or 0


def read_ids(
    session: Session, portee: Portee, *chosen: ColumnElement[bool]
) -> Iterator[list[tuple[int, str, int, int]]]:
    """Every PJ of a scope as last sent, some at a time.

    Each: its id, SIREN, last exercice (0: cited by none) and octets.
    """
    query = (
        select(PieceJustificative.id, PieceJustificative.siren, PieceJustificative.taille)
        .where(portee.condition, PieceJustificative.courante, *chosen)
        .order_by(PieceJustificative.id)
        .execution_options(yield_per=LOT)
    )
    for rows in session.execute(query).partitions():
        years = find_exercices(session, portee, [row.id for row in rows])
        yield [(row.id, row.siren, years.get(row.id, 0), row.taille) for row in rows]
