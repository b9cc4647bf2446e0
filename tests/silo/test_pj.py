"""Opening a PJ wherever its flow lies: only the recorded bytes are ever given."""

import base64
import gzip
import hashlib
import io
import os
import re
import tracemalloc
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orc.errors import Invalid, OrcError
from orc.silo import (
    EmpreinteDifferente,
    FichierChange,
    FichierDisparu,
    FluxLocal,
    Silo,
    open_pj,
    read_contenu,
)

Opener = Callable[..., Silo]
DOCUMENTS = [b"%PDF-1.4 " + os.urandom(100_000) for _ in range(30)]
TEXTS = [base64.b64encode(gzip.compress(document)) for document in DOCUMENTS]
XML = b"<PES>" + b"".join(b"<Fichier>" + text + b"</Fichier>" for text in TEXTS) + b"</PES>"
PLACES = [XML.index(text) for text in TEXTS]
HOLDERS = [("a.xml", ""), ("a.xml.gz", ""), ("s.zip", "d/a.xml"), ("z.zip", "d/a.xml")]


def _zip(method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("autre.xml", b"<x/>")
        archive.writestr("d/a.xml", XML)
    return out.getvalue()


FILES = {
    "a.xml": XML,
    "a.xml.gz": gzip.compress(XML, 1),
    "s.zip": _zip(zipfile.ZIP_STORED),
    "z.zip": _zip(zipfile.ZIP_DEFLATED),
}


def _fill(root: Path) -> None:
    for name, data in FILES.items():
        (root / name).write_bytes(data)


def _open(silo: Silo, holder: tuple[str, str], rank: int) -> bytes:
    sha256 = hashlib.sha256(DOCUMENTS[rank]).hexdigest()
    return open_pj(silo, *holder, PLACES[rank], len(TEXTS[rank]), sha256)


@pytest.mark.parametrize("holder", HOLDERS)
def test_a_pj_is_opened_wherever_it_lies(
    open_silo: Opener, root: Path, holder: tuple[str, str]
) -> None:
    _fill(root)
    silo = open_silo()
    for rank in (29, 0, 13, 29):
        assert _open(silo, holder, rank) == DOCUMENTS[rank]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(HOLDERS), st.integers(0, len(XML)), st.integers(0, 70_000))
def test_a_range_is_the_same_whatever_holds_the_flow(
    root: Path, cache: Path, holder: tuple[str, str], offset: int, longueur: int
) -> None:
    if not (root / "a.xml").exists():
        _fill(root)
    silo = Silo(str(root), cache=cache)
    expected = XML[offset : offset + longueur]
    if len(expected) == longueur:
        assert silo.read_range(*holder, offset, longueur) == expected
    else:
        with pytest.raises(FichierChange, match="plus court"):
            silo.read_range(*holder, offset, longueur)


@pytest.mark.parametrize("holder", HOLDERS)
def test_other_bytes_than_the_recorded_ones_are_never_given(
    open_silo: Opener, root: Path, holder: tuple[str, str]
) -> None:
    _fill(root)
    silo = open_silo()
    with pytest.raises(EmpreinteDifferente, match="empreinte"):
        open_pj(silo, *holder, PLACES[3], len(TEXTS[3]), hashlib.sha256(b"autre").hexdigest())


@pytest.mark.parametrize("holder", HOLDERS)
def test_a_file_changed_since_is_told_from_a_vanished_one(
    open_silo: Opener, root: Path, holder: tuple[str, str]
) -> None:
    _fill(root)
    _open(open_silo(), holder, 5)
    for name, data in (("a.xml", b"<x/>"), ("a.xml.gz", gzip.compress(b"<x/>"))):
        (root / name).write_bytes(data)
    for name in ("s.zip", "z.zip"):
        with zipfile.ZipFile(root / name, "w") as archive:
            archive.writestr("d/a.xml", b"<x/>")
    with pytest.raises(FichierChange, match="a changé"):
        _open(open_silo(), holder, 5)
    (root / holder[0]).unlink()
    with pytest.raises(FichierDisparu, match=holder[0]):
        _open(open_silo(), holder, 5)


def test_a_member_that_is_no_longer_there_is_named(open_silo: Opener, root: Path) -> None:
    _fill(root)
    with pytest.raises(FichierChange, match=r"d/b\.xml"):
        open_silo().read_range("z.zip", "d/b.xml", 0, 1)


@pytest.mark.parametrize("holder", HOLDERS)
def test_a_container_that_is_no_longer_one_is_refused_in_words(
    open_silo: Opener, root: Path, holder: tuple[str, str]
) -> None:
    (root / holder[0]).write_bytes(os.urandom(3_000_000))
    with pytest.raises(OrcError):
        _open(open_silo(), holder, 0)


