"""Flows laid down as local XML, from every container, and hostile ones refused in words."""

import contextlib
import gzip
import hashlib
import io
import os
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc.errors import Invalid
from orc.silo import FichierDisparu, FluxLocal, FluxRefuse, Silo
from orc.silo.containers import CHUNK, gunzip

Opener = Callable[..., Silo]
XML = b"<?xml version='1.0'?><PES>" + b"<a>b</a>" * 5000 + os.urandom(1_500_000).hex().encode()
BOMB = gzip.compress(bytes(80_000_000))
XML_GZ = gzip.compress(XML, 1)
SHA = hashlib.sha256(XML).hexdigest()


def _read(silo: Silo) -> list[tuple[str, str, bytes | str]]:
    """Every flow of the silo: its file, its member, its bytes, or why it is refused."""
    found: list[tuple[str, str, bytes | str]] = []
    for fichier in silo.list():
        with silo.spool(fichier) as flux:
            for un in flux:
                if isinstance(un, FluxRefuse):
                    found.append((un.chemin, un.membre, str(un.erreur)))
                    continue
                data = un.chemin_local.read_bytes()
                assert (un.taille, un.sha256) == (len(data), hashlib.sha256(data).hexdigest())
                found.append((un.chemin, un.membre, data))
    return found


def _zip(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return path


def _patch(path: Path, header: bytes, at: int, value: bytes) -> None:
    """Change every header of this kind in a .zip."""
    data, start = bytearray(path.read_bytes()), 0
    while (found := data.find(header, start)) >= 0:
        data[found + at : found + at + len(value)] = value
        start = found + 4
    path.write_bytes(data)


def test_a_flow_has_one_identity_whatever_holds_it(open_silo: Opener, root: Path) -> None:
    (root / "a.xml").write_bytes(XML)
    (root / "b.xml.gz").write_bytes(XML_GZ)
    _zip(root / "c.zip", {"d/un.xml": XML, "deux.XML": XML}, zipfile.ZIP_STORED)
    silo = open_silo()
    assert _read(silo) == [
        ("a.xml", "", XML),
        ("b.xml.gz", "", XML),
        ("c.zip", "d/un.xml", XML),
        ("c.zip", "deux.XML", XML),
    ]


def test_a_plain_local_flow_is_read_in_place(root: Path, cache: Path) -> None:
    (root / "a.xml").write_bytes(XML)
    silo = Silo(str(root), cache=cache)
    with silo.spool(silo.find("a.xml")) as flux:
        assert list(flux) == [FluxLocal("a.xml", "", root / "a.xml", SHA, len(XML))]
    assert not cache.exists()


def test_nothing_of_a_spooled_flow_stays_behind(open_silo: Opener, root: Path, cache: Path) -> None:
    (root / "b.xml.gz").write_bytes(XML_GZ)
    _zip(root / "c.zip", {"un.xml": XML, "deux.xml": b"<x/>"})
    silo = open_silo()
    for fichier in silo.list():
        with silo.spool(fichier) as flux:
            next(flux)  # and the reader stops there
    assert list((cache / "lecture").iterdir()) == []


def test_what_a_killed_reader_left_is_removed_later(root: Path, cache: Path) -> None:
    for name, age in (("flux-vieux", 3 * 86400), ("flux-neuf", 0)):
        folder = cache / "lecture" / name
        folder.mkdir(parents=True)
        (folder / "flux.xml").write_bytes(b"x")
        os.utime(folder, (time.time() - age,) * 2)
    Silo(str(root), cache=cache)
    assert [p.name for p in (cache / "lecture").iterdir()] == ["flux-neuf"]


def test_what_is_left_is_told_from_what_is_read_whatever_process_does_it(
    open_silo: Opener, root: Path, cache: Path
) -> None:
    """Containers that share a folder have the same number, and do not see one another."""
    (root / "a.xml.gz").write_bytes(XML_GZ)
    lecture = cache / "lecture"
    left = lecture / f"flux-{os.getpid()}-mort"
    silo = open_silo()
    left.mkdir(parents=True)
    with silo.spool(silo.find("a.xml.gz")) as flux:
        next(flux)
        (read,) = set(lecture.glob("flux-*")) - {left}
        stranger = read.rename(lecture / "flux-999999999-lu")
        for folder in (left, stranger):
            os.utime(folder, (time.time() - 3600,) * 2)
        Silo(str(root), cache=cache)
        assert list(lecture.glob("flux-*")) == [stranger]
        stranger.rename(read)


def test_a_zip_gives_its_good_members_whatever_the_others(open_silo: Opener, root: Path) -> None:
    inner = _zip(root.parent / "inner.zip", {"x.xml": b"<x/>"}).read_bytes()
    members = {
        "../../evasion.xml": b"<a/>",
        "/etc/cron.xml": b"<b/>",
        "C:\\w.xml": b"<c/>",
        "imbrique.zip": inner,
        "lisez-moi.txt": b"?",
        "__MACOSX/._a.xml": b"?",
        "d/": b"",
        ".cache/e.xml": b"?",
        "fin.xml": b"<f/>",
    }
    _zip(root / "c.zip", members)
    found = {membre: data for _, membre, data in _read(open_silo())}
    assert set(found) == {*members} - {"__MACOSX/._a.xml", "d/", ".cache/e.xml"}
    assert found["../../evasion.xml"] == b"<a/>"
    assert found["/etc/cron.xml"] == b"<b/>"
    assert found["fin.xml"] == b"<f/>"
    assert found["imbrique.zip"] == (
        "Une archive dans une archive n’est pas lue. (c.zip : imbrique.zip)"
    )
    assert "n’est pas un flux XML" in str(found["lisez-moi.txt"])
    assert not (root.parent / "evasion.xml").exists()


def test_an_encrypted_member_is_named_and_the_others_are_read(root: Path, cache: Path) -> None:
    path = _zip(root / "c.zip", {"secret.xml": b"<s/>"})
    for header, at in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        _patch(path, header, at, b"\1\0")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("clair.xml", b"<c/>")
    secret, clair = _read(Silo(str(root), cache=cache))
    assert secret[2] == "Ce membre est chiffré : il ne peut pas être lu. (c.zip : secret.xml)"
    assert clair == ("c.zip", "clair.xml", b"<c/>")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_both_read(root: Path, cache: Path) -> None:
    with zipfile.ZipFile(root / "c.zip", "w") as archive:
        archive.writestr("a.xml", b"<un/>")
        archive.writestr("a.xml", b"<deux/>")
    silo = Silo(str(root), cache=cache)
    assert _read(silo) == [("c.zip", "a.xml", b"<un/>"), ("c.zip", "a.xml#2", b"<deux/>")]
    assert silo.read_range("c.zip", "a.xml", 0, 5) == b"<un/>"
    assert silo.read_range("c.zip", "a.xml#2", 0, 7) == b"<deux/>"


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_member_is_refused_with_its_name(root: Path, cache: Path, method: int) -> None:
    path = _zip(root / "c.zip", {"abime.xml": XML[:500_000], "sain.xml": b"<s/>"}, method)
    data = bytearray(path.read_bytes())
    data[1000:1100] = bytes(100)
    path.write_bytes(data)
    abime, sain = _read(Silo(str(root), cache=cache))
    assert "abîmée" in str(abime[2])
    assert "c.zip" in str(abime[2])
    assert sain == ("c.zip", "sain.xml", b"<s/>")


def test_a_gzip_bomb_is_refused_in_words(open_silo: Opener, root: Path) -> None:
    (root / "bombe.xml.gz").write_bytes(BOMB)
    ((_, _, motif),) = _read(open_silo())
    assert "décompressé dépasse" in str(motif)
    assert "bombe.xml.gz" in str(motif)


def test_a_zip_bomb_is_refused_and_the_others_are_read(root: Path, cache: Path) -> None:
    _zip(root / "c.zip", {"bombe.xml": bytes(100_000_000), "sain.xml": b"<s/>"})
    bombe, sain = _read(Silo(str(root), cache=cache))
    assert "décompressé dépasse" in str(bombe[2])
    assert sain[2] == b"<s/>" or "sans fin" in str(sain[2])


def test_members_that_overlap_do_not_multiply(root: Path, cache: Path) -> None:
    """A thousand names for one compressed block: together they are bounded."""
    body = zlib.compress(bytes(30_000_000), 9)[2:-4]
    crc = zlib.crc32(bytes(30_000_000))
    sizes = struct.pack("<III", crc, len(body), 30_000_000)
    local = b"PK\3\4" + struct.pack("<HHHHH", 20, 0, 8, 0, 0) + sizes
    start = local + struct.pack("<HH", 5, 0) + b"a.xml" + body
    entry = b"PK\1\2" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0) + sizes
    entry += struct.pack("<HHHHHII", 5, 0, 0, 0, 0, 0, 0) + b"a.xml"
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1000, 1000, len(entry) * 1000, len(start), 0)
    (root / "c.zip").write_bytes(start + entry * 1000 + end)
    started = time.monotonic()
    silo = Silo(str(root), cache=cache)
    with silo.spool(silo.find("c.zip")) as flux:
        read = [un.taille for un in flux if isinstance(un, FluxLocal)]
    assert sum(read) <= 64 * 1024**2
    assert time.monotonic() - started < 20


