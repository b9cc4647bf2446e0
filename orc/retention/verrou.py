"""One lock for what must not cross: a gel placed, a step of an elimination."""

from sqlalchemy import text

from orc.db import Writing

# A number of our own in PostgreSQL's list of advisory locks: "ORC" and 6.
CLE = 0x4F524306


def hold_retention(session: Writing) -> None:
    """Wait for who places a gel or moves an elimination, then keep others out until the end.

    SQLite already lets one writer in at a time.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:cle)"), {"cle": CLE})
