"""Every triplet TypBord × TypPce × NatPce the norm allows, in dépense and in recette, once each."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from orc.demo.catalogue import ACHATS, Achat
from orc.demo.cellule import DEPENSE, Cellule
from orc.demo.depense import make_achat
from orc.demo.mandats import make_emprunt, make_ordre, make_paie, make_regie
from orc.demo.recette import make_titre, make_titre_de
from orc.demo.valeurs import Ligne, Piece, Rattachement

Triplet = tuple[str, str, str]

_FONCTIONNEMENT = ("01", "02", "03", "04", "05")


def _spread(typ: str, nats: str, bord: str = "01") -> list[Triplet]:
    return [(bord, typ, nat) for nat in nats.split()]


TRIPLETS_DEPENSE: tuple[Triplet, ...] = (
    *_spread("01", "01 02 03 04 05 11"), *_spread("02", "07 08 09"), *_spread("02", "06 10", "02"),
    *_spread("03", "01 02 03 04 18"), *_spread("04", "01 02 03 04"), *_spread("04", "06", "02"),
    *_spread("05", "01 02 03 04 05"), *_spread("06", "01 04"), *_spread("07", "01"),
    *_spread("08", "01 02 11"), *_spread("09", "01 02 12 13 14"),
    *_spread("10", "01 02 03 04 05 11"), *_spread("11", "01 02 14", "03"), *_spread("13", "01"),
    *_spread("13", "06", "02"),
)  # fmt: skip
TRIPLETS_RECETTE: tuple[Triplet, ...] = (
    *_spread("01", "01 02 03 04 05 11 18"), *_spread("02", "07 08 09"),
    *_spread("02", "06 10", "02"), *_spread("03", "01 02 03 04 18"), *_spread("04", "01 02 03 04"),
    *_spread("04", "06", "02"), *_spread("05", "01 02 03 04 05"), *_spread("06", "01"),
    *_spread("06", "06", "02"), *_spread("07", "01"), *_spread("10", "01 02"),
    *_spread("11", "01 02 04"), *_spread("12", "01 02 11", "03"), *_spread("14", "01"),
    *_spread("14", "06", "02"), *_spread("15", "01", "06"),
)  # fmt: skip
_CORRIGE = ("06", "07", "08", "10")
_MARCHES = ("12", "13", "14")


def reduce_piece(c: Cellule, origine: Piece, typ: str, nat: str, objet: str) -> Piece:
    """A piece that takes back part of `origine`, line by line, with its RattachPiece."""
    lignes = [
        replace(
            ligne, ht=max(1, ligne.ht // 2), tva=ligne.tva // 2, refs=[], libelle=objet,
            rattachement=Rattachement("01", c.exercice, origine.numero, rang),
        )
        for rang, ligne in enumerate(origine.lignes, 1)
    ]  # fmt: skip
    return Piece(c.next_piece(), typ, nat, objet, lignes)


def _annule_autre_sens(c: Cellule, jour: dt.date) -> Piece:
    """NatPce 09: a mandat that cancels a titre of a past year, or the reverse."""
    piece = make_achat(c, jour, _achat(c, "01")) if c.sens == DEPENSE else make_titre(c, jour)
    piece.refs, piece.pjs, piece.pj_libre = [], [], ""
    autre = Rattachement("02", c.exercice - 1, 1)
    compte = "673" if c.sens == DEPENSE else "7588"
    piece.lignes = [replace(piece.lignes[0], compte=compte, rattachement=autre)]
    piece.objet = f"Annulation sur exercice antérieur {c.exercice - 1}"
    return piece


def _achat(c: Cellule, nat: str) -> Achat:
    return next(a for a in ACHATS if a.nat == nat and c.budget.nomenclature in a.comptes)


def _mandat(c: Cellule, jour: dt.date, typ: str, nat: str) -> Piece:
    if nat == "11":
        return make_paie(c, jour)
    if nat == "04":
        return make_emprunt(c, jour)
    if nat == "05":
        return make_regie(c, jour)
    if nat in {"03", "18"} or typ in {"03", "13"}:
        return make_ordre(c, jour)
    return make_achat(c, jour, _achat(c, "02" if nat in {"02", *_MARCHES} else "01"))


def _titre(c: Cellule, jour: dt.date, nat: str) -> Piece:
    comptes = {"03": "28183", "04": "1641", "05": "7066", "11": "4091", "18": "775"}
    if nat in comptes:
        return make_titre_de(c, jour, comptes[nat], f"Recette de nature {nat}", "etat")
    return make_titre(c, jour, "02" if nat == "02" else "01")


def make_triplet(c: Cellule, jour: dt.date, triplet: Triplet) -> Piece:
    """A piece of that triplet, of amounts and third party that make sense for its nature."""
    bord, typ, nat = triplet
    if nat == "09":
        piece = _annule_autre_sens(c, jour)
    elif nat in _CORRIGE and c.recentes:
        objet = f"Correction {typ}/{nat} de la pièce {c.recentes[-1].numero}"
        piece = reduce_piece(c, c.recentes[-1], typ, nat, objet)
    else:
        piece = _mandat(c, jour, typ, nat) if c.sens == DEPENSE else _titre(c, jour, nat)
    if typ == "05" and c.sens == DEPENSE:
        piece.lignes = [_after_payment(c, ligne) for ligne in piece.lignes]
    piece.typ_bord, piece.typ, piece.nat = bord, typ, nat
    if typ == "15":
        piece.asap = "04"
    if bord == "01" and typ == "01" and nat in _FONCTIONNEMENT[:2]:
        c.recentes.append(piece)
    return piece


def _after_payment(c: Cellule, ligne: Ligne) -> Ligne:
    return replace(
        ligne, mode="04", rattachement=Rattachement("03", c.exercice, 900_000 + c.dernier)
    )
