"""Text a person reads: no control character, no ligature, whole words, and nothing lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc.ingest.extract.clean import bad_ratio, clean_text, fold


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("un\r\ndeux\r\n", "un\ndeux\n"),
        ("l’oﬃce ﬁscal à 12 €", "l’office fiscal à 12 €"),
        ("3\u202f000\u00a0€", "3 000 €"),
        ("a\x00b\x07c", "abc"),
        ("muni\ufffecipalité", "municipalité\n"),
        ("muni-\ncipalité de Lille", "municipalité\nde Lille"),
        ("Saint-\nDenis", "Saint-Denis\n"),
        ("le sous-\npréfet", "le sous-préfet\n"),
        ("F2023-\n127", "F2023-\n127"),
        ("pro\u00adgramme", "programme"),
        ("e\u0301te\u0301", "été"),
        ("m² et n° 4", "m² et n° 4"),
        ("\ue0b7 puce", "  puce"),
    ],
)
def test_text_is_cleaned(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@given(st.text())
def test_a_clean_text_has_no_control_character_and_encodes(text: str) -> None:
    cleaned = clean_text(text)
    assert not any(sign < " " and sign != "\n" for sign in cleaned)
    cleaned.encode("utf-8")


@given(st.text(st.characters(categories=["Lu", "Ll", "Nd"], max_codepoint=0x17F)))
def test_cleaning_loses_no_letter_nor_digit(text: str) -> None:
    assert clean_text(text) == text


def test_private_signs_are_bad_and_french_ones_are_not() -> None:
    assert bad_ratio("\ue001\ue002 ab") == 0.5
    assert bad_ratio("« L’œuvre à 12 € »") == 0


@pytest.mark.parametrize(
    ("word", "folded"), [("Électricité", "electricite"), ("ŒUVRE", "oeuvre"), ("ﬁn", "fin")]
)
def test_folding_leaves_bare_letters(word: str, folded: str) -> None:
    assert fold(word) == folded
