"""PDF laid out once and refilled many times: fpdf2 draws, slots are found, bytes are re-assembled.

Streams are left uncompressed and the objects that hold slots go last, so that filling one costs
the slots alone: the offsets of everything else never move.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from fpdf import FPDF

_OBJET = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj\n", re.DOTALL)
_CASE = re.compile(rb"BT ([\d.]+) ([\d.]+) Td \(\xab(\w+)\|([LRC])\|([\d.]+)\|(\w+)\xbb\) Tj ET")
_FLUX = re.compile(rb"^<<\n/Length \d+\n>>\nstream\n(.*)\nendstream$", re.DOTALL)
_RACINE = re.compile(rb"/Root (\d+) 0 R(?:\n/Info (\d+) 0 R)?")
_MAUVAIS = re.compile(rb"[\\()]")
DATE_FIXE = dt.datetime(2022, 1, 3, 9, 0, tzinfo=dt.UTC)

# (red, green, blue), as fpdf2 takes them.
Couleur = tuple[int, int, int]
NOIR: Couleur = (0, 0, 0)
BLANC: Couleur = (255, 255, 255)


class Papier(FPDF):
    """An A4 page in millimetres, core fonts, French characters, nothing that changes by the day."""

    def __init__(self, title: str = "") -> None:
        super().__init__(format="A4", unit="mm")
        self.core_fonts_encoding = "cp1252"
        self.set_compression(False)
        self.set_creation_date(DATE_FIXE)
        self.set_auto_page_break(False)
        if title:
            self.set_title(title)

    def write_at(
        self, x: float, y: float, texte: str, size: float = 9, style: str = "",
        font: str = "helvetica", align: str = "L", color: Couleur = NOIR,
    ) -> None:  # fmt: skip
        """One line of text; `x` is its left, right or middle as `align` says."""
        self.set_font(font, style, size)
        self.set_text_color(*color)
        if align != "L":
            largeur = self.get_string_width(texte)
            x -= largeur if align == "R" else largeur / 2
        self.text(x, y, texte)

    def leave(
        self, x: float, y: float, nom: str, size: float = 9, style: str = "",
        font: str = "helvetica", align: str = "L", color: Couleur = NOIR,
    ) -> None:  # fmt: skip
        """A slot named `nom`, to be filled by `Gabarit.fill`."""
        self.set_font(font, style, size)
        self.set_text_color(*color)
        self.text(x, y, f"«{nom}|{align}|{size}|{font}{style}»")

    def paint(
        self, x: float, y: float, w: float, h: float, fill: Couleur | None = None,
        line: Couleur | None = None,
    ) -> None:  # fmt: skip
        """A rectangle, filled, outlined, or both."""
        style = ("D" if line else "") + ("F" if fill else "")
        if fill:
            self.set_fill_color(*fill)
        if line:
            self.set_draw_color(*line)
        self.rect(x, y, w, h, style)

    def render(self) -> bytes:
        """The bytes of the whole document."""
        return bytes(self.output())


def _load_widths() -> dict[str, dict[str, float]]:
    """Widths of the core fonts, in thousandths of the size."""
    papier = Papier()
    largeurs: dict[str, dict[str, float]] = {}
    for font in ("helvetica", "courier", "times"):
        for style in ("", "B", "I"):
            papier.set_font(font, style, 10)
            largeurs[font + style] = {
                chr(c): papier.get_string_width(chr(c)) * papier.k * 100 for c in range(32, 127)
            }
    return largeurs


_LARGEURS = _load_widths()


@dataclass(frozen=True, slots=True)
class _Case:
    nom: str
    align: str
    x: float
    y: bytes
    taille: float
    largeurs: dict[str, float]

    def render(self, texte: str) -> bytes:
        try:
            octets = texte.encode("latin-1")  # ten times faster than cp1252
        except UnicodeEncodeError:
            octets = texte.encode("cp1252", "replace")
        if _MAUVAIS.search(octets):
            octets = _MAUVAIS.sub(rb"\\\g<0>", octets)
        x = self.x
        if self.align != "L":
            largeurs = self.largeurs
            largeur = sum([largeurs.get(c, 500.0) for c in texte]) * self.taille / 1000
            x -= largeur if self.align == "R" else largeur / 2
        return b"BT %.2f %s Td (%s) Tj ET" % (x, self.y, octets)


def _split_cases(contenu: bytes) -> tuple[list[tuple[bytes, _Case]], bytes]:
    """A content stream cut at its slots: (what comes before, slot), then what comes last."""
    paires: list[tuple[bytes, _Case]] = []
    fin = 0
    for m in _CASE.finditer(contenu):
        x, y, nom, align, taille, font = m.groups()
        largeurs = _LARGEURS[font.decode()]
        case = _Case(nom.decode(), align.decode(), float(x), y, float(taille), largeurs)
        paires.append((contenu[fin : m.start()], case))
        fin = m.end()
    return paires, contenu[fin:]


class Gabarit:
    """A PDF with named slots. `fill` is pure and fast: a few microseconds a slot."""

    def __init__(self, pdf: bytes) -> None:
        racine = _RACINE.search(pdf[pdf.rindex(b"trailer") :])
        if racine is None:
            raise ValueError("trailer without a root")
        self._queue: list[tuple[int, list[tuple[bytes, _Case]], bytes]] = []
        tete = bytearray(pdf[: pdf.index(b"1 0 obj")])
        places: dict[int, int] = {}
        for m in _OBJET.finditer(pdf):
            numero, flux = int(m.group(1)), _FLUX.match(m.group(2))
            if flux and b"\xab" in flux.group(1) and _CASE.search(flux.group(1)):
                self._queue.append((numero, *_split_cases(flux.group(1))))
            else:
                places[numero] = len(tete)
                tete += m.group(0)
        self._tete, self._places = bytes(tete), places
        self._taille = 1 + max([*places, *(n for n, *_ in self._queue)])
        info = b"/Info %s 0 R\n" % racine.group(2) if racine.group(2) else b""
        self._trailer = b"trailer\n<<\n/Size %d\n/Root %s 0 R\n%s>>\nstartxref\n" % (
            self._taille, racine.group(1), info,
        )  # fmt: skip
        self._xref = [b"%010d 00000 n \n" % places.get(n, 0) for n in range(1, self._taille)]

    def fill(self, valeurs: dict[str, str]) -> bytes:
        """The PDF with its slots filled; a slot without value is left blank."""
        sortie = [self._tete]
        position = len(self._tete)
        xref, get = self._xref.copy(), valeurs.get
        for numero, paires, fin in self._queue:
            parties = []
            for avant, case in paires:
                parties.append(avant)
                if texte := get(case.nom):
                    parties.append(case.render(texte))
            contenu = b"".join(parties) + fin
            objet = b"%d 0 obj\n<<\n/Length %d\n>>\nstream\n%s\nendstream\nendobj\n" % (
                numero, len(contenu), contenu,
            )  # fmt: skip
            xref[numero - 1] = b"%010d 00000 n \n" % position
            sortie.append(objet)
            position += len(objet)
        sortie.append(b"xref\n0 %d\n0000000000 65535 f \n" % self._taille)
        sortie.extend(xref)
        sortie.append(self._trailer)
        sortie.append(b"%d\n%%%%EOF\n" % position)
        return b"".join(sortie)
