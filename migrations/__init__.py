"""Alembic migrations, on SQLite and PostgreSQL, and the one call that runs them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Engine

from orc.errors import Conflict


def migrate(engine: Engine) -> None:
    """Bring the tables to their latest form, in one transaction; nothing is locked when they are.

    Conflict when the tables are those of a newer ORC.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        known = MigrationContext.configure(connection).get_current_revision()
    if known == ScriptDirectory.from_config(config).get_current_head():
        return
    with engine.execution_options(immediate=True).begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise Conflict(
                "Cette base vient d’une version plus récente d’ORC : mettez ORC à jour, ou "
                "choisissez un autre dossier de données (ORC_DATA)."
            ) from error
