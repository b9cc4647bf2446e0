"""Scans of a silo become findable: in the background or by `orc ocr`, each page read once."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from orc.access import Clearance
from orc.bootstrap import Orc, make_orc, start_work
from orc.domain import Domaine
from orc.errors import Forbidden, Invalid, Unavailable
from orc.index.fields import Genre
from orc.ingest.ocr.documents import count_waiting
from orc.ingest.ocr.run import oceriser_all, redo_pages
from orc.models import LecturePage, Piece, PieceJustificative, Texte
from orc.search.not_searched import find_not_searched
from orc.search.open_pj import get_pj
from orc.settings import Settings
from tests.faults.orc_dehors import finish, start
from tests.flows import UnePj, UnFlux, UnMandat
from tests.ingest.test_ingestion import CLOTURES, ingest, search, see
from tests.scans import LIGNES, make_blank, make_mixed_pdf, make_scan, make_scan_pdf, print_page
from tests.serveurs import Serveur

NIR = "1 85 05 78 006 084 91"
COURTES = ("Devis de la scierie", "Planches de mélèze", "Signé le 4 mai")
Ouvrir = Callable[..., Orc]


@pytest.fixture
def silo(tmp_path: Path) -> Path:
    folder = tmp_path / "silo"
    folder.mkdir()
    (folder / "clotures.csv").write_text(CLOTURES)
    return folder


@pytest.fixture
def ouvrir(tmp_path: Path, tesseract: Serveur) -> Iterator[Ouvrir]:
    """`ouvrir(ocr_dpi=…)`: an ORC on the same data each time, with tesseract's data."""
    opened: list[Orc] = []

    def open_one(**settings: object) -> Orc:
        if opened:
            opened.pop().close()
        given = {"ocr_tessdata": tesseract.url, "ocr_dpi": 150, "workers": 1} | settings
        opened.append(make_orc(Settings(data=str(tmp_path / "data"), **given)))  # type: ignore[arg-type]  # settings by name
        return opened[-1]

    yield open_one
    for orc in opened:
        orc.close()


@pytest.fixture
def orc(ouvrir: Ouvrir) -> Orc:
    return ouvrir()


def send(silo: Path, *documents: tuple[str, bytes]) -> None:
    """A flow with these PJ, all cited by mandat 1."""
    pjs = tuple(UnePj(nom.split(".")[0], octets, nom) for nom, octets in documents)
    mandat = UnMandat("1", cite=tuple(pj.id_unique for pj in pjs))
    (silo / "flux.xml").write_bytes(UnFlux((mandat,), pjs).make())


def get_texte(orc: Orc, nom: str) -> Texte:
    with orc.database.reading() as session:
        query = select(Texte).join(PieceJustificative, PieceJustificative.sha256 == Texte.sha256)
        found = session.scalars(query.where(PieceJustificative.nom == nom)).one()
        session.expunge_all()
        return found


def find_lectures(orc: Orc) -> list[LecturePage]:
    with orc.database.reading() as session:
        found = list(session.scalars(select(LecturePage).order_by(LecturePage.page)))
        session.expunge_all()
        return found


def read_etats_left_out(orc: Orc, clearance: Clearance) -> int:
    with orc.database.reading() as session:
        return find_not_searched(session, orc.engine, clearance=clearance).a_oceriser


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_scan_is_found_by_its_words_once_it_was_read(silo: Path, orc: Orc) -> None:
    send(silo, ("devis.pdf", make_scan_pdf(make_scan(COURTES))))
    ingest(orc, silo)
    clearance = see(orc)
    assert search(orc, "mélèze", clearance=clearance) == 0
    assert read_etats_left_out(orc, clearance) == 1
    assert search(orc, "etat_texte:a_oceriser", clearance=clearance) == 1
    with orc.database.reading() as session:
        tour = session.scalar(select(Piece.tour))
    bilan = oceriser_all(orc)
    assert (bilan.documents, bilan.pages, bilan.restants, bilan.echecs) == (1, 1, 0, 0)
    assert search(orc, "mélèze", clearance=clearance) == 1
    assert search(orc, "mélèze qualite:>80", clearance=clearance) == 1
    assert search(orc, "qualite:<60", clearance=clearance) == 0
    assert read_etats_left_out(orc, clearance) == 0
    texte = get_texte(orc, "devis.pdf")
    assert (texte.etat, texte.extracteur, texte.pages_a_oceriser) == ("extrait", "tesseract", "")
    assert texte.qualite is not None
    assert texte.qualite > 80
    with orc.database.reading() as session:
        assert session.scalar(select(Piece.tour)) == tour + 1
    assert oceriser_all(orc).documents == 0


