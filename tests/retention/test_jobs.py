"""The task that decides: all that waits, what time changes, all when the rules do; no mark lost."""

import logging
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import func, select, update

from orc.db import Database, Writing, open_engine
from orc.errors import Unavailable
from orc.ingest.texts import mark_citing
from orc.marques import mark_collectivites, mark_pj_ids
from orc.models import ADecider, DecisionCourante, PieceJustificative, Texte
from orc.models import Decision as DecisionGardee
from orc.retention.declarations import Genre
from orc.retention.jobs import (
    Bilan,
    count_waiting,
    decide_lot,
    decide_waiting,
    has_to_decide,
    register_decisions,
)
from orc.settings import Settings
from orc.tasks import INDEX, Tasks
from orc.tasks.in_process import InProcess
from tests.conftest import ROOT
from tests.flows import UnePj, UnFlux, UnMandat
from tests.retention.archives import (
    AUJOURD_HUI,
    EVENEMENTS,
    FLUX,
    SIREN,
    count_decisions,
    declare,
    find_pj,
    join_all,
    make_ready,
    take,
)
from tests.sql import count_to_decide, make_database

SETTINGS = Settings()


def decide_all(database: Database, **how: object) -> Bilan:
    how.setdefault("today", AUJOURD_HUI)
    return decide_waiting(database, how.pop("settings", SETTINGS), **how)  # type: ignore[arg-type]  # its own arguments


def count_marks(database: Database) -> int:
    with database.reading() as session:
        return count_to_decide(session)


def read_statut(database: Database, pj_id: int) -> str:
    with database.reading() as session:
        return session.get_one(DecisionCourante, pj_id).statut


def test_a_flow_marks_what_it_sends_and_the_task_decides_it(
    database: Database, tmp_path: Path
) -> None:
    join_all(database)
    take(database, tmp_path, [FLUX])
    assert count_marks(database) == 1
    assert decide_all(database) == Bilan(1, 0)
    assert count_marks(database) == 0
    assert decide_all(database) == Bilan(0, 0)


@pytest.mark.parametrize("event", EVENEMENTS[1:], ids=["acquit", "retour", "paiement"])
def test_an_event_marks_the_pj_it_bears_on(
    database: Database, tmp_path: Path, event: UnFlux
) -> None:
    other = UnFlux((UnMandat("9", cite=("PJ9",)),), (UnePj("PJ9"),), nom="AUTRE", bordereau="13")
    make_ready(database, tmp_path, [FLUX, other])
    decide_all(database)
    take(database, tmp_path, [event])
    with database.reading() as session:
        assert session.scalars(select(ADecider.pj_id)).all() == [find_pj(database)]


def test_a_flow_marks_what_it_sends_again_and_what_it_cites_no_more(
    database: Database, tmp_path: Path
) -> None:
    first = make_ready(database, tmp_path)
    decide_all(database)
    take(database, tmp_path, [FLUX.sent("2023-09-10", mandats=(UnMandat("1"),), pjs=())])
    assert marked(database) == {first}
    decide_all(database)
    assert read_statut(database, first) == "en_attente"
    take(database, tmp_path, [FLUX.sent("2023-09-12")])
    assert marked(database) == {first, find_pj(database)}


def marked(database: Database) -> set[int]:
    with database.reading() as session:
        return set(session.scalars(select(ADecider.pj_id)))


def test_a_citation_that_comes_after_its_pj_marks_it(database: Database, tmp_path: Path) -> None:
    sent = UnFlux(pjs=(UnePj("PJ1"),), nom="SEULE")
    take(database, tmp_path, [sent])
    decide_all(database)
    take(database, tmp_path, [UnFlux(mandats=(UnMandat("1", cite=("PJ1",)),))])
    assert marked(database) == {find_pj(database)}


def test_time_alone_brings_a_decision_back(database: Database, tmp_path: Path) -> None:
    pj_id = make_ready(database, tmp_path)
    with database.writing() as session:
        declare(
            session, Genre.COFINANCEMENT, jusqu_a=date(2026, 12, 31),
            exercice_min=2023, exercice_max=2023,
        )  # fmt: skip
    decide_all(database)
    assert read_statut(database, pj_id) == "suspendu"
    assert decide_all(database, today=date(2026, 12, 31)) == Bilan(0, 0)
    with database.reading() as session:
        assert count_waiting(session, date(2027, 1, 1)) == 1
        assert has_to_decide(session, SETTINGS, date(2027, 1, 1))
    assert decide_all(database, today=date(2027, 1, 1)) == Bilan(1, 0)
    assert read_statut(database, pj_id) == "eligible"


