"""What a PJ carries is found by its own words, and named wherever it is shown."""

import html
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from orc.access import Clearance, make_lecteur
from orc.bootstrap import Orc, make_orc
from orc.cli import app
from orc.domain import Role
from orc.identity.comptes import NouveauCompte, create_compte
from orc.ingest.extract.tika_pool import SANS_TIKA
from orc.ingest.relire import ask_again, count_wanted, find_wanted
from orc.ingest.run import ingest_silo, wait_for_index
from orc.models import Texte
from orc.models.parties import PartieJointe, dump_parties, find_place, load_parties
from orc.search.find import Question, find
from orc.search.passages import Passage
from orc.settings import Settings
from tests.archive import MOT_DE_PASSE
from tests.flows import UnePj, UnFlux, UnMandat
from tests.ingest.extract.carriers import mail_of, zip_of
from tests.ingest.extract.documents import make_docx, make_pdf
from tests.serveurs import Serveur
from tests.sql import grant, make_personne, prepare_data
from tests.web.serving import open_navigateur, serve

TODAY = date(2026, 11, 1)
CLOTURES = "siret;codcol;codbud;exercice;close_le\n00000000100011;101;00;2023;2024-06-01\n"
LOT = zip_of(
    {
        "2023/mai.pdf": make_pdf("Facture de mai", "La chaufferie de la mediatheque"),
        "2023/juin.docx": make_docx(),
    }
)
MAIL = bytes(
    mail_of("Veuillez trouver la convention", {"lot.zip": LOT, "x.bin": bytes(range(256))})
)


def write_silo(folder: Path, octets: bytes, nom: str) -> Path:
    folder.mkdir()
    (folder / "clotures.csv").write_text(CLOTURES)
    flux = UnFlux((UnMandat("127", ("F1",)),), (UnePj("F1", octets, nom=nom),))
    (folder / "a.xml").write_bytes(flux.make())
    return folder


@pytest.fixture
def silo(tmp_path: Path) -> Path:
    return write_silo(tmp_path / "silo", MAIL, "courriel.eml")


@pytest.fixture
def orc(tmp_path: Path) -> Iterator[Orc]:
    made = make_orc(Settings(data=str(prepare_data(tmp_path / "data")), workers=1))
    yield made
    made.close()


def ingest(orc: Orc, silo: Path) -> Texte:
    ingest_silo(orc, orc.engine, str(silo), clore_passes=False, today=TODAY)
    return get_texte(orc)


def get_texte(orc: Orc) -> Texte:
    with orc.database.reading() as session:
        return session.scalars(select(Texte)).one()


def see(orc: Orc) -> Clearance:
    with orc.database.writing() as session:
        personne = make_personne(session, "p")
        grant(session, personne, Role.ORDONNATEUR, portee="collectivite", portee_cle="000000001")
        return make_lecteur(session, personne, "p", "P", TODAY).clearance


def find_passage(orc: Orc, words: str, clearance: Clearance) -> Passage:
    with orc.database.reading() as session:
        found = find(orc.engine, session, orc.storage, Question(words), clearance=clearance)
    assert found.hits.total == 1
    ((passage, *_),) = found.passages.values()
    return passage


def test_an_invoice_in_a_zip_in_a_mail_is_found_and_named_with_its_page(
    orc: Orc, silo: Path
) -> None:
    texte = ingest(orc, silo)
    assert (texte.etat, texte.nb_pages) == ("extrait", 1)
    assert "« x.bin » n’a pas été lu" in texte.motif
    clearance = see(orc)
    own = find_passage(orc, "veuillez trouver", clearance)
    assert (own.page, own.partie) == (1, "")
    inside = find_passage(orc, "chaufferie médiathèque", clearance)
    assert (inside.page, inside.partie, inside.page_partie) == (3, "lot.zip › 2023/mai.pdf", 2)
    last = find_passage(orc, "délibération véhicule", clearance)
    assert (last.partie, last.page_partie) == ("lot.zip › 2023/juin.docx", 1)


def test_an_archive_without_a_word_of_its_own_is_found_by_what_it_holds(
    orc: Orc, tmp_path: Path
) -> None:
    texte = ingest(orc, write_silo(tmp_path / "silo", LOT, "factures.zip"))
    assert (texte.etat, texte.nb_pages) == ("extrait", 0)
    passage = find_passage(orc, "chaufferie", see(orc))
    assert (passage.partie, passage.page_partie) == ("2023/mai.pdf", 2)


