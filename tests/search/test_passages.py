"""Passages: the right page, the right words, and never more than text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc.index.analysis import clean
from orc.search.passages import (
    find_passages,
    find_spans,
    find_surfaces,
    mark,
)
from orc.search.syntax import ErreurDeSyntaxe, parse

PAGES = (
    "Énergie du Bocage - Facture F2022-00127 - page 1.\nConditions générales de vente.",
    "Détail : consommation d'électricité de l'école\nJules-Ferry, du 01/03/2022 au 31/03/2022. "
    "Total TTC 1 804,20 €. IBAN FR76 3000 1007 9412 3456 7890 185. "
    + "Aucun autre mot utile ici. " * 30
    + "Les écoles et l’électricité des bâtiments. Travaux divers.",
    "Annexe : rien à signaler.",
)


def write(morceaux: tuple[tuple[str, bool], ...]) -> str:
    return "".join(f"[{texte}]" if marque else texte for texte, marque in morceaux)


@pytest.mark.parametrize(
    ("question", "page", "extrait"),
    [
        ("électricité école", 2, "consommation d'[électricité] de l'[école] Jules-Ferry"),
        ("F2022/127", 1, "Facture [F2022-00127] - page 1."),
        ("1804,20", 2, "Total TTC [1 804,20] €"),
        ('"consommation d\'électricité"', 2, "[consommation d'électricité] de l'école"),
        ('"école jules ferry"', 2, "de l'[école Jules-Ferry], du"),
        ("travail", 2, "[Travaux] divers."),
        ("factur*", 1, "Bocage - [Facture] F2022-00127"),
        ("FR7630001007941234567890185", 2, "IBAN [FR76 3000 1007 9412 3456 7890 185]."),
        ("facture:F2022-127", 1, "[F2022-00127]"),
        ("montant:1804,20", 2, "[1 804,20]"),
        ("01/03/2022", 2, "du [01/03/2022] au"),
        ("annexe SAUF facture", 3, "[Annexe] : rien"),
    ],
)
def test_the_best_passage_is_given_with_its_page(question, page, extrait):
    premier = find_passages(PAGES, parse(question))[0]
    assert premier.page == page
    assert extrait in write(premier.morceaux)


def test_a_passage_with_more_of_the_words_comes_first():
    pages = ("école école école", "électricité de l'école")
    assert [p.page for p in find_passages(pages, parse("électricité école"))] == [2, 1]


def test_a_passage_is_short_and_says_where_the_text_goes_on():
    pages = ("début " * 200 + "aiguille " + "fin " * 200,)
    (passage,) = find_passages(pages, parse("aiguille"), largeur=120)
    texte = "".join(t for t, _ in passage.morceaux)
    assert len(texte) < 150
    assert texte.startswith("… ")
    assert texte.endswith(" …")
    assert ("aiguille", True) in passage.morceaux


def test_what_is_excluded_or_elsewhere_is_not_highlighted():
    assert find_passages(PAGES, parse("SAUF électricité")) == ()
    assert find_passages(PAGES, parse("objet:électricité")) == ()
    assert find_passages(PAGES, parse("compte:60612")) == ()
    assert find_passages(PAGES, parse("")) == ()
    assert find_passages((), parse("facture")) == ()


def test_words_to_highlight_are_those_of_their_page():
    assert find_surfaces(PAGES[1], parse("école travail")) == {"ecole", "ecoles", "travaux"}
    assert find_surfaces(PAGES[0], parse("école")) == frozenset()


def test_an_objet_is_marked_whole():
    assert write(mark("Travaux de l’école, lot 000127", parse("travail écoles 127"))) == (
        "[Travaux] de l’[école], lot [000127]"
    )
    assert mark("", parse("école")) == ()
    assert mark("rien", parse("école")) == (("rien", False),)


def test_markup_in_a_text_stays_text():
    (passage,) = find_passages(("<script>alert('facture')</script> & suite",), parse("facture"))
    assert write(passage.morceaux) == "<script>alert('[facture]')</script> & suite"


@given(st.text(max_size=300), st.text(max_size=30))
def test_spans_are_in_order_and_apart_in_any_text(texte, question):
    try:
        expression = parse(question)
    except ErreurDeSyntaxe:
        return
    at = 0
    for start, end in find_spans(texte, expression):
        assert at <= start < end <= len(clean(texte))
        at = end
    for passage in find_passages((texte,), expression):
        assert any(marque for _, marque in passage.morceaux)
        assert all(morceau for morceau, _ in passage.morceaux)


@given(st.lists(st.sampled_from(["gaz", "Écoles", "l'eau", "F-0012", "x"]), max_size=30))
def test_a_word_of_the_text_is_always_found_again(mots):
    texte = " ".join(mots)
    for mot in set(mots):
        found = find_spans(texte, parse(mot))
        assert len(found) == mots.count(mot)
