"""Alembic's entry: it migrates the connection that orc.bootstrap hands over."""

from typing import Any, Literal

from alembic import context

from orc.models import Base, Instant


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A migration names no type of ours: an Instant is a plain timestamp there."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_item=render_item,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
