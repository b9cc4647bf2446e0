"""Tika hangs, dies, drops, lies or floods: each text is read all the same, or says why not."""

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from orc.errors import Unavailable
from orc.ingest.extract.pool import Document
from orc.ingest.extract.tika_http import Acces, Dropped, Refused, TikaHttp
from orc.ingest.extract.tika_pool import SANS_TIKA, TikaPool
from orc.ingest.extract.tika_server import TikaFailed, TikaServer
from orc.ingest.extract.values import EtatTexte, Limits
from orc.settings import Settings
from scripts.recettes import certificats
from tests.ingest.extract.carriers import mail_of
from tests.ingest.extract.documents import PHRASE, make_docx, make_odt, make_pdf
from tests.proxy import Proxy
from tests.serveurs import Prive, Serveur, start_private

# Takes Tika some seconds, and the embedded library none: it is no HTML to it.
SLOW = b"<html><body>" + b"<p>mot de plus</p>" * 20_000 + b"</body></html>"


@pytest.fixture(scope="module")
def own() -> Iterator[Prive]:
    with start_private("tika") as made:
        yield made


@contextlib.contextmanager
def open_pool(url: str, seconds: float = 5, **more: object) -> Iterator[TikaPool]:
    options = {"patience": 40.0, "rests": (1.0, 2.0), **more}
    server = TikaServer(Acces(url, secondes=seconds), **options)  # type: ignore[arg-type]  # options are given by their names
    with TikaPool(server, Limits(), 2) as made:
        yield made


def read_until(pool: TikaPool, extracteur: str, seconds: float = 30) -> bool:
    """Whether Tika reads again within so long."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if pool.extract(make_odt()).extracteur == extracteur:
            return True
        time.sleep(0.2)
    return False


def test_a_frozen_tika_costs_one_delay_not_one_a_document_and_comes_back(own: Prive) -> None:
    with open_pool(own.url, 2, patience=1.0, rests=(3.0, 3.0)) as pool:
        assert read_until(pool, "tika")
        own.pause()
        try:
            began = time.monotonic()
            found = [pool.start(Document(make_docx(), "a.docx"))() for _ in range(12)]
            spent = time.monotonic() - began
        finally:
            own.resume()
        assert {one.etat for one in found} == {EtatTexte.EXTRAIT}
        assert {one.extracteur for one in found} == {"kreuzberg" + SANS_TIKA}
        assert "Tika ne répond plus" in found[0].metadonnees["tika"]
        assert spent < 2 + 1 + 2 * 2.5 + 5
        assert read_until(pool, "tika")


def test_a_child_of_tika_killed_mid_document_loses_none(own: Prive) -> None:
    with open_pool(own.url, 40) as pool:
        assert read_until(pool, "tika")
        waiting = [pool.start(Document(SLOW, "a.html")), pool.start(Document(make_odt(), "b"))]
        time.sleep(0.3)
        for child in find_children(own):
            os.kill(child, signal.SIGKILL)
        waiting += [pool.start(Document(make_odt(), "c.odt")) for _ in range(4)]
        found = [one() for one in waiting]
    assert {one.etat for one in found} == {EtatTexte.EXTRAIT}
    assert {one.extracteur for one in found} == {"tika"}


def find_children(own: Prive) -> list[int]:
    pattern = f"TikaServerProcess.* -p {own.serveur.port} "
    found = subprocess.run(["pgrep", "-f", pattern], capture_output=True, text=True, check=True)
    return [int(pid) for pid in found.stdout.split()]


def test_a_tika_that_is_gone_is_done_without_and_used_again_once_back(own: Prive) -> None:
    with open_pool(own.url, patience=0.5) as pool:
        own.kill()
        mail = bytes(mail_of("Bonjour", {"f.pdf": make_pdf(PHRASE), "c.odt": make_odt()}))
        found = pool.extract(mail)
        unknown = pool.extract(bytes(range(256)) * 4)
        own.start()
        assert found.extracteur == "mail" + SANS_TIKA
        assert [part.pages[0][:10] for part in found.parties] == [PHRASE[:10], "Convention"]
        assert unknown.etat is EtatTexte.NON_PRIS_EN_CHARGE
        assert unknown.motif.startswith("Tika ne répond")
        assert read_until(pool, "tika")


def test_an_answer_cut_half_way_is_asked_for_again(tika: Serveur) -> None:
    target = urlsplit(tika.url)
    with (
        Proxy(target.hostname or "", target.port or 0) as proxy,
        open_pool(f"http://127.0.0.1:{proxy.port}") as pool,
    ):
        assert pool.extract(make_docx()).extracteur == "tika"
        proxy.cut_after(300)
        waiting = pool.start(Document(make_docx(), "a.docx"))
        limit = time.monotonic() + 5
        while not proxy.refusing and time.monotonic() < limit:
            time.sleep(0.01)
        assert proxy.refusing
        proxy.heal()
        found = waiting()
    assert (found.etat, found.extracteur) == (EtatTexte.EXTRAIT, "tika")


@contextlib.contextmanager
def serve(
    answer: Callable[[socket.socket], None],
    tls: ssl.SSLContext | None = None,
    heads: list[bytes] | None = None,
) -> Iterator[str]:
    """A TCP server that reads the head of a request, then does as it likes."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()
    kept = [] if heads is None else heads

    def work(link: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            held.enter_context(link)
            if tls is not None:
                link = held.enter_context(tls.wrap_socket(link, server_side=True))
            kept.append(link.recv(65536))
            answer(link)
            over.wait(20)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=work, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def flood(link: socket.socket) -> None:
    link.sendall(HEAD + b"\r\n[")
    with contextlib.suppress(OSError):
        for _ in range(200):
            link.sendall(b"x" * 1_000_000)


def trickle(link: socket.socket) -> None:
    link.sendall(HEAD + b"\r\n[")
    with contextlib.suppress(OSError):
        for _ in range(200):
            link.sendall(b" ")
            time.sleep(0.1)


def be_silent(link: socket.socket) -> None:
    del link


def test_a_server_that_never_answers_is_left_after_its_delay() -> None:
    with serve(be_silent) as url, open_pool(url, 1, patience=0.2, rests=(60.0, 60.0)) as pool:
        began = time.monotonic()
        found = [pool.extract(make_odt()) for _ in range(5)]
        assert time.monotonic() - began < 8
    assert {one.extracteur for one in found} == {"kreuzberg" + SANS_TIKA}
    assert "pas de réponse en 1 s" in found[0].metadonnees["tika"]


def test_a_server_that_trickles_is_left_after_its_delay() -> None:
    with serve(trickle) as url, pytest.raises(Dropped, match="ne finit pas"):
        TikaHttp(Acces(url, secondes=1)).ask("put", "/rmeta/xml", b"x", {})


def test_a_flood_of_two_hundred_megabytes_is_cut_and_held_nowhere() -> None:
    tracemalloc.start()
    try:
        with serve(flood) as url:
            http = TikaHttp(Acces(url, reponse_octets=4_000_000))
            with pytest.raises(Refused, match="dépasse 4 Mo"):
                http.ask("put", "/rmeta/xml", b"x", {})
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        ("400 Bad Request", Refused, "400"),
        ("302 Found\r\nLocation: http://169.254.169.254/", Refused, "302"),
        ("503 Busy", Dropped, "503"),
        ("500 Fault", Dropped, "500"),
    ],
)
def test_a_status_that_is_no_answer_is_not_read(
    status: str, error: type[Exception], said: str
) -> None:
    def answer(link: socket.socket) -> None:
        link.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n[]".encode())

    with serve(answer) as url, pytest.raises(error, match=said):
        TikaHttp(Acces(url, secondes=2)).ask("put", "/rmeta/xml", b"x", {})


