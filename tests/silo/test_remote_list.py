"""What only stores far away do: pages of lists, odd keys, files that move while they are read."""

import errno
import gzip
import multiprocessing
import os
import shutil
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from orc.errors import Unavailable
from orc.remote import Acces, Injoignable
from orc.silo import FichierChange, FluxLocal, Genre, Silo
from orc.silo.faults import translated
from scripts.recettes.serveur import Serveur
from tests.silo.conftest import KINDS, Opener
from tests.silo.publish import Bucket, Place, make_sftp_acces, open_bucket, open_served


@pytest.fixture
def bucket(s3: Serveur) -> Iterator[Bucket]:
    with open_bucket(s3, "versé/2023") as bucket:
        yield bucket


def test_a_list_of_several_pages_is_whole_and_in_order(
    bucket: Bucket, s3: Serveur, tmp_path: Path
) -> None:
    names = [f"{n % 7}/flux-{n:05}.xml" for n in range(2_100)]
    # Straight into the folder that the server shows: asking it for each takes 20 s.
    folder = Path(s3.details["root"]) / bucket.bucket / bucket.prefix
    for name in (*names, "../2023-bis/a.xml"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"<x/>")
    silo = Silo(bucket.url, acces=bucket.acces, cache=tmp_path)
    assert [f.chemin for f in silo.list()] == sorted(names)
    shutil.rmtree(folder.parent)


def test_keys_that_are_no_paths_are_shown_and_never_opened(bucket: Bucket, tmp_path: Path) -> None:
    good = ["a b/é+%20&=?#.xml", "dossier.xml/b.xml", "z.xml"]
    for name in (*good, "dossier/", ".caché/c.xml", "d.xml.part", "x" * 200 + ".xml"):
        bucket.put(name, b"" if name.endswith("/") else b"<x/>")
    silo = Silo(bucket.url, acces=bucket.acces, cache=tmp_path)
    seen = list(silo.list())
    assert [f.chemin for f in seen if f.genre is Genre.XML] == sorted([*good, "x" * 200 + ".xml"])
    for f in seen:
        assert silo.read_range(f.chemin, "", 0, 4) == b"<x/>"


@pytest.mark.parametrize("place", KINDS[1:], indirect=True)  # a local one is read in place
def test_a_file_that_moves_between_the_list_and_its_reading_is_left_for_later(
    open_silo: Opener, place: Place, root: Path
) -> None:
    (root / "a.xml").write_bytes(b"<x>")
    (root / "b.xml.gz").write_bytes(gzip.compress(b"<x/>"))
    silo = open_silo()
    seen = list(silo.list())
    (root / "a.xml").write_bytes(b"<x>et la suite arrive</x>")
    (root / "b.xml.gz").write_bytes(gzip.compress(b"<y>autre</y>"))
    place.publish(root)
    for fichier in seen:
        with pytest.raises(FichierChange, match="en cours d’écriture"), silo.spool(fichier) as flux:
            list(flux)


def test_links_of_an_sftp_server_are_shown_and_not_followed(
    sftp: Serveur, root: Path, tmp_path: Path
) -> None:
    (root / "a.xml").write_bytes(b"<x/>")
    with open(os.fsencode(root) + b"/d\xe9pense.xml", "wb") as file:  # noqa: PTH123 - bytes name
        file.write(b"<x/>")
    with open_served(sftp, sftp.url, make_sftp_acces(sftp)) as folder:
        folder.publish(root)
        (folder.folder / "passwd.xml").symlink_to("/etc/passwd")
        (folder.folder / "boucle").symlink_to(folder.folder)
        silo = Silo(folder.url, acces=folder.acces, cache=tmp_path / "cache")
        seen = {f.chemin: f for f in silo.list()}
        shown = [f.chemin for f in seen.values() if f.genre is Genre.ILLISIBLE]
        assert shown == ["boucle", "passwd.xml"]
        assert len(seen) == 4
        for f in seen.values():
            if f.genre is Genre.XML:
                assert f.chemin.encode("utf-8")
                assert silo.read_range(f.chemin, "", 0, 4) == b"<x/>"


