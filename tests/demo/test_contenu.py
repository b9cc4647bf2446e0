"""What the flows carry: each kind of PJ opens as it should, needles are where the manifest says."""

import hashlib
import io
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import deflate
import pybase64
import pypdfium2
import pytest
from lxml import etree
from PIL import Image
from pypdf import PdfReader

from tests.demo.lecture import read_documents, read_roots, read_v

GENRES = {
    "facture_classique", "facture_bandeau", "facture_releve", "facture_artisan",
    "facture_deux_pages", "facturx", "pes_facture", "pes_facture_asap", "scan_pdf", "scan_tif",
    "scan_jpg", "docx", "odt", "xlsx", "paie", "aide_sociale", "contrat", "deliberation", "devis",
    "rib", "bon_livraison", "decompte", "echeancier", "etat_regie", "etat_liquidatif",
}  # fmt: skip


@pytest.fixture(scope="module")
def pjs(silo: Path, manifeste: dict[str, Any]) -> dict[str, list[tuple[str, str, str]]]:
    """IdUnique to (base64, NomPJ, path), every time it was sent."""
    trouvees: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for nom, root in read_roots(silo, manifeste):
        for pj in root.iterfind("PES_PJ/PJ"):
            texte = pj.findtext("Contenu/Fichier") or ""
            trouvees[read_v(pj, "IdUnique")].append((texte, read_v(pj, "NomPJ"), nom))
    return trouvees


