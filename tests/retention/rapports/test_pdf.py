"""The PDF of a report is PDF/A-2a and PDF/UA-1, shows any text as it is, is reproducible."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odf.opendocument import load as load_ods
from odf.table import Table
from odf.teletype import extractText
from pypdf import PdfReader

from orc.csv_lines import Valeur
from orc.retention.rapports.feuille import (
    Colonne,
    Feuille,
    Forme,
    Genre,
    Identite,
    Signature,
    Tableau,
    write_valeur,
)
from orc.retention.rapports.pdf import ANNEXE_MAX, LIGNES_MAX, TropLong, write_pdf
from orc.retention.rapports.tableur import write_csv, write_ods
from scripts.recettes import verapdf
from scripts.recettes.serveur import Manque

IDENTITE = Identite("R-2026-000001", "Élodie Archiviste", date(2026, 11, 23))
HOSTILE = '#panic("x") $ * _ [ ] <a> \\ @ref // "fin" =SOMME(A1) \x00\x07\u202e'


def make_feuille(lignes: list[tuple[Valeur, ...]], title: str = "Registre") -> Feuille:
    colonnes = (
        Colonne("Pièce", largeur=4), Colonne("Date"), Colonne("Octets", nombre=True),
    )  # fmt: skip
    return Feuille(
        Genre.REGISTRE, title, (("Collectivité", "Commune de Sainte-Anne"),), ("Un paragraphe.",),
        (Tableau("Destructions", colonnes, lignes), Tableau("Rien", colonnes, [])),
        (Signature("Le maire", "Nom, date et signature"),),
    )  # fmt: skip


LIGNES: list[tuple[Valeur, ...]] = [
    ("Facture_Energie_2022-04_un_nom_sans_espace_vraiment_tres_long.pdf", date(2022, 4, 1), 12345),
    (HOSTILE, None, 0),
]


def read_text(octets: bytes) -> str:
    pages = PdfReader(io.BytesIO(octets)).pages
    text = " ".join(page.extract_text() for page in pages)
    return " ".join(text.replace("\u200b", "").split())


@pytest.fixture(scope="module")
def jar() -> Path:
    try:
        return verapdf.prepare()
    except Manque as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("norme", ["2a", "ua1"])
@pytest.mark.usefixtures("jar")
def test_verapdf_finds_nothing_to_say(tmp_path: Path, norme: str) -> None:
    pdf = tmp_path / "rapport.pdf"
    pdf.write_bytes(write_pdf(make_feuille(LIGNES * 60), IDENTITE, "ORC"))
    assert verapdf.check(pdf, norme).startswith("PASS")


@pytest.mark.usefixtures("jar")
def test_verapdf_does_say_when_a_pdf_is_not_one_that_lasts(tmp_path: Path) -> None:
    from tests.archive import make_pdf

    pdf = tmp_path / "simple.pdf"
    pdf.write_bytes(make_pdf(("Bonjour",)))
    with pytest.raises(Manque, match="FAIL"):
        verapdf.check(pdf, "2a")


def test_the_same_report_is_the_same_bytes() -> None:
    feuille = make_feuille(LIGNES)
    assert write_pdf(feuille, IDENTITE, "ORC") == write_pdf(feuille, IDENTITE, "ORC")
    assert b"".join(write_ods(feuille, IDENTITE)) == b"".join(write_ods(feuille, IDENTITE))


def test_hostile_texts_are_shown_and_never_run() -> None:
    text = read_text(write_pdf(make_feuille(LIGNES, title=f"Registre {HOSTILE}"), IDENTITE, "ORC"))
    assert '#panic("x") $ * _ [ ] <a>' in text.replace("\u00a0", " ")
    assert "01/04/2022" in text
    assert "12 345" in text.replace("\u202f", " ")
    assert "Aucune ligne." in text


def test_a_page_is_drawn() -> None:
    document = pypdfium2.PdfDocument(write_pdf(make_feuille(LIGNES * 30), IDENTITE, "ORC"))
    try:
        assert len(document) > 1
        image = document[0].render(scale=1).to_pil().convert("L")
        assert image.getextrema() == (0, 255)
    finally:
        document.close()


def test_a_pdf_nobody_would_read_is_refused() -> None:
    def read() -> Iterator[tuple[Valeur, ...]]:
        for rang in range(LIGNES_MAX + 1):
            yield ("x", None, rang)

    feuille = make_feuille([])
    tableau = Tableau("Long", feuille.tableaux[0].colonnes, read())
    long = Feuille(feuille.genre, "Long", (), (), (tableau,))
    with pytest.raises(TropLong, match="CSV ou en ODS"):
        write_pdf(long, IDENTITE, "ORC")


def test_a_long_annexe_is_left_to_the_ods() -> None:
    colonnes = (Colonne("Pièce"),)
    lignes: list[tuple[Valeur, ...]] = [(f"PJ-{rang}",) for rang in range(ANNEXE_MAX + 1)]
    main = Tableau("Lignes", colonnes, [("Factures",)])
    for size in (ANNEXE_MAX, ANNEXE_MAX + 1):
        annexe = Tableau("Liste", colonnes, lignes[:size], annexe=True)
        feuille = Feuille(Genre.BORDEREAU, "Bordereau", (), (), (main, annexe))
        text = read_text(write_pdf(feuille, IDENTITE, "ORC"))
        assert ("PJ-999" in text) is (size == ANNEXE_MAX)
        assert ("l’ODS du même rapport" in text) is (size > ANNEXE_MAX)
        assert "Factures" in text


def test_a_csv_has_nothing_a_spreadsheet_computes() -> None:
    lignes: list[tuple[Valeur, ...]] = [
        ("=1+1", date(2022, 4, 1), 5), ("@x\0", None, 0), ("-2", None, -3), ("a;b\n\"c\"", None, 1)
    ]  # fmt: skip
    octets = b"".join(write_csv(make_feuille(lignes * 300)))
    assert octets.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(octets.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert rows[:5] == [
        ["Pièce", "Date", "Octets"],
        ["'=1+1", "2022-04-01", "5"],
        ["'@x", "", "0"],
        ["'-2", "", "-3"],
        ['a;b\n"c"', "", "1"],
    ]
    assert len(rows) == 1201


@settings(max_examples=30)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=5))
def test_any_text_makes_an_ods_and_a_csv_that_open(texts: list[str]) -> None:
    feuille = make_feuille([(text, None, 1) for text in texts])
    octets = b"".join(write_ods(feuille, IDENTITE))
    with ZipFile(io.BytesIO(octets)) as made:
        assert made.testzip() is None
    tables = load_ods(io.BytesIO(octets)).getElementsByType(Table)
    assert len(tables) == 3
    assert "Pièce" in extractText(tables[1])
    rows = b"".join(write_csv(feuille)).decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(rows, newline=""), delimiter=";"))
    assert len(read) == len(texts) + 1


@settings(max_examples=40)
@given(st.text(max_size=60), st.text(st.characters(max_codepoint=0x2100), max_size=60))
def test_any_text_makes_a_pdf(title: str, text: str) -> None:
    feuille = make_feuille([(text, None, 1)], title=f"T{title}")
    assert write_pdf(feuille, IDENTITE, text).startswith(b"%PDF")


def test_what_the_font_cannot_draw_is_said_by_a_mark() -> None:
    text = read_text(write_pdf(make_feuille([("Œuvre à 5 € 汉字", None, 1)]), IDENTITE, "ORC"))
    assert "Œuvre à 5 € ??" in text


def test_values_are_written_as_people_read_them() -> None:
    assert write_valeur(None) == ""
    assert write_valeur(date(2022, 4, 1)) == "01/04/2022"
    assert write_valeur(1234567) == "1\u202f234\u202f567"
    assert Forme("pdf") is Forme.PDF
