"""The words searched, found again in the texts on screen: page, passage, what to highlight.

No engine is asked: the same analysis tells what it found. Segments of text only, never HTML.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from orc.index.analysis import (
    WORD,
    clean,
    find_reference_spans,
    find_words,
    fold_word,
    locate_words,
    make_amount_key,
    make_query_keys,
    make_reference_keys,
    stem_word,
)
from orc.index.fields import BY_NAME, Kind
from orc.index.query import Et, Expression, Mot, Ou, Phrase, Prefixe, Terme
from orc.search.syntax import STOP_WORDS

LARGEUR = 240
NOMBRE = 3

Span = tuple[int, int]
# A word as written, folded, stemmed; and what keeps some of those of a text.
_Surface = tuple[str, str, str]
_Test = Callable[[Sequence[_Surface]], list[_Surface]]


@dataclass(frozen=True, slots=True)
class Passage:
    """Some words around those searched: (text, whether it was searched), in reading order.

    `page` counts from 1; 0 where the text has no pages (an objet). `lien_id`: the PJ it comes
    from where the hit is a piece. `partie`: the document carried by that PJ that says it (an
    attached file, a member of an archive), at its own page `page_partie`.
    """

    page: int
    morceaux: tuple[tuple[str, bool], ...]
    lien_id: int | None = None
    partie: str = ""
    page_partie: int = 0


@dataclass(frozen=True, slots=True)
class _Motif:
    """Words that must follow one another, each by its own test; or keys of references."""

    tests: tuple[_Test, ...] = ()
    keys: frozenset[str] = frozenset()


class Motifs:
    """What an expression looks for in a text: what SAUF excludes is not looked for."""

    def __init__(self, expression: Expression, champs: frozenset[str]) -> None:
        self._champs = champs
        self._motifs = tuple(self._read(expression))

    def __bool__(self) -> bool:
        return bool(self._motifs)

    def find_spans(self, cleaned: str) -> list[tuple[int, int, int]]:
        """(start, end, which motif) in a text that `clean` made, by place."""
        surfaces = [_SURFACES[surface] for surface in set(WORD.findall(cleaned))]
        spans: list[tuple[int, int, int]] = []
        for rank, motif in enumerate(self._motifs):
            if motif.keys:
                spans += [(a, b, rank) for a, b in find_reference_spans(cleaned, motif.keys)]
            spans += [(a, b, rank) for a, b in _find_words(cleaned, surfaces, motif.tests)]
        return sorted(spans)

    def _read(self, expression: Expression) -> Iterator[_Motif]:
        if isinstance(expression, Et | Ou):
            for terme in expression.termes:
                yield from self._read(terme)
        elif isinstance(expression, Mot | Phrase | Prefixe):
            if expression.champ is None or expression.champ in self._champs:
                yield from _make_motifs(expression)
        elif isinstance(expression, Terme):
            yield from _make_term_motifs(expression)


@lru_cache(maxsize=256)
def _make_all(expression: Expression, champs: frozenset[str]) -> Motifs:
    """The same question is asked of every text on screen."""
    return Motifs(expression, champs)


class _Surfaces(dict[str, _Surface]):
    """The words met, analysed once; three times faster than a call for each."""

    def __missing__(self, surface: str) -> _Surface:
        if len(self) >= _SURFACES_KEPT:
            self.clear()
        exact = fold_word(surface)
        found = self[surface] = (surface, exact, stem_word(exact))
        return found


_SURFACES_KEPT = 100_000
_SURFACES = _Surfaces()


def _find_words(
    cleaned: str, surfaces: Sequence[_Surface], tests: Sequence[_Test]
) -> Iterator[Span]:
    """Words that follow one another, each passing its test.

    `surfaces`: the words of the text, once each; a look at them is enough for most pages.
    """
    kept = []
    for test in tests:
        passing = test(surfaces)
        if not passing:
            return
        kept.append(passing)
    if len(kept) == 1:
        for surface, *_ in kept[0]:
            yield from _find_form(cleaned, surface)
    elif kept:
        words = locate_words(cleaned)
        exacts = [{exact for _, exact, _ in passing} for passing in kept]
        first = exacts[0]
        for i in range(len(words) - len(kept) + 1):
            if words[i].exact in first and all(
                words[i + j].exact in forms for j, forms in enumerate(exacts)
            ):
                yield words[i].start, words[i + len(kept) - 1].end


def _find_form(cleaned: str, surface: str) -> Iterator[Span]:
    """Where a word stands whole, written exactly so."""
    start = cleaned.find(surface)
    while start >= 0:
        end = start + len(surface)
        if not (start and cleaned[start - 1].isalnum()) and not cleaned[end : end + 1].isalnum():
            yield start, end
        start = cleaned.find(surface, end)


def _make_motifs(part: Mot | Phrase | Prefixe) -> Iterator[_Motif]:
    words = find_words(part.texte)
    if isinstance(part, Mot):
        yield _Motif(tuple(_same_stem(w) for w in words))
        if keys := frozenset(make_query_keys(part.texte)):
            yield _Motif(keys=keys)
    elif isinstance(part, Phrase):
        yield _Motif(tuple(_same(w) for w in words))
    elif words:
        yield _Motif((*(_same(w) for w in words[:-1]), _begins(words[-1])))


def _make_term_motifs(terme: Terme) -> Iterator[_Motif]:
    kind = BY_NAME[terme.champ].kind
    if kind is Kind.REFERENCE:
        yield _Motif(keys=frozenset(make_reference_keys(str(terme.valeur))))
        yield _Motif(tuple(_same(w) for w in find_words(str(terme.valeur))))
    elif kind is Kind.MONTANT:
        yield _Motif(keys=frozenset({make_amount_key(int(terme.valeur))}))


def _same_stem(word: str) -> _Test:
    stem = stem_word(word)
    if not word.isdigit():
        return lambda surfaces: [s for s in surfaces if s[2] == stem]
    number = word.lstrip("0")
    return lambda surfaces: [s for s in surfaces if s[2] == stem or s[1].lstrip("0") == number]


def _same(word: str) -> _Test:
    return lambda surfaces: [s for s in surfaces if s[1] == word]


def _begins(debut: str) -> _Test:
    return lambda surfaces: [s for s in surfaces if s[1].startswith(debut)]


TEXTE = frozenset({"texte"})
OBJET = frozenset({"objet", "libelle_ligne", "tiers", "nom_pj", "description"})


def find_passages(
    pages: Sequence[str],
    expression: Expression,
    *,
    largeur: int = LARGEUR,
    nombre: int = NOMBRE,
) -> tuple[Passage, ...]:
    """The best passages of a text, best first: those that hold most of the different words.

    `largeur`: about how many characters each. Nothing where the words are not in this text.
    """
    motifs = _make_all(expression, TEXTE)
    if not motifs:
        return ()
    found: list[tuple[tuple[int, int], int, Span, str, list[Span]]] = []
    for number, page in enumerate(pages, 1):
        cleaned = clean(page)
        for window, spans, weight in _cut_windows(motifs.find_spans(cleaned), largeur):
            found.append((weight, number, window, cleaned, spans))
    found.sort(key=lambda f: (-f[0][0], -f[0][1], f[1], f[2]))
    return tuple(
        Passage(number, _make_morceaux(text, window, spans, largeur))
        for _, number, window, text, spans in found[:nombre]
    )


def mark(text: str, expression: Expression) -> tuple[tuple[str, bool], ...]:
    """A short text whole (an objet, a name), cut where the words searched are."""
    cleaned = clean(text)
    spans = [(a, b) for a, b, _ in _make_all(expression, OBJET).find_spans(cleaned)]
    return _cut(cleaned, (0, len(cleaned)), spans)


def find_spans(page: str, expression: Expression) -> tuple[Span, ...]:
    """Where the words searched stand in `clean(page)`, by place, without overlap."""
    spans = _make_all(expression, TEXTE).find_spans(clean(page))
    return tuple(_join([(a, b) for a, b, _ in spans]))


def find_surfaces(page: str, expression: Expression) -> frozenset[str]:
    """The folded words of a page to highlight, wherever the viewer sees them.

    Not the `aux` of Combe-aux-Loups: it would be lit all over the page, unless it is all there is.
    """
    cleaned = clean(page)
    spans = find_spans(page, expression)
    words = frozenset(word for a, b in spans for word in find_words(cleaned[a:b]))
    return words - STOP_WORDS or words


def _cut_windows(
    spans: Sequence[tuple[int, int, int]], largeur: int
) -> Iterator[tuple[Span, list[Span], tuple[int, int]]]:
    """Groups of spans that fit together: (from, to), spans, (different motifs, spans)."""
    i = 0
    while i < len(spans):
        start = spans[i][0]
        group = [s for s in spans[i : i + 200] if s[1] <= max(start + largeur, spans[i][1])]
        ends = max(b for _, b, _ in group)
        yield (
            (start, ends),
            [(a, b) for a, b, _ in group],
            (len({r for *_, r in group}), len(group)),
        )
        i += len(group)


def _make_morceaux(
    text: str, window: Span, spans: list[Span], largeur: int
) -> tuple[tuple[str, bool], ...]:
    """The window, widened to about `largeur` at whole words, with … where the text goes on."""
    room = max(0, largeur - (window[1] - window[0]))
    start = max(0, window[0] - room // 3)
    end = min(len(text), window[1] + room - (window[0] - start))
    if start:
        start = _next_word(text, start, window[0])
    if end < len(text):
        end = max(window[1], text.rfind(" ", window[1], end))
    morceaux = list(_cut(text, (start, end), spans))
    if start:
        morceaux.insert(0, ("… ", False))
    if end < len(text):
        morceaux.append((" …", False))
    return tuple(_joined(morceaux))


def _next_word(text: str, start: int, limit: int) -> int:
    for i in range(start, limit):
        if text[i].isspace():
            return i + 1
    return start if text[start - 1].isspace() else limit


def _cut(text: str, window: Span, spans: Sequence[Span]) -> tuple[tuple[str, bool], ...]:
    morceaux, at = [], window[0]
    for start, end in _join(spans):
        morceaux += [(text[at:start], False), (text[start:end], True)]
        at = end
    morceaux.append((text[at : window[1]], False))
    return tuple((_one_line(t), marked) for t, marked in morceaux if t)


def _one_line(text: str) -> str:
    """Runs of spaces and line breaks as one space, kept at both ends."""
    bare = " ".join(text.split())
    if not bare:
        return " "
    return f"{' ' if text[0].isspace() else ''}{bare}{' ' if text[-1].isspace() else ''}"


def _joined(morceaux: Sequence[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    """Neighbours of the same sort made one."""
    last: tuple[str, bool] | None = None
    for text, marked in morceaux:
        if last and last[1] == marked:
            last = (last[0] + text, marked)
            continue
        if last:
            yield last
        last = (text, marked)
    if last:
        yield last


def _join(spans: Sequence[Span]) -> list[Span]:
    """Spans that overlap made one, by place."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
