"""The true type of a document is in its bytes."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc.ingest import type_reel
from orc.ingest.type_reel import find_type
from tests.ingest.extract.documents import (
    RTF,
    make_docx,
    make_image,
    make_ods,
    make_odt,
    make_pdf,
    make_xlsx,
)


def zip_of(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, b"contenu")
    return out.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)


@pytest.mark.parametrize(
    ("octets", "mime"),
    [
        (b"", "application/x-empty"),
        (b" \r\n", "application/x-empty"),
        (make_pdf("un"), "application/pdf"),
        (b"\r\n" + make_pdf("un"), "application/pdf"),
        (make_docx(), type_reel.DOCX),
        (make_xlsx(), type_reel.XLSX),
        (make_odt(), type_reel.ODT),
        (make_ods(), type_reel.ODS),
        (RTF, "application/rtf"),
        (make_image("PNG"), "image/png"),
        (make_image("JPEG"), "image/jpeg"),
        (make_image("TIFF"), "image/tiff"),
        (zip_of("a.pdf"), "application/zip"),
        (OLE + "WordDocument".encode("utf-16-le"), "application/msword"),
        (OLE + "Workbook".encode("utf-16-le"), "application/vnd.ms-excel"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), type_reel.OFFICE_PROTEGE),
        (b"<?xml version='1.0'?><!-- x --><n:DocumentPaye xmlns:n='u'/>", type_reel.PAIE),
        (b"\xef\xbb\xbf<CrossIndustryInvoice/>", type_reel.CII),
        (b"<n:PES_Aller><PES_Facture/></n:PES_Aller>", type_reel.PES_FACTURE),
        (b"<n:PES_Aller><PES_DepenseAller/></n:PES_Aller>", type_reel.PES_ALLER),
        ("<?xml version='1.0'?><a/>".encode("utf-16"), "application/xml"),
        (b"<!DOCTYPE html><title>x</title>", "text/html"),
        (b"<HTML><body>", "text/html"),
        (b"From: a@b\r\nSubject: x\r\n\r\ncorps", "message/rfc822"),
        ("Une délibération".encode("cp1252"), "text/plain"),
        (b"BM est une soci\xc3\xa9t\xc3\xa9", "text/plain"),
        (b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", "application/pkcs7-mime"),
        (bytes(range(256)), "application/octet-stream"),
        (bytes(1000), "application/octet-stream"),
    ],
)
def test_the_type_is_found_by_content(octets: bytes, mime: str) -> None:
    assert find_type(octets) == mime


@given(
    st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"<", b"<!DOCTYPE ", b"\xd0\xcf\x11\xe0"]),
    st.binary(max_size=500),
)
def test_a_type_is_found_whatever_the_bytes(head: bytes, body: bytes) -> None:
    assert "/" in find_type(head + body)


def test_a_truncated_document_still_has_a_type() -> None:
    whole = make_docx()
    assert all("/" in find_type(whole[:kept]) for kept in range(0, len(whole), 97))
