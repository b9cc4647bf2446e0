"""What SQL and the storage know of documents to OCR: which wait, what is done, the end of one."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from orc.boxes import EtatPage, PageLue, dump_page, load_page, make_page_key
from orc.db import Database, Reading, insert_missing
from orc.errors import Invalid, NotFound
from orc.ingest.atelier import Atelier
from orc.ingest.extract.clean import has_text
from orc.ingest.extract.nir import mask_nir
from orc.ingest.extract.values import EtatTexte
from orc.ingest.texts import mark_citing
from orc.models import LecturePage, PieceJustificative, Texte, read_now
from orc.storage import Storage

Pj = PieceJustificative
GIVEN_UP = frozenset(EtatPage) - {EtatPage.LUE, EtatPage.BLANCHE, EtatPage.SANS_MOT}
_NAMED_PAGES = 12
_LOOK = 1000


@dataclass(frozen=True, slots=True)
class Attente:
    """A document some pages of which wait for OCR (1-based), those already read included."""

    sha256: str
    etat: str
    motif: str
    type_reel: str
    extracteur: str
    nb_pages: int
    pages: tuple[int, ...]
    marque: str


@dataclass(frozen=True, slots=True)
class Reste:
    """How much waits for OCR."""

    documents: int
    pages: int


def find_waiting(database: Database, apres: str, limite: int) -> list[str]:
    """The digests after `apres` of at most `limite` documents that wait, in order."""
    query = select(Texte.sha256).where(Texte.sha256 > apres, *_waits())
    with database.reading() as session:
        return list(session.scalars(query.order_by(Texte.sha256).limit(limite)))


def iterate_waiting(database: Database) -> Iterator[str]:
    """The digests of every document that waits, in order, a few read at a time."""
    apres = ""
    while found := find_waiting(database, apres, _LOOK):
        yield from found
        apres = found[-1]


def find_waiting_of(database: Database, flux_id: int) -> list[str]:
    """The digests of the documents of this flow that wait, in order."""
    query = (
        select(Texte.sha256)
        .join(Pj, Pj.sha256 == Texte.sha256)
        .where(Pj.flux_id == flux_id, Texte.pages_a_oceriser != "")
        .distinct()
        .order_by(Texte.sha256)
    )
    with database.reading() as session:
        return list(session.scalars(query))


def has_waiting(database: Database) -> bool:
    """Whether any document waits for OCR."""
    return bool(find_waiting(database, "", 1))


def count_waiting(database: Database) -> Reste:
    """How many documents and pages wait."""
    commas = func.length(Texte.pages_a_oceriser) - func.length(
        func.replace(Texte.pages_a_oceriser, ",", "")
    )
    with database.reading() as session:
        documents, pages = session.execute(
            select(func.count(), func.sum(commas + 1)).where(*_waits())
        ).one()
        done = session.scalar(
            select(func.count())
            .select_from(LecturePage)
            .join(Texte, Texte.sha256 == LecturePage.sha256)
            .where(Texte.pages_a_oceriser != "")
        )
    return Reste(documents, max(0, (pages or 0) - (done or 0)))


def _waits() -> tuple[ColumnElement[bool], ...]:
    """What is true of documents that wait."""
    return (
        Texte.pages_a_oceriser != "",
        select(Pj.id).where(Pj.sha256 == Texte.sha256).exists(),
    )


def get_waiting(session: Session, sha256: str) -> Attente | None:
    """The document of this digest; None where none of its pages waits any more."""
    texte = session.get(Texte, sha256)
    if texte is None or not texte.pages_a_oceriser:
        return None
    pages = sorted({int(n) for n in texte.pages_a_oceriser.split(",") if n.isdecimal()} - {0})
    return Attente(
        sha256,
        texte.etat,
        texte.motif,
        texte.type_reel,
        texte.extracteur,
        texte.nb_pages,
        tuple(pages),
        texte.pages_a_oceriser,
    )


def find_read(session: Session, sha256: str) -> dict[int, LecturePage]:
    """The pages of a document that OCR has done, by number."""
    rows = session.scalars(select(LecturePage).where(LecturePage.sha256 == sha256))
    return {row.page: row for row in rows}


def find_flux(session: Reading, sha256: str) -> list[Pj]:
    """Every PJ that is this document, one a flow."""
    found = session.scalars(select(Pj).where(Pj.sha256 == sha256).order_by(Pj.id))
    return list({pj.flux_id: pj for pj in found}.values())


def record_page(atelier: Atelier, sha256: str, number: int, page: PageLue) -> None:
    """Keep a page read: its words first, then the row that says it is done."""
    atelier.storage.put_bytes(make_page_key(sha256, number), dump_page(page))
    row = {
        "sha256": sha256,
        "page": number,
        "etat": page.etat.value,
        "motif": page.motif,
        "qualite": page.qualite,
        "nb_mots": len(page.mots),
        "nir": page.nir,
        "lecteur": page.lecteur,
        "quand": read_now(),
    }
    with atelier.database.writing() as session:
        insert_missing(session, LecturePage, [row])


def record_document(atelier: Atelier, waiting: Attente) -> bool:
    """Every page is done: put the text together, its state, and give its pieces a new turn.

    False where a page that was kept is lost: it is to be read again. Nothing is done twice where
    another ended it meanwhile.
    """
    pages = _load_pages(atelier, waiting)
    if pages is None:
        return False
    stored = _put_together(atelier, waiting, pages)
    limit = atelier.settings.extraction_caracteres
    stored, cut = _bound(stored, limit)
    total = max(waiting.nb_pages, *waiting.pages)
    etat, motif = decide_state(waiting, pages, stored[:total])
    if cut:
        etat, motif = EtatTexte.TROP_GRAND, f"Le texte dépasse {limit} signes : il est coupé."
    if stored:
        atelier.storage.put_pages(waiting.sha256, stored)
    by_tesseract = "tesseract" if waiting.etat == EtatTexte.A_OCERISER else "+tesseract"
    values: dict[str, object] = {
        "etat": etat.value,
        "motif": motif,
        "extracteur": (waiting.extracteur if by_tesseract[0] == "+" else "") + by_tesseract,
        "nb_pages": total,
        "nb_caracteres": sum(map(len, stored)),
        "pages_a_oceriser": "",
        "qualite": rate_pages(pages.values()),
    }
    if any(page.nir for page in pages.values()):
        values["nir"] = True
    _finish(atelier.database, waiting, values)
    return True


def _finish(database: Database, waiting: Attente, values: dict[str, object]) -> None:
    same = (Texte.sha256 == waiting.sha256, Texte.pages_a_oceriser == waiting.marque)
    with database.writing() as session:
        done = session.execute(
            update(Texte).where(*same).values(values).returning(Texte.sha256)
        ).all()
        if done:
            mark_citing(session, [waiting.sha256])


def _load_pages(atelier: Atelier, waiting: Attente) -> dict[int, PageLue] | None:
    """Every page as kept; None where one is lost, whose row goes too so that it is read again."""
    found: dict[int, PageLue] = {}
    lost: list[int] = []
    for number in waiting.pages:
        try:
            found[number] = load_page(
                atelier.storage.get_bytes(make_page_key(waiting.sha256, number))
            )
        except (NotFound, Invalid):
            lost.append(number)
    if not lost:
        return found
    with atelier.database.writing() as session:
        for number in lost:
            row = session.get(LecturePage, (waiting.sha256, number))
            if row is not None:
                session.delete(row)
    return None


def _put_together(atelier: Atelier, waiting: Attente, pages: dict[int, PageLue]) -> list[str]:
    """The document's own pages, what OCR read of some in its place, then those of its parts."""
    kept = read_texts(atelier.storage, waiting.sha256)
    own, parts = list(kept[: waiting.nb_pages]), kept[waiting.nb_pages :]
    own += [""] * (max(waiting.pages) - len(own))
    for number, page in pages.items():
        both = "\n".join(text for text in (page.imprime, page.texte) if text)
        own[number - 1] = mask_nir(both)[0]
    return [*own, *parts]


