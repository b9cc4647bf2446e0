"""Every kind of document gives its text, or the right reason why there is none."""

import base64
import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from orc.ingest.extract.chain import extract
from orc.ingest.extract.nir import MASK
from orc.ingest.extract.pdf_boxes import find_boxes
from orc.ingest.extract.pool import ExtractionPool
from orc.ingest.extract.render import render_page
from orc.ingest.extract.values import EtatTexte, Extraction, Limits
from tests.ingest.extract.documents import (
    PHRASE,
    RTF,
    make_docx,
    make_image,
    make_nir,
    make_ods,
    make_odt,
    make_pdf,
    make_raw_pdf,
    make_scan,
    make_xlsx,
)

STAMP = "Envoyé en préfecture le 12/12/2023, reçu en préfecture le 12/12/2023, affiché le 13"


class ReadHere:
    """What a child does, in this process: documents of our own making need no confinement."""

    find_boxes = staticmethod(find_boxes)
    render_page = staticmethod(render_page)

    def extract(self, octets: bytes, nom: str = "", type_reel: str = "") -> Extraction:
        return extract(octets, nom, type_reel, Limits())


@pytest.fixture(scope="module", params=["enfant", "ici"])
def pool(request: pytest.FixtureRequest) -> Iterator[ExtractionPool | ReadHere]:
    if request.param == "ici":
        yield ReadHere()
        return
    with ExtractionPool(Limits(), 1) as made:
        yield made


def test_a_pdf_gives_its_pages_and_what_it_says_of_itself(pool: ExtractionPool) -> None:
    extraction = pool.extract(make_pdf(PHRASE, "deux"), "facture.pdf")
    assert (extraction.etat, extraction.motif) == (EtatTexte.EXTRAIT, "")
    assert extraction.pages == (PHRASE, "deux")
    assert extraction.type_reel == "application/pdf"
    assert extraction.metadonnees["titre"] == "Une facture"
    assert extraction.metadonnees["pages"] == "2"


@pytest.mark.parametrize("kept", [0.5, 0.7, 0.9])
def test_a_truncated_pdf_is_repaired_and_says_so(pool: ExtractionPool, kept: float) -> None:
    whole = make_pdf(PHRASE, "deux")
    extraction = pool.extract(whole[: int(kept * len(whole))])
    assert extraction.etat is EtatTexte.EXTRAIT
    assert extraction.pages == (PHRASE, "deux")
    assert "réparé" in extraction.motif


def test_a_pdf_beyond_repair_says_so(pool: ExtractionPool) -> None:
    extraction = pool.extract(b"%PDF-1.4\n" + b"rien du tout " * 50)
    assert extraction.etat is EtatTexte.ILLISIBLE
    assert "abîmé" in extraction.motif


def test_a_pdf_under_password_is_protected_not_broken(pool: ExtractionPool) -> None:
    extraction = pool.extract(make_pdf(PHRASE, password="secret"))
    assert extraction.etat is EtatTexte.PROTEGE
    assert "mot de passe" in extraction.motif


def test_a_scanned_pdf_awaits_ocr_even_under_a_stamp(pool: ExtractionPool) -> None:
    extraction = pool.extract(make_scan("", STAMP))
    assert extraction.etat is EtatTexte.A_OCERISER
    assert extraction.pages_a_oceriser == (1, 2)
    assert extraction.pages == ("", STAMP)


def test_a_pdf_of_text_and_scans_is_read_and_its_scans_await_ocr(pool: ExtractionPool) -> None:
    long = PHRASE + " suite de la délibération" * 20
    extraction = pool.extract(make_scan("", long * 2))
    assert extraction.etat is EtatTexte.EXTRAIT
    assert extraction.pages_a_oceriser == (1,)
    assert "1 page(s) sur 2" in extraction.motif


def test_a_blank_pdf_awaits_nothing(pool: ExtractionPool) -> None:
    extraction = pool.extract(make_pdf(""))
    assert extraction.etat is EtatTexte.SANS_TEXTE
    assert extraction.pages_a_oceriser == ()


