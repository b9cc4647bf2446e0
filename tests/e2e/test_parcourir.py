"""A real browser walks down the archive, reads a piece, closes exercices: by pages alone."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.archive import COMMUNE, MOT_DE_PASSE, Archive, make_archive
from tests.web.serving import serve

pytestmark = pytest.mark.navigateur
BUDGET = f"{COMMUNE}00012-101-00"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("archive")) as archive:
        yield archive


@pytest.fixture(scope="module")
def adresse(archive: Archive) -> Iterator[str]:
    with serve(archive.orc) as adresse:
        yield adresse


def log_in(page: Page, adresse: str, identifiant: str) -> Page:
    page.goto(f"{adresse}/connexion")
    page.fill("#identifiant", identifiant)
    page.fill("#mot_de_passe", MOT_DE_PASSE)
    page.click("main button[type=submit]")
    return page


def test_one_goes_from_the_collectivite_to_the_document(page: Page, adresse: str) -> None:
    log_in(page, adresse, "ordonnateur").click("nav >> text=Parcourir")
    for link in ("Commune de Sainte-Anne", "Budget principal", "2022", "Dépense 12", "Mandat 127"):
        page.click(f"main >> text={link}")
    expect(page.locator("h1")).to_contain_text("Mandat 127")
    page.click("text=Facture_Energie_2022-04.pdf")
    page.wait_for_selector(".pdfViewer canvas", timeout=30_000)


def test_a_comptable_closes_and_reopens(page: Page, adresse: str) -> None:
    log_in(page, adresse, "comptable").goto(f"{adresse}/exercices?etat=ouvert")
    page.check("#tout")
    expect(page.locator("[data-orc-compte]")).to_have_text("1 exercice choisi")
    page.click("text=Voir ce que la clôture fera paraître")
    expect(page.locator("h1")).to_have_text("Clore 1\u00a0exercice")
    page.click("text=Clore et faire paraître")
    expect(page.locator("[role=status]").first).to_contain_text("1 exercice clos")
    page.click("[aria-label^='Retirer la clôture de 2024']")
    page.fill("#motif", "Clos par erreur")
    page.click("button:has-text('Retirer la clôture')")
    expect(page.locator("[role=status]").first).to_contain_text("2024 retirée")


def find_paths(archive: Archive) -> dict[str, list[str]]:
    return {
        "ordonnateur": [
            "/parcourir",
            f"/parcourir/{COMMUNE}",
            f"/parcourir/{COMMUNE}/{BUDGET}",
            f"/parcourir/{COMMUNE}/{BUDGET}/2022",
            f"/parcourir/{COMMUNE}/{BUDGET}/2024",
            f"/bordereau/{archive.bordereaux['principal/2022/depense/12']}",
            f"/piece/{archive.pieces['principal/2022/127']}",
            f"/piece/{archive.pieces['principal/2022/128']}",
        ],
        "comptable": [
            "/exercices",
            f"/exercices/apercu?e={archive.budgets['principal']}-2024",
            f"/exercices/retrait?e={archive.budgets['principal']}-2022",
            *(f"/silo?vue={v}" for v in ("completude", "flux", "quarantaine", "anomalies")),
        ],
    }


@pytest.mark.parametrize("identifiant", ["ordonnateur", "comptable"])
@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_is_accessible_and_fits(
    page: Page,
    adresse: str,
    archive: Archive,
    axe: Callable[[Any], list[dict[str, Any]]],
    identifiant: str,
    width: int,
) -> None:
    log_in(page, adresse, identifiant)
    page.set_viewport_size({"width": width, "height": 800})
    for path in find_paths(archive)[identifiant]:
        page.goto(adresse + path)
        found = [(path, v["id"], v["nodes"][0]["html"]) for v in axe(page)]
        assert found == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
