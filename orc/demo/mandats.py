"""Mandats that are no purchase: paie, grants, social aid, loans, régies, pièces d'ordre."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from orc.demo.cellule import Cellule
from orc.demo.documents import make_decision_pdf
from orc.demo.montants import format_papier
from orc.demo.paie import make_paie_xml
from orc.demo.pj import add, deliberation, rib_of
from orc.demo.tiers import Tiers, make_association, make_banque, make_personne, make_public
from orc.demo.valeurs import Ligne, Piece

_MOIS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
         "octobre", "novembre", "décembre")  # fmt: skip


def _compte(c: Cellule, m57: str, m49: str, m21: str) -> str:
    return {"M57": m57, "M49": m49, "M21": m21}[c.budget.nomenclature]


def _own(c: Cellule) -> Tiers:
    return make_public(c.budget.collectivite, c.budget.siret)


def make_paie(c: Cellule, jour: dt.date, nom: str = "") -> Piece:
    """Wages of the month (NatPce 11, comptes 64): net pay, contributions, and the payroll XML."""
    agents = c.alea.randint(3, 12)
    brut = agents * c.alea.randint(180_000, 290_000)
    mois = _MOIS[jour.month - 1]
    objet = f"Salaires {mois} {jour.year}"
    tiers = _own(c)
    lignes = [
        Ligne(brut * 7 // 10, 0, _compte(c, "64111", "6411", "6411"), tiers, c.fonction(),
              libelle=objet, mode="09"),
        Ligne(brut - brut * 7 // 10, 0, _compte(c, "64131", "6411", "6413"), tiers, c.fonction(),
              libelle=objet, mode="09"),
    ]  # fmt: skip
    piece = Piece(c.next_piece(), "01", "11", objet, lignes)
    b = c.budget
    add(piece, c.make_pj("paie", f"PAIE_{jour:%Y%m}_{piece.numero}.xhl", f"Paie {mois} {jour.year}",
                         lambda: make_paie_xml(b, jour, brut, agents, nom), "004"))  # fmt: skip
    return piece


def make_subvention(c: Cellule, jour: dt.date) -> Piece:
    """A grant to an association, with its délibération and RIB."""
    tiers, montant = make_association(c.alea), c.alea.randint(20, 900) * 1000
    objet = f"Subvention {c.exercice} {tiers.nom}"
    ligne = Ligne(montant, 0, _compte(c, "65748", "6518", "65888"), tiers, "024", libelle=objet)
    piece = Piece(c.next_piece(), "01", "01", objet, [ligne])
    numero = f"{c.exercice}-{c.alea.randint(1, 180):03d}"
    phrase = f"DÉCIDE d'attribuer à {tiers.nom} une subvention de {format_papier(montant)} euros."
    add(piece, deliberation(c, numero, jour - dt.timedelta(days=40), objet, (phrase,)))
    add(piece, rib_of(c, tiers))
    return piece


def make_aide(c: Cellule, jour: dt.date) -> Piece:
    """Social aid to a person (comptes 651, TypePJ 005)."""
    tiers, montant = make_personne(c.alea), c.alea.randint(9_000, 180_000)
    compte, quoi = c.alea.choice(
        (("6511211", "Prestation de compensation du handicap"), ("65111", "Aide à l'enfance"),
         ("65131", "Bourse départementale"))
    )  # fmt: skip
    objet = f"{quoi} {jour.month:02d}/{jour.year}"
    piece = Piece(c.next_piece(), "01", "01", objet,
                  [Ligne(montant, 0, compte, tiers, "52", libelle=objet)])  # fmt: skip
    reference = f"AS{c.exercice}{c.budget.codcol}{piece.numero:06d}"
    b, phrases = c.budget, [
        f"Bénéficiaire : {tiers.nom_complet}, {tiers.adresse}, {tiers.code_postal} {tiers.ville}",
        f"Une aide de {format_papier(montant)} euros est accordée au titre de : {quoi}.",
        "Cette décision peut faire l'objet d'un recours administratif préalable.",
    ]  # fmt: skip
    add(piece, c.make_pj("aide_sociale", f"Decision_{reference}.pdf", f"Décision {reference}",
                         lambda: make_decision_pdf(b, "DÉCISION D'AIDE SOCIALE", reference, jour,
                                                   phrases), "005"))  # fmt: skip
    return piece


def make_emprunt(c: Cellule, jour: dt.date) -> Piece:
    """A loan's instalment (NatPce 04): capital and interest, with the schedule."""
    capital, interets = c.alea.randint(400_000, 2_900_000), c.alea.randint(30_000, 400_000)
    numero = f"EMP{c.budget.codcol}{c.alea.randint(1, 9):02d}"
    objet, liens = f"Échéance emprunt {numero}", (("IdEmpruntOrdo", numero),)
    banque = make_banque()
    lignes = [
        Ligne(capital, 0, "1641", banque, libelle=objet, mode="10", liens=liens),
        Ligne(interets, 0, "66111", banque, libelle=objet, mode="10", liens=liens),
    ]
    piece = Piece(c.next_piece(), "01", "04", objet, lignes)
    phrases = [
        f"Contrat de prêt {numero}, prêteur {banque.nom}.",
        f"Capital : {format_papier(capital)} EUR. Intérêts : {format_papier(interets)} EUR.",
        f"Échéance du {jour.day:02d}/{jour.month:02d}/{jour.year}, taux fixe.",
    ]
    b = c.budget
    add(
        piece,
        c.make_pj(
            "echeancier",
            f"Echeancier_{numero}.pdf",
            f"Échéancier {numero}",
            lambda: make_decision_pdf(b, "AVIS D'ÉCHÉANCE", numero, jour, phrases),
        ),
    )
    return piece


