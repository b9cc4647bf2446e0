"""The process that reads hostile bytes: orders on its input, one by one, answers on its output.

Started as a module by children.py. It ends when its input does; what a library raises that is no
ordinary exception (a Rust panic) is answered, then ends it too.
"""

import json
import os
import sys
from dataclasses import replace
from typing import Any, BinaryIO

from orc.index.analysis import LONGEST_PREPARED, make_texte, prepare
from orc.ingest.extract.confine import allow_cpu, confine, find_memory_ko
from orc.ingest.extract.protocol import HEADER, dump_extraction, make_frame
from orc.ingest.extract.values import EtatTexte, Extraction, Limits

_CRASHED = "La lecture du document a échoué : {}."


def main() -> None:
    """Confine, then answer orders until the input ends. Arguments: the limits, in order."""
    seconds, memoire_mo, pages, caracteres, octets, unpacked = sys.argv[1:7]
    limits = Limits(
        float(seconds), int(memoire_mo), int(pages), int(caracteres), int(octets), int(unpacked)
    )
    orders = os.fdopen(0, "rb", buffering=65_536, closefd=False)
    # What a library prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    confine(limits.memoire_mo)
    from orc.ingest.extract import chain  # noqa: F401, PLC0415 - pdfium loads once confined

    # Ready: from here on time is the document's.
    _write(answers, make_frame({})[0])
    while _answer(orders, answers, limits):
        pass


def _answer(orders: BinaryIO, answers: BinaryIO, limits: Limits) -> bool:
    """Read one order and answer it; whether another may follow."""
    header = orders.read(HEADER.size)
    if len(header) < HEADER.size:
        return False
    json_size, raw_size = HEADER.unpack(header)
    text = orders.read(json_size)
    octets = orders.read(raw_size)
    allow_cpu(limits.secondes)
    said, raw, sane = _obey(text, octets, limits)
    frame, raw = make_frame({**said, "fin": not sane, "memoire_ko": find_memory_ko()}, raw)
    _write(answers, frame)
    _write(answers, raw)
    return sane


def _write(answers: BinaryIO, octets: bytes) -> None:
    rest = memoryview(octets)
    while rest:
        rest = rest[answers.write(rest) :]


def _obey(text: bytes, octets: bytes, limits: Limits) -> tuple[dict[str, Any], bytes, bool]:
    """The answer to one order, its raw bytes, and whether this process is still sane."""
    order = json.loads(text)
    try:
        return _read(order, octets, limits)
    except MemoryError:
        failed = Extraction(EtatTexte.MEMOIRE, "La lecture demande plus de mémoire que la limite.")
    except BaseException as error:  # noqa: BLE001 - hostile bytes: no failure may pass for silence
        failed = Extraction(EtatTexte.ILLISIBLE, _CRASHED.format(type(error).__name__))
    said = {**dump_extraction(failed)[0], "largeur": 0, "hauteur": 0, "boxes": []}
    return said, b"", False


def _read(
    order: dict[str, Any], octets: bytes, limits: Limits
) -> tuple[dict[str, Any], bytes, bool]:
    if order["ordre"] in {"texte", "seul", "tika"}:
        from orc.ingest.extract.chain import Chain  # noqa: PLC0415 - pdfium: after confine()

        chain = Chain(limits)
        readers = {"texte": chain.extract, "seul": chain.extract_alone, "tika": chain.read_answer}
        read = readers[order["ordre"]]
        extraction = _analyse(read(octets, order["nom"], order["type_reel"]))
        sane = extraction.etat is not EtatTexte.MEMOIRE and not chain.harmed
        return *dump_extraction(extraction), sane
    if order["ordre"] == "mots":
        from orc.ingest.extract.pdf_boxes import find_boxes  # noqa: PLC0415 - only the viewer

        boxes = find_boxes(octets, order["page"], order["mots"])
        rows = [(box.x, box.y, box.largeur, box.hauteur, box.mot) for box in boxes.boxes]
        size = {"largeur": boxes.largeur, "hauteur": boxes.hauteur}
        return {**size, "boxes": rows, "motif": boxes.motif}, b"", True
    from orc.ingest.extract.render import NoImage, render_page  # noqa: PLC0415 - only the viewer

    try:
        return {"motif": ""}, render_page(octets, order["page"], order["largeur"]), True
    except NoImage as error:
        return {"motif": str(error)}, b"", True


def _analyse(extraction: Extraction) -> Extraction:
    """With what the index makes of its text, which costs ORC's one process as much as the rest."""
    texte = make_texte(extraction.every_page)
    if not texte or len(texte) > LONGEST_PREPARED:
        return extraction
    return replace(extraction, analyse=prepare(texte))


if __name__ == "__main__":
    main()
