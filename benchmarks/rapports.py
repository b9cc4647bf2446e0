"""A large report beside its floor: `python -m benchmarks.rapports --lignes 300000`.

The floor: the same rows read by sqlite3 in one query and written by csv, in the same run.
"""

import argparse
import csv
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import insert
from sqlalchemy.orm import DeclarativeBase

from orc.access import Clearance, Lecteur
from orc.db import Database, Writing
from orc.domain import Domaine, Role
from orc.models import (
    Bordereau,
    Decision,
    DecisionCourante,
    Flux,
    GroupeCellules,
    Lien,
    MembreGroupe,
    Piece,
    PieceJustificative,
    read_now,
)
from orc.retention.decide import Decision as Decidee
from orc.retention.decide import Raison, Statut
from orc.retention.raisons import dump_raisons
from orc.retention.rapports.archives import RapportDonne, give_rapport, read_octets
from orc.retention.rapports.composer import Demande, make_feuille
from orc.retention.rapports.feuille import Forme, Genre
from orc.retention.rules import REGLES
from orc.storage import Storage
from tests.sql import make_budget, make_cellule, make_database
from web.pages.rapports import cut_tableau

T = TypeVar("T")
Row = tuple[str, float, str]
JOUR = date(2026, 11, 23)
EXERCICES = range(2018, 2024)
LOT, ODS_MAX = 10_000, 300_000
# Each PJ is refused by so many tests, as one is whose collectivité declared nothing.
MOTIFS = ("1", "2", "3", "6", "8", "9a", "10", "14")
PLANCHER = (
    "SELECT p.siren, (SELECT max(i.exercice) FROM lien l JOIN piece i ON i.id = l.piece_id "
    "WHERE l.pj_id = p.id), p.id_unique, p.nom, d.raisons, d.jour, p.taille "
    "FROM decision_courante c JOIN piece_justificative p ON p.id = c.pj_id "
    "JOIN decision d ON d.id = c.decision_id WHERE c.statut = 'refus' ORDER BY p.id"
)


def put_fonds(session: Writing, lignes: int, siren: str = "999000018") -> list[int]:
    """So many PJ of a collectivité, each of its own mandat, each refused; its cellules."""
    budget = make_budget(session, siren)
    cellules = [make_cellule(session, budget, e, Domaine.ORDINAIRE) for e in EXERCICES]
    groupes = [_put_groupe(session, cellule) for cellule in cellules]
    flux = Flux(
        sha256=f"{siren:0>64}", taille=1, etat="lu", recu_le=read_now(), forme="aller", nom_fic="F",
        typ_fic="PESALR2", encodage="UTF-8", date_flux=date(2022, 6, 1), budget_id=budget.id,
    )  # fmt: skip
    session.add(flux)
    session.flush()
    of = {"flux_id": flux.id, "budget_id": budget.id}
    for start in range(0, lignes, LOT):
        ids = range(start + 1, min(start + LOT, lignes) + 1)
        places = [(i, i % len(cellules)) for i in ids]
        _put_rows(session, Bordereau, [_make_bordereau(i, of) for i in ids if i % 100 == 1])
        _put_rows(session, Piece, [_make_piece(i, cellules[n], n, of) for i, n in places])
        _put_rows(session, PieceJustificative, [_make_pj(i, siren, of) for i in ids])
        _put_rows(session, Lien, [_make_lien(i, siren, cellules[n], flux.id) for i, n in places])
        _put_rows(session, Decision, [_make_decision(i) for i in ids])
        _put_rows(session, DecisionCourante, [_make_now(i, siren, groupes[n]) for i, n in places])
    return cellules


def _put_rows(
    session: Writing, table: type[DeclarativeBase], rows: list[dict[str, object]]
) -> None:
    if rows:
        session.execute(insert(table), rows)


def _put_groupe(session: Writing, cellule: int) -> int:
    groupe = GroupeCellules(cle=str(cellule))
    session.add(groupe)
    session.flush()
    session.add(MembreGroupe(cellule_id=cellule, groupe_id=groupe.id))
    return groupe.id


