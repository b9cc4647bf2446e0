"""Titres of every day: what users, firms, the State and other bodies owe."""

from __future__ import annotations

import datetime as dt

from orc.demo.cellule import Cellule
from orc.demo.montants import compute_tva
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


def make_titre(c: Cellule, jour: dt.date) -> Piece:
    """An ordinary titre of the cell, one line or several of the same debtor."""
    produit = c.alea.choice(c.produits)
    debiteur = make_debiteur(c, produit.debiteur)
    objet = f"{c.alea.choice(produit.objets)} {jour.month:02d}/{jour.year}"
    lignes = []
    for _ in range(c.alea.choice((1, 1, 1, 2, 3))):
        ht = c.alea.randint(produit.minimum, produit.maximum)
        lignes.append(
            Ligne(ht, compute_tva(ht, produit.taux), produit.comptes[c.budget.nomenclature],
                  debiteur, c.fonction(), libelle=objet, produit=produit.code)
        )  # fmt: skip
    return Piece(c.next_piece(), "01", produit.nat, objet, lignes)
