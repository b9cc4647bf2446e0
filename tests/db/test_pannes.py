"""PostgreSQL goes away and comes back: it is said in French, and nothing is lost nor done twice."""

import os
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, select, text

from migrations import migrate
from orc.bootstrap import make_orc
from orc.db import BaseIndisponible, Database, open_engine
from orc.ingest.run import ingest_silo
from orc.models import Collectivite, Ecriture
from orc.settings import Settings
from orc.tasks import Delais, make_tasks
from orc.tasks.distributed import Distributed
from orc.tasks.leases import count_alive
from orc.tasks.watch import Ouvrage
from tests.archive import make_archive
from tests.db.ouvriers import TODAY, make_silo, start_ingestion
from tests.faults.etat import read_archive
from tests.faults.orc_dehors import COMMANDE
from tests.serveurs import Prive, Serveur, start_private
from tests.sql import prepare_data
from tests.web.serving import open_navigateur, serve

pytestmark = pytest.mark.lent


@pytest.fixture(scope="module")
def serveur() -> Iterator[Prive]:
    with start_private("postgresql", fsync=True) as found:
        yield found


@pytest.fixture
def url(serveur: Prive, request: pytest.FixtureRequest) -> str:
    """An empty database of the test's own, on a server of this file's own."""
    admin = create_engine(serveur.url, isolation_level="AUTOCOMMIT")
    name = f"orc_{abs(hash(request.node.name))}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return serveur.url.rpartition("/")[0] + f"/{name}"


def test_a_transaction_cut_in_two_leaves_nothing_and_the_next_one_passes(
    serveur: Prive, url: str
) -> None:
    engine = open_engine(url)
    migrate(engine)
    database = Database(engine)

    def cut() -> None:
        with database.writing() as session:
            session.add(Collectivite(siren="1"))
            session.flush()
            serveur.kill()
            session.commit()

    with pytest.raises(BaseIndisponible, match="momentanément indisponible"):
        cut()
    with (
        pytest.raises(BaseIndisponible, match="momentanément indisponible"),
        database.reading() as session,
    ):
        session.scalars(select(Collectivite)).all()
    serveur.start()
    with database.reading() as session:
        assert session.scalars(select(Collectivite)).all() == []
    with database.writing() as session:
        session.add(Collectivite(siren="1"))
    database.close()


def test_an_ingestion_goes_on_after_the_database_was_killed(
    serveur: Prive, url: str, tmp_path: Path
) -> None:
    silo = make_silo(tmp_path / "silo", 16)
    alone = make_orc(Settings(data=str(prepare_data(tmp_path / "seul")), workers=1))
    ingest_silo(alone, alone.engine, str(silo), clore_passes=True, today=TODAY)
    wanted = read_archive(alone)
    alone.close()
    data = tmp_path / "data"
    process = start_ingestion(data, url, silo)
    wait_for_flows(url, 5)
    serveur.kill()
    serveur.start()
    process.join()
    said = Path(f"{data}.log").read_text()
    assert "Traceback" not in said
    if process.exitcode:  # the database was away for longer than one insists
        assert (process.exitcode, "relancez la même commande" in said) == (7, True), said
        process = start_ingestion(data, url, silo)
        process.join()
    assert process.exitcode == 0
    orc = make_orc(Settings(data=str(data), database=url, workers=1))
    found = read_archive(orc)
    with orc.database.reading() as session:
        acts = select(Ecriture.acte, Ecriture.objet).where(Ecriture.acte != "connexion")
        assert set(Counter(map(tuple, session.execute(acts))).values()) == {1}
    held = dict(orc.engine.find_versions())
    orc.close()
    for table, rows in wanted.items():
        assert found[table] == rows, table
    assert held


def wait_for_flows(url: str, count: int) -> None:
    engine = open_engine(url)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with engine.connect() as connection:
                read = text("SELECT count(*) FROM flux WHERE etat = 'lu'")
                if connection.scalar(read) >= count:
                    break
        except Exception:  # noqa: BLE001, S110 - its tables are not there yet
            pass
        time.sleep(0.01)
    engine.dispose()


def test_pages_and_commands_say_that_the_database_is_away_then_work_again(
    serveur: Prive, url: str, tmp_path: Path
) -> None:
    with (
        make_archive(tmp_path, database=url) as archive,
        serve(archive.orc) as address,
        open_navigateur(address, "comptable") as navigateur,
    ):
        assert navigateur.get("/recherche?q=mandat").status_code == 200
        serveur.stop()
        for path in (
            "/recherche?q=mandat",
            f"/piece/{next(iter(archive.pieces.values()))}",
            "/connexion",
        ):
            page = navigateur.get(path)
            assert page.status_code == 503, path
            assert "La base est momentanément indisponible." in page.text
            assert "Traceback" not in page.text
        answer = navigateur.get("/api/v1/recherche?q=mandat")
        assert answer.status_code == 503
        assert answer.json()["erreur"].startswith("La base est momentanément indisponible.")
        environ = {**os.environ, "ORC_DATA": str(tmp_path / "cli"), "ORC_DATABASE": url}
        done = subprocess.run(
            [COMMANDE, "silo", "check"], env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 7
        assert "La base est momentanément indisponible." in done.stderr
        assert "Traceback" not in done.stderr
        serveur.start()
        assert navigateur.get("/recherche?q=mandat").status_code == 200


def test_a_server_that_became_a_copy_of_another_is_one_that_cannot_be_written(base_pg: str) -> None:
    database = Database(open_engine(base_pg))
    name = make_url(base_pg).database
    admin = create_engine(base_pg, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))

    def write() -> None:
        with database.writing() as session:
            session.add(Collectivite(siren="1"))

    with pytest.raises(BaseIndisponible, match="momentanément indisponible"):
        write()
    with database.reading() as session:
        assert session.scalars(select(Collectivite)).all() == []
    database.close()
    admin.dispose()


def test_an_ouvrier_says_that_it_lives_again_whatever_kept_it_from_it(
    base_pg: str, redis: Serveur
) -> None:
    """A table that is away for a while stands for all that nobody thought of."""
    database = Database(open_engine(base_pg))
    tasks = make_tasks(redis.url, database, {}, Delais(veille=0.6))
    assert isinstance(tasks, Distributed)
    ouvrage = Ouvrage(tasks, ["mail"], memoire_mo=0)
    heart = threading.Thread(target=ouvrage._beat_on, daemon=True)
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE ouvrier RENAME TO ailleurs"))
    heart.start()
    time.sleep(1)
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE ailleurs RENAME TO ouvrier"))
    end = time.monotonic() + 20
    while time.monotonic() < end and not count_living(database):
        time.sleep(0.05)
    assert count_living(database) == 1
    ouvrage._end.set()
    heart.join()
    tasks.stop()
    database.close()


def count_living(database: Database) -> int:
    with database.reading() as session:
        return count_alive(session, 20)
