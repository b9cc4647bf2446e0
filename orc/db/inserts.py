"""Inserting rows that may be there already: those are left alone, on both databases."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import Insert, Table, TextClause, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase

from orc.db.sessions import Writing


def make_insert_missing(session: Writing, table: type[DeclarativeBase]) -> Insert:
    """An INSERT that leaves alone the rows already there."""
    return _insert_missing(session.get_bind().dialect.name, table)


@cache
def _insert_missing(dialect: str, table: type[DeclarativeBase]) -> Insert:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return insert(cast("Table", table.__table__)).on_conflict_do_nothing()


def insert_missing(
    session: Writing, table: type[DeclarativeBase], rows: Sequence[Mapping[str, object]]
) -> None:
    """Insert rows that carry their keys; those already there stay as they are.

    All have the same columns. Rows that another transaction may insert too come in the order of
    their keys, always the same: two that insert them in two orders would wait for one another.
    """
    if not rows:
        return
    if len(rows) == 1 or session.get_bind().dialect.name == "sqlite":
        session.execute(make_insert_missing(session, table), rows)
        return
    # One statement whatever their number, the same each time, so that it is prepared once.
    defaults = _find_defaults(table)
    statement = _insert_json(table, tuple(sorted({*defaults, *rows[0]})))
    said = json.dumps([{**defaults, **row} for row in rows], default=str, ensure_ascii=False)
    session.execute(statement, {"rows": said})


@cache
def _find_defaults(table: type[DeclarativeBase]) -> dict[str, Any]:
    columns = cast("Table", table.__table__).columns
    return {
        c.name: cast("Any", c.default).arg
        for c in columns
        if c.default is not None and c.default.is_scalar
    }


@cache
def _insert_json(table: type[DeclarativeBase], names: tuple[str, ...]) -> TextClause:
    target = cast("Table", table.__table__)
    dialect: Any = cast("Any", postgresql).dialect()
    quote = dialect.identifier_preparer.quote
    columns = ", ".join(quote(name) for name in names)
    typed = ", ".join(
        f"{quote(name)} {target.columns[name].type.compile(dialect=dialect)}" for name in names
    )
    return text(
        f"INSERT INTO {quote(target.name)} ({columns}) SELECT {columns} "  # noqa: S608 - names of our own tables and columns
        f"FROM json_to_recordset(CAST(:rows AS json)) AS given({typed}) ON CONFLICT DO NOTHING"
    )
