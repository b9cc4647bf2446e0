"""Alembic migrations, on SQLite and PostgreSQL, and the one call that runs them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, text

from orc.db import say_faults
from orc.errors import Conflict

# One process migrates, the others wait: « ORC » in ASCII.
VERROU = text(f"SELECT pg_advisory_xact_lock({0x4F5243})")
# Texts are put in the order of their characters' numbers, as SQLite does, whatever the server's
# own order; a column made by any migration is found here.
A_RANGER = text(
    """
    SELECT format('ALTER TABLE %I.%I %s', table_schema, table_name, string_agg(
             format('ALTER COLUMN %I TYPE varchar COLLATE "C"', column_name), ', '))
    FROM information_schema.columns
    WHERE table_schema = current_schema() AND data_type = 'character varying'
      AND collation_name IS DISTINCT FROM 'C' AND table_name <> 'alembic_version'
    GROUP BY table_schema, table_name
    """
)


def migrate(engine: Engine) -> None:
    """Bring the tables to their latest form, in one transaction; nothing is locked when they are.

    Several processes may ask at once. Conflict when the tables are those of a newer ORC,
    BaseIndisponible when the database does not answer.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    with say_faults(), engine.connect() as connection:
        known = MigrationContext.configure(connection).get_current_revision()
    if known == ScriptDirectory.from_config(config).get_current_head():
        return
    with say_faults(), engine.execution_options(immediate=True).begin() as connection:
        _upgrade(config, connection)


def _upgrade(config: Config, connection: Connection) -> None:
    postgresql = connection.dialect.name == "postgresql"
    if postgresql:
        connection.execute(VERROU)
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise Conflict(
            "Cette base vient d’une version plus récente d’ORC : mettez ORC à jour, ou "
            "choisissez un autre dossier de données (ORC_DATA)."
        ) from error
    if postgresql:
        for statement in connection.scalars(A_RANGER).all():
            connection.exec_driver_sql(statement)
