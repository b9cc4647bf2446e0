"""What supports a mandat: for each kind of PJ, how it is made and how the piece cites it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from orc.demo.bureautique import make_bureautique
from orc.demo.cellule import Cellule, cite
from orc.demo.documents import (
    make_deliberation_pdf,
    make_devis_pdf,
    make_livraison_pdf,
    make_rib_pdf,
)
from orc.demo.facture_pes import make_facture_pes
from orc.demo.factures import Facture, find_dessin, make_facture_pdf
from orc.demo.facturx_pdf import make_facturx
from orc.demo.images import make_image_pdf, make_jpeg, make_tiff, scan, vary_pooled
from orc.demo.montants import format_papier
from orc.demo.tiers import Tiers, make_public
from orc.demo.valeurs import Piece, Pj

_DPI = 150


def add(piece: Piece, pj: Pj, support: str = "01") -> Pj:
    """The PJ travels with the flow of its piece, which cites it."""
    piece.pjs.append(pj)
    piece.refs.append(cite(pj, support))
    return pj


def _nom(facture: Facture) -> str:
    return facture.numero.replace("/", "-")


def invoice_pdf(c: Cellule, facture: Facture) -> Pj:
    """The invoice as text PDF."""
    return c.make_pj(f"facture_{find_dessin(facture.fournisseur)}", f"Facture_{_nom(facture)}.pdf",
                     f"Facture {facture.numero} {facture.fournisseur.nom}",
                     lambda: make_facture_pdf(facture))  # fmt: skip


def invoice_facturx(c: Cellule, facture: Facture) -> Pj:
    """The invoice as Factur-X."""
    return c.make_pj("facturx", f"FX_{_nom(facture)}.pdf", f"Facture {facture.numero} (Factur-X)",
                     lambda: make_facturx(facture))  # fmt: skip


def invoice_pes(c: Cellule, facture: Facture) -> Pj:
    """The invoice as PES_Facture (TypePJ 006)."""
    debiteur = make_public(c.budget.collectivite, c.budget.siret)
    return c.make_pj("pes_facture", f"{_nom(facture)}.xml", f"PES Facture {facture.numero}",
                     lambda: make_facture_pes(facture, facture.fournisseur, debiteur),
                     "006")  # fmt: skip


def scan_of(c: Cellule, facture: Facture, forme: str) -> Pj:
    """A scan, `pdf`, `tif` or `jpg`: of the invoice where planted, else a note of the pool."""
    c.scans += 1
    rang, marque = c.scans, f"{c.budget.cle}/{c.exercice}/{c.scans}"
    fidele = c.fidele
    angle = c.alea.uniform(-1.5, 1.5)

    def make() -> bytes:
        if not fidele:
            return vary_pooled(forme, rang, marque)
        image = scan(make_facture_pdf(facture), angle, dpi=_DPI)
        if forme == "tif":
            return make_tiff([image, scan(make_livraison_pdf(facture), -angle, dpi=_DPI)])
        jpeg = make_jpeg(image)
        return jpeg if forme == "jpg" else make_image_pdf([(jpeg, *image.size)])

    return c.make_pj(f"scan_{forme}", f"SCAN_{_nom(facture)}.{forme}",
                     f"Pièce numérisée {facture.numero}", make)  # fmt: skip


_GENRES = {"docx": "Rapport de présentation", "odt": "Note de service", "xlsx": "État détaillé"}


def office_of(c: Cellule, facture: Facture, forme: str, phrase: str = "") -> Pj:
    """An office file beside the invoice: `docx`, `odt` or `xlsx`."""
    b, title = c.budget.collectivite, f"{_GENRES[forme]} {facture.numero}"
    lignes = [
        f"Collectivité : {b.nom}", f"Fournisseur : {facture.fournisseur.nom}",
        *(f"{a.quantite} x {a.designation} à {format_papier(a.unitaire)} €"
          for a in facture.articles),
        phrase or "Le service fait a été constaté par le chef de service.",
    ]  # fmt: skip
    montant = format_papier(facture.ht + facture.tva)
    return c.make_pj(forme, f"{_GENRES[forme].split()[0]}_{_nom(facture)}.{forme}", title,
                     lambda: make_bureautique(forme, title, facture.objet, lignes, "Total TTC",
                                              montant))  # fmt: skip


def quote_of(c: Cellule, facture: Facture) -> Pj:
    """The quote behind the invoice."""
    return c.make_pj("devis", f"Devis_{_nom(facture)}.pdf", f"Devis {facture.fournisseur.nom}",
                     lambda: make_devis_pdf(facture))  # fmt: skip


def delivery_of(c: Cellule, facture: Facture) -> Pj:
    """The delivery note."""
    return c.make_pj("bon_livraison", f"BL {_nom(facture)}.PDF",
    f"Bon de livraison {facture.numero}",
                     lambda: make_livraison_pdf(facture))  # fmt: skip


def rib_of(c: Cellule, tiers: Tiers) -> Pj:
    """The RIB of a creditor."""
    return c.make_pj("rib", f"RIB {tiers.reference}.pdf", f"RIB {tiers.nom_complet}"[:250],
                     lambda: make_rib_pdf(tiers))  # fmt: skip


def deliberation(
    c: Cellule, numero: str, jour: dt.date, objet: str, phrases: tuple[str, ...]
) -> Pj:
    """A délibération of the assembly."""
    b = c.budget
    return c.make_pj("deliberation", f"Deliberation_{numero}.pdf", f"Délibération {numero} {objet}",
                     lambda: make_deliberation_pdf(b, numero, jour, objet, phrases))  # fmt: skip


_Fabrique = Callable[[Cellule, Facture], Pj]
# What an ordinary purchase is supported by, in hundredths.
_PARTS: tuple[tuple[int, tuple[_Fabrique, ...]], ...] = (
    (70, (invoice_pdf,)),
    (76, (invoice_pdf, delivery_of)),
    (80, (invoice_pdf, quote_of)),
    (83, (invoice_pdf, lambda c, f: rib_of(c, f.fournisseur))),
    (87, (invoice_pes,)),
    (88, (lambda c, f: scan_of(c, f, "pdf"),)),
    (89, (lambda c, f: scan_of(c, f, "tif"),)),
    (90, (lambda c, f: scan_of(c, f, "jpg"),)),
    (91, (invoice_pdf, lambda c, f: office_of(c, f, "docx"))),
    (92, (invoice_pdf, lambda c, f: office_of(c, f, "odt"))),
    (93, (invoice_pdf, lambda c, f: office_of(c, f, "xlsx"))),
    (100, ()),
)


def support(c: Cellule, piece: Piece, facture: Facture) -> None:
    """Give an ordinary purchase its PJ, by chance; seven in a hundred have none or are on paper."""
    tirage = c.alea.randrange(100)
    fabriques = next(fabriques for borne, fabriques in _PARTS if tirage < borne)
    for fabrique in fabriques:
        add(piece, fabrique(c, facture))
    if not fabriques:
        piece.pj_libre = f"Facture {facture.numero}"
    if not fabriques and tirage % 2:
        pj = invoice_pdf(c, facture)
        piece.refs.append(cite(pj, "02"))
