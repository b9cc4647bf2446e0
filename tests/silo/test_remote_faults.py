"""Stores that fail, lie or refuse: never a wrong byte, and what to mend is said in French."""

import base64
import gzip
import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from orc.errors import Invalid, OrcError, Unavailable
from orc.remote import Acces, AccesRefuse, Injoignable
from orc.silo import FluxLocal, Silo, open_pj
from scripts.recettes.serveur import Serveur
from tests.proxy import Proxy
from tests.serveurs import start_private
from tests.silo.faulty import Faulty, stand_before
from tests.silo.publish import (
    PAUSES,
    Bucket,
    Folder,
    make_sftp_acces,
    open_bucket,
    open_served,
)

DOCUMENT = b"%PDF-1.4 " + os.urandom(300_000)
TEXT = base64.b64encode(gzip.compress(DOCUMENT))
XML = b"<PES><Fichier>" + TEXT + b"</Fichier></PES>"
PLACE = (XML.index(TEXT), len(TEXT), hashlib.sha256(DOCUMENT).hexdigest())
FILES = {"a.xml": XML, "b.xml.gz": gzip.compress(XML), "c.xml": b"<x/>"}
FAULTS = ("500", "cut", "half", "flip")


@pytest.fixture
def bucket(s3: Serveur) -> Iterator[Bucket]:
    with open_bucket(s3) as bucket:
        for name, data in FILES.items():
            bucket.put(name, data)
        yield bucket


@pytest.fixture
def faulty(s3: Serveur) -> Iterator[Faulty]:
    with stand_before(s3.url) as faulty:
        yield faulty


@pytest.fixture
def spoilt(bucket: Bucket, faulty: Faulty, tmp_path: Path) -> Silo:
    """The bucket, seen through the faulty server."""
    acces = replace(bucket.acces, s3_endpoint=faulty.url)
    return Silo(bucket.url, acces=acces, cache=tmp_path / "cache")


def _read(silo: Silo, chemin: str) -> bytes:
    """What a file of the silo gives to an ingestion."""
    with silo.spool(silo.find(chemin)) as flux:
        for one in flux:
            assert isinstance(one, FluxLocal), one
            data = one.chemin_local.read_bytes()
            assert one.sha256 == hashlib.sha256(data).hexdigest()
    return data


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("chemin", ["a.xml", "b.xml.gz"])
def test_a_spoilt_answer_is_seen_and_asked_again(
    spoilt: Silo, faulty: Faulty, fault: str, chemin: str
) -> None:
    faulty.spoil(fault, 1)
    assert _read(spoilt, chemin) == XML
    assert faulty.left == 0


@pytest.mark.parametrize("fault", ["500", "cut", "half"])
def test_a_pj_is_opened_although_the_store_stumbles(
    spoilt: Silo, faulty: Faulty, fault: str
) -> None:
    faulty.spoil(fault, 2)
    assert open_pj(spoilt, "a.xml", "", *PLACE) == DOCUMENT


@pytest.mark.parametrize("fault", ["flip", "half", "cut"])
def test_what_is_always_spoilt_is_never_taken_for_true(
    spoilt: Silo, faulty: Faulty, fault: str
) -> None:
    assert _read(spoilt, "c.xml") == b"<x/>"
    faulty.spoil(fault, 1_000_000)
    for chemin in ("a.xml", "b.xml.gz"):
        with pytest.raises(Injoignable):
            _read(spoilt, chemin)
    with pytest.raises(OrcError):
        open_pj(spoilt, "a.xml", "", *PLACE)


def test_a_store_that_is_down_says_so_and_is_tried_at_length_once(
    spoilt: Silo, faulty: Faulty
) -> None:
    faulty.spoil("500", 1_000_000)
    began = time.monotonic()
    with pytest.raises(Injoignable, match=r"ne répond pas.*500"):
        spoilt.read_range("a.xml", "", 0, 1)
    first = time.monotonic() - began
    with pytest.raises(Injoignable):
        spoilt.read_range("a.xml", "", 0, 1)
    assert time.monotonic() - began - first < first / 2
    assert first < 10


def test_a_store_that_says_nothing_is_not_waited_for_without_end(
    bucket: Bucket, s3: Serveur, tmp_path: Path
) -> None:
    with Proxy(s3.host, s3.port) as proxy:
        acces = replace(bucket.acces, s3_endpoint=f"http://127.0.0.1:{proxy.port}", secondes=1)
        silo = Silo(bucket.url, acces=acces, cache=tmp_path / "cache")
        assert silo.read_range("c.xml", "", 0, 4) == b"<x/>"
        proxy.freeze()
        began = time.monotonic()
        with pytest.raises(Injoignable, match="ne répond pas"):
            silo.read_range("c.xml", "", 0, 4)
        assert time.monotonic() - began < 12
        proxy.heal()
        assert silo.read_range("c.xml", "", 0, 4) == b"<x/>"


