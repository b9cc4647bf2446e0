"""A real browser reads a real PDF from a real silo file, at its passage, with its words boxed."""

import hashlib
import io
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pypdfium2
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.archive import MOT_DE_PASSE, Archive, make_archive
from tests.web.serving import serve

pytestmark = pytest.mark.navigateur
FACTURE = "Facture_Energie_2022-04.pdf"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("archive")) as archive:
        yield archive


@pytest.fixture(scope="module")
def adresse(archive: Archive) -> Iterator[str]:
    with serve(archive.orc) as adresse:
        yield adresse


@pytest.fixture
def ordonnateur(page: Page, adresse: str) -> Page:
    page.goto(f"{adresse}/connexion")
    page.fill("#identifiant", "ordonnateur")
    page.fill("#mot_de_passe", MOT_DE_PASSE)
    page.click("main button[type=submit]")
    return page


def open_facture(page: Page, adresse: str, archive: Archive, q: str = "électricité") -> None:
    page.goto(f"{adresse}/pj/{archive.pj[FACTURE]}?q={quote(q)}")
    page.wait_for_selector(".orc-boite--ici", timeout=30_000)


def find_word(octets: bytes, page: int, word: str) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a word, by pdfium alone, in fractions of the page."""
    document = pypdfium2.PdfDocument(octets)
    opened = document[page - 1]
    width, height = opened.get_size()
    text = opened.get_textpage()
    searcher = text.search(word)
    index, count = searcher.get_next()
    text.count_rects(index, count)
    left, bottom, right, top = text.get_rect(0)
    for owned in (searcher, text, opened, document):
        owned.close()
    return left / width, 1 - top / height, right / width, 1 - bottom / height


def read_boxes(page: Page) -> list[tuple[float, float, float, float]]:
    """Each box as drawn, in fractions of its page as drawn."""
    return [
        tuple(box)
        for box in page.evaluate(
            """() => [...document.querySelectorAll('.orc-boite')].map((box) => {
                 const b = box.getBoundingClientRect();
                 const p = box.closest('.page').querySelector('.canvasWrapper')
                   .getBoundingClientRect();
                 return [(b.left - p.left) / p.width, (b.top - p.top) / p.height,
                         (b.right - p.left) / p.width, (b.bottom - p.top) / p.height];
               })"""
        )
    ]


def test_the_document_opens_at_the_page_of_the_word(
    ordonnateur: Page, adresse: str, archive: Archive
) -> None:
    open_facture(ordonnateur, adresse, archive)
    expect(ordonnateur.locator("[data-orc-page]")).to_have_value("2")
    expect(ordonnateur.locator("[data-orc-passage]")).to_have_text("1 sur 1, page 2")
    assert "page=2" in ordonnateur.url


def test_the_box_lies_over_the_word(ordonnateur: Page, adresse: str, archive: Archive) -> None:
    open_facture(ordonnateur, adresse, archive)
    expected = find_word(archive.contenus[FACTURE], 2, "électricité")
    (drawn,) = read_boxes(ordonnateur)
    assert drawn == pytest.approx(expected, abs=0.01)


def test_the_highlight_is_seen_over_ink(ordonnateur: Page, adresse: str, archive: Archive) -> None:
    open_facture(ordonnateur, adresse, archive)
    ordonnateur.wait_for_timeout(500)
    shot = ordonnateur.screenshot()
    box = ordonnateur.locator(".orc-boite--ici").bounding_box()
    assert box is not None
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    around = (box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"])
    pixels = list(image.crop(tuple(round(v) for v in around)).get_flattened_data())
    orange = sum(r > 200 and 90 < g < 220 and b < 120 for r, g, b in pixels)
    ink = sum(max(pixel) < 110 for pixel in pixels)
    assert orange > len(pixels) * 0.3
    assert ink > len(pixels) * 0.02


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_boxes_turn_with_the_page(
    ordonnateur: Page, adresse: str, archive: Archive, turns: int
) -> None:
    open_facture(ordonnateur, adresse, archive)
    left, top, right, bottom = find_word(archive.contenus[FACTURE], 2, "électricité")
    for _ in range(turns):
        ordonnateur.click("[data-acte=tourner]")
        left, top, right, bottom = 1 - bottom, left, 1 - top, right
        ordonnateur.wait_for_timeout(900)
    (drawn,) = read_boxes(ordonnateur)
    assert drawn == pytest.approx((left, top, right, bottom), abs=0.01)


def test_n_and_p_go_from_word_to_word(ordonnateur: Page, adresse: str, archive: Archive) -> None:
    open_facture(ordonnateur, adresse, archive, "électricité école jules")
    passage = ordonnateur.locator("[data-orc-passage]")
    expect(passage).to_have_text("1 sur 3, page 2")
    ordonnateur.keyboard.press("n")
    expect(passage).to_have_text("2 sur 3, page 2")
    ordonnateur.keyboard.press("p")
    ordonnateur.keyboard.press("p")
    expect(passage).to_have_text("3 sur 3, page 2")


def test_words_are_found_in_the_document_itself(
    ordonnateur: Page, adresse: str, archive: Archive
) -> None:
    open_facture(ordonnateur, adresse, archive)
    ordonnateur.fill("[data-orc-cherche]", "page")
    expect(ordonnateur.locator("[data-orc-cherche-compte]")).to_have_text("1 sur 1")


def test_nothing_is_blocked_nor_asked_of_another_server(
    ordonnateur: Page, adresse: str, archive: Archive
) -> None:
    asked: list[str] = []
    said: list[str] = []
    ordonnateur.on("request", lambda request: asked.append(request.url))
    ordonnateur.on("console", lambda message: said.append(f"{message.type} {message.text}"))
    ordonnateur.on("pageerror", lambda error: said.append(f"error {error}"))
    open_facture(ordonnateur, adresse, archive)
    ordonnateur.wait_for_timeout(500)
    assert [url for url in asked if not url.startswith((adresse, "blob:", "data:"))] == []
    assert [text for text in said if text.startswith("error")] == []


def test_the_original_is_saved_as_it_was_sent(
    ordonnateur: Page, adresse: str, archive: Archive
) -> None:
    open_facture(ordonnateur, adresse, archive)
    with ordonnateur.expect_download() as started:
        ordonnateur.click("text=Télécharger l’original")
    download = started.value
    assert download.suggested_filename == FACTURE
    saved = download.path().read_bytes()
    assert hashlib.sha256(saved).digest() == hashlib.sha256(archive.contenus[FACTURE]).digest()


def test_a_broken_pdf_says_why(ordonnateur: Page, adresse: str, archive: Archive) -> None:
    ordonnateur.goto(f"{adresse}/pj/{archive.pj['illisible.pdf']}")
    expect(ordonnateur.locator("[data-orc-message-texte]")).to_have_text(
        "Ce PDF est abîmé : il ne peut pas être montré ici."
    )
    expect(ordonnateur.locator(".fr-alert")).to_contain_text("Illisible")


def test_a_file_gone_from_the_silo_is_said_in_words(
    ordonnateur: Page, adresse: str, archive: Archive
) -> None:
    flux = archive.silo / "PESALR2_principal_2022.xml"
    away = flux.rename(flux.with_suffix(".parti"))
    try:
        ordonnateur.goto(f"{adresse}/pj/{archive.pj[FACTURE]}")
        expect(ordonnateur.locator("[data-orc-message-texte]")).to_contain_text(
            "n’est plus dans le silo"
        )
    finally:
        away.rename(flux)


def test_without_javascript_one_still_reads(browser: Any, adresse: str, archive: Archive) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{adresse}/connexion")
    page.fill("#identifiant", "ordonnateur")
    page.fill("#mot_de_passe", MOT_DE_PASSE)
    page.click("main button[type=submit]")
    page.goto(f"{adresse}/pj/{archive.pj[FACTURE]}?q=%C3%A9cole")
    expect(page.locator("text=Ouvrir dans le lecteur du navigateur")).to_be_visible()
    page.click("nav >> text=Texte")
    expect(page.locator("mark").first).to_have_text("école")
    context.close()


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("onglet", ["document", "texte", "details"])
def test_every_view_is_accessible_and_fits(
    ordonnateur: Page,
    adresse: str,
    archive: Archive,
    axe: Callable[[Any], list[dict[str, Any]]],
    onglet: str,
    width: int,
) -> None:
    ordonnateur.set_viewport_size({"width": width, "height": 800})
    path = f"{adresse}/pj/{archive.pj[FACTURE]}?q=%C3%A9cole&onglet={onglet}"
    ordonnateur.goto(path)
    if onglet == "document":
        ordonnateur.wait_for_selector(".orc-boite", timeout=30_000)
    assert [(v["id"], v["nodes"][0]["html"]) for v in axe(ordonnateur)] == []
    assert ordonnateur.evaluate("document.documentElement.scrollWidth") <= width