def make_regie(c: Cellule, jour: dt.date) -> Piece:
    """Refund of an imprest account (NatPce 05, IdRegie), with its statement."""
    tiers, montant = make_personne(c.alea), c.alea.randint(4_000, 60_000)
    regie = f"RA{c.budget.codcol}"
    objet = f"Reconstitution de la régie d'avances {regie}"
    ligne = Ligne(montant, 0, _compte(c, "60632", "6063", "60623"), tiers, c.fonction(),
                  libelle=objet, liens=(("IdRegie", regie),))  # fmt: skip
    piece = Piece(c.next_piece(), "01", "05", objet, [ligne])
    b, phrases = c.budget, [
        f"Régie d'avances {regie}, régisseur : {tiers.nom_complet}.",
        f"Total des dépenses justifiées : {format_papier(montant)} euros.",
    ]  # fmt: skip
    add(
        piece,
        c.make_pj(
            "etat_regie",
            f"Etat_regie_{piece.numero}.pdf",
            objet,
            lambda: make_decision_pdf(b, "ÉTAT DE RÉGIE", regie, jour, phrases),
        ),
    )
    return piece


def make_ordre(c: Cellule, jour: dt.date) -> Piece:
    """A pièce d'ordre budgétaire (TypPce 03): amortissement, never paid."""
    montant = c.alea.randint(100_000, 2_000_000)
    objet = f"Dotation aux amortissements {jour.year}"
    ligne = Ligne(montant, 0, "6811", _own(c), libelle=objet, mode="08",
                  liens=(("IdActif", f"INV{c.exercice}{c.dernier:05d}"),))  # fmt: skip
    return Piece(c.next_piece(), "03", "01", objet, [ligne])


Fabrique = Callable[[Cellule, dt.date], Piece]
RARES: dict[str, tuple[Fabrique, ...]] = {
    "commune": (make_subvention, make_paie, make_emprunt, make_regie, make_ordre),
    "EPCI": (make_subvention, make_paie, make_emprunt, make_ordre),
    "departement": (make_aide, make_aide, make_aide, make_paie, make_subvention),
    "CCAS": (make_aide, make_aide, make_regie, make_paie),
    "hopital": (make_paie, make_emprunt, make_ordre),
}
