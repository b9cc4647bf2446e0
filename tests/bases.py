"""The same tests on SQLite and on PostgreSQL: a database of its own for each test, then dropped.

The PostgreSQL ones sort their texts the French way, so that what leans on it shows.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

import migrations
from orc.db import Database, open_engine
from scripts.recettes.serveur import Serveur
from tests.sql import make_database, prepare_data

SQLITE, POSTGRESQL = BASES = ("sqlite", "postgresql")
FRENCH = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'fr-FR' LOCALE 'C.UTF-8'"


@pytest.fixture(params=BASES)
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty, migrated database: on SQLite, then on PostgreSQL."""
    if request.param == SQLITE:
        yield f"sqlite:///{prepare_data(tmp_path / 'base') / 'orc.sqlite'}"
    else:
        with make_postgresql(request.getfixturevalue("postgresql")) as url:
            yield url


@pytest.fixture
def database(base: str) -> Iterator[Database]:
    """The same, open."""
    database = Database(open_engine(base))
    yield database
    database.close()


@pytest.fixture
def base_pg(postgresql: Serveur) -> Iterator[str]:
    """The URL of an empty, migrated database on PostgreSQL."""
    with make_postgresql(postgresql) as url:
        yield url


@contextmanager
def make_postgresql(serveur: Serveur, *, empty: bool = False) -> Iterator[str]:
    """The URL of a new database on this server; `empty`: not even migrated."""
    name = f"orc_{uuid.uuid4().hex}"
    made_from = FRENCH if empty else f"TEMPLATE {_make_template(serveur.url)}"
    _run(serveur.url, f"CREATE DATABASE {name} {made_from}")
    try:
        yield _name(serveur.url, name)
    finally:
        _run(serveur.url, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def open_base(kind: str, folder: Path, serveur: Serveur | None = None) -> Iterator[Database]:
    """An empty database of this kind, for tests that want several."""
    if serveur is None or kind == SQLITE:
        database = make_database(folder)
        yield database
        database.close()
        return
    with make_postgresql(serveur) as url:
        database = Database(open_engine(url))
        yield database
        database.close()


@cache
def _make_template(url: str) -> str:
    """The migrations are run once per version of them, then copied; its name."""
    code = b"".join(p.read_bytes() for p in sorted(Path(migrations.__path__[0]).rglob("*.py")))
    name = f"orc_modele_{sha256(code).hexdigest()[:16]}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(4)"))
        known = text("SELECT 1 FROM pg_database WHERE datname = :name")
        if not connection.scalar(known, {"name": name}):
            being_made = f"{name}_{uuid.uuid4().hex[:8]}"
            connection.execute(text(f"CREATE DATABASE {being_made} {FRENCH}"))
            engine = open_engine(_name(url, being_made))
            migrations.migrate(engine)
            engine.dispose()
            connection.execute(text(f"ALTER DATABASE {being_made} RENAME TO {name}"))
    admin.dispose()
    return name


def _name(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _run(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
