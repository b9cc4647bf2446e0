"""A silo of distinct invoices, one mandat each, and the same documents in a folder beside it."""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path

import deflate
import pybase64

from benchmarks.lecture_pes import HEAD, LIGNE
from orc.demo.pdf import Gabarit, Papier

PAR_FLUX = 200
COLLECTIVITES = 20
EXERCICES = range(2019, 2024)
COD_COL, COD_BUD = "012", "00"
# Words of a light invoice, in plain text: what SQL and the index cost does not hide behind pdfium.
LIGHT_WORDS = 270
# Fonts to put inside invoices: Debian's fonts-dejavu-core, which scripts/systeme installs.
_DEJAVU = Path("/usr/share/fonts/truetype/dejavu")
FONTS = {"": _DEJAVU / "DejaVuSans.ttf", "B": _DEJAVU / "DejaVuSans-Bold.ttf"}
LAYOUTS = 24
_DIGIT = re.compile(rb"\x00[\x01-\x0a]")
# Two pages of this many lines of nine words: 540 words.
LINES = 30
_LEXICON = re.findall(
    r"\w+",
    "commune marché travaux facture prestation acompte électricité entretien voirie fourniture "
    "école mairie département règlement échéance montant quantité désignation unité livraison "
    "chantier béton toiture chaudière contrat maintenance location véhicule carburant papier "
    "nettoyage vitrerie plomberie restauration scolaire transport collectif assainissement eau "
    "potable éclairage public espaces verts arbres élagage mobilier urbain signalisation peinture "
    "menuiserie serrurerie informatique logiciel licence serveur téléphonie abonnement formation "
    "honoraires architecte étude diagnostic amiante contrôle technique assurance dommages sinistre "
    "remboursement frais déplacement mission réception manifestation culturelle spectacle concert "
    "bibliothèque livres abonnements crèche jouets couches pharmacie médicaments vaccins hôpital",
)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Where it lies: `silo` holds flows and clotures.csv, `pdf` the same documents as files."""

    silo: Path
    pdf: Path
    count: int
    octets: int


def make_invoice(seed: int) -> bytes:
    """A PDF of two pages and about 540 words, core fonts; another text for each seed."""
    pick = random.Random(seed)
    values = {"numero": f"FACTURE F2023-{seed:06d} du {1 + seed % 28:02d}/03/2023"}
    for line in range(2 * LINES):
        words = pick.choices(_LEXICON, k=7)
        figures = f"{pick.randint(1, 400)} {pick.randint(1, 9999)},{pick.randint(0, 99):02d}"
        values[f"l{line}"] = f"{' '.join(words)} {figures}"
    return _make_layout().fill(values)


def make_embedded_invoice(seed: int) -> bytes:
    """The same with fonts of its own inside, as billing programs make them: heavier to read.

    The words are those of one of `LAYOUTS` invoices; every figure is of this seed.
    """
    pick = random.Random(seed)
    return _DIGIT.sub(
        lambda _: bytes((0, pick.randint(1, 10))), _make_embedded_layout(seed % LAYOUTS)
    )


@cache
def _make_embedded_layout(rank: int) -> bytes:
    """Streams are not compressed, and figures are the first ten glyphs: they can be replaced."""
    pick = random.Random(rank)
    paper = Papier("Facture")
    for style, file in FONTS.items():
        paper.add_font("propre", style, str(file))
    for page in range(2):
        paper.add_page()
        for style in FONTS:
            paper.write_at(200, 5, "0123456789", 1, style, "propre")
        paper.write_at(15, 15, f"Entreprise de travaux publics page {page}", 14, "B", "propre")
        paper.write_at(15, 22, "FACTURE F2023-000000 du 01/03/2023", 10, "B", "propre")
        for line in range(LINES):
            text = f"{' '.join(pick.choices(_LEXICON, k=7))} 123 4567,89"
            paper.write_at(15, 32 + 8 * line, text, 9, "", "propre")
    return paper.render()


def make_light_invoice(seed: int) -> bytes:
    """The same in plain text: 270 words of twenty thousand, as frequent as Zipf has them."""
    pick = random.Random(seed)
    words, weights = _make_vocabulary()
    words = pick.choices(words, cum_weights=weights, k=LIGHT_WORDS)
    words[::20] = [f"{pick.randint(1, 9999)},{pick.randint(0, 99):02d}" for _ in words[::20]]
    return f"FACTURE F2023-{seed:06d}\n{' '.join(words)}\n".encode()


@cache
def _make_vocabulary() -> tuple[list[str], list[float]]:
    pick = random.Random(7)
    syllables = ["ba", "co", "de", "fi", "gu", "la", "me", "no", "pu", "ri", "sa", "te", "vi", "ze"]
    words = _LEXICON + ["".join(pick.choices(syllables, k=3)) for _ in range(20_000)]
    return words, list(accumulate(1 / (rank + 5) for rank in range(len(words))))


@cache
def _make_layout() -> Gabarit:
    paper = Papier("Facture")
    for page in range(2):
        paper.add_page()
        paper.write_at(15, 15, f"Entreprise de travaux publics page {page + 1}", 14, "B")
        paper.leave(15, 22, "numero", 10)
        for line in range(LINES):
            paper.leave(15, 32 + 8 * line, f"l{page * LINES + line}", 9)
    return Gabarit(paper.render())


def write_corpus(folder: Path, count: int, make: Callable[[int], bytes] = make_invoice) -> Corpus:
    """`count` invoices in flows of 200, and as single files if they are PDF. 600 a second."""
    light = make is make_light_invoice
    silo, pdf = folder / "silo", folder / "pdf"
    silo.mkdir(parents=True)
    pdf.mkdir()
    write_clotures(silo)
    octets = 0
    for first in range(0, count, PAR_FLUX):
        seeds = range(first, min(first + PAR_FLUX, count))
        invoices = [make(seed) for seed in seeds]
        octets += sum(map(len, invoices))
        flow = b"".join(_make_flow(seeds, invoices, "txt" if light else "pdf"))
        (silo / f"PESALR2_{first:07d}.xml").write_bytes(flow)
        for seed, invoice in zip(seeds, invoices, strict=True) if not light else ():
            (pdf / f"{seed:07d}.pdf").write_bytes(invoice)
    return Corpus(silo, pdf, count, octets)


def write_clotures(silo: Path) -> None:
    """Every exercice of every collectivité is closed."""
    rows = [
        f"{make_siret(rank)};{COD_COL};{COD_BUD};{exercice};{exercice + 1}-02-15\n"
        for rank in range(COLLECTIVITES)
        for exercice in EXERCICES
    ]
    head = "siret;cod_col;cod_bud;exercice;close_le\n"
    (silo / "clotures.csv").write_text(head + "".join(rows))


def make_siret(rank: int) -> str:
    """The SIRET of a collectivité; the first is that of benchmarks/lecture_pes."""
    return f"{214400011 + rank}00017"


def _make_flow(seeds: range, invoices: list[bytes], extension: str) -> Iterator[bytes]:
    rank = seeds[0] // PAR_FLUX
    exercice = EXERCICES[rank // COLLECTIVITES % len(EXERCICES)]
    head = HEAD.replace('IdBord V="12"', f'IdBord V="{rank + 1}"')
    head = head.replace('Exer V="2023"', f'Exer V="{exercice}"')
    yield head.replace(make_siret(0), make_siret(rank % COLLECTIVITES)).encode("latin-1")
    for seed in seeds:
        line = LIGNE.format(n=1).replace("Facture 1", f"Facture F2023-{seed:06d}")
        yield (
            f'<Piece><BlocPiece><InfoPce><IdPce V="{seed + 1}"/><TypPce V="01"/><NatPce V="01"/>'
            f'<Obj V="Travaux de voirie lot {seed % 40}"/><PJRef><Support V="01"/>'
            f'<IdUnique V="PJ{seed}"/></PJRef></InfoPce></BlocPiece>{line}</Piece>\n'
        ).encode("latin-1")
    yield b"</Bordereau></PES_DepenseAller><PES_PJ>\n"
    for seed, invoice in zip(seeds, invoices, strict=True):
        yield b'<PJ><Contenu><Fichier MIMEType="application/octet-stream">'
        yield pybase64.b64encode(deflate.gzip_compress(invoice, 6))
        yield (
            f'</Fichier></Contenu><IdUnique V="PJ{seed}"/><NomPJ V="facture_{seed}.{extension}"/>'
            '<TypePJ V="003"/><Description V="Facture"/></PJ>\n'
        ).encode()
    yield b"</PES_PJ></n:PES_Aller>"
