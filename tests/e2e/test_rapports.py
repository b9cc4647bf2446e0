"""In a real browser: an archiviste reads the figures, makes a report, takes it; rules; axe."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from orc.models import Rapport
from tests.archive import MOT_DE_PASSE, Archive, make_archive
from tests.e2e.onglets import Axe, Ouvrir, check
from tests.retention.rapports.fonds import ELECTRICITE, SCAN, put_bordereau, put_decisions

pytestmark = pytest.mark.navigateur


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with make_archive(tmp_path) as archive:
        put_decisions(archive)
        put_bordereau(archive, ELECTRICITE, SCAN, refusee=SCAN)
        yield archive


@pytest.fixture
def page(ouvrir: Ouvrir) -> Page:
    """A tab of the archiviste, who is logged in."""
    return ouvrir("archiviste")


def test_an_archiviste_makes_a_report_and_takes_it(
    archive: Archive, page: Page, axe: Axe, tmp_path: Path
) -> None:
    page.goto("/destruction/rapports")
    check(page, axe)
    page.get_by_role("link", name="États de la destruction anticipée").click()
    expect(page.get_by_role("table").first).to_contain_text("Éligibles")
    check(page, axe)
    page.screenshot(path=tmp_path / "apercu.png", full_page=True)
    page.get_by_role("button", name="Établir en PDF").click()
    expect(page.get_by_role("status")).to_contain_text("est établi")
    check(page, axe)
    with page.expect_download() as download:
        page.get_by_role("link", name="télécharger le PDF").click()
    octets = Path(download.value.path()).read_bytes()
    assert octets.startswith(b"%PDF-1.7")
    with archive.orc.database.reading() as session:
        kept = session.scalars(select(Rapport)).one()
    assert kept.sha256 == hashlib.sha256(octets).hexdigest()
    assert download.value.suggested_filename == f"{kept.numero}_etats.pdf"


def test_its_other_pages_read_well(page: Page, axe: Axe, tmp_path: Path) -> None:
    page.goto("/destruction/rapports/apercu/bordereau_elimination")
    page.get_by_label("Bordereau d’élimination").select_option(index=1)
    page.get_by_role("button", name="Voir").click()
    expect(page.get_by_role("table", name="Lignes refusées")).to_contain_text("Intérêt historique")
    check(page, axe)
    page.screenshot(path=tmp_path / "bordereau.png", full_page=True)
    page.goto("/destruction/echeancier")
    expect(page.get_by_role("table").first).to_contain_text("Au-delà de 5 ans")
    check(page, axe)
    page.screenshot(path=tmp_path / "echeancier.png", full_page=True)
    page.goto("/destruction/sorties")
    check(page, axe)
    page.goto("/destruction/regles")
    check(page, axe)
    page.screenshot(path=tmp_path / "regles.png", full_page=True)
    page.get_by_label("Pourquoi").fill("Une instruction nouvelle")
    page.get_by_role("button", name="Commencer une version").click()
    expect(page.get_by_role("heading", name="Version 1 des règles de durée")).to_be_visible()
    check(page, axe)
    page.get_by_role("link", name="Factures et pièces justificatives de dépense").click()
    check(page, axe)
    page.get_by_label("Durée", exact=True).fill("12")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("table", name="Ce qui change")).to_contain_text("12")
    page.get_by_role("button", name="Mesurer et soumettre").click()
    page.get_by_label("Mot de passe").fill(MOT_DE_PASSE)
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("button", name="Mesurer et soumettre").click()
    expect(page.get_by_text("Un autre archiviste que vous la publie.")).to_be_visible()
    check(page, axe)
    page.screenshot(path=tmp_path / "version.png", full_page=True)