def test_a_folder_that_may_not_be_read_hides_nothing_else(
    sftp: Serveur, http_silo: Serveur, root: Path, tmp_path: Path
) -> None:
    (root / "ouvert").mkdir()
    (root / "ferme").mkdir()
    (root / "ouvert/a.xml").write_bytes(b"<x/>")
    (root / "ferme/b.xml").write_bytes(b"<x/>")
    for serveur, acces in ((sftp, make_sftp_acces(sftp)), (http_silo, Acces())):
        with open_served(serveur, serveur.url, acces) as folder:
            folder.publish(root)
            (folder.folder / "ferme").chmod(0o700)
            silo = Silo(folder.url, acces=folder.acces, cache=tmp_path / "cache")
            seen = {f.chemin: f.genre for f in silo.list()}
            assert seen == {"ferme": Genre.ILLISIBLE, "ouvert/a.xml": Genre.XML}


def test_the_room_for_reading_is_bounded_and_given_back(bucket: Bucket, tmp_path: Path) -> None:
    for number in range(4):
        bucket.put(f"{number}.xml", b"<x>" + os.urandom(300_000).hex().encode() + b"</x>")
    place = tmp_path / "lecture"
    silo = Silo(
        bucket.url,
        acces=bucket.acces,
        cache=tmp_path / "c",
        lecture=place,
        limite_lecture=1_500_000,
    )
    for fichier in silo.list():
        with silo.spool(fichier) as flux:
            for one in flux:
                assert isinstance(one, FluxLocal)
                assert _measure(place) <= 1_500_000
    assert 0 < _measure(place) <= 1_500_000
    silo.forget_lecture()
    assert _measure(place) == 0
    small = Silo(
        bucket.url, acces=bucket.acces, cache=tmp_path / "c", lecture=place, limite_lecture=500_000
    )
    with pytest.raises(Unavailable, match="ORC_SILO_LECTURE_OCTETS"):
        _read_first(small)


def test_room_that_others_take_is_waited_for(bucket: Bucket, tmp_path: Path) -> None:
    """Nothing is wrong with the file: it goes to no quarantine."""
    for number in range(2):
        bucket.put(f"{number}.xml", b"<x>" + os.urandom(300_000).hex().encode() + b"</x>")
    silo = Silo(bucket.url, acces=bucket.acces, cache=tmp_path / "c", limite_lecture=1_000_000)
    first, second = silo.list()
    with silo.spool(first) as flux:
        next(flux)
        with pytest.raises(Injoignable, match="ORC_SILO_LECTURE_OCTETS"), silo.spool(second) as two:
            list(two)
    with silo.spool(second) as two:
        assert len(list(two)) == 1


def test_a_working_folder_without_room_says_nothing_of_the_file() -> None:
    with pytest.raises(Injoignable, match="plus de place"), translated("a.xml"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _read_first(silo: Silo) -> None:
    with silo.spool(next(iter(silo.list()))) as flux:
        list(flux)


def _measure(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_what_a_killed_process_left_goes_when_the_next_one_opens(
    bucket: Bucket, tmp_path: Path
) -> None:
    bucket.put("a.xml", b"<x/>" * 100_000)
    place = tmp_path / "lecture"
    context = multiprocessing.get_context("spawn")
    reader, writer = context.Pipe()
    process = context.Process(target=_read_and_wait, args=(bucket.url, bucket.acces, place, writer))
    process.start()
    assert reader.recv() == 400_000
    process.kill()
    process.join()
    assert _measure(place) == 400_000
    for folder in place.glob("flux-*"):  # a minute later
        os.utime(folder, (time.time() - 120,) * 2)
    Silo(bucket.url, acces=bucket.acces, cache=tmp_path / "c", lecture=place)
    assert _measure(place) == 0


def _read_and_wait(url: str, acces: Acces, place: Path, said: Connection) -> None:
    silo = Silo(url, acces=acces, lecture=place)
    with silo.spool(next(iter(silo.list()))) as flux:
        for one in flux:
            assert isinstance(one, FluxLocal)
            said.send(one.chemin_local.stat().st_size)
            time.sleep(60)
