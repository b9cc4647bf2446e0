"""A browser opens scans at the hit: an image PDF, a fax of two pages, a photograph of a page."""

import io
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import select

from orc.bootstrap import Orc, make_orc
from orc.domain import Role
from orc.identity.comptes import NouveauCompte, Octroi, create_compte, grant_habilitation
from orc.ingest.ocr.run import oceriser_all
from orc.models import PieceJustificative
from orc.settings import Settings
from tests.flows import UnePj, UnFlux, UnMandat
from tests.ingest.test_ingestion import CLOTURES, ingest
from tests.scans import LIGNES, find_printed, make_blank, make_scan, make_scan_pdf, print_page, save
from tests.serveurs import Serveur
from tests.web.serving import serve

pytestmark = pytest.mark.navigateur
MOT_DE_PASSE = "un mot de passe de test"
COURTES = ("Bon de livraison", "Planches pour la charpente", "Reçu le 4 mai")


@pytest.fixture(scope="module")
def orc(tmp_path_factory: pytest.TempPathFactory, tesseract: Serveur) -> Iterator[Orc]:
    folder = tmp_path_factory.mktemp("scans")
    silo = folder / "silo"
    silo.mkdir()
    (silo / "clotures.csv").write_text(CLOTURES)
    fax = save(make_blank(), "TIFF", save_all=True, append_images=[make_scan(COURTES)])
    pjs = (
        UnePj("S1", make_scan_pdf(make_blank(), make_scan()), "Facture_scan.pdf"),
        UnePj("S2", fax, "Bon.tif"),
        UnePj("S3", save(make_scan(turn=180)), "Photo.jpg"),
    )
    (silo / "flux.xml").write_bytes(UnFlux((UnMandat("1", cite=("S1", "S2", "S3")),), pjs).make())
    settings = Settings(
        data=str(folder / "data"), workers=1, ocr_tessdata=tesseract.url, ocr_dpi=150
    )
    orc = make_orc(settings)
    ingest(orc, silo)
    oceriser_all(orc)
    with orc.database.writing() as session:
        compte = NouveauCompte("ordonnateur", "Ordonnateur de test", MOT_DE_PASSE)
        personne = create_compte(session, compte, par="test")
        octroi = Octroi(Role.ORDONNATEUR, "collectivite", "000000001")
        grant_habilitation(session, personne, octroi, par="test")
    yield orc
    orc.close()


@pytest.fixture(scope="module")
def adresse(orc: Orc) -> Iterator[str]:
    with serve(orc) as adresse:
        yield adresse


@pytest.fixture
def lecteur(page: Page, adresse: str) -> Page:
    page.goto(f"{adresse}/connexion")
    page.fill("#identifiant", "ordonnateur")
    page.fill("#mot_de_passe", MOT_DE_PASSE)
    page.click("main button[type=submit]")
    return page


def open_pj(page: Page, orc: Orc, adresse: str, nom: str, q: str, onglet: str = "") -> None:
    with orc.database.reading() as session:
        query = select(PieceJustificative.id).where(PieceJustificative.nom == nom)
        pj_id = session.scalars(query).one()
    view = f"&onglet={onglet}" if onglet else ""
    page.goto(f"{adresse}/pj/{pj_id}?q={quote(q)}{view}")


def read_box(page: Page, sheet: str) -> list[float]:
    """The current box in fractions of the sheet it lies on, as drawn."""
    found: list[float] = page.evaluate(
        """(sheet) => {
             const b = document.querySelector('.orc-boite--ici').getBoundingClientRect();
             const p = document.querySelector('.orc-boite--ici').closest('.page, .orc-scan')
               .querySelector(sheet).getBoundingClientRect();
             return [(b.left - p.left) / p.width, (b.top - p.top) / p.height,
                     (b.right - p.left) / p.width, (b.bottom - p.top) / p.height];
           }""",
        sheet,
    )
    return found


