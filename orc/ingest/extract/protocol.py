"""Frames between ORC and its children: two lengths, JSON, raw bytes. The child is not trusted."""

import json
import struct
from collections.abc import Mapping
from typing import Any

from orc.ingest.extract.values import Box, Boxes, EtatTexte, Extraction, Limits, Partie

HEADER = struct.Struct(">II")
_BREAK = "\f"
# An image of a page, as PNG, or all the text of a document.
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
    """An Extraction as JSON values and, apart because it is nearly all, the text of its pages."""
    pages = [page.replace(_BREAK, "\n") for page in extraction.pages]
    said = {
        "etat": extraction.etat.value,
        "motif": extraction.motif,
        "pages": len(pages),
        "type_reel": extraction.type_reel,
        "extracteur": extraction.extracteur,
        "pages_a_oceriser": extraction.pages_a_oceriser,
        "metadonnees": dict(extraction.metadonnees),
        "parties": [(p.nom, p.type, p.pages, p.etat.value, p.motif) for p in extraction.parties],
        "nir": extraction.nir,
    }
    return said, _BREAK.join(pages).encode("utf-8", "replace")


def load_extraction(said: Mapping[str, Any], raw: bytes) -> Extraction:
    """An Extraction from what a child said; raises BadFrame when it is not one."""
    try:
        pages = tuple(raw.decode("utf-8").split(_BREAK)) if said["pages"] else ()
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
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadFrame(str(error)) from error


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
