"""The pool: every document gets its state, whatever it does to a child; nothing is left behind."""

import contextlib
import gc
import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from orc.errors import Invalid, Unavailable
from orc.ingest.extract.pool import Document, ExtractionPool
from orc.ingest.extract.values import EtatTexte, Limits
from tests.ingest.extract.documents import (
    PHRASE,
    make_bomb,
    make_docx,
    make_image,
    make_pdf,
    make_raw_pdf,
    make_slow_pdf,
)

BOMB = make_bomb(900)


@pytest.fixture(scope="module")
def pool() -> Iterator[ExtractionPool]:
    with ExtractionPool(Limits(), 2) as made:
        yield made


def children() -> set[int]:
    """The processes this one started and has not buried."""
    return find_children(os.getpid())


def find_children(parent: int) -> set[int]:
    found = set()
    for task in Path(f"/proc/{parent}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a thread that has just ended
            found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found


def count_open_files() -> int:
    gc.collect()  # what other tests let go of is closed now, not meanwhile
    return len(list(Path("/proc/self/fd").iterdir()))


def is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_document_gets_its_text_page_by_page(pool: ExtractionPool) -> None:
    extraction = pool.extract(make_pdf(PHRASE, "la deuxième page"), "facture.pdf")
    assert extraction.etat is EtatTexte.EXTRAIT
    assert extraction.pages == (PHRASE, "la deuxième page")


def test_extractions_come_in_the_order_of_the_documents(pool: ExtractionPool) -> None:
    documents = [Document(make_pdf(f"facture {number}")) for number in range(70)]
    found = [extraction.pages[0] for extraction in pool.extract_many(iter(documents))]
    assert found == [f"facture {number}" for number in range(70)]


def test_documents_are_read_only_as_children_need_them(pool: ExtractionPool) -> None:
    taken = []

    def give() -> Iterator[Document]:
        for number in range(500):
            taken.append(number)
            yield Document(b"texte " + str(number).encode())

    extractions = pool.extract_many(give())
    next(extractions)
    assert len(taken) < 100
    assert sum(1 for _ in extractions) == 499


def test_twenty_threads_each_get_the_text_they_asked_for(pool: ExtractionPool) -> None:
    documents = {number: make_pdf(f"mandat {number}") for number in range(60)}
    with ThreadPoolExecutor(20) as threads:
        found = threads.map(lambda item: (item[0], pool.extract(item[1])), documents.items())
    for number, extraction in found:
        assert extraction.pages == (f"mandat {number}",)


def test_a_slow_document_is_stopped_in_time_and_the_next_is_read() -> None:
    with ExtractionPool(Limits(secondes=1, memoire_mo=4096), 1) as pool:
        began = time.monotonic()
        slow = pool.extract(make_slow_pdf(1_500_000))
        assert slow.etat is EtatTexte.DELAI
        assert "1 secondes" in slow.motif
        assert time.monotonic() - began < 20
        assert pool.extract(make_pdf(PHRASE)).pages == (PHRASE,)


def test_a_document_that_eats_memory_is_stopped_and_its_neighbours_are_read() -> None:
    with ExtractionPool(Limits(memoire_mo=200), 1) as pool:
        documents = [Document(octets) for octets in (make_pdf("un"), BOMB, make_pdf("deux"))]
        first, bomb, last = pool.extract_many(documents)
    assert bomb.etat is EtatTexte.MEMOIRE
    assert "200 Mo" in bomb.motif
    assert (first.pages, last.pages) == (("un",), ("deux",))


def test_a_long_text_is_cut_and_says_so() -> None:
    with ExtractionPool(Limits(caracteres=1000), 1) as pool:
        extraction = pool.extract(b"mairie " * 1000)
    assert extraction.etat is EtatTexte.TROP_GRAND
    assert sum(map(len, extraction.pages)) == 1000
    assert "1000 signes" in extraction.motif


def test_a_document_of_too_many_pages_is_read_up_to_the_limit() -> None:
    with ExtractionPool(Limits(pages=2), 1) as pool:
        extraction = pool.extract(make_pdf("un", "deux", "trois"))
    assert extraction.etat is EtatTexte.TROP_GRAND
    assert extraction.pages == ("un", "deux")
    assert "3 pages" in extraction.motif


def test_a_file_larger_than_the_limit_never_reaches_a_child() -> None:
    before = children()
    with ExtractionPool(Limits(octets=1000), 1) as pool:
        assert pool.extract(b"x" * 1001).etat is EtatTexte.TROP_GRAND
    assert children() == before


def test_an_empty_file_is_said_empty(pool: ExtractionPool) -> None:
    assert pool.extract(b"").etat is EtatTexte.VIDE


def test_a_child_serves_its_time_then_another_takes_over() -> None:
    before = children()
    with ExtractionPool(Limits(documents_par_enfant=3), 1) as pool:
        seen = set()
        for number in range(9):
            assert pool.extract(make_pdf(f"page {number}")).pages == (f"page {number}",)
            seen |= children() - before
    assert len(seen) == 3


def test_a_killed_child_costs_no_document() -> None:
    before = children()
    with ExtractionPool(Limits(), 1) as pool:
        pool.extract(make_pdf("avant"))
        (child,) = children() - before
        os.kill(child, signal.SIGKILL)
        assert pool.extract(make_pdf("après")).pages == ("après",)


def test_closing_leaves_no_process_and_no_open_file() -> None:
    before, opened = children(), count_open_files()
    for _ in range(3):
        with ExtractionPool(Limits(secondes=1, memoire_mo=300), 2) as pool:
            list(pool.extract_many([Document(make_pdf("un")), Document(BOMB)]))
    assert children() == before
    limit = time.monotonic() + 5
    while count_open_files() > opened and time.monotonic() < limit:
        time.sleep(0.1)
    assert count_open_files() <= opened


def test_a_closed_pool_says_so() -> None:
    pool = ExtractionPool()
    pool.close()
    with pytest.raises(Unavailable, match="arrêtée"):
        pool.extract(b"texte")


def test_closing_answers_those_who_wait() -> None:
    pool = ExtractionPool(Limits(secondes=3, memoire_mo=4096), 1)
    slow = make_slow_pdf(1_500_000)
    answers: list[object] = []

    def ask() -> None:
        try:
            answers.append(pool.extract(slow))
        except Unavailable as refusal:
            answers.append(refusal)

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    pool.close()
    for thread in threads:
        thread.join(30)
    assert len(answers) == 5


PARENT = """
import sys
from orc.ingest.extract.pool import ExtractionPool
from orc.ingest.extract.values import Limits
from tests.ingest.extract.documents import make_slow_pdf
import threading
pool = ExtractionPool(Limits(secondes=120, memoire_mo=8192), 2)
slow = make_slow_pdf(4_000_000)
for _ in range(4):  # a child may hold two
    threading.Thread(target=pool.extract, args=(slow,), daemon=True).start()
print("lancé", flush=True)
threading.Event().wait()
"""


def test_children_die_when_their_parent_is_killed() -> None:
    root = Path(__file__).parents[3]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, cwd=root, text=True
    )
    try:
        orphans = find_children_of(parent)
    finally:
        parent.kill()
        parent.communicate()
    limit = time.monotonic() + 10
    while any(is_alive(pid) for pid in orphans) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not any(is_alive(pid) for pid in orphans)


