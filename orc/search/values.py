"""What a person writes after `champ:`, by kind of field: amounts, dates, months, numbers, codes."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from orc.errors import Invalid
from orc.index.analysis import read_amount
from orc.index.fields import BY_NAME, ORDERED, Field, Kind, fold_name
from orc.index.query import Expression, Intervalle, Mot, Phrase, Prefixe, Terme

_COMPARED = re.compile(r"(>=|<=|>|<|≥|≤)\s*(.+)", re.DOTALL)
_OUI = frozenset({"oui", "vrai", "true", "1", "o"})
_NON = frozenset({"non", "faux", "false", "0", "n"})
_LARGEST = 10**17


class ValeurIllisible(Invalid):
    """What follows the field is not of its kind."""


@dataclass(frozen=True, slots=True)
class _Span:
    """The integers that a written value stands for: `2023-04` is a whole month."""

    first: int
    last: int


def parse_value(field: Field, text: str, *, quoted: bool = False) -> Expression:
    """The criterion `field:text`. Raises ValeurIllisible, in French.

    Ranges `a..b`, `a..`, `..b` and comparisons `>a` where the field is ordered; `mot*` elsewhere.
    """
    if field.kind in (Kind.BOOLEEN, Kind.CHOIX):
        return Terme(field.name, _read_choix(field, text) if field.choix else _read_boolean(text))
    if field.kind is Kind.TEXTE:
        return _parse_words(field, text, quoted=quoted)
    if field.kind in ORDERED and not quoted and (found := _parse_range(field, text)):
        return found
    if field.kind in ORDERED and field.kind is not Kind.NUMERO:
        span = _read_span(field, text)
        if span.first == span.last:
            return Terme(field.name, span.first)
        return Intervalle(field.name, span.first, span.last)
    return _parse_code(field, text, quoted=quoted)


def parse_facet_value(champ: str, text: str) -> Expression:
    """A filter's value: the very value of a facet for texts, else as `champ:text`."""
    field = BY_NAME[champ]
    if field.kind is Kind.TEXTE and field.facet:
        return Terme(champ, text)
    return parse_value(field, text.strip(), quoted=field.kind is Kind.TEXTE)


def _parse_words(field: Field, text: str, *, quoted: bool) -> Expression:
    if quoted:
        return Phrase(text, field.name)
    if text.endswith("*"):
        return Prefixe(_read_prefix(text, 2), field.name)
    _refuse_stars(text)
    return Mot(text, field.name)


def _parse_code(field: Field, text: str, *, quoted: bool) -> Expression:
    if not quoted:
        if ".." in text:
            raise ValeurIllisible(
                f"« {field.label} » n’a pas d’intervalle : essayez « {field.name}:606* »."
            )
        if text.endswith("*"):
            return Prefixe(_read_prefix(text, 1), field.name)
        _refuse_stars(text)
    if not any(c.isalnum() for c in text):
        raise ValeurIllisible(f"« {text} » ne contient ni lettre ni chiffre.")
    return Terme(field.name, text)


def _read_prefix(text: str, least: int) -> str:
    debut = text.rstrip("*")
    _refuse_stars(debut)
    if sum(c.isalnum() for c in debut) < least:
        raise ValeurIllisible(
            f"Il faut au moins {least} caractères avant l’étoile."
            if least > 1
            else "Il faut au moins un caractère avant l’étoile."
        )
    return debut


def _refuse_stars(text: str) -> None:
    if "*" in text:
        raise ValeurIllisible("L’étoile ne se met qu’à la fin d’un mot : « factur* ».")


def parse_word(text: str) -> Expression:
    """A word without a field: `mot`, or `mot*`."""
    if text.endswith("*"):
        return Prefixe(_read_prefix(text, 2))
    _refuse_stars(text)
    return Mot(text)


