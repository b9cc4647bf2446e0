"""A downloaded document is saved under a name that is only a name."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.disposition import LONGEST, NAMELESS, make_disposition, make_file_name


@pytest.mark.parametrize(
    ("nom", "attendu"),
    [
        ("facture.pdf", "facture.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("/etc/cron.d/x", "x"),
        ("C:\\autoexec.bat", "autoexec.bat"),
        ("..", NAMELESS),
        ("", NAMELESS),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie_ x=1.pdf"),
        ("facture\u202efdp.exe", "facturefdp.exe"),
        ("nul\0.pdf", "_nul.pdf"),
        ("COM1.pdf", "_COM1.pdf"),
        ('a"b;c%d.pdf', "a_b_c_d.pdf"),
        (".htaccess", "htaccess"),
        ("é" * 300 + ".pdf", "é" * 116 + ".pdf"),
    ],
)
def test_a_name_loses_what_is_no_name(nom: str, attendu: str) -> None:
    assert make_file_name(nom) == attendu


def test_a_name_that_lies_about_its_type_gets_the_true_extension() -> None:
    assert make_file_name("facture.exe", "application/pdf") == "facture.exe.pdf"
    assert make_file_name("facture.PDF", "application/pdf") == "facture.PDF"
    assert make_file_name("photo.jpeg", "image/jpeg") == "photo.jpeg"


def test_the_header_has_an_ascii_name_and_the_true_one() -> None:
    assert make_disposition("Délibération n°3.pdf", "application/pdf") == (
        'attachment; filename="Deliberation n3.pdf"; '
        "filename*=UTF-8''D%C3%A9lib%C3%A9ration%20n%C2%B03.pdf"
    )


@given(st.text(max_size=300), st.sampled_from(["", "application/pdf", "image/tiff"]))
def test_any_name_makes_a_header_that_holds_one_file_name(nom: str, type_reel: str) -> None:
    header = make_disposition(nom, type_reel)
    found = re.fullmatch(r"attachment; filename=\"([ -~]+)\"; filename\*=UTF-8''(\S+)", header)
    assert found is not None
    name = unquote(found[2])
    assert 0 < len(name) <= LONGEST
    assert not re.search(r'[\x00-\x1f\x7f/\\<>:"|?*;%]', name + found[1])
    assert not name.startswith((".", " "))
