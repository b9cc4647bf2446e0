"""What several processes and a failing broker add to the contract: nothing lost or twice."""

import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import delete, select, text, update

from orc.db import Database
from orc.errors import Invalid, Unavailable
from orc.ingest.echecs import find_echecs
from orc.models import Ouvrier, TacheEchouee, read_now
from orc.tasks import IN_PROCESS, Delais, FileCoupee, PasEncore, make_tasks
from orc.tasks.brokers import bound_waits, mask
from orc.tasks.failures import make_pause, record_failure
from orc.tasks.follow import Sweeper
from orc.tasks.leases import count_alive, find_running
from tests.ateliers import COURTS, THREADS, wait_for
from tests.sql import make_database
from tests.tasks.conftest import Ouvrir

# A closed port of this machine.
NOWHERE = "127.0.0.1:9"


def test_two_processes_never_do_the_same_at_once(ouvrir: Ouvrir) -> None:
    now, most, runs = [0], [0], [0]
    lock = threading.Lock()

    def lire(_number: int) -> None:
        with lock:
            now[0] += 1
            runs[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.1)
        with lock:
            now[0] -= 1

    postes = [ouvrir(), ouvrir()]
    for poste in postes:
        poste.tasks.register(lire, queue="textes")
        poste.start("textes")
    for _ in range(6):
        postes[0].tasks.enqueue_now("lire", 1)
    wait_for(lambda: runs[0] >= 2 and postes[0].tasks.is_idle())
    assert most == [1]
    assert 2 <= runs[0] <= 6


def test_the_task_of_a_process_that_died_is_found_and_done_by_another(ouvrir: Ouvrir) -> None:
    done: list[int] = []
    stuck, free = threading.Event(), threading.Event()

    def lire(number: int) -> None:
        if not done and not stuck.is_set():
            stuck.set()
            free.wait(20)
            return
        done.append(number)

    def find() -> list[tuple[int]]:
        return [] if done else [(1,)]

    first, second = ouvrir(), ouvrir()
    for poste in (first, second):
        poste.tasks.register(lire, queue="textes", unfinished=find)
    first.start("textes")
    first.tasks.enqueue_now("lire", 1)
    assert stuck.wait(10)
    second.start("textes")
    sweeper = Sweeper(second.tasks)
    assert [sweeper.sweep() for _ in range(3)] == [0, 0, 0]  # its process lives
    first.die()
    assert [sweeper.sweep() for _ in range(2)] == [0, 1]
    wait_for(lambda: done == [1])
    free.set()


def test_what_a_broker_forgot_is_asked_for_again_once_two_looks_agree(
    ouvrir: Ouvrir, url: str
) -> None:
    poste, done = ouvrir(), []

    def lire(number: int) -> None:
        done.append(number)

    left = [1, 2, 3]
    poste.tasks.register(
        lire, queue="textes", unfinished=lambda: [(n,) for n in left if n not in done]
    )
    for number in left:
        poste.tasks.enqueue_now("lire", number)
    sweeper = Sweeper(poste.tasks)
    assert sweeper.sweep() == sweeper.sweep() == 0  # the queue holds them
    with Redis.from_url(url) as redis:
        redis.flushdb()
    assert sweeper.sweep() == 0
    assert sweeper.sweep() == 3
    assert sweeper.sweep() == 0  # asked for, they wait
    poste.start("textes")
    wait_for(lambda: sorted(done) == [1, 2, 3])


def test_what_was_given_up_or_set_aside_is_not_found_again_but_what_may_pass_is(
    ouvrir: Ouvrir, database: Database
) -> None:
    poste = ouvrir(replace(COURTS, essais=1, essais_passagers=1, repos=60.0))

    def lire(number: int) -> None:
        raise Unavailable("S3 ne répond pas.") if number == 1 else KeyError(number)

    poste.tasks.register(lire, queue="textes", unfinished=lambda: [(1,), (2,)])
    poste.start("textes")
    for number in (1, 2):
        poste.tasks.enqueue_now("lire", number)

    def read() -> dict[str, bool]:
        with database.reading() as session:
            return {e.cle: e.passagere for e in find_echecs(session)}

    wait_for(lambda: read() == {"[1]": True, "[2]": False})
    sweeper = Sweeper(poste.tasks)
    assert [sweeper.sweep() for _ in range(3)] == [0, 0, 0]
    with database.writing() as session:
        long_ago = read_now().replace(year=2020)
        session.execute(update(TacheEchouee).values(derniere_le=long_ago))
    assert sweeper.sweep() == 1  # the one whose cause may have passed


