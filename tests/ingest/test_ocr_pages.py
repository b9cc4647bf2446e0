"""What is kept of a page read: its words, their boxes, nothing of a NIR. No tesseract here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from orc.boxes import EtatPage, MotLu, PageLue, dump_page, load_page
from orc.errors import Invalid
from orc.ingest.extract.nir import MASK, find_nir_spans, mask_nir
from orc.ingest.ocr.nir import find_nir
from orc.ingest.ocr.words import Mot, make_page, rate, read_tsv
from orc.search.lectures import find_boites

NIR = "1 85 05 78 006 084 91"


def make_mots(*lignes: str, confiance: float = 90) -> tuple[Mot, ...]:
    return tuple(
        Mot((str(rang),), mot, 10 * place, 20 * rang, 9, 12, confiance)
        for rang, ligne in enumerate(lignes)
        for place, mot in enumerate(ligne.split())
    )


def as_is(x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
    return x / 1000, y / 1000, width / 1000, height / 1000


def read(*lignes: str, confiance: float = 90) -> PageLue:
    return make_page(make_mots(*lignes, confiance=confiance), as_is, rotation=0, lecteur="essai")


mots = st.builds(
    MotLu,
    st.text(st.characters(exclude_categories=["Cs", "Z", "C"]), min_size=1, max_size=12).filter(
        lambda texte: len(texte.split()) == 1 and texte == texte.strip()
    ),
    *(st.integers(0, 10_000).map(lambda n: n / 10_000) for _ in range(4)),
    st.integers(0, 100),
    st.booleans(),
)
pages = st.builds(
    PageLue,
    st.sampled_from(EtatPage),
    st.text(),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.integers(0, 100),
    st.sampled_from([0.0, 90.0, -3.25]),
    st.just("tesseract"),
    st.booleans(),
    st.lists(mots, max_size=20).map(tuple),
    st.just("Reçu"),
)


@given(pages)
def test_a_page_kept_is_found_again_as_it_was(page: PageLue) -> None:
    again = load_page(dump_page(page))
    assert [mot.texte for mot in again.mots] == [mot.texte for mot in page.mots]
    assert [mot.fin for mot in again.mots[:-1]] == [mot.fin for mot in page.mots[:-1]]
    for mot, kept in zip(page.mots, again.mots, strict=True):
        sides = (mot.x, mot.y, mot.largeur, mot.hauteur, mot.confiance)
        found = (kept.x, kept.y, kept.largeur, kept.hauteur, kept.confiance)
        assert found == pytest.approx(sides)
    assert (again.texte, again.etat, again.nir) == (page.texte, page.etat, page.nir)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_page_are_refused(octets: bytes) -> None:
    with pytest.raises(Invalid):
        load_page(octets)


@given(pages.filter(lambda page: page.mots), st.integers(1, 20))
def test_a_page_cut_short_is_refused(page: PageLue, cut: int) -> None:
    octets = dump_page(page)
    with pytest.raises(Invalid):
        load_page(octets[: -min(cut, 9 * len(page.mots) - 1)])


def test_a_word_a_page_takes_a_dozen_bytes() -> None:
    page = read(*(["service fait le 20 avril par l'équipe des bâtiments"] * 40))
    assert len(dump_page(page)) < 25 * len(page.mots) + 3000


def test_the_table_of_tesseract_gives_words_and_their_places() -> None:
    tsv = (
        "1\t1\t0\t0\t0\t0\t0\t0\t800\t600\t-1\t\n"
        "5\t1\t1\t1\t1\t1\t10\t20\t30\t12\t91.5\tFacture\n"
        "5\t1\t1\t1\t2\t1\t10\t40\t30\t12\t88\t \n"
        "5\tmal formé\n"
    )
    assert read_tsv(tsv) == (Mot(("1", "1", "1", "1"), "Facture", 10, 20, 30, 12, 91.5),)


def test_lines_stay_lines_and_words_cut_by_their_end_are_joined() -> None:
    page = read("Travaux d'électri-", "cité de la mairie")
    assert page.texte == "Travaux d'électricité\nde la mairie\n"
    assert [mot.texte for mot in page.mots if mot.fin] == ["d'électri-", "mairie"]


def test_smudges_are_left_out_and_quality_tells_of_them() -> None:
    sure, doubtful = make_mots("Facture acquittée"), make_mots("xqv fjz", confiance=12)
    page = make_page((*sure, *doubtful), as_is, rotation=0, lecteur="")
    assert page.texte == "Facture acquittée\n"
    assert page.qualite == rate((*sure, *doubtful)) < 75


def test_a_page_of_smudges_has_no_word() -> None:
    page = read("xqv fjz wkk", confiance=20)
    assert (page.etat, page.texte, page.mots) == (EtatPage.SANS_MOT, "", ())


@pytest.mark.parametrize(
    "written",
    [
        NIR,
        "185057800608491",
        "1 85 O5 78 OO6 O84 91",
        "l85057800608491",
        "N° de sécurité sociale 185057800608436",
        "N° Sécu : l 85 05 78 006 O84 36",
        "NIR\n2 69 05 49 588 157 80",
    ],
)
def test_a_nir_is_masked_even_where_letters_were_read_for_digits(written: str) -> None:
    page = read("Agent : Zoé Martin", *written.split("\n"), "Net à payer 1 234,56")
    assert page.nir
    assert MASK in page.texte
    digits = "".join(sign for sign in page.texte if sign.isdigit())
    assert digits == "123456"
    shown = "".join(sign for mot in page.mots for sign in mot.texte if sign.isdigit())
    assert shown in ("", "123456")


@pytest.mark.parametrize(
    "written",
    [
        "SIRET 552 081 317 66522",
        "Sécurité sociale, SIRET 55208131766522",
        "IBAN FR76 3000 1007 9412 3456 7890 185",
        "Facture 2022-0012700 du 12/04/2022",
        "Solde : Soixante et onze, BOIS et zinc",
    ],
)
def test_what_is_no_nir_stays(written: str) -> None:
    page = read(written)
    assert not page.nir
    assert page.texte == written + "\n"


@given(st.text("0123456789 .\nABOlI", max_size=60))
def test_where_a_nir_stands_is_where_it_is_masked(texte: str) -> None:
    masked, seen = mask_nir(texte)
    spans = find_nir_spans(texte)
    assert bool(spans) >= seen
    for start, end in reversed(find_nir(texte)):
        texte = texte[:start] + MASK + texte[end:]
    assert not mask_nir(masked)[1]
    assert not find_nir_spans(texte) or MASK in texte


def boites(page: PageLue, *wanted: str) -> list[tuple[str, float, float]]:
    return [
        (mot, round(x, 4), round(width, 4)) for x, _, width, _, mot in find_boites(page, wanted)
    ]


def test_a_word_is_found_without_its_accents_nor_its_elision() -> None:
    page = read("Fourniture d'électricité")
    # « d’ » is two thirteenths of what tesseract took for one word, 0.009 wide.
    assert boites(page, "electricite") == [("electricite", 0.0114, 0.0076)]


def test_both_halves_of_a_word_cut_by_the_end_of_a_line_are_found() -> None:
    page = read("contrat d'électri-", "cité annuel")
    assert [mot for mot, _, _ in boites(page, "electricite")] == ["electricite"] * 2
    assert boites(page, "cite") == [("cite", 0.0, 0.009)]


def test_a_word_inside_another_is_not_found() -> None:
    assert not boites(read("recherche archives"), "arche")


def test_a_slant_is_measured_both_ways() -> None:
    from orc.ingest.ocr.reader import find_slant

    image = Image.new("L", (800, 1000), 255)
    for y in range(100, 900, 40):
        image.paste(0, (100, y, 700, y + 12))
    for angle in (-6.0, 0.0, 4.0):
        assert find_slant(image.rotate(angle, fillcolor=255)) == pytest.approx(-angle, abs=0.6)
