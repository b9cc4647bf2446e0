"""What the tests in a browser share: a tab of a person who is logged in."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol

import pytest
from playwright.sync_api import Browser, Page, expect

from orc.bootstrap import Orc
from tests.archive import MOT_DE_PASSE
from tests.e2e.onglets import Ouvrir
from tests.web.serving import serve


class AvecOrc(Protocol):
    """An archive of tests, whichever it is: it holds a running ORC."""

    orc: Orc


@pytest.fixture
def ouvrir(archive: AvecOrc, browser: Browser) -> Iterator[Ouvrir]:
    """A tab of this person, who is logged in, on the `archive` of the test's own module."""
    with ExitStack() as stack, serve(archive.orc) as address:

        def open_one(nom: str) -> Page:
            context = stack.enter_context(browser.new_context(base_url=address))
            page = context.new_page()
            page.goto("/connexion")
            page.get_by_label("Identifiant").fill(nom)
            page.get_by_label("Mot de passe").fill(MOT_DE_PASSE)
            page.get_by_role("button", name="Se connecter").click()
            expect(page.get_by_role("button", name="Se déconnecter")).to_be_visible()
            return page

        yield open_one
