"""Fields of a form, read one by one: what cannot be read is Invalid, in words."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import TypeVar

from starlette.datastructures import FormData, UploadFile

from orc.access.pieces_demande import OCTETS_MAX, PieceJointe
from orc.errors import Invalid

T = TypeVar("T", bound=StrEnum)


def read_texte(form: FormData, name: str, most: int) -> str:
    """A field of a form, at most so long; empty where it is not there."""
    value = form.get(name, "")
    return value.strip()[:most] if isinstance(value, str) else ""


def read_nombre(form: FormData, name: str, digits: int = 9) -> int | None:
    """A number of a form, of so many digits at most; None where there is none."""
    text = read_texte(form, name, digits + 1)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def read_annee(form: FormData, name: str) -> int | None:
    """A year of a form, or none. Raises Invalid."""
    text = read_texte(form, name, 10)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise Invalid(f"Un exercice s’écrit sur quatre chiffres, pas « {text} ».")
    return int(text)


def read_jour(form: FormData, name: str) -> date | None:
    """A day of a form, `2026-03-12`, or none. Raises Invalid."""
    text = read_texte(form, name, 20)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(f"Cette date ne se lit pas : « {text} ».") from None


def read_choix(kind: type[T], text: str) -> T:
    """A value of a closed list. Raises Invalid."""
    try:
        return kind(text)
    except ValueError:
        raise Invalid("Ce choix n’existe pas.") from None


def read_pieces(form: FormData, name: str) -> Iterator[PieceJointe]:
    """The documents joined under this name; one too large is cut, and refused when checked."""
    for sent in form.getlist(name):
        if isinstance(sent, UploadFile):
            with sent.file as file:
                octets = file.read(OCTETS_MAX + 1)
            # A browser sends an empty part where no file was chosen.
            if sent.filename or octets:
                yield PieceJointe(sent.filename or "", octets)


def read_piece(form: FormData, name: str) -> PieceJointe | None:
    """The one document joined under this name, or none."""
    return next(read_pieces(form, name), None)
