"""A gel placed at any moment of an elimination: no line it holds is ever attested."""

import os
from pathlib import Path

from orc.db import Database
from tests.retention.courses import run_courses
from tests.retention.eliminables import make_monde

# 2 000 on the two databases; 10^5 by `python -m benchmarks.gels`.
PJ = 125
ESSAIS = int(os.environ.get("ESSAIS_GELS", "1000"))


def test_a_gel_wins_at_any_moment(database: Database, tmp_path: Path) -> None:
    monde = make_monde(database, tmp_path, PJ)
    bilan = run_courses(monde, ESSAIS)
    print(f"\n{database.engine.dialect.name} : {bilan}")
    assert bilan.essais >= ESSAIS
    assert bilan.tenues == 0
    assert bilan.ecartes + bilan.gels_apres == bilan.essais
    assert 0 < bilan.gels_apres < bilan.essais
