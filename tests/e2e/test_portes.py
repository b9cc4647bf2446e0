"""In a real browser: an OpenID provider, a certificate, the key of a connector."""

import re
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from orc.domain import Role
from orc.identity.comptes import NouveauCompte, Octroi, create_compte, grant_habilitation
from orc.identity.oidc import RETOUR
from orc.models import SessionWeb, Structure, read_now
from scripts.recettes import certificats, systeme
from tests.archive import COMMUNE, MOT_DE_PASSE, Archive, make_archive
from tests.serveurs import Prive, start_private
from tests.web.serving import serve_at

Axe = Callable[[Page], list[dict[str, Any]]]
pytestmark = pytest.mark.navigateur
SECRET = "le secret du mandataire"
COMPTES = {"sub-comptable": {"claims": {"email": "x@exemple.fr", "email_verified": True}}}


@pytest.fixture(scope="module")
def port() -> int:
    return systeme.find_port()


@pytest.fixture(scope="module")
def address(port: int) -> str:
    return f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def fournisseur(address: str) -> Iterator[Prive]:
    options = {"retours": [address + RETOUR], "adieux": [f"{address}/connexion"]}
    with start_private("fournisseur", comptes=COMPTES, **options) as own:
        yield own


@pytest.fixture(scope="module")
def archive(
    tmp_path_factory: pytest.TempPathFactory, address: str, fournisseur: Prive, port: int
) -> Iterator[Archive]:
    with make_archive(
        tmp_path_factory.mktemp("portes"),
        adresse_publique=address,
        oidc_emetteur=fournisseur.url,
        oidc_client_id=fournisseur.serveur.user,
        oidc_client_secret=fournisseur.serveur.password,
        mandataires="127.0.0.1",
        certificats_secret=SECRET,
    ) as made:
        with made.orc.database.writing() as session:
            compte = NouveauCompte("gestion", "Gilles Gestionnaire", MOT_DE_PASSE)
            gestion = create_compte(session, compte, par="test")
            octroi = Octroi(Role.GESTIONNAIRE, "collectivite", COMMUNE)
            grant_habilitation(session, gestion, octroi, par="test")
            today, now = read_now().date(), read_now()
            session.add(
                Structure(siren=COMMUNE, depuis=today, accordee_par="test", accordee_le=now)
            )
        with serve_at(made.orc, port):
            yield made


@pytest.fixture
def context(browser: Browser, archive: Archive, address: str) -> Iterator[BrowserContext]:
    del archive
    made = browser.new_context(base_url=address)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab that fails the test if the policy of security refused anything."""
    refused: list[str] = []
    tab = context.new_page()
    tab.on(
        "console",
        lambda said: refused.append(said.text) if "Security Policy" in said.text else None,
    )
    yield tab
    assert refused == []


def log_in(page: Page, identifiant: str) -> None:
    page.goto("/connexion")
    page.get_by_label("Identifiant").fill(identifiant)
    page.get_by_label("Mot de passe").fill(MOT_DE_PASSE)
    page.get_by_role("button", name="Se connecter", exact=True).click()


def prove(page: Page) -> None:
    """A door is added only by who says the password again."""
    expect(page.get_by_role("heading", name="Prouvez que c’est bien vous")).to_be_visible()
    page.get_by_label("Mot de passe").fill(MOT_DE_PASSE)
    page.get_by_role("button", name="Continuer").click()


def test_a_person_links_an_identity_comes_in_by_it_and_leaves_both(
    page: Page, address: str, axe: Axe
) -> None:
    log_in(page, "comptable")
    page.goto("/mes-portes")
    assert not axe(page)
    page.get_by_role("button", name="Lier ProConnect").click()
    prove(page)
    page.get_by_role("button", name="Lier ProConnect").click()
    page.get_by_role("link", name="Continuer vers ProConnect").click()
    page.get_by_label("Compte").fill("sub-comptable")
    page.get_by_role("button", name="Entrer").click()
    expect(page.get_by_role("status").first).to_contain_text("L’identité est liée")
    page.get_by_role("button", name="Se déconnecter").click()

    page.goto("/recherche?q=consommation")
    assert not axe(page)
    page.get_by_role("link", name="S’identifier avec ProConnect").click()
    if page.get_by_label("Compte").count():
        page.get_by_label("Compte").fill("sub-comptable")
        page.get_by_role("button", name="Entrer").click()
    expect(page).to_have_url(f"{address}/recherche?q=consommation")
    expect(page.locator("mark").first).to_have_text("consommation")

    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("heading", name="Vous êtes déconnecté d’ORC")).to_be_visible()
    assert not axe(page)
    page.get_by_role("link", name="Se déconnecter aussi de ProConnect").click()
    page.locator("button[value=yes], button[autofocus]").first.click()
    expect(page).to_have_url(re.compile(rf"{address}/connexion"))


def test_a_gestionnaire_gives_a_connector_its_key(page: Page, address: str, axe: Axe) -> None:
    log_in(page, "gestion")
    page.get_by_role("link", name="Comptes techniques").click()
    page.get_by_role("link", name="Créer un compte technique").click()
    assert not axe(page)
    page.get_by_label("Nom affiché").fill("Connecteur de la gestion financière")
    page.get_by_label("Nom court").fill("finances")
    page.get_by_role("button", name="Créer le compte").click()
    page.get_by_role("button", name="Créer une clé").click()
    prove(page)
    page.get_by_role("button", name="Créer une clé").click()
    cle = page.locator("#cle").inner_text()
    assert not axe(page)
    asked = urllib.request.Request(  # noqa: S310 - our own server
        f"{address}/api/v1/session", headers={"Authorization": f"Bearer {cle}"}
    )
    with urllib.request.urlopen(asked) as answer:  # noqa: S310 - our own server
        assert f"ct-{COMMUNE}-finances" in answer.read().decode()
    page.get_by_role("link", name="Comptes techniques").first.click()
    expect(page.get_by_role("table")).to_contain_text("Connecteur de la gestion financière")
    assert cle not in page.content()
    assert not axe(page)


def test_a_certificate_is_enrolled_then_opens(
    browser: Browser, archive: Archive, port: int, axe: Axe
) -> None:
    with start_private("certificats", amont=port, secret=SECRET) as own:
        folder = Path(own.serveur.details["dossier"])
        certificats.make_client(folder, "Alice Martin")
        shown = {
            "origin": own.url,
            "certPath": str(folder / "Alice Martin.pem"),
            "keyPath": str(folder / "Alice Martin.key"),
        }
        made = browser.new_context(
            base_url=own.url,
            ignore_https_errors=True,
            client_certificates=[shown],  # type: ignore[list-item]  # playwright's own dictionary
        )
        page = made.new_page()
        log_in(page, "ordonnateur")
        expect(page.get_by_role("heading", name="Mes façons d’entrer")).to_be_visible()
        assert not axe(page)
        page.get_by_role("button", name="L’enregistrer sur mon compte").click()
        expect(page).to_have_url(f"{own.url}/")
        page.get_by_role("button", name="Se déconnecter").click()
        page.get_by_role("button", name="Se connecter avec mon certificat").click()
        expect(page.locator(".orc-personne__nom")).to_have_text("Ordonnateur de test")
        made.close()
    with archive.orc.database.reading() as session:
        doors = set(session.scalars(select(SessionWeb.porte)))
    assert "certificat" in doors