def test_a_pj_beyond_the_limit_is_refused(root: Path, cache: Path) -> None:
    _fill(root)
    sha256 = hashlib.sha256(DOCUMENTS[0]).hexdigest()
    silo = Silo(str(root), cache=cache)
    for limite in (10, 99_999):
        with pytest.raises(Invalid, match="limite"):
            open_pj(silo, "a.xml", "", PLACES[0], len(TEXTS[0]), sha256, limite=limite)
    for offset, longueur in ((-1, 1), (0, -1), (0, 1 << 60), (1 << 70, 1)):
        with pytest.raises(Invalid):
            silo.read_range("a.xml", "", offset, longueur)


def test_a_large_pj_is_held_compressed_and_not_and_no_more(root: Path, cache: Path) -> None:
    document = os.urandom(18_000_000)
    text = base64.b64encode(gzip.compress(document, 1))
    (root / "a.xml").write_bytes(b"<PES>" + text + b"</PES>")
    sha256 = hashlib.sha256(document).hexdigest()
    silo = Silo(str(root), cache=cache)
    tracemalloc.start()
    try:
        assert open_pj(silo, "a.xml", "", 5, len(text), sha256) == document
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Twice its size, and two blocks of its text.
    assert peak < 2 * len(document) + 32 * 1024**2


def test_base64_of_two_pieces_is_not_taken_for_one(root: Path, cache: Path) -> None:
    text = base64.b64encode(b"x" * (9 * 1024**2 - 1)) + base64.b64encode(b"y" * 5_000_000)
    assert text[12 * 1024**2 - 1 : 12 * 1024**2] == b"="
    (root / "a.xml").write_bytes(text)
    recorded = read_contenu(text)
    silo = Silo(str(root), cache=cache)
    assert open_pj(silo, "a.xml", "", 0, len(text), recorded.sha256) == recorded.octets


@pytest.mark.parametrize("holder", HOLDERS)
def test_many_people_open_at_the_same_time(
    open_silo: Opener, root: Path, holder: tuple[str, str]
) -> None:
    _fill(root)
    silo = open_silo()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda rank: _open(silo, holder, rank), [*range(0, 30, 3)] * 2))
    assert found == [DOCUMENTS[rank] for rank in range(0, 30, 3)] * 2


def test_the_cache_stays_within_its_bytes(root: Path, cache: Path) -> None:
    for number in range(5):
        with zipfile.ZipFile(root / f"{number}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.xml", os.urandom(500_000).hex().encode())
    silo = Silo(str(root), cache=cache, limite_cache=2_500_000)
    for number in (0, 1, 0, 2, 3, 4, 0):
        silo.read_range(f"{number}.zip", "a.xml", 999_000, 1000)
        assert sum(f.stat().st_size for f in (cache / "silo").iterdir()) <= 2_500_000


def _read_all(silo: Silo, chemin: str) -> None:
    with silo.spool(silo.find(chemin)) as flux:
        assert [f.sha256 for f in flux if isinstance(f, FluxLocal)] == [
            hashlib.sha256(XML).hexdigest()
        ]


def test_an_index_is_made_once_and_again_when_the_file_changes(root: Path, cache: Path) -> None:
    _fill(root)
    silo = Silo(str(root), cache=cache)
    _read_all(silo, "a.xml.gz")
    _read_all(silo, "a.xml")
    (index,) = (cache / "silo").iterdir()
    made = index.stat().st_ctime_ns
    _open(Silo(f"file://{root}", cache=cache), ("a.xml.gz", ""), 7)
    assert [p.name for p in (cache / "silo").iterdir()] == [index.name]
    assert made == index.stat().st_ctime_ns or index.read_bytes()
    (root / "a.xml.gz").write_bytes(gzip.compress(XML, 9))
    os.utime(root / "a.xml.gz", (1, 1))
    assert _open(silo, ("a.xml.gz", ""), 7) == DOCUMENTS[7]
    assert len(list((cache / "silo").iterdir())) == 2


def _snapshot(root: Path) -> list[tuple[str, int, int]]:
    return sorted((str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in root.rglob("*"))


def test_the_silo_is_never_written_to(root: Path) -> None:
    _fill(root)
    for path in (*root.rglob("*"), root):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = _snapshot(root.parent)
    silo = Silo(str(root))
    for fichier in silo.list():
        with silo.spool(fichier) as flux:
            list(flux)
    for holder in HOLDERS:
        _open(silo, holder, 11)
    assert _snapshot(root.parent) == before
    root.chmod(0o755)


def test_the_pdf_of_a_real_flow_is_opened_where_it_lies(shared: Path, cache: Path) -> None:
    folder = shared / "pes" / "exemples" / "aller_avec_pj"
    silo = Silo(str(folder), cache=cache)
    opened = []
    for fichier in silo.list():
        data = (folder / fichier.chemin).read_bytes()
        for found in re.finditer(rb"<Fichier\b[^>]*>([^<]+)<", data):
            contenu = read_contenu(found[1])
            place = (found.start(1), len(found[1]))
            octets = open_pj(silo, fichier.chemin, "", *place, contenu.sha256)
            opened.append((contenu.etat.value, octets[:4]))
    assert set(opened) == {("ok", b"%PDF"), ("pas_base64", b"Ceci"), ("vide", b"")}