@pytest.mark.parametrize("name", ["s3", "sftp", "http"])
def test_connections_are_kept_between_readings(name: str, tmp_path: Path) -> None:
    with (
        start_private(name) as own,
        Proxy(own.serveur.host, own.serveur.port) as proxy,
    ):
        place = _publish(own.serveur, tmp_path)
        silo = _open_through(place, own.serveur, proxy.port, tmp_path)
        for _ in range(10):
            assert open_pj(silo, "a.xml", "", *PLACE) == DOCUMENT
        assert proxy.connections == 1


def _publish(serveur: Serveur, tmp_path: Path) -> Bucket | Folder:
    """The files on a server of the test's own."""
    flux = tmp_path / "flux"
    flux.mkdir()
    for name, data in FILES.items():
        (flux / name).write_bytes(data)
    if serveur.name == "s3":
        place: Bucket | Folder = Bucket(serveur)
    else:
        acces = make_sftp_acces(serveur) if serveur.name == "sftp" else Acces(pauses=PAUSES)
        folder = Path(serveur.details["root"]) / "f"
        place = Folder(folder, f"{serveur.url.rstrip('/')}/f/", acces)
    place.publish(flux)
    return place


def _open_through(place: Bucket | Folder, serveur: Serveur, port: int, tmp_path: Path) -> Silo:
    """The silo of this place, through another port of this machine."""
    acces, mine = replace(place.acces, secondes=2), f"127.0.0.1:{port}"
    if serveur.name == "s3":
        acces = replace(acces, s3_endpoint=f"http://{mine}")
    if serveur.name == "sftp":
        known = tmp_path / "known_hosts"
        text = Path(acces.sftp_known_hosts).read_text(encoding="ascii")
        known.write_text(text.replace(f":{serveur.port} ", f":{port} "), encoding="ascii")
        acces = replace(acces, sftp_known_hosts=str(known))
    url = place.url.replace(f"127.0.0.1:{serveur.port}", mine)
    return Silo(url, acces=acces, cache=tmp_path / "cache")


@pytest.mark.parametrize(
    ("url", "change", "says"),
    [
        ("s3://absent-{bucket}/", {}, "seau S3.*n’existe pas.*ORC_SILO_S3_ENDPOINT"),
        ("s3://{bucket}/", {"s3_secret": "faux-secret"}, "clé secrète.*ORC_SILO_S3_SECRET"),
        ("s3://{bucket}/", {"s3_cle": "inconnue"}, "clé d’accès.*ORC_SILO_S3_CLE"),
        ("s3://{bucket}/absent/", {}, "aucun objet sous ce dossier"),
        ("s3://{bucket}/", {"s3_endpoint": "http://127.0.0.1:9"}, "ne répond pas"),
    ],
)
def test_what_an_operator_has_to_mend_is_named(
    bucket: Bucket, tmp_path: Path, url: str, change: dict[str, str], says: str
) -> None:
    acces = replace(bucket.acces, **change)
    silo = Silo(url.format(bucket=bucket.bucket), acces=acces, cache=tmp_path / "cache")
    with pytest.raises(Unavailable, match=says) as refusal:
        list(silo.list())
    assert acces.s3_secret not in f"{refusal.value} {refusal.value.__cause__}"


def test_no_secret_is_shown_with_an_acces() -> None:
    secrets = {"s3_secret": "secret-1", "sftp_secret": "secret-2", "http_secret": "secret-3"}
    assert not any(secret in repr(Acces(**secrets)) for secret in secrets.values())


@pytest.fixture
def on_sftp(sftp: Serveur, tmp_path: Path) -> Iterator[Folder]:
    with open_served(sftp, sftp.url, make_sftp_acces(sftp)) as folder:
        (tmp_path / "flux").mkdir()
        for name, data in FILES.items():
            (tmp_path / "flux" / name).write_bytes(data)
        folder.publish(tmp_path / "flux")
        yield folder


def _list(url: str, acces: Acces, tmp_path: Path) -> None:
    list(Silo(url, acces=acces, cache=tmp_path / "cache").list())


