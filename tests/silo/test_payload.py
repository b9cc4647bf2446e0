"""The content of a Fichier, in every state senders leave it."""

import base64
import gzip
import hashlib
import os
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc.silo import EtatContenu, read_contenu

PDF = b"%PDF-1.4\n" + os.urandom(50_000) + b"abc " * 20_000
GZ = gzip.compress(PDF)
B64 = base64.b64encode(GZ)


@given(st.binary(max_size=300))
def test_what_a_sender_compressed_and_encoded_is_read_back(octets: bytes) -> None:
    contenu = read_contenu(base64.b64encode(gzip.compress(octets)))
    assert contenu.octets == octets
    assert contenu.sha256 == hashlib.sha256(octets).hexdigest()
    assert contenu.etat is (EtatContenu.OK if octets else EtatContenu.VIDE)
    assert (contenu.motif == "") == (contenu.etat is EtatContenu.OK)


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reading_fail(brut: bytes) -> None:
    for text in (brut, b"H4sI" + brut, base64.b64encode(b"\x1f\x8b\x08" + brut)):
        contenu = read_contenu(text, limite=10_000)
        assert contenu.sha256 == hashlib.sha256(contenu.octets).hexdigest()


@given(st.integers(0, len(GZ) - 1), st.integers(1, 255))
def test_a_damaged_byte_is_never_taken_for_the_document(place: int, mask: int) -> None:
    damaged = bytearray(GZ)
    damaged[place] ^= mask
    contenu = read_contenu(base64.b64encode(damaged))
    # The first bytes hold a date and flags that change nothing to the content.
    assert contenu.etat is not EtatContenu.OK or contenu.octets == PDF


@pytest.mark.parametrize(
    "text",
    [
        base64.encodebytes(GZ),
        base64.encodebytes(GZ).replace(b"\n", b"\r\n   "),
        base64.encodebytes(GZ).replace(b"\n", b"&#13;\n"),
        B64.rstrip(b"="),
        b"\n" + B64 + b"\n",
        base64.b64encode(gzip.compress(PDF[:1000]) + gzip.compress(PDF[1000:])),
        base64.b64encode(GZ + b"\0" * 8),
    ],
    ids=["wrapped", "indented", "java", "unpadded", "alone", "two members", "zero padding"],
)
def test_the_ways_senders_lay_base64_out_are_all_read(text: bytes) -> None:
    contenu = read_contenu(memoryview(text))
    assert (contenu.etat, contenu.octets == PDF) == (EtatContenu.OK, True)


def test_the_same_content_twice_in_one_gzip_is_given_twice() -> None:
    twice = base64.b64encode(GZ + gzip.compress(PDF, 1))
    assert read_contenu(twice).octets == PDF + PDF


def test_an_uncompressed_document_is_given_as_it_is() -> None:
    contenu = read_contenu(base64.b64encode(PDF))
    assert (contenu.etat, contenu.octets == PDF) == (EtatContenu.PAS_GZIP, True)


@pytest.mark.parametrize("text", [b"Ceci est un test" * 1000, "pièce".encode(), b"<a>b</a>", b"!"])
def test_prose_is_kept_as_text_and_never_decoded(text: bytes) -> None:
    contenu = read_contenu(text)
    assert (contenu.etat, contenu.octets) == (EtatContenu.PAS_BASE64, text)


@pytest.mark.parametrize(
    "text", [b"", b" \n", b"====", base64.b64encode(gzip.compress(b"", mtime=0))]
)
def test_an_empty_document_says_so(text: bytes) -> None:
    contenu = read_contenu(text)
    assert (contenu.etat, contenu.octets) == (EtatContenu.VIDE, b"")


@pytest.mark.parametrize("cut", [1, 4, 8, 9, 1000, 40_000])
def test_the_start_of_a_truncated_document_is_recovered(cut: int) -> None:
    contenu = read_contenu(base64.b64encode(GZ[:-cut]))
    assert contenu.etat is EtatContenu.TRONQUE
    assert PDF.startswith(contenu.octets)
    assert len(contenu.octets) > len(GZ) - cut - 1000


@pytest.mark.parametrize("kept", [3, 9, 10, 11])
def test_a_header_alone_is_a_truncated_document(kept: int) -> None:
    contenu = read_contenu(base64.b64encode(GZ[:kept]))
    assert (contenu.etat, contenu.octets) == (EtatContenu.TRONQUE, b"")


def test_base64_that_breaks_off_gives_its_start() -> None:
    contenu = read_contenu(B64[:40_000] + b"[...]")
    assert contenu.etat is EtatContenu.TRONQUE
    assert len(contenu.octets) > 20_000
    assert PDF.startswith(contenu.octets)


def test_a_wrong_checksum_is_said_and_the_bytes_are_kept() -> None:
    wrong = GZ[:-8] + bytes(4) + GZ[-4:]
    contenu = read_contenu(base64.b64encode(wrong))
    assert (contenu.etat, contenu.octets == PDF) == (EtatContenu.CRC_FAUX, True)


def test_an_encrypted_content_is_told_from_a_damaged_one() -> None:
    text = b'<xenc:EncryptedData Type="x"><xenc:CipherData/></xenc:EncryptedData>'
    assert read_contenu(text).etat is EtatContenu.CHIFFRE


@pytest.mark.parametrize("announced", [b"", b"\1\0\0\0", b"\0\0\0\0", b"\xff\xff\xff\xff"])
def test_a_bomb_stops_at_the_limit_whatever_size_it_announces(announced: bytes) -> None:
    bomb = gzip.compress(bytes(60_000_000))
    bomb = bomb[: -len(announced)] + announced if announced else bomb
    text = base64.b64encode(bomb)
    tracemalloc.start()
    contenu = read_contenu(text, limite=1_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (contenu.etat, contenu.octets) == (EtatContenu.TROP_GRAND, b"")
    assert peak < 8_000_000


@pytest.mark.parametrize("text", [b"A" * 3_000_000, b"\xe9" * 1_500_000, b"AAAA" * 400_000])
def test_the_limit_holds_for_what_is_not_compressed_too(text: bytes) -> None:
    assert read_contenu(text, limite=1_000_000).etat is EtatContenu.TROP_GRAND


def test_a_document_of_exactly_the_limit_is_read() -> None:
    text = base64.b64encode(gzip.compress(bytes(1_000_000)))
    assert read_contenu(text, limite=1_000_000).etat is EtatContenu.OK
    assert read_contenu(text, limite=999_999).etat is EtatContenu.TROP_GRAND