def is_highlighted_over_ink(page: Page) -> bool:
    """Whether the current box is seen, orange, with ink showing through."""
    page.wait_for_timeout(300)
    box = page.locator(".orc-boite--ici").bounding_box()
    assert box is not None
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    sides = (box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"])
    pixels = list(image.crop(tuple(round(side) for side in sides)).get_flattened_data())
    orange = sum(r > 180 and 70 < g < 220 and b < 120 for r, g, b in pixels)
    ink = sum(max(pixel) < 120 for pixel in pixels)
    return orange > len(pixels) * 0.2 and ink > len(pixels) * 0.02


def test_an_image_pdf_opens_at_the_page_of_the_word_which_is_boxed(
    lecteur: Page, orc: Orc, adresse: str
) -> None:
    open_pj(lecteur, orc, adresse, "Facture_scan.pdf", "charpente")
    lecteur.wait_for_selector(".orc-boite--ici", timeout=30_000)
    expect(lecteur.locator("[data-orc-page]")).to_have_value("2")
    # The image fills an A4 sheet whatever its own shape: fractions stay.
    expected = find_printed(print_page(LIGNES), "charpente")
    assert read_box(lecteur, ".canvasWrapper") == pytest.approx(expected, abs=0.02)
    assert is_highlighted_over_ink(lecteur)


def test_a_fax_is_scrolled_to_the_word_on_its_second_page(
    lecteur: Page, orc: Orc, adresse: str
) -> None:
    open_pj(lecteur, orc, adresse, "Bon.tif", "charpente")
    lecteur.wait_for_selector("[data-orc-pret]", timeout=30_000)
    expect(lecteur.locator("[data-orc-passage]")).to_have_text("1 sur 1, page 2")
    expected = find_printed(print_page(COURTES), "charpente")
    assert read_box(lecteur, "img") == pytest.approx(expected, abs=0.02)
    expect(lecteur.locator(".orc-boite--ici")).to_be_in_viewport()
    assert is_highlighted_over_ink(lecteur)


def test_words_of_an_image_upside_down_are_boxed_where_they_are(
    lecteur: Page, orc: Orc, adresse: str
) -> None:
    open_pj(lecteur, orc, adresse, "Photo.jpg", "charpente lavoir")
    lecteur.wait_for_selector("[data-orc-pret]", timeout=30_000)
    passage = lecteur.locator("[data-orc-passage]")
    expect(passage).to_have_text("1 sur 2, page 1")
    left, top, right, bottom = find_printed(print_page(LIGNES), "charpente")
    expected = (1 - right, 1 - bottom, 1 - left, 1 - top)
    assert read_box(lecteur, "img") == pytest.approx(expected, abs=0.02)
    lecteur.keyboard.press("n")
    expect(passage).to_have_text("2 sur 2, page 1")
    lecteur.click("[data-acte=passage-avant]")
    expect(passage).to_have_text("1 sur 2, page 1")


def test_how_well_each_page_was_read_is_shown(lecteur: Page, orc: Orc, adresse: str) -> None:
    open_pj(lecteur, orc, adresse, "Facture_scan.pdf", "charpente", "texte")
    expect(lecteur.locator("#titre-page-1")).to_contain_text("Page blanche")
    expect(lecteur.locator("#titre-page-2")).to_contain_text("Qualité de lecture :")
    expect(lecteur.locator("mark")).to_have_text("charpente")
    open_pj(lecteur, orc, adresse, "Facture_scan.pdf", "", "details")
    expect(lecteur.locator(".orc-faits")).to_contain_text("tesseract 5")
    expect(lecteur.locator(".orc-faits")).to_contain_text("2 pages par tesseract")


def test_without_javascript_words_are_boxed_too(browser: Any, orc: Orc, adresse: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{adresse}/connexion")
    page.fill("#identifiant", "ordonnateur")
    page.fill("#mot_de_passe", MOT_DE_PASSE)
    page.click("main button[type=submit]")
    open_pj(page, orc, adresse, "Photo.jpg", "charpente")
    expect(page.locator("svg .orc-boite")).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("onglet", ["document", "texte", "details"])
def test_a_scan_is_accessible_and_fits(
    lecteur: Page,
    orc: Orc,
    adresse: str,
    axe: Callable[[Any], list[dict[str, Any]]],
    onglet: str,
    width: int,
) -> None:
    lecteur.set_viewport_size({"width": width, "height": 800})
    open_pj(lecteur, orc, adresse, "Bon.tif", "charpente", onglet)
    assert [(v["id"], v["nodes"][0]["html"]) for v in axe(lecteur)] == []
    assert lecteur.evaluate("document.documentElement.scrollWidth") <= width
