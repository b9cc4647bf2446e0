"""What a real Tika server reads, and what ORC makes of its answers."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from orc.errors import Invalid, Unavailable
from orc.ingest.extract.chain import Chain
from orc.ingest.extract.pool import Document
from orc.ingest.extract.tika_answer import BadAnswer, read_answer
from orc.ingest.extract.tika_http import Acces, TikaHttp, load_client
from orc.ingest.extract.tika_merge import merge
from orc.ingest.extract.tika_pool import TikaPool
from orc.ingest.extract.tika_server import TikaFailed, TikaServer, is_ours
from orc.ingest.extract.values import EtatTexte, Extraction, Limits, Partie
from orc.ingest.type_reel import find_type
from tests.ingest.extract.carriers import lock_zip, mail_of, make_message, msg_of, zip_of
from tests.ingest.extract.documents import (
    PHRASE,
    RTF,
    make_docx,
    make_image,
    make_nir,
    make_ods,
    make_odt,
    make_pdf,
    make_xlsx,
)
from tests.serveurs import Serveur

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HTML = b"<html><head><title>x</title></head><p>La <b>mai</b>rie</p><table><td>12</td><td>34"


@pytest.fixture(scope="module")
def pool(tika: Serveur) -> Iterator[TikaPool]:
    with TikaPool(TikaServer(Acces(tika.url)), Limits(), 1) as made:
        yield made


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (make_docx, ["Délibération n° 12\n", "véhicule", "1 234,56 €"]),
        (make_odt, ["Convention de mise à disposition\n", "l’association"]),
        (make_xlsx, ["Dépenses\n", "Compte 60611", "seconde feuille"]),
        (make_ods, ["Électricité", "60612"]),
        (lambda: RTF, ["Notification de l'élu numéro 12"]),
        (lambda: HTML, ["La mairie\n", "12 34"]),
    ],
)
def test_office_and_html_are_read_by_tika_block_by_block(pool: TikaPool, make, words) -> None:
    extraction = pool.extract(make())
    assert (extraction.etat, extraction.extracteur) == (EtatTexte.EXTRAIT, "tika")
    whole = "\n".join(extraction.pages)
    assert all(word in whole for word in words)


def test_tika_gives_a_spreadsheet_a_page_a_sheet(pool: TikaPool) -> None:
    assert len(pool.extract(make_xlsx()).pages) == 2


@pytest.mark.parametrize(
    ("octets", "extracteur"),
    [(make_pdf(PHRASE), "pypdfium2"), (make_image(), "pillow"), (b"un texte", "texte")],
)
def test_pdf_images_and_plain_text_never_go_to_tika(
    pool: TikaPool, octets: bytes, extracteur: str
) -> None:
    assert is_ours(find_type(octets))
    assert pool.extract(octets).extracteur == extracteur


def test_a_pdf_in_a_mail_is_read_by_orc_and_the_rest_by_tika(pool: TikaPool) -> None:
    lot = zip_of({"2023/f.pdf": make_pdf(PHRASE, "deux"), "é.docx": make_docx()})
    inner = mail_of("intérieur", {"conv.odt": make_odt()}, subject="Convention")
    mail = mail_of("Bonjour", {"lot.zip": lot, "facture n°1.pdf": make_pdf("un", "deux")})
    mail.add_attachment(inner)
    extraction = pool.extract(bytes(mail), "m.eml")
    assert extraction.extracteur == "mail+tika"
    assert extraction.pages[0].startswith("Objet : Facture\nDe : compta@fournisseur.fr\n")
    assert [(part.nom, len(part.pages)) for part in extraction.parties] == [
        ("lot.zip › 2023/f.pdf", 2),
        ("lot.zip › é.docx", 1),
        ("facture n°1.pdf", 2),
        ("Convention.eml", 1),
        ("Convention.eml › conv.odt", 1),
    ]
    assert "Compte\n\n1 234,56 €" in extraction.parties[1].pages[0]


def test_a_message_of_outlook_is_read_by_both(pool: TikaPool) -> None:
    inside = make_message("Sujet", "intérieur", {"c.odt": make_odt()}, inside=True)
    extraction = pool.extract(
        msg_of("Facture", "Bonjour", {"f.pdf": make_pdf(PHRASE), "j": inside})
    )
    assert extraction.extracteur == "msg+tika"
    assert "Bonjour" in extraction.pages[0]
    assert [part.nom for part in extraction.parties] == ["f.pdf", "j", "j/c.odt"]
    assert extraction.parties[0].pages == (PHRASE,)


def test_the_thumbnail_of_an_office_file_is_no_part_of_it(pool: TikaPool) -> None:
    assert pool.extract(make_docx()).parties == ()


def test_an_archive_of_pdf_alone_does_not_wait_for_tika(pool: TikaPool) -> None:
    assert pool.extract(zip_of({"f.pdf": make_pdf(PHRASE)})).extracteur == "archive"


def test_a_broken_office_file_gives_what_tika_can_and_says_so(pool: TikaPool) -> None:
    extraction = pool.extract(make_docx()[:-300], "courrier.docx")
    assert extraction.etat is EtatTexte.EXTRAIT
    assert "Délibération" in extraction.pages[0]
    assert "abîmé" in extraction.motif
    assert extraction.type_reel == DOCX


@pytest.mark.parametrize(
    ("octets", "etat", "said"),
    [
        (bytes(range(256)) * 4, EtatTexte.NON_PRIS_EN_CHARGE, "même par Tika"),
        (lock_zip(zip_of({"a.docx": make_docx()})), EtatTexte.PROTEGE, "mot de passe"),
        (b"{\\rtf1\\ansi " + b"{" * 200, EtatTexte.SANS_TEXTE, "pas de texte"),
        (b"PK\x03\x04" + bytes(400), EtatTexte.ILLISIBLE, "abîmé"),
    ],
)
def test_what_tika_cannot_read_says_why_without_any_trace(
    pool: TikaPool, octets: bytes, etat: EtatTexte, said: str
) -> None:
    extraction = pool.extract(octets)
    assert extraction.etat is etat
    assert said in extraction.motif
    assert "org.apache" not in repr(extraction)
    assert "\tat " not in repr(extraction)


def test_an_office_bomb_sent_to_tika_costs_only_itself(pool: TikaPool) -> None:
    packed = zip_of({"[Content_Types].xml": b"<a/>", "word/document.xml": b" " * 120_000_000})
    bomb = pool.start(Document(packed, "a.docx"))
    assert bomb().etat in {EtatTexte.TROP_GRAND, EtatTexte.ILLISIBLE, EtatTexte.NON_PRIS_EN_CHARGE}
    assert pool.extract(make_odt()).extracteur == "tika"


def test_an_answer_of_a_hundred_megabytes_is_not_swallowed(tika: Serveur) -> None:
    page = b"<html><body>" + b"<p>mot de plus</p>" * 100_000 + b"</body></html>"
    acces = Acces(tika.url, reponse_octets=1_000_000)
    with TikaPool(TikaServer(acces), Limits(), 1) as small:
        extraction = small.extract(page)
    assert extraction.etat is EtatTexte.EXTRAIT
    assert extraction.extracteur == "html-sans-tika"
    assert "dépasse 1 Mo" in extraction.metadonnees["tika"]


def test_a_text_past_the_limit_given_to_tika_is_cut_and_says_so(pool: TikaPool) -> None:
    page = b"<html><body>" + b"<p>mot de plus</p>" * 200_000 + b"</body></html>"
    extraction = pool.extract(page)
    assert extraction.etat is EtatTexte.TROP_GRAND
    assert "coupé" in extraction.motif
    assert 1_900_000 < sum(map(len, extraction.pages)) <= 2_000_000 + 200_000


def test_no_nir_comes_out_of_an_answer_of_tika(pool: TikaPool) -> None:
    nir = make_nir("1850578006084")
    extraction = pool.extract(f"<html><p>Agent {nir} né le 12/05/1985</p></html>".encode())
    assert extraction.extracteur == "tika"
    assert extraction.nir
    assert nir not in repr(extraction)


# What a server may answer, without one.


def answer(*documents: dict[str, object]) -> bytes:
    return json.dumps(documents).encode()


def make_document(body: str, **more: object) -> dict[str, object]:
    xhtml = f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head>{body}</html>'
    return {"X-TIKA:content": xhtml, "Content-Type": DOCX, **more}


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"[]",
        b"{}",
        b"[1]",
        b"<html>",
        b"[" * 100_000,
        b'[{"a":"\xff"}]',
        "[]".encode("utf-16"),
    ],
)
def test_an_answer_that_is_none_is_not_believed(octets: bytes) -> None:
    with pytest.raises(BadAnswer):
        read_answer(octets, DOCX, Limits())
    extraction = Chain(Limits()).read_answer(octets, "a.docx", DOCX)
    assert (extraction.etat, extraction.extracteur) == (EtatTexte.ILLISIBLE, "")


def test_an_entity_in_an_answer_is_never_opened() -> None:
    hostile = (
        '<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><html><body>&x;</body></html>'
    )
    found = read_answer(answer({"X-TIKA:content": hostile}), DOCX, Limits())
    assert found.pages == ()


@pytest.mark.parametrize(
    "body",
    [
        "<p>" * 200_000 + "mot",
        "<body><p>mot</p>\x01",
        "<body><div class='page'/>" * 20_000 + "mot",
    ],
)
def test_hostile_xhtml_ends(body: str) -> None:
    found = read_answer(answer(make_document(body)), DOCX, Limits(pages=100))
    assert len(found.pages) <= 101


def test_odd_shapes_are_passed_over() -> None:
    odd = {"X-TIKA:content": 5, "Content-Type": ["a", 3], "X-TIKA:embedded_id_path": "/x/-1"}
    found = read_answer(answer(make_document("<p>mot</p>"), odd, {}), DOCX, Limits())
    assert (found.pages, found.parties) == (("mot",), ())


def test_a_fault_of_an_embedded_document_is_a_state_in_french() -> None:
    trace = "org.apache.tika.exception.EncryptedDocumentException: x\n\tat org.apache.Y"
    part = {"resourceName": "../f.pdf", "X-TIKA:embedded_id_path": "/1"}
    part |= {"X-TIKA:EXCEPTION:embedded_exception": trace, "Content-Type": "application/pdf"}
    found = read_answer(answer(make_document("<p>mot</p>"), part), DOCX, Limits())
    assert found.parties == (
        Partie("f.pdf", "application/pdf", (), EtatTexte.PROTEGE, found.parties[0].motif),
    )
    assert "mot de passe" in found.motif


def test_the_rest_of_a_merge_is_what_only_one_of_the_two_opened() -> None:
    own = Extraction(
        EtatTexte.EXTRAIT,
        type_reel="application/zip",
        extracteur="archive",
        parties=(
            Partie("f.pdf", "application/pdf", ("orc",)),
            Partie("a/f.pdf", "application/pdf", ("orc 2",)),
            Partie("l.7z", "application/x-7z-compressed", (), EtatTexte.NON_PRIS_EN_CHARGE, "x"),
            Partie("d.docx", DOCX, ("kreuzberg",)),
        ),
    )
    tika = Extraction(
        EtatTexte.EXTRAIT,
        type_reel="application/zip",
        extracteur="tika",
        parties=(
            Partie("f.pdf", "application/pdf", ("tika",)),
            Partie("a/f.pdf", "application/pdf", ("tika 2",)),
            Partie("l.7z › g.doc", "application/msword", ("tika 3",)),
            Partie("d.docx", DOCX, ("tika 4",)),
        ),
    )
    assert [(part.nom, part.pages) for part in merge(own, tika).parties] == [
        ("f.pdf", ("orc",)),
        ("a/f.pdf", ("orc 2",)),
        ("d.docx", ("tika 4",)),
        ("l.7z › g.doc", ("tika 3",)),
    ]


# Never behind anyone's back.


def test_the_client_can_neither_download_nor_start_a_server() -> None:
    client = load_client()
    for act in (client.startServer, client.getRemoteJar, client.checkTikaServer):
        with pytest.raises(Unavailable, match="jamais"):
            act()


def test_no_process_and_no_file_come_of_a_tika_that_is_not_there() -> None:
    program = """
