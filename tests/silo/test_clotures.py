"""clotures.csv: what is closed, and the lines that cannot be understood."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc.errors import Invalid
from orc.silo import LigneCloture, Silo, read_clotures
from orc.silo.clotures import read_lignes

Opener = Callable[..., Silo]
HEADER = "siret;codcol;codbud;exercice;close_le\n"
LIGNE = "21350238800019;123;00;2022;2023-06-30\n"
READ = LigneCloture("21350238800019", "123", "00", 2022, date(2023, 6, 30), "clotures.csv, ligne 2")


def test_closures_are_read_at_the_root(open_silo: Opener, root: Path) -> None:
    (root / "a.xml").write_bytes(b"<x/>")
    assert read_clotures(open_silo()) == []
    (root / "d").mkdir()
    (root / "d" / "clotures.csv").write_text(HEADER + LIGNE)
    assert read_clotures(open_silo()) == []
    (root / "Clotures.csv").write_text(HEADER + LIGNE)
    assert read_clotures(open_silo()) == [READ]


@pytest.mark.parametrize(
    "text",
    [
        HEADER + LIGNE,
        "\ufeff" + HEADER + LIGNE.strip(),
        (HEADER + LIGNE).replace("\n", "\r\n"),
        "SIRET ; Cod Col;CodBud;Exercice;Clôse le\n213 502 388 00019;123;0;2022;30/06/2023\n",
        HEADER + '"21350238800019";"123";"00";"2022";"2023-06-30";"en plus"\n\n;;;;\n',
        (HEADER + LIGNE).replace(";", ","),
        "libelle;close_le;exercice;codbud;codcol;siret\nR;2023-06-30;2022;00;123;21350238800019",
    ],
    ids=["norm", "bom", "crlf", "hand", "quotes", "commas", "order"],
)
def test_the_ways_people_write_it_are_read(text: str) -> None:
    assert read_lignes(text.encode()) == [READ]


def test_accents_of_another_encoding_do_not_stop_the_reading() -> None:
    text = "siret;codcol;codbud;exercice;close_le;libellé\n" + LIGNE.strip() + ";Écoles\n"
    assert read_lignes(text.encode("cp1252")) == [READ]


def test_codes_take_their_zeros_back_and_a_date_may_be_unsaid() -> None:
    (ligne,) = read_lignes((HEADER + "21350238800019;7;0;2022;\n").encode())
    assert isinstance(ligne, LigneCloture)
    assert (ligne.cod_col, ligne.cod_bud, ligne.close_le) == ("007", "00", None)


@pytest.mark.parametrize(
    ("ligne", "said"),
    [
        ("2135;123;00;2022;", "« 2135 » n’a pas 14 chiffres"),
        ("21350238800019;;00;2022;", "codcol"),
        ("21350238800019;123;é;2022;", "codbud"),
        ("21350238800019;123;00;22;", "« 22 » n’est pas un exercice"),
        ("21350238800019;123;00;2022;31/02/2023", "« 31/02/2023 » n’est pas une date"),
        ("21350238800019", "codcol"),
    ],
)
def test_a_wrong_line_is_placed_and_the_others_are_read(ligne: str, said: str) -> None:
    wrong, right = read_lignes((HEADER + ligne + "\n" + LIGNE).encode())
    assert isinstance(wrong, Invalid)
    assert said in str(wrong)
    assert wrong.place == "clotures.csv, ligne 2"
    assert isinstance(right, LigneCloture)


def test_missing_columns_are_named() -> None:
    (error,) = read_lignes(b"siret;exercice\n1;2\n")
    assert isinstance(error, Invalid)
    assert "codcol, codbud, close_le" in str(error)


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reading_fail(data: bytes) -> None:
    read_lignes(data)
    read_lignes(HEADER.encode() + data)


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_both_ways_of_writing_a_date_say_the_same(day: date) -> None:
    french = f"{HEADER}21350238800019;123;00;2022;{day:%d/%m/%Y}\n"
    norm = f"{HEADER}21350238800019;123;00;2022;{day.isoformat()}\n"
    (ligne,) = read_lignes(french.encode())
    assert [ligne] == read_lignes(norm.encode())
    assert isinstance(ligne, LigneCloture)
    assert ligne.close_le == day


def test_the_example_of_the_documentation_is_read() -> None:
    doc = (Path(__file__).parents[2] / "docs" / "silo.md").read_text()
    example = HEADER + doc.partition(HEADER)[2].partition("```")[0]
    assert [type(ligne) for ligne in read_lignes(example.encode())] == [LigneCloture] * 2
