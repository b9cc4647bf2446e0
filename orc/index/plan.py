"""What an expression asks of the columns of an index: decided here once, for every engine.

An engine is left with putting each part in its own words.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from orc.index.analysis import (
    find_stems,
    find_words,
    make_code_key,
    make_query_keys,
    make_reference_keys,
)
from orc.index.columns import EXACT, FACET, MOTS, NUMBER, NUMEROS, REFERENCES
from orc.index.fields import BY_NAME, NUMBERS, Field, Kind
from orc.index.query import (
    Et,
    Expression,
    Intervalle,
    Mot,
    Ou,
    Parmi,
    Phrase,
    Prefixe,
    Sauf,
    Terme,
    Tout,
)

# What a word found in the names and labels weighs beside one found in a long text; a reference
# met is what was looked for.
WEIGHT_MOTS = 2.0
WEIGHT_REFERENCE = 8.0

_I64 = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Words:
    """These words next to each other in a column of words; one alone is just there."""

    column: str
    words: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Key:
    """A whole value of a column. `weight`: what it adds to the score, whatever its frequency.

    None: its relevance is the engine's.
    """

    column: str
    key: str
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Beginning:
    """A value, or a word, of a column that begins so."""

    column: str
    debut: str


@dataclass(frozen=True, slots=True)
class Between:
    """An integer of a column between bounds, both included, at least one given."""

    column: str
    mini: int | None
    maxi: int | None


@dataclass(frozen=True, slots=True)
class Among:
    """One of these integers, in order and at least one, in a column of keys."""

    column: str
    keys: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Every:
    """Every part; of none, everything."""

    parts: tuple["Plan", ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """Any part; of none, nothing."""

    parts: tuple["Plan", ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """Everything else."""

    part: "Plan"


Plan = Words | Key | Beginning | Between | Among | Every | Either | Not

EVERYTHING = Every()


def make_plan(expression: Expression) -> Plan:
    """The plan of an expression."""
    return _MAKERS[type(expression)](expression)


def make_range(column: str, mini: int | None, maxi: int | None) -> Plan:
    """Integers between bounds, both included, brought back to what 64 bits hold."""
    if mini is None and maxi is None:
        return EVERYTHING
    low, high = (None if b is None else max(-_I64, min(b, _I64)) for b in (mini, maxi))
    return Between(column, low, high)


def every(parts: Sequence[Plan]) -> Plan:
    """Every of them, one level deep."""
    flat = [p for part in parts for p in (part.parts if isinstance(part, Every) else (part,))]
    return flat[0] if len(flat) == 1 else Every(tuple(flat))


def either(parts: Sequence[Plan]) -> Plan:
    """Any of them, one level deep."""
    flat = [p for part in parts for p in (part.parts if isinstance(part, Either) else (part,))]
    return flat[0] if len(flat) == 1 else Either(tuple(flat))


def _keys(column: str, keys: Iterable[str], weight: float | None = None) -> list[Plan]:
    return [Key(column, key, weight) for key in keys]


def _mot(mot: Mot) -> Plan:
    field = BY_NAME[mot.champ] if mot.champ else None
    if field and field.kind is not Kind.TEXTE:
        return _terme(Terme(field.name, mot.texte))
    return _text(field, find_stems(mot.texte), make_query_keys(mot.texte), "")


def _phrase(phrase: Phrase) -> Plan:
    field = BY_NAME[phrase.champ] if phrase.champ else None
    if field and field.kind is not Kind.TEXTE:
        return _terme(Terme(field.name, phrase.texte))
    return _text(field, find_words(phrase.texte), (), EXACT)


def _text(field: Field | None, words: list[str], keys: Sequence[str], suffix: str) -> Plan:
    """Words next to each other, in one field or in any; or one of the keys of a reference."""
    if not words:
        return EVERYTHING
    if field:
        return Words(field.name + suffix, tuple(words))
    found: list[Plan] = [
        Words("texte" + suffix, tuple(words)),
        Words(MOTS + suffix, tuple(words), WEIGHT_MOTS),
    ]
    found += _keys(REFERENCES, keys, WEIGHT_REFERENCE)
    # A text's own bare numbers are words: `000127` and `552 081 317 66522` meet them there.
    for key in keys:
        if key.isdigit() and [key] != words:
            found += _keys("texte" + EXACT, [key], WEIGHT_REFERENCE)
            found += _keys(MOTS + EXACT, [key], WEIGHT_REFERENCE)
    return either(found)


def _prefixe(prefixe: Prefixe) -> Plan:
    field = BY_NAME[prefixe.champ] if prefixe.champ else None
    if field is None:
        parts = [_beginning(name + EXACT, prefixe.texte) for name in ("texte", MOTS)]
        if any(c.isdigit() for c in prefixe.texte):
            parts += _key_beginnings(REFERENCES, prefixe.texte)
        return either(parts)
    if field.kind is Kind.TEXTE:
        return _beginning(field.name + EXACT, prefixe.texte)
    if field.kind is Kind.MOT:
        return Beginning(field.name, make_code_key(prefixe.texte))
    return either(_key_beginnings(field.name, prefixe.texte))


def _key_beginnings(column: str, debut: str) -> list[Plan]:
    return [Beginning(column, key) for key in make_reference_keys(debut)]


def _beginning(column: str, debut: str) -> Plan:
    """Words of which the last is only begun; the others stand next to each other."""
    words = find_words(debut)
    if not words:
        return EVERYTHING
    last = Beginning(column, words[-1])
    return last if len(words) == 1 else every([Words(column, tuple(words[:-1])), last])


def _terme(terme: Terme) -> Plan:
    field = BY_NAME[terme.champ]
    if field.kind in NUMBERS:
        return make_range(field.name, int(terme.valeur), int(terme.valeur))
    value = str(terme.valeur)
    if field.kind is Kind.TEXTE and field.facet:
        return Key(field.name + FACET, value)
    if field.kind is Kind.TEXTE:
        return Words(field.name + EXACT, tuple(find_words(value) or [value]))
    if field.kind is Kind.MOT:
        return Key(field.name, make_code_key(value))
    return either(_keys(field.name, make_reference_keys(value)))


def _intervalle(intervalle: Intervalle) -> Plan:
    field = BY_NAME[intervalle.champ]
    column = field.name + (NUMBER if field.kind is Kind.NUMERO else "")
    return make_range(column, intervalle.mini, intervalle.maxi)


def _parmi(parmi: Parmi) -> Plan:
    return Among(NUMEROS[parmi.genre], parmi.numeros) if parmi.numeros else Either()


_MAKERS: dict[type, Callable[[Any], Plan]] = {
    Mot: _mot,
    Phrase: _phrase,
    Prefixe: _prefixe,
    Terme: _terme,
    Intervalle: _intervalle,
    Parmi: _parmi,
    Et: lambda e: every([make_plan(t) for t in e.termes]),
    Ou: lambda e: either([make_plan(t) for t in e.termes]),
    Sauf: lambda e: Not(make_plan(e.terme)),
    Tout: lambda _: EVERYTHING,
}
