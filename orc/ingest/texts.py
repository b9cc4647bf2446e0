"""The text of the PJ of a flow: read from the silo, extracted by children, kept by digest."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select, update

from orc.access import en_vigueur
from orc.db import Writing
from orc.index.outbox import mark_piece_ids
from orc.ingest.atelier import Atelier
from orc.ingest.extract.values import EtatTexte, Extraction
from orc.models import AIndexer, Cloture, Lien, Piece, PieceJustificative, Texte, read_now

Pj = PieceJustificative
# Documents saved in one transaction.
BATCH = 64
ESSAIS_MAX = 3


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
    for found in _extract(atelier, flux_id, documents):
        done.append(found)
        total += 1
        if len(done) >= BATCH:
            _save(atelier, done)
            done = []
    _save(atelier, done)
    return total


def _find_documents(atelier: Atelier, flux_id: int) -> list[Document]:
    query = (
        select(Pj.sha256, Pj.debut, Pj.longueur, Pj.nom, Pj.type_reel)
        .join(Texte, Texte.sha256 == Pj.sha256)
        .where(Pj.flux_id == flux_id, Texte.etat == EtatTexte.A_EXTRAIRE)
        .order_by(Pj.debut)
    )
    with atelier.database.reading() as session:
        found = {row.sha256: Document(*row) for row in session.execute(query)}
    return list(found.values())


def _extract(
    atelier: Atelier, flux_id: int, documents: list[Document]
) -> Iterator[tuple[str, Extraction]]:
    raise NotImplementedError


def _save(atelier: Atelier, done: list[tuple[str, Extraction]]) -> None:
    """Texts first, then the rows that say they are there: killed between, they are made again."""
    for sha256, extraction in done:
        pages = list(extraction.pages)
        for partie in extraction.parties:
            pages.extend(partie.pages)
        if pages:
            atelier.storage.put_pages(sha256, pages)
    if done:
        with atelier.database.writing() as session:
            for sha256, extraction in done:
                _save_texte(session, sha256, extraction)
            _mark_citing(session, [sha256 for sha256, _ in done])


def _save_texte(session: Writing, sha256: str, extraction: Extraction) -> None:
    session.execute(
        update(Texte)
        .where(Texte.sha256 == sha256)
        .values(
            etat=extraction.etat.value,
            motif=extraction.motif,
            type_reel=extraction.type_reel,
            extracteur=extraction.extracteur,
            nb_pages=len(extraction.pages),
            nb_caracteres=sum(map(len, extraction.pages)),
            pages_a_oceriser=",".join(map(str, extraction.pages_a_oceriser)),
            metadonnees=json.dumps(dict(extraction.metadonnees), ensure_ascii=False),
            nir=extraction.nir,
            extrait_le=read_now(),
        )
    )


def _mark_citing(session: Writing, digests: list[str]) -> None:
    """Pieces indexed before their text came; those that wait for it are already marked."""
    waiting = select(AIndexer.piece_id)
    query = (
        select(Lien.piece_id)
        .join(Pj, Pj.id == Lien.pj_id)
        .join(Piece, Piece.id == Lien.piece_id)
        .join(Cloture, en_vigueur(Piece.budget_id, Piece.exercice))
        .where(Pj.sha256.in_(digests), Piece.courante, Lien.piece_id.not_in(waiting))
        .distinct()
    )
    mark_piece_ids(session, session.scalars(query).all())
