"""What a queue of tasks promises, on every broker that ships."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from orc.db import Database
from orc.errors import NotFound, Unavailable
from orc.ingest.echecs import ask_again, count_echecs, find_echecs, set_aside
from orc.journal import Auteur
from orc.models import Ecriture
from orc.tasks.failures import Echec
from tests.ateliers import FILES, Poste, open_file, wait_for
from tests.sql import make_database

AUTEUR = Auteur("admin")
Ouvrir = Callable[[], Poste]


@pytest.fixture(scope="module", params=FILES)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with open_file(request.param, request) as url:
        yield url


@pytest.fixture
def sql(tmp_path: Path) -> Iterator[Database]:
    database = make_database(tmp_path)
    yield database
    database.close()


@pytest.fixture
def ouvrir(url: str, sql: Database) -> Iterator[Ouvrir]:
    """`ouvrir()` gives tasks as another process would have them; all end with the test."""
    made: list[Poste] = []

    def open_one() -> Poste:
        made.append(Poste(url, sql))
        return made[-1]

    yield open_one
    for poste in made:
        poste.stop()


def read_echecs(database: Database) -> list[Echec]:
    with database.reading() as session:
        return find_echecs(session)


def test_a_task_is_done_with_its_ids_numbers_and_texts(ouvrir: Ouvrir) -> None:
    poste, seen = ouvrir(), []

    def noter(*ids: object) -> None:
        seen.append(ids)

    poste.tasks.register(noter, queue="flux")
    poste.start()
    poste.tasks.enqueue_now("noter", 7, "ab’c")
    poste.tasks.enqueue_now("noter")
    wait_for(lambda: len(seen) >= 2)
    assert set(seen) == {(7, "ab’c"), ()}
    wait_for(poste.tasks.is_idle)


def test_nothing_is_asked_before_the_commit_nor_after_a_failure(
    ouvrir: Ouvrir, sql: Database
) -> None:
    poste, seen = ouvrir(), []

    def noter(number: int) -> None:
        seen.append(number)

    poste.tasks.register(noter, queue="flux")
    poste.start()
    with suppress(ZeroDivisionError), sql.writing() as session:
        poste.tasks.enqueue(session, "noter", 1)
        _ = 1 // 0
    with sql.writing() as session:
        poste.tasks.enqueue(session, "noter", 2)
        time.sleep(0.3)
        assert seen == []
    wait_for(lambda: seen)
    assert seen == [2]


def test_a_slow_queue_delays_no_other(ouvrir: Ouvrir) -> None:
    poste, seen, free = ouvrir(), [], threading.Event()

    def oceriser(number: int) -> None:
        assert free.wait(20), number

    def indexer(number: int) -> None:
        seen.append(number)

    poste.tasks.register(oceriser, queue="ocr")
    poste.tasks.register(indexer, queue="index")
    poste.start()
    for number in range(6):
        poste.tasks.enqueue_now("oceriser", number)
    poste.tasks.enqueue_now("indexer", 1)
    wait_for(lambda: seen, seconds=5)
    assert poste.tasks.count("ocr") > 0
    assert poste.tasks.is_idle()  # an ingestion does not wait for it
    free.set()
    wait_for(lambda: poste.tasks.count("ocr") == 0)


def test_what_may_pass_is_tried_again_with_growing_pauses_and_leaves_no_trace(
    ouvrir: Ouvrir, sql: Database
) -> None:
    poste, tries = ouvrir(), []
    if poste.tasks.in_process:
        poste.tasks._patience._pauses = (0.05, 0.1, 0.2)

    def lire(_number: int) -> None:
        tries.append(time.monotonic())
        if len(tries) < 3:
            raise Unavailable("Le silo ne répond pas.")

    poste.tasks.register(lire, queue="flux")
    poste.start()
    poste.tasks.enqueue_now("lire", 1)
    wait_for(lambda: len(tries) >= 3)
    wait_for(poste.tasks.is_idle)
    wait_for(lambda: not read_echecs(sql))
    assert len(tries) == 3
    assert tries[1] - tries[0] >= 0.04


def fail(ouvrir: Ouvrir, sql: Database, error: Exception) -> tuple[Poste, list[int], list[bool]]:
    """A task that fails until `well` says otherwise, tried until it is given up."""
    poste, tries, well = ouvrir(), [], []

    def lire(number: int) -> None:
        tries.append(number)
        if not well:
            raise error

    poste.tasks.register(lire, queue="flux")
    poste.start()
    poste.tasks.enqueue_now("lire", 12)
    wait_for(lambda: [e for e in read_echecs(sql) if e.prochain_le is None])
    return poste, tries, well


def test_what_is_given_up_is_in_sql_in_french_without_what_it_was_about(
    ouvrir: Ouvrir, sql: Database
) -> None:
    _, tries, _ = fail(ouvrir, sql, KeyError("Mme Durand, 2 83 02 33 063 012 05"))
    (echec,) = read_echecs(sql)
    assert (echec.tache, echec.cle, echec.file) == ("lire", "[12]", "flux")
    assert echec.motif == "Erreur interne d’ORC (KeyError) : la cause est dans les journaux."
    assert not echec.passagere
    assert echec.essais >= len(tries) >= 1


def test_what_was_given_up_is_done_once_it_is_asked_for_again(
    ouvrir: Ouvrir, sql: Database
) -> None:
    poste, tries, well = fail(ouvrir, sql, ValueError("?"))
    (echec,) = read_echecs(sql)
    before = len(tries)
    well.append(True)
    with sql.writing() as session:
        assert ask_again(session, poste.tasks, [echec.id], auteur=AUTEUR) == 1
    wait_for(lambda: not read_echecs(sql))
    assert len(tries) == before + 1
    with sql.reading() as session:
        journal = session.scalars(select(Ecriture)).one()
    assert (journal.acte, journal.acteur) == ("relance_de_tache", "admin")
    with pytest.raises(NotFound), sql.writing() as session:
        ask_again(session, poste.tasks, [echec.id], auteur=AUTEUR)


def test_all_that_failed_may_be_asked_for_at_once_but_what_was_set_aside(
    ouvrir: Ouvrir, sql: Database
) -> None:
    poste, tries, well = fail(ouvrir, sql, ValueError("?"))
    poste.tasks.enqueue_now("lire", 13)
    wait_for(lambda: len([e for e in read_echecs(sql) if e.prochain_le is None]) == 2)
    kept = next(e for e in read_echecs(sql) if e.cle == "[13]")
    with sql.writing() as session:
        assert set_aside(session, poste.tasks, [kept.id], auteur=AUTEUR) == 1
    tries.clear()
    well.append(True)
    with sql.writing() as session:
        assert ask_again(session, poste.tasks, None, auteur=AUTEUR) == 1
    wait_for(lambda: not read_echecs(sql))
    assert tries == [12]
    with sql.reading() as session:
        assert [e.cle for e in find_echecs(session, ecartees=True)] == ["[13]"]
        assert count_echecs(session) == 0


def test_a_task_asked_for_while_it_runs_is_done_once_more(ouvrir: Ouvrir) -> None:
    poste, runs, free = ouvrir(), [], threading.Event()
    at_once: list[int] = []
    now: list[int] = []

    def lire(number: int) -> None:
        now.append(number)
        at_once.append(len(now))
        runs.append(number)
        assert free.wait(10)
        now.pop()

    poste.tasks.register(lire, queue="index")
    poste.start()
    poste.tasks.enqueue_now("lire", 1)
    wait_for(lambda: runs)
    poste.tasks.enqueue_now("lire", 1)
    time.sleep(0.5)
    free.set()
    wait_for(lambda: len(runs) == 2)
    wait_for(poste.tasks.is_idle)
    assert max(at_once) == 1


def test_a_stop_lets_a_task_end_and_what_waits_is_found_at_the_next_start(ouvrir: Ouvrir) -> None:
    begun, done = threading.Event(), []

    def lire(number: int) -> None:
        begun.set()
        time.sleep(0.4)
        done.append(number)

    first = ouvrir()
    first.tasks.register(lire, queue="index")
    first.start()
    for number in range(3):
        first.tasks.enqueue_now("lire", number)
    assert begun.wait(10)
    first.stop()
    assert len(done) in {1, 2}
    second = ouvrir()
    second.tasks.register(
        lire, queue="index", unfinished=lambda: [(n,) for n in range(3) if n not in done]
    )
    second.start()
    second.tasks.enqueue_unfinished()
    second.tasks.wait()
    assert set(done) == {0, 1, 2}


def test_waiting_ends_once_all_is_done_and_looks_meanwhile(ouvrir: Ouvrir) -> None:
    poste, done, looks = ouvrir(), [], []

    def lire(number: int) -> None:
        time.sleep(0.25)
        done.append(number)
        if number < 4:
            poste.tasks.enqueue_now("lire", number + 1)

    poste.tasks.register(lire, queue="textes")
    poste.start()
    poste.tasks.enqueue_now("lire", 0)
    poste.tasks.wait(lambda: looks.append(len(done)))
    assert done == [0, 1, 2, 3, 4]
    assert len(looks) >= 1
    assert poste.tasks.count("textes") == 0