def test_a_failure_is_forgotten_once_sql_says_it_was_done_some_other_way(
    ouvrir: Ouvrir, database: Database
) -> None:
    poste, left = ouvrir(replace(COURTS, essais=1)), [(2,)]

    def lire(number: int) -> None:
        raise KeyError(number)

    poste.tasks.register(lire, queue="textes", unfinished=lambda: left)
    poste.start("textes")
    poste.tasks.enqueue_now("lire", 2)

    def count() -> int:
        with database.reading() as session:
            return len(find_echecs(session))

    wait_for(lambda: count() == 1)
    wait_for(poste.tasks.is_idle)
    Sweeper(poste.tasks).sweep()
    assert count() == 1
    left.clear()
    Sweeper(poste.tasks).sweep()
    assert count() == 0


def test_what_is_lost_is_found_behind_more_failures_than_one_look_takes(
    ouvrir: Ouvrir, database: Database
) -> None:
    poste = ouvrir(replace(COURTS, essais=1))
    left = [(number,) for number in range(6)]

    def lire(number: int) -> None:
        raise KeyError(number)

    poste.tasks.register(lire, queue="textes", unfinished=lambda: left)
    for number in (0, 1, 2):
        with database.writing() as session:
            record_failure(
                session, poste.tasks.taches["lire"], f"[{number}]", KeyError(), poste.tasks.delais
            )
    sweeper = Sweeper(poste.tasks, most=2)
    assert [sweeper.sweep(), sweeper.sweep()] == [0, 2]
    assert poste.tasks.count("textes") == 2
    # More is left than one look takes, and what was done some other way is forgotten all the same.
    with Redis.from_url(poste.url) as redis:
        redis.flushdb()
        left.remove((1,))
        sweeper.sweep()
        redis.flushdb()  # nobody works on that queue
    with database.reading() as session:
        assert {e.cle for e in find_echecs(session)} == {"[0]", "[2]"}


def test_a_process_that_cannot_tell_what_is_left_forgets_no_failure(
    ouvrir: Ouvrir, database: Database
) -> None:
    """One without tesseract, beside those that read scans."""
    poste, other = ouvrir(replace(COURTS, essais=1)), ouvrir()

    def oceriser(number: int) -> None:
        raise KeyError(number)

    poste.tasks.register(oceriser, queue="ocr", unfinished=lambda: [(1,)])
    other.tasks.register(oceriser, queue="ocr", unfinished=lambda: None)
    poste.start("ocr")
    poste.tasks.enqueue_now("oceriser", 1)

    def count() -> int:
        with database.reading() as session:
            return len(find_echecs(session))

    wait_for(lambda: count() == 1)
    wait_for(lambda: not poste.tasks.running.cles())
    Sweeper(other.tasks).sweep()
    other.tasks.enqueue_unfinished()
    assert count() == 1


def test_an_ingestion_does_not_ask_again_for_the_scans_that_wait_already(ouvrir: Ouvrir) -> None:
    poste = ouvrir()
    scans = [(number,) for number in range(5)]
    poste.tasks.register(oceriser_one, queue="ocr", unfinished=lambda: scans)
    for _ in range(3):
        poste.tasks.enqueue_unfinished()
    assert poste.tasks.count("ocr") == 5


def oceriser_one(number: int) -> None:
    del number


