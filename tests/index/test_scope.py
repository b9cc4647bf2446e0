"""The filter of a Clearance on the embedded engine, whatever its shape: what may be seen."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc.index.engines.tantivy import TantivyEngine
from orc.index.engines.tantivy.scope import CELLULES_MAX, KEPT, View, find_ranges
from orc.index.query import Mot, Phrase, Query
from tests.contracts.records import clearance, find, make_record, put

# Every tenth cellule holds ten pieces: sides are weighed by documents too.
HELD = range(3, 603, 3)


def fill(engine: TantivyEngine) -> dict[int, int]:
    """The cellule of each piece."""
    made = {}
    for cellule in HELD:
        for _ in range(10 if cellule % 10 == 0 else 1):
            made[len(made) + 1] = cellule
    engine.put(make_record(n, "facture de gaz", cellule=c) for n, c in made.items())
    engine.commit()
    return made


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> TantivyEngine:
    made = TantivyEngine(tmp_path_factory.mktemp("index"))
    fill(made)
    return made


SEEN = {
    "everything": list(HELD),
    "more than the index holds": range(1000),
    "nothing that it holds": [1, 2, 700],
    "one": [9],
    "a run": range(30, 300),
    "two runs": [*range(30, 90), *range(200, 280)],
    "a few here and there": [3, 9, 30, 36, 60, 120, 300],
    "every other one": list(HELD)[::2],
    "nearly all": [c for c in HELD if c % 30],
    "all but a few": [c for c in HELD if c % 90],
    "a third, the heavy ones left out": [c for c in HELD if c % 10 and c % 9 == 0],
    "many of the light": [c for c in HELD if c % 10][::2],
    "the heavy ones": [c for c in HELD if c % 10 == 0],
}


@pytest.mark.parametrize("seen", SEEN.values(), ids=SEEN.keys())
@pytest.mark.parametrize("known", [True, False])
def test_what_is_found_is_what_may_be_seen(
    engine: TantivyEngine, seen: list[int], known: bool
) -> None:
    most = CELLULES_MAX if known else 10
    engine._view = View(engine._view.searcher, engine._compiler, most)
    numbers = [c for c in HELD for _ in range(10 if c % 10 == 0 else 1)]
    expected = {n for n, c in enumerate(numbers, 1) if c in set(seen)}
    for expression in (Mot("facture"), Phrase("facture de gaz")):
        assert engine.count(Query(expression), clearance=clearance(*seen)) == len(expected)
        found = find(engine, expression, cellules=list(seen), taille=1000)
        assert found == expected
    # The very same from what was kept.
    assert engine.count(Query(Mot("facture")), clearance=clearance(*seen)) == len(expected)


def test_a_cellule_that_comes_later_is_not_seen_by_a_filter_made_before(tmp_path: Path) -> None:
    engine = TantivyEngine(tmp_path)
    put(engine, make_record(1, "facture", cellule=1), make_record(2, "facture", cellule=2))
    assert find(engine, Mot("facture"), cellules=[1, 2]) == {1, 2}
    put(engine, make_record(3, "facture", cellule=3))
    assert find(engine, Mot("facture"), cellules=[1, 2]) == {1, 2}
    other = TantivyEngine(tmp_path)
    assert find(other, Mot("facture"), cellules=[1, 2, 3]) == {1, 2, 3}
    put(engine, make_record(4, "facture", cellule=4))
    assert find(other, Mot("facture"), cellules=[1, 2, 3]) == {1, 2, 3}


def test_the_filters_kept_are_bounded(engine: TantivyEngine) -> None:
    for rank in range(200):
        engine.count(Query(Mot("facture")), clearance=clearance(*range(rank + 1)))
    assert len(engine._view._kept) == KEPT


@given(held=st.sets(st.integers(0, 60)), seen=st.sets(st.integers(0, 60)))
def test_ranges_hold_all_that_is_seen_and_nothing_else(held: set[int], seen: set[int]) -> None:
    both = sorted(held & seen)
    ranges = find_ranges(sorted(held), both)
    within = [c for c in sorted(held) if any(low <= c <= high for low, high in ranges)]
    assert within == both
