"""The task that decides: all that waits, what time changes, all when the rules do; no mark lost."""

import logging
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, update

from orc.db import Database
from orc.marques import count_to_decide, mark_pj_ids
from orc.models import ADecider, DecisionCourante, Texte
from orc.retention.declarations import Genre
from orc.retention.jobs import (
    Bilan,
    count_waiting,
    decide_waiting,
    has_to_decide,
)
from orc.settings import Settings
from tests.flows import UnePj, UnFlux, UnMandat
from tests.retention.archives import (
    AUJOURD_HUI,
    EVENEMENTS,
    FLUX,
    declare,
    find_pj,
    join_all,
    make_ready,
    take,
)

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
    from orc.ingest.texts import mark_citing

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
    from orc.models import PieceJustificative

    return select(PieceJustificative.sha256).where(PieceJustificative.id == pj_id)
