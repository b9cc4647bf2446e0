"""orc serve as a process of its own: what it logs, and how it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from orc.bootstrap import make_orc
from orc.settings import Settings
from scripts.recettes import systeme
from tests.archive import MOT_DE_PASSE, make_archive
from tests.web.serving import Navigateur, open_navigateur

MOT = "secretissime"


@dataclass
class Serveur:
    """A running `orc serve`, and the lines it wrote so far."""

    process: subprocess.Popen[str]
    adresse: str
    lines: list[str] = field(default_factory=list)

    def read(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.lines]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("serve")
    with make_archive(folder):
        pass
    return folder / "orc"


@contextmanager
def start(data: Path, **settings: str) -> Iterator[Serveur]:
    """`orc serve` on a free port, ready; killed at the end if it still lives."""
    port = systeme.find_port()
    env = {**os.environ, "ORC_DATA": str(data), "ORC_JOURNAL_TECHNIQUE": "json", **settings}
    command = [Path(sys.executable).with_name("orc"), "serve", "--port", str(port)]
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as process:
        serveur = Serveur(process, f"http://127.0.0.1:{port}")
        reader = threading.Thread(target=lambda: serveur.lines.extend(process.stderr or ()))
        reader.start()
        try:
            wait_ready(serveur)
            yield serveur
        finally:
            process.kill()
            process.wait()
            reader.join()


def wait_ready(serveur: Serveur) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"{serveur.adresse}/sante/pret", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            assert serveur.process.poll() is None, serveur.lines
        time.sleep(0.1)
    raise AssertionError(serveur.lines)


def end(serveur: Serveur, seconds: float = 60) -> None:
    serveur.process.send_signal(signal.SIGTERM)
    # uvicorn ends by the signal it was sent, once all is done.
    assert serveur.process.wait(seconds) in {0, -signal.SIGTERM}


def open_socket(serveur: Serveur) -> socket.socket:
    host, port = serveur.adresse.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=60)


class Envoi:
    """A login sent in two halves, as a slow network does."""

    def __init__(self, serveur: Serveur, navigateur: Navigateur) -> None:
        values = {"identifiant": "paie", "mot_de_passe": MOT_DE_PASSE}
        fields = {"jeton": navigateur.read_jeton(), **values}
        request = navigateur.client.build_request("POST", "/connexion", data=fields)
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        self._socket = open_socket(serveur)
        self._rest = request.content[10:]
        first = f"POST /connexion HTTP/1.1\r\n{head}\r\n".encode() + request.content[:10]
        self._socket.sendall(first)

    def finish(self) -> str:
        """Send the second half; the first line of the answer."""
        self._socket.sendall(self._rest)
        return self._socket.recv(4096).decode().partition("\r\n")[0]

    def close(self) -> None:
        self._socket.close()


def test_what_people_type_is_in_no_line_of_the_log_and_each_request_has_one(data: Path) -> None:
    with start(data) as serveur:
        with open_navigateur(serveur.adresse, "comptable") as browser:
            found = browser.client.get(
                f"/recherche?q={MOT}+école&tiers={MOT}",
                headers={"x-request-id": "requete-de-test-1"},
            )
            assert found.status_code == 200
            assert found.headers["x-request-id"] == "requete-de-test-1"
            browser.get(f"/recherche?q=%22{MOT}")
            browser.get(f"/api/v1/recherche?q=montant:{MOT}")
            browser.get(f"/{MOT}/{MOT}")
            browser.post("/connexion", identifiant=MOT, mot_de_passe=MOT)
        with open_socket(serveur) as raw:
            raw.sendall(f"{MOT} {MOT}\r\n\r\n".encode())
            raw.recv(4096)
        end(serveur)
    assert MOT not in "".join(serveur.lines)
    assert "comptable" not in "".join(serveur.lines)
    lines = serveur.read()
    (search,) = [line for line in lines if line.get("requete") == "requete-de-test-1"]
    assert (search["route"], search["statut"], search["message"]) == ("/recherche", 200, "requête")
    assert {line["route"] for line in lines if line.get("statut") == 404} == {"inconnue"}
    assert all({"quand", "niveau", "source", "message"} <= line.keys() for line in lines)


def test_sigterm_lets_the_request_under_way_end_and_gives_everything_back(data: Path) -> None:
    with (
        start(data) as serveur,
        open_navigateur(serveur.adresse) as navigateur,
        ExitStack() as stack,
    ):
        envoi = stack.enter_context(closing(Envoi(serveur, navigateur)))
        time.sleep(0.3)
        serveur.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{serveur.adresse}/sante/vivant", trust_env=False)
        assert serveur.process.poll() is None
        assert envoi.finish() == "HTTP/1.1 303 See Other"
        assert serveur.process.wait(60) in {0, -signal.SIGTERM}
    orc = make_orc(Settings(data=str(data)))
    orc.engine.remove([999])  # takes the lock of the writer
    orc.engine.commit()
    orc.close()


def test_a_request_that_never_ends_does_not_hold_the_stop_for_ever(data: Path) -> None:
    with (
        start(data, ORC_ARRET_SECONDES="1") as serveur,
        open_navigateur(serveur.adresse) as navigateur,
        closing(Envoi(serveur, navigateur)),
    ):
        time.sleep(0.3)
        began = time.monotonic()
        end(serveur)
        assert time.monotonic() - began < 30
