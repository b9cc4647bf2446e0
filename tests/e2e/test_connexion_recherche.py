"""In a real browser: logging in, searching, shortcuts, narrow screens, without JavaScript, axe."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.archive import MOT_DE_PASSE, Archive, make_archive
from tests.web.serving import serve

Axe = Callable[[Page], list[dict[str, Any]]]
WIDTHS = (320, 1280)
PAGES = (
    "/",
    "/recherche",
    "/recherche?q=consommation+école&exercice=2022",
    "/recherche?q=électricité&onglet=pieces&vue=tableau",
    '/recherche?q="pas+fermé',
    "/recherche?q=introuvable+mot",
    "/aide/syntaxe",
    "/aide/raccourcis",
    "/nulle-part",
)

pytestmark = pytest.mark.navigateur


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("archive")) as made:
        yield made


@pytest.fixture(scope="module")
def address(archive: Archive) -> Iterator[str]:
    with serve(archive.orc) as found:
        yield found


@pytest.fixture(scope="module")
def contexte(browser: Browser, address: str) -> Iterator[BrowserContext]:
    """The browser of a comptable who is logged in."""
    context = browser.new_context(base_url=address)
    log_in(context.new_page())
    yield context
    context.close()


def log_in(page: Page, identifiant: str = "comptable") -> None:
    page.goto("/connexion")
    page.get_by_label("Identifiant").fill(identifiant)
    page.get_by_label("Mot de passe").fill(MOT_DE_PASSE)
    page.get_by_role("button", name="Se connecter").click()


@pytest.fixture
def page(contexte: BrowserContext) -> Iterator[Page]:
    """A tab that fails the test if the policy of security refused anything."""
    refused: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or message.type == "warning":
            refused.append(message.text)

    tab = contexte.new_page()
    tab.on("console", listen)
    tab.on("pageerror", lambda error: refused.append(str(error)))
    yield tab
    tab.close()
    assert refused == []


def test_from_the_login_to_the_passage(browser: Browser, address: str, archive: Archive) -> None:
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.goto("/recherche?q=consommation")
    page.get_by_label("Identifiant").fill("comptable")
    page.get_by_label("Mot de passe").fill("pas le bon")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Identifiant ou mot de passe incorrect")
    page.get_by_label("Mot de passe").fill(MOT_DE_PASSE)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}/recherche?q=consommation")
    expect(page.locator("mark").first).to_have_text("consommation")
    page.get_by_role("link", name=re.compile(r"p\.\s2")).click()
    pj = archive.pj["Facture_Energie_2022-04.pdf"]
    expect(page).to_have_url(re.compile(rf"/pj/{pj}\?.*page=2"))
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page).to_have_url(f"{address}/connexion")
    page.go_back()
    page.reload()
    expect(page.get_by_role("heading", name="Connexion")).to_be_visible()
    context.close()


def test_a_filter_is_put_and_taken_away_and_the_way_back_works(page: Page) -> None:
    page.goto("/recherche?onglet=pieces")
    expect(page.locator("[data-orc-resultat]")).to_have_count(6)
    page.get_by_role("link", name=re.compile("^2023")).click()
    expect(page.locator("[data-orc-resultat]")).to_have_count(1)
    page.get_by_role("link", name="Retirer le filtre Exercice : 2023").click()
    expect(page.locator("[data-orc-resultat]")).to_have_count(6)
    page.go_back()
    expect(page.locator("[data-orc-resultat]")).to_have_count(1)


def test_choosing_a_sort_is_enough(page: Page) -> None:
    page.goto("/recherche?onglet=pieces")
    page.get_by_label("Trier par").select_option("montant_fort")
    expect(page).to_have_url(re.compile("tri=montant_fort"))
    expect(page.locator(".orc-resultat__montant").first).to_contain_text("12")


def test_single_keys_go_through_the_results_and_can_be_turned_off(page: Page) -> None:
    page.goto("/recherche?onglet=pieces")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("[data-orc-resultat]").nth(1).locator("h3 a")).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("[data-orc-resultat]").nth(0).locator("h3 a")).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("j?/")
    expect(page.locator("#q")).to_have_value("j?/")
    page.goto("/aide/raccourcis")
    page.get_by_label("Raccourcis d’une seule touche").uncheck(force=True)
    page.goto("/recherche")
    page.keyboard.press("/")
    expect(page.locator("#q")).not_to_be_focused()
    page.goto("/aide/raccourcis")
    page.get_by_label("Raccourcis d’une seule touche").check(force=True)
    page.keyboard.press("Tab")
    page.keyboard.press("/")
    expect(page).to_have_url(re.compile("/recherche$"))


def test_everything_is_reached_by_the_keyboard_alone(page: Page) -> None:
    page.goto("/recherche?q=consommation")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Contenu")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Résultats", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#resultats') !== null")


def test_one_searches_without_javascript(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    log_in(page)
    page.get_by_label("Mots, références, montants").fill("consommation")
    page.get_by_role("button", name="Rechercher").click()
    expect(page.locator("mark").first).to_have_text("consommation")
    page.get_by_label("Trier par").select_option("montant_fort")
    page.get_by_role("button", name="Trier").click()
    expect(page).to_have_url(re.compile("tri=montant_fort"))
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page).to_have_url(re.compile("/connexion$"))
    context.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_and_has_no_violation(page: Page, axe: Axe, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(path)
    check(page, axe)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_login_fits_and_has_no_violation(
    browser: Browser, address: str, axe: Axe, width: int
) -> None:
    context = browser.new_context(base_url=address, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto("/connexion")
    check(page, axe)
    context.close()


def check(page: Page, axe: Axe) -> None:
    assert [v["id"] for v in axe(page)] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.lang") == "fr"