def _make_bordereau(i: int, of: dict[str, int]) -> dict[str, object]:
    return {
        "id": (i - 1) // 100, "exercice": 2022, "sens": "depense", "type_bordereau": "01",
        "numero": str(i // 100), "date_emission": date(2022, 4, 1), "signe": True, **of,
    }  # fmt: skip


def _make_piece(i: int, cellule: int, rank: int, of: dict[str, int]) -> dict[str, object]:
    return {
        "id": i, "bordereau_id": (i - 1) // 100, "exercice": EXERCICES[rank], "sens": "depense",
        "type_bordereau": "01", "numero_bordereau": str(i // 100), "numero": str(i),
        "type_piece": "01", "nature_piece": "01", "ht": 1000, "tva": 200, "nb_lignes": 1,
        "cellule_id": cellule, "domaine": Domaine.ORDINAIRE.value, **of,
    }  # fmt: skip


def _make_pj(i: int, siren: str, of: dict[str, int]) -> dict[str, object]:
    return {
        "id": i, "siren": siren, "id_unique": f"2022-PJ-{i:08d}", "nom": f"Facture_{i}.pdf",
        "type_pj": "007", "debut": 0, "longueur": 1, "sha256": f"{i:064x}", "taille": 40_000,
        "etat": "ok", "domaine": Domaine.ORDINAIRE.value, **of,
    }  # fmt: skip


def _make_lien(i: int, siren: str, cellule: int, flux_id: int) -> dict[str, object]:
    return {
        "id": i, "flux_id": flux_id, "piece_id": i, "pj_id": i, "id_unique": f"2022-PJ-{i:08d}",
        "siren": siren, "cellule_id": cellule, "origine": "pj_ref",
    }  # fmt: skip


def _make_decision(i: int) -> dict[str, object]:
    raisons = tuple(
        Raison(REGLES[numero], Statut.REFUS, f"rien ne le dit du mandat {i}, ni de son bordereau")
        for numero in MOTIFS
    )
    said = dump_raisons(Decidee(Statut.REFUS, raisons))
    return {
        "id": i, "pj_id": i, "decidee_le": read_now(), "jour": JOUR, "statut": "refus",
        "raisons": said, "empreinte": f"{i:064x}",
    }  # fmt: skip


def _make_now(i: int, siren: str, groupe: int) -> dict[str, object]:
    return {
        "pj_id": i, "decision_id": i, "siren": siren, "statut": "refus", "motif": "1",
        "motifs": f",{','.join(MOTIFS)},", "groupe_id": groupe, "octets": 40_000, "jour": JOUR,
        "regle": "PJ-DEPENSE", "sort_final": "D", "libre": date(2033 + i % 5, 1, 1),
    }  # fmt: skip


def read_rss() -> int:
    """What this process holds of its own, in megabytes: files projected in memory left out."""
    said = Path("/proc/self/status").read_text(encoding="ascii")
    return int(said.partition("RssAnon:")[2].split()[0]) // 1024


class Gardien(Storage):
    """A storage that notes what the process holds each time it keeps a piece of a report."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"file://{folder}")
        self.seen: list[int] = []

    def put_bytes(self, key: str, data: bytes) -> None:
        """Keep them, and note."""
        super().put_bytes(key, data)
        self.seen.append(read_rss())


def take(work: Callable[[], T]) -> tuple[T, float]:
    """What this gives, and the seconds of processor it took."""
    began = time.process_time()
    return work(), time.process_time() - began


def write_floor(base: Path, out: Path) -> int:
    """The same rows, read by sqlite3 and written by csv; how many."""
    count = 0
    with closing(sqlite3.connect(base)) as connection, out.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        for row in connection.execute(PLANCHER):
            writer.writerow(row)
            count += 1
    return count


def measure(database: Database, folder: Path, cellules: frozenset[int]) -> Iterator[Row]:
    """The floor, then the reports and their screens: seconds of processor, and memory."""
    base = folder / "base" / "orc.sqlite"
    lignes, floor = take(lambda: write_floor(base, folder / "plancher.csv"))
    yield f"plancher : {lignes} lignes", floor, "s"
    storage = Gardien(folder / "gardes")
    lecteur = Lecteur(
        1,
        "a",
        "Archiviste",
        frozenset({Role.ARCHIVISTE}),
        Clearance(frozenset(), territoire=cellules),
    )

    def give(genre: Genre, forme: Forme = Forme.CSV) -> RapportDonne:
        return give_rapport(database, storage, lecteur, Demande(genre), forme, JOUR)

    given, seconds = take(lambda: give(Genre.REFUS))
    yield "refus, CSV", seconds, "s"
    yield "refus, CSV, rapporté au plancher", seconds / floor, "fois"
    yield "mémoire propre au tiers", storage.seen[len(storage.seen) // 3], "Mo"
    yield "mémoire propre à la fin", storage.seen[-1], "Mo"
    read = take(lambda: sum(map(len, read_octets(storage, given))))[1]
    yield "relecture du rapport gardé", read, "s"
    yield "échéancier, CSV", take(lambda: give(Genre.ECHEANCIER))[1], "s"
    for genre in (Genre.REFUS, Genre.ECHEANCIER, Genre.ETATS):
        yield f"écran : {genre.value}", take(partial(show, database, cellules, genre))[1], "s"
    if lignes <= ODS_MAX:
        yield "refus, ODS", take(lambda: give(Genre.REFUS, Forme.ODS))[1], "s"


def show(database: Database, cellules: frozenset[int], genre: Genre) -> None:
    """What the screen of a report reads."""
    with database.reading() as session:
        for tableau in make_feuille(session, cellules, Demande(genre), JOUR).tableaux:
            cut_tableau(tableau)


def main() -> None:
    """Fill a base, and say what its reports cost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rapports")
    parser.add_argument("--lignes", type=int, default=10_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = make_database(folder / "base")
        with database.writing() as session:
            cellules = frozenset(put_fonds(session, asked.lignes))
        for what, value, unit in measure(database, folder, cellules):
            print(f"{what:<40}{value:8.2f} {unit}", flush=True)
        database.close()


if __name__ == "__main__":
    main()
