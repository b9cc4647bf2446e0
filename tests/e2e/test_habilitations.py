"""In a real browser: from the demande d'habilitation to the search, to its end; missions; axe."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from orc.identity.comptes import NouveauCompte, create_compte
from tests.archive import COMMUNE, MOT_DE_PASSE, Archive, make_archive
from tests.e2e.onglets import Axe, Ouvrir, check

pytestmark = pytest.mark.navigateur


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with make_archive(tmp_path) as archive:
        with archive.orc.database.writing() as session:
            for nom in ("alice", "bob", "chef"):
                compte = NouveauCompte(nom, nom.title(), MOT_DE_PASSE)
                archive.personnes[nom] = create_compte(session, compte, par="test")
        yield archive


def ask(page: Page) -> None:
    """The two first steps of a demande."""
    page.locator("main").get_by_role("link", name="Mes accès").click()
    page.get_by_role("link", name="Demander un accès").click()
    page.get_by_label("SIREN").fill(COMMUNE)
    page.get_by_role("button", name="Continuer").click()


def test_from_the_demande_to_the_search_to_its_end(
    ouvrir: Ouvrir, axe: Axe, tmp_path: Path
) -> None:
    alice, bob, comptable = ouvrir("alice"), ouvrir("bob"), ouvrir("comptable")
    document = tmp_path / "deliberation.pdf"
    document.write_bytes(b"%PDF-1.7 deliberation")

    ask(alice)
    check(alice, axe)
    alice.get_by_label("Pourquoi cet accès").fill("Délibération du 12 janvier")
    alice.get_by_label("Documents").set_input_files(document)
    alice.get_by_role("button", name="Déposer la demande").click()
    expect(alice.get_by_role("status")).to_contain_text("Votre demande est déposée")
    check(alice, axe)

    comptable.get_by_role("link", name="Demandes d’accès").click()
    check(comptable, axe)
    with comptable.expect_download() as download:
        comptable.get_by_role("link", name="deliberation.pdf").click()
    assert download.value.path().read_bytes() == document.read_bytes()
    comptable.get_by_role("button", name="Accorder à Alice").click()
    expect(comptable.get_by_role("status")).to_contain_text("vaut dès maintenant")

    alice.goto("/structure")
    alice.get_by_role("link", name=re.compile("Demander un accès pour un agent")).click()
    alice.get_by_label("Identifiant de la personne").fill("bob")
    alice.get_by_label("Pourquoi cet accès").fill("Service finances")
    check(alice, axe)
    alice.get_by_role("button", name="Déposer la demande").click()

    bob.goto("/recherche?q=consommation")
    expect(bob.get_by_role("heading", level=1)).to_have_text("Accès refusé")
    comptable.goto("/habilitations")
    comptable.get_by_role("button", name="Accorder à Bob").click()
    check(comptable, axe)
    bob.goto("/recherche?q=consommation")
    expect(bob.locator("mark").first).to_have_text("consommation")

    alice.goto("/structure")
    check(alice, axe)
    row = alice.get_by_role("row", name=re.compile("Bob"))
    row.get_by_text("Retirer").first.click()
    row.get_by_label("Motif").fill("Mutation")
    row.get_by_role("button", name="Retirer").click()
    expect(alice.get_by_role("status")).to_contain_text("n’ouvre plus rien")
    bob.reload()
    expect(bob.get_by_role("heading", level=1)).to_have_text("Accès refusé")
    assert "consommation d'électricité" not in bob.content()


def test_a_mission_is_lived_through(ouvrir: Ouvrir, axe: Axe) -> None:
    admin, chef, bob = ouvrir("administrateur"), ouvrir("chef"), ouvrir("bob")
    admin.get_by_role("link", name="Missions").click()
    for champ, value in (
        ("reference", "2026-17"),
        ("ordre", "Ordre n° 17 du 2 mai"),
        ("juridiction", "Chambre régionale des comptes"),
        ("du", "2020-01-01"),
        ("au", "2099-12-31"),
        ("chef", "chef"),
        ("perimetres", f"{COMMUNE} 2022"),
    ):
        admin.locator(f"#{champ}").fill(value)
    check(admin, axe)
    admin.get_by_role("button", name="Ouvrir la mission").click()
    expect(admin.get_by_role("status")).to_contain_text("La mission est ouverte")
    check(admin, axe)
    chef.goto("/missions")
    chef.get_by_role("link", name="2026-17").click()
    chef.get_by_label("Identifiant du membre").fill("bob")
    chef.get_by_role("button", name="Ajouter").click()
    expect(chef.get_by_role("button", name="Retirer Bob")).to_be_visible()
    check(chef, axe)
    bob.goto("/recherche?q=consommation")
    expect(bob.locator("mark").first).to_have_text("consommation")
    admin.get_by_role("button", name="Clore la mission").click()
    bob.reload()
    expect(bob.get_by_role("heading", level=1)).to_have_text("Accès refusé")


def test_an_administrateur_makes_an_account_and_grants(ouvrir: Ouvrir, axe: Axe) -> None:
    admin = ouvrir("administrateur")
    admin.get_by_role("link", name="Administration").click()
    check(admin, axe)
    admin.locator("#identifiant").fill("lea-xt")
    admin.get_by_label("Nom affiché").fill("Léa Comptable")
    admin.get_by_role("button", name="Créer").click()
    expect(admin.get_by_role("status")).to_contain_text("Mot de passe provisoire")
    check(admin, axe)
    admin.get_by_label("Rôle").select_option("comptable")
    admin.get_by_label("Portée").select_option("poste")
    admin.get_by_label("Codique").fill("033012")
    admin.get_by_role("button", name="Accorder").click()
    expect(admin.get_by_role("main")).to_contain_text("accordé par administrateur")
    check(admin, axe)
    admin.goto(f"/administration/acces?siren={COMMUNE}")
    expect(admin.get_by_role("main")).to_contain_text("Léa Comptable")
    check(admin, axe)
