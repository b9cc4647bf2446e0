"""Our own recipes: shared servers are one for all, private ones survive what is done to them."""

import socket

import pytest
import sqlalchemy as sa

from scripts.recettes import parc
from tests.serveurs import Serveur, start_private


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