def find_children_of(parent: "subprocess.Popen[str]") -> set[int]:
    """Its two children, once they read."""
    assert parent.stdout is not None
    assert parent.stdout.readline() == "lancé\n"
    orphans: set[int] = set()
    limit = time.monotonic() + 20
    while len(orphans) != 2 and time.monotonic() < limit:
        time.sleep(0.05)
        orphans = {pid for pid in find_children(parent.pid) if is_alive(pid)}
    assert len(orphans) == 2
    return orphans


CONFINED = """
import os, resource, socket
from orc.ingest.extract.confine import confine
confine(512)
print(resource.getrlimit(resource.RLIMIT_AS)[0] >> 20, resource.getrlimit(resource.RLIMIT_CORE)[0])
port = int(os.environ["PORT"])
try:
    socket.create_connection(("127.0.0.1", port), 2)
    print("réseau")
except OSError:
    print("coupé")
"""


def test_a_child_has_bounded_memory_and_no_network_where_the_kernel_allows() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        run = subprocess.run(
            [sys.executable, "-c", CONFINED],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[3],
            env={"PORT": str(port), "LC_ALL": "C.UTF-8"},
        )
        allowed = subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False)
    assert run.stdout.startswith("512 0\n")
    if allowed.returncode == 0:
        assert run.stdout.endswith("coupé\n")


def test_a_child_is_given_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORC_DATABASE", "postgresql://orc:secret@serveur/orc")
    before = children()
    with ExtractionPool(Limits(), 1) as pool:
        pool.extract(make_pdf("un"))
        (child,) = children() - before
        assert b"secret" not in Path(f"/proc/{child}/environ").read_bytes()


def test_boxes_fall_on_the_words_asked_for(pool: ExtractionPool) -> None:
    octets = make_raw_pdf(b"BT /F1 20 Tf 100 700 Td (Bonjour la Mairie) Tj ET")
    boxes = pool.find_boxes(octets, 1, ["mairie"])
    (box,) = boxes.boxes
    assert (boxes.largeur, boxes.hauteur, box.mot) == (600, 800, "mairie")
    # Helvetica 20: « Bonjour la » is 99 points wide, the letters stand 100 points under the top.
    assert 0.31 < box.x < 0.34
    assert 0.10 < box.y < 0.13
    assert 0 < box.hauteur < 0.03