def test_a_task_that_lasts_too_long_is_stopped_and_said(ouvrir: Ouvrir, database: Database) -> None:
    poste = ouvrir(replace(COURTS, limite=0.3, essais=1))

    def lire(_number: int) -> None:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            time.sleep(0.02)

    poste.tasks.register(lire, queue="textes")
    poste.start("textes")
    poste.tasks.enqueue_now("lire", 1)

    def read() -> list[str]:
        with database.reading() as session:
            return list(session.scalars(select(TacheEchouee.motif)))

    wait_for(read)
    assert read() == ["La tâche a dépassé la durée permise (ORC_TACHE_MINUTES)."]
    wait_for(poste.tasks.is_idle)


def test_a_full_queue_sends_a_task_away_for_a_while_and_it_did_not_fail(
    ouvrir: Ouvrir, database: Database
) -> None:
    poste, done = ouvrir(replace(COURTS, place=0.1, absence=0.2)), []

    def lire(number: int) -> None:
        poste.tasks.wait_for_room("textes", 1)
        done.append(number)

    def extraire(number: int) -> None:
        done.append(number)

    poste.tasks.register(lire, queue="flux")
    poste.tasks.register(extraire, queue="textes")
    for number in range(5):
        poste.tasks.enqueue_now("extraire", number)
    with pytest.raises(PasEncore):
        poste.tasks.wait_for_room("textes", 1)
    poste.start("flux")
    poste.tasks.enqueue_now("lire", 100)
    time.sleep(0.5)
    assert done == []
    with database.reading() as session:
        assert find_echecs(session) == []
    other = ouvrir()
    other.tasks.register(extraire, queue="textes")
    other.start("textes")
    wait_for(lambda: 100 in done)


def test_something_is_done_alone_among_all_processes(ouvrir: Ouvrir) -> None:
    first, second = ouvrir(), ouvrir()
    first.start("mail")
    second.start("mail")
    with first.tasks.hold("flux", 7):
        with pytest.raises(PasEncore), second.tasks.hold("flux", 7):
            pytest.fail("deux à la fois")
        with second.tasks.hold("flux", 8):
            pass
    with second.tasks.hold("flux", 7):
        pass


def test_a_command_typed_by_hand_keeps_what_it_holds_and_is_no_ouvrier(
    ouvrir: Ouvrir, database: Database
) -> None:
    """`orc ocr` beside `orc worker`."""
    command, worker = ouvrir(replace(COURTS, veille=3.0)), ouvrir(replace(COURTS, veille=3.0))

    def is_mine() -> bool:
        with database.reading() as session:
            return bool(find_running(session, ["oceriser"], 3.0))

    for _ in range(2):  # a second command of the same process lives too
        with command.tasks.live(), command.tasks.hold("oceriser", "a"):
            worker.tasks.leases.beat(("ocr",), worker.tasks.running.cles)
            with pytest.raises(PasEncore), worker.tasks.hold("oceriser", "a"):
                pytest.fail("deux à la fois")
            with database.reading() as session:
                assert count_alive(session, 3.0) == 1  # the worker
            with database.writing() as session:
                long_ago = read_now().replace(year=2020)
                session.execute(update(Ouvrier).values(vu_le=long_ago))
            wait_for(is_mine)  # it says again that it lives
        assert not is_mine()


