"""The journal holds one row per act, in the transaction of the act, and never loses one."""

import json

import pytest
from sqlalchemy import Executable, delete, select, text, update
from sqlalchemy.exc import IntegrityError

from orc.db import Database
from orc.journal import Acte, record_acte
from orc.models import Ecriture
from tests.sql import make_personne


def read_rows(database: Database) -> list[Ecriture]:
    with database.reading() as session:
        return list(session.scalars(select(Ecriture)))


def test_an_act_leaves_who_what_when_and_on_what(database: Database) -> None:
    with database.writing() as session:
        record_acte(
            session,
            Acte.RECHERCHE,
            acteur="juge",
            personne_id=7,
            objet="piece:1",
            details={"é": 1},
            scelle=True,
        )
    (row,) = read_rows(database)
    assert (row.acteur, row.personne_id, row.acte, row.objet) == ("juge", 7, "recherche", "piece:1")
    assert json.loads(row.details) == {"é": 1}
    assert row.scelle
    assert row.quand.tzinfo is not None


def test_an_act_undone_leaves_no_row_and_a_row_undone_leaves_no_act(database: Database) -> None:

    def fail() -> None:
        with database.writing() as session:
            make_personne(session, "alice")
            record_acte(session, Acte.COMPTE_CREE, acteur="test")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM personne")).scalar() == 0
    assert read_rows(database) == []


@pytest.mark.parametrize("statement", [update(Ecriture).values(acteur="autre"), delete(Ecriture)])
def test_the_database_refuses_to_change_the_journal(
    database: Database, statement: Executable
) -> None:
    with database.writing() as session:
        record_acte(session, Acte.CONNEXION, acteur="alice")
    with pytest.raises(IntegrityError, match="ne se modifie pas"), database.writing() as session:
        session.execute(statement)
    assert [row.acteur for row in read_rows(database)] == ["alice"]
