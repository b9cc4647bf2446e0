"""kill -9 at every step of an elimination: the step is whole, or it is not there at all."""

import multiprocessing
import os
import signal
from pathlib import Path

from sqlalchemy import select

from orc.db import Database, open_engine
from orc.models import Base, BordereauElimination
from orc.retention.eliminations import (
    Appel,
    Criteres,
    Etat,
    Geste,
    Regles,
    Saisie,
    add_eligibles,
    create_bordereau,
    do_geste,
)
from tests.retention.eliminables import AUJOURD_HUI, COMMUNE, PV, Monde, make_monde

REGLES = Regles(delai_jours=0)
SAISIE = Saisie("Motif", "AD 1", "", "Broyage", AUJOURD_HUI, None, PV)
TABLES = (
    "bordereau_elimination", "ligne_elimination", "cellule_elimination", "etape_elimination",
    "journal", "message", "decision", "decision_courante", "a_decider",
)  # fmt: skip
STEPS = (
    ("analyser", "maire"),
    ("proposer", "maire"),
    ("demander_visa", "maire"),
    ("viser", "archiviste"),
    ("ouvrir_delai", "maire"),
    ("attester", "maire"),
    ("contresigner", "secretaire"),
    ("certifier", "archiviste"),
)


def read_tables(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of what an elimination writes."""
    with database.reading() as session:
        return {
            name: sorted(
                (tuple(row) for row in session.execute(select(Base.metadata.tables[name]))),
                key=str,
            )
            for name in TABLES
        }


def do(database: Database, monde: Monde, geste: str, qui: str, *, die: bool = False) -> None:
    """One act on the only bordereau; `die`: killed once it is written, before it is committed."""
    with database.writing() as session:
        row = session.scalars(select(BordereauElimination)).one()
        where = (session, monde.storage, monde.gens[qui], row.id, row.pas, REGLES, AUJOURD_HUI)
        do_geste(Appel(*where), Geste(geste), SAISIE)
        if die:
            os.kill(os.getpid(), signal.SIGKILL)


def kill_in(base: str, monde: Monde, geste: str, qui: str) -> None:
    """Another process, with a connection of its own, does this act and is killed."""

    def act() -> None:
        do(Database(open_engine(base)), monde, geste, qui, die=True)

    child = multiprocessing.get_context("fork").Process(target=act)
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL


def test_a_kill_at_any_step_leaves_nothing_of_it(
    base: str, database: Database, tmp_path: Path
) -> None:
    monde = make_monde(database, tmp_path, 3)
    with database.writing() as session:
        maire = monde.gens["maire"]
        ident = create_bordereau(session, maire, COMMUNE, "Liste", today=AUJOURD_HUI)
        add_eligibles(session, maire, ident, 1, Criteres(), today=AUJOURD_HUI)
    for rank, (geste, qui) in enumerate(STEPS):
        before = read_tables(database)
        kill_in(base, monde, geste, qui)
        assert read_tables(database) == before, geste
        do(database, monde, geste, qui)
        after = read_tables(database)
        assert len(after["etape_elimination"]) == 3 + rank
        assert len(after["journal"]) == len(before["journal"]) + 1
    (row,) = after["bordereau_elimination"]
    assert Etat.CERTIFIEE.value in row
    assert {r[5] for r in after["ligne_elimination"]} == {"detruite"}
