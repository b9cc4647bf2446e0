"""A large elimination, step by step: `python -m benchmarks.eliminations --lignes 10000`.

`--base postgresql`: on the PostgreSQL of scripts/serveurs, else on SQLite.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from orc.db import Database, open_engine
from orc.models import BordereauElimination
from orc.retention.eliminations import (
    Appel,
    Criteres,
    Etat,
    Geste,
    Regles,
    Saisie,
    Suite,
    add_eligibles,
    create_bordereau,
    do_geste,
)
from orc.retention.jobs import decide_waiting
from orc.settings import Settings
from scripts.recettes import parc
from tests.bases import make_postgresql
from tests.retention.eliminables import AUJOURD_HUI, COMMUNE, PV, Monde, make_monde
from tests.sql import make_database

T = TypeVar("T")
Row = tuple[str, float, str]
DELAI = 60
APRES = AUJOURD_HUI + timedelta(days=DELAI + 1)
# Who does what, on which day, with what is given.
CHEMIN = (
    (Geste.ANALYSER, "maire", AUJOURD_HUI, Saisie()),
    (Geste.PROPOSER, "maire", AUJOURD_HUI, Saisie()),
    (Geste.DEMANDER_VISA, "maire", AUJOURD_HUI, Saisie()),
    (Geste.VISER, "archiviste", AUJOURD_HUI, Saisie(reference="AD-2026-12")),
    (Geste.OUVRIR_DELAI, "maire", AUJOURD_HUI, Saisie()),
    (Geste.ATTESTER, "maire", APRES, Saisie(methode="Broyage", detruite_le=APRES, piece=PV)),
    (Geste.CONTRESIGNER, "secretaire", APRES, Saisie()),
    (Geste.CERTIFIER, "archiviste", APRES, Saisie()),
)


def measure(monde: Monde) -> Iterator[Row]:
    """The seconds of processor of each step of an elimination of all the PJ."""
    database, gens = monde.database, monde.gens

    def fill() -> int:
        with database.writing() as session:
            ident = create_bordereau(session, gens["maire"], COMMUNE, "Tout", today=AUJOURD_HUI)
            criteres = Criteres()
            add_eligibles(session, gens["maire"], ident, 1, criteres, today=AUJOURD_HUI)
            return ident

    ident, seconds = take(fill)
    yield "choisir et ajouter les lignes", seconds, "s"
    for geste, qui, day, saisie in CHEMIN:
        do = partial(act, monde, ident, geste, qui, day, saisie)
        suite, seconds = take(do)
        if suite.geste is Geste.VERIFIER:
            yield f"{geste.value} : lancer la vérification", seconds, "s"
            yield "vérifier, par la tâche de fond", take(partial(decide, database, day))[1], "s"
            suite, seconds = take(do)
        assert suite.geste is geste, suite
        yield geste.value, seconds, "s"
    with database.reading() as session:
        assert session.get_one(BordereauElimination, ident).etat == Etat.CERTIFIEE


def act(monde: Monde, ident: int, geste: Geste, qui: str, day: date, saisie: Saisie) -> Suite:
    """One step, as a request does it."""
    with monde.database.writing() as session:
        pas = session.get_one(BordereauElimination, ident).pas
        lecteur, regles = monde.gens[qui], Regles(DELAI)
        appel = Appel(session, monde.storage, lecteur, ident, pas, regles, day)
        return do_geste(appel, geste, saisie)


def decide(database: Database, day: date) -> None:
    """What the background task does of what is marked."""
    decide_waiting(database, Settings(), today=day)


def take(work: Callable[[], T]) -> tuple[T, float]:
    """What this gives, and the seconds of processor it took: the machine may do other things."""
    began = time.process_time()
    return work(), time.process_time() - began


@contextmanager
def open_base(kind: str, folder: Path) -> Iterator[Database]:
    """An empty database of this kind."""
    serveur = nullcontext() if kind == "sqlite" else make_postgresql(parc.start("postgresql"))
    with serveur as url:
        yield Database(open_engine(url)) if url else make_database(folder / "base")


def main() -> None:
    """Say how long each step takes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.eliminations")
    parser.add_argument("--lignes", type=int, default=10_000)
    parser.add_argument("--base", choices=("sqlite", "postgresql"), default="sqlite")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, open_base(asked.base, Path(name)) as database:
        monde = make_monde(database, Path(name) / "flux", asked.lignes)
        decide(database, AUJOURD_HUI)
        for what, value, unit in measure(monde):
            print(f"{what:<40}{value:8.2f} {unit}", flush=True)
        database.close()


if __name__ == "__main__":
    main()