def test_text_no_reader_can_make_out_awaits_ocr(pool: ExtractionPool) -> None:
    # A font whose letters stand for the private use area: what some generators do.
    letters = "".join(f"<{sign:02x}> <e0{sign:02x}>\n" for sign in range(0x41, 0x5B))
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def\n"
        "1 begincodespacerange <00> <ff> endcodespacerange\n"
        f"26 beginbfchar\n{letters}endbfchar endcmap end end"
    ).encode()
    octets = make_raw_pdf(b"BT /F1 12 Tf 50 700 Td (" + b"FACTUREDEMAIRIE" * 4 + b") Tj ET")
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>"
    stream = b"6 0 obj<</Length %d>>stream\n%s\nendstream endobj\n" % (len(cmap), cmap)
    octets = octets.replace(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", font)
    octets = octets[: octets.index(b"xref")] + stream + b"trailer<</Root 1 0 R>>"
    extraction = pool.extract(octets)
    assert extraction.etat is EtatTexte.A_OCERISER
    assert extraction.pages_a_oceriser == (1,)
    assert "pypdf" in extraction.extracteur


def test_words_cut_at_the_end_of_lines_are_whole_again(pool: ExtractionPool) -> None:
    (page,) = pool.extract(make_pdf("La muni-\ncipalité de Saint-\nDenis")).pages
    assert "municipalité" in page
    assert "Saint-Denis" in page


INVOICE = """<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:a" xmlns:ram="urn:b" xmlns:udt="urn:c">
 <rsm:ExchangedDocument><ram:ID>F2023-00127</ram:ID><ram:IssueDateTime>
  <udt:DateTimeString format="102">20231231</udt:DateTimeString></ram:IssueDateTime>
 </rsm:ExchangedDocument>
 <ram:SellerTradeParty><ram:Name>Électricité du Nord</ram:Name></ram:SellerTradeParty>
 <ram:GrandTotalAmount currencyID="EUR">1234.5</ram:GrandTotalAmount>
</rsm:CrossIndustryInvoice>"""


def test_the_invoice_inside_a_factur_x_is_read_as_a_part(pool: ExtractionPool) -> None:
    octets = make_pdf(PHRASE, attached=INVOICE.encode(), name="factur-x.xml")
    (part,) = pool.extract(octets).parties
    assert (part.nom, part.type) == ("factur-x.xml", "application/x-cii+xml")
    text = part.pages[0]
    assert "Vendeur — Nom : Électricité du Nord" in text
    assert "Total TTC : 1234,50 EUR" in text
    assert "F2023-00127" in text


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (make_docx, ["Délibération n° 12", "véhicule", "1 234,56 €"]),
        (make_odt, ["Convention de mise à disposition", "l’association"]),
        (make_xlsx, ["Dépenses", "60611", "seconde feuille"]),
        (make_ods, ["Électricité 60612"]),
        (lambda: RTF, ["Notification de l'élu numéro 12"]),
    ],
)
def test_office_files_give_their_text(pool: ExtractionPool, make, words: list[str]) -> None:
    extraction = pool.extract(make())
    assert extraction.etat is EtatTexte.EXTRAIT
    assert extraction.extracteur == "kreuzberg"
    assert all(word in "\n".join(extraction.pages) for word in words)


def test_a_spreadsheet_has_a_page_a_sheet(pool: ExtractionPool) -> None:
    assert len(pool.extract(make_xlsx()).pages) == 2


def test_a_broken_office_file_says_so(pool: ExtractionPool) -> None:
    whole = make_docx()
    for octets in (whole[:-300], whole[:500], whole.replace(b"word/document", b"word/dxcument")):
        extraction = pool.extract(octets, "courrier.docx")
        assert extraction.etat is EtatTexte.ILLISIBLE
        assert "abîmé" in extraction.motif


def test_an_encrypted_office_file_is_protected(pool: ExtractionPool) -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    octets = ole + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    assert pool.extract(octets).etat is EtatTexte.PROTEGE


