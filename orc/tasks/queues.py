"""The queues, how long things wait, and what every kind of task list offers."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from orc.db import Writing, call_after_commit
from orc.errors import Unavailable
from orc.traces import bind

# One queue per kind of work, so that a slow one never delays another.
FLUX, TEXTES, OCR, INDEX, MAIL = "flux", "textes", "ocr", "index", "mail"
QUEUES = (FLUX, TEXTES, OCR, INDEX, MAIL)

Id = int | str
Ids = tuple[Id, ...]
# None: this process cannot tell.
Unfinished = Callable[[], Iterable[Ids] | None]
SetAside = Callable[[Writing, Ids, str], None]


class PasEncore(Exception):
    """Raised by a task that must wait for something: it is asked for again, and did not fail."""

    def __init__(self, secondes: float) -> None:
        super().__init__(f"à refaire dans {secondes} s")
        self.secondes = secondes


class FileCoupee(Unavailable):
    """The broker does not answer. What was asked for is in SQL, and is asked for again later."""


@dataclass(frozen=True, slots=True)
class Delais:
    """How long things wait, in seconds, and how many tries are made.

    `veille`: the silence after which an ouvrier is dead. `premier` doubles at each new try, up
    to `plafond`. A cause that may pass is tried `essais_passagers` times, then every `repos`.
    `place`: how long a task waits for room before it gives its thread back, for `absence`.
    """

    veille: float = 30.0
    premier: float = 1.0
    plafond: float = 300.0
    essais: int = 3
    essais_passagers: int = 8
    repos: float = 900.0
    limite: float = 1500.0
    arret: float = 30.0
    place: float = 20.0
    absence: float = 5.0


@dataclass(frozen=True, slots=True)
class Tache:
    """A known task: a function that may run twice, its queue, and what of it SQL has unfinished.

    `set_aside` says in SQL that a person gave it up, and why. `seule`: never twice at once for
    the same ids; `unique`: one waiting message does for all.
    """

    nom: str
    function: Callable[..., None]
    queue: str
    unfinished: Unfinished
    set_aside: SetAside
    seule: bool
    unique: bool

    @property
    def known(self) -> bool:
        """Whether SQL knows what of it is unfinished."""
        return self.unfinished is not find_nothing


def find_nothing() -> Iterable[Ids]:
    """For a task of which SQL knows nothing: what a broker forgets of it is lost."""
    return ()


def change_nothing(session: Writing, ids: Ids, motif: str) -> None:
    """For a task that leaves nothing unfinished in SQL when it is given up."""
    del session, ids, motif


def make_cle(ids: Iterable[Id]) -> str:
    """The ids of a task as SQL keeps them."""
    return json.dumps(list(ids))


def tell_task(name: str, run: Callable[..., None]) -> Callable[..., None]:
    """The same task, named with its ids on each line of the technical log that it writes."""

    def run_told(*ids: Id) -> None:
        with bind(tache=name, cle=make_cle(ids)):
            run(*ids)

    return run_told


def read_cle(cle: str) -> Ids:
    """The ids of a task that SQL kept."""
    return tuple(json.loads(cle))


class Tasks(Protocol):
    """Work to do later. Messages carry ids; a task is a plain function that may run twice."""

    @property
    def in_process(self) -> bool:
        """Whether this process does its own work."""
        ...

    @property
    def taches(self) -> Mapping[str, Tache]:
        """The known tasks, by name."""
        ...

    def register(
        self,
        function: Callable[..., None],
        *,
        queue: str,
        unfinished: Unfinished = find_nothing,
        set_aside: SetAside = change_nothing,
        seule: bool = True,
        unique: bool = False,
    ) -> None:
        """Make this function callable by its name, on that queue.

        `unfinished` gives the ids that SQL says are still to be done: what a broker forgot is
        found there; None where this process cannot tell.
        `set_aside` makes them no longer unfinished, for a motive. `seule`: never done
        twice at once for the same ids, whatever processes there are. `unique`: the task takes no
        id and does all that waits.
        """
        ...

    def enqueue(self, session: Writing, name: str, *ids: Id) -> None:
        """Ask for this task once the transaction is committed."""
        ...

    def enqueue_now(self, name: str, *ids: Id) -> None:
        """Ask for this task: what it needs is already committed.

        A broker that is down is no error: SQL knows, and the task is asked for again.
        """
        ...

    def enqueue_unfinished(self, *, but: Collection[str] = ()) -> None:
        """Ask for everything that SQL says is unfinished, the tasks of these names left out."""
        ...

    def redo(self, session: Writing, name: str, cle: str) -> None:
        """Ask again for a task that failed, once committed; one no longer known is left alone."""
        ...

    def start(self) -> None:
        """Work in this process where that is how it is set; once is enough."""
        ...

    def stop(self) -> None:
        """Let the tasks under way end, start no other; what is left is found again."""
        ...

    def is_idle(self, *, but: str = "") -> bool:
        """Whether nothing waits nor runs, OCR and the queue `but` left out."""
        ...

    def count(self, queue: str) -> int:
        """How many tasks of this queue wait; in process, those that run are counted too."""
        ...

    def wait_for_room(self, queue: str, most: int) -> None:
        """Return once this queue holds few tasks; raise PasEncore when that takes long."""
        ...

    def wait(self, watch: Callable[[], None] = lambda: None) -> None:
        """Return when nothing is left to do; `watch` is called a few times a second meanwhile."""
        ...

    def is_stopping(self) -> bool:
        """Whether a long task should end now: what it leaves is done by another."""
        ...

    def hold(self, name: str, *ids: Id) -> AbstractContextManager[None]:
        """Do something alone among all processes; raise PasEncore when another does it."""
        ...

    def live(self) -> AbstractContextManager[None]:
        """What this process holds meanwhile is its own: it says that it lives."""
        ...


class Registry:
    """What every kind of task list has: names and their functions."""

    def __init__(self) -> None:
        self.taches: dict[str, Tache] = {}

    def register(
        self,
        function: Callable[..., None],
        *,
        queue: str,
        unfinished: Unfinished = find_nothing,
        set_aside: SetAside = change_nothing,
        seule: bool = True,
        unique: bool = False,
    ) -> None:
        """Make this function callable by its name, on that queue."""
        name = function.__name__
        tache = Tache(name, function, queue, unfinished, set_aside, seule, unique)
        self.taches[name] = tache
        self._prepare(tache)

    def _prepare(self, tache: Tache) -> None:
        """Make what sends and runs this task."""
        raise NotImplementedError

    def enqueue(self, session: Writing, name: str, *ids: Id) -> None:
        """Ask for this task once the transaction is committed."""
        call_after_commit(session, lambda: self.enqueue_now(name, *ids))

    def enqueue_now(self, name: str, *ids: Id) -> None:
        """Ask for this task."""
        raise NotImplementedError

    def enqueue_unfinished(self, *, but: Collection[str] = ()) -> None:
        """Ask for everything that SQL says is unfinished."""
        for tache in self.taches.values():
            for ids in () if tache.nom in but else tache.unfinished() or ():
                self.enqueue_now(tache.nom, *ids)

    def redo(self, session: Writing, name: str, cle: str) -> None:
        """Ask again for a task that failed, once committed; one no longer known is left alone."""
        if name in self.taches:
            self.enqueue(session, name, *read_cle(cle))

    def hold(self, name: str, *ids: Id) -> AbstractContextManager[None]:
        """In process nobody else does it."""
        del name, ids
        return nullcontext()

    def live(self) -> AbstractContextManager[None]:
        """In process nobody asks."""
        return nullcontext()
