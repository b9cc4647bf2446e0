"""The planted cases: every kind of thing a silo must hold, however small, and where each is put."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from orc.demo.broken import PJ_CASSEES
from orc.demo.catalogue import ACHATS
from orc.demo.cellule import DEPENSE, RECETTE, Cellule, cite
from orc.demo.depense import lines_of, make_achat, make_facture, make_sur_marche
from orc.demo.factures import DESSINS, Article, Facture, find_dessin
from orc.demo.grille import TRIPLETS_DEPENSE, TRIPLETS_RECETTE, make_triplet, reduce_piece
from orc.demo.mandats import make_aide, make_paie, make_subvention
from orc.demo.montants import compute_tva, format_papier
from orc.demo.pj import (
    add,
    deliberation,
    delivery_of,
    invoice_facturx,
    invoice_pdf,
    invoice_pes,
    office_of,
    quote_of,
    rib_of,
    scan_of,
)
from orc.demo.recette import make_titre
from orc.demo.tiers import list_firmes
from orc.demo.valeurs import Casse, Piece, Pj, RefCompta, Repere

Faire = Callable[[Cellule, dt.date], list[Piece]]
NUMERO_REPERE = "F2023-00127"
CLAUSE_REPERE = (
    "Le pont suspendu de la Combe-aux-Loups reste ouvert aux piétons durant les travaux."
)


@dataclass(frozen=True, slots=True)
class Cas:
    """`make` gives `nombre` pieces in the cell (codcol, codbud, exercice, sens)."""

    cellule: tuple[str, str, int, str]
    nombre: int
    make: Faire


def _nu(c: Cellule, jour: dt.date, rang_achat: int = 0) -> tuple[Piece, Facture]:
    """A purchase whose PJ are still to be given."""
    achat = c.achats[rang_achat % len(c.achats)]
    facture = make_facture(c, achat, jour)
    piece = Piece(c.next_piece(), "01", achat.nat, facture.objet, lines_of(c, achat, facture))
    piece.dgp = facture.date + dt.timedelta(days=2)
    c.recentes.append(piece)
    return piece, facture


def _facture_repere(c: Cellule, jour: dt.date) -> list[Piece]:
    """The invoice everyone looks for: its number, its amount, its supplier."""
    firme = list_firmes("bureau", c.seed)[1]
    articles = (
        Article("Ramettes papier A4 80 g", 250, 412),
        Article("Destructeur de documents", 3, 18_899),
    )
    ht = sum(a.ht for a in articles)
    facture = Facture(NUMERO_REPERE, jour - dt.timedelta(days=17), firme, c.budget, articles, 2000,
                      compute_tva(ht, 2000), "BC2023-0042",
                      "Papier et destruction d'archives, février 2023")  # fmt: skip
    piece = Piece(c.next_piece(), "01", "01", facture.objet, lines_of(c, ACHATS[0], facture))
    pj = add(piece, invoice_pdf(c, facture))
    total = format_papier(facture.ht + facture.tva)
    piece.reperes = [
        Repere("facture", "Un numéro de facture", NUMERO_REPERE, pj),
        Repere("montant", "Un montant TTC", total, pj),
        Repere("siret", "Le SIRET d'un fournisseur", firme.siret, pj),
        Repere("iban", "L'IBAN d'un fournisseur", firme.iban, pj),
    ]
    return [piece]


def _formes(c: Cellule, jour: dt.date) -> list[Piece]:
    """One mandat per form of PJ: scans of their invoice, office files, structured invoices."""
    c.fidele, pieces = True, []
    for forme in ("pdf", "tif", "jpg"):
        piece, facture = _nu(c, jour, 1)
        pj = add(piece, scan_of(c, facture, forme))
        piece.reperes.append(
            Repere(f"scan_{forme}", "Un scan, lisible après OCR", facture.numero, pj, 1, "ocr")
        )
        pieces.append(piece)
    c.fidele = False
    phrases = {"docx": "Le lavoir de Tréjouls sera couvert en lauzes.",
               "odt": "La passerelle d'Ourdille est limitée à deux tonnes.",
               "xlsx": "Relevé des compteurs du moulin de Fontrailles."}  # fmt: skip
    for forme, phrase in phrases.items():
        piece, facture = _nu(c, jour, 2)
        add(piece, invoice_pdf(c, facture))
        pj = add(piece, office_of(c, facture, forme, phrase))
        piece.reperes.append(Repere(forme, f"Une phrase d'un {forme}", phrase, pj))
        pieces.append(piece)
    for genre, fabrique in (("facturx", invoice_facturx), ("pes_facture", invoice_pes)):
        piece, facture = _nu(c, jour, 3)
        pj = add(piece, fabrique(c, facture))
        piece.reperes.append(Repere(genre, "Un numéro de facture structurée", facture.numero, pj))
        pieces.append(piece)
    piece, facture = _nu(c, jour, 0)
    for fabrique in (invoice_pdf, quote_of, delivery_of):
        add(piece, fabrique(c, facture))
    add(piece, rib_of(c, facture.fournisseur))
    return [*pieces, piece]


def _dessins(c: Cellule, jour: dt.date) -> list[Piece]:
    """One mandat per layout of invoice."""
    pieces = []
    for dessin in DESSINS:
        achat, firme = next(
            (achat, firme)
            for achat in c.achats
            for firme in list_firmes(achat.metier, c.seed)
            if find_dessin(firme) == dessin
        )
        facture = make_facture(c, achat, jour, firme)
        lignes = lines_of(c, achat, facture)
        piece = Piece(c.next_piece(), "01", achat.nat, facture.objet, lignes)
        add(piece, invoice_pdf(c, facture))
        pieces.append(piece)
    return pieces


def _marche(c: Cellule, jour: dt.date) -> list[Piece]:
    """Mandats sur marché: avance, two acomptes with décompte, the last one, the retained sum."""
    m, pieces = c.marches[0], []
    for rang, nat in enumerate(("14", "02", "02", "13", "12"), 1):
        piece = make_sur_marche(c, m, jour, nat, rang)
        if rang == 1:
            piece.refs.append(cite(m.pj))
            piece.reperes.append(
                Repere(
                    "contrat", "Une clause de la page 3 d'un contrat", "Combe-aux-Loups", m.pj, 3
                )
            )
        pieces.append(piece)
    return pieces


def _acheminements(c: Cellule, jour: dt.date) -> list[Piece]:
    """PJ sent before, after, never, by RefCompta, on paper, on CD-ROM; and none at all."""
    pieces = []
    for comment in ("avant", "apres", "jamais", "refcompta", "papier", "cdrom", "sans"):
        piece, facture = _nu(c, jour, 4)
        pj = invoice_pdf(c, facture)
        if comment == "refcompta":
            pj.refs = (RefCompta("01", c.exercice, "01", str(piece.numero)),)
            piece.apres.append(pj)
            piece.reperes.append(Repere("refcompta", "PJ liée par RefCompta", facture.numero, pj))
        elif comment != "sans":
            support = {"papier": "02", "cdrom": "03"}.get(comment, "01")
            piece.refs.append(cite(pj, support))
            getattr(piece, comment, []).append(pj)
        if comment in {"avant", "apres"}:
            piece.reperes.append(
                Repere(f"pj_{comment}", f"PJ envoyée {comment}", facture.numero, pj)
            )
        piece.pj_libre = "" if comment != "sans" else f"Facture {facture.numero}"
        pieces.append(piece)
    return pieces


def _partage(c: Cellule, jour: dt.date) -> list[Piece]:
    """Three grants under one délibération, which travels once."""
    numero = f"{c.exercice}-077"
    phrase = (
        "DÉCIDE d'attribuer les subventions dont la liste est annexée, sur proposition du "
        "rapporteur de la fanfare de Peyregrande."
    )
    date = jour - dt.timedelta(days=20)
    pj = deliberation(c, numero, date, "Subventions aux associations", (phrase,))
    pieces = []
    for rang in range(3):
        piece = make_subvention(c, jour)
        piece.refs, piece.pjs = [cite(pj), *piece.refs[1:]], piece.pjs[1:]
        if rang == 0:
            piece.pjs.append(pj)
            piece.reperes.append(
                Repere("partagee", "Une délibération commune à trois mandats", "Peyregrande", pj)
            )
        pieces.append(piece)
    return pieces


def _doublon(c: Cellule, jour: dt.date) -> list[Piece]:
    """The same invoice paid twice, under two identifiers."""
    premier, facture = _nu(c, jour, 5)
    add(premier, invoice_pdf(c, facture))
    second = Piece(c.next_piece(), premier.typ, premier.nat, premier.objet,
                   [replace(ligne, refs=[]) for ligne in premier.lignes], sort="paye")  # fmt: skip
    add(second, invoice_pdf(c, facture))
    premier.sort = "paye"
    second.reperes.append(
        Repere("doublon", "La même facture payée deux fois", facture.numero, second.pjs[0])
    )
    return [premier, second]


def _sorts(c: Cellule, jour: dt.date) -> list[Piece]:
    """One mandat per fate: rejected, sent again, refused by the acquit, in parts, cancelled."""
    pieces = []
    for sort in ("renvoye", "acquit_ko", "pj_ko", "paye_plusieurs", "pec", "instance", "rejete",
                 "cession", "emargement"):  # fmt: skip
        piece = make_achat(c, jour)
        while not piece.pjs:
            c.dernier -= 1
            piece = make_achat(c, jour)
        piece.sort = sort
        if sort in {"renvoye", "acquit_ko"}:
            piece.lot = sort
        if sort == "pj_ko":
            piece.pj_refusee = piece.pjs[0].id_unique
        pieces.append(piece)
    origine = make_achat(c, jour)
    origine.sort = "annule_apres"
    annulation = reduce_piece(c, origine, "02", "06", f"Annulation du mandat {origine.numero}")
    annulation.lignes = [
        replace(a, ht=o.ht, tva=o.tva)
        for a, o in zip(annulation.lignes, origine.lignes, strict=True)
    ]
    annulation.typ_bord = "02"
    return [*pieces, origine, annulation]


def _paie(c: Cellule, jour: dt.date) -> list[Piece]:
    piece = make_paie(c, jour, "DE BRASSEMPOUY-LARTIGUE")
    piece.reperes.append(
        Repere(
            "paie", "Un agent dans une paie (domaine réservé)", "BRASSEMPOUY-LARTIGUE", piece.pjs[0]
        )
    )
    return [piece]


def _aide(c: Cellule, jour: dt.date) -> list[Piece]:
    piece = make_aide(c, jour)
    numero = piece.pjs[0].description.removeprefix("Décision ")
    piece.reperes.append(
        Repere("aide_sociale", "Une décision d'aide (domaine réservé)", numero, piece.pjs[0])
    )
    return [piece]


def _non_clos(c: Cellule, jour: dt.date) -> list[Piece]:
    """An exercice that is not closed: nothing of it may be found before it is."""
    piece, facture = _nu(c, jour)
    pj = add(piece, invoice_pdf(c, facture))
    piece.reperes.append(
        Repere(f"non_clos_{c.exercice}", "Un exercice non clos", facture.numero, pj, 1, "non_clos")
    )
    return [piece]


def _cassees(c: Cellule, jour: dt.date) -> list[Piece]:
    """One mandat per way a PJ can be broken."""
    pieces = []
    for casser in PJ_CASSEES:
        piece, facture = _nu(c, jour, 6)
        pj: Pj = invoice_pdf(c, facture)
        genre, attendu = casser(pj)
        add(piece, pj)
        piece.casses.append(Casse(genre, attendu, pj))
        pieces.append(piece)
        if genre == "pj_id_unique_double":
            autre = invoice_pdf(c, make_facture(c, c.achats[0], jour))
            autre.id_unique, autre.doublon = pj.id_unique, True
            piece.pjs.append(autre)
    return pieces


def _grille(triplets: tuple[tuple[str, str, str], ...]) -> Faire:
    return lambda c, jour: [make_triplet(c, jour, triplet) for triplet in triplets]


def _titre_repere(c: Cellule, jour: dt.date) -> list[Piece]:
    """A titre whose statement or invoice bears a number of its own."""
    piece = make_titre(c, jour)
    while not piece.pjs:
        c.dernier -= 1
        piece = make_titre(c, jour)
    pj = piece.pjs[0]
    piece.sort = "paye"
    numero = pj.nom.rsplit(".", 1)[0].removeprefix("Etat_")
    piece.reperes.append(Repere("titre", "La pièce d'un titre de recette", numero, pj))
    return [piece]


_MOITIE = 24
CAS: tuple[Cas, ...] = (
    Cas(("101", "00", 2023, DEPENSE), 1, _facture_repere),
    Cas(("101", "00", 2023, DEPENSE), 9, _formes),
    Cas(("101", "00", 2023, DEPENSE), 5, _marche),
    Cas(("020", "00", 2024, DEPENSE), len(DESSINS), _dessins),
    Cas(("200", "00", 2023, DEPENSE), 7, _acheminements),
    Cas(("115", "00", 2023, DEPENSE), 3, _partage),
    Cas(("101", "00", 2024, DEPENSE), 2, _doublon),
    Cas(("101", "00", 2024, DEPENSE), 11, _sorts),
    Cas(("300", "00", 2023, DEPENSE), 1, _paie),
    Cas(("020", "00", 2023, DEPENSE), 1, _aide),
    Cas(("200", "00", 2024, DEPENSE), len(PJ_CASSEES), _cassees),
    Cas(("101", "00", 2022, DEPENSE), _MOITIE, _grille(TRIPLETS_DEPENSE[:_MOITIE])),
    Cas(("200", "00", 2022, DEPENSE), len(TRIPLETS_DEPENSE) - _MOITIE,
        _grille(TRIPLETS_DEPENSE[_MOITIE:])),
    Cas(("101", "00", 2022, RECETTE), len(TRIPLETS_RECETTE), _grille(TRIPLETS_RECETTE)),
    Cas(("101", "01", 2023, RECETTE), 1, _titre_repere),
    Cas(("101", "00", 2026, DEPENSE), 1, _non_clos),
    Cas(("115", "01", 2025, DEPENSE), 1, _non_clos),
)  # fmt: skip


def list_cas(c: Cellule) -> list[Cas]:
    """The cases planted in this cell."""
    b = c.budget
    return [cas for cas in CAS if cas.cellule == (b.codcol, b.codbud, c.exercice, c.sens)]