def test_only_the_pages_that_are_images_are_read(silo: Path, orc: Orc) -> None:
    printed = "Convention de mise à disposition de la salle des fêtes du bourg"
    octets = make_mixed_pdf(printed, make_scan(COURTES), "Reçu en préfecture")
    send(silo, ("convention.pdf", octets))
    ingest(orc, silo)
    assert get_texte(orc, "convention.pdf").motif == "1 page(s) sur 3 attendent l’OCR."
    clearance = see(orc)
    assert search(orc, "convention bourg", clearance=clearance) == 1
    assert read_etats_left_out(orc, clearance) == 1
    oceriser_all(orc)
    assert read_etats_left_out(orc, clearance) == 0
    assert [page.page for page in find_lectures(orc)] == [2]
    texte = get_texte(orc, "convention.pdf")
    assert (texte.etat, texte.motif, texte.nb_pages) == ("extrait", "", 3)
    assert texte.extracteur == "pypdfium2+tesseract"
    pages = orc.storage.get_pages(texte.sha256)
    assert pages[0] == pages[2]
    assert "préfecture" in pages[1]
    assert pages[1].count("préfecture") == 1
    for mots in ("mélèze", "préfecture scierie"):
        assert search(orc, mots, clearance=clearance) == 1


def test_blank_pages_and_pages_without_words_are_told_apart(silo: Path, orc: Orc) -> None:
    blank = make_scan_pdf(make_blank(), make_blank())
    mixed = make_scan_pdf(make_blank(), make_scan(COURTES))
    send(silo, ("blanc.pdf", blank), ("devis.pdf", mixed))
    ingest(orc, silo)
    oceriser_all(orc)
    texte = get_texte(orc, "blanc.pdf")
    assert (texte.etat, texte.motif) == ("sans_texte", "Le document numérisé est blanc.")
    assert texte.qualite is None
    texte = get_texte(orc, "devis.pdf")
    assert (texte.etat, texte.motif) == ("extrait", "Page 1 blanche.")


def test_a_nir_that_only_ocr_shows_closes_the_original(silo: Path, orc: Orc) -> None:
    lignes = ("Fiche de paie", f"Numéro de sécurité sociale {NIR}", "Agent : Zoé Martin")
    pj = UnePj("fiche", make_scan_pdf(make_scan(lignes)), "fiche.pdf")
    flux = UnFlux((UnMandat("1", cite=("fiche",)), UnMandat("2", nature="11")), (pj,))
    (silo / "flux.xml").write_bytes(flux.make())
    ingest(orc, silo)
    clearance = see(orc)
    oceriser_all(orc)
    with orc.database.reading() as session:
        pj_id = session.scalars(select(PieceJustificative.id)).one()
        seen = get_pj(session, pj_id, clearance=clearance)
        reserved = get_pj(session, pj_id, clearance=see(orc, Domaine.PAIE))
    assert seen.nir
    assert isinstance(seen.original, Forbidden)
    assert reserved.original is None
    assert search(orc, "martin", clearance=clearance) == 1
    for mot in ("084", "185057800608491", f'"{NIR}"'):
        assert search(orc, mot, clearance=clearance) == 0
    kept = orc.storage.get_bytes(f"ocr-{seen.sha256}-1").decode("latin-1")
    assert "084" not in kept


