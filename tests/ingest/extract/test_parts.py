"""What a mail or an archive carries is read part by part; a hostile part costs only itself."""

import gzip
import io
import struct
import tarfile
import unicodedata
import zipfile
from email.message import EmailMessage

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc.ingest.extract import joints, parts
from orc.ingest.extract.chain import extract
from orc.ingest.extract.compound import BadCompound, Compound
from orc.ingest.extract.joints import clean_name
from orc.ingest.extract.msg import unpack_rtf
from orc.ingest.extract.pool import ExtractionPool
from orc.ingest.extract.values import EtatTexte, Extraction, Limits, Partie
from tests.ingest.extract.carriers import (
    lock_zip,
    mail_of,
    make_message,
    msg_of,
    tar_of,
    zip_of,
)
from tests.ingest.extract.documents import (
    PHRASE,
    RTF,
    make_docx,
    make_image,
    make_odt,
    make_pdf,
    make_scan,
    make_slow_pdf,
)

OUTLOOK = "application/vnd.ms-outlook"


def read(octets: bytes, nom: str = "", limits: Limits | None = None) -> Extraction:
    return extract(octets, nom, "", limits or Limits())


def names(extraction: Extraction) -> list[str]:
    return [part.nom for part in extraction.parties]


def only(extraction: Extraction) -> Partie:
    (part,) = extraction.parties
    return part


def test_a_zip_of_invoices_is_read_invoice_by_invoice() -> None:
    members = {"2023/mai.pdf": make_pdf(PHRASE, "deux"), "2023/juin.docx": make_docx()}
    extraction = read(zip_of(members), "factures.zip")
    assert (extraction.etat, extraction.motif, extraction.pages) == (EtatTexte.EXTRAIT, "", ())
    assert names(extraction) == ["2023/mai.pdf", "2023/juin.docx"]
    assert extraction.parties[0].pages == (PHRASE, "deux")
    assert "Délibération" in extraction.parties[1].pages[0]


@pytest.mark.parametrize(
    ("octets", "nom", "found"),
    [
        (gzip.compress(make_pdf(PHRASE)), "facture.pdf.gz", "facture.pdf"),
        (tar_of({"d/f.pdf": make_pdf(PHRASE)}), "lot.tar", "d/f.pdf"),
        (tar_of({"f.pdf": make_pdf(PHRASE)}, "w:gz"), "lot.tgz", "lot.tar › f.pdf"),
        (zip_of({"l.zip": zip_of({"f.pdf": make_pdf(PHRASE)})}), "z.zip", "l.zip › f.pdf"),
    ],
)
def test_every_kind_of_archive_is_opened(octets: bytes, nom: str, found: str) -> None:
    part = only(read(octets, nom))
    assert (part.nom, part.type, part.pages) == (found, "application/pdf", (PHRASE,))


def test_a_mail_gives_what_is_attached_to_the_mails_attached_to_it() -> None:
    inner = mail_of("intérieur", {"conv.odt": make_odt()}, subject="Convention")
    mail = mail_of("Bonjour", {"lot.zip": zip_of({"f.pdf": make_pdf(PHRASE)})})
    mail.add_attachment(inner)
    extraction = read(bytes(mail))
    assert extraction.pages[0].startswith("Objet : Facture\nDe : compta@fournisseur.fr")
    assert names(extraction) == ["lot.zip › f.pdf", "Convention.eml", "Convention.eml › conv.odt"]
    assert "intérieur" in extraction.parties[1].pages[0]
    assert "association" in extraction.parties[2].pages[0]


def test_of_the_two_texts_of_a_mail_the_richest_is_read_once() -> None:
    mail = mail_of("En texte", html="<p>En <b>page</b></p>")
    assert read(bytes(mail)).pages[0].endswith("En page")
    assert "En texte" not in read(bytes(mail)).pages[0]


def test_the_logo_that_a_mail_shows_is_no_part_of_it() -> None:
    mail = mail_of("Bonjour", html="<img src='cid:logo'>")
    page = mail.get_payload(1)
    assert isinstance(page, EmailMessage)
    page.add_related(make_image()[:900], "image", "png", cid="<logo>")
    assert read(bytes(mail)).parties == ()


def test_a_message_of_outlook_gives_its_text_and_what_is_attached_to_it() -> None:
    inside = make_message("Sujet", "intérieur", {"c.odt": make_odt()}, inside=True)
    octets = msg_of("Facture", "Bonjour", {"f.pdf": make_pdf(PHRASE, "2"), "joint.msg": inside})
    extraction = read(octets)
    assert extraction.type_reel == OUTLOOK
    assert extraction.pages == ("Objet : Facture\nDe : Alix\nBonjour",)
    assert [(part.nom, part.type) for part in extraction.parties[:2]] == [
        ("f.pdf", "application/pdf"),
        ("joint.msg", OUTLOOK),
    ]
    assert extraction.parties[0].pages == (PHRASE, "2")
    assert "intérieur" in extraction.parties[1].pages[0]
    assert extraction.parties[2].nom == "joint.msg/c.odt"