def test_boxes_follow_the_rotation_of_the_page(pool: ExtractionPool) -> None:
    upright = make_raw_pdf(b"BT /F1 20 Tf 100 700 Td (Bonjour Mairie) Tj ET")
    turned = make_raw_pdf(
        b"BT /F1 20 Tf 100 700 Td (Bonjour Mairie) Tj ET", media=b"0 0 600 800|/Rotate 90"
    )
    first = pool.find_boxes(upright, 1, ["mairie"]).boxes[0]
    boxes = pool.find_boxes(turned, 1, ["mairie"])
    assert (boxes.largeur, boxes.hauteur) == (800, 600)
    assert boxes.boxes[0].x == pytest.approx(1 - first.y - first.hauteur, abs=0.001)
    assert boxes.boxes[0].y == pytest.approx(first.x, abs=0.001)


def test_boxes_are_for_whole_words_only_accents_or_not(pool: ExtractionPool) -> None:
    octets = make_pdf("électricité électricités l'électricité Électricité")
    found = pool.find_boxes(octets, 1, ["electricite"]).boxes
    assert [box.mot for box in found] == ["electricite"] * 3


def test_a_word_cut_by_the_end_of_a_line_is_boxed_on_both(pool: ExtractionPool) -> None:
    found = pool.find_boxes(make_pdf("une muni-\ncipalité"), 1, ["municipalite"]).boxes
    assert len(found) == 2
    assert found[0].y < found[1].y


@pytest.mark.parametrize(
    ("octets", "numero", "said"),
    [
        (make_pdf("un"), 7, "existe pas"),
        (b"%PDF-1.4 rien", 1, "pas pu"),
        (make_pdf("un", password="x"), 1, "mot de passe"),
    ],
)
def test_boxes_that_cannot_be_found_say_why(
    pool: ExtractionPool, octets: bytes, numero: int, said: str
) -> None:
    boxes = pool.find_boxes(octets, numero, ["un"])
    assert boxes.boxes == ()
    assert said in boxes.motif


@pytest.mark.parametrize(
    ("octets", "numero"),
    [
        (make_pdf("un", "deux"), 2),
        (make_image("TIFF", 3), 3),
        (make_image("JPEG"), 1),
        (make_image("PNG"), 1),
    ],
)
def test_a_page_is_drawn_at_the_width_asked_for(
    pool: ExtractionPool, octets: bytes, numero: int
) -> None:
    png = pool.render_page(octets, numero, 200)
    with Image.open(io.BytesIO(png)) as image:
        assert (image.format, image.width) == ("PNG", 200)
        darkest, lightest = image.convert("L").getextrema()
    assert darkest < 128 < lightest


@pytest.mark.parametrize(
    ("octets", "numero"),
    [(make_pdf("un"), 2), (make_image("TIFF", 2), 3), (make_docx(), 1), (b"", 1), (b"%PDF-", 1)],
)
def test_a_page_that_cannot_be_drawn_is_refused(
    pool: ExtractionPool, octets: bytes, numero: int
) -> None:
    with pytest.raises(Invalid, match="page"):
        pool.render_page(octets, numero, 200)


HEADS = [
    b"",
    b"%PDF-1.7\n",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"<?xml version='1.0'?><a>",
    b"{\\rtf1",
    b"II*\0",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"From: a\nTo: b\n",
    b"<html>",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(head=st.sampled_from(HEADS), body=st.binary(max_size=2000))
def test_random_bytes_always_get_a_state(pool: ExtractionPool, head: bytes, body: bytes) -> None:
    extraction = pool.extract(head + body)
    assert extraction.etat in EtatTexte
    assert extraction.motif or extraction.etat is EtatTexte.EXTRAIT


WHOLE = [make_pdf(PHRASE), make_docx(), make_image("TIFF", 2), make_image("JPEG")]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    whole=st.sampled_from(WHOLE),
    at=st.floats(0, 1, exclude_max=True),
    junk=st.binary(min_size=1, max_size=40),
)
def test_a_document_damaged_anywhere_always_gets_a_state(
    pool: ExtractionPool, whole: bytes, at: float, junk: bytes
) -> None:
    place = int(at * len(whole))
    extraction = pool.extract(whole[:place] + junk + whole[place + len(junk) :])
    assert extraction.etat in EtatTexte
    assert extraction.motif or extraction.etat is EtatTexte.EXTRAIT
