"""The real public flows, from their folder to the passage in the browser, as `make demo SILO=`."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from orc.bootstrap import Orc, make_orc
from orc.demo.comptes import MOT_DE_PASSE, make_comptes_of_silo
from orc.ingest.run import ingest_silo
from orc.settings import Settings
from tests.sql import prepare_data
from tests.web.serving import serve

pytestmark = pytest.mark.navigateur
PDF = "BORD2020001824 PCH+20 MAND 062020 VITALLIANCE LL 1554.PDF"


@pytest.fixture(scope="module")
def orc(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orc]:
    data = prepare_data(tmp_path_factory.mktemp("reels") / "data")
    orc = make_orc(Settings(data=str(data), workers=1))
    silo = str(shared / "pes/exemples")
    bilan = ingest_silo(orc, orc.engine, silo, clore_passes=True, today=date(2026, 11, 1))
    assert (bilan.flux, bilan.pieces, bilan.pj, bilan.quarantaine) == (19, 31, 4, 0)
    make_comptes_of_silo(orc.database)
    yield orc
    orc.close()


@pytest.fixture
def comptable(orc: Orc, page: Page) -> Iterator[tuple[Page, str]]:
    with serve(orc) as adresse:
        page.goto(f"{adresse}/connexion")
        page.fill("#identifiant", "comptable")
        page.fill("#mot_de_passe", MOT_DE_PASSE)
        page.click("main button[type=submit]")
        yield page, adresse


def test_the_real_pdf_is_found_by_its_words_and_read_at_its_passage(
    comptable: tuple[Page, str],
) -> None:
    page, adresse = comptable
    page.goto(f"{adresse}/recherche?q=mandataire+prestataire+damigny")
    expect(page.locator("main")).to_contain_text(PDF)
    page.get_by_role("link", name="p. 1").first.click()
    page.wait_for_selector(".orc-boite--ici", timeout=30_000)
    assert page.locator(".orc-boite").count() >= 3


def test_the_pj_sent_elsewhere_are_said_to_have_never_come(comptable: tuple[Page, str]) -> None:
    page, adresse = comptable
    page.goto(f"{adresse}/recherche?q=mandat:13712&onglet=pieces")
    page.locator("main a[href^='/piece/']").first.click()
    expect(page.locator("main")).to_contain_text("Citée, jamais reçue", ignore_case=True)
    expect(page.locator("main")).to_contain_text("3 032,00")


def test_the_titres_of_the_real_recette_are_browsed_to_their_lines(
    comptable: tuple[Page, str],
) -> None:
    page, adresse = comptable
    page.goto(f"{adresse}/recherche?q=sens:recette&onglet=pieces")
    expect(page.locator("main")).to_contain_text("titres")
    page.locator("main a[href^='/piece/']").first.click()
    expect(page.locator("main")).to_contain_text("Lignes")


def test_the_anomalies_of_real_flows_are_listed(
    comptable: tuple[Page, str],
) -> None:
    page, adresse = comptable
    page.goto(f"{adresse}/silo?vue=anomalies")
    expect(page.locator("main")).to_contain_text("Le contenu n’est pas en base64.")
