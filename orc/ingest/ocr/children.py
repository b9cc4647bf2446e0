"""The children that read pages, one for each thread that asks, started when first needed."""

import contextlib
import os
import signal
import threading
from dataclasses import dataclass, replace

from orc.boxes import EtatPage, PageLue, load_page
from orc.errors import Invalid, Unavailable
from orc.ingest.extract.children import Child, ChildFailed
from orc.ingest.extract.clean import has_text
from orc.ingest.extract.protocol import make_frame
from orc.ingest.extract.values import EtatTexte, Limits
from orc.ingest.ocr.tessdata import LANGUE, Tessdata

_PROGRAM = "orc.ingest.ocr.child"
# Past this part of its memory, or so many pages, a child is replaced between two pages.
_WORN = 0.6
_PAGES = 500
# Readings of one page that something else than ORC may end before it is left.
_KILLED_TIMES = 3


class Arrete(Exception):
    """OCR is stopping: the page was not read, and will be by whoever starts next."""


@dataclass(frozen=True, slots=True)
class PageAOceriser:
    """A page (1-based) of a document; `imprime`: the text its file holds there, not read again."""

    octets: bytes
    type_reel: str
    page: int
    imprime: str = ""


@dataclass(slots=True)
class _Held:
    child: Child
    pages: int = 0


class OcrChildren:
    """Reads pages in confined processes that are killed when late; any thread may ask.

    A child belongs to the thread that started it, and dies with it. A page that harms its child
    costs itself only: it gets a state and a reason.
    """

    def __init__(self, limits: Limits, dpi: int) -> None:
        self._limits = limits
        self._dpi = dpi
        self._held: dict[int, _Held] = {}
        self._lock = threading.Lock()
        self._stopped = False
        # How many pages were read since the start, failures included.
        self.pages = 0

    def read_page(self, page: PageAOceriser, tessdata: Tessdata) -> PageLue:
        """The page as read, or its failure with a French reason.

        Raises Arrete when stopping, Unavailable when no child can be started.
        """
        read = replace(self._try(page, tessdata), imprime=page.imprime)
        with self._lock:
            self.pages += 1
        return read

    def _try(self, page: PageAOceriser, tessdata: Tessdata) -> PageLue:
        order = {
            "page": page.page,
            "type_reel": page.type_reel,
            "nu": has_text([page.imprime]),
            "dpi": self._dpi,
            "tessdata": tessdata.folder,
            "langue": LANGUE,
            "osd": tessdata.osd,
        }
        for _ in range(_KILLED_TIMES):
            fresh = self._is_fresh()
            try:
                return self._read(order, page.octets)
            except ChildFailed as failure:
                self._forget()
                if self._stopped:
                    raise Arrete from failure
                # A child that had read other pages may have been harmed by them.
                if failure.dehors or (not fresh and failure.etat is not EtatTexte.DELAI):
                    continue
                return PageLue(EtatPage(failure.etat), str(failure))
            except BaseException:
                # A task that lasts too long: the answer to come must not be taken for another's.
                self._forget()
                raise
        return PageLue(EtatPage.ILLISIBLE, "La lecture de la page a été arrêtée plusieurs fois.")

    def release(self) -> None:
        """End the child of this thread: nothing more is to be read for now."""
        self._forget()

    def stop(self) -> None:
        """End every child at once; pages being read raise Arrete, and no other is read."""
        with self._lock:
            self._stopped = True
            held = list(self._held.values())
        for one in held:
            _end(one.child)

    def is_stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped

    def _is_fresh(self) -> bool:
        held = self._held.get(threading.get_ident())
        return held is None or held.pages == 0

    def _read(self, order: dict[str, object], octets: bytes) -> PageLue:
        held = self._get()
        held.pages += 1
        held.child.send(*make_frame(order, octets))
        said, raw = held.child.read_answer()
        worn = held.child.memory_ko > _WORN * self._limits.memoire_mo * 1024
        if said.get("fin") is True or worn or held.pages >= _PAGES:
            self._forget()
        try:
            return load_page(raw)
        except Invalid as error:
            self._forget()
            motif = f"Le lecteur a donné une réponse anormale : {error}"
            return PageLue(EtatPage.ILLISIBLE, motif)

    def _get(self) -> _Held:
        me = threading.get_ident()
        with self._lock:
            if self._stopped:
                raise Arrete
            held = self._held.get(me)
        if held is None:
            held = _Held(_start(self._limits))
            with self._lock:
                self._held[me] = held
            if self.is_stopped():
                _end(held.child)
        return held

    def _forget(self) -> None:
        with self._lock:
            held = self._held.pop(threading.get_ident(), None)
        if held is not None:
            held.child.kill()


def _start(limits: Limits) -> Child:
    try:
        return Child(limits, _PROGRAM)
    except OSError as error:
        motif = f"Le lecteur n’a pas pu être lancé ({error.strerror})."
        raise Unavailable(motif) from error


def _end(child: Child) -> None:
    """End the process of a child of another thread, which sees it end and forgets it."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGKILL)
