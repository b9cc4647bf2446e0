"""The tasks of OCR: each page is read once and kept; a kill in the middle costs one page."""

import logging
import time
from collections.abc import Iterable

from orc.db import Reading
from orc.errors import NotFound, OrcError
from orc.ingest.atelier import Atelier
from orc.ingest.ocr.children import Arrete, PageAOceriser
from orc.ingest.ocr.documents import (
    Attente,
    find_flux,
    find_read,
    find_waiting,
    find_waiting_of,
    get_waiting,
    has_waiting,
    iterate_waiting,
    read_texts,
    record_document,
    record_page,
)
from orc.silo import open_pj
from orc.silo.places import find_places
from orc.tasks import OCR, Ids

# Documents asked for at once.
BATCH = 500
# Seconds a task reads pages of one document before others have their turn.
TURN = 240.0
log = logging.getLogger(__name__)


def register_ocr(atelier: Atelier) -> None:
    """Give the broker the tasks of OCR."""

    def oceriser(sha256: str) -> None:
        _oceriser(atelier, sha256)

    def chercher_scans(apres: str) -> None:
        _enqueue_after(atelier, apres)

    def find_all() -> Iterable[Ids] | None:
        if atelier.tasks.in_process:
            return ()
        if not may_begin(atelier):
            return None  # another process may well read them: what failed there is not forgotten
        return ((sha256,) for sha256 in iterate_waiting(atelier.database))

    def find_start() -> Iterable[Ids]:
        # In process, messages take memory: a few documents at a time.
        if atelier.tasks.in_process and may_begin(atelier) and has_waiting(atelier.database):
            yield ("",)

    atelier.tasks.register(oceriser, queue=OCR, unfinished=find_all)
    atelier.tasks.register(chercher_scans, queue=OCR, unfinished=find_start)


def _oceriser(atelier: Atelier, sha256: str) -> None:
    tasks, oceriseur = atelier.tasks, atelier.oceriseur
    try:
        finished = oceriser_document(atelier, sha256, TURN)
    except OrcError as error:
        if not tasks.in_process:
            raise
        # Nothing else waits for it: it is found again at the next start.
        log.warning("Un document reste à océriser (%s…) : %s", sha256[:12], error)
        return
    if oceriseur.children.is_stopped():
        return
    if not finished:
        tasks.enqueue_now("oceriser", sha256)
    last = tasks.count(OCR) <= oceriseur.threads
    if last:
        oceriseur.children.release()
    if finished and (last or oceriseur.must_index()):
        tasks.enqueue_now("indexer")


def _enqueue_after(atelier: Atelier, apres: str) -> None:
    """Ask for the next documents, then for those after them."""
    found = find_waiting(atelier.database, apres, BATCH)
    for sha256 in found:
        atelier.tasks.enqueue_now("oceriser", sha256)
    if len(found) == BATCH:
        atelier.tasks.enqueue_now("chercher_scans", found[-1])


def enqueue_flux(atelier: Atelier, flux_id: int) -> None:
    """Ask for the scans that this flow brought, where they are to be read now.

    Those whose every page was read before (their text was extracted again) need no reading.
    """
    begin = may_begin(atelier)
    for sha256 in find_waiting_of(atelier.database, flux_id):
        if begin:
            atelier.tasks.enqueue_now("oceriser", sha256)
        else:
            _end_known(atelier, sha256)


def _end_known(atelier: Atelier, sha256: str) -> None:
    with atelier.database.reading() as session:
        waiting = get_waiting(session, sha256)
        known = find_read(session, sha256)
    if waiting is not None and known.keys() >= set(waiting.pages):
        record_document(atelier, waiting)


def may_begin(atelier: Atelier) -> bool:
    """Whether scans are to be read now: elsewhere by others, or here in the background."""
    if atelier.tasks.in_process and not atelier.oceriseur.background:
        return False
    return atelier.oceriseur.is_ready()


def oceriser_document(atelier: Atelier, sha256: str, seconds: float = float("inf")) -> bool:
    """Read the pages of a document that wait, for about `seconds`; False when some are left.

    Raises an OrcError when it cannot be opened, Unavailable where OCR cannot be done here.
    """
    with atelier.database.reading() as session:
        waiting = get_waiting(session, sha256)
        done = find_read(session, sha256)
    if waiting is None:
        return True
    left = [number for number in waiting.pages if number not in done]
    try:
        if left and not _read_pages(atelier, waiting, left, seconds):
            return False
    except Arrete:
        return True  # whoever starts next goes on
    return record_document(atelier, waiting)


def _read_pages(atelier: Atelier, waiting: Attente, left: list[int], seconds: float) -> bool:
    """Read these pages; False when the time or this process ends before the last."""
    tessdata = atelier.oceriseur.find()
    with atelier.database.reading() as session:
        octets = open_document(atelier, session, waiting.sha256)
    texts = read_texts(atelier.storage, waiting.sha256)[: waiting.nb_pages]
    end = time.monotonic() + seconds
    for number in left:
        if time.monotonic() > end or atelier.tasks.is_stopping():
            return False
        printed = texts[number - 1] if number <= len(texts) else ""
        page = PageAOceriser(octets, waiting.type_reel, number, printed)
        read = atelier.oceriseur.children.read_page(page, tessdata)
        record_page(atelier, waiting.sha256, number, read)
    return True


def open_document(atelier: Atelier, session: Reading, sha256: str) -> bytes:
    """The bytes of this document, from any flow that holds it. Raises the last refusal."""
    refusal: OrcError = NotFound("Aucun flux du silo ne contient plus ce document.")
    for pj in find_flux(session, sha256):
        for place in find_places(session, pj.flux_id):
            try:
                return open_pj(
                    atelier.open_silo(place.silo),
                    place.chemin,
                    place.membre,
                    pj.debut,
                    pj.longueur,
                    sha256,
                    limite=atelier.settings.pj_octets_max,
                )
            except OrcError as error:
                refusal = error
    raise refusal
