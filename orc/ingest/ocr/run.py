"""Reading every scan that waits, at once, from the command line; reading some of them again."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import or_, select

from orc.boxes import load_page, make_page_key
from orc.db import Writing
from orc.errors import Invalid, NotFound, OrcError
from orc.ingest.atelier import Atelier
from orc.ingest.extract.values import EtatTexte
from orc.ingest.ocr.documents import GIVEN_UP, count_waiting, iterate_waiting, read_texts
from orc.ingest.ocr.jobs import oceriser_document
from orc.ingest.run import wait_for_index
from orc.models import LecturePage, Texte
from orc.tasks.queues import PasEncore

WATCH_SECONDS = 0.5
_REASONS = 3


@dataclass(frozen=True, slots=True)
class BilanOcr:
    """What one `orc ocr` did: documents and pages read, those left, why some could not be opened.

    `ailleurs`: documents that another process was reading.
    """

    documents: int
    pages: int
    restants: int
    echecs: int
    ailleurs: int
    motifs: tuple[str, ...]


def oceriser_all(
    atelier: Atelier,
    *,
    limite: int | None = None,
    watch: Callable[[int], None] = lambda _: None,
) -> BilanOcr:
    """Read every document that waits, or `limite` of them, then tell the index.

    `watch` is called a few times a second with the number of pages read. Raises Unavailable,
    which says what to install, where OCR cannot be done.
    """
    atelier.oceriseur.find()
    chosen = list(islice(iterate_waiting(atelier.database), limite))
    atelier.tasks.start()
    children = atelier.oceriseur.children
    before = children.pages
    threads = ThreadPoolExecutor(atelier.oceriseur.threads, thread_name_prefix="ocr")
    with atelier.tasks.live():
        try:
            waited = [threads.submit(_read_one, atelier, sha256) for sha256 in chosen]
            _follow(atelier, waited, lambda pages: watch(pages - before))
        except BaseException:
            children.stop()
            raise
        finally:
            threads.shutdown(cancel_futures=True)
    if atelier.tasks.in_process:
        wait_for_index(atelier)
    else:
        atelier.tasks.enqueue_now("indexer")
    return _make_bilan(atelier, [future.result() for future in waited], children.pages - before)


def _read_one(atelier: Atelier, sha256: str) -> str | None:
    """Nothing ("") once read, why it could not be opened, or None: another process reads it."""
    try:
        with atelier.tasks.hold("oceriser", sha256):
            oceriser_document(atelier, sha256)
    except PasEncore:
        return None
    except OrcError as error:
        return str(error)
    return ""


def _follow(
    atelier: Atelier, waited: list["Future[str | None]"], watch: Callable[[int], None]
) -> None:
    left = set(waited)
    while left:
        _, left = wait(left, timeout=WATCH_SECONDS)
        watch(atelier.oceriseur.children.pages)
        if atelier.oceriseur.must_index():
            atelier.tasks.enqueue_now("indexer")


def _make_bilan(atelier: Atelier, done: list[str | None], pages: int) -> BilanOcr:
    refused = [said for said in done if said]
    return BilanOcr(
        documents=sum(said == "" for said in done),
        pages=pages,
        restants=count_waiting(atelier.database).documents,
        echecs=len(refused),
        ailleurs=sum(said is None for said in done),
        motifs=tuple(dict.fromkeys(refused))[:_REASONS],
    )


def redo_pages(atelier: Atelier, sous: int) -> int:
    """Let pages that failed, or were read with less quality than `sous`, be read again.

    How many documents then wait; they stay found by what was read until they are read again.
    """
    chosen = or_(LecturePage.etat.in_(GIVEN_UP), LecturePage.qualite < sous)
    query = select(LecturePage.sha256).where(chosen, LecturePage.etat != "blanche").distinct()
    with atelier.database.reading() as session:
        digests = list(session.scalars(query))
    for sha256 in digests:
        with atelier.database.writing() as session:
            rows = session.scalars(
                select(LecturePage).where(LecturePage.sha256 == sha256, chosen)
            ).all()
            _redo(atelier, session, session.get_one(Texte, sha256), [row.page for row in rows])
            for row in rows:
                session.delete(row)
    return len(digests)


def _redo(atelier: Atelier, session: Writing, texte: Texte, numbers: list[int]) -> None:
    """What the file itself holds takes its place again: it must not be taken for what was read."""
    pages = list(read_texts(atelier.storage, texte.sha256))
    for number in numbers:
        if number <= len(pages):
            pages[number - 1] = _find_printed(atelier, texte.sha256, number)
    atelier.storage.put_pages(texte.sha256, pages)
    waiting = {int(n) for n in texte.pages_a_oceriser.split(",") if n}
    texte.pages_a_oceriser = ",".join(map(str, sorted(waiting | set(numbers))))
    if texte.extracteur == "tesseract" and texte.etat != EtatTexte.EXTRAIT:
        texte.etat = EtatTexte.A_OCERISER.value
    session.flush()


def _find_printed(atelier: Atelier, sha256: str, number: int) -> str:
    try:
        return load_page(atelier.storage.get_bytes(make_page_key(sha256, number))).imprime
    except (NotFound, Invalid):
        return ""
