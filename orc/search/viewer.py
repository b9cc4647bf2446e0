"""What the viewer says of a document: its text, the pages a search is found on, the words."""

from collections.abc import Iterator

from orc.errors import Invalid, NotFound
from orc.index.analysis import clean, find_words
from orc.index.query import Expression, Mot, Ou
from orc.search.open_pj import PjVisible
from orc.search.passages import find_spans, find_surfaces
from orc.search.syntax import STOP_WORDS, parse
from orc.storage import Storage

Morceaux = tuple[tuple[str, bool], ...]


def read_pages(storage: Storage, pj: PjVisible) -> tuple[str, ...]:
    """The pages of text of a PJ, NIR masked; () where there is none or it is damaged."""
    try:
        return storage.get_pages(pj.sha256)
    except (NotFound, Invalid):
        return ()


class Surligneur:
    """The words of a question, to be found again in a text as the index found them.

    A question that cannot be parsed is read as plain words: showing a document never fails.
    """

    def __init__(self, question: str) -> None:
        self.expression = _read(question)

    def find_mots(self, texte: str) -> list[str]:
        """The words of this page to highlight, folded, in alphabetical order."""
        return sorted(find_surfaces(texte, self.expression))

    def count(self, texte: str) -> int:
        """How many places of this text are to be highlighted."""
        return len(find_spans(texte, self.expression))

    def cut(self, texte: str) -> Morceaux:
        """The text in pieces, each with whether it is to be highlighted; joined, the whole text."""
        return tuple(self._cut(clean(texte)))

    def _cut(self, cleaned: str) -> Iterator[tuple[str, bool]]:
        here = 0
        for start, end in find_spans(cleaned, self.expression):
            if start > here:
                yield cleaned[here:start], False
            yield cleaned[start:end], True
            here = end
        if here < len(cleaned):
            yield cleaned[here:], False


def _read(question: str) -> Expression:
    try:
        return parse(question, retention=True)  # only to know its words
    except Invalid:
        words = dict.fromkeys(w for w in find_words(question) if w not in STOP_WORDS)
        return Ou(tuple(Mot(w) for w in words))
