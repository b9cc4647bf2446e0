"""A data folder that is damaged, or of another version: said in French, mended by orc rebuild."""

from pathlib import Path

import pytest

from orc.bootstrap import make_orc
from orc.settings import Settings
from tests.faults.hostiles import BON, CLOTURES
from tests.faults.orc_dehors import run
from tests.ingest.test_ingestion import ingest, search

pytestmark = pytest.mark.lent


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with one piece indexed; its silo is beside."""
    silo = tmp_path / "silo"
    silo.mkdir()
    (silo / "clotures.csv").write_text(CLOTURES)
    (silo / "bon.xml").write_bytes(BON.make())
    orc = make_orc(Settings(data=str(tmp_path / "data"), workers=1))
    ingest(orc, silo)
    orc.close()
    return tmp_path / "data"


def damage(index: Path, what: str) -> None:
    for path in index.iterdir():
        if what in {path.name, path.suffix}:
            path.write_bytes(path.read_bytes()[:3])


@pytest.mark.parametrize("what", ["meta.json", ".term"])
def test_an_index_that_is_damaged_is_made_again_by_orc_rebuild(data: Path, what: str) -> None:
    damage(data / "index", what)
    assert run(data, "rebuild").code == 0
    orc = make_orc(Settings(data=str(data), workers=1))
    try:
        assert search(orc, "chaufferie") == 1
    finally:
        orc.close()


def test_an_index_that_is_damaged_is_said_in_french(data: Path) -> None:
    damage(data / "index", "meta.json")
    said = run(data, "silo", "check")
    assert said.code != 0
    assert "orc rebuild" in said.err
    assert "Traceback" not in said.err


def test_a_data_folder_of_a_newer_version_is_refused_in_french(data: Path) -> None:
    orc = make_orc(Settings(data=str(data), workers=1))
    with orc.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'ffff'")
    orc.close()
    said = run(data, "silo", "check")
    assert said.code == 5
    assert "plus récente" in said.err
    assert "Traceback" not in said.err