def test_other_settings_decide_all_again_once(database: Database, tmp_path: Path) -> None:
    pj_id = make_ready(database, tmp_path)
    decide_all(database)
    strict = replace(SETTINGS, destruction_rubrique_inconnue_passe=False)
    with database.reading() as session:
        assert has_to_decide(session, strict, AUJOURD_HUI)
    database.info["reglages_destruction"] = strict
    assert decide_all(database, settings=strict) == Bilan(1, 0)
    assert read_statut(database, pj_id) == "en_attente"
    assert decide_all(database, settings=strict) == Bilan(0, 0)
    with database.reading() as session:
        assert not has_to_decide(session, strict, AUJOURD_HUI)


def test_a_document_extracted_is_decided_again(database: Database, tmp_path: Path) -> None:
    make_ready(database, tmp_path)
    decide_all(database)
    with database.writing() as session:
        mark_citing(session, list(session.scalars(select(Texte.sha256))))
    assert marked(database) == {find_pj(database)}


def test_a_task_that_stops_or_has_no_time_leaves_the_rest(
    database: Database, tmp_path: Path
) -> None:
    make_ready(database, tmp_path)
    decide_all(database)
    with database.writing() as session:
        mark_pj_ids(session, [find_pj(database)])
    assert decide_all(database, stop=lambda: True) == Bilan(0, 0, reste=True)
    assert decide_all(database, secondes=-1) == Bilan(1, 0, reste=True)
    assert count_marks(database) == 0


