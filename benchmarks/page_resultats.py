"""A whole page of results as the web asks for it: hits, facets, totals, passages, rows of SQL."""

import time
from collections.abc import Sequence

from sqlalchemy import select

from benchmarks.recherche import FACETTES
from orc.access import Clearance
from orc.bootstrap import Orc
from orc.models import Budget, Cellule
from orc.search.find import Question, find
from orc.search.resultats import find_resultats

QUESTIONS = (
    "électricité",
    "travaux voirie toiture",
    '"béton toiture"',
    "assain*",
    "F2023-004242",
    "1 234,56",
    "(chaudière OU vitrerie) mairie SAUF béton",
    "objet:voirie compte:60612 montant:100..200",
    "*",
)
TIMES = 20


def time_searches(orc: Orc) -> dict[str, dict[str, list[float]]]:
    """Milliseconds of each page, by reader and by question, after two to warm up."""
    return {
        reader: {texte: _time(orc, texte, clearance) for texte in QUESTIONS}
        for reader, clearance in _make_readers(orc).items()
    }


def _make_readers(orc: Orc) -> dict[str, Clearance]:
    query = select(Cellule.id, Budget.siren).join(Budget, Budget.id == Cellule.budget_id)
    with orc.database.reading() as session:
        rows = session.execute(query).all()
    sirens = sorted({row.siren for row in rows})
    return {
        "profil d’une collectivité": _see(rows, sirens[:1]),
        "profil d’un poste (la moitié)": _see(rows, sirens[: len(sirens) // 2 + 1]),
        "tout voir": _see(rows, sirens),
    }


def _see(rows: Sequence[tuple[int, str]], sirens: Sequence[str]) -> Clearance:
    return Clearance(frozenset(cellule for cellule, siren in rows if siren in sirens))


def _time(orc: Orc, texte: str, clearance: Clearance) -> list[float]:
    spent = []
    for _ in range(TIMES + 2):
        began = time.perf_counter()
        question = Question(texte, facettes=FACETTES)
        with orc.database.reading() as session:
            answer = find(orc.engine, session, orc.storage, question, clearance=clearance)
            find_resultats(session, answer.hits.hits, clearance=clearance)
        spent.append((time.perf_counter() - began) * 1000)
    return spent[2:]
