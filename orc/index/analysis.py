"""One French analysis for every engine and for passages: what is a word, and when two are one.

Folding, elision and stemming are done here, before any engine, once for every record that holds
a text: an engine is left with cutting at spaces.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock, local

import Stemmer

# Changes when the same text would be indexed otherwise: an older index must then be rebuilt.
ANALYSIS_VERSION = 3

WORD = re.compile(r"[^\W_]+")
LONGEST_WORD = 100

_APOSTROPHES = "'’‘ʼ＇"
_APOSTROPHE_SET = frozenset(_APOSTROPHES)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
# Letters that no Unicode decomposition turns into ASCII.
_LETTERS = {
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "ß": "ss",
    "ð": "d",
    "þ": "th",
    "đ": "d",
    "ħ": "h",
    "ı": "i",
    "ĸ": "q",
    "ł": "l",
    "ŋ": "n",
    "ŧ": "t",
    "ƒ": "f",
    **dict.fromkeys(_APOSTROPHES, "'"),
}

ELISIONS = "(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)"
_ELIDED = re.compile(ELISIONS)
_ELISION = re.compile(rf"\b{ELISIONS}'(?=[^\W_])")

# Plurals that the stemmer does not bring back to their singular.
IRREGULAR = {
    "travaux": "travail",
    "baux": "bail",
    "vitraux": "vitrail",
    "coraux": "corail",
    "emaux": "email",
    "soupiraux": "soupirail",
    "yeux": "oeil",
}
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_FEW = 60
_NOT_WORD = {sign: " " for sign in range(128) if not chr(sign).isalnum()}

_threads = local()


def clean(text: str) -> str:
    """The text that passages show: composed letters, without invisible characters."""
    if text.isascii():
        return text
    return _INVISIBLE.sub("", unicodedata.normalize("NFC", text))


@lru_cache(maxsize=4096)
def _fold_letter(letter: str) -> str:
    low = letter.lower()
    if known := _LETTERS.get(low):
        return known
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", low) if not unicodedata.combining(c)
    ).lower()
    if plain.isascii() and plain.isalnum():
        return plain
    if low.isalnum() and len(low) == 1:
        return low
    return " "


def fold(text: str) -> str:
    """Lower-case, without accents nor ligatures; what is not ASCII nor alphanumeric is a space."""
    text = clean(text)
    if not text.isascii():
        letters = {c for c in set(text) if c > "\x7f"}
        if len(letters) > _FEW:
            return _NOT_ASCII.sub(lambda m: _fold_letter(m[0]), text).lower()
        # A French page has few different ones: each is replaced at once.
        for letter in letters:
            text = text.replace(letter, _fold_letter(letter))
    return text.lower()


def prepare_exact(text: str) -> str:
    """What the exact field of an engine receives: folded, without elided articles."""
    return elide(fold(text))


def elide(folded: str) -> str:
    """Take `l'`, `d'`, `qu'`… away from an already folded text."""
    return _ELISION.sub("", folded) if "'" in folded else folded


@lru_cache(maxsize=50_000)
def stem_word(word: str) -> str:
    """The stem of one folded word."""
    return _stem(word)


def _stem(word: str) -> str:
    stemmer = getattr(_threads, "stemmer", None)
    if stemmer is None:
        stemmer = _threads.stemmer = Stemmer.Stemmer("french")
    return str(stemmer.stemWord(IRREGULAR.get(word, word)))


@lru_cache(maxsize=50_000)
def fold_word(word: str) -> str:
    """One word of a clean text, as engines compare it."""
    return fold(word)


def find_words(text: str) -> list[str]:
    """The folded words of a text, in order, without elided articles nor endless strings."""
    return [w for w in _cut(prepare_exact(text)) if len(w) <= LONGEST_WORD]


def _cut(exact: str) -> list[str]:
    if exact.isascii():
        return exact.translate(_NOT_WORD).split()
    return WORD.findall(exact)


class _Stems(dict[str, str]):
    """The stems of the words met; nothing for endless strings. Four times faster than a call."""

    def __missing__(self, word: str) -> str:
        if len(self) >= _STEMS_KEPT:
            self.clear()
        stem = self[word] = _stem(word) if len(word) <= LONGEST_WORD else ""
        return stem


_STEMS_KEPT = 50_000
_stems = _Stems()


def find_stems(text: str) -> list[str]:
    """The stems of a text, in order."""
    return [stem_word(w) for w in find_words(text)]


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a clean text: where it stands, and its folded form."""

    start: int
    end: int
    exact: str