def test_a_pj_that_cannot_be_decided_stops_no_other(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    two = UnFlux((UnMandat("1", cite=("PJ1", "PJ2")),), (UnePj("PJ1"), UnePj("PJ2", b"autre")))
    make_ready(database, tmp_path, [two])
    good, bad = find_pj(database, "PJ1"), find_pj(database, "PJ2")
    with database.writing() as session:
        sha256 = select(Texte.sha256).where(Texte.sha256 != "").order_by(Texte.sha256)
        assert len(session.scalars(sha256).all()) == 2
        session.execute(
            update(Texte)
            .where(Texte.sha256.in_(select_digest(bad)))
            .values(parties="{", type_reel="text/plain")
        )
        mark_pj_ids(session, [good, bad])
    with caplog.at_level(logging.ERROR):
        assert decide_all(database) == Bilan(1, 1)
    assert marked(database) == {bad}
    assert "ne peut pas être décidée" in caplog.text


def select_digest(pj_id: int) -> object:
    return select(PieceJustificative.sha256).where(PieceJustificative.id == pj_id)


MEURT = """
import os, signal, sys
from datetime import date
import orc.retention.decisions as decisions
from orc.db import Database, open_engine
from orc.retention.jobs import decide_waiting
from orc.settings import Settings

def die(*args):
    os.kill(os.getpid(), signal.SIGKILL)

url, when = sys.argv[1:]
record = decisions._record
if when == "avant":
    decisions._record = lambda *args: (record(*args), die())
decide_waiting(
    Database(open_engine(url)), Settings(), today=date(2026, 6, 1),
    watch=die if when == "apres" else print,
)
"""


@pytest.mark.parametrize("when", ["avant", "apres"])
def test_a_kill_in_the_middle_loses_no_decision_and_doubles_none(
    base: str, database: Database, tmp_path: Path, when: str
) -> None:
    noms = [f"PJ{n}" for n in range(1, 601)]
    many = UnFlux((UnMandat("1", cite=tuple(noms)),), tuple(UnePj(n, n.encode()) for n in noms))
    make_ready(database, tmp_path, [many])
    killed = subprocess.run(
        [sys.executable, "-c", MEURT, base, when], cwd=ROOT, check=False, timeout=120
    )
    assert killed.returncode == -signal.SIGKILL
    assert count_marks(database) == (600 if when == "avant" else 100)
    assert decide_all(database).reste is False
    assert (count_marks(database), count_decisions(database)) == (0, 600)


def test_no_mark_is_lost_between_who_marks_and_who_decides(base_pg: str, tmp_path: Path) -> None:
    """Facts change while deciders run: in the end each decision is that of the last facts."""
    database = Database(open_engine(base_pg))
    noms = [f"PJ{n}" for n in range(1, 13)]
    many = UnFlux((UnMandat("1", cite=tuple(noms)),), tuple(UnePj(n, n.encode()) for n in noms))
    make_ready(database, tmp_path, [many])
    over = Event()

    def decide_on() -> None:
        while not over.is_set():
            decide_all(database)

    deciders = [Thread(target=decide_on) for _ in range(2)]
    for thread in deciders:
        thread.start()
    try:
        with database.reading() as session:
            query = select(PieceJustificative.id, PieceJustificative.sha256)
            pjs = [
                (pj_id, sha256)
                for pj_id, sha256 in session.execute(query.order_by(PieceJustificative.id))
            ]
        for turn in range(40):
            etat = "illisible" if turn % 2 else "extrait"
            some = pjs[turn % 5 :: 3]

            def change(session: Writing, etat: str = etat, some: list = some) -> None:  # type: ignore[type-arg]  # ids and digests
                for pj_id, sha256 in some:
                    same = Texte.sha256 == sha256
                    session.execute(update(Texte).where(same).values(etat=etat))
                    mark_pj_ids(session, [pj_id])
                    time.sleep(0.002)

            database.write(change)
    finally:
        over.set()
        for thread in deciders:
            thread.join()
    decide_all(database)
    with database.reading() as session:
        etats = dict(session.execute(select(Texte.sha256, Texte.etat)).all())
        refused = set(
            session.scalars(
                select(DecisionCourante.pj_id).where(DecisionCourante.motifs.contains(",7,"))
            )
        )
        assert refused == {pj_id for pj_id, sha256 in pjs if etats[sha256] == "illisible"}
        said = session.execute(
            select(func.count(), func.count(DecisionGardee.id.distinct()))
            .select_from(DecisionCourante)
            .join(DecisionGardee, DecisionGardee.id == DecisionCourante.decision_id)
            .where(DecisionGardee.statut == DecisionCourante.statut)
        ).one()
        assert tuple(said) == (12, 12)
    assert count_marks(database) == 0
    database.close()


class Travail:
    """What registers tasks and is asked for them: only what bootstrap gives."""

    def __init__(self, database: Database) -> None:
        self.settings, self.database = SETTINGS, database
        self.tasks: Tasks = InProcess({INDEX: 1}, database)


def test_what_marks_asks_for_the_task_once_committed(database: Database, tmp_path: Path) -> None:
    travail = Travail(database)
    register_decisions(travail)
    travail.tasks.start()
    pj_id = make_ready(database, tmp_path)
    travail.tasks.wait()
    # What it says depends on when it was asked for: only that it says something does not.
    assert read_statut(database, pj_id)
    with database.writing() as session:
        mark_pj_ids(session, [pj_id])
        mark_collectivites(session, [SIREN])
        assert count_to_decide(session) == 1
    travail.tasks.wait()
    assert count_marks(database) == 0
    tache = travail.tasks.taches["decider"]
    assert list(tache.unfinished() or ()) == []
    travail.tasks.stop()
    database.info.pop("a_decider")
    with database.writing() as session:
        mark_pj_ids(session, [pj_id])
    assert list(tache.unfinished() or ()) == [()]


def test_a_long_work_gives_its_thread_back_and_goes_on(database: Database, tmp_path: Path) -> None:
    noms = [f"PJ{n}" for n in range(1, 511)]
    many = UnFlux((UnMandat("1", cite=tuple(noms)),), tuple(UnePj(n, n.encode()) for n in noms))
    make_ready(database, tmp_path, [many])
    travail = Travail(database)
    register_decisions(travail, secondes=-1.0)
    travail.tasks.start()
    travail.tasks.enqueue_now("decider")
    travail.tasks.wait()
    travail.tasks.stop()
    assert (count_marks(database), count_decisions(database)) == (0, 510)


def test_a_database_that_does_not_answer_is_no_fault_of_the_pj(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    pj_id = make_ready(database, tmp_path)
    database.close()
    (tmp_path / "orc.sqlite").rename(tmp_path / "ailleurs")
    (tmp_path / "orc.sqlite").mkdir()
    with pytest.raises(Unavailable):
        decide_lot(database, [pj_id], AUJOURD_HUI)
