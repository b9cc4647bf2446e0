"""Who is written to before a gel is to be looked at again, and after; nothing is ever released."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, update

from orc.db import Database
from orc.domain import Role
from orc.models import Gel, Message, Personne
from orc.retention.criteres import Criteres
from orc.retention.rappels_gels import remind_gels
from tests.flows import UnePj, UnFlux, UnMandat
from tests.ingest.test_intake import take_in
from tests.retention.actes import find_piece, find_pj, put_gel
from tests.retention.gens import AUJOURD_HUI, AUTRE, COMMUNE, put_gens, put_personne
from tests.sql import make_database, make_personne

JOURS = (30, 7)


@pytest.fixture
def commune(tmp_path: Path) -> Database:
    database = make_database(tmp_path / "base")
    take_in(database, UnFlux(mandats=(UnMandat("1"),)), tmp_path)
    put_gens(database)
    with database.writing() as session:
        session.execute(update(Personne).values(courriel=Personne.identifiant + "@exemple.fr"))
    return database


def put(
    database: Database, revue_le: date, *, siren: str = COMMUNE, par: str = "archiviste"
) -> None:
    with database.writing() as session:
        values = {"revue_le": revue_le, "nom": "Affaire {1}"}
        values |= {"personne_id": make_personne(session, par) if par else None}
        criteres = Criteres(siren=siren) if siren else None
        put_gel(session, criteres=criteres, **values)  # type: ignore[arg-type]  # columns by name


def remind(database: Database, today: date = AUJOURD_HUI) -> list[str]:
    """Who was written to that day."""
    with database.writing() as session:
        before = session.query(Message).count()
        written = remind_gels(session, JOURS, today)
        rows = session.scalars(select(Message).order_by(Message.id)).all()[before:]
    assert written == len(rows)
    return [row.destinataire.partition("@")[0] for row in rows]


def test_who_placed_it_is_told_before_once(commune: Database) -> None:
    put(commune, date(2026, 6, 20))
    put(commune, date(2027, 1, 1))
    assert remind(commune) == ["archiviste"]
    assert remind(commune) == []
    with commune.reading() as session:
        row = session.scalars(select(Message)).one()
    assert row.objet == "Le gel « Affaire (1) » est à revoir dans 19\u00a0jours"
    assert "20/06/2026" in row.corps


def test_once_past_all_who_may_act_are_told_each_month(commune: Database) -> None:
    put(commune, AUJOURD_HUI, par="ordonnateur")
    everyone = ["archiviste", "archiviste2", "comptable", "comptable2", "ordonnateur"]
    assert sorted(remind(commune)) == everyone
    assert remind(commune, date(2026, 6, 20)) == []
    assert sorted(remind(commune, date(2026, 7, 5))) == everyone
    with commune.reading() as session:
        assert session.scalars(select(Gel.fin_le)).all() == [None]


def test_a_list_is_followed_by_who_placed_it(commune: Database) -> None:
    put(commune, AUJOURD_HUI, siren="")
    put(commune, date(2026, 6, 20), par="")
    put(commune, AUJOURD_HUI, siren="", par="")
    assert remind(commune) == ["archiviste"]


def test_a_gel_released_is_not_spoken_of(commune: Database) -> None:
    put(commune, AUJOURD_HUI)
    with commune.writing() as session:
        session.execute(update(Gel).values(fin_le=date(2026, 6, 10)))
    assert remind(commune) == []


def test_past_the_day_a_gel_by_list_is_told_to_who_sees_something_of_it(tmp_path: Path) -> None:
    database = make_database(tmp_path / "base")
    cite = (UnMandat("1", cite=("PJ1",)), UnMandat("2"))
    take_in(database, UnFlux(mandats=cite, pjs=(UnePj("PJ1"),)), tmp_path)
    put_gens(database)
    with database.writing() as session:
        session.execute(update(Personne).values(courriel=Personne.identifiant + "@exemple.fr"))
        budget = {"portee": "budget", "portee_cle": f"{AUTRE}00011-101-00"}
        put_personne(session, "ailleurs", Role.COMPTABLE, **budget)
        values = {
            "revue_le": date(2026, 5, 20),
            "personne_id": make_personne(session, "archiviste"),
        }
        put_gel(session, pj=(find_pj(database, "PJ1"),), **values)
        put_gel(session, pieces=(find_piece(database, "2"),), **values)
    told = ["archiviste", "archiviste2", "comptable", "comptable2"]
    assert sorted(remind(database)) == sorted(told * 2)
    assert remind(database) == []
