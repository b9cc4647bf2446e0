"""The page Journal, its API and its CSV: filters, pages without a wall, what each may read."""

import csv
import io
from collections.abc import Iterator

import pytest

from orc.journal import Acte, record_acte
from tests.archive import Archive, make_archive
from tests.web.matrice import Essai, open_essai
from tests.web.test_recherche import link, read
from web.pages.journal import BOM, PAR_PAGE


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("journal")) as made:
        yield made


@pytest.fixture(scope="module")
def essai(archive: Archive) -> Iterator[Essai]:
    with open_essai(archive) as made:
        yield made


def read_csv(text: str) -> list[list[str]]:
    assert text.startswith(BOM)
    return list(csv.reader(io.StringIO(text.removeprefix(BOM)), delimiter=";"))


def test_a_comptable_reads_who_opened_a_document_of_its_poste_and_goes_to_it(
    essai: Essai, archive: Archive
) -> None:
    piece = archive.pieces["principal/2022/127"]
    assert essai.send("GET", f"/piece/{piece}", "ordonnateur").status == 200
    text = essai.send("GET", "/journal", "comptable").text
    assert "ordonnateur Consultation Mandat 127 · 2022" in read(text)
    assert link(text, "Mandat 127 · 2022") == f"/piece/{piece}"
    assert "Mandat 127" not in read(essai.send("GET", "/journal", "voisin").text)


def test_documents_and_bordereaux_are_named_where_they_may_be_opened(
    essai: Essai, archive: Archive
) -> None:
    piece = archive.pieces["principal/2022/127"]
    pj = archive.pj["Facture_Energie_2022-04.pdf"]
    bordereau = archive.bordereaux["principal/2022/depense/12"]
    for path in (f"/pj/{pj}?piece={piece}", f"/bordereau/{bordereau}"):
        assert essai.send("GET", path, "ordonnateur").status == 200
    text = essai.send("GET", "/journal", "ordonnateur").text
    assert link(text, "Facture_Energie_2022-04.pdf") == f"/pj/{pj}?piece={piece}"
    assert link(text, "Bordereau 12 · 2022") == f"/bordereau/{bordereau}"


def test_nobody_reads_what_a_juge_did_but_the_juge(essai: Essai, archive: Archive) -> None:
    piece = archive.pieces["communaute/2022/70"]
    assert essai.send("GET", f"/piece/{piece}", "juge").status == 200
    for path in ("/journal?du=", "/journal.csv?du=", "/api/v1/journal?du=&taille=1000"):
        assert f"piece:{piece}" in essai.send("GET", path, "juge").text or path == "/journal?du="
        for other in ("voisin", "administrateur", "comptable"):
            text = essai.send("GET", path, other).text
            assert f"piece:{piece}" not in text
            assert "Mandat 70" not in text
    text = read(essai.send("GET", "/journal", "juge").text)
    assert "Mandat 70 · 2022" in text
    assert "scellé" in text


def test_pages_follow_one_another_to_the_first_act(essai: Essai, archive: Archive) -> None:
    with archive.orc.database.writing() as session:
        for rank in range(PAR_PAGE + 3):
            record_acte(session, Acte.REFERENTIEL, acteur="essai", objet=f"lot:{rank}")
    first = essai.send("GET", "/journal?acte=referentiel&qui=essai", "administrateur").text
    second = essai.send("GET", link(first, "Actes plus anciens"), "administrateur").text
    said = [n for n in range(PAR_PAGE + 3) if f"lot:{n} " in read(first) + read(second) + " "]
    assert said == list(range(PAR_PAGE + 3))
    assert "Actes plus anciens" not in second
    assert link(second, "Les derniers actes").startswith("/journal?")


def test_the_api_gives_the_same_rows_by_cursor(essai: Essai) -> None:
    import json

    path = "/api/v1/journal?acte=referentiel&qui=essai&taille=50"
    one = json.loads(essai.send("GET", path, "administrateur").text)
    two = json.loads(essai.send("GET", f"{path}&apres={one['suivant']}", "administrateur").text)
    objets = [acte["objet"] for acte in one["actes"] + two["actes"]]
    assert len(objets) == len(set(objets)) == PAR_PAGE + 3
    assert two["suivant"] is None


def test_the_csv_holds_every_row_opens_in_a_spreadsheet_and_runs_nothing(
    essai: Essai, archive: Archive
) -> None:
    with archive.orc.database.writing() as session:
        record_acte(session, Acte.REFERENTIEL, acteur="essai", objet="=cmd()", details={"n": "a;b"})
    answer = essai.send("GET", "/journal.csv?acte=referentiel&qui=essai&du=", "administrateur")
    assert answer.headers["content-disposition"] == 'attachment; filename="journal.csv"'
    rows = read_csv(answer.text)
    assert rows[0] == ["Date", "Heure", "Qui", "Acte", "Objet", "Détail"]
    assert len(rows) == PAR_PAGE + 5
    assert rows[1][2:] == ["essai", "Référentiel", "'=cmd()", "n : a;b"]
    text = essai.send("GET", "/journal?acte=export", "administrateur").text
    assert "Aucun acte" not in text, "the export is an act of the one who made it"


@pytest.mark.parametrize(
    ("query", "count"),
    [("du=2999-01-01", 0), ("au=2000-01-01&du=", 0), ("du=", PAR_PAGE), ("acte=inconnu", PAR_PAGE)],
)
def test_days_and_acts_restrict_what_is_shown(essai: Essai, query: str, count: int) -> None:
    text = essai.send("GET", f"/journal?{query}", "administrateur").text
    assert text.count('<td class="orc-jour">') == count


def test_a_day_that_is_none_is_refused_in_words(essai: Essai) -> None:
    answer = essai.send("GET", "/journal?du=hier", "comptable")
    assert answer.status == 422
    assert "jour, mois, année" in answer.text