def locate_words(cleaned: str) -> list[Word]:
    """The words that find_words gives, with their places in a text that `clean` made."""
    words = []
    for found in WORD.finditer(cleaned):
        exact = fold_word(found[0])
        if not exact.isalnum() or _is_elided(cleaned, found.end(), exact):
            continue
        words.append(Word(found.start(), found.end(), exact))
    return words


def _is_elided(text: str, end: int, exact: str) -> bool:
    if text[end : end + 1] not in _APOSTROPHE_SET or not text[end + 1 : end + 2].isalnum():
        return False
    return bool(_ELIDED.fullmatch(exact))


# References: what people write in many ways.

_RUNS = re.compile(r"[a-z]+|[0-9]+")
_REFERENCE = re.compile(r"[a-z0-9]+(?:[-/._][a-z0-9]+)*")
_NUMBER = r"(?:\d{1,3}(?:[ .]\d{3})+|\d+)"
_AMOUNT = re.compile(rf"(?<![\w,./-])(-?{_NUMBER})[,.](\d\d)(?![\w/-]|[.,]\d)")
_GROUPED = re.compile(r"(?<![\w,./-])(\d{1,3}(?: \d{3})+)(?![\w/-]|[.,]\d| \d)")
_SIRET = re.compile(r"(?<![\d])(?<!\d )\d{3} ?\d{3} ?\d{3}(?: ?\d{5})?(?!\d)")
_IBAN = re.compile(r"(?<![a-z0-9])[a-z]{2}\d\d(?: [a-z0-9]{4}){3,7}(?: [a-z0-9]{1,3})?(?![a-z0-9])")
# The same amounts in a folded text; begins with a digit, so that the scan jumps from one to the
# next and only then looks back.
_AMOUNT_IN_TEXT = re.compile(
    r"([0-9](?:(?<![\w,./-].)|(?<=-.)(?<![\w,./-]-.))"
    r"(?:[0-9]{0,2}(?:[ .][0-9]{3})+|[0-9]*))[,.]([0-9][0-9])(?![\w/-]|[.,][0-9])",
    re.DOTALL,
)
# Runs of figures with signs in them: where grouped numbers and SIRET are looked for.
_FIGURES = re.compile(r"[0-9]+[ .,][0-9 .,]*[0-9]")
# What every spaced IBAN has; begins with a fixed sign, so that the scan jumps from one to the next.
_IBAN_HINT = re.compile(r" (?<=[a-z][a-z][0-9][0-9] )[a-z0-9]{4} ")
# What a grouped number and a spaced SIRET have, begun so for the same reason.
_SPACED = re.compile(r" (?<=[0-9] )[0-9]{3}(?:[0-9]{2,3}|[0-9]{5}|[0-9]{8})?(?![0-9]|[.,][0-9])")
_DIGIT = re.compile("[0-9]")
_LONGEST_REFERENCE = 64
# The same on a text that was not folded, so that places stay those of the text.
_REFERENCE_WRITTEN = re.compile(r"[^\W_]+(?:[-/._][^\W_]+)*")
_IBAN_WRITTEN = re.compile(_IBAN.pattern, re.IGNORECASE)
_SAME_LENGTH = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009", " "))


