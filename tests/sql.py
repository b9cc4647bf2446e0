"""A real SQLite file with the tables of the migrations, and rows to fill it with."""

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from shutil import copyfile, rmtree
from tempfile import mkdtemp
from typing import Any

from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from migrations import migrate
from orc.db import Database, Writing, insert_missing, open_engine
from orc.domain import CleBudget, Domaine, Role
from orc.ingest.referentiel import BudgetConnu, Cellules, Libelles, get_budget
from orc.models import ADecider, Habilitation, Personne, read_now


@cache
def _make_template() -> Path:
    """A migrated, empty database: the migrations are run once per process, then copied."""
    path = Path(mkdtemp(prefix="orc-modele-")) / "orc.sqlite"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    atexit.register(rmtree, path.parent, ignore_errors=True)
    return path


def prepare_data(folder: Path) -> Path:
    """A data folder whose database is migrated already; give it to Settings."""
    folder.mkdir(parents=True, exist_ok=True)
    copyfile(_make_template(), folder / "orc.sqlite")
    return folder


def make_database(folder: Path) -> Database:
    """An empty ORC database in this folder."""
    return Database(open_engine(f"sqlite:///{prepare_data(folder) / 'orc.sqlite'}"))


@contextmanager
def watch_queries(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Every query that the database is asked meanwhile, with its values."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, query: str, values: Any, *_: Any) -> None:
        asked.append((query, values))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def make_budget(session: Writing, siren: str, *, poste: str = "033012") -> BudgetConnu:
    """A budget of the collectivité of this SIREN."""
    cle = CleBudget(f"{siren}00011", "101", "00")
    return get_budget(session, cle, Libelles(poste, f"Commune {siren}", "Trésorerie"))


def make_cellule(session: Writing, budget: BudgetConnu, exercice: int, domaine: Domaine) -> int:
    """The id of a cellule."""
    return Cellules().get(session, budget.id, exercice, domaine)


def make_personne(session: Writing, identifiant: str) -> int:
    """Someone who has no grant yet."""
    row = {
        "identifiant": identifiant,
        "nom": identifiant.title(),
        "mot_de_passe": "!",
        "cree_le": read_now(),
    }
    insert_missing(session, Personne, [row])
    return session.query(Personne).filter_by(identifiant=identifiant).one().id


def grant(session: Writing, personne_id: int, role: Role, **values: object) -> None:
    """A grant in force since 2020, on everything `values` says."""
    row = {
        "personne_id": personne_id,
        "role": role.value,
        "depuis": date(2020, 1, 1),
        "accorde_par": "test",
        "accorde_le": read_now(),
        "domaines": "",
        **values,
    }
    session.execute(insert(Habilitation).values(**row))


def count_to_decide(session: Session) -> int:
    """How many PJ wait to be decided."""
    return session.query(ADecider).count()