def zip_of(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_an_office_bomb_is_not_even_opened(pool: ExtractionPool) -> None:
    bomb = zip_of({"[Content_Types].xml": b"<a/>", "word/document.xml": b" " * 600_000_000})
    extraction = pool.extract(bomb)
    assert extraction.etat is EtatTexte.TROP_GRAND
    assert "600 Mo" in extraction.motif


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"7z\xbc\xaf\x27\x1c" + bytes(60), "7z"),
        (bytes(range(256)) * 4, "pas reconnu"),
    ],
)
def test_what_is_not_read_says_why(pool: ExtractionPool, octets: bytes, said: str) -> None:
    extraction = pool.extract(octets)
    assert extraction.etat is EtatTexte.NON_PRIS_EN_CHARGE
    assert said in extraction.motif


@pytest.mark.parametrize(("kind", "count"), [("JPEG", 1), ("PNG", 1), ("TIFF", 3)])
def test_images_await_ocr_page_by_page(pool: ExtractionPool, kind: str, count: int) -> None:
    extraction = pool.extract(make_image(kind, count))
    assert extraction.etat is EtatTexte.A_OCERISER
    assert extraction.pages_a_oceriser == tuple(range(1, count + 1))


def test_a_name_that_lies_is_said_and_the_content_read(pool: ExtractionPool) -> None:
    extraction = pool.extract(make_image("JPEG"), "facture.pdf")
    assert extraction.type_reel == "image/jpeg"
    assert "« .pdf »" in extraction.metadonnees["extension"]
    assert "extension" not in pool.extract(make_pdf("un"), "FACTURE.PDF").metadonnees


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_plain_text_is_read_in_its_encoding(pool: ExtractionPool, encoding: str) -> None:
    text = "Compte;Libellé\n60611;Électricité à 12 €"
    assert pool.extract(text.encode(encoding), "a.csv").pages == (text,)


def test_html_is_read_without_its_scripts(pool: ExtractionPool) -> None:
    html = b"<!DOCTYPE html><script>mot()</script><p>La <b>mai</b>rie</p><td>12</td><td>34</td>"
    assert pool.extract(html).pages == ("La mairie\n12 34",)


def test_a_mail_gives_its_body_and_its_attached_files(pool: ExtractionPool) -> None:
    payload = base64.b64encode(make_pdf(PHRASE))
    mail = (
        b"From: a@ville.fr\r\nTo: b@ville.fr\r\nSubject: =?utf-8?q?Facture_d=C3=A9but?=\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=X\r\n\r\n"
        b"--X\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nVeuillez trouver\r\n"
        b"--X\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
        b'Content-Disposition: attachment; filename="f.pdf"\r\n\r\n' + payload + b"\r\n--X--\r\n"
    )
    extraction = pool.extract(mail)
    assert extraction.pages[0].startswith("Objet : Facture début\nDe : a@ville.fr")
    assert "Veuillez trouver" in extraction.pages[0]
    assert [(part.nom, part.pages) for part in extraction.parties] == [("f.pdf", (PHRASE,))]


def test_a_real_payroll_is_read_one_payslip_a_page_without_any_nir(
    pool: ExtractionPool, shared: Path
) -> None:
    octets = (shared / "pes/exemples/paye/paye_1.2b.xhl").read_bytes()
    extraction = pool.extract(octets, "paye.xhl")
    assert (extraction.etat, extraction.motif) == (EtatTexte.EXTRAIT, "")
    assert extraction.type_reel == "application/x-paie+xml"
    payslips = [page for page in extraction.pages if "Bulletin de paie\n" in page]
    assert len(payslips) == 303
    assert all(page.count("Net à payer : ") == 1 for page in payslips)
    assert not any("TRAITEMENT PRINCIPAL" in page for page in payslips)
    assert extraction.nir
    whole = "\n".join(extraction.pages)
    assert whole.count(f"NIR : {MASK}") == 303
    assert not any(
        nir in whole for nir in re.findall(r'<NIR V="(\d{13})"', octets.decode("latin1"))
    )
    assert "Montant : 2266,58" in extraction.pages[1]


