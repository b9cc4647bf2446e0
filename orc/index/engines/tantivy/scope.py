"""What a Clearance is to one state of the index: the cheapest filter that says exactly the same.

Which cellules an index holds is read once per commit, from the very searcher that the filter is
used on: a filter made for one state never serves another.
"""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

import tantivy
from tantivy import Query as Native

from orc.access import Clearance
from orc.index.engines.tantivy.compile import Compiler

# Beyond, the engine counts no more values at once: the filter names every cellule.
CELLULES_MAX = 50_000
# So many ranges cost less than a set of values, whose words are looked up one by one.
_RANGES_MAX = 4
# Of so few, the union of their words costs less than a set (measured: 1 % instead of 16 % at 4 of
# 40), and tells phrases more than its bounds.
_FEW = 64
KEPT = 64


@dataclass(frozen=True, slots=True)
class Scope:
    """`seen`: what every hit meets; `hidden`: what none does; None: nothing to ask.

    `near` is met by all that may be seen, and by others: what phrases are put beside.
    """

    seen: Native | None
    hidden: Native | None
    near: Native | None


class View:
    """A searcher, the cellules of its documents, and the filters of the last Clearances."""

    def __init__(
        self, searcher: tantivy.Searcher, compiler: Compiler, most: int = CELLULES_MAX
    ) -> None:
        """`most`: so many cellules are told apart."""
        self._most = most
        self.searcher = searcher
        self._compiler = compiler
        self._held: Mapping[int, int] | None = None
        self._read = False
        self._kept: OrderedDict[frozenset[int], Scope | None] = OrderedDict()
        self._lock = Lock()

    def find_scope(self, clearance: Clearance) -> Scope | None:
        """The filter of this Clearance here; None: nothing of this index may be seen."""
        key = clearance.cellules
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            if not self._read:
                self._held, self._read = _read_held(self.searcher, self._most), True
            made = self._kept[key] = self._make(clearance)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return made

    def _make(self, clearance: Clearance) -> Scope | None:
        if self._held is None:
            return self._make_shown(clearance.ordered, worth_it=True)
        seen = [c for c in self._held if c in clearance.cellules]
        if not seen:
            return None
        if len(seen) == len(self._held):
            return Scope(None, None, None)
        ranges = find_ranges(tuple(self._held), seen)
        if len(ranges) <= _RANGES_MAX:
            exact = self._compiler.any([self._compiler.bounds("cellule_", *r) for r in ranges])
            return Scope(exact, None, exact)
        others = [c for c in self._held if c not in clearance.cellules]
        shown, hidden = (sum(self._held[c] for c in some) for some in (seen, others))
        # What is left out is read document by document: the smaller side of the two.
        if hidden <= shown and len(others) <= 2 * len(seen):
            return Scope(None, self._make_set(others), None)
        return self._make_shown(seen, worth_it=shown <= hidden)

    def _make_shown(self, cellules: Sequence[int], *, worth_it: bool) -> Scope:
        """`worth_it`: phrases are told what may be seen, being few documents of the index."""
        exact = self._make_set(cellules)
        if not worth_it:
            return Scope(exact, None, None)
        few = len(cellules) <= _FEW
        near = exact if few else self._compiler.bounds("cellule_", cellules[0], cellules[-1])
        return Scope(exact, None, near)

    def _make_set(self, cellules: Sequence[int]) -> Native:
        keys = self._compiler
        if len(cellules) > _FEW:
            return keys.keys("cellule_", cellules)
        return keys.any([keys.keys("cellule_", [cellule]) for cellule in cellules])


def _read_held(searcher: tantivy.Searcher, most: int) -> Mapping[int, int] | None:
    """How many documents each cellule has, in order; None: too many cellules to know them all."""
    terms = {"field": "cellule_", "size": most, "segment_size": most}
    answer = searcher.aggregate(Native.all_query(), {"c": {"terms": terms}})["c"]
    if answer["sum_other_doc_count"]:
        return None
    return dict(sorted((int(b["key"]), int(b["doc_count"])) for b in answer["buckets"]))


def find_ranges(held: Sequence[int], seen: Collection[int]) -> list[tuple[int, int]]:
    """The bounds, both included, between which every cellule held is seen; `seen` in order."""
    found: list[tuple[int, int]] = []
    last = -1
    for cellule in seen:
        rank = bisect_left(held, cellule)
        if found and rank == last + 1:
            found[-1] = (found[-1][0], cellule)
        else:
            found.append((cellule, cellule))
        last = rank
    return found
