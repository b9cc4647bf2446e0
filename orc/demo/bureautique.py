"""Office files: docx, odt and xlsx made once by their libraries, then refilled and zipped again."""

from __future__ import annotations

import io
import re
import zipfile
from functools import cache
from xml.sax.saxutils import escape

import docx
import xlsxwriter
from odf import table as odf_table
from odf import text as odf_text
from odf.opendocument import OpenDocumentText

from orc.demo.archives import make_zip
from orc.demo.pdf import DATE_FIXE

_MARQUE = re.compile(r"\[\[(\w+)\]\]")
_LIGNES = 8
_JOUR = "2022-01-03T09:00:00Z"


def _members(octets: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        return [(nom, archive.read(nom)) for nom in archive.namelist()]


@cache
def _docx() -> list[tuple[str, bytes]]:
    document = docx.Document()
    document.core_properties.created = document.core_properties.modified = DATE_FIXE.replace(
        tzinfo=None
    )
    document.add_heading("[[title]]", level=1)
    document.add_paragraph("[[objet]]")
    document.add_heading("Exposé", level=2)
    for i in range(_LIGNES):
        document.add_paragraph(f"[[l{i}]]")
    tableau = document.add_table(rows=2, cols=2)
    tableau.style = "Table Grid"
    for rang, mots in enumerate((("Poste", "Montant"), ("[[poste]]", "[[montant]]"))):
        for colonne, mot in enumerate(mots):
            tableau.cell(rang, colonne).text = mot
    sortie = io.BytesIO()
    document.save(sortie)
    return _members(sortie.getvalue())


@cache
def _odt() -> list[tuple[str, bytes]]:
    document = OpenDocumentText()
    document.text.addElement(odf_text.H(outlinelevel=1, text="[[title]]"))
    document.text.addElement(odf_text.P(text="[[objet]]"))
    for i in range(_LIGNES):
        document.text.addElement(odf_text.P(text=f"[[l{i}]]"))
    tableau = odf_table.Table(name="Montants")
    for mots in (("Poste", "Montant"), ("[[poste]]", "[[montant]]")):
        rangee = odf_table.TableRow()
        for mot in mots:
            cellule = odf_table.TableCell()
            cellule.addElement(odf_text.P(text=mot))
            rangee.addElement(cellule)
        tableau.addElement(rangee)
    document.text.addElement(tableau)
    sortie = io.BytesIO()
    document.write(sortie)
    propre = re.compile(rb"<(meta:creation-date|dc:date)>[^<]*<")
    return [(nom, propre.sub(rb"<\1>" + _JOUR.encode() + b"<", o)) for nom, o in
            _members(sortie.getvalue())]  # fmt: skip


@cache
def _xlsx() -> list[tuple[str, bytes]]:
    sortie = io.BytesIO()
    classeur = xlsxwriter.Workbook(sortie, {"in_memory": True})
    classeur.set_properties({"title": "État", "created": DATE_FIXE.replace(tzinfo=None)})
    feuille = classeur.add_worksheet("Détail")
    gras = classeur.add_format({"bold": True})
    feuille.write(0, 0, "[[title]]", gras)
    feuille.write(1, 0, "[[objet]]")
    feuille.set_column(0, 0, 60)
    for i in range(_LIGNES):
        feuille.write(3 + i, 0, f"[[l{i}]]")
    feuille.write(12, 0, "[[poste]]", gras)
    feuille.write(12, 1, "[[montant]]", gras)
    classeur.close()
    return _members(sortie.getvalue())


_MODELES = {"docx": _docx, "odt": _odt, "xlsx": _xlsx}
_CORPS = {"docx": "word/document.xml", "odt": "content.xml", "xlsx": "xl/sharedStrings.xml"}


def make_bureautique(
    genre: str, title: str, objet: str, lignes: list[str], poste: str, montant: str
) -> bytes:
    """An office file of that extension; eight paragraphs, a small table with an amount."""
    valeurs = {"title": title, "objet": objet, "poste": poste, "montant": montant}
    valeurs |= {f"l{i}": ligne for i, ligne in enumerate(lignes[:_LIGNES])}
    membres = []
    for nom, octets in _MODELES[genre]():
        if nom == _CORPS[genre]:
            texte = _MARQUE.sub(lambda m: escape(valeurs.get(m[1], "")), octets.decode())
            membres.append((nom, texte.encode()))
        else:
            membres.append((nom, octets))
    return make_zip(membres, stored=frozenset({"mimetype"}))