def test_a_list_of_members_beyond_measure_is_refused(root: Path, cache: Path) -> None:
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, 40_000_000, 0, 0)
    (root / "c.zip").write_bytes(bytes(40_000_000) + end)
    ((_, _, motif),) = _read(Silo(str(root), cache=cache))
    assert "démesurée" in str(motif)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.xml.gz", b""),
        ("a.xml.gz", b"<xml/>"),
        ("a.xml.gz", XML_GZ[:-100]),
        ("a.xml.gz", XML_GZ[:-8] + bytes(8)),
        ("a.zip", b""),
        ("a.zip", b"PK\3\4"),
        ("a.zip", b"PK\5\6" + b"\xff" * 18),
    ],
)
def test_a_damaged_container_is_refused_with_its_name(
    open_silo: Opener, root: Path, name: str, data: bytes
) -> None:
    (root / name).write_bytes(data)
    ((chemin, membre, motif),) = _read(open_silo())
    assert (chemin, membre) == (name, "")
    assert name in str(motif)


def test_a_flow_beyond_the_limit_is_refused(open_silo: Opener, root: Path) -> None:
    (root / "a.xml").write_bytes(bytes(2_000_001))
    (root / "b.xml.gz").write_bytes(gzip.compress(bytes(2_000_001)))
    (root / "c.xml").write_bytes(bytes(2_000_000))
    found = _read(open_silo(limite_flux=2_000_000))
    assert [isinstance(data, bytes) for _, _, data in found] == [False, False, True]


