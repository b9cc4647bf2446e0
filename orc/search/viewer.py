"""What the viewer says of a document: its text, the pages a search is found on, the words."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from orc.errors import Invalid, NotFound
from orc.index.analysis import WORD, clean, elide, find_words, fold, stem_word
from orc.index.query import Et, Expression, Mot, Ou, Phrase, Prefixe
from orc.search.open_pj import PjVisible
from orc.search.syntax import STOP_WORDS, parse
from orc.storage import Storage

Morceaux = tuple[tuple[str, bool], ...]


def read_pages(storage: Storage, pj: PjVisible) -> tuple[str, ...]:
    """The pages of text of a PJ, NIR masked; () where there is none or it is damaged."""
    try:
        return storage.get_pages(pj.sha256)
    except (NotFound, Invalid):
        return ()


@dataclass(slots=True)
class Surligneur:
    """The words of a question, to be found again in a text as the index found them.

    A question that cannot be parsed is read as plain words: showing a document never fails.
    """

    question: str
    stems: set[str] = field(default_factory=set)
    exacts: set[str] = field(default_factory=set)
    prefixes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Gather the words of what is asked for, and of nothing it excludes."""
        try:
            self._add(parse(self.question))
        except Invalid:
            self._add_words(self.question)

    def _add(self, asked: Expression) -> None:
        if isinstance(asked, Et | Ou):
            for term in asked.termes:
                self._add(term)
        elif isinstance(asked, Mot) and asked.champ in {None, "texte"}:
            self._add_words(asked.texte)
        elif isinstance(asked, Phrase) and asked.champ in {None, "texte"}:
            self.exacts.update(find_words(asked.texte))
        elif isinstance(asked, Prefixe) and asked.champ in {None, "texte"}:
            self.prefixes += tuple(find_words(asked.texte)[-1:])

    def _add_words(self, text: str) -> None:
        for word in find_words(text):
            if word not in STOP_WORDS:
                self.stems.add(stem_word(word))

    @property
    def empty(self) -> bool:
        """Whether nothing is to be found."""
        return not (self.stems or self.exacts or self.prefixes)

    def matches(self, mot: str) -> bool:
        """Whether this folded word is one of those asked for."""
        return (
            mot in self.exacts
            or (bool(self.prefixes) and mot.startswith(self.prefixes))
            or (bool(self.stems) and stem_word(mot) in self.stems)
        )

    def find_mots(self, texte: str) -> list[str]:
        """The words of this text to highlight, folded, once each."""
        if self.empty:
            return []
        return [mot for mot in dict.fromkeys(find_words(texte)) if self.matches(mot)]

    def count(self, texte: str) -> int:
        """How many words of this text are to be highlighted."""
        if self.empty:
            return 0
        return sum(self.matches(mot) for mot in find_words(texte))

    def cut(self, texte: str) -> Morceaux:
        """The text in pieces, each with whether it is to be highlighted; joined, the whole text."""
        return tuple(self._cut(clean(texte)))

    def _cut(self, texte: str) -> Iterator[tuple[str, bool]]:
        if self.empty:
            yield texte, False
            return
        here = 0
        for found in WORD.finditer(texte):
            if self.matches(elide(fold(found[0]))):
                if found.start() > here:
                    yield texte[here : found.start()], False
                yield found[0], True
                here = found.end()
        if here < len(texte):
            yield texte[here:], False