def test_the_real_pdf_of_a_real_flow_is_read(pool: ExtractionPool, shared: Path) -> None:
    flow = shared / "pes/exemples/aller_avec_pj/depense_1_pj_2_pj_ailleurs_utf8.xml"
    found = re.search(rb"<Fichier[^>]*>([^<]+)<", flow.read_bytes())
    assert found
    extraction = pool.extract(gzip.decompress(base64.b64decode(found[1])))
    assert extraction.etat is EtatTexte.EXTRAIT
    assert "LISTE DES DEPENSES POUR LE MOIS DE JUILLET 2020" in extraction.pages[0]
    assert "FR76 3006 6109 1200 0200 4070 173" in extraction.pages[0]


FACTURE = """<?xml version="1.0" encoding="ISO-8859-1"?>
<n:PES_Aller xmlns:n="http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/aller"><PES_Facture>
<FactureIndiv><NumeroFacture V="2023/127"/><Debiteur><InfoTiers><IdTiers V="{tiers}"/>
<NatIdTiers V="{nature}"/><Nom V="LEFÈVRE"/></InfoTiers></Debiteur><Objet V="Cantine d\x92été"/>
<TotalAPayer><MtTotalTTC V="12.5"/></TotalAPayer></FactureIndiv>
<FactureIndiv><NumeroFacture V="2023/128"/><NIRAssure V="x1"/></FactureIndiv>
</PES_Facture></n:PES_Aller>"""


def test_a_pes_facture_is_text_one_page_an_invoice(pool: ExtractionPool) -> None:
    octets = FACTURE.format(tiers="1234567890123", nature="04").encode("latin1")
    extraction = pool.extract(octets)
    assert extraction.type_reel == "application/x-pes-facture+xml"
    first, second = extraction.pages
    assert "Numéro facture : 2023/127" in first
    assert "Objet : Cantine d’été" in first
    assert "12,50" in first
    assert "Numéro facture : 2023/128" in second
    assert "1234567890123" not in first
    assert f"NIR assure : {MASK}" in second
    assert extraction.nir


def test_the_identifier_of_a_tiers_that_is_no_nir_is_left(pool: ExtractionPool) -> None:
    octets = FACTURE.format(tiers="12345678900012", nature="01").encode("latin1")
    assert "12345678900012" in pool.extract(octets).pages[0]


@pytest.mark.parametrize(
    ("octets", "etat", "said"),
    [
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', EtatTexte.ILLISIBLE, "DTD"),
        (b"<a>" * 500 + b"</a>" * 500, EtatTexte.ILLISIBLE, "niveaux"),
        (b"<a><b>La mairie</b><c>coup", EtatTexte.EXTRAIT, "ligne 1"),
        (b"<?xml version='1.0'?><a></b>", EtatTexte.ILLISIBLE, "ligne 1"),
    ],
)
def test_a_hostile_or_broken_xml_says_why(
    pool: ExtractionPool, octets: bytes, etat: EtatTexte, said: str
) -> None:
    extraction = pool.extract(octets)
    assert extraction.etat is etat
    assert said in extraction.motif


@pytest.mark.parametrize("make", ["pdf", "docx", "texte", "partie"])
def test_no_nir_leaves_a_child_whatever_the_document(pool: ExtractionPool, make: str) -> None:
    nir = make_nir("1850578006084")
    line = f"Agent {nir} né le 12/05/1985"
    octets = {
        "pdf": make_pdf(line),
        "docx": zip_of(
            {
                "[Content_Types].xml": b"<Types/>",
                "word/document.xml": (
                    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/'
                    f'main"><w:body><w:p><w:r><w:t>{line}</w:t></w:r></w:p></w:body></w:document>'
                ).encode(),
            }
        ),
        "texte": line.encode(),
        "partie": make_pdf("rien", attached=f"<a>{line}</a>".encode(), name=f"{nir}.xml"),
    }[make]
    extraction = pool.extract(octets)
    assert extraction.nir
    assert nir not in repr(extraction)
    assert MASK in repr(extraction)
