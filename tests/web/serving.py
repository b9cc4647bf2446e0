"""A real server on a real port for the tests of pages, and a client that logs in."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn

from orc.bootstrap import Orc
from tests.archive import MOT_DE_PASSE
from web.app import make_app

_JETON = re.compile(r'name="jeton" value="([^"]+)"')


@contextmanager
def serve(orc: Orc) -> Iterator[str]:
    """Serve this ORC in a thread; gives its address."""
    with serve_at(orc, 0) as address:
        yield address


@contextmanager
def serve_at(orc: Orc, port: int) -> Iterator[str]:
    """The same, on this port: somebody has to know it before."""
    config = uvicorn.Config(
        make_app(orc), host="127.0.0.1", port=port, log_level="warning", proxy_headers=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@dataclass
class Navigateur:
    """A browser without a screen: keeps cookies, follows nothing by itself."""

    client: httpx.Client

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def read_jeton(self, path: str = "/connexion") -> str:
        found = _JETON.search(self.client.get(path).text)
        assert found is not None
        return found[1]

    def post(self, path: str, *, page: str = "/", **fields: str) -> httpx.Response:
        """Send a form as the page that holds it would."""
        return self.client.post(path, data={"jeton": self.read_jeton(page), **fields})

    def log_in(self, identifiant: str, mot_de_passe: str = MOT_DE_PASSE) -> httpx.Response:
        return self.post(
            "/connexion", page="/connexion", identifiant=identifiant, mot_de_passe=mot_de_passe
        )

    def prove(self, retour: str, mot_de_passe: str = MOT_DE_PASSE) -> httpx.Response:
        """Say again who one is, as the page of an act asks; already proved, nothing is sent."""
        page = f"/preuve?suite={retour}"
        if self.get(page).status_code == 303:
            return self.get(page)
        return self.post("/preuve", page=page, code=mot_de_passe, suite=retour)


@contextmanager
def open_navigateur(address: str, identifiant: str = "") -> Iterator[Navigateur]:
    """A browser on this server, logged in where an identifiant is given."""
    with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
        navigateur = Navigateur(client)
        if identifiant:
            answer = navigateur.log_in(identifiant)
            assert answer.status_code == 303, answer.text
        yield navigateur
