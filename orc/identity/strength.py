"""How easily a password is guessed: lists of common ones, and the number of guesses it takes.

The lists: the 30 000 most common of the breached passwords gathered by Mark Burnett, as the library
zxcvbn ships them (MIT), and French ones of our own (mots_communs.txt).
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

# Guesses (power of ten) under which a password is refused: an hour of a stolen argon2id hash on a
# large machine, years of tries through the login form.
FACILE = 8.0
# The estimate reads no further: what follows only adds to it.
LU = 72
ACCOLE_MAX = 8
# A word of the person shorter than this is in too many passwords; what must be left without them.
PROCHE_MIN, RESTE_MIN = 4, 8
_BOUTS = re.compile(r"^[^a-z]+|[^a-z]+$")
_CHIFFRES_EN_LETTRES = str.maketrans("013457@$!", "oieastasi")
LIBELLES = ("très faible", "faible", "moyen", "bon", "très bon")


@dataclass(frozen=True, slots=True)
class Force:
    """How a password holds: `score` from 0 to 4, and its French name."""

    score: int
    libelle: str


@cache
def read_mots() -> tuple[str, ...]:
    """The French words and passwords that everybody tries."""
    text = Path(__file__).with_name("mots_communs.txt").read_text(encoding="utf-8")
    return tuple(
        word for line in text.splitlines() if not line.startswith("#") for word in line.split()
    )


@cache
def _read_communs() -> frozenset[str]:
    return frozenset(FREQUENCY_LISTS["passwords"]) | frozenset(read_mots())


def fold(text: str) -> str:
    """Small letters, no accent, no separator: `Mot-de-Passe` is `motdepasse`."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c) and c not in " -_.'’")


def is_common(mot_de_passe: str) -> bool:
    """Whether it is a common password, alone, said twice, or with a few figures around."""
    return not _read_communs().isdisjoint(_find_forms(mot_de_passe))


def _find_forms(mot_de_passe: str) -> set[str]:
    forms = {mot_de_passe.casefold(), fold(mot_de_passe)}
    bare = {_BOUTS.sub("", form) for form in forms}
    # Few signs around a word: many would make a password of their own.
    forms |= {b for b in bare if len(b) > 2 and len(mot_de_passe) - len(b) <= ACCOLE_MAX}
    forms |= {form.translate(_CHIFFRES_EN_LETTRES) for form in forms}
    return forms | {_find_unit(form) for form in forms}


def _find_unit(form: str) -> str:
    """What a text is made of when it says the same thing again: `abcabc` is `abc`."""
    at = (form + form).find(form, 1)
    return form[:at] if 0 < at < len(form) else form


def is_easy(mot_de_passe: str, proches: Iterable[str] = ()) -> bool:
    """Whether few guesses find it, by somebody who knows the person."""
    return _count_guesses(mot_de_passe, proches) < FACILE or _is_personal(mot_de_passe, proches)


def _is_personal(mot_de_passe: str, proches: Iterable[str]) -> bool:
    """Whether little is left once the words of the person are taken out."""
    left = folded = fold(mot_de_passe)
    for word in sorted(map(fold, _split_words(proches)), key=len, reverse=True):
        if len(word) >= PROCHE_MIN:
            left = left.replace(word, "")
    return left != folded and len(left) < RESTE_MIN


def estimate_force(mot_de_passe: str, proches: Iterable[str] = ()) -> Force:
    """How it holds: one step for each three powers of ten of guesses past FACILE."""
    if not mot_de_passe or is_common(mot_de_passe) or _is_personal(mot_de_passe, proches):
        return Force(0, LIBELLES[0])
    guesses = _count_guesses(mot_de_passe, proches)
    score = sum(guesses >= limit for limit in (6.0, FACILE, 11.0, 14.0))
    return Force(score, LIBELLES[score])


def _count_guesses(mot_de_passe: str, proches: Iterable[str]) -> float:
    known = [*_split_words(proches), *read_mots()]
    folded = "".join(
        c for c in unicodedata.normalize("NFKD", mot_de_passe[:LU]) if not unicodedata.combining(c)
    )[:LU]
    return float(zxcvbn(folded, user_inputs=known)["guesses_log10"])


def _split_words(proches: Iterable[str]) -> list[str]:
    """`alice.martin@x.fr` is known whole and by its words; one letter is no word."""
    words: list[str] = []
    for text in proches:
        plain = fold(text)
        words += [plain, *(w for w in re.split(r"[^a-z0-9]+", text.casefold()) if len(w) > 2)]
    return [word for word in words if word]
