"""The text of the PJ of a flow: read from the silo, extracted by children, kept by digest."""

import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import cast

from sqlalchemy import Table, Update, bindparam, or_, select, update

from orc.access import en_vigueur
from orc.db import Writing
from orc.errors import NotFound, OrcError
from orc.index.analysis import make_texte, remember
from orc.index.outbox import mark_piece_ids
from orc.ingest.a_decider import mark_textes
from orc.ingest.atelier import Atelier
from orc.ingest.extract.pool import Document as PoolDocument
from orc.ingest.extract.values import EtatTexte, Extraction
from orc.models import Cloture, Lien, Piece, PieceJustificative, Texte, read_now
from orc.models.parties import PartieJointe, dump_parties
from orc.remote.faults import Injoignable
from orc.silo import open_pj
from orc.silo.places import Place, find_places
from orc.tasks.memory import give_memory_back

Pj = PieceJustificative
# Documents saved in one transaction.
BATCH = 64
# Documents of one flow asked for ahead, and their bytes.
WINDOW = 24
WINDOW_BYTES = 64 * 1024**2
# Marks a text that failed because of the silo: it is tried again when its flow comes back.
FROM_SILO = "silo"


@dataclass(frozen=True, slots=True)
class Document:
    """A document to extract: where it lies in its flow, and what it should be."""

    sha256: str
    debut: int
    longueur: int
    nom: str
    type_reel: str


def extract_textes(atelier: Atelier, flux_id: int) -> int:
    """Extract every text this flow brings that is not known yet; how many were."""
    documents = _find_documents(atelier, flux_id)
    done: list[tuple[str, Extraction]] = []
    total = 0
    try:
        for found in _extract(atelier, flux_id, documents):
            done.append(found)
            total += 1
            if len(done) >= BATCH:
                _save(atelier, done)
                done = []
    except Injoignable:
        _save(atelier, done)
        raise
    _save(atelier, done)
    give_memory_back()
    return total


def _find_documents(atelier: Atelier, flux_id: int) -> list[Document]:
    query = (
        select(Pj.sha256, Pj.debut, Pj.longueur, Pj.nom, Pj.type_reel)
        .join(Texte, Texte.sha256 == Pj.sha256)
        .where(
            Pj.flux_id == flux_id,
            or_(Texte.etat == EtatTexte.A_EXTRAIRE, Texte.extracteur == FROM_SILO),
        )
        .order_by(Pj.debut)
    )
    with atelier.database.reading() as session:
        found = {row.sha256: Document(*row) for row in session.execute(query)}
    return list(found.values())


def _extract(
    atelier: Atelier, flux_id: int, documents: list[Document]
) -> Iterator[tuple[str, Extraction]]:
    """Each document with its Extraction, several being read at once, bytes in flight bounded."""
    with atelier.database.reading() as session:
        places = find_places(session, flux_id)
    waiting: deque[_EnCours] = deque()
    held = 0
    for document in documents:
        waiting.append(_start(atelier, places, document))
        held += waiting[-1].taille
        if len(waiting) >= WINDOW or held > WINDOW_BYTES:
            # Waking up once for many costs the children less than once for each.
            waiting[len(waiting) // 2].ready()
            while len(waiting) > WINDOW // 2 or (waiting and held > WINDOW_BYTES):
                held -= waiting[0].taille
                yield waiting.popleft().wait()
    while waiting:
        yield waiting.popleft().wait()


@dataclass(frozen=True, slots=True)
class _EnCours:
    sha256: str
    taille: int
    answer: Callable[[], Extraction]
    ready: Callable[[], None] = lambda: None

    def wait(self) -> tuple[str, Extraction]:
        return self.sha256, self.answer()


def _start(atelier: Atelier, places: list[Place], document: Document) -> _EnCours:
    try:
        octets = _open(atelier, places, document)
    except Injoignable:
        raise  # nothing is wrong with the document: its text waits for the silo
    except OrcError as error:
        lost = Extraction(EtatTexte.ILLISIBLE, str(error), extracteur=FROM_SILO)
        return _EnCours(document.sha256, 0, lambda: lost)
    answer = atelier.pool.start(PoolDocument(octets, document.nom, document.type_reel))
    return _EnCours(document.sha256, len(octets), answer, answer.wait)


def _open(atelier: Atelier, places: list[Place], document: Document) -> bytes:
    """The bytes of a document from the first place that gives them; the last refusal if none."""
    refusal: OrcError = NotFound("Ce flux n’est plus dans le silo.")
    for place in places:
        try:
            return open_pj(
                atelier.open_silo(place.silo),
                place.chemin,
                place.membre,
                document.debut,
                document.longueur,
                document.sha256,
                limite=atelier.settings.pj_octets_max,
            )
        except OrcError as error:
            if not isinstance(refusal, Injoignable):
                refusal = error
    raise refusal


def _save(atelier: Atelier, done: list[tuple[str, Extraction]]) -> None:
    """Texts first, then the rows that say they are there: killed between, they are made again."""
    for sha256, extraction in done:
        if pages := extraction.every_page:
            atelier.storage.put_pages(sha256, pages)
    if done:
        # In the order of their keys: two who save the same texts never wait for one another.
        rows = [
            _make_row(sha256, extraction) for sha256, extraction in sorted(done, key=itemgetter(0))
        ]

        def record(session: Writing) -> None:
            session.execute(_update_texte(), rows)
            mark_citing(session, [sha256 for sha256, _ in done])

        atelier.database.write(record)
    for _, extraction in done:
        if extraction.analyse is not None:
            remember(make_texte(extraction.every_page), extraction.analyse)


@cache
def _update_texte() -> Update:
    """By `cle`, one row of `_make_row` each: on the table, the ORM would rebuild it each time."""
    table = cast("Table", Texte.__table__)
    names = [n for n in _make_row("", Extraction(EtatTexte.VIDE)) if n != "cle"]
    return (
        update(table)
        .where(table.c.sha256 == bindparam("cle"))
        .values({name: bindparam(name) for name in names})
    )


def _make_row(sha256: str, extraction: Extraction) -> dict[str, object]:
    return {
        "cle": sha256,
        "etat": extraction.etat.value,
        "motif": extraction.motif,
        "type_reel": extraction.type_reel,
        "extracteur": extraction.extracteur,
        "nb_pages": len(extraction.pages),
        "nb_caracteres": sum(map(len, extraction.every_page)),
        "pages_a_oceriser": ",".join(map(str, extraction.pages_a_oceriser)),
        "metadonnees": json.dumps(dict(extraction.metadonnees), ensure_ascii=False),
        "parties": dump_parties(
            PartieJointe(p.nom, p.type, len(p.pages), p.etat.value, p.motif)
            for p in extraction.parties
        ),
        "nir": extraction.nir,
        "extrait_le": read_now(),
    }


def mark_citing(session: Writing, digests: list[str]) -> None:
    """A new turn for every piece that cites them, even one being indexed at this very moment."""
    query = (
        select(Lien.piece_id)
        .join(Pj, Pj.id == Lien.pj_id)
        .join(Piece, Piece.id == Lien.piece_id)
        .join(Cloture, en_vigueur(Piece.budget_id, Piece.exercice))
        .where(Pj.sha256.in_(digests), Piece.courante)
        .distinct()
    )
    mark_piece_ids(session, session.scalars(query).all())
    mark_textes(session, digests)