def test_without_tesseract_scans_wait_and_nothing_breaks(
    silo: Path, ouvrir: Ouvrir, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    send(silo, ("devis.pdf", make_scan_pdf(make_scan(COURTES))))
    orc = ouvrir(ocr_tessdata=str(tmp_path))
    start_work(orc)
    ingest(orc, silo)
    ingest(orc, silo)
    assert get_texte(orc, "devis.pdf").etat == "a_oceriser"
    with pytest.raises(Unavailable, match="apt-get install tesseract-ocr"):
        oceriser_all(orc)
    said = [r.message for r in caplog.records if "océriser" in r.message]
    assert len(said) == 1
    orc = ouvrir()  # installed meanwhile
    assert oceriser_all(orc).documents == 1
    assert search(orc, "mélèze") == 1


@pytest.mark.parametrize("choix", ["non", "peut-être"])
def test_ocr_may_be_switched_off(silo: Path, ouvrir: Ouvrir, choix: str) -> None:
    send(silo, ("devis.pdf", make_scan_pdf(make_scan(COURTES))))
    orc = ouvrir(ocr=choix)
    ingest(orc, silo)
    with pytest.raises(Unavailable if choix == "non" else Invalid, match="ORC_OCR"):
        oceriser_all(orc)


def test_the_web_reads_scans_in_the_background_and_an_ingestion_does_not_wait(
    silo: Path, ouvrir: Ouvrir
) -> None:
    send(silo, ("devis.pdf", make_scan_pdf(make_scan(COURTES), make_scan(LIGNES))))
    orc = ouvrir()
    ingest(orc, silo)
    assert count_waiting(orc.database).pages == 2
    assert find_lectures(orc) == []
    orc = ouvrir()
    start_work(orc)
    orc.tasks.wait()  # the work of an ingestion: it does not last as long as the scans
    wait_until(lambda: not count_waiting(orc.database).documents)
    wait_until(lambda: search(orc, "mélèze") == 1)


def test_scans_that_arrive_while_the_web_works_are_read_too(silo: Path, orc: Orc) -> None:
    start_work(orc)
    send(silo, ("devis.pdf", make_scan_pdf(make_scan(COURTES))))
    ingest(orc, silo)
    wait_until(lambda: not count_waiting(orc.database).documents)
    wait_until(lambda: search(orc, "mélèze") == 1)


def test_scans_that_another_process_brings_are_read_by_the_web_that_is_open(
    silo: Path, tmp_path: Path, orc: Orc
) -> None:
    start_work(orc)
    send(silo, ("devis.pdf", make_scan_pdf(make_scan(COURTES))))
    done = finish(start(tmp_path / "data", "ingest", env={"ORC_SILO": str(silo)}))
    assert done.code == 0, done.err
    assert count_waiting(orc.database).documents == 1
    orc.ronde.look_wider()
    wait_until(lambda: not count_waiting(orc.database).documents)
    wait_until(lambda: search(orc, "mélèze") == 1)


def test_a_stop_in_the_middle_of_a_page_is_quick_and_loses_nothing(
    silo: Path, ouvrir: Ouvrir
) -> None:
    send(silo, ("devis.pdf", make_scan_pdf(*[make_scan(LIGNES)] * 4)))
    orc = ouvrir()
    ingest(orc, silo)
    orc = ouvrir()
    start_work(orc)
    wait_until(lambda: len(find_lectures(orc)) >= 1)
    begun = time.monotonic()
    orc = ouvrir()
    assert time.monotonic() - begun < 15
    done = {page.page: page.quand for page in find_lectures(orc)}
    assert 1 <= len(done) < 4
    assert oceriser_all(orc).pages == 4 - len(done)
    again = {page.page: page.quand for page in find_lectures(orc)}
    assert {page: again[page] for page in done} == done
    assert search(orc, "lavoir") == 1


def test_killed_in_the_middle_it_resumes_at_the_next_page(
    silo: Path, ouvrir: Ouvrir, tmp_path: Path, tesseract: Serveur
) -> None:
    send(silo, ("devis.pdf", make_scan_pdf(*[make_scan(LIGNES)] * 4)))
    ingest(ouvrir(), silo)
    ouvrir()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=read_scans, args=(str(tmp_path / "data"), tesseract.url))
    process.start()
    orc = ouvrir()
    wait_until(lambda: len(find_lectures(orc)) >= 2)
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    done = {page.page: page.quand for page in find_lectures(orc)}
    assert 2 <= len(done) < 4
    assert get_texte(orc, "devis.pdf").etat == "a_oceriser"
    bilan = oceriser_all(orc)
    assert bilan.pages == 4 - len(done)
    again = {page.page: page.quand for page in find_lectures(orc)}
    assert {page: again[page] for page in done} == done
    assert search(orc, "lavoir") == 1


