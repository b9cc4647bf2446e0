"""The documents a document carries, as column `texte.parties` keeps them. Pure, no SQL.

The stored pages of a digest are its own first, `nb_pages` of them, then those of each part in turn.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PartieJointe:
    """One part: its label, MIME type, number of pages of text, state and French reason."""

    nom: str
    type: str
    nb_pages: int
    etat: str
    motif: str = ""


@dataclass(frozen=True, slots=True)
class PlaceJointe:
    """Where a page of the stored text stands: this part, at its own page `page`, from 1."""

    partie: PartieJointe
    page: int


def dump_parties(parties: Iterable[PartieJointe]) -> str:
    """The column of these parts: JSON, one list a part."""
    rows = [(p.nom, p.type, p.nb_pages, p.etat, p.motif) for p in parties]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def load_parties(column: str) -> tuple[PartieJointe, ...]:
    """The parts of a column; none where it is damaged."""
    if column in {"", "[]"}:
        return ()
    try:
        return tuple(PartieJointe(*row) for row in json.loads(column))
    except (ValueError, TypeError):
        return ()


def find_place(parties: Sequence[PartieJointe], nb_pages: int, page: int) -> PlaceJointe | None:
    """The part that holds page `page` (from 1) of the stored text; None: the document itself."""
    here = page - nb_pages
    for partie in parties:
        if 0 < here <= partie.nb_pages:
            return PlaceJointe(partie, here)
        here -= partie.nb_pages
    return None
