"""What tesseract reads of scans: their words, where they stand, how well; what harms it."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dramatiq.middleware import TimeLimitExceeded
from dramatiq.threading import raise_thread_exception
from PIL import Image

from orc.boxes import EtatPage, MotLu, PageLue
from orc.ingest.extract.nir import MASK
from orc.ingest.extract.values import Limits
from orc.ingest.ocr.children import OcrChildren, PageAOceriser
from orc.ingest.ocr.tessdata import Tessdata
from tests.scans import (
    DPI,
    LIGNES,
    find_printed,
    make_blank,
    make_mixed_pdf,
    make_scan,
    make_scan_pdf,
    print_page,
    save,
    score,
)
from tests.serveurs import Serveur

TEXTE = "\n".join(LIGNES)
PDF, TIFF, JPEG, PNG = "application/pdf", "image/tiff", "image/jpeg", "image/png"
NIR = "1 85 05 78 006 084 91"


Lire = Callable[..., PageLue]


@pytest.fixture(scope="module")
def lire(tessdata: Tessdata) -> Iterator[Lire]:
    """`lire(octets, type, page)`: one page, by a child that all these tests share."""
    children = OcrChildren(Limits(secondes=600), DPI)

    def read(octets: bytes, type_reel: str, page: int = 1, imprime: str = "") -> PageLue:
        return children.read_page(PageAOceriser(octets, type_reel, page, imprime), tessdata)

    yield read
    children.release()


@pytest.fixture(scope="module")
def tessdata(tesseract: Serveur) -> Tessdata:
    return Tessdata(tesseract.url, osd=(Path(tesseract.url) / "osd.traineddata").is_file())


def find_mot(page: PageLue, texte: str) -> MotLu:
    return next(mot for mot in page.mots if mot.texte == texte)


def test_a_clean_scan_is_read_word_for_word(lire: Lire) -> None:
    page = lire(make_scan_pdf(make_scan()), PDF)
    assert page.etat is EtatPage.LUE
    assert score(page.texte, TEXTE) > 0.97
    assert "Montant hors taxes : 1 234,50 euros" in page.texte.splitlines()
    assert page.qualite >= 85
    assert page.lecteur.startswith("tesseract 5")


@pytest.mark.parametrize(
    ("angle", "turn", "least"),
    [(2.5, 0, 0.95), (-7, 0, 0.9), (1, 90, 0.9), (0, 180, 0.93), (-2, 270, 0.9)],
)
def test_slanted_and_turned_scans_are_read_as_well(
    lire: Lire, angle: float, turn: int, least: float
) -> None:
    page = lire(save(make_scan(angle=angle, turn=turn), quality=70), JPEG)
    assert score(page.texte, TEXTE) > least
    assert round(page.rotation / 90) % 4 == -turn / 90 % 4


def test_a_box_lies_over_its_word(lire: Lire) -> None:
    left, top, right, bottom = find_printed(print_page(), "charpente")
    mot = find_mot(lire(save(make_scan()), JPEG), "charpente")
    drawn = (mot.x, mot.y, mot.x + mot.largeur, mot.y + mot.hauteur)
    assert drawn == pytest.approx((left, top, right, bottom), abs=0.015)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_boxes_are_those_of_the_page_as_it_is_shown(lire: Lire, turn: int) -> None:
    left, top, right, bottom = find_printed(print_page(), "charpente")
    for _ in range(turn // 90):
        left, top, right, bottom = top, 1 - right, bottom, 1 - left
    mot = find_mot(lire(save(make_scan(turn=turn)), JPEG), "charpente")
    drawn = (mot.x, mot.y, mot.x + mot.largeur, mot.y + mot.hauteur)
    assert drawn == pytest.approx((left, top, right, bottom), abs=0.015)


def test_an_image_turned_by_its_own_file_is_read_as_browsers_show_it(lire: Lire) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown a quarter turn clockwise
    lying = make_scan(turn=90)
    page = lire(save(lying, exif=exif.tobytes()), JPEG)
    left, top, *_ = find_printed(print_page(), "charpente")
    mot = find_mot(page, "charpente")
    assert page.rotation == 0
    assert (mot.x, mot.y) == pytest.approx((left, top), abs=0.015)


def test_each_page_of_a_fax_is_read(lire: Lire) -> None:
    pages = [make_scan(LIGNES[:4]), make_scan(["Deuxième page du bordereau", "Bon pour accord"])]
    bitonal = [page.point(lambda v: 255 if v > 150 else 0).convert("1") for page in pages]
    tiff = save(bitonal[0], "TIFF", compression="group4", save_all=True,
                append_images=bitonal[1:], dpi=(DPI, DPI))  # fmt: skip
    assert "bordereau" in lire(tiff, TIFF, 2).texte
    assert "menuiserie" in lire(tiff, TIFF, 1).texte
    assert lire(tiff, TIFF, 3).etat is EtatPage.ILLISIBLE


def test_a_fax_with_fewer_points_down_than_across_keeps_its_shape(lire: Lire) -> None:
    image = make_scan(dpi=200)
    squashed = image.resize((image.width, image.height // 2))
    page = lire(save(squashed, "TIFF", dpi=(200, 100)), TIFF)
    assert score(page.texte, TEXTE) > 0.9


def test_the_text_a_pdf_holds_itself_is_not_read_again(lire: Lire) -> None:
    stamp = "Reçu en préfecture"
    octets = make_mixed_pdf("Du texte", make_scan(), stamp)
    page = lire(octets, PDF, 2, imprime=stamp)
    assert "charpente" in page.texte
    assert "préfecture" not in page.texte
    assert page.imprime == stamp
    assert "préfecture" in lire(octets, PDF, 2).texte


def test_a_blank_sheet_says_that_it_is(lire: Lire) -> None:
    page = lire(save(make_blank()), JPEG)
    assert (page.etat, page.motif, page.texte, page.mots) == (
        EtatPage.BLANCHE, "Page blanche.", "", (),
    )  # fmt: skip


def test_a_drawing_without_words_gives_none(lire: Lire) -> None:
    image = Image.radial_gradient("L").resize((900, 900))
    page = lire(save(image, "PNG"), PNG)
    assert page.etat is EtatPage.SANS_MOT
    assert "Aucun mot lisible" in page.motif
    assert not page.texte


def test_a_nir_is_neither_in_the_text_nor_in_the_boxes(lire: Lire) -> None:
    lignes = ("Bulletin de paie", f"Numéro de sécurité sociale {NIR}", "Agent : Zoé Martin")
    page = lire(save(make_scan(lignes)), JPEG)
    assert page.nir
    assert MASK in page.texte
    assert "Martin" in page.texte
    shown = " ".join(mot.texte for mot in page.mots)
    assert "sociale" in shown
    assert not any(part in shown.split() for part in ("85", "006", "084", "91"))


def test_an_image_of_too_many_points_is_not_even_decoded(lire: Lire) -> None:
    bomb = io.BytesIO()
    Image.new("1", (25_000, 20_000)).save(bomb, "TIFF", compression="group4")
    begun = time.monotonic()
    page = lire(bomb.getvalue(), TIFF)
    assert page.etat is EtatPage.TROP_GRAND
    assert "500 millions de points" in page.motif
    assert time.monotonic() - begun < 10


def test_a_page_as_large_as_a_wall_is_drawn_within_bounds(lire: Lire) -> None:
    media = b"/MediaBox[0 0 14400 14400]"
    octets = make_scan_pdf(make_scan()).replace(b"/MediaBox[0 0 595 842]", media)
    assert lire(octets, PDF).etat is not EtatPage.MEMOIRE


def test_a_page_that_takes_too_long_costs_itself_only(tessdata: Tessdata) -> None:
    children = OcrChildren(Limits(secondes=0.01), DPI)
    page = children.read_page(PageAOceriser(save(make_scan()), JPEG, 1), tessdata)
    assert page.etat is EtatPage.DELAI
    assert "0.01 secondes" in page.motif
    children.release()


def test_a_reading_that_was_interrupted_is_not_taken_for_that_of_the_next_page(
    tessdata: Tessdata,
) -> None:
    """As a task that lasts too long is: by an exception raised in its thread."""
    children = OcrChildren(Limits(secondes=600), DPI)
    long, short = make_scan(LIGNES), make_scan(("Planches de mélèze",))
    me = threading.get_ident()
    late = threading.Timer(0.3, raise_thread_exception, (me, TimeLimitExceeded))
    late.start()
    with pytest.raises(TimeLimitExceeded):
        children.read_page(PageAOceriser(make_scan_pdf(*[long] * 3), PDF, 3), tessdata)
    late.join()
    found = children.read_page(PageAOceriser(make_scan_pdf(short), PDF, 1), tessdata)
    assert "mélèze" in found.texte
    children.release()


def test_a_page_that_needs_more_memory_than_is_allowed_says_so(tessdata: Tessdata) -> None:
    children = OcrChildren(Limits(secondes=30, memoire_mo=170), 300)
    huge = PageAOceriser(save(Image.new("L", (9000, 12000), 255), "PNG"), PNG, 1)
    assert children.read_page(huge, tessdata).etat is EtatPage.MEMOIRE
    children.release()


@pytest.mark.parametrize("octets", [b"", b"rien", b"%PDF-1.4 rien", b"II*\0\xff\xff\xff\xff"])
def test_broken_bytes_have_a_state_and_a_reason(lire: Lire, octets: bytes) -> None:
    for kind in (PDF, TIFF, JPEG):
        page = lire(octets, kind)
        assert page.etat is EtatPage.ILLISIBLE
        assert "abîmée" in page.motif
