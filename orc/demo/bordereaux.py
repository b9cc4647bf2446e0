"""Pieces gathered in bordereaux: the planted ones first, then the ordinary ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from orc.demo.cas import CLAUSE_REPERE, list_cas
from orc.demo.cellule import DEPENSE, Cellule
from orc.demo.depense import make_mandat
from orc.demo.grille import reduce_piece
from orc.demo.marche import make_marche
from orc.demo.recette import make_titre
from orc.demo.valeurs import Bordereau, Marche, Piece

_PLANTES_PAR_BORDEREAU = 8
_ANNULATIONS = 0.05


def make_marches(c: Cellule, nombre: int) -> list[Marche]:
    """The contracts of a cell: where cases are planted on one, and one for 400 mandats."""
    plante = any(cas.make.__name__ == "_marche" for cas in list_cas(c))
    combien = 1 if plante else 0
    if c.sens == DEPENSE and c.budget.principal and c.budget.nomenclature == "M57":
        combien += min(nombre // 400, 40)
    jour = dt.date(c.exercice, 1, 5)
    return [
        make_marche(c, rang, jour, CLAUSE_REPERE if plante and rang == 1 else "")
        for rang in range(1, combien + 1)
    ]


def _close(c: Cellule, typ: str, jour: dt.date, pieces: list[Piece]) -> Bordereau:
    """A bordereau of these pieces; the yearly total runs over TypBord 01."""
    cumul = 0
    if typ == "01":
        c.cumul += sum(piece.ht + piece.tva for piece in pieces)
        cumul = c.cumul
    objet = "Rôle de la restauration scolaire" if typ == "06" else ""
    return Bordereau(c.exercice, c.next_bordereau(typ), typ, jour, pieces, cumul, objet)


def make_planted(c: Cellule) -> list[Bordereau]:
    """The bordereaux of the planted cases, one type and one lot in each."""
    pieces: list[Piece] = []
    for rang, cas in enumerate(list_cas(c)):
        jour = dt.date(c.exercice, 3, 3 + rang)
        faites = cas.make(c, jour)
        if len(faites) != cas.nombre:
            raise ValueError(f"{cas.cellule}: {len(faites)} pieces made, {cas.nombre} announced")
        pieces += faites
    groupes: dict[tuple[str, str], list[Piece]] = {}
    for piece in pieces:
        groupes.setdefault((piece.typ_bord, piece.lot), []).append(piece)
    bordereaux: list[Bordereau] = []
    for (typ, _), groupe in sorted(groupes.items(), key=lambda item: item[0]):
        for debut in range(0, len(groupe), _PLANTES_PAR_BORDEREAU):
            jour = dt.date(c.exercice, 4, 1 + len(bordereaux))
            tranche = groupe[debut : debut + _PLANTES_PAR_BORDEREAU]
            bordereaux.append(_close(c, typ, jour, tranche))
    return bordereaux


def make_ordinary(c: Cellule, nombre: int) -> Iterator[Bordereau]:
    """`nombre` ordinary pieces, 1 to 25 a bordereau, days and numbers growing, some cancelled."""
    fabriquer = make_mandat if c.sens == DEPENSE else make_titre
    faits = 0
    while faits < nombre:
        jour = c.day(faits / nombre)
        taille = min(nombre - faits, c.alea.randint(1, 25))
        pieces = [fabriquer(c, jour) for _ in range(taille)]
        faits += taille
        annulee = pieces[0]
        annule = faits < nombre and c.alea.random() < _ANNULATIONS and annulee.typ == "01"
        if annule:
            annulee.sort = "annule_apres" if c.sens == DEPENSE else "pec"
        yield _close(c, "01", jour, pieces)
        if annule:
            faits += 1
            objet = f"Réduction de la pièce {annulee.numero}"
            correctif = reduce_piece(c, annulee, "02", "06", objet)
            correctif.typ_bord = "02"
            yield _close(c, "02", jour + dt.timedelta(days=1), [correctif])


def make_renvois(bordereaux: list[Bordereau]) -> list[Bordereau]:
    """The bordereaux refused or rejected, sent again with the same numbers, corrected."""
    renvois = []
    for b in bordereaux:
        if any(p.sort in {"renvoye", "acquit_ko"} for p in b.pieces):
            pieces = [
                replace(p, sort="paye", pjs=[], reperes=[], casses=[], objet=f"{p.objet} (corrigé)")
                for p in b.pieces
            ]
            renvois.append(replace(b, pieces=pieces, date=b.date + dt.timedelta(days=21)))
    return renvois