def make_reference_keys(value: str) -> tuple[str, ...]:
    """The keys of a reference: two that share one are the same reference.

    `F2023-00127`, `f2023/127` and `F 2023 127` meet on `f-2023-127`: letters and digits apart,
    leading zeros aside. `F202300127` meets the first on `f202300127`: everything joined.
    """
    return _make_keys(fold(value))


@lru_cache(maxsize=10_000)
def _make_keys(folded: str) -> tuple[str, ...]:
    runs = _RUNS.findall(folded)[:32]
    if not runs:
        return ()
    apart = "-".join([r.lstrip("0") or "0" if r[0] <= "9" else r for r in runs])
    whole = "".join(runs)[:_LONGEST_REFERENCE]
    return (whole,) if apart == whole else (apart[:_LONGEST_REFERENCE], whole)


def make_amount_key(cents: int) -> str:
    """The key of an amount, whatever its sign: `=123456`."""
    return f"={abs(cents)}"


def read_amount(text: str) -> int | None:
    """Cents of `1 234,56`, `1.234,56`, `1234.5`, `1 234`; None where it is not an amount."""
    compact = re.sub(r"[\s\u00a0\u202f]", "", text).replace("€", "").replace("−", "-")
    found = re.fullmatch(r"([+-]?)(\d{1,15}|\d{1,3}(?:\.\d{3})+(?=,|$))(?:[.,](\d{1,2}))?", compact)
    if not found:
        return None
    cents = int(found[2].replace(".", "")) * 100 + int((found[3] or "0").ljust(2, "0"))
    return -cents if found[1] == "-" else cents


def _amount_keys(folded: str) -> Iterator[str]:
    for whole, cents in _AMOUNT.findall(folded):
        yield f"={int(re.sub(r'[ .-]', '', whole)) * 100 + int(cents)}"
    for whole in _GROUPED.findall(folded):
        yield f"={int(whole.replace(' ', '')) * 100}"


def _grouped_keys(folded: str) -> Iterator[str]:
    """Amounts without cents, and SIRET, whose figures are written in groups."""
    figures = "|".join(
        [folded[max(0, f.start() - 2) : f.end() + 1] for f in _FIGURES.finditer(folded)]
    )
    for whole in _GROUPED.findall(figures):
        yield f"={int(whole.replace(' ', '')) * 100}"
    for siret in _SIRET.findall(figures):
        if " " in siret:
            yield siret.replace(" ", "")


def find_reference_keys(folded: str) -> set[str]:
    """The keys of the references and amounts written in a folded text.

    A bare number without leading zeros has none: it is a word already.
    """
    keys = {
        f"={(whole + cents).replace(' ', '').replace('.', '').lstrip('0') or '0'}"
        for whole, cents in _AMOUNT_IN_TEXT.findall(folded)
    }
    if _SPACED.search(folded):
        keys.update(_grouped_keys(folded))
    if _IBAN_HINT.search(folded):
        keys.update(iban.replace(" ", "") for iban in _IBAN.findall(folded))
    # Words and amounts, nearly all there is, are told from references by their signs alone.
    for written in [w for w in set(folded.split()) if not w.isalpha()]:
        if written.replace(",", "").isdigit() and written[0] != "0" and ",0" not in written:
            continue
        for token in _REFERENCE.findall(written):
            if not (token.isalpha() or (token.isdigit() and token[0] != "0")):
                keys.update(_token_keys(token))
    return keys


def _token_keys(token: str) -> tuple[str, ...]:
    if len(token) > _LONGEST_REFERENCE or not _DIGIT.search(token):
        return ()
    return _make_keys(token)


def make_query_keys(text: str) -> tuple[str, ...]:
    """The keys that a word typed by a person may meet; none where it holds no digit."""
    folded = fold(text).strip()
    if not _DIGIT.search(folded):
        return ()
    amounts = tuple(_amount_keys(folded)) if _is_amount(folded) else ()
    if amounts and _AMOUNT.fullmatch(folded):
        return (*amounts, make_reference_keys(text)[0])
    return tuple(dict.fromkeys((*make_reference_keys(text), *amounts)))