def test_pages_and_api_say_which_attached_file_and_which_of_its_pages(orc: Orc, silo: Path) -> None:
    ingest(orc, silo)
    make_compte(orc)
    with serve(orc) as address, open_navigateur(address, "alix") as browser:
        results = browser.get("/recherche?q=chaufferie").text
        assert "dans la pièce jointe lot.zip › 2023/mai.pdf, p.&nbsp;2" in results
        place = html.unescape(re.findall(r'orc-passage__page" href="([^"]+)"', results)[0])
        assert "page=3" in place
        page = browser.get(place).text
        assert ">lot.zip › 2023/mai.pdf, page 2</h2>" in page
        assert "lot.zip › 2023/mai.pdf, page 2 (1)" in page
        assert "3\N{NO-BREAK SPACE}documents joints" in html.unescape(page)
        assert "<mark>chaufferie</mark>" in page
        assert "Le format du fichier n’est pas reconnu" in page
        details = browser.get(place + "&onglet=details").text
        assert "lot.zip › 2023/juin.docx" in details
        pj = place.partition("?")[0]
        texte = browser.get(f"/api/v1{pj}/texte").json()
        assert [(p["nom"], p["page"], p["nb_pages"]) for p in texte["parties"]] == [
            ("lot.zip › 2023/mai.pdf", 2, 2),
            ("lot.zip › 2023/juin.docx", 4, 1),
            ("x.bin", 0, 0),
        ]
        found = browser.get("/api/v1/recherche?q=chaufferie").json()
        passage = found["resultats"][0]["passages"][0]
        assert (passage["partie"], passage["page_partie"]) == ("lot.zip › 2023/mai.pdf", 2)


def make_compte(orc: Orc) -> None:
    with orc.database.writing() as session:
        personne = create_compte(session, NouveauCompte("alix", "Alix", MOT_DE_PASSE), par="test")
        grant(session, personne, Role.ORDONNATEUR, portee="collectivite", portee_cle="000000001")


def test_what_tika_did_not_give_is_read_again_when_asked(orc: Orc, silo: Path) -> None:
    texte = ingest(orc, silo)
    with orc.database.writing() as session:
        kept = session.get_one(Texte, texte.sha256)
        kept.extracteur = "mail" + SANS_TIKA
    wanted = find_wanted("tika", "", "")
    with orc.database.reading() as session:
        assert count_wanted(session, wanted) == 1
        assert count_wanted(session, find_wanted("silo", "", "")) == 0
        assert count_wanted(session, find_wanted("", "extrait", "message/rfc822")) == 1
    with orc.database.writing() as session:
        assert ask_again(session, wanted) == 1
    clearance = see(orc)
    assert find_passage(orc, "chaufferie", clearance).page_partie == 2
    orc.tasks.enqueue_unfinished(but=("lire_fichier",))
    wait_for_index(orc)
    assert get_texte(orc).extracteur == "mail"
    assert find_passage(orc, "chaufferie", clearance).page_partie == 2


def test_what_a_dead_tika_did_not_read_it_reads_once_it_is_back(
    silo: Path, tmp_path: Path, tika: Serveur
) -> None:
    data = str(prepare_data(tmp_path / "data"))
    without = make_orc(Settings(data=data, workers=1, tika="http://127.0.0.1:9"))
    texte = ingest(without, silo)
    clearance = see(without)
    assert (texte.etat, texte.extracteur) == ("extrait", "mail-sans-tika")
    assert find_passage(without, "délibération", clearance).partie.endswith("juin.docx")
    without.close()
    found = make_orc(Settings(data=data, workers=1, tika=tika.url))
    with found.database.writing() as session:
        assert ask_again(session, find_wanted("tika", "", "")) == 1
    found.tasks.enqueue_unfinished(but=("lire_fichier",))
    wait_for_index(found)
    assert get_texte(found).extracteur == "mail+tika"
    assert find_passage(found, "chaufferie", clearance).partie == "lot.zip › 2023/mai.pdf"
    found.close()


def test_a_command_reads_texts_again(orc: Orc, silo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texte = ingest(orc, silo)
    with orc.database.writing() as session:
        session.get_one(Texte, texte.sha256).extracteur = "mail" + SANS_TIKA
    folder = orc.settings.data
    orc.close()
    monkeypatch.setenv("ORC_DATA", folder)
    run = CliRunner().invoke
    assert run(app, ["textes", "relire", "--motif", "lune"]).exit_code != 0
    assert "1" in run(app, ["textes", "relire", "--motif", "tika", "--compter"]).stdout
    assert json.loads(run(app, ["textes", "relire", "--motif", "tika", "--json"]).stdout) == {
        "textes": 1
    }
    assert json.loads(run(app, ["textes", "relire", "--motif", "tika", "--json"]).stdout) == {
        "textes": 0
    }


def test_parts_are_kept_in_a_column_and_found_by_page() -> None:
    parties = (
        PartieJointe("a.pdf", "application/pdf", 2, "extrait"),
        PartieJointe("b.zip", "application/zip", 0, "protege", "Mot de passe."),
        PartieJointe("c.pdf", "application/pdf", 1, "extrait"),
    )
    assert load_parties(dump_parties(parties)) == parties
    places = [find_place(parties, 3, page) for page in range(1, 8)]
    named = [(place.partie.nom, place.page) if place else None for place in places]
    assert named == [None, None, None, ("a.pdf", 1), ("a.pdf", 2), ("c.pdf", 1), None]


@pytest.mark.parametrize("column", ["", "[]", "{", "[[1]]", "null", '{"a":1}'])
def test_a_damaged_column_names_no_part(column: str) -> None:
    assert load_parties(column) == ()
