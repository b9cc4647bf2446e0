"""What OCR read of a document, as the viewer shows it: how well, and where its words stand."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.boxes import EtatPage, MotLu, PageLue, load_page, make_page_key
from orc.errors import Invalid, NotFound
from orc.index.analysis import clean, locate_words
from orc.models import LecturePage
from orc.search.consult_values import QUALITE_FAIBLE
from orc.storage import Storage

BOITES_MAX = 2000
_UPRIGHT = 20
_HYPHENS = "-\u2010\u00ad"

# Left, top, width, height in fractions of the page as shown, and the word.
Boite = tuple[float, float, float, float, str]


@dataclass(frozen=True, slots=True)
class LectureOcr:
    """One page given to OCR: what became of it, and how well it was read (0 to 100)."""

    page: int
    etat: EtatPage
    motif: str
    qualite: int
    lecteur: str
    quand: datetime

    @property
    def faible(self) -> bool:
        """Whether its text is doubtful."""
        return self.etat is EtatPage.LUE and self.qualite < QUALITE_FAIBLE

    @property
    def libelle(self) -> str:
        """What is to be said of it, in words."""
        if self.etat is EtatPage.LUE:
            return f"Océrisée. Qualité de lecture : {self.qualite}\u00a0%"
        return self.motif.removesuffix(".")


def find_lectures(session: Session, sha256: str) -> dict[int, LectureOcr]:
    """The pages of a document that OCR has done, by number, in order."""
    query = select(LecturePage).where(LecturePage.sha256 == sha256).order_by(LecturePage.page)
    return {
        row.page: LectureOcr(
            row.page, EtatPage(row.etat), row.motif, row.qualite, row.lecteur, row.quand
        )
        for row in session.scalars(query)
    }


def read_page(storage: Storage, sha256: str, page: int) -> PageLue | None:
    """What OCR read of a page; None where it was not given it, or what was kept is damaged."""
    try:
        return load_page(storage.get_bytes(make_page_key(sha256, page)))
    except (NotFound, Invalid):
        return None


def find_boites(page: PageLue, mots: Collection[str]) -> tuple[Boite, ...]:
    """Where these words (folded as the index does) stand on the page, at most BOITES_MAX."""
    found = []
    for boite in _find(page, frozenset(mots)):
        found.append(boite)
        if len(found) >= BOITES_MAX:
            break
    return tuple(found)


def _find(page: PageLue, wanted: frozenset[str]) -> Iterator[Boite]:
    upright = abs(page.rotation) < _UPRIGHT
    rank = 0
    while rank < len(page.mots):
        mot = page.mots[rank]
        following = page.mots[rank + 1 : rank + 2]
        if _is_cut(mot, following) and (whole := _join(mot, following[0])) & wanted:
            word = min(whole & wanted)
            yield (mot.x, mot.y, mot.largeur, mot.hauteur, word)
            after = following[0]
            yield (after.x, after.y, after.largeur, after.hauteur, word)
            rank += 2
            continue
        yield from _find_in(mot, wanted, upright=upright)
        rank += 1


def _is_cut(mot: MotLu, following: Sequence[MotLu]) -> bool:
    """Whether the end of the line cuts a word: « électri- », then « cité »."""
    return bool(
        mot.fin and following and mot.texte[-1] in _HYPHENS and following[0].texte[0].islower()
    )


def _join(mot: MotLu, following: MotLu) -> set[str]:
    joined = clean(mot.texte[:-1] + following.texte)
    at = len(clean(mot.texte[:-1]))
    return {word.exact for word in locate_words(joined) if word.start < at < word.end}


def _find_in(mot: MotLu, wanted: frozenset[str], *, upright: bool) -> Iterator[Boite]:
    """A box for each wanted word of what tesseract took for one: « d’électricité »."""
    texte = clean(mot.texte)
    for word in locate_words(texte):
        if word.exact in wanted:
            first, part = word.start / len(texte), (word.end - word.start) / len(texte)
            if not upright:
                first, part = 0.0, 1.0
            left, width = mot.x + first * mot.largeur, part * mot.largeur
            yield (left, mot.y, width, mot.hauteur, word.exact)
