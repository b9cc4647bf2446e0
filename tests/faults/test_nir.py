"""A NIR in every free text of a flow and of its PJ: kept nowhere, neither in SQL nor in texts."""

import io
from collections.abc import Iterator
from pathlib import Path

import docx
import pytest
import xlsxwriter

from orc.bootstrap import Orc, make_orc
from orc.index.fields import Genre
from orc.ingest.run import ingest_silo
from orc.settings import Settings
from tests.faults.hostiles import CLOTURES
from tests.flows import UnePj, UnFlux, UnMandat
from tests.ingest.extract.documents import make_nir
from tests.ingest.test_ingestion import TODAY, make_pdf, search

NIR = make_nir("1850578006084")
SPACED = f"{NIR[0]} {NIR[1:3]} {NIR[3:5]} {NIR[5:7]} {NIR[7:10]} {NIR[10:13]} {NIR[13:]}"
# The thirteen signs, as they are written; the key alone says nothing.
KEPT_NOWHERE = tuple(
    text.encode() for text in (NIR[:13], SPACED[:18], SPACED[:18].replace(" ", ""))
)
TEXT = f"Agent au matricule {NIR}, ou {SPACED}, fin."


def _docx() -> bytes:
    out, document = io.BytesIO(), docx.Document()
    document.add_paragraph(TEXT)
    document.save(out)
    return out.getvalue()


def _xlsx() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Paie")
        sheet.write(0, 0, TEXT)
        sheet.write_number(1, 0, int(NIR[:13]))
    return out.getvalue()


def _paie() -> bytes:
    return (
        '<DocumentPaye><DonneesIndiv><PayeIndivMensuel><Agent><Nom V="DURAND"/>'
        f'<NIR V="{NIR[:13]}"/><Commentaire V="{SPACED}"/></Agent></PayeIndivMensuel>'
        "</DonneesIndiv></DocumentPaye>"
    ).encode()


DOCUMENTS = {
    "P1": (make_pdf(TEXT), "a.pdf"),
    "P2": (_docx(), "a.docx"),
    "P3": (_xlsx(), "a.xlsx"),
    "P4": (_paie(), "a.xhl"),
    "P5": (TEXT.encode(), "a.txt"),
}


def _make_flux() -> bytes:
    pjs = tuple(UnePj(i, octets, f"{NIR}_{nom}") for i, (octets, nom) in DOCUMENTS.items())
    mandat = UnMandat("127", tuple(DOCUMENTS), objet=TEXT, tiers=f"M. DURAND {NIR}")
    octets = UnFlux((mandat,), pjs, nom="nir").make()
    said = TEXT.encode()
    return (
        octets.replace(b'Description V="Facture"', b'Description V="' + said + b'"')
        .replace(b"<TVAIntraCom", b'<Objet V="' + said + b'"/><TVAIntraCom')
        .replace(
            b"</InfoTiers>",
            b'<Prenom V="' + said + b'"/></InfoTiers><Adresse><Adr2 V="' + said + b'"/></Adresse>',
        )
        .replace(b"</BlocBordereau>", b'<Objet V="' + said + b'"/></BlocBordereau>')
        .replace(b'NatPce V="01"', b'NatPce V="' + NIR.encode() + b'"')
    )


@pytest.fixture(scope="module")
def orc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orc]:
    folder = tmp_path_factory.mktemp("nir")
    (folder / "silo").mkdir()
    (folder / "silo/clotures.csv").write_text(CLOTURES)
    (folder / "silo/nir.xml").write_bytes(_make_flux())
    orc = make_orc(Settings(data=str(folder / "data"), workers=1))
    ingest_silo(orc, orc.engine, str(folder / "silo"), clore_passes=False, today=TODAY)
    yield orc
    orc.close()


def test_no_nir_is_in_the_files_of_the_database(orc: Orc) -> None:
    with orc.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in Path(orc.settings.data).glob("orc.sqlite*"):
        octets = path.read_bytes()
        assert [nir for nir in KEPT_NOWHERE if nir in octets] == []


def test_no_nir_is_in_the_texts_kept(orc: Orc) -> None:
    pages = [page for key in orc.storage.list_keys() for page in orc.storage.get_pages(key)]
    assert sum("matricule" in page for page in pages) == 4
    assert [p for p in pages if NIR[:13] in p.replace(" ", "")] == []


@pytest.mark.parametrize("words", [NIR, NIR[:13], SPACED, f'"{SPACED}"', f"{NIR[:13]}*"])
def test_a_nir_finds_nothing(orc: Orc, words: str) -> None:
    assert search(orc, "matricule") == 5
    assert search(orc, words) == search(orc, words, Genre.PIECE) == 0


def test_no_nir_is_in_the_files_of_the_index(orc: Orc) -> None:
    for path in Path(orc.settings.data, "index").iterdir():
        octets = path.read_bytes()
        assert [nir for nir in KEPT_NOWHERE if nir in octets] == []
