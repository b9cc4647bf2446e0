"""The real PDF of a real flow, from its silo to the screen, at the passage that was searched."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from orc.bootstrap import Orc, make_orc
from orc.domain import Domaine, Role
from orc.identity.comptes import NouveauCompte, Octroi, create_compte, grant_habilitation
from orc.index.analysis import find_words
from orc.ingest.run import ingest_silo
from orc.models import Budget, Lien, PieceJustificative
from orc.settings import Settings
from tests.archive import MOT_DE_PASSE
from tests.web.serving import serve

pytestmark = pytest.mark.navigateur


@pytest.fixture(scope="module")
def orc(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orc]:
    folder = tmp_path_factory.mktemp("reel")
    shutil.copytree(shared / "pes/exemples/aller_avec_pj", folder / "silo")
    orc = make_orc(Settings(data=str(folder / "orc"), silo=(folder / "silo").as_uri()))
    try:
        url = (folder / "silo").as_uri()
        ingest_silo(orc, orc.engine, url, clore_passes=True, today=date(2026, 6, 1))
        with orc.database.writing() as session:
            lecteur = create_compte(session, NouveauCompte("lecteur", "L", MOT_DE_PASSE), par="t")
            every = tuple(d for d in Domaine if d is not Domaine.ORDINAIRE)
            for siren in set(session.scalars(select(Budget.siren))):
                octroi = Octroi(Role.ORDONNATEUR, "collectivite", siren, domaines=every)
                grant_habilitation(session, lecteur, octroi, par="t")
        yield orc
    finally:
        orc.close()


def find_pdf(orc: Orc) -> tuple[int, str]:
    """The id of the real PDF, and a long word of its last page that has text."""
    with orc.database.reading() as session:
        row = session.execute(
            select(PieceJustificative.id, PieceJustificative.sha256)
            .join(Lien, Lien.pj_id == PieceJustificative.id)
            .where(PieceJustificative.type_reel == "application/pdf")
        ).first()
    assert row is not None
    pages = [page for page in orc.storage.get_pages(row.sha256) if page.strip()]
    return row.id, max((w for w in find_words(pages[-1]) if w.isalpha()), key=len)


def test_the_real_pdf_is_read_at_its_passage(page: Page, orc: Orc) -> None:
    pj_id, word = find_pdf(orc)
    with serve(orc) as adresse:
        page.goto(f"{adresse}/connexion")
        page.fill("#identifiant", "lecteur")
        page.fill("#mot_de_passe", MOT_DE_PASSE)
        page.click("main button[type=submit]")
        page.goto(f"{adresse}/pj/{pj_id}?q={quote(word)}")
        box = page.locator(".orc-boite--ici")
        expect(box).to_be_visible(timeout=30_000)
        expect(box).to_have_attribute("data-mot", word)
        page.goto(f"{adresse}/pj/{pj_id}?onglet=details")
        expect(page.locator(".fr-alert--success")).to_contain_text("Empreinte vérifiée à l’instant")
