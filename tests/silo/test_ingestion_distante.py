"""A whole ingestion of a silo far away: the same archive, whatever happens to the server."""

import gzip
import io
import logging
import shutil
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from fpdf import FPDF
from sqlalchemy import func, select

from orc.bootstrap import Orc, make_orc
from orc.errors import Unavailable
from orc.ingest.run import Bilan, ingest_silo, read_suivi
from orc.models import Ecriture, Fichier, PieceJustificative, Texte
from orc.remote import Acces
from orc.settings import Settings
from orc.silo import open_pj
from orc.silo.places import find_places
from scripts.recettes.serveur import Serveur
from tests.flows import UnePj, UnFlux, UnMandat
from tests.serveurs import Prive, start_private
from tests.silo.publish import Bucket, Folder, Place, make_sftp_acces
from tests.sql import prepare_data

TODAY = date(2026, 11, 1)
FLUX = 8


def _make_pdf(text: str) -> bytes:
    document = FPDF()
    document.set_font("helvetica", size=12)
    document.add_page()
    document.multi_cell(0, 8, text)
    return bytes(document.output())


def _make_flux(number: int) -> bytes:
    pjs = tuple(
        UnePj(f"PJ{number}x{n}", _make_pdf(f"Facture {number} numero {n} de la chaufferie."))
        for n in range(3)
    )
    mandats = tuple(UnMandat(f"{number}{n}", cite=(f"PJ{number}x{n}",)) for n in range(3))
    return UnFlux(mandats, pjs, bordereau=str(number), nom=f"FLUX{number}").make()


