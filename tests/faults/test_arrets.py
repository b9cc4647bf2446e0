"""Killed, starved, locked out, run twice: done again, an ingestion ends as if nothing had been."""

import os
import random
import shutil
import signal
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from orc.bootstrap import make_orc
from orc.db import Database, open_engine
from orc.demo.silo import make_silo
from orc.ingest.intake import Intake
from orc.ingest.run import ingest_silo
from orc.models import Fichier, Flux, Piece, Texte
from orc.settings import Settings
from orc.tasks.patience import Patience
from tests.faults.etat import hash_tree, read_answers, read_archive
from tests.faults.ingestions import TODAY, kill, start_ingestion
from tests.faults.orc_dehors import find_members
from tests.flows import UnFlux, UnMandat
from tests.ingest.test_ingestion import CLOTURES, MANDAT, ingest, search

pytestmark = pytest.mark.lent
PIECES, KILLS = 250, 12


@dataclass(frozen=True)
class Reference:
    """A silo, and what an ingestion nobody disturbed made of it, in so many seconds."""

    silo: Path
    archive: dict[str, list[str]]
    answers: dict[str, Any]
    seconds: float
    tree: dict[str, str]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    folder = tmp_path_factory.mktemp("arrets")
    silo, data = folder / "silo", folder / "reference"
    make_silo(silo, pieces=PIECES)
    tree = hash_tree(silo)
    begun = time.monotonic()
    process = start_ingestion(data, silo)
    process.join()
    assert process.exitcode == 0
    seconds = time.monotonic() - begun
    archive, answers = read_all(data)
    return Reference(silo, archive, answers, seconds, tree)


def read_all(data: Path) -> tuple[dict[str, list[str]], dict[str, Any]]:
    orc = make_orc(Settings(data=str(data), workers=1))
    try:
        with orc.database.reading() as session:
            held = {p.id: p.tour for p in session.scalars(select(Piece))}
        found = dict(orc.engine.find_versions())
        assert found == {p: held[p] for p in found}  # the index says what SQL says
        return read_archive(orc), read_answers(orc)
    finally:
        orc.close()


def assert_same(reference: Reference, data: Path) -> None:
    archive, answers = read_all(data)
    for name, rows in reference.archive.items():
        assert archive[name] == rows, name
    for question, answer in reference.answers.items():
        assert answers[question] == answer, question


def test_an_ingestion_killed_again_and_again_ends_the_same(
    reference: Reference, tmp_path: Path
) -> None:
    rnd, data, killed = random.Random(20261101), tmp_path / "data", 0  # noqa: S311 - moments to kill at, no secret
    for number in range(KILLS):
        process = start_ingestion(data, reference.silo)
        process.join(0.05 + rnd.random() * 1.6 * reference.seconds / KILLS)
        killed += process.is_alive()
        kill(process, group=number % 2 == 0)
        assert_alone(process.pid)
    for folder in (data / "cache/lecture").glob("flux-*"):  # a minute later
        os.utime(folder, (time.time() - 120,) * 2)
    process = start_ingestion(data, reference.silo)
    process.join()
    assert process.exitcode == 0
    assert killed >= KILLS // 2
    assert_same(reference, data)
    assert not list((data / "cache/lecture").glob("*"))
    assert not list((data / "textes/en-cours").glob("*"))
    assert hash_tree(reference.silo) == reference.tree


def assert_alone(group: int | None) -> None:
    """Nothing of a killed ingestion is left after a moment."""
    assert group is not None
    end = time.monotonic() + 5
    while find_members(group):
        assert time.monotonic() < end, find_members(group)
        time.sleep(0.02)


def test_children_killed_at_random_lose_no_document(reference: Reference, tmp_path: Path) -> None:
    rnd, data = random.Random(7), tmp_path / "data"  # noqa: S311 - moments to kill at, no secret
    process = start_ingestion(data, reference.silo)
    while process.is_alive():
        process.join(1.0 + rnd.random())
        children = [pid for pid in find_members(process.pid or 0) if pid != process.pid]
        if children:
            with suppress(ProcessLookupError):
                os.kill(rnd.choice(children), signal.SIGKILL)
    assert process.exitcode == 0
    archive, _ = read_all(data)
    assert len(archive["texte"]) == len(reference.archive["texte"])
    assert len(set(archive["texte"]) ^ set(reference.archive["texte"])) <= 4
    assert not [row for row in archive["texte"] if "a_extraire" in row]


