"""The demonstration silo: flows of an invented world, written cell by cell in flat memory."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from orc.demo.acquits import make_acquit, make_acquit_retour
from orc.demo.bordereaux import make_marches, make_ordinary, make_planted, make_renvois
from orc.demo.broken import FLUX_CASSES
from orc.demo.cas import list_cas
from orc.demo.cellule import DEPENSE, RECETTE, Cellule
from orc.demo.depense import lines_of, make_facture
from orc.demo.ecrivain import Ecrivain, write_xml
from orc.demo.images import make_image_pdf, pooled_page
from orc.demo.manifeste import Manifeste
from orc.demo.marche import write_marche
from orc.demo.pj import add, invoice_pdf
from orc.demo.referentiel import BUDGETS, EXERCICES, find_budget, list_clotures
from orc.demo.retours import make_retour, make_retour_v20, name_retour
from orc.demo.valeurs import Bordereau, Piece, Pj, RefCompta
from orc.errors import Invalid

PIECES_MIN, PIECES_MAX = 200, 1_000_000
BORDEREAUX_PAR_FLUX = 60
GROS_FLUX_DES = 20_000
_PAR_FLUX_CASSE = 2
_CASSES_COMPTEES = _PAR_FLUX_CASSE * sum(compte for *_, compte in FLUX_CASSES)
_EN_RETARD = 0.012
_CELLULE_V20 = ("101", "01", 2023, RECETTE)
_CELLULE_REEMISE = ("101", "00", 2024, DEPENSE)

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Part:
    """A cell and how many ordinary pieces it makes besides the planted ones."""

    cellule: Cellule
    ordinaires: int
    plantees: int


def _cle(c: Cellule) -> tuple[str, str, int, str]:
    return c.budget.codcol, c.budget.codbud, c.exercice, c.sens


def share_pieces(pieces: int, seed: int) -> list[Part]:
    """Planted pieces where they are planted; the rest by weight of budget, 7 in 10 in dépense."""
    parts, poids = [], []
    for exercice in EXERCICES:
        for budget in BUDGETS:
            for sens, part in ((DEPENSE, 7), (RECETTE, 3)):
                c = Cellule(budget, exercice, sens, seed)
                parts.append(Part(c, 0, sum(cas.nombre for cas in list_cas(c))))
                poids.append(budget.poids * part * (3 if exercice == EXERCICES[-1] else 4))
    reste = pieces - _CASSES_COMPTEES - sum(part.plantees for part in parts)
    cumul, faits, total = 0, 0, sum(poids)
    for part_, poids_cellule in zip(parts, poids, strict=True):
        cumul += poids_cellule
        part_.ordinaires = reste * cumul // total - faits
        faits += part_.ordinaires
    return parts


def _write_marches(e: Ecrivain, c: Cellule, nombre: int) -> None:
    """The contracts of the cell, before any mandat that quotes them."""
    c.marches = make_marches(c, nombre)
    if c.marches:
        jour = dt.date(c.exercice, 1, 6)
        flux = e.make_flux(c, [], [m.pj for m in c.marches], jour, "PESALR2")
        flux.marches = "<Marches>\n" + "".join(write_marche(c, m) for m in c.marches)
        flux.marches += "</Marches>\n"
        e.write_flux(c, flux)


def _pieces(bordereaux: list[Bordereau]) -> list[Piece]:
    return [piece for bordereau in bordereaux for piece in bordereau.pieces]


def _write_planted(e: Ecrivain, c: Cellule) -> None:
    """Planted pieces: PJ sent before, the flow, ORMC apart, PJ sent after, what is sent again."""
    tous = make_planted(c)
    for typ_fic, bordereaux in (("PESALR1", [b for b in tous if b.typ != "06"]),
                                ("PESORMC", [b for b in tous if b.typ == "06"])):  # fmt: skip
        if not bordereaux:
            continue
        pieces, date = _pieces(bordereaux), bordereaux[-1].date
        avant = [pj for piece in pieces for pj in piece.avant]
        apres = [pj for piece in pieces for pj in piece.apres]
        if avant:
            e.write_flux(c, e.make_flux(c, [], avant, date - dt.timedelta(days=4), "PES_PJ"))
        pjs = [pj for piece in pieces for pj in piece.pjs]
        e.write_flux(c, e.make_flux(c, bordereaux, pjs, date, typ_fic))
        if apres:
            e.write_flux(c, e.make_flux(c, [], apres, date + dt.timedelta(days=9), "PES_PJ"))
        renvois = make_renvois(bordereaux)
        if renvois:
            e.write_flux(c, e.make_flux(c, renvois, [], renvois[-1].date), renvoi=True)


def _write_ordinary(e: Ecrivain, c: Cellule, nombre: int, report: Callable[[int], None]) -> None:
    """Ordinary flows; one PJ in eighty comes with the next flow."""
    lot: list[Bordereau] = []
    retard: list[Pj] = []
    for bordereau in make_ordinary(c, nombre):
        lot.append(bordereau)
        if len(lot) == BORDEREAUX_PAR_FLUX:
            retard = _write_lot(e, c, lot, retard)
            report(len(_pieces(lot)))
            lot = []
    if lot:
        retard = _write_lot(e, c, lot, retard)
        report(len(_pieces(lot)))
    if retard:
        jour = c.day(1.0) + dt.timedelta(days=2)
        e.write_flux(c, e.make_flux(c, [], retard, jour, "PES_PJ"))


def _write_lot(e: Ecrivain, c: Cellule, lot: list[Bordereau], retard: list[Pj]) -> list[Pj]:
    pjs, suite = retard, list[Pj]()
    for pj in (pj for piece in _pieces(lot) for pj in piece.pjs):
        (suite if c.alea.random() < _EN_RETARD else pjs).append(pj)
    e.write_flux(c, e.make_flux(c, lot, pjs, lot[-1].date))
    return suite


def _make_dossier(rang: int) -> bytes:
    return make_image_pdf([pooled_page((rang * 5 + i) % 24) for i in range(14)])


def _write_big_flux(e: Ecrivain, c: Cellule) -> None:
    """One flow near 80 MB: long scanned files, tied to their mandats by RefCompta."""
    pjs = []
    for rang in range(1, 97):
        refs = (RefCompta("01", c.exercice, "01", str(rang)),)
        pjs.append(
            c.make_pj("dossier_scanne", f"Dossier_{rang:03d}.pdf", f"Dossier numérisé {rang}",
                      partial(_make_dossier, rang), refs=refs)
        )  # fmt: skip
    flux = e.make_flux(c, [], pjs, c.day(1.0), "PES_PJ")
    flux.enveloppe = "xml"
    e.write_flux(c, flux)


def _write_broken(e: Ecrivain, seed: int) -> None:
    """Whole flows planted broken, in a corner of their own numbers."""
    c = Cellule(find_budget("200", "02"), 2023, DEPENSE, seed)
    c.dernier, c.dernier_id, c.bordereaux = 90_000, 9_000_000, {"01": 900}
    for genre, casser, attendu, compte in FLUX_CASSES:
        jour = dt.date(2023, 10, 3)
        pieces = []
        for _ in range(_PAR_FLUX_CASSE):
            facture = make_facture(c, c.achats[1], jour)
            lignes = lines_of(c, c.achats[1], facture)
            piece = Piece(c.next_piece(), "01", "01", facture.objet, lignes)
            add(piece, invoice_pdf(c, facture))
            pieces.append(piece)
        bordereau = Bordereau(2023, c.next_bordereau("01"), "01", jour, pieces)
        pjs = [pj for piece in pieces for pj in piece.pjs]
        flux = replace(e.make_flux(c, [bordereau], pjs, jour), encodage="iso-8859-1", bom=False,
                       prefixe="n", compact=False, largeur=0)  # fmt: skip
        chemin = f"{c.budget.collectivite.siren}/2023/{flux.nom}.xml"
        e.write_fichier("flux_casse", chemin, casser(b"".join(write_xml(flux)), flux))
        e.manifeste.record_flux_casse(c, genre, attendu, chemin, flux, compte=compte)
        if compte:
            for piece in pieces:
                e.manifeste.record_piece(c, piece)
            for pj in pjs:
                e.manifeste.record_pj(pj)


def _write_oddities(e: Ecrivain, c: Cellule) -> None:
    """What comes once: a retour in the form of 2009, one re-emitted, its acquit, an orphan one."""
    flux, dossier = e.dernier, f"{c.budget.poste.codique}/{c.exercice}"
    cle = _cle(c)
    if flux is None or cle not in {_CELLULE_V20, _CELLULE_REEMISE}:
        return
    if cle == _CELLULE_V20:
        nom = f"PES_V2_RETOUR_RECETTE_{flux.nom[-6:]}.xml"
        chemin = f"{dossier}/{nom}"
        e.write_fichier("retour_v20", chemin, make_retour_v20(c, flux, nom))
        e.manifeste.hors_schema.append(chemin)
        return
    nom = name_retour(c, flux, "RP")
    retour = make_retour(c, flux, rejets=False, nom=nom)
    if retour:
        e.write_fichier("retour_reemis", f"{dossier}/{nom}", retour)
    acquit = make_acquit_retour(c, nom, flux.date + dt.timedelta(days=95))
    e.write_fichier("acquit_retour", f"{dossier}/ACKR_{nom}", acquit)
    jamais = replace(
        flux, nom="PESALR1_JAMAIS_ARRIVE", bordereaux=[], pjs=flux.pjs[:1] or [_orphan(c)]
    )
    e.write_fichier("acquit_orphelin", f"{dossier}/ACK_ORPHELIN.xml", make_acquit(c, jamais))


def _orphan(c: Cellule) -> Pj:
    return c.make_pj("orpheline", "orpheline.pdf", "PJ d'un flux jamais reçu", lambda: b"")


def _write_clotures(chemin: Path) -> None:
    """`clotures.csv`: one line per closed exercice of a budget."""
    with chemin.open("w", encoding="utf-8", newline="") as sortie:
        lignes = csv.writer(sortie, delimiter=";", lineterminator="\n")
        lignes.writerow(["siret", "codcol", "codbud", "exercice", "close_le"])
        for cloture in list_clotures():
            b = cloture.budget
            lignes.writerow([b.siret, b.codcol, b.codbud, cloture.exercice, cloture.close_le])


def _write_budgets(chemin: Path) -> None:
    """`budgets.csv`: what flows do not say of budgets, their nomenclature first of all."""
    with chemin.open("w", encoding="utf-8", newline="") as sortie:
        lignes = csv.writer(sortie, delimiter=";", lineterminator="\n")
        lignes.writerow(["siret", "codcol", "codbud", "nomenclature", "libelle", "collectivite"])
        for b in BUDGETS:
            lignes.writerow(
                [b.siret, b.codcol, b.codbud, b.nomenclature, b.libelle, b.collectivite.nom]
            )


def make_silo(
    out: Path, *, pieces: int, seed: int = 2026, progress: Progress | None = None
) -> Manifeste:
    """Write a silo of `pieces` mandats and titres under `out`: the same bytes for the same seed.

    Flows under `<siren>/<exercice>/`, acquits and retours under `<codique>/<exercice>/`, then
    `clotures.csv`, `budgets.csv`, `manifeste.json`. `progress(done, total)` is called meanwhile.
    OrcError outside 200..1 000 000.
    """
    if not PIECES_MIN <= pieces <= PIECES_MAX:
        raise Invalid(f"Un silo compte de {PIECES_MIN} à {PIECES_MAX} pièces, pas {pieces}.")
    out.mkdir(parents=True, exist_ok=True)
    manifeste = Manifeste(seed, pieces)
    e, faits = Ecrivain(out, manifeste), 0

    def report(nombre: int) -> None:
        nonlocal faits
        faits += nombre
        if progress:
            progress(faits, pieces)

    for part in share_pieces(pieces, seed):
        c = part.cellule
        _write_marches(e, c, part.ordinaires)
        if part.plantees:
            c.debut = (4, 15)
            _write_planted(e, c)
            report(part.plantees)
        _write_ordinary(e, c, part.ordinaires, report)
        _write_oddities(e, c)
        if pieces >= GROS_FLUX_DES and _cle(c) == _CELLULE_REEMISE:
            _write_big_flux(e, c)
    _write_broken(e, seed)
    report(_CASSES_COMPTEES)
    _write_clotures(out / "clotures.csv")
    _write_budgets(out / "budgets.csv")
    manifeste.write(out / "manifeste.json")
    return manifeste
