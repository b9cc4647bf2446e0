"""What is done of any tab: seen wide and narrow, the password given once more."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from tests.archive import MOT_DE_PASSE

Axe = Callable[[Page], list[dict[str, Any]]]
Ouvrir = Callable[[str], Page]


def check(page: Page, axe: Axe) -> None:
    """No violation, wide or narrow."""
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert [v["id"] for v in axe(page)] == [], page.url
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    assert page.locator("h1").count() == 1


def prove(page: Page) -> None:
    """The password once more, before what is signed; it leads back."""
    page.get_by_label("Mot de passe").fill(MOT_DE_PASSE)
    page.get_by_role("button", name="Continuer").click()
