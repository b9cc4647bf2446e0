"""An elimination in a browser: proposed, partly refused, a gel, attested, in the register."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from orc.models import BordereauElimination
from tests.e2e.onglets import Axe, Ouvrir, check, prove
from tests.retention.actes import put_gel
from tests.web.une_elimination import Archive, open_archive

pytestmark = pytest.mark.navigateur
AUJOURD_HUI = date.today()  # noqa: DTZ011 - the civil day of the place


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with open_archive(tmp_path) as opened:
        yield opened


def sign(page: Page, libelle: str) -> None:
    """The button of the form that is open."""
    page.locator("main").get_by_role("button", name=libelle).click()
    expect(page.get_by_role("status")).to_be_visible()


def propose(maire: Page, axe: Axe) -> str:
    """The producer's part; the address of the bordereau."""
    maire.goto("/destruction/bordereaux")
    check(maire, axe)
    maire.get_by_label("Intitulé").fill("Factures payées de 2023")
    maire.get_by_role("button", name="Créer le bordereau").click()
    maire.get_by_label("Premier exercice").fill("2023")
    maire.get_by_role("button", name="Ajouter tout ce qui est éligible").click()
    maire.get_by_role("link", name="Vérifier les lignes").click()
    sign(maire, "Vérifier les lignes")
    maire.get_by_role("link", name="Signer la proposition").click()
    prove(maire)
    check(maire, axe)
    sign(maire, "Signer la proposition")
    check(maire, axe)
    maire.get_by_role("link", name="Demander le visa").click()
    sign(maire, "Demander le visa")
    return maire.url.partition("?")[0]


def answer(archiviste: Page, axe: Axe) -> None:
    """The archives' part: one line refused, the rest visé."""
    archiviste.goto("/destruction/bordereaux")
    archiviste.locator("#table-attendus").locator("..").get_by_role("link").first.click()
    archiviste.get_by_label("Choisir PJ00002").check()
    archiviste.get_by_label("Motif").fill("Procès en cours")
    archiviste.get_by_role("button", name="Préparer le refus").click()
    check(archiviste, axe)
    archiviste.get_by_role("link", name="Répondre et signer").click()
    prove(archiviste)
    expect(archiviste.locator("main")).to_contain_text("1 ligne refusée".replace(" l", "\u00a0l"))
    check(archiviste, axe)
    archiviste.get_by_label("Référence du visa").fill("AD33/2026/17")
    sign(archiviste, "Répondre et signer")


def attest(maire: Page, url: str, pv: Path, axe: Axe) -> None:
    """The first attestation, with its procès-verbal."""
    maire.goto(url)
    maire.get_by_role("link", name="Attester la destruction").click()
    check(maire, axe)
    maire.get_by_label("Date de la destruction").fill(AUJOURD_HUI.isoformat())
    maire.get_by_label("Méthode").fill("Effacement sécurisé des fichiers")
    maire.get_by_label("Procès-verbal").set_input_files(pv)
    maire.locator("main").get_by_role("button", name="Attester la destruction").click()


def test_from_the_proposal_to_the_register(
    ouvrir: Ouvrir, archive: Archive, axe: Axe, tmp_path: Path
) -> None:
    pv = tmp_path / "pv.pdf"
    pv.write_bytes(b"%PDF-1.7 proces-verbal")
    maire, archiviste = ouvrir("maire"), ouvrir("archiviste")
    url = propose(maire, axe)
    answer(archiviste, axe)
    maire.goto(url)
    expect(maire.locator("main")).to_contain_text("Procès en cours")
    maire.get_by_role("link", name="Ouvrir le délai").click()
    sign(maire, "Ouvrir le délai")
    expect(maire.get_by_role("link", name="Attester la destruction")).to_have_count(0)
    with archive.orc.database.writing() as session:
        ended = AUJOURD_HUI - timedelta(days=1)
        session.execute(update(BordereauElimination).values(delai_jusqu_a=ended))
        put_gel(session, pj=(archive.monde.pj["PJ00003"],))
    attest(maire, url, pv, axe)
    expect(maire.locator("main")).to_contain_text("Vous n’avez pas attesté")
    attest(maire, url, pv, axe)
    expect(maire.get_by_role("status")).to_be_visible()
    expect(maire.get_by_role("row", name=re.compile("PJ00003"))).to_contain_text("Écartée")
    secretaire = ouvrir("secretaire")
    secretaire.goto(url)
    secretaire.get_by_role("link", name="Contresigner l’attestation").click()
    prove(secretaire)
    sign(secretaire, "Contresigner l’attestation")
    archiviste.goto(url)
    archiviste.get_by_role("link", name="Signer le certificat").click()
    sign(archiviste, "Signer le certificat")
    check(archiviste, axe)
    archiviste.screenshot(path=tmp_path / "bordereau.png", full_page=True)
    comptable = ouvrir("comptable")
    comptable.goto("/destruction/bordereaux/registre?q=PJ0000")
    check(comptable, axe)
    names = comptable.locator("tbody th").all_inner_texts()
    assert sorted(name[6] for name in names) == ["1", "4", "5", "6"]
