"""Several processes on one PostgreSQL end as one alone would: nothing lost, nothing done twice."""

from collections import Counter
from pathlib import Path

from sqlalchemy import select

from orc.bootstrap import make_orc
from orc.models import AIndexer, Ecriture, Piece
from orc.settings import Settings
from tests.db.ouvriers import make_silo, open_orc, read_silo, start_ouvrier
from tests.faults.etat import read_archive
from tests.sql import prepare_data


def test_processes_that_read_one_silo_in_any_order_end_as_one_alone(
    base_pg: str, tmp_path: Path
) -> None:
    silo = make_silo(tmp_path / "silo", 24)
    alone = make_orc(Settings(data=str(prepare_data(tmp_path / "seul")), workers=1))
    read_silo(alone, str(silo), 0)
    wanted = read_archive(alone)
    alone.close()
    data = tmp_path / "data"
    ouvriers = [start_ouvrier(data, base_pg, silo, seed) for seed in (1, 2, 3)]
    for ouvrier in ouvriers:
        ouvrier.join()
    said = "".join(Path(f"{data}-{seed}.log").read_text() for seed in (1, 2, 3))
    assert [o.exitcode for o in ouvriers] == [0, 0, 0], said
    assert not said
    together = open_orc(data, base_pg, 1)
    found = read_archive(together)
    for table, rows in wanted.items():
        assert found[table] == rows, table
    with together.database.reading() as session:
        assert session.scalars(select(AIndexer.piece_id)).all() == []
        acts = Counter(map(tuple, session.execute(select(Ecriture.acte, Ecriture.objet))))
        tours = {p.id: p.tour for p in session.scalars(select(Piece).where(Piece.courante))}
    assert set(acts.values()) == {1}
    held: dict[int, int] = {}
    for seed in (1, 2, 3):
        orc = together if seed == 1 else open_orc(data, base_pg, seed)
        for piece_id, tour in orc.engine.find_versions():
            held[piece_id] = max(tour, held.get(piece_id, 0))
        orc.close()
    assert {p: held.get(p) for p in tours} == tours