def test_a_message_of_outlook_cut_anywhere_is_read_or_says_it_is_broken() -> None:
    whole = msg_of("Facture", "Bonjour", {"f.pdf": make_pdf(PHRASE)})
    for kept in range(600, len(whole), 700):
        extraction = read(whole[:kept])
        assert extraction.etat is EtatTexte.EXTRAIT or extraction.motif


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_compound_file_with_any_bytes_changed_ends(data: st.DataObject) -> None:
    octets = bytearray(msg_of("Facture", "Bonjour", {"f.pdf": make_pdf(PHRASE)}))
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(24, len(octets) - 5))
        struct.pack_into("<I", octets, at, data.draw(st.integers(0, 2**32 - 1)))
    try:
        file = Compound(bytes(octets))
        assert all(len(file.read(path) or b"") <= len(octets) for path in file.paths)
    except (BadCompound, struct.error):
        assert read(bytes(octets)).etat in {EtatTexte.ILLISIBLE, EtatTexte.EXTRAIT}


def test_the_text_that_outlook_packs_is_unpacked() -> None:
    # The example of [MS-OXRTFCP] 4.1.
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af320"
        "68656c090020627705b06c647d0a800fa0"
    )
    assert unpack_rtf(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def test_members_of_a_zip_under_password_say_so_and_the_rest_is_read() -> None:
    with io.BytesIO(
        zip_of({"clair.pdf": make_pdf(PHRASE), "secret.pdf": make_pdf("caché")})
    ) as out:
        octets = bytearray(out.getvalue())
    second = octets.rfind(b"PK\x03\x04")
    octets[second + 6] |= 1
    last = octets.rfind(b"PK\x01\x02")
    octets[last + 8] |= 1
    extraction = read(bytes(octets))
    assert extraction.etat is EtatTexte.EXTRAIT
    assert [part.etat for part in extraction.parties] == [EtatTexte.EXTRAIT, EtatTexte.PROTEGE]
    assert "« secret.pdf »" in extraction.motif
    assert "mot de passe" in extraction.motif


def test_a_zip_all_under_password_is_protected() -> None:
    extraction = read(lock_zip(zip_of({"a.pdf": make_pdf("x"), "b.pdf": make_pdf("y")})))
    assert extraction.etat is EtatTexte.PROTEGE
    assert "2 documents joints" in extraction.motif


def make_zeros(megabytes: int, name: str = "zeros.bin") -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w") as member,
    ):
        for _ in range(megabytes):
            member.write(bytes(1_000_000))
    return out.getvalue()


def test_a_bomb_is_not_opened_and_the_invoice_beside_it_is_read() -> None:
    out = io.BytesIO(make_zeros(200))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("facture.pdf", make_pdf(PHRASE))
    extraction = read(out.getvalue())
    bomb, invoice = extraction.parties
    assert (bomb.etat, invoice.pages) == (EtatTexte.TROP_GRAND, (PHRASE,))
    assert "200 Mo" in bomb.motif
    assert extraction.etat is EtatTexte.EXTRAIT


def test_bombs_inside_archives_do_not_add_up() -> None:
    limits = Limits(octets_decompresses=30_000_000)
    lots = {f"{rank}.zip": make_zeros(9) for rank in range(8)}
    extraction = read(zip_of(lots | {"facture.pdf": make_pdf(PHRASE)}), limits=limits)
    refused = [part for part in extraction.parties if part.etat is EtatTexte.TROP_GRAND]
    assert len(refused) == 5
    assert extraction.parties[-1].pages == (PHRASE,)


def test_a_compressed_bomb_is_too_large() -> None:
    bomb = gzip.compress(bytes(40_000_000))
    extraction = read(bomb, "a.gz", Limits(octets_decompresses=10_000_000))
    assert extraction.etat is EtatTexte.TROP_GRAND
    assert "10 Mo" in extraction.parties[0].motif


def test_archives_in_archives_end_at_some_depth() -> None:
    octets = make_pdf(PHRASE)
    for depth in range(8):
        octets = zip_of({f"{depth}.zip" if depth else "f.pdf": octets})
    part = only(read(octets))
    assert part.etat is EtatTexte.TROP_GRAND
    assert "trop profond" in part.motif


def test_a_thousand_members_are_not_all_read_and_it_is_said() -> None:
    extraction = read(zip_of({f"{rank}.txt": b"facture" for rank in range(joints.JOINTS + 20)}))
    assert extraction.etat is EtatTexte.TROP_GRAND
    assert len(extraction.parties) == joints.JOINTS
    assert f"Plus de {joints.JOINTS}" in extraction.motif


def test_a_broken_member_costs_only_itself() -> None:
    octets = bytearray(zip_of({"a.pdf": make_pdf("x" * 400), "b.pdf": make_pdf(PHRASE)}))
    octets[60:90] = bytes(30)
    broken, sound = read(bytes(octets)).parties
    assert (broken.etat, sound.pages) == (EtatTexte.ILLISIBLE, (PHRASE,))


