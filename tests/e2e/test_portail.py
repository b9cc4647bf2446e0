"""A real browser around the login and on one's own account: read, by keyboard, at any width."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from orc.domain import Role
from orc.identity.comptes import NouveauCompte, Octroi, create_compte, grant_habilitation
from tests.archive import MOT_DE_PASSE, Archive, make_archive
from tests.web.serving import serve

pytestmark = pytest.mark.navigateur

AVANT = ("/connexion", "/conditions", "/oubli")
APRES = ("/", "/compte", "/mot-de-passe", "/sessions", "/second-facteur", "/messages", "/boite",
         "/preuve?suite=/compte/mobile")  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Archive, str]]:
    folder: Path = tmp_path_factory.mktemp("archive")
    contacts = folder / "contacts.csv"
    contacts.write_text("departement;libelle;courriel\n33;DRFiP Gironde;aide33@example.fr\n")
    settings = {"contacts": str(contacts), "guide": "https://guide.example/",
                "assistance": "05 56 00 00 00"}  # fmt: skip
    with make_archive(folder / "site", **settings) as archive:
        archive.orc.tasks.start()
        with archive.orc.database.writing() as session:
            compte = NouveauCompte("alice-xt", "Alice", MOT_DE_PASSE, mobile="0612345678")
            personne = create_compte(session, compte, par="test")
            grant_habilitation(session, personne, Octroi(Role.ADMINISTRATEUR), par="test")
        with serve(archive.orc) as adresse:
            yield archive, adresse


def log_in(page: Page, adresse: str, identifiant: str, secret: str = MOT_DE_PASSE) -> None:
    page.goto(f"{adresse}/connexion")
    page.fill("#identifiant", identifiant)
    page.fill("#mot_de_passe", secret)
    page.click("main button[type=submit]")


@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_is_accessible_and_fits(
    page: Page,
    site: tuple[Archive, str],
    axe: Callable[[Any], list[dict[str, Any]]],
    width: int,
) -> None:
    adresse = site[1]
    page.set_viewport_size({"width": width, "height": 800})

    def check(path: str) -> None:
        page.goto(adresse + path)
        assert [(path, v["id"], v["nodes"][0]["html"]) for v in axe(page)] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path

    for path in AVANT:
        check(path)
    log_in(page, adresse, "administrateur")
    for path in APRES:
        check(path)
    page.fill("#code", MOT_DE_PASSE)
    page.press("#code", "Enter")
    for path in ("/compte/mobile", "/compte/courriel"):
        check(path)


def test_a_forgotten_password_is_replaced_by_the_code_read_in_the_mailbox(
    page: Page, site: tuple[Archive, str]
) -> None:
    adresse = site[1]
    page.goto(f"{adresse}/connexion")
    page.get_by_role("link", name="Mot de passe oublié").click()
    page.fill("#identifiant", "alice-xt")
    page.keyboard.press("Enter")
    expect(page.locator("[role=status]")).to_contain_text("Si ce compte existe")
    assert page.context.browser is not None
    other = page.context.browser.new_context().new_page()
    log_in(other, adresse, "administrateur")
    other.goto(f"{adresse}/boite")
    code = re.search(r"\b\d{8}\b", other.locator("article").first.inner_text())
    assert code is not None
    page.fill("#code", code[0])
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Choisissez votre mot de passe")
    page.fill("#nouveau", "bocal lampe violon")
    expect(page.locator("#force")).to_contain_text("bon")
    page.fill("#confirmation", "bocal lampe violon")
    page.keyboard.press("Enter")
    expect(page.locator("[role=status]")).to_contain_text("est changé")
    page.get_by_role("link", name="Mes sessions").click()
    expect(page.locator("tbody tr")).to_have_count(1)


def test_the_strength_is_said_without_script_too(browser: Any, site: tuple[Archive, str]) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    log_in(page, site[1], "comptable")
    page.goto(f"{site[1]}/mot-de-passe")
    page.fill("#actuel", MOT_DE_PASSE)
    page.fill("#nouveau", "motdepasse2026")
    page.fill("#confirmation", "motdepasse2026")
    page.click("main button[type=submit]")
    expect(page.locator("main")).to_contain_text("très faible")