import os, pathlib, subprocess, sys, tempfile
folder = tempfile.mkdtemp()
os.environ["TMPDIR"] = tempfile.tempdir = folder
def refuse(*arguments, **options): raise SystemExit("un processus a été lancé")
subprocess.Popen = os.system = os.posix_spawn = os.fork = refuse
from orc.ingest.extract.tika_http import ENVIRONMENT, Acces, Dropped, TikaHttp
os.environ.update(ENVIRONMENT)
http = TikaHttp(Acces("http://127.0.0.1:9", secondes=1))
for ask in (lambda: http.find_version(1), lambda: http.ask("put", "/rmeta/xml", b"x", {})):
    try:
        ask()
    except Dropped as error:
        print(error)
print(sorted(p.name for p in pathlib.Path(folder).iterdir()))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "la connexion est refusée ou coupée\n" * 2 + "[]\n"


def test_orc_without_tika_does_not_load_its_client() -> None:
    program = (
        "import sys\n"
        "from orc.bootstrap import open_pool\n"
        "from orc.settings import Settings\n"
        "open_pool(Settings(), 1).close()\n"
        "print([n for n in sys.modules if n.partition('.')[0] == 'tika'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_an_address_that_is_none_is_refused_in_french() -> None:
    with pytest.raises(Invalid, match="ORC_TIKA"):
        TikaHttp(Acces("tika:9998"))


def test_a_server_that_is_not_there_says_so_in_french() -> None:
    with pytest.raises(TikaFailed, match="Tika ne répond pas"):
        TikaServer(Acces("http://127.0.0.1:9")).find_version()
