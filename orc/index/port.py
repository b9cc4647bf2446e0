"""What ORC asks of a search engine, whichever it is: tests/contracts says what each word means."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from orc.access import Clearance
from orc.index.query import Hits, Query, ValeurFacette
from orc.index.record import Record


class SearchEngine(Protocol):
    """Writers call put and remove, then commit; nothing is found before the commit."""

    @property
    def one_writer(self) -> bool:
        """Whether one process at a time may write."""
        ...

    def put(self, records: Iterable[Record]) -> None:
        """Replace every record of the pieces met: give all the records of a piece together."""
        ...

    def remove(self, piece_ids: Iterable[int]) -> None:
        """Take every record of these pieces away; an unknown piece is no error."""
        ...

    def clear(self) -> None:
        """Take everything away, before a rebuild."""
        ...

    def commit(self) -> Mapping[int, str]:
        """Make what was put and removed last and found; a no-op when nothing was.

        Gives the pieces that the engine refuses for what they hold, and why: they are not found.
        Raises Unavailable when nothing can be written now: everything is then to be put again.
        """
        ...

    def release(self) -> None:
        """Let another process write; what was put and not committed is to be put again."""
        ...

    def search(self, query: Query, *, clearance: Clearance) -> Hits:
        """Find, within the Clearance only. Raises Invalid on a cursor that is not its own."""
        ...

    def count(self, query: Query, *, clearance: Clearance) -> int:
        """How many records, exactly; cheaper than search."""
        ...

    def suggest(
        self, champ: str, debut: str, *, clearance: Clearance, taille: int = 10
    ) -> Sequence[ValeurFacette]:
        """The most frequent values of a facet, with a word that begins so, within the Clearance."""
        ...

    def find_versions(self, *, apres: int = -1, taille: int = 10_000) -> Sequence[tuple[int, int]]:
        """Read (piece_id, version) of the pieces held, by ascending piece_id: for reconcile."""
        ...

    def close(self) -> None:
        """Let go of files, locks and connections; what was not committed is to be put again."""
        ...


class Generations(Protocol):
    """The index that is searched, and others beside it: being built, or replaced and kept."""

    def start(self) -> SearchEngine:
        """An empty engine beside the one searched: only who holds it sees what it holds."""
        ...

    def switch(self, fresh: SearchEngine) -> SearchEngine:
        """Have `fresh` searched by everybody from now on; the engine to go on with.

        The one it replaces is kept. What is committed to it from now on raises Unavailable.
        """
        ...

    def remove_others(self) -> Sequence[str]:
        """Remove every index but the one searched; their names."""
        ...
