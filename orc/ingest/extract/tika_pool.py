"""The pool where a Tika server is set: it is asked first, and everything goes on without it."""

from collections.abc import Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import replace

from orc.errors import Unavailable
from orc.ingest.extract.archives import ARCHIVES
from orc.ingest.extract.parts import CARRIERS
from orc.ingest.extract.pool import LEFT_OUT, Document, ExtractionPool, Pending
from orc.ingest.extract.tika_merge import merge
from orc.ingest.extract.tika_server import TikaFailed, TikaServer, is_ours
from orc.ingest.extract.values import EtatTexte, Extraction, Limits
from orc.ingest.type_reel import find_type

# Ends the name of the reader where Tika should have read: such texts can be read again.
SANS_TIKA = "-sans-tika"
_NEITHER = "{} ; la bibliothèque embarquée ne le lit pas non plus. {}"


class TikaPool(ExtractionPool):
    """An ExtractionPool that gives Tika what ORC does not read better by itself.

    Requests wait in threads of this process, as many as children; answers are parsed by children.
    """

    def __init__(self, server: TikaServer, limits: Limits | None = None, workers: int = 2) -> None:
        super().__init__(limits, workers)
        self._server = server
        self._requests = ThreadPoolExecutor(workers, "tika")

    def start(self, document: Document) -> Pending:
        """Begin a document without waiting, by Tika when it is for it."""
        kind = document.type_reel or find_type(document.octets)
        if not self._server.takes(kind, len(document.octets)):
            return super().start(document)
        try:
            given = self._requests.submit(self._ask, document._replace(type_reel=kind))
        except RuntimeError as error:
            raise Unavailable(LEFT_OUT) from error
        return _Asked(given, len(document.octets))

    def close(self) -> None:
        """Leave the documents not asked for yet, then end the children. May be repeated."""
        self._server.stop()
        self._requests.shutdown(cancel_futures=True)
        super().close()

    def _ask(self, document: Document) -> Extraction:
        """By Tika, else by the embedded library, else the state that says why; never fails."""
        own: Extraction | None = None
        if document.type_reel in CARRIERS:
            own = super().start(document)()
            if not _needs_tika(own):
                return own
        try:
            found = self._ask_tika(document)
        except TikaFailed as error:
            return _explain(own or super().start(document)(), str(error))
        if own is not None:
            return merge(own, found)
        if found.etat is not EtatTexte.ILLISIBLE:
            return found
        # A file Tika cannot read may still be read by the embedded library.
        other = super().start(document)()
        return other if any(other.pages) else found

    def _ask_tika(self, document: Document) -> Extraction:
        """What Tika read, its answer parsed by a child; raises TikaFailed."""
        answer = self._server.read(document.octets, document.type_reel)
        found = self._read("tika", document, answer)()
        if found.extracteur != "tika":
            raise TikaFailed(found.motif.rstrip("."))
        return found


def _needs_tika(own: Extraction) -> bool:
    """Whether Tika may add to what ORC read of a mail or an archive by itself."""
    if own.etat is EtatTexte.TROP_GRAND or any(p.etat is EtatTexte.TROP_GRAND for p in own.parties):
        # What was refused as a bomb would end Tika's child, and other documents with it.
        return False
    if own.type_reel not in ARCHIVES or not own.parties:
        return True
    open_to_it = (p for p in own.parties if p.etat is not EtatTexte.PROTEGE)
    return any(not is_ours(part.type) for part in open_to_it)


def _explain(extraction: Extraction, why: str) -> Extraction:
    """An extraction made because Tika failed, that says so and can be found again."""
    said: Mapping[str, str] = {**extraction.metadonnees, "tika": f"{why}."}
    motif = extraction.motif
    if extraction.etat not in {EtatTexte.EXTRAIT, EtatTexte.SANS_TEXTE}:
        motif = _NEITHER.format(why, motif)
    name = (extraction.extracteur or "aucun") + SANS_TIKA
    return replace(extraction, extracteur=name, metadonnees=said, motif=motif)


class _Asked:
    """An Extraction to come from Tika."""

    def __init__(self, given: "Future[Extraction]", size: int) -> None:
        self._given = given
        self.size = size

    def wait(self) -> None:
        """Wait until it is known, whatever it is."""
        try:
            self._given.exception()
        except CancelledError:
            return

    def __call__(self) -> Extraction:
        """Wait for the Extraction; raises Unavailable when the pool was closed before it."""
        try:
            return self._given.result()
        except CancelledError as error:
            raise Unavailable(LEFT_OUT) from error
