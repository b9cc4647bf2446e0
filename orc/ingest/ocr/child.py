"""The process that reads images: one order a page on its input, one answer on its output.

Started as a module by children.py, which kills it when it is late. It is the last served of the
machine: whoever searches or ingests goes before.
"""

import json
import os
import sys
from typing import Any, BinaryIO

from orc.boxes import EtatPage, PageLue, dump_page
from orc.ingest.extract.confine import allow_cpu, confine, find_memory_ko
from orc.ingest.extract.protocol import HEADER, make_frame

_NICE = 15
# So much longer in time elapsed than in time of processor: the machine may serve others first.
PATIENCE = 10
_CRASHED = "La page n’a pas pu être lue ({})."
_MEMORY = "La lecture de la page demande plus de mémoire que la limite."
_PROTECTED = "Le document est protégé par un mot de passe."
_UNREADABLE = "La page est abîmée : elle n’a pas pu être dessinée."


def main() -> None:
    """Confine, then answer orders until the input ends.

    Arguments: the seconds after which a page is late, memory in Mo.
    """
    seconds, memoire_mo = float(sys.argv[1]), int(sys.argv[2])
    orders = os.fdopen(0, "rb", buffering=65_536, closefd=False)
    # What a library prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    os.nice(_NICE)
    confine(memoire_mo)
    _write(answers, make_frame({})[0])
    reader = _LateReader()
    while _answer(orders, answers, seconds, reader):
        pass


def _answer(orders: BinaryIO, answers: BinaryIO, seconds: float, reader: "_LateReader") -> bool:
    """Read one order and answer it; whether another may follow."""
    header = orders.read(HEADER.size)
    if len(header) < HEADER.size:
        return False
    json_size, raw_size = HEADER.unpack(header)
    order, octets = json.loads(orders.read(json_size)), orders.read(raw_size)
    allow_cpu(seconds / PATIENCE)
    page, sane = _obey(order, octets, reader)
    frame, raw = make_frame({"fin": not sane, "memoire_ko": find_memory_ko()}, dump_page(page))
    _write(answers, frame + raw)
    return sane


def _obey(order: dict[str, Any], octets: bytes, reader: "_LateReader") -> tuple[PageLue, bool]:
    """The page, and whether this process is still sane."""
    try:
        return _read(order, octets, reader), True
    except MemoryError:
        return PageLue(EtatPage.MEMOIRE, _MEMORY), False
    except BaseException as error:  # noqa: BLE001 - hostile bytes: no failure may pass for silence
        return PageLue(EtatPage.ILLISIBLE, _CRASHED.format(type(error).__name__)), False


def _read(order: dict[str, Any], octets: bytes, reader: "_LateReader") -> PageLue:
    from orc.ingest.extract.pdf_pages import (  # noqa: PLC0415 - pdfium loads once confined
        Protected,
        Unreadable,
    )
    from orc.ingest.ocr.images import TooLarge, draw_page  # noqa: PLC0415 - the same

    dpi = int(order["dpi"])
    try:
        image = draw_page(
            octets, order["type_reel"], int(order["page"]), dpi, bare=bool(order["nu"])
        )
    except TooLarge as error:
        return PageLue(EtatPage.TROP_GRAND, str(error))
    except Protected:
        return PageLue(EtatPage.PROTEGE, _PROTECTED)
    except Unreadable:
        return PageLue(EtatPage.ILLISIBLE, _UNREADABLE)
    return reader.read(image, dpi, order)


class _LateReader:
    """Tesseract, opened at the first page: a child without orders stays small."""

    def __init__(self) -> None:
        self._opened: Any = None

    def read(self, image: Any, dpi: int, order: dict[str, Any]) -> PageLue:
        """The page that this image shows."""
        if self._opened is None:
            from orc.ingest.ocr.reader import Reader  # noqa: PLC0415 - heavy: tesseract is loaded in the child

            self._opened = Reader(order["tessdata"], order["langue"], osd=bool(order["osd"]))
        page: PageLue = self._opened.read(image, dpi)
        return page


def _write(answers: BinaryIO, octets: bytes) -> None:
    rest = memoryview(octets)
    while rest:
        rest = rest[answers.write(rest) :]


if __name__ == "__main__":
    main()
