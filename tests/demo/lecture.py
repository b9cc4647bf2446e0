"""The silo read without the reader: lxml, gzip and zip alone, to judge what the manifest says."""

import gzip
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree


def read_documents(silo: Path) -> Iterator[tuple[str, bytes]]:
    for chemin in sorted(silo.rglob("*")):
        nom = chemin.relative_to(silo).as_posix()
        if chemin.suffix == ".gz":
            yield nom, gzip.decompress(chemin.read_bytes())
        elif chemin.suffix == ".zip":
            with zipfile.ZipFile(chemin) as archive:
                yield from ((f"{nom}!{m}", archive.read(m)) for m in archive.namelist())
        elif chemin.suffix == ".xml":
            yield nom, chemin.read_bytes()


def read_roots(silo: Path, manifeste: dict[str, Any]) -> Iterator[tuple[str, etree._Element]]:
    casses = {c["chemin"] for c in manifeste["casses"] if c["portee"] == "flux" and not c["compte"]}
    parser = etree.XMLParser(huge_tree=True, resolve_entities=False)
    for nom, octets in read_documents(silo):
        if nom not in casses:
            try:
                yield nom, etree.fromstring(octets, parser)
            except etree.XMLSyntaxError:  # the one whose encoding is falsely declared
                yield nom, etree.fromstring(octets.decode("cp1252").encode(), parser)


def read_v(element: etree._Element, chemin: str) -> str:
    trouve = element.find(chemin)
    return "" if trouve is None else str(trouve.get("V"))


def read_cents(element: etree._Element, chemin: str) -> int:
    valeur = read_v(element, chemin)
    return round(float(valeur) * 100) if valeur else 0
