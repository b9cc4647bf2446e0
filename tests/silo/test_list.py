"""What a silo shows, at every kind of address."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc.errors import Invalid, Unavailable
from orc.silo import FichierConnu, FichierDisparu, FichierVu, Genre, Silo, compare
from orc.silo.values import check_chemin, find_genre, name_of_text, text_of_name

Opener = Callable[..., Silo]


def _fill(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def test_files_come_in_order_with_their_size(open_silo: Opener, root: Path) -> None:
    names = ["2023/b.xml", "2023/a.xml", "2023-bis.zip", "z.XML.GZ", "notes.txt", "été n°1 #2?.xml"]
    _fill(root, *names)
    seen = list(open_silo().list())
    assert [f.chemin for f in seen] == sorted(names)
    assert all(f.taille == len(f.chemin.encode()) for f in seen)
    assert all(f.etag or f.mtime is not None for f in seen)


def test_a_listed_file_is_found_again_as_it_was_listed(open_silo: Opener, root: Path) -> None:
    _fill(root, "a b/é%20+&.xml")
    silo = open_silo()
    (seen,) = silo.list()
    found = silo.find(seen.chemin)
    assert (found.chemin, found.taille, found.etag) == (seen.chemin, seen.taille, seen.etag)
    assert silo.read_range(seen.chemin, "", 1, 3) == seen.chemin.encode()[1:4]


def test_hidden_and_unfinished_files_are_not_listed(open_silo: Opener, root: Path) -> None:
    _fill(root, ".cache/a.xml", ".b.xml", "c.xml.part", "d.TMP", "e.xml.filepart", "f.xml")
    assert [f.chemin for f in open_silo().list()] == ["f.xml"]


def test_an_empty_silo_is_not_a_missing_one(open_silo: Opener, root: Path) -> None:
    (root / "vide").mkdir()
    assert [f for f in open_silo().list() if f.genre in {Genre.XML, Genre.ZIP}] == []


def test_a_silo_that_is_not_there_says_so(tmp_path: Path) -> None:
    for url in (str(tmp_path / "rien"), "memory://rien", "http://127.0.0.1:9/silo"):
        with pytest.raises(Unavailable):
            list(Silo(url, cache=tmp_path / "cache").list())


def test_a_missing_file_is_named(open_silo: Opener, root: Path) -> None:
    _fill(root, "a.xml")
    silo = open_silo()
    for attempt in (
        lambda: silo.find("b.xml"),
        lambda: silo.read_range("b.xml", "", 0, 1),
        lambda: silo.read_range("b.xml.gz", "", 0, 1),
        lambda: silo.read_range("b.zip", "m.xml", 0, 1),
    ):
        with pytest.raises(FichierDisparu, match="b\\."):
            attempt()


@pytest.mark.parametrize(
    "chemin", ["../secret", "a/../../secret", "/etc/passwd", "", ".", "a//b", "a\0b", "./a", "lien"]
)
def test_no_path_leaves_the_silo(open_silo: Opener, root: Path, chemin: str) -> None:
    (root.parent / "secret").write_text("secret")
    (root / "lien").symlink_to(root.parent / "secret")
    silo = Silo(str(root), cache=root.parent / "cache") if chemin == "lien" else open_silo()
    with pytest.raises(Invalid):
        silo.read_range(chemin, "", 0, 6)
    with pytest.raises(Invalid):
        silo.find(chemin)


def test_links_out_of_the_silo_are_shown_and_not_followed(root: Path, cache: Path) -> None:
    (root.parent / "dehors").mkdir()
    _fill(root.parent / "dehors", "secret.xml")
    _fill(root, "vrai/a.xml")
    (root / "b.xml").symlink_to("vrai/a.xml")
    (root / "dossier").symlink_to(root.parent / "dehors")
    (root / "boucle").symlink_to(root)
    (root / "secret.xml").symlink_to(root.parent / "dehors" / "secret.xml")
    (root / "rompu.xml").symlink_to("absent.xml")
    seen = {f.chemin: f.genre for f in Silo(str(root), cache=cache).list()}
    assert seen == {
        "b.xml": Genre.XML,
        "vrai/a.xml": Genre.XML,
        "dossier": Genre.ILLISIBLE,
        "secret.xml": Genre.ILLISIBLE,
        "rompu.xml": Genre.ILLISIBLE,
    }


def test_a_pipe_is_shown_and_never_opened(root: Path, cache: Path) -> None:
    os.mkfifo(root / "a.xml")
    silo = Silo(str(root), cache=cache)
    assert [f.genre for f in silo.list()] == [Genre.ILLISIBLE]
    with pytest.raises(Invalid):
        silo.read_range("a.xml", "", 0, 1)


def test_a_name_in_another_encoding_can_be_stored_and_opened(root: Path, cache: Path) -> None:
    with open(os.fsencode(root) + b"/d\xe9pense.xml", "wb") as file:  # noqa: PTH123 - bytes name
        file.write(b"<x/>")
    silo = Silo(str(root), cache=cache)
    (seen,) = silo.list()
    assert seen.chemin.encode("utf-8")
    assert silo.read_range(seen.chemin, "", 0, 4) == b"<x/>"


@given(st.binary(min_size=1, max_size=20).filter(lambda b: b"/" not in b and b"\0" not in b))
def test_every_file_name_survives_being_text(raw: bytes) -> None:
    name = os.fsdecode(raw)
    assert name_of_text(text_of_name(name)) == name
    assert text_of_name(name).encode("utf-8")


@given(st.text(max_size=30))
def test_an_accepted_path_stays_under_the_root(chemin: str) -> None:
    try:
        check_chemin(chemin)
    except Invalid:
        return
    assert os.path.normpath("/racine/" + chemin) == "/racine/" + chemin


@pytest.mark.parametrize(
    ("chemin", "genre"),
    [
        ("a.XML", "xml"),
        ("a.xml.Gz", "xml_gz"),
        ("d/a.ZIP", "zip"),
        ("a.gz", "autre"),
        ("Clotures.csv", "clotures"),
        ("d/clotures.csv", "autre"),
        ("axml", "autre"),
    ],
)
def test_a_name_says_what_a_file_is(chemin: str, genre: str) -> None:
    assert find_genre(chemin) == genre


def test_a_folder_that_cannot_be_read_is_shown_and_loses_nothing(root: Path, cache: Path) -> None:
    _fill(root, "a/1.xml", "b/2.xml", "c.xml")
    silo = Silo(str(root), cache=cache)
    known = [FichierConnu(f.chemin, f.taille, f.etag, f.mtime) for f in silo.list()]
    deep = root / "b"
    for _ in range(70):  # deeper than the reading goes, whoever runs the test
        deep = deep / "d"
    deep.mkdir(parents=True)
    ecart = compare([*known, FichierConnu("b/" + "d/" * 69 + "x.xml", 1)], silo.list())
    assert [f.genre for f in ecart.illisibles] == [Genre.ILLISIBLE]
    assert ecart.disparus == ()
    assert len(ecart.inchanges) == 3


def test_the_address_of_a_silo_never_shows_its_password(tmp_path: Path) -> None:
    for url in (
        "http://moi:secret@h/x/",
        "https://secret@h/x/",
        "https://h/x/?jeton=secret",
        "s3://cle:secret@seau/x",
        "sftp://moi:secret@h/x",
    ):
        with pytest.raises(Invalid) as refusal:
            Silo(url, cache=tmp_path / "c")
        assert "secret" not in str(refusal.value)
    assert Silo("http://h/x/", cache=tmp_path / "c").url == "http://h/x"
    assert Silo(str(tmp_path), cache=tmp_path.parent / "c").url == f"file://{tmp_path}"
    assert Silo(f"file://{tmp_path}/", cache=tmp_path.parent / "c").url == f"file://{tmp_path}"


def test_a_cache_inside_the_silo_is_refused(root: Path) -> None:
    with pytest.raises(Invalid, match="cache"):
        Silo(str(root), cache=root / "cache")


def test_what_is_new_changed_gone_or_the_same_is_told_apart() -> None:
    known = [
        FichierConnu("date.xml", 5, "", 1.5),
        FichierConnu("etag.xml", 5, "a", 1.5),
        FichierConnu("gone.xml", 5, "", 1.0),
        FichierConnu("same.xml", 5, "", 1.5),
        FichierConnu("same_etag.xml", 5, "a", 1.5),
        FichierConnu("size.xml", 5, "a", 1.5),
        FichierConnu("unsaid.xml", 5, "", None),
    ]
    seen = [
        FichierVu("date.xml", 5, "", 2.5),
        FichierVu("etag.xml", 5, "b", 1.5),
        FichierVu("new.zip", 5),
        FichierVu("same.xml", 5, "", 1.5000001),
        FichierVu("same_etag.xml", 5, "a", 9.0),
        FichierVu("size.xml", 6, "a", 1.5),
        FichierVu("unsaid.xml", 5, "", 1.5),
        FichierVu("lisez-moi.txt", 3),
        FichierVu("clotures.csv", 3),
    ]
    ecart = compare(known, seen)
    assert [f.chemin for f in ecart.nouveaux] == ["new.zip"]
    assert [f.chemin for f in ecart.changes] == ["date.xml", "etag.xml", "size.xml", "unsaid.xml"]
    assert [f.chemin for f in ecart.disparus] == ["gone.xml"]
    assert [f.chemin for f in ecart.inchanges] == ["same.xml", "same_etag.xml"]
    assert [f.chemin for f in ecart.autres] == ["lisez-moi.txt"]


@given(st.lists(st.sampled_from("abcdef")), st.lists(st.sampled_from("abcdef")))
def test_every_flow_is_in_exactly_one_group(before: list[str], after: list[str]) -> None:
    known = [FichierConnu(f"{name}.xml", 1, "e") for name in before]
    seen = [FichierVu(f"{name}.xml", 1, "e") for name in sorted(set(after))]
    ecart = compare(known, seen)
    assert {f.chemin for f in (*ecart.nouveaux, *ecart.inchanges)} == {f.chemin for f in seen}
    assert {f.chemin for f in ecart.disparus} == {f.chemin for f in known} - {
        f.chemin for f in seen
    }
