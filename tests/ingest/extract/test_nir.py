"""The mask of social security numbers: every NIR, nothing else."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc.ingest.extract.nir import MASK, has_valid_key, mask_nir
from tests.ingest.extract.documents import make_nir

CODE = "1850578006084"
KEYED = make_nir(CODE)
KEY = KEYED[13:]
CORSICAN = make_nir("285052A006084")


@pytest.mark.parametrize(
    "written",
    [
        CODE,
        KEYED,
        f"1 85 05 78 006 084 {KEY}",
        f"1.85.05.78.006.084.{KEY}",
        f"1-85-05-78-006-084-{KEY}",
        f"1 85 05 78 006 084 / {KEY}",
        f"1 85 05 78 006 084 clé {KEY}",
        f"1\u00a085\u00a005\u00a078\u00a0006\u00a0084\u00a0{KEY}",
        f"1 85 05 78\n006 084 {KEY}",
        "1 85 05 78 006 084",
        f"{CODE} {KEY}",
        " ".join(KEYED),
        CORSICAN,
        f"2 85 05 2A 006 084 {CORSICAN[13:]}",
        f"2 85 05 2b 006 084 {make_nir('285052B006084')[13:]}",
        "NIR-" + CODE,
    ],
)
def test_a_nir_is_masked_however_it_is_written(written: str) -> None:
    masked, seen = mask_nir(f"Agent 12 {written} échelon 3")
    assert seen
    assert MASK in masked
    assert "006" not in masked
    assert masked.startswith("Agent 12 ")
    assert masked.endswith(" échelon 3")


@pytest.mark.parametrize(
    "written",
    [
        "12345678900012",
        "123 456 789 00012",
        "185 057 800 60843",
        "FR7618505780060843612345636",
        "FR76 1850 5780 0608 4361 2345 636",
        "18505 78006 08436123456 36",
        "01 85 05 78 00",
        "+33 1 85 05 78 00",
        "06 12 34 56 78 06 12 34 56 78",
        "F-1850578006084",
        "2023/1850578006084",
        "1850578006084001",
        "1234567890123",
        "1850578006084,36",
        "1 850 578 006 084,36",
        "F2023-00127",
    ],
)
def test_what_only_looks_like_a_nir_is_left(written: str) -> None:
    assert mask_nir(f"Référence {written} du tiers") == (f"Référence {written} du tiers", False)


@st.composite
def codes(draw: st.DrawFn) -> str:
    sex = draw(st.sampled_from("12"))
    year, month = draw(st.integers(0, 99)), draw(st.integers(1, 12))
    place = draw(st.sampled_from([*(f"{number:02d}" for number in range(1, 100)), "2A", "2B"]))
    commune, order = draw(st.integers(1, 990)), draw(st.integers(1, 999))
    return f"{sex}{year:02d}{month:02d}{place}{commune:03d}{order:03d}"


@given(codes(), st.sampled_from(["", " ", ".", "\u00a0", "-"]), st.booleans())
def test_every_plausible_nir_is_masked(code: str, separator: str, keyed: bool) -> None:
    whole = make_nir(code) if keyed else code
    cuts = [0, 1, 3, 5, 7, 10, 13, 15]
    parts = [whole[a:b] for a, b in pairwise(cuts) if whole[a:b]]
    masked, seen = mask_nir(f"né le : {separator.join(parts)} ;")
    assert (masked, seen) == (f"né le : {MASK} ;", True)


@given(codes())
def test_the_key_of_a_nir_is_the_only_one_that_fits(code: str) -> None:
    good = make_nir(code)[13:]
    fitting = [key for key in range(1, 98) if has_valid_key(code, f"{key:02d}")]
    assert fitting == [int(good)]


@given(st.integers(10**13, 10**14 - 1))
def test_no_siret_is_masked(number: int) -> None:
    digits = str(number)
    spaced = f"{digits[:3]} {digits[3:6]} {digits[6:9]} {digits[9:]}"
    for text in (digits, spaced, f"SIRET : {digits}"):
        assert mask_nir(text) == (text, False)


@given(st.integers(0, 10**10 - 1))
def test_no_telephone_number_is_masked(number: int) -> None:
    digits = f"{number:010d}"
    spaced = " ".join(digits[at : at + 2] for at in range(0, 10, 2))
    assert mask_nir(f"Tél. {spaced}") == (f"Tél. {spaced}", False)


@given(st.integers(10**15, 10**30))
def test_no_long_number_is_masked(number: int) -> None:
    assert mask_nir(f"réf {number}") == (f"réf {number}", False)


@given(st.integers(0, 10**22 - 1))
def test_no_iban_is_masked(number: int) -> None:
    digits = f"FR76{number:023d}"
    spaced = " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
    for text in (digits, spaced):
        assert mask_nir(text) == (text, False)


@given(st.text())
def test_masking_never_fails_and_masks_once_for_all(text: str) -> None:
    masked, seen = mask_nir(text)
    assert seen == (masked != text)
    assert mask_nir(masked) == (masked, False)
