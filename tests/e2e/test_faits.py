"""In a real browser: an adhesion is recorded, a search is frozen, another person releases it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from orc.retention.jobs import decide_waiting
from tests.archive import COMMUNE, Archive, make_archive
from tests.e2e.onglets import Axe, Ouvrir, check, prove

pytestmark = pytest.mark.navigateur


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with make_archive(tmp_path) as archive:
        yield archive


def test_from_the_adhesion_to_the_gel_released(ouvrir: Ouvrir, axe: Axe) -> None:
    comptable = ouvrir("comptable")
    comptable.goto("/destruction/declarations")
    check(comptable, axe)
    comptable.get_by_role("link", name="Commune de Sainte-Anne").click()
    comptable.locator("summary", has_text="Adhésion à ORC").click()
    comptable.locator("#adhesion_orc-depuis").fill("2024-01-01")
    comptable.locator("details[open]").get_by_role("button", name="Enregistrer").click()
    expect(comptable.get_by_role("status")).to_contain_text("La déclaration est enregistrée")
    check(comptable, axe)
    assert COMMUNE in comptable.url
    comptable.goto("/recherche?q=école")
    comptable.get_by_role("link", name="Geler ces résultats").click()
    prove(comptable)
    comptable.get_by_label("Nom du gel").fill("Contentieux de l’école")
    comptable.get_by_label("Autorité").fill("Tribunal administratif")
    comptable.get_by_label("Référence").fill("TA-2026-1")
    comptable.get_by_label("Motif").fill("Recours")
    check(comptable, axe)
    comptable.get_by_role("button", name="Geler").click()
    expect(comptable.get_by_role("status")).to_contain_text("Le gel est posé")
    check(comptable, axe)
    archiviste = ouvrir("archiviste")
    archiviste.goto("/destruction/gels")
    check(archiviste, axe)
    archiviste.get_by_role("link", name="Contentieux de l’école").click()
    archiviste.get_by_role("link", name="Lever ce gel").click()
    prove(archiviste)
    check(archiviste, axe)
    archiviste.locator("#motif-levee").fill("Désistement")
    archiviste.get_by_role("button", name="Lever").click()
    expect(archiviste.get_by_role("status")).to_contain_text("il tient encore")
    check(archiviste, axe)


def test_a_search_is_narrowed_by_what_is_decided(
    ouvrir: Ouvrir, archive: Archive, axe: Axe
) -> None:
    decide_waiting(archive.orc.database, archive.orc.settings)
    page = ouvrir("comptable")
    page.goto("/recherche")
    expect(page.get_by_text("Destruction : Refusée").first).to_be_visible()
    facet = page.locator("details.orc-facette", has_text="Destruction anticipée")
    facet.locator("summary").focus()
    page.keyboard.press("Enter")
    facet.get_by_role("link", name="Compter").click()
    refused = facet.get_by_role("link", name="Refusée")
    expect(refused.locator(".orc-facette__nombre")).not_to_have_text("0")
    refused.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Destruction anticipée : Refusée")).to_be_visible()
    expect(refused).to_have_attribute("aria-current", "true")
    check(page, axe)
    page.get_by_role("link", name="Destruction anticipée : Refusée").click()
    expect(page).to_have_url(re.compile(r"/recherche\?plus=destruction$"))