def read_scans(data: str, tessdata: str) -> None:
    orc = make_orc(Settings(data=data, ocr_tessdata=tessdata, ocr_dpi=150, ocr_enfants=1))
    oceriser_all(orc)


def test_the_same_scan_sent_twice_is_read_once(silo: Path, orc: Orc) -> None:
    scan = make_scan_pdf(make_scan(COURTES))
    send(silo, ("devis.pdf", scan), ("copie.pdf", scan))
    ingest(orc, silo)
    assert oceriser_all(orc).pages == 1
    assert search(orc, "mélèze") == 2


def test_some_may_be_read_now_and_the_others_later(silo: Path, orc: Orc) -> None:
    scans = [(f"scan{n}.pdf", make_scan_pdf(make_scan((*COURTES, f"Bon {n}")))) for n in range(3)]
    send(silo, *scans)
    ingest(orc, silo)
    assert oceriser_all(orc, limite=1).restants == 2
    assert search(orc, "mélèze") == 1
    assert oceriser_all(orc).documents == 2


def test_a_page_that_failed_is_said_and_may_be_read_again(silo: Path, orc: Orc) -> None:
    send(silo, ("devis.pdf", make_scan_pdf(make_scan(COURTES), make_scan(LIGNES))))
    ingest(orc, silo)
    oceriser_all(orc)
    sha256 = get_texte(orc, "devis.pdf").sha256
    with orc.database.writing() as session:
        session.execute(
            update(LecturePage)
            .where(LecturePage.page == 2)
            .values(etat="delai", motif="La lecture a dépassé 60 secondes.", qualite=0)
        )
    assert redo_pages(orc, 0) == 1
    texte = get_texte(orc, "devis.pdf")
    assert (texte.etat, texte.pages_a_oceriser) == ("extrait", "2")
    assert "lavoir" not in orc.storage.get_pages(sha256)[1]
    assert oceriser_all(orc).pages == 1
    assert "lavoir" in orc.storage.get_pages(sha256)[1]
    assert redo_pages(orc, 0) == 0


def test_what_was_kept_of_a_page_and_is_lost_is_read_again(silo: Path, orc: Orc) -> None:
    send(silo, ("devis.pdf", make_scan_pdf(make_scan(COURTES))))
    ingest(orc, silo)
    oceriser_all(orc)
    sha256 = get_texte(orc, "devis.pdf").sha256
    orc.storage.remove(f"ocr-{sha256}-1")
    with orc.database.writing() as session:
        session.execute(update(Texte).values(pages_a_oceriser="1"))
    oceriser_all(orc)
    oceriser_all(orc)
    assert orc.storage.exists(f"ocr-{sha256}-1")
    assert count_waiting(orc.database).documents == 0


def test_a_text_extracted_again_keeps_what_ocr_read(silo: Path, orc: Orc) -> None:
    send(silo, ("devis.pdf", make_scan_pdf(make_scan(COURTES))))
    ingest(orc, silo)
    oceriser_all(orc)
    with orc.database.writing() as session:
        session.execute(update(Texte).values(etat="a_extraire"))
    ingest(orc, silo)
    assert get_texte(orc, "devis.pdf").etat == "extrait"
    assert len(find_lectures(orc)) == 1
    assert search(orc, "mélèze") == 1


def test_a_scan_gone_from_the_silo_waits_and_says_why(silo: Path, orc: Orc) -> None:
    send(silo, ("devis.pdf", make_scan_pdf(make_scan(COURTES))))
    ingest(orc, silo)
    away = (silo / "flux.xml").rename(silo / "flux.parti")
    bilan = oceriser_all(orc)
    assert (bilan.documents, bilan.echecs, bilan.restants) == (0, 1, 1)
    assert bilan.motifs
    away.rename(silo / "flux.xml")
    assert oceriser_all(orc).documents == 1


def test_a_text_pdf_is_never_read_by_tesseract(silo: Path, orc: Orc) -> None:
    send(silo, ("facture.pdf", print_page()))
    ingest(orc, silo)
    assert count_waiting(orc.database).documents == 0
    assert oceriser_all(orc).pages == 0
    assert search(orc, "charpente", Genre.PJ) == 1
