"""What every table shares: the base, names of constraints, instants in UTC."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

# A flow's rows are numbered `flux.id << FLUX_BITS | rank in the flow`: reading it again gives the
# same ids, without asking SQL for any. docs/decisions/0006-identifiants.md
FLUX_BITS = 22

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(naming_convention=NAMES)


class Instant(TypeDecorator[datetime]):
    """A moment, aware and in UTC on both sides, whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> Any:
        """To SQL: UTC."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """From SQL: aware; SQLite gives naive moments back, which were UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def read_now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def read_today() -> date:
    """The civil day of the place: grants, facts, durations and validities are dated in it."""
    return date.today()  # noqa: DTZ011 - the civil day of the place, not of UTC
