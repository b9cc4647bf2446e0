"""A report as a PDF that lasts and that a screen reader reads: PDF/A-2a and PDF/UA-1, by typst."""

import json
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Literal

import typst

from orc.csv_lines import Valeur
from orc.errors import Invalid
from orc.retention.rapports.feuille import Feuille, Identite, Tableau, write_valeur

MODELE = Path(__file__).with_name("feuille.typ")
NORMES: list[Literal["a-2a", "ua-1"]] = ["a-2a", "ua-1"]
# Past so many lines a PDF serves nobody, and takes a gigabyte: the ODS and the CSV have no bound.
LIGNES_MAX, ANNEXE_MAX = 5_000, 1_000
LARGE = 6
TROP_LONGUE = f"Cette liste a plus de {ANNEXE_MAX} lignes : l’ODS du même rapport la donne entière."
BLANCS = "\u00a0\u202f"
# What the font of the reports draws: Latin, Greek, Cyrillic, punctuation, the euro.
DESSINES = (
    (" ", "~"), ("\u00a1", "\u017f"), ("\u0391", "\u03a1"), ("\u03a3", "\u03c9"),
    ("\u0410", "\u044f"), ("\u2013", "\u2014"), ("\u2018", "\u201a"), ("\u201c", "\u201e"),
    ("\u2020", "\u2022"), ("\u2026", "\u2026"), ("\u20ac", "\u20ac"), ("\u2212", "\u2212"),
)  # fmt: skip


class TropLong(Invalid):
    """A PDF of so many lines would never be read."""

    def __init__(self) -> None:
        super().__init__(
            f"Ce rapport a plus de {LIGNES_MAX} lignes : demandez-le en CSV ou en ODS, "
            "ou pour une seule collectivité."
        )


def write_pdf(feuille: Feuille, identite: Identite, service: str) -> bytes:
    """The PDF of a report. Raises TropLong.

    Texts are data of the template, shown as they are: none of it is ever read as markup.
    """
    data = json.dumps(_make_data(feuille, identite, service), ensure_ascii=False)
    made = typst.compile(
        MODELE,
        format="pdf",
        sys_inputs={"donnees": data},
        pdf_standards=[*NORMES],
        ignore_system_fonts=True,
        timestamp=int(datetime(*identite.jour.timetuple()[:3], tzinfo=UTC).timestamp()),
    )
    return bytes(made)


def _make_data(feuille: Feuille, identite: Identite, service: str) -> dict[str, object]:
    tableaux = [_make_tableau(tableau) for tableau in feuille.tableaux]
    mentions = (
        ("Numéro", identite.numero),
        ("Établi le", write_valeur(identite.jour)),
        ("Par", identite.par),
        *feuille.mentions,
    )
    return {
        "title": _clean(feuille.title),
        "numero": _clean(identite.numero),
        "service": _clean(service),
        "annee": identite.jour.year,
        "mois": identite.jour.month,
        "jour": identite.jour.day,
        "paysage": any(len(t.colonnes) >= LARGE for t in feuille.tableaux),
        "mentions": [[_clean(label), _clean(value)] for label, value in mentions],
        "paragraphes": [_clean(p) for p in feuille.paragraphes],
        "tableaux": tableaux,
        "signatures": [
            {"qualite": _clean(s.qualite), "mention": _clean(s.mention)} for s in feuille.signatures
        ],
    }


def _make_tableau(tableau: Tableau) -> dict[str, object]:
    most = ANNEXE_MAX if tableau.annexe else LIGNES_MAX
    lignes = list(islice(_write(tableau.lignes), most + 1))
    cut = len(lignes) > most
    if cut and not tableau.annexe:
        raise TropLong
    return {
        "title": _clean(tableau.title),
        "colonnes": [
            {"libelle": _clean(c.libelle), "nombre": c.nombre, "largeur": c.largeur}
            for c in tableau.colonnes
        ],
        "lignes": [] if cut else lignes,
        "vide": TROP_LONGUE if cut else "Aucune ligne.",
    }


def _write(lignes: Iterable[tuple[Valeur, ...]]) -> Iterator[list[str]]:
    for ligne in lignes:
        yield [_clean(write_valeur(valeur)) for valeur in ligne]


def _clean(text: str) -> str:
    """Without controls nor what our font cannot draw, which PDF/A refuses; long words may break."""
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(_draw(c) for c in composed)
    return " ".join(_cut(word) for word in kept.split(" "))


def _draw(c: str) -> str:
    if c in BLANCS:
        return c
    if not c.isprintable():
        return " "
    return c if any(first <= c <= last for first, last in DESSINES) else "?"


def _cut(word: str) -> str:
    """A file's name has no place to break: one is given every twelve characters."""
    if len(word) <= 16:
        return word
    return "\u200b".join(word[i : i + 12] for i in range(0, len(word), 12))
