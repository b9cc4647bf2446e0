"""A cluster with TLS and an API key: full, frozen, killed while it is written to, back again."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from elasticsearch import Elasticsearch
from sqlalchemy import func, select

from orc.bootstrap import open_search_engine
from orc.db import Database
from orc.errors import Unavailable
from orc.index.engines.elasticsearch import Acces, ElasticsearchEngine, open_elasticsearch
from orc.index.jobs import index_pieces
from orc.index.outbox import count_waiting, mark_pieces
from orc.index.query import Mot, Query, Tout
from orc.index.rebuild import find_wanted
from orc.models import Cellule, Piece
from orc.settings import Settings
from tests.archive import Archive, make_archive
from tests.contracts.records import clearance, find, make_record, put
from tests.serveurs import Prive, start_private

INDISPONIBLE = "momentanément indisponible"
NODES = "index.routing.allocation.require._name"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Prive]:
    with start_private("elasticsearch", tls=True, heap="512m") as prive:
        yield prive


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("archive")) as archive:
        yield archive


@pytest.fixture
def open_index(cluster: Prive) -> Iterator[Callable[..., ElasticsearchEngine]]:
    opened: list[ElasticsearchEngine] = []
    acces = Acces(cluster.serveur.details["ca"], cluster.serveur.details["api_key"])

    def make(name: str, *, secondes: float = 30, patience: float = 60) -> ElasticsearchEngine:
        url = f"{cluster.url}/{name}"
        engine = open_elasticsearch(url, acces=acces, secondes=secondes, patience=patience)
        opened.append(engine)
        return engine

    yield make
    for engine in opened:
        engine.close()


@pytest.fixture
def client(cluster: Prive) -> Iterator[Elasticsearch]:
    details = cluster.serveur.details
    with Elasticsearch(cluster.url, ca_certs=details["ca"], api_key=details["api_key"]) as client:
        yield client


def settings_of(cluster: Prive) -> Settings:
    return Settings(
        index=f"{cluster.url}/reglages",
        index_tls_ca=cluster.serveur.details["ca"],
        index_secondes=5,
    )


def test_the_settings_open_a_cluster_by_a_key_or_by_a_password(cluster):
    by_key = replace(settings_of(cluster), index_cle_api=cluster.serveur.details["api_key"])
    by_password = replace(
        settings_of(cluster),
        index_utilisateur=cluster.serveur.user,
        index_mot_de_passe=cluster.serveur.password,
    )
    put(open_search_engine(by_key), make_record(1, "facture"))
    assert find(open_search_engine(by_password), Mot("facture")) == {1}
    assert cluster.serveur.password not in repr(by_password)


def test_a_wrong_key_or_an_unknown_authority_opens_nothing(cluster):
    wrong = replace(settings_of(cluster), index_cle_api="bm9uOm5vbg==")
    unknown = replace(wrong, index_tls_ca="")
    for refused in (open_search_engine(wrong), open_search_engine(unknown)):
        with pytest.raises(Unavailable, match=INDISPONIBLE):
            refused.search(Query(), clearance=clearance(1))
        with pytest.raises(Unavailable):
            put(refused, make_record(2, "facture"))


def test_a_full_disk_leaves_searches_and_what_was_to_be_written(open_index, client):
    engine = open_index("plein", patience=1)
    put(engine, make_record(1, "facture"))
    block = {"index.blocks.read_only_allow_delete": True}
    client.indices.put_settings(index="plein", settings=block)
    engine.put([make_record(2, "facture")])
    with pytest.raises(Unavailable, match=INDISPONIBLE):
        engine.commit()
    assert find(engine, Mot("facture")) == {1}
    client.indices.put_settings(
        index="plein", settings={"index.blocks.read_only_allow_delete": None}
    )
    put(engine, make_record(2, "facture"))
    assert find(engine, Mot("facture")) == {1, 2}


def test_a_red_cluster_says_so_and_what_was_to_be_written_waits(open_index, client):
    """An answer without the exercice that is on no node would pass for the truth."""
    engine = open_index("rouge", patience=1, secondes=3)
    put(engine, make_record(1, "facture", exercice=2023))
    make_red(client, "rouge", 2024)
    impossible: tuple[Callable[[], object], ...] = (
        lambda: engine.search(Query(Mot("facture")), clearance=clearance(1)),
        lambda: engine.count(Query(Mot("facture")), clearance=clearance(1)),
        engine.find_versions,
        lambda: put(engine, make_record(2, "facture", exercice=2024)),
    )
    for ask in impossible:
        with pytest.raises(Unavailable, match=INDISPONIBLE):
            ask()
    client.indices.put_settings(index="rouge-1-2024", settings={NODES: None})
    client.cluster.health(index="rouge-1-2024", wait_for_status="yellow", timeout="30s")
    assert find(engine, Mot("facture")) == {1}
    put(engine, make_record(2, "facture", exercice=2024))
    assert find(engine, Mot("facture")) == {1, 2}


def make_red(client: Elasticsearch, name: str, exercice: int) -> None:
    """The index of this exercice is on no node."""
    known = client.indices.get_mapping(index=name)
    index = f"{name}-1-{exercice}"
    client.indices.create(
        index=index,
        mappings=next(iter(known.values()))["mappings"],
        settings={NODES: "aucun"},
        aliases={name: {}, f"{name}-ecriture-1-{exercice}": {}},
        wait_for_active_shards="0",
    )
    assert client.cluster.health(index=index)["status"] == "red"


def test_a_cluster_that_does_not_answer_in_time_says_so_then_answers(cluster, open_index):
    put(open_index("lent"), make_record(1, "facture"))
    engine = answering(open_index("lent", secondes=1))
    cluster.pause()
    began = time.monotonic()
    with pytest.raises(Unavailable, match=INDISPONIBLE):
        engine.search(Query(Mot("facture")), clearance=clearance(1))
    assert time.monotonic() - began < 10
    cluster.resume()
    assert find(answering(engine), Mot("facture")) == {1}


def answering(engine: ElasticsearchEngine) -> ElasticsearchEngine:
    """Once it has caught up with what it was asked while frozen."""
    for _ in range(50):
        with suppress(Unavailable):
            engine.count(Query(), clearance=clearance(1))
            break
        time.sleep(0.2)
    return engine


def test_a_cluster_killed_in_the_middle_of_a_bulk_loses_nothing(cluster, open_index, archive):
    """The pieces stay to be indexed; once it is back, the work goes on where it was."""
    engine = open_index("tue", patience=250)
    put(engine, make_record(10**9, "avant"))
    sent = threading.Event()

    def write() -> int:
        for first in range(0, 6_000, 500):
            engine.put(make_record(i, "facture " + "mot " * 200) for i in range(first, first + 500))
            sent.set()
        return len(engine.commit())

    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(write)
        sent.wait(60)
        cluster.kill()
        see_it_gone(engine, open_index("attente", patience=0.5), archive)
        cluster.start()
        assert written.result(250) == 0
    assert engine.count(Query(Mot("facture")), clearance=clearance(1)) == 6_000
    assert len({p for p, _ in engine.find_versions()}) == 6_001
    assert find(engine, Mot("avant")) == {10**9}
    check_that_the_work_goes_on(open_index("attente"), archive)


def see_it_gone(
    engine: ElasticsearchEngine, impatient: ElasticsearchEngine, archive: Archive
) -> None:
    with pytest.raises(Unavailable, match=INDISPONIBLE):
        engine.search(Query(Mot("avant")), clearance=clearance(1))
    database = archive.orc.database
    with database.writing() as session:
        mark_pieces(session, select(Piece.id))
    waiting = count(database)
    with pytest.raises(Unavailable):
        index_pieces(database, archive.orc.storage, impatient)
    assert count(database) == waiting > 0


def check_that_the_work_goes_on(engine: ElasticsearchEngine, archive: Archive) -> None:
    database = archive.orc.database
    index_pieces(database, archive.orc.storage, engine)
    assert count(database) == 0
    with database.reading() as session:
        wanted = session.scalar(select(func.count()).select_from(find_wanted().subquery()))
        cellules = session.scalars(select(Cellule.id)).all()
    assert engine.count(Query(Tout()), clearance=clearance(*cellules)) == wanted


def count(database: Database) -> int:
    with database.reading() as session:
        return count_waiting(session)
