"""What a criterion of early destruction costs a search: `python -m benchmarks.statuts`.

The same search with and without it, in one run: 1 000, 20 000, 200 000 PJ named by the criterion.
`--index URL`: on Elasticsearch instead of tantivy.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.orm import Session

from orc.access import Clearance
from orc.db import Database, Writing
from orc.domain import Domaine
from orc.index.engines.elasticsearch import open_elasticsearch
from orc.index.engines.tantivy import TantivyEngine
from orc.index.fields import STATUT, Genre
from orc.index.port import SearchEngine
from orc.index.query import DemandeFacette, Et, Mot, Query, Terme
from orc.index.record import Record
from orc.models import Bordereau, Decision, DecisionCourante, Flux, Lien, Piece, read_now
from orc.models import PieceJustificative as Pj
from orc.search.statuts import STATUTS, Informe
from tests.sql import make_budget, make_cellule, make_database

SIREN = "999000018"
LOT = 10_000
NOMBRES = {"suspendue": 1_000, "attente": 20_000, "permise": 200_000}
MOTS = ("eau", "gaz", "papier", "voirie", "école", "cantine", "toiture")
TOURS = 7


def put_rows(session: Writing, total: int) -> int:
    """One piece, and so many PJ that it cites, each decided; the cellule."""
    budget = make_budget(session, SIREN)
    cellule = make_cellule(session, budget, 2022, Domaine.ORDINAIRE)
    flux = Flux(
        id=1, sha256="1" * 64, taille=1, etat="lu", recu_le=read_now(), forme="aller", nom_fic="F",
        typ_fic="PESALR2", encodage="UTF-8", date_flux=date(2022, 6, 1), budget_id=budget.id,
    )  # fmt: skip
    decision = Decision(
        id=1, pj_id=1, decidee_le=read_now(), jour=date(2026, 1, 1), statut="refus", raisons="[]",
        empreinte="",
    )  # fmt: skip
    of = {"flux_id": 1, "budget_id": budget.id, "exercice": 2022, "sens": "depense"}
    bordereau = Bordereau(
        id=1, type_bordereau="01", numero="1", date_emission=date(2022, 4, 1), signe=True,
        nb_pieces_declare=0, ht_declare=0, tva_declare=0, **of,
    )  # fmt: skip
    session.add_all([flux, decision, bordereau])
    session.flush()
    session.add(
        Piece(
            id=1, bordereau_id=1, numero="1", type_bordereau="01", numero_bordereau="1",
            type_piece="01", nature_piece="01", objet="", ht=0, tva=0,
            cellule_id=cellule, domaine=Domaine.ORDINAIRE.value, nb_lignes=1,
            version=1, courante=True, **of,
        )
    )  # fmt: skip
    session.flush()
    for start in range(0, total, LOT):
        ids = range(start + 1, min(start + LOT, total) + 1)
        session.execute(insert(Pj), [_make_pj(i, budget.id) for i in ids])
        lien = {"flux_id": 1, "piece_id": 1, "siren": SIREN, "origine": "pj_ref"}
        liens = [{"id": i, "pj_id": i, "id_unique": f"P{i}", **lien} for i in ids]
        session.execute(insert(Lien), [row | {"cellule_id": cellule} for row in liens])
        session.execute(insert(DecisionCourante), [_make_decision(i) for i in ids])
    return cellule


def _make_pj(ident: int, budget_id: int) -> dict[str, object]:
    return {
        "id": ident, "flux_id": 1, "siren": SIREN, "budget_id": budget_id,
        "id_unique": f"P{ident}", "nom": f"{ident}.pdf", "sha256": f"{ident:064d}", "taille": 1,
        "debut": 0, "longueur": 1,
        "etat": "ok", "type_pj": "003", "domaine": Domaine.ORDINAIRE.value,
    }  # fmt: skip


def _make_decision(ident: int) -> dict[str, object]:
    """Words are spread over the archive: the numbers of one are not next to each other."""
    place, low = ident * 7_919 % sum(NOMBRES.values()), 0
    for mot, nombre in NOMBRES.items():
        if low <= place < low + nombre:
            return {
                "pj_id": ident, "decision_id": 1, "siren": SIREN, "statut": STATUTS[mot].value,
            }  # fmt: skip
        low += nombre
    raise AssertionError(place)


def make_records(total: int, cellule: int) -> Iterator[Record]:
    """A PJ each, of some words: one in seven says « eau »."""
    for i in range(1, total + 1):
        texte = f"facture {MOTS[i % 7]} numero {i}"
        values = {"texte": (texte,), "exercice": (2022,), "collectivite": (SIREN,)}
        yield Record(Genre.PJ, i, i, cellule, values, 1)


def time_it(work: Callable[[], object]) -> float:
    """The median, in milliseconds; once before, for nothing."""
    work()
    times = []
    for _ in range(TOURS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def measure(engine: SearchEngine, session: Session, clearance: Clearance) -> None:
    """Say what each costs, and how many times the search without it."""
    facets = tuple(DemandeFacette(c) for c in ("exercice", "collectivite", "type_pj", "format"))

    def ask(expression: Mot | Et, *more: DemandeFacette) -> int:
        query = Query(expression, Genre.PJ, facettes=(*facets, *more))
        return Informe(engine, session, clearance).search(query).total

    plain = time_it(lambda: ask(Mot("eau")))
    print(f"sans critère : {plain:.0f} ms, {ask(Mot('eau'))} PJ")
    for mot, nombre in NOMBRES.items():
        asked = Et((Mot("eau"), Terme(STATUT.name, mot)))
        taken = time_it(lambda asked=asked: ask(asked))  # type: ignore[misc]  # bound at once
        print(f"{nombre} PJ nommées : {taken:.0f} ms, {taken / plain:.1f} fois, {ask(asked)} PJ")
    counted = time_it(lambda: ask(Mot("eau"), DemandeFacette(STATUT.name)))
    print(f"avec les comptes de la facette : {counted:.0f} ms, {counted / plain:.1f} fois")


def run(engine: SearchEngine, database: Database) -> None:
    """Fill both, and measure."""
    total = sum(NOMBRES.values())
    with database.writing() as session:
        cellule = put_rows(session, total)
    engine.put(make_records(total, cellule))
    engine.commit()
    engine.release()
    cellules = frozenset({cellule})
    with database.reading() as session:
        measure(engine, session, Clearance(cellules, comptabilite=cellules))


def main() -> None:
    """Measure on the engine asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.statuts")
    parser.add_argument("--index", default="")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        database = make_database(Path(name) / "base")
        if asked.index:
            engine = open_elasticsearch(asked.index)
            try:
                run(engine, database)
            finally:
                engine.clear()
                engine.close()
        else:
            run(TantivyEngine(Path(name) / "index"), database)


if __name__ == "__main__":
    main()