def read_texts(storage: Storage, sha256: str) -> tuple[str, ...]:
    """The pages of text kept for a document; () where there is none or it is damaged."""
    with suppress(NotFound, Invalid):
        return storage.get_pages(sha256)
    return ()


def _bound(pages: Sequence[str], room: int) -> tuple[list[str], bool]:
    kept = []
    for page in pages:
        kept.append(page[: max(room, 0)])
        room -= len(page)
    return kept, room < 0


def rate_pages(pages: Iterable[PageLue]) -> int | None:
    """How well a document was read, 0 to 100: the mean of its pages by words; None: no word."""
    read = [(len(page.mots), page.qualite) for page in pages if page.etat is EtatPage.LUE]
    total = sum(words for words, _ in read)
    return round(sum(words * sure for words, sure in read) / total) if total else None


def decide_state(
    waiting: Attente, pages: dict[int, PageLue], texts: Sequence[str]
) -> tuple[EtatTexte, str]:
    """The state of the document once OCR has seen `pages`, and what is to be said of it."""
    failed = {n: page for n, page in pages.items() if page.etat in GIVEN_UP}
    motif = " ".join(
        said
        for said in (
            _say(pages, EtatPage.BLANCHE, "blanche", "blanches"),
            _say(pages, EtatPage.SANS_MOT, "sans mot lisible", "sans mot lisible"),
            *(f"Page {n} : {page.motif}" for n, page in list(failed.items())[:3]),
            f"{len(failed) - 3} autres pages n’ont pas été lues." if len(failed) > 4 else "",
        )
        if said
    )
    before = EtatTexte(waiting.etat)
    if before is EtatTexte.EXTRAIT:
        return before, motif
    if before is not EtatTexte.A_OCERISER:
        return before, f"{waiting.motif} {motif}".strip()
    if has_text(texts):
        return EtatTexte.EXTRAIT, motif
    if failed:
        return EtatTexte(next(iter(failed.values())).etat.value), motif
    if all(page.etat is EtatPage.BLANCHE for page in pages.values()):
        blank = "Le document numérisé est blanc."
        return EtatTexte.SANS_TEXTE, blank
    return EtatTexte.SANS_TEXTE, "L’océrisation n’a trouvé aucun mot lisible dans ce document."


def _say(pages: dict[int, PageLue], etat: EtatPage, one: str, many: str) -> str:
    numbers = [str(n) for n, page in pages.items() if page.etat is etat]
    if not numbers:
        return ""
    if len(numbers) == 1:
        return f"Page {numbers[0]} {one}."
    named = ", ".join(numbers[:_NAMED_PAGES]) + ("…" if len(numbers) > _NAMED_PAGES else "")
    return f"Pages {named} {many}."
