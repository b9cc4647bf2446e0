"""Mandats of every day: purchases first, then paie, grants, loans, social aid, pièces d'ordre."""

from __future__ import annotations

import datetime as dt
from functools import partial

from orc.demo.catalogue import Achat
from orc.demo.cellule import Cellule
from orc.demo.documents import make_decompte_pdf
from orc.demo.factures import LIGNES_MAX, Article, Facture
from orc.demo.mandats import RARES
from orc.demo.montants import compute_tva
from orc.demo.pj import add, invoice_pdf, support
from orc.demo.tiers import Tiers, list_firmes
from orc.demo.valeurs import Ligne, Marche, Piece


def make_facture(
    c: Cellule, achat: Achat, jour: dt.date, fournisseur: Tiers | None = None
) -> Facture:
    """An invoice of the trade, dated some days before `jour`, its figures added up."""
    alea = c.alea
    firme = fournisseur or alea.choice(list_firmes(achat.metier, c.seed))
    articles = tuple(
        Article(nom, alea.randint(1, achat.quantite), alea.randint(bas, haut))
        for nom, bas, haut in alea.sample(
            achat.articles, alea.randint(1, min(4, len(achat.articles)))
        )
    )[:LIGNES_MAX]
    ht = sum(article.ht for article in articles)
    date = jour - dt.timedelta(days=alea.randint(6, 24))
    numero = _facture_number(alea.randrange(4), date.year, firme.rang, alea.randint(1000, 99999))
    commande = f"BC{c.exercice}-{alea.randint(1, 9999):04d}" if alea.random() < 0.6 else ""
    objet = f"{alea.choice(achat.objets)} {date.month:02d}/{date.year}"
    return Facture(numero, date, firme, c.budget, articles, achat.taux,
                   compute_tva(ht, achat.taux), commande, objet)  # fmt: skip


def _facture_number(style: int, annee: int, rang: int, numero: int) -> str:
    """Every supplier numbers its own way."""
    if style == 0:
        return f"F{annee}-{numero:05d}"
    if style == 1:
        return f"FA{annee % 100:02d}{rang:03d}{numero:05d}"
    return f"{annee}/{numero}" if style == 2 else f"{rang:03d}{numero:06d}"


def lines_of(c: Cellule, achat: Achat, facture: Facture) -> list[Ligne]:
    """One line, or one per article when the purchase is spread over functions."""
    compte = achat.comptes[c.budget.nomenclature]
    if len(facture.articles) == 1 or c.alea.random() < 0.72:
        return [_ligne(c, facture, compte, facture.ht, facture.tva)]
    lignes, reste = [], facture.tva
    for rang, article in enumerate(facture.articles):
        dernier = rang == len(facture.articles) - 1
        tva = reste if dernier else min(reste, compute_tva(article.ht, facture.taux))
        reste -= tva
        lignes.append(_ligne(c, facture, compte, article.ht, tva))
    return lignes


def _ligne(c: Cellule, facture: Facture, compte: str, ht: int, tva: int) -> Ligne:
    return Ligne(
        ht, tva, compte, facture.fournisseur, c.fonction(), facture=facture.numero,
        libelle=f"{facture.numero} {facture.objet}",
    )  # fmt: skip


def make_achat(c: Cellule, jour: dt.date, achat: Achat | None = None) -> Piece:
    """A mandat that pays one invoice, which travels with it."""
    achat = achat or c.alea.choice(c.achats)
    facture = make_facture(c, achat, jour)
    piece = Piece(c.next_piece(), "01", achat.nat, facture.objet, lines_of(c, achat, facture))
    piece.dgp = facture.date + dt.timedelta(days=3)
    support(c, piece, facture)
    return piece


def make_sur_marche(c: Cellule, m: Marche, jour: dt.date, nat: str, rang: int) -> Piece:
    """A mandat sur marché (TypPce 09), a hundredth of it: invoice and décompte number `rang`."""
    ht = m.ht // 100
    numero = f"SIT{m.contrat}-{rang:02d}"
    facture = Facture(
        numero, jour - dt.timedelta(days=9), m.titulaire, c.budget,
        (Article(f"Situation n° {rang}", 1, ht),), 2000, compute_tva(ht, 2000),
        objet=f"{m.objet}, situation {rang}"[:90],
    )  # fmt: skip
    ligne = _ligne(c, facture, "2315", facture.ht, facture.tva)
    ligne.liens = (("IdMarche", m.lien),)
    piece = Piece(c.next_piece(), "09", nat, facture.objet, [ligne])
    add(piece, invoice_pdf(c, facture))
    make = partial(make_decompte_pdf, facture, m.contrat, rang)
    add(piece, c.make_pj("decompte", f"Decompte_{numero}.pdf", f"Décompte {rang}", make))
    return piece


def make_mandat(c: Cellule, jour: dt.date) -> Piece:
    """An ordinary mandat of the cell: a purchase nine times in ten."""
    tirage = c.alea.randrange(100)
    if tirage < 9:
        rares = RARES.get(c.budget.collectivite.nature, RARES["commune"])
        return rares[tirage % len(rares)](c, jour)
    if tirage < 12 and c.marches:
        c.situations += 1
        m = c.marches[c.situations % len(c.marches)]
        return make_sur_marche(c, m, jour, "02", 6 + c.situations // len(c.marches))
    return make_achat(c, jour)
