"""A real browser on the page of the work: read, by keyboard alone, at any width."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.archive import MOT_DE_PASSE, Archive, make_archive
from tests.web.serving import serve
from tests.web.test_traitements import put_echecs

pytestmark = pytest.mark.navigateur


@pytest.fixture(scope="module")
def adresse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with make_archive(tmp_path_factory.mktemp("archive")) as archive:
        put(archive)
        with serve(archive.orc) as adresse:
            yield adresse


def put(archive: Archive) -> None:
    put_echecs(archive)


def log_in(page: Page, adresse: str) -> Page:
    page.goto(f"{adresse}/connexion")
    page.fill("#identifiant", "administrateur")
    page.fill("#mot_de_passe", MOT_DE_PASSE)
    page.click("main button[type=submit]")
    return page


@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_is_accessible_and_fits(
    page: Page, adresse: str, axe: Callable[[Any], list[dict[str, Any]]], width: int
) -> None:
    log_in(page, adresse)
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("/traitements", "/traitements?vue=ecartees", "/traitements?fait=relance-2"):
        page.goto(adresse + path)
        found = [(path, v["id"], v["nodes"][0]["html"]) for v in axe(page)]
        assert found == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_a_task_is_set_aside_then_asked_for_again_by_keyboard(page: Page, adresse: str) -> None:
    log_in(page, adresse).click("nav >> text=Traitements")
    expect(page.locator("h1")).to_have_text("Traitements")
    page.get_by_role("button", name="Écarter : Indexer les pièces, n° 2").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[role=status]")).to_have_text("1\u00a0tâche écartée.")
    page.get_by_role("link", name="Écartées (1)").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Relancer : Indexer les pièces, n° 2").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[role=status]")).to_contain_text("redemandée")
