"""Texts and exports kept by key, on a local folder and on another address."""

import contextlib
import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import fsspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orc.errors import Invalid, NotFound, Unavailable
from orc.remote import Injoignable
from orc.storage import Storage
from scripts.recettes.serveur import Serveur
from tests.serveurs import s3
from tests.silo.faulty import stand_before
from tests.silo.publish import open_bucket

__all__ = ["s3"]

SHA = hashlib.sha256(b"document").hexdigest()
ANY_TEXT = st.text(st.characters(), max_size=200)  # lone surrogates too
same_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture(params=["local", "memory", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    if request.param == "local":
        yield Storage(f"file://{tmp_path}/textes")
        return
    if request.param == "s3":
        with open_bucket(request.getfixturevalue("s3"), "textes extraits") as bucket:
            yield Storage(bucket.url, acces=bucket.acces)
        return
    fsspec.filesystem("memory").store.clear()
    yield Storage("memory://textes")
    fsspec.filesystem("memory").store.clear()


@same_folder
@given(pages=st.lists(ANY_TEXT, max_size=6))
def test_pages_come_back_exactly_and_apart(storage: Storage, pages: list[str]) -> None:
    storage.put_pages(SHA, pages)
    assert storage.get_pages(SHA) == tuple(pages)


def test_form_feeds_and_empty_pages_are_kept(storage: Storage) -> None:
    for pages in ((), ("",), ("", ""), ("a\f", "\fb"), ("\ud800",), ("x" * 1_000_000, "")):
        storage.put_pages(SHA, pages)
        assert storage.get_pages(SHA) == pages


@same_folder
@given(key=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20))
def test_any_name_is_a_key_and_none_leaves_the_folder(storage: Storage, key: str) -> None:
    storage.put_bytes(key, key.encode())
    assert storage.get_bytes(key) == key.encode()
    assert key in list(storage.list_keys())
    storage.remove(key)
    assert list(storage.list_keys()) == []


@pytest.mark.parametrize("key", ["../../x", "/etc/x", ".", "..", "a/../b", "exports/2023 été.ods"])
def test_a_key_is_a_name_and_never_a_path(tmp_path: Path, key: str) -> None:
    folder = tmp_path / "textes"
    Storage(str(folder)).put_bytes(key, b"x")
    (file,) = (p for p in tmp_path.rglob("*") if p.is_file())
    assert file.parent.parent == folder


@pytest.mark.parametrize("key", ["", "a\0b", "a\nb", "x" * 161, "é" * 100, "\ud800"])
def test_an_impossible_key_is_refused(storage: Storage, key: str) -> None:
    with pytest.raises(Invalid):
        storage.put_bytes(key, b"x")


def test_a_digest_lies_in_the_folders_of_its_first_letters(tmp_path: Path) -> None:
    Storage(str(tmp_path)).put_pages(SHA, ["a"])
    assert (tmp_path / SHA[:3] / SHA).is_file()


def test_what_was_never_put_is_not_found(storage: Storage) -> None:
    assert not storage.exists(SHA)
    with pytest.raises(NotFound):
        storage.get_pages(SHA)
    with pytest.raises(NotFound):
        storage.get_bytes("absent")
    storage.remove(SHA)
    assert list(storage.list_keys()) == []


def test_what_is_removed_is_gone_and_may_come_back(storage: Storage) -> None:
    for data in (b"un", b"deux"):
        storage.put_bytes(SHA, data)
        assert storage.exists(SHA)
        assert storage.get_bytes(SHA) == data
        storage.remove(SHA)
        assert not storage.exists(SHA)


def test_the_last_one_put_replaces_the_others(storage: Storage) -> None:
    storage.put_pages(SHA, ["un", "deux"])
    storage.put_pages(SHA, ["trois"])
    storage.sync()
    assert storage.get_pages(SHA) == ("trois",)
    assert list(storage.list_keys()) == [SHA]


def test_bytes_are_not_taken_for_pages(storage: Storage) -> None:
    storage.put_bytes(SHA, b"x")
    with pytest.raises(Invalid):
        storage.get_pages(SHA)


@same_folder
@given(cut=st.integers(0, 300), mask=st.integers(0, 255), place=st.integers(0, 300))
def test_a_damaged_entry_is_told_and_never_read(
    tmp_path: Path, cut: int, mask: int, place: int
) -> None:
    storage = Storage(str(tmp_path))
    pages = ("première page", "x" * 500)
    storage.put_pages(SHA, pages)
    file = tmp_path / SHA[:3] / SHA
    data = bytearray(file.read_bytes())
    data[place % len(data)] ^= mask
    file.write_bytes(data[: len(data) - cut % len(data)])
    with contextlib.suppress(Invalid):
        assert storage.get_pages(SHA) == pages


@given(junk=st.binary(max_size=60))
@same_folder
def test_junk_in_the_place_of_an_entry_is_told(tmp_path: Path, junk: bytes) -> None:
    file = tmp_path / SHA[:3] / SHA
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(junk)
    with pytest.raises(Invalid):
        Storage(str(tmp_path)).get_pages(SHA)
    with pytest.raises(Invalid):
        Storage(str(tmp_path)).get_bytes(SHA)


def test_what_others_leave_there_is_not_a_key(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    storage.put_bytes("a", b"x")
    folder = next(p for p in tmp_path.rglob("*") if p.is_file()).parent
    for name in (".x.tmp", "autre", "%ZZ"):
        (folder / name).write_bytes(b"?")
    (tmp_path / "lost+found").mkdir()
    assert list(storage.list_keys()) == ["a"]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "textes").write_text("un fichier, pas un dossier")
    with pytest.raises(Unavailable):
        Storage(str(tmp_path / "textes")).put_bytes("a", b"x")


def test_a_folder_removed_meanwhile_is_made_again(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    storage.put_bytes(SHA, b"x")
    (tmp_path / SHA[:3] / SHA).unlink()
    (tmp_path / SHA[:3]).rmdir()
    storage.put_bytes(SHA, b"y")
    assert storage.get_bytes(SHA) == b"y"


def test_a_reader_never_sees_half_an_entry(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    texts = [(letter * 200_000,) for letter in "abcd"]
    storage.put_pages(SHA, texts[0])

    def write(text: tuple[str, ...]) -> None:
        for _ in range(30):
            storage.put_pages(SHA, text)

    def read(_rank: int) -> bool:
        return all(storage.get_pages(SHA) in texts for _ in range(60))

    with ThreadPoolExecutor(8) as pool:
        written = [pool.submit(write, text) for text in texts]
        assert all(pool.map(read, range(4)))
        assert [w.result() for w in written] == [None] * 4
    assert list(storage.list_keys()) == [SHA]


def test_an_unknown_address_is_refused_in_words() -> None:
    with pytest.raises(Unavailable, match="stockage"):
        Storage("inconnu://x")
    for url in ("s3://", "s3://cle:secret@seau/textes"):
        with pytest.raises(Invalid) as refusal:
            Storage(url)
        assert "secret@" not in str(refusal.value)


@pytest.mark.parametrize("fault", ["500", "cut", "half", "flip"])
def test_texts_on_s3_survive_answers_that_are_spoilt(s3: Serveur, fault: str) -> None:
    pages = ("première page " * 500, "deuxième")
    with open_bucket(s3) as bucket, stand_before(s3.url) as faulty:
        storage = Storage(bucket.url, acces=replace(bucket.acces, s3_endpoint=faulty.url))
        storage.put_pages(SHA, pages)
        faulty.spoil(fault, 1)
        assert storage.get_pages(SHA) == pages
        faulty.spoil(fault, 1_000_000)
        with pytest.raises((Unavailable, Invalid)):
            storage.get_pages(SHA)


def test_a_store_of_texts_that_is_away_is_unavailable_and_not_empty(s3: Serveur) -> None:
    with open_bucket(s3) as bucket:
        away = replace(bucket.acces, s3_endpoint="http://127.0.0.1:9")
        storage = Storage(bucket.url, acces=away)
        for attempt in (
            lambda: storage.put_pages(SHA, ["a"]),
            lambda: storage.get_pages(SHA),
            lambda: storage.exists(SHA),
            lambda: storage.remove(SHA),
            lambda: list(storage.list_keys()),
        ):
            with pytest.raises(Injoignable, match=r"stockage S3.*ne répond pas"):
                attempt()
        stranger = replace(bucket.acces, s3_secret="faux", prefixe="ORC_STORAGE")
        with pytest.raises(Unavailable, match="ORC_STORAGE_S3_SECRET"):
            Storage(bucket.url, acces=stranger).get_pages(SHA)


def test_many_write_and_read_texts_on_s3_at_once(s3: Serveur) -> None:
    with open_bucket(s3) as bucket:
        storage = Storage(bucket.url, acces=bucket.acces)
        keys = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(40)]

        def put(key: str) -> tuple[str, ...]:
            storage.put_pages(key, [key, "texte"])
            return storage.get_pages(key)

        with ThreadPoolExecutor(16) as pool:
            assert list(pool.map(put, keys)) == [(key, "texte") for key in keys]
        assert sorted(storage.list_keys()) == sorted(keys)
