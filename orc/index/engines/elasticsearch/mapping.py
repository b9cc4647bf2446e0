"""What an Elasticsearch index holds for each field of fields.py."""

import hashlib
from typing import Any

from orc.index.analysis import ANALYSIS_VERSION
from orc.index.columns import EXACT, FACET, IN_MOTS, MOTS, NUMBER, NUMEROS, REFERENCES, SORT
from orc.index.fields import FIELDS, NUMBERS, Field, Kind

# A new one where what is written here, or in documents.py, changes.
MAPPING_VERSION = 1
# A keyword longer than Lucene's limit refuses the document; nobody reads so long a facet.
_LONGEST_VALUE = 8_000
# Terms that one `terms` query may name: a longer list is asked in several.
TERMS_MAX = 65_536

_KEYWORD: dict[str, Any] = {"type": "keyword", "doc_values": False, "norms": False}
_LONG: dict[str, Any] = {"type": "long", "doc_values": False}
_COLUMN: dict[str, Any] = {"type": "long"}


def make_mapping() -> dict[str, Any]:
    """The mapping, derived from fields.py: nothing is guessed, `_source` keeps keys alone."""
    properties: dict[str, Any] = {
        "genre_": _KEYWORD,
        "cellule_": _KEYWORD,
        "piece_": _COLUMN,
        "version_": _COLUMN,
        "lot_": _LONG,
        **dict.fromkeys(NUMEROS.values(), _COLUMN),
        **_make_words(MOTS),
        REFERENCES: _KEYWORD,
    }
    for field in FIELDS:
        properties |= _make_field(field)
    return {
        "dynamic": False,
        "date_detection": False,
        "_routing": {"required": True},
        "_source": {"includes": ["genre_", "piece_", "version_", *NUMEROS.values()]},
        "_meta": {"orc": {"signature": make_signature(), "mapping": MAPPING_VERSION}},
        "properties": properties,
    }


def _make_words(name: str, copied: str = "") -> dict[str, Any]:
    """Stems, and exact words: analysis.py made both, cutting at spaces is left."""
    return {
        name + suffix: {
            "type": "text",
            "analyzer": "whitespace",
            "index_options": "positions",
            **({"copy_to": copied + suffix} if copied else {}),
        }
        for suffix in ("", EXACT)
    }


def _make_field(field: Field) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    if field.kind is Kind.TEXTE:
        properties |= _make_words(field.name, MOTS if field.name in IN_MOTS else "")
    elif field.kind in NUMBERS:
        counted = field.facet or field.name == "montant"
        properties[field.name] = _COLUMN if counted else _LONG
    else:
        properties[field.name] = _KEYWORD
    if field.kind is Kind.NUMERO:
        properties[field.name + NUMBER] = _LONG
    if field.facet and field.kind not in NUMBERS:
        properties[field.name + FACET] = {"type": "keyword", "ignore_above": _LONGEST_VALUE}
    if field.sort:
        properties[field.name + SORT] = _COLUMN
    return properties


def make_signature() -> str:
    """What changes whenever an older index no longer answers as this code expects."""
    shape = [f"{f.name}:{f.kind}:{f.facet}:{f.sort}:{f.found}" for f in FIELDS]
    text = "\n".join([f"elasticsearch {MAPPING_VERSION}, analysis {ANALYSIS_VERSION}", *shape])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
