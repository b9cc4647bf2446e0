"""Passwords: argon2id, and the same answer for people who do not exist."""

import subprocess
import sys

import pytest
from argon2 import Parameters, extract_parameters, profiles

from orc.errors import Invalid
from orc.identity.passwords import is_right, make_hash


def test_a_password_is_kept_as_argon2id_and_never_the_same_twice() -> None:
    one, two = make_hash("correct cheval batterie"), make_hash("correct cheval batterie")
    assert one.startswith("$argon2id$")
    assert one != two


def test_a_hash_and_that_of_nobody_cost_what_the_rfc_recommends() -> None:
    """In a process of its own: the others hash at a lower cost (tests/conftest.py)."""
    said = (
        "from orc.identity import passwords as p;"
        "print(p.make_hash('correct cheval batterie'));print(p._NOBODY)"
    )
    found = subprocess.run([sys.executable, "-c", said], check=True, capture_output=True, text=True)
    costs: list[Parameters] = [extract_parameters(line) for line in found.stdout.split()]
    assert costs == [profiles.RFC_9106_LOW_MEMORY] * 2


def test_only_the_right_password_opens() -> None:
    kept = make_hash("correct cheval batterie")
    assert is_right(kept, "correct cheval batterie")
    assert not is_right(kept, "correct cheval batteriE")
    assert not is_right(kept, "")


@pytest.mark.parametrize("guess", ["", "\0 personne", "correct cheval batterie"])
def test_nobody_has_no_password(guess: str) -> None:
    assert not is_right(None, guess)


def test_a_hash_that_is_no_hash_opens_nothing() -> None:
    assert not is_right("en clair", "en clair")


@pytest.mark.parametrize("weak", ["court", "a" * 40, "x" * 201])
def test_a_weak_password_is_refused_in_french(weak: str) -> None:
    with pytest.raises(Invalid, match="mot de passe"):
        make_hash(weak)
