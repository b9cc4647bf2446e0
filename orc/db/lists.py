"""Long lists of values in statements: written in one whole, or cut into lots of many."""

from collections.abc import Collection, Iterable, Iterator
from typing import TypeVar

from sqlalchemy import BindParameter, bindparam

# So many values in one statement: SQLite bounds what is bound.
LOT = 500
T = TypeVar("T", int, str, tuple[str, str])


def cut(values: Collection[T], size: int = LOT) -> Iterator[list[T]]:
    """These values in order, each once, a lot at a time."""
    ordered = sorted(set(values))
    return (ordered[i : i + size] for i in range(0, len(ordered), size))


def list_values(values: Iterable[T]) -> BindParameter[T]:
    """These values written in the statement itself: a scope may hold 100 000 cellules."""
    return bindparam(None, sorted(values), expanding=True, literal_execute=True)
