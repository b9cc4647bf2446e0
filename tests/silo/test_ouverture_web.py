"""A PJ opened in a browser wherever its flow lies; and what is said when the silo is away."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import update

from orc.models import Fichier
from orc.remote import Acces
from scripts.recettes.serveur import Serveur
from tests.archive import Archive, make_archive
from tests.proxy import Proxy
from tests.silo.publish import Bucket, Folder, make_sftp_acces
from tests.web.serving import Navigateur, open_navigateur, serve

FACTURE = "Facture_Energie_2022-04.pdf"
FIXTURES = {"s3": "s3", "sftp": "sftp", "http": "http_silo"}


@dataclass(frozen=True)
class Loin:
    """An archive in a browser; its flows are on each protocol, behind a proxy."""

    archive: Archive
    navigateur: Navigateur
    places: dict[str, Bucket | Folder]
    proxies: dict[str, Proxy]

    def go(self, name: str) -> Proxy:
        """Let the flows lie on this protocol only."""
        url = self.places[name].url.rstrip("/")
        with self.archive.orc.database.writing() as session:
            session.execute(update(Fichier).values(silo=url))
        return self.proxies[name]

    def ask(self) -> httpx.Response:
        """The PJ, as the browser asks for it."""
        return self.navigateur.get(f"/pj/{self.archive.pj[FACTURE]}/original")


@pytest.fixture(scope="module")
def loin(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Loin]:
    """One ORC for all: it has the settings of every protocol at once."""
    folder = tmp_path_factory.mktemp("loin")
    with ExitStack() as stack:
        places: dict[str, Bucket | Folder] = {}
        proxies: dict[str, Proxy] = {}
        for name, fixture in FIXTURES.items():
            serveur: Serveur = request.getfixturevalue(fixture)
            proxies[name] = stack.enter_context(Proxy(serveur.host, serveur.port))
            places[name] = _find_place(serveur, folder, proxies[name].port)
            stack.callback(places[name].remove)
        settings = _make_settings(places["s3"].acces, places["sftp"].acces)
        archive = stack.enter_context(make_archive(folder / "archive", **settings))
        for place in places.values():
            place.publish(archive.silo)
        address = stack.enter_context(serve(archive.orc))
        navigateur = stack.enter_context(open_navigateur(address, "ordonnateur"))
        yield Loin(archive, navigateur, places, proxies)


def _find_place(serveur: Serveur, tmp_path: Path, port: int) -> Bucket | Folder:
    """A place of our own on this server, seen through the proxy."""
    mine = f"127.0.0.1:{port}"
    if serveur.name == "s3":
        bucket = Bucket(serveur)
        bucket.acces = replace(bucket.acces, s3_endpoint=f"http://{mine}")
        return bucket
    acces = Acces()
    if serveur.name == "sftp":
        known = tmp_path / "known_hosts"
        text = Path(serveur.details["known_hosts"]).read_text(encoding="ascii")
        known.write_text(text.replace(f":{serveur.port} ", f":{port} "), encoding="ascii")
        acces = make_sftp_acces(serveur, sftp_known_hosts=str(known))
    name = f"orc-{uuid4().hex[:12]}"
    url = serveur.url.replace(f"{serveur.host}:{serveur.port}", mine).rstrip("/")
    return Folder(Path(serveur.details["root"]) / name, f"{url}/{name}", acces)


def _make_settings(s3: Acces, sftp: Acces) -> dict[str, object]:
    return {
        "silo_s3_endpoint": s3.s3_endpoint,
        "silo_s3_region": s3.s3_region,
        "silo_s3_cle": s3.s3_cle,
        "silo_s3_secret": s3.s3_secret,
        "silo_sftp_cle": sftp.sftp_cle,
        "silo_sftp_known_hosts": sftp.sftp_known_hosts,
        "silo_secondes": 2,
    }


@pytest.mark.parametrize("name", FIXTURES)
def test_a_pj_opens_in_a_browser_over_one_connection(loin: Loin, name: str) -> None:
    proxy, times = loin.go(name), []
    for _ in range(8):
        began = time.perf_counter()
        answer = loin.ask()
        times.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.text
        assert answer.content == loin.archive.contenus[FACTURE]
    assert proxy.connections == 1
    assert min(times) < 1.0


@pytest.mark.parametrize("name", FIXTURES)
def test_a_silo_that_is_away_is_said_on_the_page_and_comes_back(loin: Loin, name: str) -> None:
    proxy = loin.go(name)
    assert loin.ask().status_code == 200
    proxy.cut()
    answer = loin.ask()
    proxy.heal()
    assert answer.status_code == 503
    assert "ne répond pas" in answer.text
    assert loin.archive.orc.settings.silo_s3_secret not in answer.text
    assert loin.ask().status_code == 200