def test_another_server_than_the_known_one_is_not_believed(
    on_sftp: Folder, sftp: Serveur, tmp_path: Path
) -> None:
    known = Path(sftp.details["known_hosts"]).read_text(encoding="ascii")
    other = tmp_path / "autre"
    other.write_text(known.split()[0] + " ssh-ed25519 " + "A" * 68 + "\n", encoding="ascii")
    empty = tmp_path / "vide"
    empty.touch()
    for path in (other, empty):
        acces = replace(on_sftp.acces, sftp_known_hosts=str(path))
        with pytest.raises(AccesRefuse, match=r"clé du serveur SFTP.*KNOWN_HOSTS"):
            _list(on_sftp.url, acces, tmp_path)


def test_without_known_hosts_nothing_is_opened(on_sftp: Folder, tmp_path: Path) -> None:
    for path in ("", str(tmp_path / "absent")):
        acces = replace(on_sftp.acces, sftp_known_hosts=path)
        with pytest.raises(Invalid, match="ORC_SILO_SFTP_KNOWN_HOSTS"):
            _list(on_sftp.url, acces, tmp_path)


def test_another_key_or_account_is_refused_in_words(
    on_sftp: Folder, sftp: Serveur, tmp_path: Path
) -> None:
    stranger = tmp_path / "etranger"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(stranger))
    locked = tmp_path / "verrouillee"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(
        str(locked), "pkcs8-pem", passphrase="phrase"
    )
    for key, says in ((stranger, "refuse ce compte"), (locked, "ne peut pas être lue")):
        acces = replace(on_sftp.acces, sftp_cle=str(key))
        with pytest.raises(AccesRefuse, match=says):
            _list(on_sftp.url, acces, tmp_path)
    with pytest.raises(AccesRefuse, match="refuse ce compte"):
        _list(on_sftp.url.replace(sftp.user, "inconnu"), on_sftp.acces, tmp_path)


def test_a_folder_that_is_not_there_is_not_an_empty_one(
    on_sftp: Folder, http_silo: Serveur, tmp_path: Path
) -> None:
    for url, acces in (
        (f"{on_sftp.url}absent", on_sftp.acces),
        (f"{http_silo.url}absent/", Acces()),
    ):
        with pytest.raises(Unavailable, match="n’a pas ce dossier"):
            _list(url, acces, tmp_path)


def test_a_web_silo_behind_a_password_takes_it_from_settings(
    http_silo: Serveur, tmp_path: Path
) -> None:
    good = Acces(http_utilisateur=http_silo.user, http_secret=http_silo.password)
    with open_served(http_silo, http_silo.details["prive"], good) as folder:
        (tmp_path / "flux").mkdir()
        (tmp_path / "flux" / "a.xml").write_bytes(XML)
        folder.publish(tmp_path / "flux")
        silo = Silo(folder.url, acces=good, cache=tmp_path / "cache")
        assert [f.chemin for f in silo.list()] == ["a.xml"]
        assert open_pj(silo, "a.xml", "", *PLACE) == DOCUMENT
        for bad in (Acces(), replace(good, http_secret="faux")):
            with pytest.raises(AccesRefuse, match="ORC_SILO_HTTP_SECRET"):
                _list(folder.url, bad, tmp_path)


def test_a_redirection_is_not_followed_with_our_secrets(http_silo: Serveur, tmp_path: Path) -> None:
    with open_served(http_silo, http_silo.url, Acces()) as folder:
        (tmp_path / "flux").mkdir()
        folder.publish(tmp_path / "flux")
        with stand_before(http_silo.url) as faulty:
            silo = Silo(f"{faulty.url}/", acces=Acces(http_secret="jeton"), cache=tmp_path / "c")
            (Path(http_silo.details["root"]) / folder.folder.name / "d.xml").mkdir()
            with pytest.raises(AccesRefuse, match="redirige"):
                silo.find(f"{folder.folder.name}/d.xml")


@pytest.mark.parametrize("name", ["s3", "sftp", "http"])
def test_a_server_killed_and_started_again_is_found_again(name: str, tmp_path: Path) -> None:
    with start_private(name) as own:
        place = _publish(own.serveur, tmp_path)
        acces = replace(place.acces, secondes=1)
        silo = Silo(place.url, acces=acces, cache=tmp_path / "cache")
        assert open_pj(silo, "a.xml", "", *PLACE) == DOCUMENT
        own.kill()
        with pytest.raises(Injoignable, match="ne répond pas"):
            list(silo.list())
        own.start()
        assert open_pj(silo, "a.xml", "", *PLACE) == DOCUMENT
        own.pause()
        with pytest.raises(Injoignable, match="ne répond pas"):
            open_pj(silo, "a.xml", "", *PLACE)
        own.resume()
        assert open_pj(silo, "a.xml", "", *PLACE) == DOCUMENT
