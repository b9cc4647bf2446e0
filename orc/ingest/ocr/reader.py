"""A page as an image, read by tesseract; where it reads badly, turned, levelled. Child only."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import cos, radians, sin
from typing import Any

import tesserocr  # type: ignore[import-untyped]  # a C++ extension, no types
from PIL import Image

from orc.boxes import EtatPage, PageLue
from orc.ingest.ocr.words import Mot, make_page, rate, read_tsv, weigh

# The rows of an invoice are kept as rows (docs/decisions); a page is one block.
_ONE_BLOCK = 6
_OSD_ONLY = 0
# Sauvola's: a threshold for each place, which grain and yellowed paper need.
_SAUVOLA = "2"
# Below these, another way up is looked for; a slant is.
_UPRIGHT, _LEVEL = 75, 88
_ORIENTATION_SURE = 1.0
_OSD_DPI = 200
# Slant: degrees looked for on each side, and what is straight enough.
_SLANTS, _STRAIGHT = 12, 1.0
_SLANT_WIDTH = 700
# Ink: so much darker than the paper, on an image four times smaller; fewer points is none.
_INK, _INK_POINTS = 40, 10
_TURNS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """The words of the image once it was turned by `turn` (a multiple of 90) then by `slant`."""

    mots: Sequence[Mot]
    turn: int = 0
    slant: float = 0.0


class Reader:
    """Tesseract with its French data; opened once for a child."""

    def __init__(self, tessdata: str, langue: str, *, osd: bool) -> None:
        self._api = _open(tessdata, langue, _ONE_BLOCK)
        self._api.SetVariable("thresholding_method", _SAUVOLA)
        self._open_osd = partial(_open, tessdata, "osd", _OSD_ONLY) if osd else None
        self._osd: Any = None
        version = tesserocr.tesseract_version().split("\n")[0].strip()
        self.name = f"{version} ({langue})"

    def read(self, image: Any, dpi: int) -> PageLue:
        """The page that this grey image shows."""
        if is_blank(image):
            return PageLue(EtatPage.BLANCHE, "Page blanche.", lecteur=self.name)
        best = self._read_best(image, dpi)
        return make_page(
            best.mots,
            partial(place_box, size=image.size, turn=best.turn, slant=best.slant),
            rotation=best.turn + best.slant,
            lecteur=self.name,
        )

    def _read_best(self, image: Any, dpi: int) -> Reading:
        readings = [Reading(self._recognize(image, dpi))]
        turn = self._find_turn(image, dpi) if rate(readings[0].mots) < _UPRIGHT else 0
        turned = image.transpose(_TURNS[turn]) if turn else image
        if turn:
            readings.append(Reading(self._recognize(turned, dpi), turn))
        slant = find_slant(turned) if rate(readings[-1].mots) < _LEVEL else 0.0
        if abs(slant) > _STRAIGHT:
            straight = turned.rotate(slant, Image.Resampling.BICUBIC, fillcolor=255)
            readings.append(Reading(self._recognize(straight, dpi), turn, slant))
        return max(readings, key=lambda reading: weigh(reading.mots))

    def _recognize(self, image: Any, dpi: int) -> tuple[Mot, ...]:
        self._api.SetImageBytes(image.tobytes(), image.width, image.height, 1, image.width)
        self._api.SetSourceResolution(dpi)
        return read_tsv(self._api.GetTSVText(0))

    def _find_turn(self, image: Any, dpi: int) -> int:
        """How far to turn the page anticlockwise to have it upright: 0 where it is not known."""
        if self._open_osd is None:
            return 0
        self._osd = self._osd or self._open_osd()
        small = image
        if dpi > _OSD_DPI:
            size = image.width * _OSD_DPI // dpi, image.height * _OSD_DPI // dpi
            small = image.resize((max(1, size[0]), max(1, size[1])))
        self._osd.SetImageBytes(small.tobytes(), small.width, small.height, 1, small.width)
        self._osd.SetSourceResolution(min(dpi, _OSD_DPI))
        found = self._osd.DetectOrientationScript()
        if not found or found["orient_conf"] < _ORIENTATION_SURE:
            return 0
        return int(found["orient_deg"]) % 360


def _open(tessdata: str, langue: str, segmentation: int) -> Any:
    api = tesserocr.PyTessBaseAPI(path=tessdata, lang=langue, psm=segmentation)
    api.SetVariable("debug_file", "/dev/null")
    return api


def is_blank(image: Any) -> bool:
    """Whether nothing is written: no ink but grain, on paper of any colour."""
    histogram: list[int] = image.reduce(4).histogram()
    paper = max(range(256), key=histogram.__getitem__)
    return sum(histogram[: max(0, paper - _INK)]) < _INK_POINTS


def find_slant(image: Any) -> float:
    """How far to turn the page anticlockwise, in degrees, for its rows to be level.

    Rows that are level make the darkest and the lightest lines: the sums of a turned copy vary
    the most.
    """
    factor = max(1, image.width // _SLANT_WIDTH)
    dark = image.reduce(factor).point(lambda value: 255 if value < 160 else 0)

    def vary(angle: float) -> int:
        rows = dark.rotate(angle, fillcolor=0).resize((1, dark.height), Image.Resampling.BOX)
        sums: bytes = rows.tobytes()
        return sum((a - b) ** 2 for a, b in pairwise(sums))

    coarse = max((float(a) for a in range(-_SLANTS, _SLANTS + 1)), key=vary)
    return max((coarse + step / 4 for step in range(-3, 4)), key=vary)


def place_box(
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    size: tuple[int, int],
    turn: int,
    slant: float,
) -> tuple[float, float, float, float]:
    """A box of the image that was read as fractions of the image that was given.

    The centre is turned back; sides are kept, and change places at a quarter turn.
    """
    given_width, given_height = size
    quarter = turn % 180 == 90
    read_width, read_height = (given_height, given_width) if quarter else size
    across, down = x + width / 2 - read_width / 2, y + height / 2 - read_height / 2
    angle = radians(turn + slant)
    back_x = across * cos(angle) - down * sin(angle)
    back_y = across * sin(angle) + down * cos(angle)
    if quarter:
        width, height = height, width
    left = (back_x + given_width / 2 - width / 2) / given_width
    top = (back_y + given_height / 2 - height / 2) / given_height
    return left, top, width / given_width, height / given_height
