"""The same piece, or the same IdUnique, sent more than once: versions, of which one is current.

The order is that of the flows' own dates, then of their digests: the order of arrival is not it.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, exists, or_, select, update
from sqlalchemy.orm import aliased

from orc.db import Writing
from orc.models import Flux, Piece, PieceJustificative, was_read

CLE_PIECE = ("budget_id", "exercice", "sens", "numero", "type_bordereau", "numero_bordereau")
CLE_PJ = ("siren", "id_unique")


def set_versions(session: Writing, flux_id: int) -> set[int]:
    """Number the versions of every piece and PJ this flow sends again, whichever came first.

    Answers the pieces that changed: the index must be told. The caller holds the collectivité's
    lock.
    """
    changed = _number(session, Piece, CLE_PIECE, flux_id)
    _number(session, PieceJustificative, CLE_PJ, flux_id)
    return set(changed)


def _number(session: Writing, table: Any, key_names: tuple[str, ...], flux_id: int) -> list[int]:
    rows = session.execute(_find_repeated(table, key_names), {"flux": flux_id}).all()
    changed: list[int] = []
    for _, versions in groupby(rows, key=lambda row: tuple(row)[: len(key_names)]):
        changed += _number_one(session, table, list(versions))
    return changed


@cache
def _find_repeated(table: Any, key_names: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    """Every row that shares its key with another, one of them being of this flow; by key."""
    mine, other, every = aliased(table), aliased(table), aliased(table)
    # Whether another exists, never pairs: the same identifier may come ten thousand times.
    twice = exists().where(_same_key(mine, other, key_names), mine.id != other.id)
    repeated = (
        select(*(getattr(mine, name) for name in key_names))
        .where(mine.flux_id == bindparam("flux"), getattr(mine, key_names[-1]) != "", twice)
        .distinct()
        .subquery()
    )
    keys = [getattr(every, name) for name in key_names]
    return (
        select(*keys, every.id, every.version, every.courante, Flux.date_flux, Flux.sha256)
        .join(repeated, and_(*(k == repeated.c[k.key] for k in keys)))
        .join(Flux, Flux.id == every.flux_id)
        # A flow still being read counts once it was read to its end: it may never be.
        .where(or_(was_read(Flux), Flux.id == bindparam("flux")))
        .order_by(*keys)
    )


def _same_key(left: Any, right: Any, key_names: Sequence[str]) -> Any:
    return and_(*(getattr(left, name) == getattr(right, name) for name in key_names))


def _number_one(
    session: Writing, table: type[Any], versions: Sequence[Row[*tuple[Any, ...]]]
) -> Iterable[int]:
    """Write the versions of one key; the ids whose row changed."""
    ordered = sorted(versions, key=lambda r: (r.date_flux or date.min, r.sha256, r.id))
    for number, row in enumerate(ordered, start=1):
        courante = number == len(ordered)
        if (row.version, row.courante) != (number, courante):
            session.execute(
                update(table)
                .where(table.id == row.id)
                .values(version=number, courante=courante)
                .execution_options(synchronize_session=False)
            )
            yield row.id
