"""The referential of the invented world, as an operator would import it.

It shows the two rules: the CCAS that the commune took over, a poste that another took over.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from orc.demo.referentiel import (
    BUDGETS,
    CCAS,
    COLLECTIVITES,
    POSTES,
    ROCHEBRUNE,
    SGC,
    TRESORERIE,
)

DEPARTEMENT = "99"
DEPUIS = "2010-01-01"
FIN_TRESORERIE = "2024-12-31"
APRES_TRESORERIE = "2025-01-01"


def make_fichiers() -> list[tuple[str, bytes]]:
    """The six files: their names and bytes."""
    return [
        _make("departements.csv", "departement;libelle", [(DEPARTEMENT, "Avelle")]),
        _make(
            "collectivites.csv",
            "siren;libelle;departement",
            ((c.siren, c.nom, DEPARTEMENT) for c in COLLECTIVITES),
        ),
        _make("postes.csv", "codique;libelle;departement;depuis;jusqu_a;repris_par", _postes()),
        _make(
            "archives.csv",
            "code;libelle;departement;courriel",
            [("AD99", "Archives départementales de l’Avelle", DEPARTEMENT, "")],
        ),
        _make(
            "successions.csv",
            "predecesseur;successeur;depuis",
            [(CCAS.siren, ROCHEBRUNE.siren, "2025-01-01")],
        ),
        _make("rattachements.csv", "siren;codique;depuis;jusqu_a", _rattachements()),
    ]


def write_fichiers(folder: Path) -> None:
    """Write them under this folder, to look at them or to import them elsewhere."""
    folder.mkdir(parents=True, exist_ok=True)
    for nom, octets in make_fichiers():
        (folder / nom).write_bytes(octets)


def _make(nom: str, colonnes: str, rows: Iterable[tuple[str, ...]]) -> tuple[str, bytes]:
    sortie = io.StringIO()
    lignes = csv.writer(sortie, delimiter=";", lineterminator="\n")
    lignes.writerow(colonnes.split(";"))
    lignes.writerows(rows)
    return nom, sortie.getvalue().encode()


def _postes() -> list[tuple[str, ...]]:
    closed = {TRESORERIE: (FIN_TRESORERIE, SGC.codique)}
    return [(p.codique, p.libelle, DEPARTEMENT, DEPUIS, *closed.get(p, ("", ""))) for p in POSTES]


def _rattachements() -> list[tuple[str, ...]]:
    """The paierie keeps the département's accounts, and the SGC what the trésorerie kept."""
    found = {b.collectivite.siren: b.poste for b in BUDGETS}
    rows: list[tuple[str, ...]] = []
    for siren, poste in found.items():
        if poste is TRESORERIE:
            rows.append((siren, poste.codique, DEPUIS, FIN_TRESORERIE))
            rows.append((siren, SGC.codique, APRES_TRESORERIE, ""))
        else:
            rows.append((siren, poste.codique, DEPUIS, ""))
    return rows
