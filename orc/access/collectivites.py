"""Collectivités found by the name a person types."""

import re
import unicodedata

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.models import Collectivite

WORD = re.compile(r"[^\W_]+")


def find_by_name(session: Session, texte: str, most: int = 20) -> list[tuple[str, str]]:
    """(SIREN, name) of those whose name says each word typed, in order of names.

    A word is said by its beginning, accents and case aside; without a word nothing is found.
    """
    wanted = _cut(texte)
    if not wanted:
        return []
    rows = session.execute(select(Collectivite.siren, Collectivite.libelle))
    said = [(_cut(name), siren, name) for siren, name in rows]
    found = sorted(one for one in said if _says(one[0], wanted))
    return [(siren, name) for _words, siren, name in found[:most]]


def _cut(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return WORD.findall("".join(c for c in plain if not unicodedata.combining(c)))


def _says(name: list[str], wanted: list[str]) -> bool:
    return all(any(word.startswith(begun) for word in name) for begun in wanted)
