"""Our own recipes: shared servers are one for all, private ones survive what is done to them."""

import http.client
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from scripts.recettes import parc, systeme
from scripts.recettes.serveur import Manque, is_alive
from tests.proxy import Proxy
from tests.serveurs import Serveur, start_private

ROOT = Path(__file__).resolve().parents[1]


def ask_redis(serveur: Serveur, *orders: str) -> str:
    with socket.create_connection((serveur.host, serveur.port), timeout=5) as talk:
        talk.sendall("\r\n".join([f"AUTH {serveur.password}", *orders, "QUIT", ""]).encode())
        said = b""
        while more := talk.recv(4096):
            said += more
    return said.decode()


def test_asking_twice_for_a_shared_server_gives_the_same_one(redis: Serveur) -> None:
    assert parc.start("redis") == redis
    assert ask_redis(redis, "PING").count("+PONG") == 1


def test_a_shared_postgresql_lets_tests_make_databases(postgresql: Serveur) -> None:
    engine = sa.create_engine(postgresql.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as link:
        assert link.scalar(sa.text("select rolcreatedb from pg_roles where rolname = 'app'"))
    engine.dispose()


def test_a_private_server_keeps_its_data_and_address_when_killed_and_started_again() -> None:
    with start_private("redis", aof=True) as own:
        ask_redis(own.serveur, "CONFIG SET appendfsync always", "SET mandat 42")
        before = own.serveur
        own.kill()
        assert not own.alive
        own.start()
        assert (own.serveur.port, own.url) == (before.port, before.url)
        assert "42" in ask_redis(own.serveur, "GET mandat")


def test_a_paused_server_answers_nothing_until_it_is_resumed() -> None:
    with start_private("redis") as own:
        own.pause()
        with socket.create_connection((own.serveur.host, own.serveur.port), timeout=0.3) as talk:
            talk.sendall(b"PING\r\n")
            with pytest.raises(TimeoutError):
                talk.recv(10)
            own.resume()
            talk.settimeout(5)
            assert talk.recv(10)
    assert not own.alive


@pytest.fixture
def page(http_silo: Serveur) -> Iterator[str]:
    """The name of a file of 300 000 bytes on the shared HTTP server."""
    place = Path(http_silo.details["root"]) / f"{uuid.uuid4().hex}.bin"
    place.write_bytes(b"x" * 300_000)
    place.chmod(0o644)
    yield place.name
    place.unlink()


def fetch(address: str, timeout: float = 5) -> bytes:
    with urllib.request.urlopen(address, timeout=timeout) as answer:  # noqa: S310 # our own server
        return bytes(answer.read())


def test_a_cut_network_comes_back_when_healed(http_silo: Serveur, page: str) -> None:
    with Proxy(http_silo.host, http_silo.port) as proxy:
        address = f"http://127.0.0.1:{proxy.port}/{page}"
        assert len(fetch(address)) == 300_000
        proxy.cut()
        with pytest.raises((ConnectionError, urllib.error.URLError, http.client.HTTPException)):
            fetch(address)
        proxy.heal()
        assert len(fetch(address)) == 300_000


def test_half_an_answer_is_half_an_answer(http_silo: Serveur, page: str) -> None:
    with Proxy(http_silo.host, http_silo.port) as proxy:
        proxy.cut_after(150_000)
        with pytest.raises((http.client.IncompleteRead, ConnectionError)) as half:
            fetch(f"http://127.0.0.1:{proxy.port}/{page}")
        if isinstance(half.value, http.client.IncompleteRead):
            assert 0 < len(half.value.partial) < 150_000


def test_a_frozen_or_slow_network_keeps_its_client_waiting(http_silo: Serveur, page: str) -> None:
    with Proxy(http_silo.host, http_silo.port) as proxy:
        address = f"http://127.0.0.1:{proxy.port}/{page}"
        proxy.freeze()
        with pytest.raises(TimeoutError):
            fetch(address, timeout=0.3)
        proxy.heal()
        proxy.slow(0.1)
        began = time.monotonic()
        assert len(fetch(address)) == 300_000
        assert time.monotonic() - began >= 0.1


def test_a_private_server_does_not_outlive_tests_that_are_killed() -> None:
    program = (
        "from tests.serveurs import start_private\n"
        "with start_private('redis') as own:\n"
        "    print(own.serveur.to_json(), flush=True)\n"
        "    own.serveur and __import__('time').sleep(60)\n"
    )
    argv = [sys.executable, "-c", program]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        text = ""
        while "}" not in text.splitlines()[-1:]:
            text += tests.stdout.readline()
        own = Serveur(**json.loads(text))
        assert is_alive(own)
        tests.kill()
    limit = time.monotonic() + 10
    while is_alive(own) and time.monotonic() < limit:
        time.sleep(0.02)
    assert not is_alive(own)
    systeme.remove(Path(own.folder))


def test_a_name_without_recipe_is_refused_in_french() -> None:
    with pytest.raises(Manque, match="« oracle » n’est pas un de nos serveurs : postgresql"):
        parc.find_recette("oracle")


def test_a_server_that_dies_while_starting_says_why_and_leaves_nothing() -> None:
    before = set(Path(tempfile.gettempdir()).glob("orc-redis-*"))
    with (
        pytest.raises(Manque, match="s’est arrêté en démarrant"),
        start_private("redis", lignes=["ce n'est pas un réglage"]),
    ):
        pytest.fail("it started")
    assert set(Path(tempfile.gettempdir()).glob("orc-redis-*")) <= before


def test_a_download_that_is_not_the_expected_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tika.jar").write_bytes(b"autre chose")
    with pytest.raises(Manque, match="n’a pas l’empreinte attendue"):
        systeme.check_digest(tmp_path / "tika.jar", "00" * 32)
