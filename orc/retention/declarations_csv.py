"""Declarations of many collectivités from a CSV file (`;`, UTF-8), all of its lines or none."""

import csv
import io
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select

from orc.access.pieces_demande import PieceJointe
from orc.db import Writing
from orc.domain import is_siren
from orc.errors import Conflict, Invalid
from orc.journal import Auteur
from orc.models import Declaration
from orc.retention.declarations import Genre, holds_now
from orc.retention.depots import CHAMPS, SAISIES, TOUT, Depot
from orc.retention.saisies import (
    insert_declaration,
)
from orc.storage import Storage

# What an operator may set up: facts on whole collectivités that need no document beside the file.
GENRES = (Genre.ADHESION_ORC, Genre.ADHESION_OFFRE, Genre.TENUE_HELIOS, Genre.COFINANCEMENT)
VOULUES = ("siren", "genre", "depuis")
COLONNES = (*VOULUES, "jusqu_a", "exercice_min", "exercice_max", *CHAMPS)
LIGNES_MAX = 50_000


@dataclass(frozen=True, slots=True)
class Bilan:
    """How many were recorded, how many said what stands already."""

    nouvelles: int
    inchangees: int


def import_declarations(
    session: Writing,
    storage: Storage,
    octets: bytes,
    *,
    par: str,
    preuve: PieceJointe | None = None,
) -> Bilan:
    """Record each line, in the name of who runs the command; again, it changes nothing.

    `preuve`: a document joined to every row; with it, `numerisation` may be set up too.
    Raises Invalid with the line, Conflict where another declaration stands.
    """
    known = new = 0
    for place, row in _read_lines(octets):
        depot = replace(_read_depot(row, place), document=preuve)
        if depot.genre not in (*GENRES, *([Genre.NUMERISATION] if preuve else [])):
            raise Invalid("Ce genre ne s’importe pas.", place)
        if _stands(session, depot):
            known += 1
            continue
        try:
            insert_declaration(session, storage, Auteur(par), depot, depot.siren)
        except (Invalid, Conflict) as error:
            raise type(error)(f"{error} ({place})") from error
        new += 1
    return Bilan(new, known)


def _read_lines(octets: bytes) -> list[tuple[str, dict[str, str]]]:
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("Ce fichier n’est pas en UTF-8.") from error
    rows = csv.reader(io.StringIO(text), delimiter=";")
    names = [name.strip() for name in next(rows, [])]
    if missing := [name for name in VOULUES if name not in names]:
        raise Invalid(f"Il manque des colonnes : {', '.join(missing)}.")
    if unknown := [name for name in names if name not in COLONNES]:
        raise Invalid(f"Colonnes inconnues : {', '.join(unknown)}.")
    found = []
    for number, cells in enumerate(rows, 2):
        if number > LIGNES_MAX + 1:
            raise Invalid(f"Ce fichier a plus de {LIGNES_MAX} lignes.")
        if len(cells) != len(names):
            if cells:
                raise Invalid("Cette ligne n’a pas le nombre de colonnes.", f"ligne {number}")
            continue
        row = {n: cell.strip() for n, cell in zip(names, cells, strict=True)}
        found.append((f"ligne {number}", row))
    return found


def _read_depot(row: dict[str, str], place: str) -> Depot:
    if not is_siren(row["siren"]):
        raise Invalid("Un SIREN a neuf chiffres.", place)
    try:
        return Depot(
            genre=Genre(row["genre"]),
            depuis=date.fromisoformat(row["depuis"]),
            siren=row["siren"],
            objet=TOUT,
            jusqu_a=date.fromisoformat(row["jusqu_a"]) if row.get("jusqu_a") else None,
            exercice_min=int(row["exercice_min"]) if row.get("exercice_min") else None,
            exercice_max=int(row["exercice_max"]) if row.get("exercice_max") else None,
            valeur=row.get("valeur", ""),
            autorite=row.get("autorite", ""),
            reference=row.get("reference", ""),
            motif=row.get("motif", ""),
        )
    except ValueError as error:
        raise Invalid(
            "Cette ligne ne se lit pas : genre, dates AAAA-MM-JJ, exercices.", place
        ) from error


def _stands(session: Writing, depot: Depot) -> bool:
    """Whether a standing row says this already."""
    names = ("genre", "siren", "objet", "depuis", "jusqu_a", *SAISIES[depot.genre].distincts)
    same = [getattr(Declaration, name) == getattr(depot, name) for name in names]
    return session.scalar(select(Declaration.id).where(*same, holds_now()).limit(1)) is not None
