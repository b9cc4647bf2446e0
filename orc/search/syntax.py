"""The language people search in: words, phrases, ET OU SAUF, parentheses, `champ:valeur`.

docs/recherche.md is its manual. A text gives an Expression or an ErreurDeSyntaxe, nothing else.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

from orc.errors import Invalid
from orc.index.analysis import find_words, fold
from orc.index.fields import ORDERED, Field, Kind, find_field, find_names, fold_name
from orc.index.query import Et, Expression, Filtre, Mot, Ou, Phrase, Sauf, Tout
from orc.search.values import ValeurIllisible, parse_facet_value, parse_value, parse_word

LONGEST = 2_000
DEEPEST = 20
MOST = 200

# Not looked for where other words are: nobody wants a facture refused for want of a `de`.
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a au aux ce ces cette dans de des du en et la le les leur ou où par pour sur un une",
    )
)

_OPEN, _CLOSE = '"«“„', '"»”“'
_SPACE = " \u00a0\u202f"
_NUMBER = rf"[-+−]?\d{{1,3}}(?:[{_SPACE}]\d{{3}})+(?![\w])(?:,\d{{1,2}}(?!\w))?"
_PLAIN = rf'[^\s()."«»“”„{_SPACE}]+(?:\.[^\s()."«»“”„{_SPACE}]+)*'


def _range_of(bound: str) -> re.Pattern[str]:
    return re.compile(rf"(?:(?:>=|<=|>|<|≥|≤)\s*)?(?:{bound})?(?:\.\.(?:{bound})?)?")


_AMOUNTS = _range_of(f"{_NUMBER}|{_PLAIN}")
_RANGE = _range_of(_PLAIN)
_WORD = re.compile(rf'[^\s()"«»“”„{_SPACE}]+')
_NAME = re.compile(r"([^\W\d][\w-]*):(?!//)")
_OPERATOR = re.compile(r"(ET|OU|SAUF)(?![^\s()\"«“„])")
_FIGURES = re.compile(
    rf"(?:\d{{1,3}}(?:[{_SPACE}]\d{{3}})+(?:[{_SPACE}]\d{{5}})?|\d{{9}}[{_SPACE}]\d{{5}})"
    r"(?:[.,]\d{1,2})?(?![\w])"
)
_IBAN = re.compile(rf"[A-Za-z]{{2}}\d\d(?:[{_SPACE}][A-Za-z0-9]{{1,4}}){{3,8}}(?!\w)")


class ErreurDeSyntaxe(Invalid):
    """Where the question stops making sense: `position` counts characters from 0."""

    def __init__(self, message: str, requete: str, position: int, longueur: int = 1) -> None:
        super().__init__(message, f"caractère {position + 1}")
        self.message = message
        self.requete = requete
        self.position = position
        self.longueur = longueur

    @property
    def morceaux(self) -> tuple[str, str, str]:
        """The question as typed: before the mark, marked, after. To be shown under the box."""
        end = self.position + self.longueur
        return self.requete[: self.position], self.requete[self.position : end], self.requete[end:]


def parse(texte: str, *, retention: bool = False) -> Expression:
    """What a person typed, as an Expression; of nothing, Tout(). Raises only ErreurDeSyntaxe.

    `retention`: for a person who may ask the fields of RETENTION; for others there are none.
    """
    if len(texte) > LONGEST:
        raise ErreurDeSyntaxe(
            f"La recherche dépasse {LONGEST} caractères.", texte[:LONGEST], LONGEST - 1
        )
    return _Parser(texte, retention).parse()


def make_filtres(
    choices: Mapping[str, Iterable[str]], *, retention: bool = False
) -> tuple[Filtre, ...]:
    """The filters of an address (`exercice=2022&exercice=2023&montant=1000..5000`).

    Names are those of fields.py; names that are not a field's are left to others, empty values
    to nobody. `retention`: as for `parse`. Raises ErreurDeSyntaxe on an unreadable value.
    """
    filtres = []
    for name, texts in choices.items():
        field = find_field(name, retention=retention)
        values = [t for t in texts if t.strip()][:MOST]
        if field is not None and values:
            filtres.append(Filtre(field.name, tuple(_parse_filter(field, t) for t in values)))
    return tuple(filtres)


def _parse_filter(field: Field, text: str) -> Expression:
    try:
        return parse_facet_value(field.name, text[:LONGEST])
    except ValeurIllisible as error:
        asked = f"{field.name}:{text[:LONGEST]}"
        start = len(field.name) + 1
        raise ErreurDeSyntaxe(str(error), asked, start, len(asked) - start) from error


@dataclass(slots=True)
class _Parser:
    """Recursive descent, bounded in depth and in terms."""

    text: str
    retention: bool
    at: int = 0
    depth: int = 0
    terms: int = 0

    def parse(self) -> Expression:
        self._skip()
        if self.at == len(self.text):
            return Tout()
        found = self._either(None)
        if self.at < len(self.text):
            self._fail("Cette parenthèse n’a pas été ouverte.", self.at)
        return found or Tout()

    def _either(self, field: Field | None) -> Expression | None:
        """`a OU b OU c`; None where there is nothing to look for."""
        parts = [self._all(field)]
        while self._peek_operator() == "OU":
            start = self.at
            self._take_operator("OU")
            if self._at_end():
                self._fail("Il manque un critère après « OU ».", start, 2)
            parts.append(self._all(field))
        kept = [p for p in parts if p is not None]
        return Ou(tuple(kept)) if len(kept) > 1 else next(iter(kept), None)

    def _all(self, field: Field | None) -> Expression | None:
        """`a b`, `a ET b`, `a SAUF b`."""
        parts = [self._one(field)]
        while True:
            start = self.at
            explicit = self._take_operator("ET")
            if self._at_end() or self._peek_operator() == "OU":
                if explicit:
                    self._fail("Il manque un critère après « ET ».", start, 2)
                break
            parts.append(self._one(field))
        kept = _drop_stop_words([p for p in parts if p is not None])
        return Et(tuple(kept)) if len(kept) > 1 else next(iter(kept), None)

    def _one(self, field: Field | None) -> Expression | None:
        start = self.at
        operator = self._peek_operator()
        if operator == "SAUF":
            self._take_operator("SAUF")
            if self._at_end() or self._peek_operator():
                self._fail("Il manque un critère après « SAUF ».", start, 4)
            excluded = self._deeper(lambda: self._one(field), start)
            return Sauf(excluded) if excluded is not None else None
        if operator:
            self._fail(f"Il manque un critère avant « {operator} ».", start, 2)
        if self._at_end():
            self._fail("Il manque un critère ici.", max(0, min(start, len(self.text) - 1)))
        if self.text[self.at] == "(":
            return self._group(field)
        self.terms += 1
        if self.terms > MOST:
            self._fail(f"La recherche compte plus de {MOST} critères.", self.at)
        return self._term(field)

    def _group(self, field: Field | None) -> Expression | None:
        start = self.at
        self.at += 1
        self._skip()
        if self._char() == ")":
            self._fail("Ces parenthèses sont vides.", start, self.at + 1 - start)
        found = self._deeper(lambda: self._either(field), start)
        if self._char() != ")":
            self._fail("Cette parenthèse n’est pas fermée.", start)
        self.at += 1
        self._skip()
        return found

    def _term(self, field: Field | None) -> Expression | None:
        start = self.at
        if self.text[start] in _OPEN + _CLOSE:
            return self._value(field, self._quoted(), start, quoted=True)
        named = _NAME.match(self.text, start)
        if named and (field is None or self._find_field(named[1])):
            return self._named(named)
        return self._value(field, self._word(field), start)

    def _named(self, named: re.Match[str]) -> Expression | None:
        """`champ:valeur`, `champ:"valeur"`, `champ:(a OU b)`."""
        field = self._find_field(named[1])
        if field is None:
            self._fail(self._say_unknown(named[1]), named.start(), len(named[1]))
        self.at = named.end()
        self._skip()
        if self._at_end():
            self._fail(f"Il manque une valeur après « {named[0]} ».", named.start(), len(named[0]))
        if self.text[self.at] == "(":
            return self._group(field)
        return self._term(field)

    def _value(
        self, field: Field | None, text: str, start: int, *, quoted: bool = False
    ) -> Expression | None:
        end = self.at
        self._skip()
        if text == "*" and not quoted and field is None:
            return Tout()
        if (field is None or field.kind is Kind.TEXTE) and not find_words(text):
            return None
        try:
            if field is not None:
                return parse_value(field, text, quoted=quoted)
            return Phrase(text) if quoted else parse_word(text)
        except ValeurIllisible as error:
            self._fail(str(error), start, end - start)

    def _quoted(self) -> str:
        start = self.at
        ends = [i for c in _CLOSE if (i := self.text.find(c, start + 1)) >= 0]
        if not ends:
            self._fail("Ce guillemet n’est pas fermé.", start)
        self.at = min(ends) + 1
        return self.text[start + 1 : self.at - 1]

    def _word(self, field: Field | None) -> str:
        """The text of one word; figures and IBAN written with spaces are one."""
        start = self.at
        end = _find_end(self.text, start, field)
        if end == start:
            found = _WORD.match(self.text, start)
            end = found.end() if found else start + 1
        self.at = end
        return self.text[start:end]

    def _deeper(self, read: Callable[[], Expression | None], start: int) -> Expression | None:
        self.depth += 1
        if self.depth > DEEPEST:
            self._fail("Trop de parenthèses imbriquées.", start)
        found = read()
        self.depth -= 1
        return found

    def _peek_operator(self) -> str | None:
        found = _OPERATOR.match(self.text, self.at)
        return found[1] if found else None

    def _take_operator(self, name: str) -> bool:
        if self._peek_operator() != name:
            return False
        self.at += len(name)
        self._skip()
        return True

    def _skip(self) -> None:
        while self._char().isspace():
            self.at += 1

    def _char(self) -> str:
        return self.text[self.at : self.at + 1]

    def _at_end(self) -> bool:
        return self._char() in ("", ")")

    def _find_field(self, name: str) -> Field | None:
        return find_field(name, retention=self.retention)

    def _say_unknown(self, name: str) -> str:
        names = list(find_names(retention=self.retention))
        near = get_close_matches(fold_name(name), names, n=1)
        hint = f" Vouliez-vous dire « {near[0]}: » ?" if near else ""
        return f"Le champ « {name} » n’existe pas.{hint}"

    def _fail(self, message: str, position: int, longueur: int = 1) -> NoReturn:
        raise ErreurDeSyntaxe(message, self.text, position, longueur)


def _find_end(text: str, start: int, field: Field | None) -> int:
    """Where a value that may hold spaces or `..` ends; `start` where it is an ordinary word."""
    if field is not None and field.kind in ORDERED:
        pattern = _AMOUNTS if field.kind is Kind.MONTANT else _RANGE
        found = pattern.match(text, start)
        return found.end() if found else start
    if field is not None and field.kind is Kind.MOT:
        return start
    if found := _FIGURES.match(text, start):
        return found.end()
    found = _IBAN.match(text, start)
    return _end_of_iban(text, start, found.end()) if found else start


def _end_of_iban(text: str, start: int, end: int) -> int:
    """The longest run of groups whose check digits hold (ISO 13616: 1 modulo 97)."""
    while end > start:
        iban = re.sub(rf"[{_SPACE}]", "", text[start:end]).upper()
        if len(iban) >= 15 and int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1:
            return end
        end = max(text.rfind(c, start, end) for c in _SPACE)
    return start


def _drop_stop_words(parts: list[Expression]) -> list[Expression]:
    """Without small words, unless there is nothing else to look for."""
    kept = [p for p in parts if not _is_stop_word(p)]
    return kept if any(not isinstance(p, Sauf) for p in kept) else parts


def _is_stop_word(part: Expression) -> bool:
    return isinstance(part, Mot) and fold(part.texte).strip() in STOP_WORDS