def test_the_account_of_the_address_is_given_and_stands_in_no_message() -> None:
    heads: list[bytes] = []

    def answer(link: socket.socket) -> None:
        link.sendall(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")

    with serve(answer, heads=heads) as url:
        account = url.replace("//", "//orc:mot-secret@")
        with pytest.raises(TikaFailed) as refused:
            TikaServer(Acces(account, secondes=2)).find_version()
    assert b"mot-secret" not in b"".join(heads)
    assert b"Authorization: Basic b3JjOm1vdC1zZWNyZXQ=" in b"".join(heads)
    assert "mot-secret" not in str(refused.value)
    assert "mot-secret" not in repr(Settings(tika=account))


def test_a_document_refused_by_tika_is_not_sent_twice() -> None:
    asked = []

    def answer(link: socket.socket) -> None:
        asked.append(1)
        link.sendall(b"HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n")

    with serve(answer) as url, pytest.raises(TikaFailed, match="422"):
        TikaServer(Acces(url, secondes=2)).read(b"x", "text/html")
    assert len(asked) == 1


def test_tls_is_checked_and_the_authority_may_be_given(tmp_path: Path) -> None:
    certificats.make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "http.pem", tmp_path / "http.key")

    def answer(link: socket.socket) -> None:
        link.sendall(HEAD + b"Content-Length: 11\r\n\r\nApache Tika")

    with serve(answer, context) as url:
        with pytest.raises(Refused, match="certificat"):
            TikaHttp(Acces(url)).find_version(5)
        assert TikaHttp(Acces(url, ca=str(tmp_path / "ca.pem"))).find_version(5) == "Apache Tika"


def test_a_pool_that_closes_leaves_what_was_not_asked_for_yet() -> None:
    with serve(be_silent) as url:
        with open_pool(url, 1, patience=0.1) as pool:
            waiting = [pool.start(Document(make_odt(), "a.odt")) for _ in range(12)]
        left = 0
        for one in waiting:
            one.wait()
            try:
                assert one().etat is EtatTexte.EXTRAIT
            except Unavailable:
                left += 1
    assert left >= 8
