"""Which passwords are refused: common ones, those few guesses find; never by their signs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc.identity.passwords import LONGUEUR_MIN, MotDePasseFaible, check_mot_de_passe
from orc.identity.strength import estimate_force, is_common

PROCHES = ("alice.martin-xt", "Alice Martin", "alice.martin@exemple.fr")


@pytest.mark.parametrize(
    "common",
    [
        "motdepasse123", "Mot-De-Passe-2026", "Azertyuiop123!", "trésorerie2026", "Janvier2026!!",
        "soleil soleil", "marseille1993", "jetaimemonamour", "passwordpassword", "qwertyuiop12",
        "Liberté-Égalité-Fraternité", "m0td3p4ss3!!",
    ],
)  # fmt: skip
def test_what_everybody_tries_is_refused_however_it_is_dressed(common: str) -> None:
    assert is_common(common)
    assert estimate_force(common).score == 0
    with pytest.raises(MotDePasseFaible, match="tout le monde"):
        check_mot_de_passe(common)


@pytest.mark.parametrize("easy", ["123456789012", "abcdefghijkl", "P@ssword12345", "aaaabbbbcccc"])
def test_what_few_guesses_find_is_refused(easy: str) -> None:
    with pytest.raises(MotDePasseFaible):
        check_mot_de_passe(easy)


@pytest.mark.parametrize("personal", ["alice.martin33", "Martin-Alice-7", "ALICEMARTIN!!!"])
def test_the_words_of_the_person_do_not_make_its_password(personal: str) -> None:
    with pytest.raises(MotDePasseFaible):
        check_mot_de_passe(personal, PROCHES)


@pytest.mark.parametrize(
    "good",
    [
        "cheval lampe bocal tortue",
        "correct cheval batterie",
        "kT9#vQ2m$xLp",
        "rochebrune-sur-avelle",
    ],
)
def test_length_is_enough_and_no_kind_of_sign_is_asked_for(good: str) -> None:
    check_mot_de_passe(good, PROCHES)
    assert estimate_force(good, PROCHES).score >= 3


@given(st.text(min_size=0, max_size=220))
def test_no_password_breaks_the_estimate(texte: str) -> None:
    assert 0 <= estimate_force(texte, PROCHES).score <= 4
    if len(texte) < LONGUEUR_MIN:
        with pytest.raises(MotDePasseFaible):
            check_mot_de_passe(texte)