@pytest.fixture(scope="module")
def citees(silo: Path, manifeste: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """IdUnique to (support, path) of every PJRef."""
    refs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for nom, root in read_roots(silo, manifeste):
        for ref in root.iter("PJRef"):
            refs[read_v(ref, "IdUnique")].append((read_v(ref, "Support"), nom))
    return refs


def _open(texte: str) -> bytes:
    return bytes(deflate.gzip_decompress(pybase64.b64decode(texte)))


def _page_text(octets: bytes, page: int) -> str:
    with pypdfium2.PdfDocument(octets) as document:
        return str(document[page - 1].get_textpage().get_text_range())


def test_every_kind_of_pj_is_in_the_smallest_silo(manifeste: dict[str, Any]) -> None:
    assert set(manifeste["pj"]) >= GENRES


def test_the_manifest_counts_the_pj_that_are_sent(
    pjs: dict[str, list[tuple[str, str, str]]], manifeste: dict[str, Any]
) -> None:
    assert sum(manifeste["pj"].values()) == sum(len(envois) for envois in pjs.values())


def test_a_needle_is_read_on_its_page(
    pjs: dict[str, list[tuple[str, str, str]]], manifeste: dict[str, Any]
) -> None:
    lus = set()
    for repere in manifeste["reperes"]:
        octets = _open(pjs[repere["id_unique"]][0][0])
        assert hashlib.sha256(octets).hexdigest() == repere["sha256"], repere["cle"]
        assert len(octets) == repere["taille"]
        if repere["nom_pj"].endswith(".pdf") and repere["trouvable"] != "ocr":
            texte = _page_text(octets, repere["page"])
            cherche = repere["recherche"].replace(" ", "")
            assert cherche in texte.replace(" ", "").replace("\r\n", ""), repere["cle"]
            lus.add(repere["cle"])
    assert {"facture", "montant", "siret", "iban", "contrat", "partagee", "pj_avant"} <= lus


def test_office_needles_are_in_their_files(
    pjs: dict[str, list[tuple[str, str, str]]], manifeste: dict[str, Any]
) -> None:
    corps = {"docx": "word/document.xml", "odt": "content.xml", "xlsx": "xl/sharedStrings.xml"}
    for genre, membre in corps.items():
        repere = next(r for r in manifeste["reperes"] if r["cle"] == genre)
        octets = _open(pjs[repere["id_unique"]][0][0])
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            assert archive.testzip() is None
            assert repere["recherche"] in archive.read(membre).decode()


def test_scans_have_no_text_and_show_a_page(
    pjs: dict[str, list[tuple[str, str, str]]], manifeste: dict[str, Any]
) -> None:
    par_cle = {r["cle"]: r for r in manifeste["reperes"]}
    for genre, forme in (("scan_tif", "TIFF"), ("scan_jpg", "JPEG")):
        image = Image.open(io.BytesIO(_open(pjs[par_cle[genre]["id_unique"]][0][0])))
        assert image.format == forme
        assert min(image.size) > 700
    octets = _open(pjs[par_cle["scan_pdf"]["id_unique"]][0][0])
    assert _page_text(octets, 1) == ""


def test_a_contract_has_forty_pages(
    pjs: dict[str, list[tuple[str, str, str]]], manifeste: dict[str, Any]
) -> None:
    repere = next(r for r in manifeste["reperes"] if r["cle"] == "contrat")
    with pypdfium2.PdfDocument(_open(pjs[repere["id_unique"]][0][0])) as document:
        assert len(document) == 40
        pages = [i for i in range(40) if "Combe-aux-Loups" in
                 document[i].get_textpage().get_text_range()]  # fmt: skip
    assert pages == [repere["page"] - 1]


def test_a_facturx_carries_its_xml(
    pjs: dict[str, list[tuple[str, str, str]]], manifeste: dict[str, Any]
) -> None:
    repere = next(r for r in manifeste["reperes"] if r["cle"] == "facturx")
    lecteur = PdfReader(io.BytesIO(_open(pjs[repere["id_unique"]][0][0])))
    assert repere["recherche"].encode() in lecteur.attachments["factur-x.xml"][0]


def test_a_pes_facture_is_a_flow_of_its_own(
    pjs: dict[str, list[tuple[str, str, str]]], manifeste: dict[str, Any], shared: Path
) -> None:
    schema = etree.XMLSchema(etree.parse(shared / "pes/xsd/v5.17/PES_V2/Rev0/PES_Aller.xsd"))
    repere = next(r for r in manifeste["reperes"] if r["cle"] == "pes_facture")
    racine = etree.fromstring(_open(pjs[repere["id_unique"]][0][0]))
    assert schema.validate(racine), schema.error_log.last_error
    assert read_v(racine, ".//NumeroFacture") == repere["recherche"]


def test_invoices_agree_with_their_mandats(
    silo: Path, manifeste: dict[str, Any], pjs: dict[str, list[tuple[str, str, str]]]
) -> None:
    vues = 0
    casses = {c["id_unique"] for c in manifeste["casses"] if c["portee"] == "pj"}
    for _, root in read_roots(silo, manifeste):
        for piece in root.iterfind("PES_DepenseAller/Bordereau/Piece"):
            numeros = {read_v(x, ".//Facture") for x in piece.iterfind("LigneDePiece")}
            for ref in piece.iterfind("BlocPiece/InfoPce/PJRef"):
                ident, nom = read_v(ref, "IdUnique"), read_v(ref, "NomPJ")
                if not nom.startswith("Facture_") or ident not in pjs or ident in casses:
                    continue
                texte = _page_text(_open(pjs[ident][0][0]), 1).replace(" ", "")
                ttc = sum(
                    round(float(x.get("V")) * 100)
                    for tag in ("MtHT", "MtTVA")
                    for x in piece.iterfind(f"LigneDePiece/BlocLignePiece/InfoLignePce/{tag}")
                )
                assert next(iter(numeros)) in texte
                assert f"{ttc // 100},{ttc % 100:02d}" in texte
                assert read_v(piece, ".//InfoTiers/IdTiers") in texte
                vues += 1
    assert vues > 50


def test_pj_travel_in_every_way(
    pjs: dict[str, list[tuple[str, str, str]]], citees: dict[str, list[tuple[str, str]]],
    manifeste: dict[str, Any],
) -> None:  # fmt: skip
    par_cle = {r["cle"]: r["id_unique"] for r in manifeste["reperes"]}
    for cle in ("pj_avant", "pj_apres"):
        ((support, flux_piece),) = citees[par_cle[cle]]
        assert support == "01"
        assert pjs[par_cle[cle]][0][2] != flux_piece
    assert par_cle["refcompta"] not in citees
    assert len(citees[par_cle["partagee"]]) == 3
    jamais = [i for i, refs in citees.items() if i not in pjs and refs[0][0] == "01"]
    assert jamais
    assert {support for refs in citees.values() for support, _ in refs} == {"01", "02", "03"}
    assert all(i not in pjs for i, refs in citees.items() if refs[0][0] in {"02", "03"})


def test_broken_pj_are_broken_as_announced(
    pjs: dict[str, list[tuple[str, str, str]]], manifeste: dict[str, Any]
) -> None:
    casses = {c["genre"]: c for c in manifeste["casses"] if c["portee"] == "pj"}
    brut = {genre: pjs[c["id_unique"]][0][0] for genre, c in casses.items()}
    with pytest.raises(ValueError, match="base64"):
        pybase64.b64decode(brut["pj_pas_base64"], validate=True)
    assert pybase64.b64decode(brut["pj_pas_gzip"]).startswith(b"%PDF")
    assert brut["pj_vide"] == ""
    assert pybase64.b64decode(brut["pj_tronquee"]).startswith(b"\x1f\x8b")
    with pytest.raises(deflate.DeflateError):
        _open(brut["pj_tronquee"])
    with pytest.raises(pypdfium2.PdfiumError, match=r"[Pp]assword"):
        pypdfium2.PdfDocument(_open(brut["pj_protegee"]))
    assert _open(brut["pj_mauvaise_extension"]).startswith(b"\xff\xd8")
    assert casses["pj_mauvaise_extension"]["nom_pj"].endswith(".pdf")
    double = pjs[casses["pj_id_unique_double"]["id_unique"]]
    assert len({_open(texte) for texte, _, _ in double}) == 2


def test_broken_flows_are_broken_as_announced(silo: Path, manifeste: dict[str, Any]) -> None:
    octets = {c["genre"]: (silo / c["chemin"]).read_bytes() for c in manifeste["casses"]
              if c["portee"] == "flux"}  # fmt: skip
    assert octets["flux_vide"] == b""
    for genre in ("flux_tronque", "flux_encodage", "flux_pas_xml"):
        with pytest.raises(etree.XMLSyntaxError):
            etree.fromstring(octets[genre], etree.XMLParser(huge_tree=True))
    assert b"<!ENTITY" in octets["flux_entites"]
    assert b"PES_Aller" not in octets["flux_non_pes"]
    douteux = etree.fromstring(octets["flux_douteux"])
    assert read_v(douteux, ".//TypPce") == "77"
    assert read_v(douteux, ".//DteBordEm") == "2023-02-30"
    assert len(douteux.findall("PES_PJ/PJ")) == 1 + len(douteux.findall("PES_PJ/PJ/IdUnique"))


def test_encodings_prefixes_and_envelopes_vary(silo: Path, manifeste: dict[str, Any]) -> None:
    allers = [(n, o) for n, o in read_documents(silo) if "PES" in n and "/0990" not in f"/{n}"]
    tetes = {
        o[:60].lower().split(b"encoding=")[-1][:12]
        for _, o in allers
        if b"encoding" in o[:60].lower()
    }
    assert any(b"utf-8" in t for t in tetes)
    assert any(b"iso-8859-1" in t for t in tetes)
    assert any(o.startswith(b"\xef\xbb\xbf") for _, o in allers)
    assert {str(root.prefix) for _, root in read_roots(silo, manifeste)} >= {"n", "p", "pes"}
    assert {p.suffix for p in silo.rglob("PES*") if p.is_file()} == {".xml", ".gz", ".zip"}
    assert any(o.count(b"\n") < 3 for _, o in allers if len(o) > 5000)