def test_a_base_that_does_not_answer_silences_a_command_only_for_a_while(
    ouvrir: Ouvrir, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    command = ouvrir(replace(COURTS, veille=0.3))
    with command.tasks.live():
        with database.writing() as session:
            session.execute(text("ALTER TABLE ouvrier RENAME TO ailleurs"))
        wait_for(lambda: caplog.records)
        with database.writing() as session:
            session.execute(text("ALTER TABLE ailleurs RENAME TO ouvrier"))
            session.execute(delete(Ouvrier))

        def is_seen() -> bool:
            with database.reading() as session:
                return bool(session.scalars(select(Ouvrier)).all())

        wait_for(is_seen)


def test_who_waits_for_a_task_that_several_may_do_sees_it_until_it_ends(ouvrir: Ouvrir) -> None:
    """The indexing of Elasticsearch on PostgreSQL."""
    begun, free = threading.Event(), threading.Event()
    poste, waiting = ouvrir(), ouvrir()

    def indexer() -> None:
        begun.set()
        free.wait(20)

    for one in (poste, waiting):
        one.tasks.register(indexer, queue="index", unique=True, seule=False)
    poste.start("index")
    waiting.tasks.enqueue_now("indexer")
    assert begun.wait(20)
    assert not waiting.tasks.is_idle()
    free.set()
    wait_for(waiting.tasks.is_idle)


def test_a_task_of_no_id_waits_once(ouvrir: Ouvrir) -> None:
    poste = ouvrir()

    def indexer() -> None: ...

    poste.tasks.register(indexer, queue="index", unique=True)
    for _ in range(5):
        poste.tasks.enqueue_now("indexer")
    assert poste.tasks.count("index") == 1


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_is_down_refuses_no_act_and_is_said_once_in_french(
    tmp_path: Path, scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    database = make_database(tmp_path)
    tasks = make_tasks(f"{scheme}://app:secret@{NOWHERE}/", database, THREADS, COURTS)

    def lire(_number: int) -> None: ...

    tasks.register(lire, queue="flux")
    began = time.monotonic()
    for number in range(50):
        with database.writing() as session:
            tasks.enqueue(session, "lire", number)
    assert time.monotonic() - began < 5
    (said, *_) = [r.message for r in caplog.records if r.name == "orc.tasks.distributed"]
    assert "ne répond pas" in said
    assert "secret" not in caplog.text
    assert not tasks.is_idle()
    with pytest.raises(FileCoupee, match="ne répond pas"):
        tasks.count("flux")
    tasks.stop()
    database.close()


def test_pauses_double_to_a_ceiling_and_are_never_the_same() -> None:
    delais = Delais(premier=1.0, plafond=300.0)
    pauses = [make_pause(essai, delais) for essai in range(1, 12)]
    for essai, pause in enumerate(pauses[:8]):
        assert 2**essai <= pause <= 2 ** (essai + 1)
    assert max(pauses) <= 300
    assert len({make_pause(5, delais) for _ in range(20)}) > 1


def test_an_address_that_is_none_is_refused_without_its_password(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    for url in ("kafka://u:secret@h/1", "redis://u:secret@h:port/1", "amqp://u:secret@h:port/"):
        with pytest.raises(Invalid) as refused:
            make_tasks(url, database, THREADS)
        assert "secret" not in str(refused.value)
    database.close()
    assert mask("amqp://u:s@h/v") == "amqp://u:…@h/v"
    assert "socket_timeout=9" in bound_waits("amqps://u:s@h/v?socket_timeout=9")
    assert "blocked_connection_timeout" in bound_waits("amqps://u:s@h/v")


def test_the_embedded_default_loads_no_broker(tmp_path: Path) -> None:
    code = (
        "import sys; from orc.bootstrap import make_orc; from orc.settings import Settings\n"
        f"orc = make_orc(Settings(data={str(tmp_path)!r})); orc.tasks.start(); orc.close()\n"
        "print([m for m in ('redis', 'pika', 'orc.tasks.distributed') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert IN_PROCESS == "inprocess:"


def test_without_its_library_a_broker_says_which_option_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = make_database(tmp_path)
    monkeypatch.setitem(sys.modules, "dramatiq.brokers.rabbitmq", None)
    with pytest.raises(Unavailable, match="option « grand »"):
        make_tasks("amqp://h/", database, THREADS)
    database.close()


def test_a_task_too_long_for_a_stop_is_given_back_at_once(ouvrir: Ouvrir) -> None:
    runs: list[int] = []
    free = threading.Event()

    def lire(number: int) -> None:
        runs.append(number)
        if len(runs) == 1:
            free.wait(20)

    first, second = ouvrir(replace(COURTS, arret=0.3)), ouvrir()
    for poste in (first, second):
        poste.tasks.register(lire, queue="textes")
    first.start("textes")
    first.tasks.enqueue_now("lire", 1)
    wait_for(lambda: runs)
    began = time.monotonic()
    first.stop()
    assert time.monotonic() - began < 5
    second.start("textes")
    wait_for(lambda: len(runs) == 2, seconds=5)
    free.set()