def _parse_range(field: Field, text: str) -> Expression | None:
    if found := _COMPARED.fullmatch(text):
        return _compare(field, found[1], _read_span(field, found[2]))
    if ".." not in text:
        return None
    low, _, high = text.partition("..")
    if not low.strip() and not high.strip():
        raise ValeurIllisible("Un intervalle s’écrit « 1000..5000 », « 1000.. » ou « ..5000 ».")
    mini = _read_span(field, low).first if low.strip() else None
    maxi = _read_span(field, high).last if high.strip() else None
    if mini is not None and maxi is not None and mini > maxi:
        raise ValeurIllisible("Le début de l’intervalle est après sa fin.")
    return Intervalle(field.name, mini, maxi)


def _compare(field: Field, sign: str, span: _Span) -> Expression:
    if sign == ">":
        return Intervalle(field.name, mini=span.last + 1)
    if sign == "<":
        return Intervalle(field.name, maxi=span.first - 1)
    if sign in (">=", "≥"):
        return Intervalle(field.name, mini=span.first)
    return Intervalle(field.name, maxi=span.last)


def _read_span(field: Field, text: str) -> _Span:
    text = text.strip()
    if field.kind is Kind.MONTANT:
        return _read_montant(text)
    if field.kind is Kind.DATE:
        first, last = _read_days(text)
        return _Span(_as_int(first), _as_int(last))
    if field.kind is Kind.MOIS:
        if re.fullmatch(r"[12]\d{3}(0[1-9]|1[0-2])", text):
            return _Span(int(text), int(text))
        first, last = _read_days(text)
        return _Span(first.year * 100 + first.month, last.year * 100 + last.month)
    return _read_entier(text)


def _read_montant(text: str) -> _Span:
    cents = read_amount(text)
    if cents is None or abs(cents) > _LARGEST:
        raise ValeurIllisible(f"« {text} » n’est pas un montant : écrivez « 1234,56 ».")
    return _Span(cents, cents)


def _read_entier(text: str) -> _Span:
    bare = re.sub(r"[\s\u00a0\u202f]", "", text)
    if not re.fullmatch(r"-?[0-9]{1,17}", bare):
        raise ValeurIllisible(f"« {text} » n’est pas un nombre entier.")
    return _Span(int(bare), int(bare))


_DAY = re.compile(r"(?P<y>\d{4})-(?P<m>\d\d?)(?:-(?P<d>\d\d?))?|(?P<year>\d{4})", re.ASCII)
_FRENCH_DAY = re.compile(r"(?:(?P<d>\d\d?)/)?(?P<m>\d\d?)/(?P<y>\d{4})", re.ASCII)


def _read_days(text: str) -> tuple[date, date]:
    """First and last day of `2023`, `2023-04`, `04/2023`, `2023-04-12`, `12/04/2023`."""
    found = _DAY.fullmatch(text) or _FRENCH_DAY.fullmatch(text)
    if not found:
        raise ValeurIllisible(
            f"« {text} » n’est pas une date : écrivez « 12/04/2023 », « 2023-04 » ou « 2023 »."
        )
    parts = found.groupdict()
    year = int(parts.get("year") or parts["y"])
    try:
        if not parts.get("m"):
            return date(year, 1, 1), date(year, 12, 31)
        month = int(parts["m"])
        if not parts["d"]:
            return date(year, month, 1), date(year, month, monthrange(year, month)[1])
        return (day := date(year, month, int(parts["d"]))), day
    except ValueError as error:  # calendar.IllegalMonthError is one
        raise ValeurIllisible(f"« {text} » n’existe pas au calendrier.") from error


def _as_int(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _read_choix(field: Field, text: str) -> str:
    word = fold_name(text)
    if word in field.choix:
        return word
    raise ValeurIllisible(f"« {text} » ne se demande pas ici : écrivez {', '.join(field.choix)}.")


def _read_boolean(text: str) -> int:
    word = text.strip().lower()
    if word in _OUI or word in _NON:
        return int(word in _OUI)
    raise ValeurIllisible("Répondez par « oui » ou « non ».")
