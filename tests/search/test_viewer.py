"""The words of a question are found again in the text that the viewer shows."""

from hypothesis import given
from hypothesis import strategies as st

from orc.index.analysis import clean
from orc.search.viewer import Surligneur

TEXTE = "Facture n° F2022-00127 : consommation d’électricité de l’école, 1 804,20 €."


def read_marked(question: str, texte: str = TEXTE) -> list[str]:
    return [morceau for morceau, trouve in Surligneur(question).cut(texte) if trouve]


def test_other_forms_of_a_word_are_highlighted() -> None:
    assert read_marked("électricités ECOLES") == ["électricité", "école"]


def test_what_is_excluded_is_not_highlighted() -> None:
    assert read_marked("facture SAUF école") == ["Facture"]


def test_criteria_of_other_fields_are_not_looked_for_in_the_text() -> None:
    assert read_marked("compte:60612 école") == ["école"]


def test_a_question_that_cannot_be_parsed_is_read_as_words() -> None:
    assert read_marked("(école") == ["école"]


def test_nothing_asked_highlights_nothing() -> None:
    assert Surligneur("").count(TEXTE) == 0
    assert Surligneur("").find_mots(TEXTE) == []


def test_the_small_words_of_a_compound_are_not_boxed_all_over_the_page() -> None:
    page = "Mairie de Combe-aux-Loups, aux bons soins du maire. La mairie aux loups."
    assert Surligneur("Combe-aux-Loups").find_mots(page) == ["combe", "loups"]
    assert Surligneur('"mairie aux loups"').find_mots(page) == ["loups", "mairie"]
    assert Surligneur("aux").find_mots(page) == ["aux"]


def test_words_to_box_are_those_of_the_index() -> None:
    assert Surligneur("électricité").find_mots(TEXTE) == ["electricite"]


@given(st.text(max_size=60), st.text(max_size=200))
def test_highlighting_never_loses_nor_adds_a_character(question: str, texte: str) -> None:
    assert "".join(m for m, _ in Surligneur(question).cut(texte)) == clean(texte)
