"""A report as CSV or as an ODS spreadsheet, written a line at a time: memory stays flat."""

import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from orc.csv_lines import BOM, Valeur, write_line, write_lines
from orc.retention.rapports.feuille import Feuille, Identite, Tableau

LOT, MORCEAU = 500, 1024 * 1024
ODS = "application/vnd.oasis.opendocument.spreadsheet"
_NS = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" '
    'xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0" '
    'office:version="1.3"'
)
_HEAD = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-content {_NS}>'
    "<office:automatic-styles>"
    '<number:date-style style:name="D"><number:day number:style="long"/>'
    "<number:text>/</number:text>"
    '<number:month number:style="long"/><number:text>/</number:text>'
    '<number:year number:style="long"/></number:date-style>'
    '<style:style style:name="jour" style:family="table-cell" style:data-style-name="D"/>'
    '<style:style style:name="tete" style:family="table-cell">'
    '<style:text-properties fo:font-weight="bold"/></style:style>'
    "</office:automatic-styles><office:body><office:spreadsheet>"
)
_TAIL = "</office:spreadsheet></office:body></office:document-content>"
_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<manifest:manifest '
    'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODS}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    "</manifest:manifest>"
)
INTERDITS = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
# The same report is the same bytes: its members have no hour of their own.
_HEURE = (2000, 1, 1, 0, 0, 0)


def write_csv(feuille: Feuille) -> Iterator[bytes]:
    """The first table: BOM, « ; », dates that a spreadsheet sorts, nothing it would compute."""
    tableau = feuille.tableaux[0]
    yield (BOM + write_line(c.libelle for c in tableau.colonnes)).encode()
    lignes = iter(tableau.lignes)
    while lot := write_lines(islice(lignes, LOT)):
        yield lot.encode("utf-8", "replace")


def write_ods(feuille: Feuille, identite: Identite) -> Iterator[bytes]:
    """A spreadsheet: a sheet of what the report is, then one for each table."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("mimetype", _HEURE), ODS)
            manifest = zipfile.ZipInfo("META-INF/manifest.xml", _HEURE)
            archive.writestr(manifest, _MANIFEST, zipfile.ZIP_DEFLATED)
            content = zipfile.ZipInfo("content.xml", _HEURE)
            content.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(content, "w", force_zip64=True) as member:
                _write_content(member, feuille, identite)
        file.seek(0)
        while chunk := file.read(MORCEAU):
            yield chunk


def _write_content(member: IO[bytes], feuille: Feuille, identite: Identite) -> None:
    member.write(_HEAD.encode())
    member.write(_write_tete(feuille, identite).encode())
    for rang, tableau in enumerate(feuille.tableaux, 1):
        name = f"{rang}. {tableau.title}"[:30]
        member.write(f"<table:table table:name={quoteattr(name)}>".encode())
        for chunk in _write_rows(tableau):
            member.write(chunk.encode("utf-8", "replace"))
        member.write(b"</table:table>")
    member.write(_TAIL.encode())


def _write_tete(feuille: Feuille, identite: Identite) -> str:
    rows: list[tuple[Valeur, ...]] = [
        (feuille.title,),
        ("Numéro", identite.numero),
        ("Établi le", identite.jour),
        ("Par", identite.par),
        *feuille.mentions,
        *((paragraphe,) for paragraphe in feuille.paragraphes),
        *((s.qualite, s.mention) for s in feuille.signatures),
    ]
    body = "".join(_write_row(row) for row in rows)
    return f'<table:table table:name="Rapport">{body}</table:table>'


def _write_rows(tableau: Tableau) -> Iterator[str]:
    heads = tuple(colonne.libelle for colonne in tableau.colonnes)
    yield f"<table:table-header-rows>{_write_row(heads, 'tete')}</table:table-header-rows>"
    for ligne in tableau.lignes:
        yield _write_row(ligne)


def _write_row(values: Iterable[Valeur], style: str = "") -> str:
    cells = "".join(_write_cell(value, style) for value in values)
    return f"<table:table-row>{cells}</table:table-row>"


def _write_cell(valeur: Valeur, style: str) -> str:
    if valeur is None or valeur == "":
        return "<table:table-cell/>"
    if isinstance(valeur, date):
        said = f'office:value-type="date" office:date-value="{valeur.isoformat()}"'
        return f'<table:table-cell table:style-name="jour" {said}/>'
    if isinstance(valeur, int):
        said = f'office:value-type="float" office:value="{valeur}"'
        return f"<table:table-cell {said}><text:p>{valeur}</text:p></table:table-cell>"
    named = f' table:style-name="{style}"' if style else ""
    return (
        f'<table:table-cell{named} office:value-type="string">'
        f"<text:p>{escape(_clean(valeur))}</text:p></table:table-cell>"
    )


def _clean(text: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return INTERDITS.sub("", text)
