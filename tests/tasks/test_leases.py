"""A task is done by one living process at a time, on both databases, and none is lost with it."""

import threading

from sqlalchemy import select

from orc.db import Database
from orc.models import Ouvrier, TacheEnCours
from orc.tasks.leases import DEATHS, Leases, Prise, find_running, read_memory_mo
from tests.ateliers import silence

VEILLE = 20.0


def make_ouvrier(database: Database) -> Leases:
    leases = Leases(database, VEILLE)
    leases.beat(["flux"], list)
    return leases


def release(database: Database, leases: Leases, cle: str = "[1]") -> bool:
    with database.writing() as session:
        return leases.release(session, "lire", cle)


def test_of_many_who_want_a_task_one_has_it_and_does_it_once_more(database: Database) -> None:
    ouvriers = [make_ouvrier(database) for _ in range(6)]
    found: list[Prise] = []

    def want(leases: Leases) -> None:
        found.append(leases.take("lire", "[1]"))

    threads = [threading.Thread(target=want, args=(leases,)) for leases in ouvriers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(p.name for p in found) == ["OCCUPEE"] * 5 + ["PRISE"]
    with database.reading() as session:
        holder = session.scalars(select(TacheEnCours)).one()
        assert holder.encore
    owner = next(leases for leases in ouvriers if leases.ouvrier == holder.ouvrier)
    assert release(database, owner) is True
    assert owner.take("lire", "[1]") is Prise.PRISE
    assert release(database, owner) is False


def test_a_task_of_another_key_or_name_is_free(database: Database) -> None:
    one, other = make_ouvrier(database), make_ouvrier(database)
    assert one.take("lire", "[1]") is Prise.PRISE
    assert other.take("lire", "[2]") is Prise.PRISE
    assert other.take("indexer", "[1]") is Prise.PRISE
    with database.reading() as session:
        assert find_running(session, ["lire"], VEILLE) == {("lire", "[1]"), ("lire", "[2]")}


def test_the_task_of_a_silent_ouvrier_is_taken_over(database: Database) -> None:
    dead, living = make_ouvrier(database), make_ouvrier(database)
    assert dead.take("lire", "[1]") is Prise.PRISE
    assert living.take("lire", "[1]") is Prise.OCCUPEE
    silence(database, dead.ouvrier)
    assert living.take("lire", "[1]") is Prise.PRISE
    # Were it only slow, what it says at its end would change nothing.
    assert release(database, dead) is False
    with database.reading() as session:
        assert find_running(session, ["lire"], VEILLE) == {("lire", "[1]")}


def test_a_task_that_ouvriers_die_of_is_given_up(database: Database) -> None:
    for death in range(DEATHS):
        dead = make_ouvrier(database)
        assert dead.take("lire", "[1]") is Prise.PRISE, death
        silence(database, dead.ouvrier)
    assert make_ouvrier(database).take("lire", "[1]") is Prise.MORTELLE
    assert make_ouvrier(database).take("lire", "[1]") is Prise.PRISE  # asked for again by a person


def test_a_heartbeat_gives_back_what_this_process_no_longer_does(database: Database) -> None:
    leases = make_ouvrier(database)
    for cle in ("[1]", "[2]"):
        assert leases.take("lire", cle) is Prise.PRISE
    leases.beat(["flux"], lambda: [("lire", "[2]")])
    with database.reading() as session:
        assert session.scalars(select(TacheEnCours.cle)).all() == ["[2]"]
        said = session.scalars(select(Ouvrier)).one().memoire_mo
        assert abs(said - read_memory_mo()) < 50
    leases.leave()
    with database.reading() as session:
        assert session.scalars(select(TacheEnCours)).all() == []
        assert session.scalars(select(Ouvrier)).all() == []


def test_a_task_begun_during_a_heartbeat_stays_taken(database: Database) -> None:
    leases, found = make_ouvrier(database), list[Prise]()
    assert leases.take("lire", "[1]") is Prise.PRISE  # over, and never said so
    begins = threading.Thread(target=lambda: found.append(leases.take("lire", "[2]")))

    def read_running() -> list[tuple[str, str]]:
        begins.start()
        begins.join(1.0)  # SQLite has one writer: it begins after; PostgreSQL, at once
        return []

    leases.beat(["flux"], read_running)
    begins.join()
    assert found == [Prise.PRISE]
    with database.reading() as session:
        assert session.scalars(select(TacheEnCours.cle)).all() == ["[2]"]


def test_what_this_process_could_not_end_in_writing_it_may_begin_again(database: Database) -> None:
    leases = make_ouvrier(database)
    assert leases.take("lire", "[1]") is Prise.PRISE
    assert leases.take("lire", "[1]", doing=True) is Prise.OCCUPEE
    assert leases.take("lire", "[1]") is Prise.PRISE
