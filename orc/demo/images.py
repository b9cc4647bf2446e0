"""Scans: pages without text, a little crooked and noisy, as TIFF, JPEG or image PDF."""

from __future__ import annotations

import io
from functools import cache

import pypdfium2
from PIL import Image, ImageChops

from orc.demo.alea import make_alea
from orc.demo.pdf import Papier

DPI = 90
_GRAIN = bytes(70 if i >= 254 else 0 for i in range(256))


@cache
def _bruit(largeur: int, hauteur: int) -> Image.Image:
    """A sheet of grain, the same on any machine."""
    cote = 256
    octets = make_alea(0, "bruit").randbytes(cote * cote)
    tuile = Image.frombytes("L", (cote, cote), octets.translate(_GRAIN))
    feuille = Image.new("L", (largeur, hauteur))
    for x in range(0, largeur, cote):
        for y in range(0, hauteur, cote):
            feuille.paste(tuile, (x, y))
    return feuille


def scan(pdf: bytes, angle: float, page: int = 0, dpi: int = DPI) -> Image.Image:
    """The page as a scanner sees it, in grey: turned by `angle` degrees, grained, yellowed."""
    with pypdfium2.PdfDocument(pdf) as document:
        image = document[page].render(scale=dpi / 72, grayscale=True).to_pil().convert("L")
    image = image.rotate(angle, Image.Resampling.BILINEAR, fillcolor=250)
    return ImageChops.subtract(image, _bruit(*image.size))


def make_jpeg(image: Image.Image, quality: int = 30) -> bytes:
    """A grey JPEG."""
    sortie = io.BytesIO()
    image.save(sortie, "JPEG", quality=quality, dpi=(DPI, DPI))
    return sortie.getvalue()


def make_tiff(images: list[Image.Image]) -> bytes:
    """A fax-like TIFF (CCITT group 4), one page per image."""
    noirs = [image.point(lambda v: 255 if v > 150 else 0).convert("1") for image in images]
    sortie = io.BytesIO()
    noirs[0].save(sortie, "TIFF", compression="group4", save_all=True, append_images=noirs[1:],
                  dpi=(DPI, DPI))  # fmt: skip
    return sortie.getvalue()


def make_image_pdf(jpegs: list[tuple[bytes, int, int]]) -> bytes:
    """A PDF whose pages are these (JPEG, width, height): nothing to extract without OCR."""
    nombre = len(jpegs)
    objets = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>"
        % (nombre, b" ".join(b"%d 0 R" % (3 + 3 * i) for i in range(nombre))),
    ]
    contenu = b"q 595 0 0 842 0 0 cm /I Do Q"
    for i, (jpeg, largeur, hauteur) in enumerate(jpegs):
        flux, image = 4 + 3 * i, 5 + 3 * i
        objets.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R"
            b"/Resources<</XObject<</I %d 0 R>>>>>>" % (flux, image)
        )
        objets.append(b"<</Length %d>>\nstream\n%s\nendstream" % (len(contenu), contenu))
        objets.append(
            b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray"
            b"/BitsPerComponent 8/Filter/DCTDecode/Length %d>>\nstream\n%s\nendstream"
            % (largeur, hauteur, len(jpeg), jpeg)
        )
    return _assemble(objets)


def _assemble(objets: list[bytes]) -> bytes:
    sortie, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for numero, objet in enumerate(objets, 1):
        places.append(len(sortie))
        sortie += b"%d 0 obj\n%s\nendobj\n" % (numero, objet)
    xref = len(sortie)
    sortie += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objets) + 1)
    sortie += b"".join(b"%010d 00000 n \n" % place for place in places)
    sortie += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objets) + 1, xref,
    )  # fmt: skip
    return bytes(sortie)


@cache
def pooled_page(rang: int) -> tuple[bytes, int, int]:
    """A page of the pool of scans (JPEG, width, height): signed notes without amounts."""
    alea = make_alea(0, "scan", rang)
    p = Papier()
    p.add_page()
    p.write_at(105, 30, alea.choice(("BON DE LIVRAISON", "ATTESTATION DE SERVICE FAIT",
               "FEUILLE D'ÉMARGEMENT", "FICHE D'INTERVENTION")), 18, "B", "times", "C")  # fmt: skip
    for i in range(22):
        mots = " ".join(
            alea.choice(("quantité", "conforme", "service", "reçu", "agent", "matériel", "salle",
                         "heures", "vu", "le", "de", "bordereau", "chantier", "signature"))
            for _ in range(9)
        )  # fmt: skip
        p.write_at(22, 50 + i * 8, f"{i + 1:02d}  {mots}", 11, "", "courier")
    p.paint(120, 235, 60, 28, line=(60, 60, 60))
    image = scan(p.render(), alea.uniform(-1.2, 1.2))
    return make_jpeg(image), image.width, image.height


def vary_pooled(genre: str, rang: int, marque: str) -> bytes:
    """A scan of the pool, made unique by a comment: `jpg`, `tif`, or `pdf` of two pages."""
    jpeg, largeur, hauteur = pooled_page(rang % 24)
    if genre == "tif":
        return _pooled_tiff(rang % 12) + marque.encode()
    commentaire = marque.encode()
    unique = jpeg[:2] + b"\xff\xfe%s" % (len(commentaire) + 2).to_bytes(2, "big") + commentaire
    unique += jpeg[2:]
    if genre == "jpg":
        return unique
    return make_image_pdf([(unique, largeur, hauteur), pooled_page((rang + 7) % 24)])


@cache
def _pooled_tiff(rang: int) -> bytes:
    jpeg, _, _ = pooled_page(rang)
    return make_tiff([Image.open(io.BytesIO(jpeg))])
