"""orc worker and orc taches, as an operator calls them, on a real Redis."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from typer.testing import CliRunner, Result

from orc.bootstrap import make_orc
from orc.cli import app
from orc.models import Ecriture, Ouvrier, TacheEchouee, read_now
from orc.settings import Settings
from tests.ateliers import REDIS, open_file, wait_for
from tests.faults.orc_dehors import finish, start
from tests.sql import prepare_data


@pytest.fixture
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with open_file(REDIS, request) as url:
        yield url


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return prepare_data(tmp_path / "data")


def call(data: Path, *args: str, code: int = 0, **env: str) -> Result:
    result = CliRunner(env={"ORC_DATA": str(data), **env}).invoke(app, args)
    assert result.exit_code == code, (result.output, result.exception)
    return result


def put_echec(data: Path, tache: str = "indexer", cle: str = "[]") -> None:
    orc = make_orc(Settings(data=str(data)))
    now = read_now()
    with orc.database.writing() as session:
        session.execute(
            insert(TacheEchouee).values(
                tache=tache, cle=cle, file="index", motif="S3 ne répond pas.", essais=8,
                passagere=True, premiere_le=now, derniere_le=now,
            )
        )  # fmt: skip
    orc.close()


def read_actes(data: Path) -> list[str]:
    orc = make_orc(Settings(data=str(data)))
    with orc.database.reading() as session:
        found = list(session.scalars(select(Ecriture.acte).order_by(Ecriture.id)))
    orc.close()
    return found


def test_in_process_no_worker_is_needed_and_it_is_said(data: Path) -> None:
    assert "aucun « worker » n’est nécessaire" in call(data, "worker").stdout


def test_a_queue_that_is_none_is_refused(data: Path, url: str) -> None:
    refused = call(data, "worker", "--queues", "flux,courrier", code=3, ORC_QUEUE=url)
    assert "File inconnue : courrier" in refused.output


def test_without_failure_all_is_well(data: Path) -> None:
    assert "En échec : 0." in call(data, "taches").stdout
    assert "--toutes" in call(data, "taches", "relancer", code=3).output
    assert "n’est plus en échec" in call(data, "taches", "ecarter", "99", code=4).output


def test_failures_are_listed_then_asked_for_again_here_and_now(data: Path) -> None:
    put_echec(data)
    said = call(data, "taches", code=1).stdout
    assert "Indexer les pièces : S3 ne répond pas. (essais : 8, abandonnée)" in said
    found = json.loads(call(data, "taches", "--json", code=1).stdout)
    assert found["echecs"][0]["tache"] == "indexer"
    assert "En échec : 0." in call(data, "taches", "relancer", "--toutes").stdout
    assert read_actes(data) == ["relance_de_tache"]


def test_a_failure_set_aside_is_shown_apart(data: Path) -> None:
    put_echec(data)
    assert "Tâches écartées : 1." in call(data, "taches", "ecarter", "1").stdout
    assert "écartée)" in call(data, "taches", "--ecartees").stdout
    assert read_actes(data) == ["tache_ecartee"]


def test_a_broker_that_is_down_is_said(data: Path) -> None:
    said = call(data, "taches", ORC_QUEUE="redis://127.0.0.1:9/0").stdout
    assert "Redis ne répond pas" in said
    assert "flux : ? en attente" in said
    assert "Aucun « orc worker » ne travaille." in said


@pytest.mark.lent
def test_a_worker_does_what_is_asked_and_ends_well_on_sigterm(data: Path, url: str) -> None:
    env = {"ORC_QUEUE": url, "ORC_VEILLE_SECONDES": "3", "ORC_OCR": "non"}
    put_echec(data)
    worker = start(data, "worker", "--queues", "index,mail", env=env)
    try:
        wait_for(lambda: find_ouvriers(data), seconds=60)
        said = call(data, "taches", code=1, **env).stdout
        assert "(index, mail)" in said
        call(data, "taches", "relancer", "--toutes", **env)
        wait_for(lambda: "En échec : 0." in call_any(data, "taches", **env), seconds=20)
        os.kill(worker.pid, signal.SIGTERM)
        end = finish(worker, timeout=30)
    finally:
        end_for_sure(worker)
    assert (end.code, end.out) == (0, "")
    assert "Worker prêt : index, mail." in end.err
    assert "Traceback" not in end.err
    assert find_ouvriers(data) == []


@pytest.mark.lent
def test_a_worker_that_holds_too_much_memory_starts_afresh_as_the_same_process(
    data: Path, url: str
) -> None:
    env = {"ORC_QUEUE": url, "ORC_VEILLE_SECONDES": "1", "ORC_OCR": "non"}
    worker = start(data, "worker", "--queues", "mail", env={**env, "ORC_WORKER_MEMOIRE_MO": "1"})
    seen: set[tuple[int, str]] = set()
    try:
        end = time.monotonic() + 90
        while len(seen) < 2:
            assert time.monotonic() < end
            assert worker.poll() is None
            seen |= {(o.pid, o.id) for o in find_ouvriers(data)}
            time.sleep(0.05)
    finally:
        end_for_sure(worker)
    assert {pid for pid, _ in seen} == {worker.pid}


def call_any(data: Path, *args: str, **env: str) -> str:
    return CliRunner(env={"ORC_DATA": str(data), **env}).invoke(app, args).stdout


def find_ouvriers(data: Path) -> list[Any]:
    orc = make_orc(Settings(data=str(data)))
    with orc.database.reading() as session:
        found = list(session.scalars(select(Ouvrier)))
    orc.close()
    return found


def end_for_sure(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe:
            pipe.close()
