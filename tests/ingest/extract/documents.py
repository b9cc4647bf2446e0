"""Real documents, made here, for the tests of extraction."""

import io
import zlib

import docx
import xlsxwriter
from fpdf import FPDF
from odf.opendocument import OpenDocumentSpreadsheet, OpenDocumentText
from odf.table import Table, TableCell, TableRow
from odf.text import H, P
from PIL import Image, ImageDraw

PHRASE = "Facture d'électricité de la mairie, marché de fourniture, montant 1234,56"


def make_pdf(*pages: str, password: str = "", attached: bytes = b"", name: str = "") -> bytes:
    pdf = FPDF()
    pdf.set_font("Helvetica", size=11)
    pdf.set_title("Une facture")
    for page in pages:
        pdf.add_page()
        pdf.multi_cell(0, 6, page)
    if password:
        pdf.set_encryption(owner_password="maitre", user_password=password)
    if attached:
        pdf.embed_file(bytes=attached, basename=name)
    return bytes(pdf.output())


def make_image(kind: str = "PNG", pages: int = 1) -> bytes:
    images = []
    for number in range(1, pages + 1):
        image = Image.new("L", (600, 800), 255)
        draw = ImageDraw.Draw(image)
        draw.text((50, 50), f"page {number}", fill=0)
        draw.rectangle((100, 200, 300, 300), fill=0)
        images.append(image)
    out = io.BytesIO()
    more = {"save_all": True, "append_images": images[1:]} if pages > 1 else {}
    images[0].save(out, kind, **more)
    return out.getvalue()


def make_scan(*stamps: str) -> bytes:
    """A PDF of images, a stamp of text over each."""
    pdf = FPDF()
    pdf.set_font("Helvetica", size=8)
    for stamp in stamps:
        pdf.add_page()
        pdf.image(io.BytesIO(make_image()), 0, 0, 210, 297)
        if stamp:
            pdf.set_xy(10, 10)
            pdf.cell(0, 5, stamp)
    return bytes(pdf.output())


def make_docx() -> bytes:
    document = docx.Document()
    document.add_heading("Délibération n° 12", 0)
    document.add_paragraph("Le conseil municipal décide l’achat d’un véhicule.")
    table = document.add_table(2, 2)
    table.cell(0, 0).text = "Compte"
    table.cell(1, 1).text = "1 234,56 €"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def make_odt() -> bytes:
    document = OpenDocumentText()
    document.text.addElement(H(outlinelevel=1, text="Convention de mise à disposition"))
    document.text.addElement(P(text="Entre la commune et l’association"))
    out = io.BytesIO()
    document.write(out)
    return out.getvalue()


def make_xlsx() -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("Dépenses")
    sheet.write_row(0, 0, ["Compte", 60611])
    book.add_worksheet("Recettes").write(0, 0, "Titre de la seconde feuille")
    book.close()
    return out.getvalue()


def make_ods() -> bytes:
    document = OpenDocumentSpreadsheet()
    table = Table(name="Énergie")
    row = TableRow()
    for text in ("Électricité", "60612"):
        cell = TableCell(valuetype="string")
        cell.addElement(P(text=text))
        row.addElement(cell)
    table.addElement(row)
    document.spreadsheet.addElement(table)
    out = io.BytesIO()
    document.write(out)
    return out.getvalue()


RTF = rb"{\rtf1\ansi\deff0{\fonttbl{\f0 Times;}}\f0 Notification de l'\'e9lu num\'e9ro 12\par}"


def make_slow_pdf(operators: int = 4_000_000) -> bytes:
    """A page whose content, small once compressed, takes pdfium a very long time."""
    content = b"BT /F1 9 Tf " + b"(abc def ghi) Tj 1 0 0 1 0 0 Tm " * operators + b" ET"
    return make_raw_pdf(zlib.compress(content, 9), b"/Filter/FlateDecode")


def make_bomb(megabytes: int) -> bytes:
    """A PDF of a few kilobytes with a content stream of so many megabytes."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b" " * 1_000_000) for _ in range(megabytes))
    return make_raw_pdf(packed + packer.flush(), b"/Filter/FlateDecode")


def make_raw_pdf(stream: bytes, filters: bytes = b"", media: bytes = b"0 0 600 800") -> bytes:
    """A one-page PDF around a content stream given as it is; rotation and boxes in `media`."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[" + media.split(b"|")[0] + b"]"
        b"/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R"
        + b"".join(media.split(b"|")[1:])
        + b">>",
        b"<</Length %d%s>>stream\n%s\nendstream" % (len(stream), filters, stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n"
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % start
    return bytes(out)


def make_nir(code: str) -> str:
    """The thirteen signs and their key, by the definition of the key."""
    digits = {"2A": "19", "2B": "18"}.get(code[5:7], code[5:7])
    return f"{code}{97 - int(code[:5] + digits + code[7:]) % 97:02d}"
