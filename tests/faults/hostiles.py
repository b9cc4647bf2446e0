"""A silo folder of one good flow and of everything that hurts, each file under the name it has."""

import base64
import gzip
import io
import os
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path

import docx

from tests.flows import UnePj, UnFlux, UnMandat
from tests.ingest.extract.documents import make_bomb
from tests.ingest.test_ingestion import CLOTURES, FACTURE

BON = UnFlux((UnMandat("127", ("F1",)),), (UnePj("F1", FACTURE),), nom="bon")
# What it may be told of, by the file's name: the words of its reason in French.
REFUS: dict[str, str] = {
    "pas.xml": "n’est pas du XML",
    "zeros.xml": "n’est pas du XML",
    "espaces.xml": "n’est pas du XML",
    "utf16.xml": "UTF-16",
    "ebcdic.xml": "n’est pas du XML",
    "lol.xml": "DTD",
    "xxe.xml": "DTD",
    "autre.xml": "racine est « html »",
    "bombe.xml.gz": "décompressé dépasse",
    "bombe.zip": "décompressé dépasse",
    "pas.zip": "zip",
    "profond.xml": "niveaux",
    "dehors.xml": "hors du silo",
    "nulle.xml": "nulle part",
    "tube.xml": "pas un fichier",
    "prise.xml": "pas un fichier",
}
MEMBRES: dict[str, str] = {"dedans.zip": "archive dans une archive", "lisez.txt": "pas un flux"}
# Flows that are read, and the codes of what is said of them.
ANOMALIES: dict[str, str] = {
    "grands": "numero_trop_long",
    "montants": "montant_illisible",
    "dates": "date_illisible",
    "annee": "exercice_illisible",
    "meme": "id_unique_double",
    "pjref": "bloc_trop_grand",
    "ctrl": "xml_invalide",
    "substitut": "xml_invalide",
    "tronque": "xml_tronque",
    "anomalies": "anomalies_tues",
    "imbrique": "bloc_non_lu",
    "bombe-pj": "contenu_trop_grand",
}
# States of the texts of PJ that are bombs of their own kind.
TEXTES: dict[str, str] = {"B-PDF": "trop_grand memoire delai", "B-DOCX": "trop_grand", "B-PNG": ""}
NOMS = ["../../etc/passwd", "con", "a&#10;b", "&#8238;fdp.exe", "x" * 5000, "a&#9;b", "&#xE000;"]
PIECES_GARDEES = ("127", "200", "201", "301", "302", "401", "404", "410", "500", "501")


def write_silo(silo: Path) -> None:
    """Write it all; symbolic links, pipes and sockets included."""
    silo.mkdir()
    (silo / "clotures.csv").write_text(CLOTURES)
    for name, octets in _make_files():
        Path(os.fsdecode(os.fsencode(silo) + b"/" + name)).write_bytes(octets)
    with (silo / "zeros.xml").open("wb") as file:
        file.truncate(200_000_000)
    (silo / "dehors.xml").symlink_to("/etc/passwd")
    (silo / "nulle.xml").symlink_to("absent.xml")
    (silo / "boucle").symlink_to(silo)
    (silo / "dossier.xml").mkdir()
    os.mkfifo(silo / "tube.xml")
    here = Path.cwd()
    os.chdir(silo)  # the path of a socket holds a hundred signs at most
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("prise.xml")
    finally:
        os.chdir(here)


def _make_files() -> Iterator[tuple[bytes, bytes]]:
    yield b"bon.xml", BON.make()
    for name, octets in (*_make_refused(), *_make_containers()):
        yield name.encode(), octets
    for name, flux in _make_read():
        yield f"{name}.xml".encode(), flux
    yield b"retour\nligne.xml", _one("500").make()
    yield b"l\xe9gende.xml", _one("501").make()


def _one(numero: str, objet: str = "Fournitures") -> UnFlux:
    return UnFlux((UnMandat(numero, objet=objet),), nom=f"f{numero}")


def _make_refused() -> Iterator[tuple[str, bytes]]:
    text = _one("1", objet="Réfection").make().decode("iso-8859-1")
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
    yield "pas.xml", b"%PDF-1.4 pas du tout"
    yield "espaces.xml", b" " * 50_000_000
    yield "utf16.xml", text.replace("ISO-8859-1", "UTF-16").encode("utf-16")
    yield "ebcdic.xml", text.replace("ISO-8859-1", "cp500").encode("cp500")
    yield "lol.xml", f"<!DOCTYPE a [{entities}]><PES_Aller>&l9;</PES_Aller>".encode()
    external = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    yield "xxe.xml", (external + text.split("?>", 1)[1].replace("Réfection", "&x;")).encode()
    yield "autre.xml", b"<html><body/></html>"
    yield "profond.xml", b"<PES_Aller>" + b"<a>" * 100_000