def _zip(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


@pytest.fixture(scope="module")
def flux(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight flows, plain and not, with odd names."""
    folder = tmp_path_factory.mktemp("flux")
    for number in range(FLUX):
        data = _make_flux(number)
        name = f"2023/n° {number} & été"
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if number % 4 == 1:
            path.with_suffix(".xml.gz").write_bytes(gzip.compress(data))
        elif number % 4 == 2:
            path.with_suffix(".zip").write_bytes(_zip("dépenses/a.xml", data))
        else:
            path.with_suffix(".xml").write_bytes(data)
    return folder


def _place(serveur: Serveur, folder: Path) -> Place:
    if serveur.name == "s3":
        place: Bucket | Folder = Bucket(serveur, "versement")
    else:
        acces = make_sftp_acces(serveur) if serveur.name == "sftp" else Acces()
        root = Path(serveur.details["root"]) / "f"
        place = Folder(root, f"{serveur.url.rstrip('/')}/f/", acces)
    place.publish(folder)
    return place


def _open_orc(tmp_path: Path, acces: Acces, **other: object) -> Orc:
    settings = Settings(
        data=str(prepare_data(tmp_path / "data")),
        workers=1,
        silo_s3_endpoint=acces.s3_endpoint,
        silo_s3_region=acces.s3_region,
        silo_s3_cle=acces.s3_cle,
        silo_s3_secret=acces.s3_secret,
        silo_sftp_cle=acces.sftp_cle,
        silo_sftp_known_hosts=acces.sftp_known_hosts,
        silo_secondes=1,
    )
    return make_orc(replace(settings, **other))


def _ingest(orc: Orc, place: Place) -> Bilan:
    return ingest_silo(orc, orc.engine, place.url, clore_passes=True, today=TODAY)


def _count(orc: Orc, *which: object) -> int:
    with orc.database.reading() as session:
        query = select(func.count()).select_from(Fichier).where(*which)
        return int(session.execute(query).scalar_one())


def _check_archive(orc: Orc, bilan: Bilan) -> None:
    """Everything is there, and every PJ opens."""
    assert (bilan.flux, bilan.pieces, bilan.pj) == (FLUX, 3 * FLUX, 3 * FLUX)
    assert bilan.quarantaine == 0
    assert bilan.cherchables == bilan.pieces
    with orc.database.reading() as session:
        assert set(session.scalars(select(Texte.etat))) == {"extrait"}
        for pj in session.scalars(select(PieceJustificative)):
            (place,) = find_places(session, pj.flux_id)
            silo = orc.open_silo(place.silo)
            found = open_pj(silo, place.chemin, place.membre, pj.debut, pj.longueur, pj.sha256)
            assert found.startswith(b"%PDF")


def _files(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.is_file()]


def test_the_archive_is_the_same_from_every_protocol(
    place: Place, root: Path, flux: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shutil.copytree(flux, root, dirs_exist_ok=True)
    place.publish(root)
    orc = _open_orc(tmp_path, place.acces)
    try:
        _check_archive(orc, _ingest(orc, place))
        assert _files(tmp_path / "data/cache/lecture") == []
        again = _ingest(orc, place)
        assert (again.fichiers_inchanges, again.fichiers_nouveaux) == (FLUX, 0)
        if place.url.startswith("memory"):  # which dates everything anew
            return
        _rename_and_change(place, root)
        third = _ingest(orc, place)
        assert (third.fichiers_nouveaux, third.fichiers_changes, third.fichiers_disparus) == (
            1,
            1,
            2,
        )
        assert third.flux == FLUX + 1
    finally:
        orc.close()
    if secret := place.acces.s3_secret:
        assert secret not in caplog.text
        for path in (tmp_path / "data").rglob("*"):
            assert not path.is_file() or secret.encode() not in path.read_bytes()


def _rename_and_change(place: Place, root: Path) -> None:
    """One renamed, one changed, one gone."""
    one, two, three = sorted(root.rglob("*.xml"))[:3]
    one.rename(one.with_name("autre nom.xml"))
    two.write_bytes(_make_flux(50))
    three.unlink()
    place.publish(root)


@contextmanager
def _killed_once_read(orc: Orc, own: Prive, *, back_after: float = 0) -> Iterator[None]:
    """The server is killed as soon as a file is read, and comes back so many seconds later."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            if read_suivi(orc.database).fichiers.faits:
                own.kill()
                if back_after:
                    over.wait(back_after)
                    own.start()
                    over.wait()  # a server dies with the thread that started it
                return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
        assert not own.alive or back_after
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("name", ["s3", "sftp"])
def test_a_server_that_dies_half_way_and_comes_back_is_read_to_the_end(
    name: str, flux: Path, tmp_path: Path
) -> None:
    with start_private(name) as own:
        place = _place(own.serveur, flux)
        orc = _open_orc(tmp_path, place.acces)
        before = own.serveur.pid
        try:
            with _killed_once_read(orc, own, back_after=1.0):
                _check_archive(orc, _ingest(orc, place))
            assert own.serveur.pid != before
        finally:
            orc.close()


def test_a_server_that_stays_away_leaves_the_rest_waiting_and_nothing_vanished(
    flux: Path, tmp_path: Path
) -> None:
    with start_private("s3") as own:
        place = _place(own.serveur, flux)
        orc = _open_orc(tmp_path, place.acces)
        refused = pytest.raises(Unavailable, match=r"pas allée à son terme.*fichiers à lire")
        with _killed_once_read(orc, own), refused:
            _ingest(orc, place)
        read = _count(orc, Fichier.etat == "lu")
        assert 0 < read < FLUX
        with pytest.raises(Unavailable, match="ne répond pas"):
            _ingest(orc, place)
        assert _count(orc, Fichier.etat == "lu", Fichier.disparu_le.is_(None)) == read
        assert _count(orc, Fichier.etat == "vu", Fichier.disparu_le.is_(None)) == FLUX - read
        orc.close()
        own.start()
        orc = _open_orc(tmp_path, place.acces)
        try:
            _check_archive(orc, _ingest(orc, place))
            with orc.database.reading() as session:
                acts = list(session.scalars(select(Ecriture.acte)))
            assert acts.count("ingestion") == FLUX
        finally:
            orc.close()
