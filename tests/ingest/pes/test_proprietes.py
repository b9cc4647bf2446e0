"""Properties of the reader: amounts, dates, wrapped payloads, any cut, any flipped byte."""

import base64
import gzip
import hashlib
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from orc.ingest.pes.blocs import MONTANT_MAX, make_numero, parse_date, parse_montant
from orc.ingest.pes.flux import read_octets
from orc.ingest.pes.limits import FluxIllisible
from orc.ingest.pes.values import Anomalie, Entete, FinBordereau, PieceJustificative
from orc.ingest.pes.values_retour import Element, FinFlux

Make = Callable[..., str]


@given(st.integers(-MONTANT_MAX, MONTANT_MAX))
def test_an_amount_written_with_two_decimals_is_its_cents(cents: int) -> None:
    text = str(Decimal(cents) / 100)
    if "E" not in text:
        assert parse_montant(text) == (cents, True)
    assert parse_montant(f"{Decimal(cents) / 100:.2f}".replace(".", ",")) == (cents, True)


@given(st.integers(0, 10**11 - 1), st.integers(0, 9999), st.integers(1, 4))
def test_more_than_two_decimals_are_rounded_and_said(units: int, fraction: int, n: int) -> None:
    decimals = f"{fraction:04d}"[:n]
    parsed = parse_montant(f"{units}.{decimals}")
    assert parsed is not None
    cents, exact = parsed
    exact_value = Decimal(f"{units}.{decimals}") * 100
    assert abs(exact_value - cents) <= Decimal("0.5")
    assert exact == (exact_value == cents)


@given(st.text(max_size=30))
def test_no_text_makes_an_amount_or_a_date_fail(text: str) -> None:
    parsed = parse_montant(text)
    assert parsed is None or isinstance(parsed[0], int)
    found = parse_date(text)
    assert found is None or found.isoformat() == text[:10]


@given(st.dates(), st.sampled_from(["", "Z", "+02:00", "T12:00:00"]))
def test_a_day_is_read_whatever_its_zone(day: date, zone: str) -> None:
    assert parse_date(day.isoformat() + zone) == day


@given(st.integers(0, 10**12), st.integers(0, 6))
def test_leading_zeros_of_a_number_do_not_count(number: int, zeros: int) -> None:
    assert make_numero("0" * zeros + str(number)) == str(number)


@given(st.text(alphabet="ABC0189/-é", max_size=12))
def test_what_is_no_number_is_kept_as_sent(text: str) -> None:
    assert make_numero(text) == text or text.isdigit()


@given(
    st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=4),
    st.sampled_from([0, 60, 64, 76]),
    st.sampled_from(["\n", "\r\n", "&#13;\n", "&#xD;&#xA;"]),
    st.text(alphabet=" \n\t", max_size=5),
)
def test_any_content_however_wrapped_is_found_by_its_range(
    contents: list[bytes], width: int, end: str, blank: str
) -> None:
    flux = "<PES_Aller><Enveloppe/><EnTetePES/><PES_PJ>"
    for rank, octets in enumerate(contents):
        text = base64.b64encode(gzip.compress(octets)).decode()
        if width:
            text = end.join(text[i : i + width] for i in range(0, len(text), width))
        flux += f'<PJ><Contenu><Fichier MIMEType="é>">{blank}{text}{blank}</Fichier></Contenu>'
        flux += f'<IdUnique V="P{rank}"/></PJ>'
    raw = (flux + "</PES_PJ></PES_Aller>").encode()
    pjs = [e for e in read_octets(raw) if isinstance(e, PieceJustificative)]
    assert [pj.sha256 for pj in pjs] == [hashlib.sha256(c).hexdigest() for c in contents]
    for pj, octets in zip(pjs, contents, strict=True):
        text = raw[pj.offset : pj.offset + pj.longueur].replace(b"&#13;", b"")
        text = text.replace(b"&#xD;", b"").replace(b"&#xA;", b"")
        assert gzip.decompress(base64.b64decode(text)) == octets


def full_flux(make_flux: Make, make_pj: Make) -> bytes:
    pjs = make_pj() + make_pj(ident="PJ2", octets=b"deux" * 50) + make_pj(ident="PJ3")
    return make_flux(pjs=pjs, fin="<PES_Facture><FactureIndiv/></PES_Facture>").encode()


def stable(element: Element) -> bool:
    return not isinstance(element, Anomalie | FinFlux | FinBordereau)


@given(data=st.data())
@settings(max_examples=150)
def test_a_flow_cut_anywhere_gives_all_that_was_complete(
    make_flux: Make, make_pj: Make, data: st.DataObject
) -> None:
    raw = full_flux(make_flux, make_pj)
    cut = data.draw(st.integers(1, len(raw) - 1))
    whole = [element for element in read_octets(raw) if stable(element)]
    try:
        elements = list(read_octets(raw[:cut]))
    except FluxIllisible:
        assert raw.index(b"</EnTetePES>") + len(b"</EnTetePES>") > cut
        return
    got = [element for element in elements if stable(element)]
    assert got == whole[: len(got)]
    ends = [raw.index(b"</EnTetePES>"), raw.index(b"</BlocBordereau>"), raw.index(b"</Piece>")]
    at = -1
    while (at := raw.find(b"</PJ>", at + 1)) >= 0:
        ends.append(at)
    complete = sum(cut >= end + raw[end:].index(b">") + 1 for end in ends)
    assert len(got) >= complete
    assert any(isinstance(e, Anomalie) and e.code == "xml_tronque" for e in elements)
    last = elements[-1]
    assert isinstance(last, FinFlux)
    assert not last.complet


@given(data=st.data())
@settings(max_examples=200)
def test_flipped_bytes_never_raise_anything_else(
    make_flux: Make, make_pj: Make, data: st.DataObject
) -> None:
    raw = bytearray(full_flux(make_flux, make_pj))
    flips = data.draw(
        st.lists(st.tuples(st.integers(0, len(raw) - 1), st.integers(0, 255)), max_size=8)
    )
    for at, value in flips:
        raw[at] = value
    try:
        elements = list(read_octets(bytes(raw)))
    except FluxIllisible:
        return
    assert isinstance(elements[0], Entete)
    assert isinstance(elements[-1], FinFlux)
    for element in elements:
        if isinstance(element, PieceJustificative):
            assert 0 <= element.offset <= element.offset + element.longueur <= len(raw)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_flow_or_are_refused(octets: bytes) -> None:
    try:
        elements = list(read_octets(octets))
    except FluxIllisible:
        return
    assert isinstance(elements[0], Entete)
