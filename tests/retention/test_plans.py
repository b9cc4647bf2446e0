"""How SQLite reads what a decision asks: from the PJ, whatever the size of the archive."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, event

from orc.db import Database
from orc.db.lists import LOT
from orc.models import Base
from orc.retention.decisions import decide_now
from tests.retention.archives import AUJOURD_HUI
from tests.retention.eliminables import make_monde
from tests.sql import make_database

# Tables that grow with the archive: none is read whole, nor from an index that does not choose.
GRANDES = {
    "acquit", "bordereau", "decision", "decision_courante", "emargement", "emplacement",
    "erreur_acquit", "flux", "lien", "ligne", "piece", "piece_justificative", "ref_compta",
    "retour_ligne", "retour_piece", "texte",
}  # fmt: skip
SANS_CHOIX = ("ix_flux_etat", "ix_texte_etat", "ix_fichier_etat")


@contextmanager
def listen(engine: Engine) -> Iterator[set[str]]:
    """The questions asked meanwhile."""
    heard: set[str] = set()

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            heard.add(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", note)


def find_faults(database: Database, heard: set[str]) -> set[str]:
    """The steps of SQLite's plans that read more than is asked, were whole lots asked for."""
    steps: set[str] = set()
    with database.engine.connect() as connection:
        for statement in heard:
            asked = re.sub(r"IN \(\?(, \?)*\)", f"IN ({', '.join('?' * LOT)})", statement)
            values = (None,) * asked.count("?")
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", values)
            steps |= {row.detail for row in plan}
    return {s for s in steps if _reads_too_much(s)}


def _reads_too_much(step: str) -> bool:
    verb, table, *_ = step.split()
    # flux_1 is flux, as the statement names it where it reads it twice.
    whole = verb == "SCAN" and table.rstrip("_0123456789") in GRANDES
    return whole or any(name in step for name in SANS_CHOIX)


def test_a_decision_reads_from_its_pj_and_never_a_whole_table(tmp_path: Path) -> None:
    assert Base.metadata.tables.keys() >= GRANDES
    database = make_database(tmp_path / "base")
    monde = make_monde(database, tmp_path / "flux", 3)
    with database.writing() as session, listen(database.engine) as heard:
        assert decide_now(session, sorted(monde.pj.values()), AUJOURD_HUI)
    assert len(heard) > 10
    assert find_faults(database, heard) == set()
    assert find_faults(database, {"SELECT taille FROM flux"}) == {"SCAN flux"}
    database.close()