def test_a_file_that_vanished_before_its_reading_is_named(open_silo: Opener, root: Path) -> None:
    (root / "a.xml.gz").write_bytes(gzip.compress(b"<x/>"))
    silo = open_silo()
    gone = silo.find("a.xml.gz").__class__("b.xml.gz", 10)
    with pytest.raises(FichierDisparu, match=r"b\.xml\.gz"), silo.spool(gone) as flux:
        list(flux)


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=3), st.binary(max_size=3))
def test_every_member_of_a_gzip_is_read(parts: list[bytes], padding: bytes) -> None:
    data = b"".join(gzip.compress(part) for part in parts) + padding.replace(b"\x1f", b"")
    for taille in (len(data), 1 << 30):  # small ones at once, large ones as they come
        assert b"".join(gunzip(io.BytesIO(data), taille)) == b"".join(parts)


@given(st.binary(max_size=200))
def test_no_bytes_make_gunzip_fail_otherwise_than_in_words(data: bytes) -> None:
    for taille in (len(data), 1 << 30):
        with contextlib.suppress(Invalid):
            list(gunzip(io.BytesIO(b"\x1f\x8b\x08" + data), taille))


def test_a_content_of_whole_chunks_is_read_to_its_end() -> None:
    data = bytes(3 * CHUNK)
    assert b"".join(gunzip(io.BytesIO(gzip.compress(data)), 1 << 30)) == data