def test_a_full_disk_is_said_in_french_and_the_next_ingestion_completes(
    reference: Reference, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    process = start_ingestion(data, reference.silo, file_max=1_500_000)
    process.join()
    assert process.exitcode == 7
    said = Path(f"{data}.log").read_text()
    assert "faute de place" in said
    assert "relancez la même commande" in said
    assert "Traceback" not in said
    process = start_ingestion(data, reference.silo)
    process.join()
    assert process.exitcode == 0
    assert_same(reference, data)


def test_two_ingestions_at_once_are_one_and_a_refusal(reference: Reference, tmp_path: Path) -> None:
    data = tmp_path / "data"
    make_orc(Settings(data=str(data))).close()
    both = [start_ingestion(data, reference.silo) for _ in range(2)]
    for process in both:
        process.join()
    assert sorted(p.exitcode or 0 for p in both) == [0, 7]
    assert "déjà en cours" in Path(f"{data}.log").read_text()
    assert_same(reference, data)


def test_another_process_that_holds_the_database_is_waited_for(
    reference: Reference, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    make_orc(Settings(data=str(data))).close()
    process = start_ingestion(data, reference.silo)
    time.sleep(1)
    with sqlite3.connect(data / "orc.sqlite", timeout=30, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(3)
        other.execute("ROLLBACK")
    other.close()
    process.join()
    assert process.exitcode == 0
    assert_same(reference, data)


def test_a_busy_database_is_tried_again_then_left_for_later(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    database = Database(open_engine(f"sqlite:///{path}"))
    tries: list[int] = []

    def write(number: int) -> None:
        tries.append(number)
        with database.writing() as session:
            session.connection().exec_driver_sql("PRAGMA busy_timeout=1")
            raise OperationalError("", {}, Exception("database is locked"))

    run = Patience(pauses=(0.0, 0.0), rest=30.0).insist(write)
    run(1)
    run(2)
    database.close()
    assert tries == [1, 1, 1]  # the second is left alone: the database is no freer for it


@pytest.fixture
def silo(tmp_path: Path) -> Path:
    folder = tmp_path / "silo"
    folder.mkdir()
    (folder / "clotures.csv").write_text(CLOTURES)
    return folder


def test_an_engine_already_open_finds_what_another_process_indexed(
    tmp_path: Path, silo: Path
) -> None:
    (silo / "a.xml").write_bytes(MANDAT.make())
    serving = make_orc(Settings(data=str(tmp_path / "data"), workers=1))
    try:
        process = start_ingestion(tmp_path / "data", silo)
        process.join()
        assert process.exitcode == 0
        assert search(serving, "chaufferie") == 1
    finally:
        serving.close()


def test_a_file_that_grows_while_it_is_read_is_read_the_next_time_and_only_then(
    tmp_path: Path, silo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = UnFlux(tuple(UnMandat(str(n)) for n in range(1, 40))).make()
    path = silo / "a.xml"
    path.write_bytes(whole[: len(whole) // 2])
    orc = make_orc(Settings(data=str(tmp_path / "data"), workers=1))
    listed = type(orc.open_silo(str(silo))).list

    def list_then_grow(self: Any) -> Any:
        seen = list(listed(self))
        path.write_bytes(whole)  # another program goes on writing
        return iter(seen)

    try:
        with monkeypatch.context() as patch:
            patch.setattr("orc.silo.reader.Silo.list", list_then_grow)
            first = ingest(orc, silo)
        with orc.database.reading() as session:
            assert session.scalars(select(Flux)).all() == []
            assert "en cours d’écriture" in session.scalars(select(Fichier.motif)).one()
        assert (first.flux, first.pieces) == (0, 0)
        second = ingest(orc, silo)
        assert (second.fichiers_changes, second.flux, second.pieces) == (1, 1, 39)
    finally:
        orc.close()


def test_a_file_cut_short_while_it_is_read_leaves_no_row(
    tmp_path: Path, silo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = silo / "a.xml"
    path.write_bytes(UnFlux(tuple(UnMandat(str(n)) for n in range(1, 9_000))).make())
    orc = make_orc(Settings(data=str(tmp_path / "data"), workers=1))
    flush = Intake._flush

    def flush_then_cut(self: Any) -> None:
        flush(self)
        os.truncate(path, 40_000)

    try:
        with monkeypatch.context() as patch:
            patch.setattr(Intake, "_flush", flush_then_cut)
            ingest(orc, silo)
        with orc.database.reading() as session:
            for table in (Flux, Piece, Texte):
                assert session.scalars(select(table)).all() == []
        path.write_bytes(MANDAT.make())
        assert ingest(orc, silo).pieces == 1
        assert search(orc, "chaufferie") == 1
    finally:
        orc.close()


def test_a_date_in_the_future_or_a_clock_set_back_changes_nothing(
    tmp_path: Path, silo: Path
) -> None:
    path = silo / "a.xml"
    path.write_bytes(MANDAT.make())
    orc = make_orc(Settings(data=str(tmp_path / "data"), workers=1))
    try:
        for instant in (4_000_000_000, 0):
            os.utime(path, (instant, instant))
            bilan = ingest(orc, silo)
            assert (bilan.flux, bilan.pieces, bilan.cherchables) == (1, 1, 1)
            assert ingest(orc, silo).fichiers_inchanges == 1
    finally:
        orc.close()


def test_a_file_the_silo_would_not_give_is_read_as_soon_as_it_does(
    tmp_path: Path, silo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (silo / "a.xml").write_bytes(MANDAT.make())
    orc = make_orc(Settings(data=str(tmp_path / "data"), workers=1))

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    try:
        with monkeypatch.context() as patch:
            patch.setattr("orc.silo.spool.copy_bounded", refuse)
            assert ingest(orc, silo).quarantaine == 1
        assert ingest(orc, silo).quarantaine == 0
        assert search(orc, "chaufferie") == 1
    finally:
        orc.close()


def test_a_text_lost_or_damaged_costs_its_words_and_nothing_else(
    tmp_path: Path, silo: Path
) -> None:
    (silo / "a.xml").write_bytes(MANDAT.make())
    (silo / "b.xml").write_bytes(UnFlux((UnMandat("128"),), nom="b").make())
    data = tmp_path / "data"
    orc = make_orc(Settings(data=str(data), workers=1))
    try:
        ingest(orc, silo)
        (kept,) = (p for p in (data / "textes").rglob("*") if p.is_file())
        kept.write_bytes(b"abime")
    finally:
        orc.close()
    shutil.rmtree(data / "index")
    orc = make_orc(Settings(data=str(data), workers=1))
    try:
        ingest_silo(orc, orc.engine, str(silo), clore_passes=False, today=TODAY)
        assert len(orc.engine.find_versions()) == 2
    finally:
        orc.close()
