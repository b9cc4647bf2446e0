"""The tables are those of the models on both databases, whoever starts first, and sort alike."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, select, text

from migrations import migrate
from orc.db import Database, open_engine
from orc.errors import Conflict, Invalid, Unavailable
from orc.models import Base, Collectivite
from scripts.recettes.serveur import Serveur
from tests.bases import make_postgresql

NOMS = ["École", "Zone", "abc", "Ecole", "éa", "a-b", "ab", "_x", "École B", "Z", "ÿ", "10", "9"]


def read_tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_the_tables_are_those_of_the_models(base: str) -> None:
    engine = open_engine(base)
    assert read_tables(engine) == set(Base.metadata.tables)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_processes_that_start_together_on_an_empty_base_migrate_it_once(
    postgresql: Serveur,
) -> None:
    with make_postgresql(postgresql, empty=True) as url:

        def start(_rank: int) -> set[str]:
            engine = open_engine(url)
            migrate(engine)
            tables = read_tables(engine)
            engine.dispose()
            return tables

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(start, range(4))) == [set(Base.metadata.tables)] * 4


def test_a_base_of_a_newer_orc_is_refused_in_french(base: str) -> None:
    engine = open_engine(base)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Conflict, match="version plus récente"):
        migrate(engine)
    engine.dispose()


def test_names_come_in_one_order_whatever_the_order_of_the_server(database: Database) -> None:
    with database.writing() as session:
        session.add_all(Collectivite(siren=str(n), libelle=x) for n, x in enumerate(NOMS))
    with database.reading() as session:
        query = select(Collectivite.libelle).order_by(Collectivite.libelle)
        assert session.scalars(query).all() == sorted(NOMS)


@pytest.mark.parametrize("url", ["mysql://a/b", "n'importe quoi", "oracle+cx_oracle://x"])
def test_another_kind_of_base_is_refused_in_french(url: str) -> None:
    with pytest.raises(Invalid, match=r"(?i)base"):
        open_engine(url)


def test_a_base_that_does_not_answer_is_said_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://orc:motdepasse@/orc?host={tmp_path}"
    with pytest.raises(Unavailable, match="momentanément indisponible") as refusal:
        migrate(open_engine(url))
    assert "motdepasse" not in str(refusal.value)
