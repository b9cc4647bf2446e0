"""Titres of every day: what users, firms, the State and other bodies owe."""

from __future__ import annotations

import datetime as dt

from orc.demo.cellule import Cellule
from orc.demo.documents import make_decision_pdf
from orc.demo.facture_pes import make_facture_pes
from orc.demo.factures import Article, Facture
from orc.demo.montants import compute_tva, format_papier
from orc.demo.pj import add
from orc.demo.referentiel import AVELLE, Budget, make_siren, make_siret
from orc.demo.tiers import METIERS, Tiers, list_firmes, make_iban, make_personne, make_public
from orc.demo.valeurs import Ligne, Piece

ETAT = Tiers(
    "DIRECTION GENERALE DU PAYS IMAGINAIRE", make_siret(make_siren(800), 1), "20", "07",
    "1 place de la République", "99000", "ROCHEBRUNE-SUR-AVELLE", make_iban(2, 424_242), "E000800",
)  # fmt: skip


def make_debiteur(c: Cellule, genre: str) -> Tiers:
    """Who owes: a person, a firm, the State, or a public body of the world."""
    if genre == "personne":
        return make_personne(c.alea)
    if genre == "firme":
        return c.alea.choice(list_firmes(c.alea.choice(METIERS), c.seed))
    return ETAT if genre == "etat" else _departement(c.budget)


def _departement(budget: Budget) -> Tiers:
    siret = make_siret(AVELLE.siren, 1)
    return ETAT if budget.collectivite is AVELLE else make_public(AVELLE, siret)


def make_titre_de(c: Cellule, jour: dt.date, compte: str, objet: str, genre: str) -> Piece:
    """A titre of one line on that account."""
    montant = c.alea.randint(20_000, 900_000)
    ligne = Ligne(montant, 0, compte, make_debiteur(c, genre), c.fonction(),
                  libelle=f"{objet} {jour.year}", produit="DIV")  # fmt: skip
    return Piece(c.next_piece(), "01", "01", ligne.libelle, [ligne])


def make_titre(c: Cellule, jour: dt.date, nat: str = "") -> Piece:
    """An ordinary titre of the cell, one line or several of the same debtor."""
    produits = [p for p in c.produits if nat in {"", p.nat}]
    produit = c.alea.choice(produits)
    debiteur = make_debiteur(c, produit.debiteur)
    objet = f"{c.alea.choice(produit.objets)} {jour.month:02d}/{jour.year}"
    articles = tuple(
        Article(objet, 1, c.alea.randint(produit.minimum, produit.maximum))
        for _ in range(c.alea.choice((1, 1, 1, 2, 3)))
    )
    lignes = [
        Ligne(a.ht, compute_tva(a.ht, produit.taux), produit.comptes[c.budget.nomenclature],
              debiteur, c.fonction(), libelle=objet, produit=produit.code)
        for a in articles
    ]  # fmt: skip
    piece = Piece(c.next_piece(), "01", produit.nat, objet, lignes)
    _support(c, piece, articles, debiteur, produit.taux, jour)
    return piece


def _support(
    c: Cellule,
    piece: Piece,
    articles: tuple[Article, ...],
    debiteur: Tiers,
    taux: int,
    jour: dt.date,
) -> None:
    """One titre in three carries a statement, one in eight an ASAP invoice (TypePJ 006)."""
    tirage = c.alea.randrange(24)
    numero = f"ASAP{c.exercice}{c.budget.codcol}{c.budget.codbud}{piece.numero:06d}"
    if tirage < 8:
        b, phrases = c.budget, [
            f"Redevable : {debiteur.nom_complet}, {debiteur.code_postal} {debiteur.ville}",
            *(f"{a.designation} : {format_papier(a.ht)} euros" for a in articles),
            f"Total à recouvrer : {format_papier(piece.ht + piece.tva)} euros",
        ]  # fmt: skip
        add(
            piece,
            c.make_pj(
                "etat_liquidatif",
                f"Etat_{numero}.pdf",
                f"État liquidatif {piece.objet}",
                lambda: make_decision_pdf(b, "ÉTAT LIQUIDATIF", numero, jour, phrases),
            ),
        )
    elif tirage < 11:
        emetteur = make_public(c.budget.collectivite, c.budget.siret)
        facture = Facture(numero, jour, emetteur, c.budget, articles, taux, piece.tva,
                          objet=piece.objet)  # fmt: skip
        add(
            piece,
            c.make_pj(
                "pes_facture_asap",
                f"{numero}.xml",
                f"Avis des sommes à payer {numero}",
                lambda: make_facture_pes(facture, emetteur, debiteur, "09"),
                "006",
            ),
        )
        piece.asap = "01"
