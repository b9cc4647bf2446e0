"""Frames between ORC and its children: two lengths, JSON, raw bytes. The child is not trusted."""

import json
import struct
from collections.abc import Mapping
from typing import Any

from orc.index.analysis import Prepared
from orc.ingest.extract.values import Box, Boxes, EtatTexte, Extraction, Limits, Partie

HEADER = struct.Struct(">II")
_BREAK = "\f"
# An image of a page, as PNG, or all the text of a document and what the index makes of it.
MAX_RAW = 64 * 1024 * 1024


class BadFrame(ValueError):
    """A child answered what no reader of ours can answer."""


def make_frame(said: Mapping[str, Any], raw: bytes = b"") -> tuple[bytes, bytes]:
    """Header and JSON, then the raw bytes (kept apart: they are large and not copied)."""
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return HEADER.pack(len(text), len(raw)) + text, raw


def max_json(limits: Limits) -> int:
    """The most bytes of JSON that an honest answer takes under these limits."""
    return 4 * limits.caracteres + 16 * limits.pages + 4 * 1024 * 1024


def dump_extraction(extraction: Extraction) -> tuple[dict[str, Any], bytes]:
    """An Extraction as JSON values and, apart because it is nearly all, its texts."""
    pages = [page.replace(_BREAK, "\n") for page in extraction.pages]
    texts = [_BREAK.join(pages).encode("utf-8", "replace"), *_dump_analyse(extraction.analyse)]
    said = {
        "etat": extraction.etat.value,
        "motif": extraction.motif,
        "pages": len(pages),
        "textes": [len(text) for text in texts],
        "type_reel": extraction.type_reel,
        "extracteur": extraction.extracteur,
        "pages_a_oceriser": extraction.pages_a_oceriser,
        "metadonnees": dict(extraction.metadonnees),
        "parties": [(p.nom, p.type, p.pages, p.etat.value, p.motif) for p in extraction.parties],
        "nir": extraction.nir,
    }
    return said, b"".join(texts)


def load_extraction(said: Mapping[str, Any], raw: bytes) -> Extraction:
    """An Extraction from what a child said; raises BadFrame when it is not one."""
    try:
        text, *analyse = _cut(raw, said["textes"])
        pages = tuple(text.split(_BREAK)) if said["pages"] else ()
        if len(pages) != said["pages"]:
            raise BadFrame("le compte des pages est faux")
        return Extraction(
            EtatTexte(said["etat"]),
            _text(said["motif"]),
            pages,
            _text(said["type_reel"]),
            _text(said["extracteur"]),
            tuple(int(number) for number in said["pages_a_oceriser"]),
            {_text(key): _text(value) for key, value in said["metadonnees"].items()},
            tuple(
                Partie(_text(nom), _text(kind), _texts(texts), EtatTexte(etat), _text(motif))
                for nom, kind, texts, etat, motif in said["parties"]
            ),
            bool(said["nir"]),
            _load_analyse(analyse),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadFrame(str(error)) from error


def _dump_analyse(analyse: Prepared | None) -> list[bytes]:
    if analyse is None:
        return []
    return [text.encode() for text in (analyse.exact, analyse.stems, " ".join(analyse.keys))]


def _load_analyse(texts: list[str]) -> Prepared | None:
    if not texts:
        return None
    exact, stems, keys = texts
    return Prepared(exact, stems, frozenset(keys.split()))


def _cut(raw: bytes, lengths: list[int]) -> list[str]:
    texts, at = [], 0
    for length in lengths:
        texts.append(raw[at : at + length].decode("utf-8"))
        at += length
    if at != len(raw):
        raise BadFrame("la longueur des textes est fausse")
    return texts


def load_boxes(said: Mapping[str, Any]) -> Boxes:
    """Boxes from what a child said; raises BadFrame when they are not."""
    try:
        boxes = tuple(
            Box(float(x), float(y), float(width), float(height), _text(mot))
            for x, y, width, height, mot in said["boxes"]
        )
        size = float(said["largeur"]), float(said["hauteur"])
        return Boxes(*size, boxes, _text(said["motif"]))
    except (KeyError, TypeError, ValueError) as error:
        raise BadFrame(str(error)) from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BadFrame("un texte est attendu")
    return value


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise BadFrame("une liste de textes est attendue")
    return tuple(_text(value) for value in values)
