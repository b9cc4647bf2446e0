"""Codes of an authentication application, by the vectors of the RFC; the key that keeps secrets."""

import base64
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc.errors import Invalid, Unavailable
from orc.identity.coffre import NOM, open_coffre
from orc.identity.totp import find_pas, make_code, make_secret, make_uri

# RFC 6238, appendix B: the secret and its codes of eight digits.
SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconde", "code"),
    [
        (59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"),
        (1234567890, "89005924"), (2000000000, "69279037"), (20000000000, "65353130"),
    ],
)  # fmt: skip
def test_codes_are_those_of_the_rfc(seconde: int, code: str) -> None:
    assert make_code(SECRET, seconde // 30, 8) == code
    assert find_pas(SECRET, code[2:], seconde, 0) == seconde // 30


def test_a_code_of_the_period_before_or_after_is_taken_and_no_other() -> None:
    code = make_code(SECRET, 1000)
    assert [find_pas(SECRET, code, pas * 30 + 5, 0) for pas in (998, 999, 1000, 1001, 1002)] == [
        None, 1000, 1000, 1000, None,
    ]  # fmt: skip


def test_a_code_that_served_does_not_serve_again() -> None:
    assert find_pas(SECRET, make_code(SECRET, 1000), 30_000, 999) == 1000
    assert find_pas(SECRET, make_code(SECRET, 1000), 30_000, 1000) is None


@given(st.text(max_size=12))
def test_what_is_no_code_is_refused(texte: str) -> None:
    if texte.strip() != make_code(SECRET, 1000):
        assert find_pas(SECRET, texte, 30_000, 1000) is None


def test_spaces_that_people_type_do_no_harm() -> None:
    code = make_code(SECRET, 1000)
    assert find_pas(SECRET, f" {code[:3]} {code[3:]} ", 30_000, 0) == 1000


def test_each_secret_is_new_and_the_application_is_told_whose_it_is() -> None:
    assert make_secret() != make_secret()
    uri = make_uri(SECRET, "Archives 33", "alice-xt")
    assert uri.startswith("otpauth://totp/Archives%2033:alice-xt?")
    assert f"secret={SECRET}&issuer=Archives%2033" in uri


def test_a_key_is_made_once_for_the_folder_and_nobody_else_reads_it(tmp_path: Path) -> None:
    sealed = open_coffre("", tmp_path).seal("le secret")
    assert "secret" not in sealed
    assert open_coffre("", tmp_path).open(sealed) == "le secret"
    assert stat.S_IMODE((tmp_path / NOM).stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == [NOM]


def test_another_key_opens_nothing_and_digests_otherwise(tmp_path: Path) -> None:
    one = open_coffre("", tmp_path)
    other = open_coffre(base64.urlsafe_b64encode(bytes(32)).decode(), tmp_path)
    with pytest.raises(Unavailable, match="ORC_CLE_SECRETS"):
        other.open(one.seal("x"))
    assert one.digest("a", "b") != other.digest("a", "b")
    assert one.digest("a", "b") != one.digest("ab")


@pytest.mark.parametrize(
    "cle", ["courte", "é", base64.urlsafe_b64encode(bytes(31)).decode(), "==="]
)
def test_a_key_that_is_no_key_is_refused(tmp_path: Path, cle: str) -> None:
    with pytest.raises(Invalid, match="ORC_CLE_SECRETS"):
        open_coffre(cle, tmp_path)
