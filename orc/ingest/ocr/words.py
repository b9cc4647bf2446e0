"""What tesseract says of an image becomes a page: lines, boxes, confidence, NIR masked. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from orc.boxes import MOTS_MAX, EtatPage, MotLu, PageLue
from orc.ingest.extract.clean import clean_text, count_readable
from orc.ingest.extract.nir import MASK, mask_nir
from orc.ingest.ocr.nir import find_nir

_WORD_LEVEL = "5"
_LONGEST_WORD = 200
# A word read with less confidence is a smudge, a signature or a drawing.
_SMUDGE = 30
_SIGN_ALONE = 60
# Of a page whose words are so doubtful nothing is kept.
_NOTHING = 35
_SANS_MOT = "Aucun mot lisible : une photographie, un plan, une écriture à la main ?"

Place = Callable[[float, float, float, float], tuple[float, float, float, float]]


@dataclass(frozen=True, slots=True)
class Mot:
    """A word as tesseract gives it: its line, its box in points of the image, its confidence."""

    ligne: tuple[str, ...]
    texte: str
    x: float
    y: float
    largeur: float
    hauteur: float
    confiance: float


def read_tsv(tsv: str) -> tuple[Mot, ...]:
    """The words of tesseract's table, in its order, at most MOTS_MAX."""
    return tuple(_read_rows(tsv.split("\n")))


def _read_rows(rows: Iterable[str]) -> Iterator[Mot]:
    made = 0
    for row in rows:
        cells = row.split("\t")
        if len(cells) != 12 or cells[0] != _WORD_LEVEL:
            continue
        texte = "".join(cells[11].split())[:_LONGEST_WORD]
        if not texte or made >= MOTS_MAX:
            continue
        made += 1
        left, top, width, height, confidence = map(float, cells[6:11])
        yield Mot(tuple(cells[1:5]), texte, left, top, width, height, confidence)


def rate(mots: Iterable[Mot]) -> int:
    """The confidence of a reading, 0 to 100: the mean over its letters and digits."""
    weights = [(count_readable(mot.texte), mot.confiance) for mot in mots]
    total = sum(weight for weight, _ in weights)
    return round(sum(weight * sure for weight, sure in weights) / total) if total else 0


def weigh(mots: Iterable[Mot]) -> float:
    """How much a reading is worth beside another of the same page: many letters, read surely."""
    return sum(count_readable(mot.texte) * max(0.0, mot.confiance - 40) for mot in mots)


def make_page(mots: Sequence[Mot], place: Place, *, rotation: float, lecteur: str) -> PageLue:
    """The page of these words; `place` turns a box in points into fractions of the page."""
    qualite = rate(mots)
    kept = [mot for mot in mots if not _is_smudge(mot)]
    page = PageLue(EtatPage.SANS_MOT, _SANS_MOT, "", qualite, rotation, lecteur)
    if qualite < _NOTHING or not any(count_readable(mot.texte) for mot in kept):
        return page
    texte, hidden = _write(kept)
    cleaned = clean_text(texte)
    masked, more = mask_nir(cleaned)
    shown = [
        mot
        for rank, mot in enumerate(kept)
        if rank not in hidden and not (more and _is_number(mot))
    ]
    return replace(
        page,
        etat=EtatPage.LUE,
        motif="",
        texte=masked,
        nir=bool(hidden) or more,
        mots=tuple(_place(shown, place)),
    )


def _is_smudge(mot: Mot) -> bool:
    if not count_readable(mot.texte):
        return mot.confiance < _SIGN_ALONE
    return mot.confiance < _SMUDGE


def _is_number(mot: Mot) -> bool:
    return sum(sign.isdigit() for sign in mot.texte) > 1


def _write(mots: Sequence[Mot]) -> tuple[str, set[int]]:
    """The text of the lines, NIR masked, and the ranks of the words a NIR was in."""
    starts, parts, at = [], [], 0
    for rank, mot in enumerate(mots):
        starts.append(at)
        last = rank == len(mots) - 1 or mots[rank + 1].ligne != mot.ligne
        parts.append(mot.texte + ("\n" if last else " "))
        at += len(parts[-1])
    texte = "".join(parts)
    spans = find_nir(texte)
    hidden = {
        rank
        for start, end in spans
        for rank, mot in enumerate(mots)
        if starts[rank] < end and start < starts[rank] + len(mot.texte)
    }
    for start, end in reversed(spans):
        texte = texte[:start] + MASK + texte[end:]
    return texte, hidden


def _place(mots: Sequence[Mot], place: Place) -> Iterator[MotLu]:
    for mot, after in pairwise([*mots, None]):
        if mot is not None:
            box = place(mot.x, mot.y, mot.largeur, mot.hauteur)
            fin = after is None or after.ligne != mot.ligne
            yield MotLu(mot.texte, *box, round(mot.confiance), fin)