def _make_containers() -> Iterator[tuple[str, bytes]]:
    yield "bombe.xml.gz", gzip.compress(b"<PES_Aller>" + b" " * 100_000_000)
    bomb = _zip({"a.xml": b" " * 100_000_000})
    yield "bombe.zip", bomb
    yield "pas.zip", b"PK\x03\x04 puis rien"
    yield (
        "chemins.zip",
        _zip(
            {
                "dedans.zip": bomb,
                "lisez.txt": b"rien",
                "../../etc/passwd.xml": _one("301").make(),
                "/abs\nolu.xml": _one("302").make(),
            }
        ),
    )


def _zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, octets in members.items():
            archive.writestr(name, octets)
    return out.getvalue()


def _make_read() -> Iterator[tuple[str, bytes]]:
    yield (
        "faux-utf8",
        UnFlux((UnMandat("200", objet="Réfection"),), encodage="ISO-8859-1", nom="faux-utf8")
        .make()
        .replace(b"ISO-8859-1", b"UTF-8"),
    )
    noms = tuple(UnePj(f"N{n}", FACTURE + bytes([n]), nom) for n, nom in enumerate(NOMS))
    yield (
        "noms",
        UnFlux((UnMandat("201", tuple(p.id_unique for p in noms)),), noms, nom="noms").make(),
    )
    yield "grands", UnFlux((UnMandat("9" * 10_000),), bordereau="8" * 10_000, nom="grands").make()
    amounts = (UnMandat("401", ht="999999999999999.99"), UnMandat("402", ht="100.00"))
    yield "montants", UnFlux(amounts, nom="montants").make().replace(b'"100.00"', b'"1e400"')
    yield (
        "dates",
        _one("403").make().replace(b"2023-05-02", b"9999-99-99").replace(b"f403", b"dates"),
    )
    yield "an-un", _one("404").make().replace(b"2023-05-02", b"0001-01-01")
    annee = _one("405").make().replace(b'Exer V="2023"', b'Exer V="' + b"9" * 40 + b'"')
    yield "annee", annee.replace(b"f405", b"annee")
    yield "meme", UnFlux((), tuple(UnePj("M1", b"x") for _ in range(10_000)), nom="meme").make()
    refs = tuple(f"R{n}" for n in range(100_000))
    yield "pjref", UnFlux((UnMandat("410", refs),), nom="pjref").make()
    yield "ctrl", UnFlux((UnMandat("411", objet="a\x01b"),), nom="ctrl").make()
    yield "substitut", UnFlux((UnMandat("412", objet="a&#xD800;b"),), nom="substitut").make()
    yield "tronque", UnFlux((UnMandat("413"), UnMandat("414")), nom="tronque").make()[:-500]
    yield (
        "anomalies",
        UnFlux((UnMandat("415"),), nom="anomalies")
        .make()
        .replace(b"</InfoPce>", b"<PJRef/>" * 20_000 + b"</InfoPce>"),
    )
    yield "imbrique", UnFlux(nom="imbrique", extra="<PES_Aller>" * 30 + "</PES_Aller>" * 30).make()
    yield from _make_bombs()


def _make_bombs() -> Iterator[tuple[str, bytes]]:
    bomb = base64.b64encode(gzip.compress(bytes(400_000_000), 1)).decode()
    yield "bombe-pj", UnFlux((), (UnePj("B-GZ", contenu=bomb),), nom="bombe-pj").make()
    pjs = (
        UnePj("B-PDF", make_bomb(300), "bombe.pdf"),
        UnePj("B-DOCX", _make_docx_bomb(), "bombe.docx"),
        UnePj("B-PNG", _make_png_bomb(), "bombe.png"),
        UnePj("B-COUNT", _make_endless_pdf(), "sans-fin.pdf"),
        UnePj("B-XML", b"<a>" * 200_000, "profond.xml"),
        UnePj("B-LOL", b'<!DOCTYPE a [<!ENTITY l "l">]><a>&l;</a>', "lol.xml"),
        UnePj("B-FLUX", BON.make(), "moi-meme.xml", type_pj="006", refs=(("01", 2023, "01", "1"),)),
    )
    yield "bombes", UnFlux((UnMandat("420", ("B-PDF",)),), pjs, nom="bombes").make()


def _make_docx_bomb() -> bytes:
    out = io.BytesIO()
    docx.Document().save(out)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/gros.xml", b" " * 500_000_000)
    return out.getvalue()


def _make_png_bomb() -> bytes:
    """A PNG of a few kilobytes that says it is 60 000 pixels wide and high."""
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (60_000).to_bytes(4) * 2 + b"\x01\0\0\0\0"
    return head + b"\0\0\0\0" + bytes(2_000)


def _make_endless_pdf() -> bytes:
    """A PDF whose tree of pages is its own child and counts two billion pages."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Count 2000000000/Kids[2 0 R 2 0 R]>>endobj\n"
        b"3 0 obj" + b"[" * 50_000 + b"]" * 50_000 + b"endobj\n"
        b"trailer<</Root 1 0 R/Size 4>>\n%%EOF"
    )