def _is_amount(folded: str) -> bool:
    return bool(_AMOUNT.fullmatch(folded) or _GROUPED.fullmatch(folded))


@dataclass(frozen=True, slots=True)
class Prepared:
    """One text, as the three fields of an engine receive it.

    `exact` are its words and `stems` theirs, in the same order, a space between two: an engine
    cuts at spaces and does nothing else, so that no two engines read a text differently.
    """

    exact: str
    stems: str
    keys: frozenset[str]


def prepare(text: str) -> Prepared:
    """Fold, elide, and find the references: once, for every record that holds this text."""
    if len(text) < _LABEL:
        return _prepare_label(text)
    return _prepare_text(text) if len(text) <= LONGEST_PREPARED else _prepare(text)


def _prepare(text: str) -> Prepared:
    folded = prepare_exact(text)
    words = _cut(folded)
    stems = list(map(_stems.__getitem__, words))
    if "" in stems:
        words = [word for word, stem in zip(words, stems, strict=True) if stem]
        stems = [stem for stem in stems if stem]
    return Prepared(" ".join(words), " ".join(stems), frozenset(find_reference_keys(folded)))


# Names and labels come back from piece to piece; a text, in the records of one piece.
_LABEL, LONGEST_PREPARED = 200, 100_000
# Characters of texts whose analysis waits for the index.
_WAITING = 4_000_000


class _Prepared:
    """Analyses made elsewhere, until the index asks for them: a hint, bounded, oldest out first."""

    def __init__(self) -> None:
        self._held: dict[str, Prepared] = {}
        self._size = 0
        self._lock = Lock()

    def put(self, text: str, prepared: Prepared) -> None:
        with self._lock:
            if text not in self._held:
                self._size += len(text)
            self._held[text] = prepared
            while self._size > _WAITING:
                oldest = next(iter(self._held))
                del self._held[oldest]
                self._size -= len(oldest)

    def take(self, text: str) -> Prepared | None:
        with self._lock:
            prepared = self._held.pop(text, None)
            if prepared is not None:
                self._size -= len(text)
            return prepared


_prepared = _Prepared()


def make_texte(pages: Iterable[str]) -> str:
    """The text of a document as records hold it: its pages one after the other."""
    return "\n".join(pages)


def remember(text: str, prepared: Prepared) -> None:
    """Tell what `prepare` would answer for this text: another process has just found it."""
    _prepared.put(text, prepared)


def _find_prepared(text: str) -> Prepared:
    return _prepared.take(text) or _prepare(text)


_prepare_label = lru_cache(maxsize=2_000)(_prepare)
_prepare_text = lru_cache(maxsize=64)(_find_prepared)


def find_reference_spans(cleaned: str, keys: frozenset[str]) -> list[tuple[int, int]]:
    """Where a clean text writes one of these keys: references, amounts, spaced SIRET and IBAN."""
    plain = cleaned.translate(_SAME_LENGTH)
    spans = [
        found.span()
        for found in _REFERENCE_WRITTEN.finditer(plain)
        if _DIGIT.search(found[0]) and keys.intersection(make_reference_keys(found[0]))
    ]
    for pattern in (_AMOUNT, _GROUPED):
        spans += [f.span() for f in pattern.finditer(plain) if keys & set(_amount_keys(f[0]))]
    for pattern in (_SIRET, _IBAN_WRITTEN):
        spans += [
            f.span() for f in pattern.finditer(plain) if f[0].replace(" ", "").lower() in keys
        ]
    return spans


def make_code_key(value: str) -> str:
    """How a code is compared: folded, spaces around it aside."""
    return fold(value).strip()[:_LONGEST_REFERENCE]


def begins_so(text: str, debut: str) -> bool:
    """Whether each word of `debut` begins a word of this text: facets searched by hand."""
    words = find_words(text)
    return all(any(w.startswith(d) for w in words) for d in find_words(debut))