def test_a_broken_archive_says_so() -> None:
    whole = zip_of({"a.pdf": make_pdf(PHRASE)})
    for octets in (whole[:200], gzip.compress(b"x" * 9000)[:-9]):
        extraction = read(octets)
        assert extraction.etat is EtatTexte.ILLISIBLE
        assert "abîmé" in extraction.motif


def test_an_empty_archive_holds_no_text() -> None:
    extraction = read(zip_of({}))
    assert (extraction.etat, extraction.motif) == (EtatTexte.SANS_TEXTE, "L’archive est vide.")


def test_a_link_inside_an_archive_is_not_followed() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo("etc")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)
    part = only(read(out.getvalue()))
    assert part.pages == ()
    assert "lien" in part.motif


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("C:\\Users\\x\\facture.pdf", "Users/x/facture.pdf"),
        ("/racine/f.pdf", "racine/f.pdf"),
        ("fac\u202efdp.exe", "facfdp.exe"),
        ("a\x00b\nc", "ab c"),
        ("...", "document 3"),
        ("lot.zip › f.pdf", "lot.zip > f.pdf"),
        ("\udcff.pdf", "?.pdf"),
        ("x" * 900 + ".pdf", "…" + "x" * 195 + ".pdf"),
    ],
)
def test_the_name_of_a_part_is_only_a_label(name: str, label: str) -> None:
    assert clean_name(name, 3) == label


@given(st.text())
def test_no_name_leads_out_of_its_folder(name: str) -> None:
    label = clean_name(name, 1)
    assert 0 < len(label) <= 200
    assert ".." not in label.split("/")
    assert not label.startswith("/")
    assert not any(unicodedata.category(sign) in {"Cc", "Zl", "Zp", "Cs"} for sign in label)


def test_scans_in_an_archive_say_that_they_wait_for_an_ocr_that_does_not_come() -> None:
    extraction = read(zip_of({"scan.pdf": make_scan(""), "photo.jpg": make_image("JPEG")}))
    assert extraction.etat is EtatTexte.NON_PRIS_EN_CHARGE
    assert extraction.pages_a_oceriser == ()
    assert [part.etat for part in extraction.parties] == [EtatTexte.A_OCERISER] * 2


def test_the_parts_of_a_scan_come_after_its_pages() -> None:
    scan = make_scan("", "")
    with pikepdf.open(io.BytesIO(scan)) as document:
        document.attachments["note.txt"] = b"texte joint"
        out = io.BytesIO()
        document.save(out)
    extraction = read(out.getvalue())
    assert extraction.pages_a_oceriser == (1, 2)
    assert extraction.every_page == ("", "", "texte joint")


def test_the_pages_of_parts_count_in_the_limits() -> None:
    lot = zip_of({f"{rank}.txt": b"mot " * 100 for rank in range(9)})
    extraction = read(lot, limits=Limits(caracteres=1000, pages=5))
    assert extraction.etat is EtatTexte.TROP_GRAND
    assert sum(len(page) for page in extraction.every_page) <= 1000
    assert len(extraction.every_page) <= 5


def test_a_part_that_kills_its_reader_costs_itself_and_the_child() -> None:
    def crash(octets: bytes, nom: str, kind: str) -> tuple[Extraction, tuple[()]]:
        del octets, nom
        if kind == "text/plain":
            raise BaseException("panic")  # noqa: TRY002 - what a Rust library raises
        return Extraction(EtatTexte.EXTRAIT, "", ("lu",), kind), ()

    reader = parts.Parts(crash, joints.Allowance(Limits()))
    read_parts = reader.read([joints.Joint("a", b"texte"), joints.Joint("b", RTF)])
    assert [part.etat for part in read_parts] == [EtatTexte.ILLISIBLE, EtatTexte.EXTRAIT]
    assert reader.harmed


def test_parts_come_out_of_a_child_as_they_went_in() -> None:
    octets = lock_zip(zip_of({"a.pdf": make_pdf("x")}))
    lot = zip_of({"f.pdf": make_pdf(PHRASE), "clos.zip": octets})
    with ExtractionPool(Limits(), 1) as pool:
        assert pool.extract(lot).parties == read(lot).parties


def test_a_mail_is_read_even_when_what_is_attached_to_it_kills_its_reader() -> None:
    mail = bytes(mail_of("Bonjour", {"lent.pdf": make_slow_pdf(2_000_000)}))
    with ExtractionPool(Limits(secondes=2, memoire_mo=4096), 1) as pool:
        extraction = pool.extract(mail, "m.eml", "message/rfc822")
    assert extraction.etat is EtatTexte.EXTRAIT
    assert extraction.pages[0].rstrip().endswith("Bonjour")
    assert "sans ses documents joints" in extraction.motif
    assert "2 secondes" in extraction.motif
