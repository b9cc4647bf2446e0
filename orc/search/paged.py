"""One page of a long list, and the filter of a Clearance in SQL. No question is asked here."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

T = TypeVar("T")
U = TypeVar("U")
TAILLE_MAX = 500


@dataclass(frozen=True, slots=True)
class Paged(Generic[T]):
    """`items` of page `page` (from 1), among `total` things in pages of `taille`."""

    items: tuple[T, ...]
    total: int
    page: int
    taille: int

    @property
    def pages(self) -> int:
        """How many pages there are; an empty list has one."""
        return max(1, -(-self.total // self.taille))

    @property
    def debut(self) -> int:
        """The rank of the first item shown, from 1; 0 when there is none."""
        return (self.page - 1) * self.taille + 1 if self.items else 0

    @property
    def fin(self) -> int:
        """The rank of the last item shown."""
        return self.debut + len(self.items) - 1 if self.items else 0


def make_page(items: Sequence[T], page: int, taille: int) -> Paged[T]:
    """Cut one page out of a list already in memory; a page too far is the last one."""
    page, taille = find_page(len(items), page, taille)
    start = (page - 1) * taille
    return Paged(tuple(items[start : start + taille]), len(items), page, taille)


def find_page(total: int, page: int, taille: int) -> tuple[int, int]:
    """The page and size that can be given, from those asked for."""
    taille = min(max(taille, 1), TAILLE_MAX)
    last = max(1, -(-total // taille))
    return min(max(page, 1), last), taille


def read_page(
    session: Session,
    query: Select[*tuple[Any, ...]],
    make: Callable[[Any], U],
    *,
    page: int,
    taille: int,
) -> Paged[U]:
    """One page of an ordered query, each row given to `make`."""
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    page, taille = find_page(total, page, taille)
    rows = session.execute(query.limit(taille).offset((page - 1) * taille)).all()
    return Paged(tuple(make(row) for row in rows), total, page, taille)


def among_named(column: InstrumentedAttribute[int], name: str) -> ColumnElement[bool]:
    """`among`, in a statement made once: the ids, sorted, are given by this name when it runs."""
    values: BindParameter[int] = bindparam(name, expanding=True, literal_execute=True)
    return column.in_(values)


def among(column: InstrumentedAttribute[int], ids: Iterable[int]) -> ColumnElement[bool]:
    """`column IN (ids)`, written in the query itself: a Clearance may hold 100 000 cellules."""
    values: BindParameter[int] = bindparam(None, sorted(ids), expanding=True, literal_execute=True)
    return column.in_(values)
