"""The demonstration silo: flows of an invented world, written cell by cell in flat memory."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

from orc.demo.archives import make_gzip, make_zip, write_bytes
from orc.demo.cellule import DEPENSE, RECETTE, Cellule
from orc.demo.depense import make_mandat
from orc.demo.ecriture import close_domaine, open_domaine, write_bordereau
from orc.demo.manifeste import Manifeste
from orc.demo.recette import make_titre
from orc.demo.referentiel import BUDGETS, EXERCICES, list_clotures
from orc.demo.valeurs import Bordereau, Flux, Piece
from orc.demo.xml_pes import close_root, encode_text, entete, enveloppe, open_root, pj_block

PIECES_MIN, PIECES_MAX = 200, 1_000_000
BORDEREAUX_PAR_FLUX = 60
_EDITEURS = (
    ("Ateliers du Grand Livre", "Compta Locale 7.2.1"), ("Cadastre et Cie", "MAGISTER 12.04"),
    ("Éditions de la Régie", "e-Budget 2022.3"), ("Coop'Logiciel Public", "Ariane finances 5.1"),
)  # fmt: skip
_ALLURES = (
    ("iso-8859-1", False, "n", False, 0), ("utf-8", False, "p", False, 0),
    ("utf-8", True, "n", False, 76), ("iso-8859-1", False, "n", True, 0),
    ("iso-8859-1", False, "pes", False, 76), ("utf-8", False, "n", False, 0),
)  # fmt: skip

Progress = Callable[[int, int], None]


def share_pieces(pieces: int, seed: int) -> list[tuple[Cellule, int]]:
    """How many pieces each cell makes: by weight of budget, 7 in 10 in dépense, exact in total."""
    cellules, poids = [], []
    for exercice in EXERCICES:
        for budget in BUDGETS:
            for sens, part in ((DEPENSE, 7), (RECETTE, 3)):
                cellules.append(Cellule(budget, exercice, sens, seed))
                poids.append(budget.poids * part * (3 if exercice == EXERCICES[-1] else 4))
    total, faits, cumul, parts = sum(poids), 0, 0, []
    for cellule, poids_cellule in zip(cellules, poids, strict=True):
        cumul += poids_cellule
        jusque_la = pieces * cumul // total
        parts.append((cellule, jusque_la - faits))
        faits = jusque_la
    return parts


def make_bordereaux(c: Cellule, nombre: int) -> Iterator[Bordereau]:
    """The ordinary bordereaux of a cell: 1 to 25 pieces each, dates and numbers growing."""
    fabriquer = make_mandat if c.sens == DEPENSE else make_titre
    faits = 0
    while faits < nombre:
        jour = c.day(faits / nombre)
        taille = min(nombre - faits, c.alea.randint(1, 25))
        pieces = [fabriquer(c, jour) for _ in range(taille)]
        faits += taille
        c.cumul += sum(piece.ht + piece.tva for piece in pieces)
        yield Bordereau(c.exercice, c.next_bordereau("01"), "01", jour, pieces, c.cumul)


class Ecrivain:
    """Writes flows under `racine`, keeping the manifest."""

    def __init__(self, racine: Path, manifeste: Manifeste) -> None:
        self.racine, self.manifeste = racine, manifeste
        self.rang = 0

    def make_flux(self, c: Cellule, bordereaux: list[Bordereau]) -> Flux:
        """A flow of these bordereaux; its look (encoding, prefix, envelope) turns with its rank."""
        self.rang += 1
        date = bordereaux[-1].date
        lettre = "DEP" if c.sens == DEPENSE else "REC"
        nom = f"PESALR1_{c.budget.siret}_{lettre}_{date:%Y%m%d}_{self.rang:06d}"
        encodage, bom, prefixe, compact, largeur = _ALLURES[self.rang % len(_ALLURES)]
        pjs = [pj for b in bordereaux for p in b.pieces for pj in p.pjs]
        boite = ("xml", "xml.gz", "xml", "zip", "xml")[self.rang % 5]
        return Flux(c.budget, c.exercice, c.sens, date, nom, bordereaux, pjs, "", encodage, bom,
                    prefixe, compact, largeur, boite)  # fmt: skip

    def write_flux(self, c: Cellule, flux: Flux) -> str:
        """Write the flow; gives its path in the silo."""
        for bordereau in flux.bordereaux:
            for piece in bordereau.pieces:
                self.manifeste.record_piece(c, piece)
        for pj in flux.pjs:
            self.manifeste.record_pj(pj)
        base = f"{flux.budget.collectivite.siren}/{flux.exercice}/{flux.nom}"
        morceaux = _write_xml(flux)
        if flux.enveloppe == "xml":
            chemin, taille = f"{base}.xml", 0
            (self.racine / chemin).parent.mkdir(parents=True, exist_ok=True)
            with (self.racine / chemin).open("wb") as sortie:
                for morceau in morceaux:
                    taille += sortie.write(morceau)
        else:
            octets = b"".join(morceaux)
            gz = flux.enveloppe == "xml.gz"
            chemin = f"{base}.{flux.enveloppe}"
            boite = make_gzip(octets) if gz else make_zip([(f"{flux.nom}.xml", octets)])
            taille = write_bytes(self.racine / chemin, boite)
        self.manifeste.record_flux(chemin, flux, taille)
        return chemin


def _write_xml(flux: Flux) -> Iterator[bytes]:
    """The bytes of a PES_Aller, piece by piece."""
    declaration = f'<?xml version="1.0" encoding="{flux.encodage.upper()}"?>\n'
    sigle, adresse = _EDITEURS[int(flux.budget.codcol) % len(_EDITEURS)]
    if flux.bom:
        yield b"\xef\xbb\xbf"
    yield declaration.encode()
    tete = open_root("PES_Aller", "aller", flux.prefixe)
    tete += enveloppe("PESALR1", flux.nom, sigle, adresse) + entete(flux.budget, flux.date)
    yield encode_text(tete, flux)
    if flux.bordereaux:
        yield encode_text(open_domaine(flux.sens), flux)
        for bordereau in flux.bordereaux:
            yield encode_text(write_bordereau(bordereau, flux.sens), flux)
        yield encode_text(close_domaine(flux.sens), flux)
    if flux.pjs:
        yield encode_text('<PES_PJ>\n<EnTetePES_PJ>\n<IdVer V="1"/>\n</EnTetePES_PJ>\n', flux)
        for pj in flux.pjs:
            yield pj_block(pj, flux)
        yield encode_text("</PES_PJ>\n", flux)
    yield encode_text(close_root("PES_Aller", flux.prefixe), flux)


def _write_clotures(chemin: Path) -> None:
    """`clotures.csv`: one line per closed exercice of a budget."""
    with chemin.open("w", encoding="utf-8", newline="") as sortie:
        lignes = csv.writer(sortie, delimiter=";", lineterminator="\n")
        lignes.writerow(["siret", "codcol", "codbud", "exercice", "close_le"])
        for cloture in list_clotures():
            b = cloture.budget
            lignes.writerow([b.siret, b.codcol, b.codbud, cloture.exercice, cloture.close_le])


def make_silo(
    out: Path, *, pieces: int, seed: int = 2026, progress: Progress | None = None
) -> Manifeste:
    """Write the demonstration silo under `out`; `pieces` mandats and titres, the same bytes per seed.

    `progress(done, total)` is called as pieces are written. ValueError outside 200..1 000 000.
    """
    if not PIECES_MIN <= pieces <= PIECES_MAX:
        raise ValueError(f"Un silo compte de {PIECES_MIN} à {PIECES_MAX} pièces, pas {pieces}.")
    out.mkdir(parents=True, exist_ok=True)
    manifeste = Manifeste(seed, pieces)
    ecrivain = Ecrivain(out, manifeste)
    faits = 0
    for cellule, nombre in share_pieces(pieces, seed):
        lot: list[Bordereau] = []
        for bordereau in make_bordereaux(cellule, nombre):
            lot.append(bordereau)
            if len(lot) == BORDEREAUX_PAR_FLUX:
                ecrivain.write_flux(cellule, ecrivain.make_flux(cellule, lot))
                lot = []
        if lot:
            ecrivain.write_flux(cellule, ecrivain.make_flux(cellule, lot))
        faits += nombre
        if progress:
            progress(faits, pieces)
    _write_clotures(out / "clotures.csv")
    manifeste.write(out / "manifeste.json")
    return manifeste


def list_pieces(bordereaux: list[Bordereau]) -> list[Piece]:
    """Every piece of these bordereaux."""
    return [piece for bordereau in bordereaux for piece in bordereau.pieces]
