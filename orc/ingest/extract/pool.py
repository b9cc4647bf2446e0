"""The pool of children: documents in, Extractions out, whatever documents do to children."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from orc.errors import Invalid, Unavailable
from orc.ingest.extract.children import Child, ChildFailed
from orc.ingest.extract.protocol import (
    BadFrame,
    load_boxes,
    load_extraction,
    make_frame,
)
from orc.ingest.extract.values import Boxes, EtatTexte, Extraction, Limits
from orc.ingest.type_reel import MAILS

# One document read, one waiting in the pipe: the child never waits for its parent.
IN_FLIGHT = 2
# Documents asked for ahead of the one awaited, for each child, and their bytes altogether.
_AHEAD = 12
_HELD_OCTETS = 64 * 1024 * 1024
_CLOSED = "L’extraction est arrêtée."
LEFT_OUT = "L’extraction a été arrêtée avant la lecture de ce document."
_ALONE = "Le message a été lu sans ses documents joints. {}"
# Readings of one document that something else than ORC may end before it is left.
_KILLED_TIMES = 3
# Past this part of its memory a child is replaced between two documents.
_WORN = 0.6


class Document(NamedTuple):
    """Bytes to extract, the name they came with and their true type, where known."""

    octets: bytes
    nom: str = ""
    type_reel: str = ""


Answer = tuple[dict[str, Any], bytes]


@dataclass(slots=True, eq=False)
class _Job:
    order: dict[str, Any]
    octets: bytes
    future: "Future[Answer]" = field(default_factory=Future)
    retried: bool = False
    killed: int = 0


class ExtractionPool:
    """`workers` child processes that read hostile bytes; any thread may call any method.

    A child that is late, too large or dead costs its document a state, never the run: the next
    document gets a new child. Children end with this process, however it ends.
    """

    def __init__(self, limits: Limits | None = None, workers: int = 2) -> None:
        self._limits = limits or Limits()
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._idle = 0
        self._closed = False
        self._workers = workers
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the documents being read end, leave the others, end the children. May be repeated."""
        with self._changed:
            self._closed = True
            left = list(self._jobs)
            self._jobs.clear()
            self._changed.notify_all()
        for job in left:
            job.future.set_exception(Unavailable(LEFT_OUT))
        for thread in self._threads:
            thread.join()

    def extract(self, octets: bytes, nom: str = "", type_reel: str = "") -> Extraction:
        """The text of a document, or the state that says why there is none. Blocks.

        `nom` is the file name it came with, `type_reel` its MIME type if already found by content.
        Raises Unavailable once the pool is closed, nothing else.
        """
        return self.start(Document(octets, nom, type_reel))()

    def extract_many(self, documents: Iterable[Document]) -> Iterator[Extraction]:
        """Extractions in the order of `documents`, which is read only as children need it."""
        waiting: deque[Pending] = deque()
        window = _AHEAD * self._workers
        held = 0
        for document in documents:
            waiting.append(self.start(document))
            held += waiting[-1].size
            if len(waiting) >= window or held > _HELD_OCTETS:
                # Waking up once for many costs the children less than once for each.
                waiting[len(waiting) // 2].wait()
                while len(waiting) > window // 2 or (waiting and held > _HELD_OCTETS):
                    held -= waiting[0].size
                    yield waiting.popleft()()
        while waiting:
            yield waiting.popleft()()

    def start(self, document: Document) -> "Pending":
        """Begin a document without waiting; calling what is returned waits for its Extraction."""
        octets, limit = document.octets, self._limits.octets
        if not octets:
            return _Pending(Extraction(EtatTexte.VIDE, "Le fichier est vide."))
        if len(octets) > limit:
            motif = f"Le fichier fait {len(octets) // 1_000_000} Mo : au-delà de la limite."
            return _Pending(Extraction(EtatTexte.TROP_GRAND, motif, type_reel=document.type_reel))
        found = self._read("texte", document, octets)
        if document.type_reel in MAILS:
            # What is attached to a mail may kill its reader: its own text is read without.
            found.again = lambda: self._read("seul", document, octets)
        return found

    def _read(self, ordre: str, document: Document, octets: bytes) -> "_Pending":
        """Give a child the bytes of a document, or those of the answer Tika gave on it."""
        order = {"ordre": ordre, "nom": document.nom, "type_reel": document.type_reel}
        return _Pending(self._enqueue(order, octets), document.type_reel, len(octets))

    def find_boxes(self, octets: bytes, page: int, mots: Sequence[str]) -> Boxes:
        """Where `mots` (lower case, folded, as the index cuts words) stand on a PDF's 1-based page.

        Boxes are fractions of the page as shown, origin top left; `motif` says why there is none.
        """
        order = {"ordre": "mots", "page": page, "mots": list(mots)}
        try:
            said, _ = self._enqueue(order, octets).result()
            return load_boxes(said)
        except (ChildFailed, BadFrame) as error:
            return Boxes(0, 0, (), str(error))

    def render_page(self, octets: bytes, page: int, largeur: int) -> bytes:
        """PNG of the 1-based page of a PDF, TIFF, JPEG or PNG, `largeur` pixels wide (16 to 4000).

        Raises Invalid, with its French reason, when no image can be made.
        """
        order = {"ordre": "image", "page": page, "largeur": largeur}
        try:
            said, png = self._enqueue(order, octets).result()
        except (ChildFailed, BadFrame) as error:
            raise Invalid(str(error), f"page {page}") from error
        if not png:
            raise Invalid(str(said.get("motif")), f"page {page}")
        return png

    def _enqueue(self, order: dict[str, Any], octets: bytes) -> "Future[Answer]":
        job = _Job(order, octets)
        with self._changed:
            if self._closed:
                raise Unavailable(_CLOSED)
            self._jobs.append(job)
            if len(self._jobs) > self._idle and len(self._threads) < self._workers:
                thread = threading.Thread(target=self._work, name="extraction", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify()
        return job.future

    def _next(self, *, wait: bool) -> _Job | None:
        """The next job; without `wait` only what no idle worker would take. None: no more."""
        with self._changed:
            if not wait:
                return self._jobs.popleft() if len(self._jobs) > self._idle else None
            self._idle += 1
            while not self._jobs and not self._closed:
                self._changed.wait()
            self._idle -= 1
            return self._jobs.popleft() if self._jobs else None

    def _work(self) -> None:
        """One thread holds one child at a time and keeps it fed."""
        worker = _Worker(self._limits)
        try:
            while True:
                while worker.has_room() and (job := self._next(wait=not worker.flying)):
                    worker.send(job)
                if not worker.flying:
                    return
                worker.receive()
        except BaseException as error:
            worker.give_up_all(error)
            with self._changed:
                self._threads.remove(threading.current_thread())
            raise
        finally:
            worker.end()


class _Worker:
    """A child, the jobs it has in flight, and what becomes of them when it fails."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._child: Child | None = None
        self._answered = 0
        self.flying: deque[_Job] = deque()

    def has_room(self) -> bool:
        """Whether one more job may be sent: not to a child about to be replaced."""
        if len(self.flying) >= IN_FLIGHT:
            return False
        return self._child is None or not self._is_worn() or not self.flying

    def _is_worn(self) -> bool:
        child = self._child
        if child is None:
            return False
        worn = child.memory_ko > _WORN * self._limits.memoire_mo * 1024
        return worn or child.documents >= self._limits.documents_par_enfant

    def send(self, job: _Job) -> None:
        """Send a job to the child, a new one where there is none or it has served its time."""
        if self._child is not None and self._is_worn() and not self.flying:
            self.end()
        self.flying.append(job)
        self._send_again(job)

    def _send_again(self, job: _Job) -> None:
        if self._child is None:
            try:
                self._child = Child(self._limits)
            except OSError as error:
                motif = f"Le lecteur n’a pas pu être lancé ({error.strerror})."
                self.give_up_all(ChildFailed(EtatTexte.A_EXTRAIRE, motif))
                return
            self._answered = 0
        self._child.send(*make_frame(job.order, job.octets))

    def receive(self) -> None:
        """Wait for the oldest job in flight, and resolve it whatever happens."""
        child = self._child
        if child is None:
            return
        try:
            said, raw = child.read_answer()
        except ChildFailed as failure:
            self._give_up(failure)
            return
        self._answered += 1
        job = self.flying.popleft()
        if said.get("fin") is True:
            self.end()
            if self._retry(job):
                return
        job.future.set_result((said, raw))
        if self._child is None:
            self._resume()

    def _give_up(self, failure: ChildFailed) -> None:
        self.end()
        job = self.flying.popleft()
        if failure.dehors and job.killed < _KILLED_TIMES:
            job.killed += 1
            self.flying.appendleft(job)
            self._resume()
            return
        if failure.etat is not EtatTexte.DELAI and self._retry(job):
            return
        job.future.set_exception(failure)
        self._resume()

    def _retry(self, job: _Job) -> bool:
        """A child that had read others before may have been harmed by them: once more, alone."""
        if job.retried or not self._answered:
            return False
        job.retried = True
        self.flying.appendleft(job)
        self._resume()
        return True

    def _resume(self) -> None:
        """Send what was in flight to a new child."""
        for job in tuple(self.flying):
            if job in self.flying:
                self._send_again(job)

    def give_up_all(self, error: BaseException) -> None:
        """Nobody waits for ever: every job in flight fails for this reason."""
        while self.flying:
            self.flying.popleft().future.set_exception(error)

    def end(self) -> None:
        """End the child, if any."""
        if self._child is not None:
            self._child.kill()
            self._child = None


class Pending(Protocol):
    """An Extraction to come; `size`: the bytes held until then."""

    @property
    def size(self) -> int:
        """The bytes of its document, 0 once it is known."""

    def wait(self) -> None:
        """Wait until it is known, whatever it is."""

    def __call__(self) -> Extraction:
        """Wait for the Extraction."""


class _Pending:
    """An Extraction to come, or already known; call it to wait for it."""

    def __init__(
        self, given: "Future[Answer] | Extraction", type_reel: str = "", size: int = 0
    ) -> None:
        self._given = given
        self._type = type_reel
        self.size = size
        self.again: Callable[[], _Pending] | None = None

    def wait(self) -> None:
        """Wait until it is known, whatever it is."""
        if isinstance(self._given, Future):
            self._given.exception()

    def __call__(self) -> Extraction:
        """Wait for the Extraction."""
        if isinstance(self._given, Extraction):
            return self._given
        try:
            return load_extraction(*self._given.result())
        except ChildFailed as failure:
            if self.again is not None and failure.etat is not EtatTexte.A_EXTRAIRE:
                return replace(self.again()(), motif=_ALONE.format(failure.motif))
            return Extraction(failure.etat, failure.motif, type_reel=self._type)
        except BadFrame as error:
            motif = f"Le lecteur a donné une réponse anormale : {error}."
            return Extraction(EtatTexte.ILLISIBLE, motif, type_reel=self._type)
