"""What the index holds: one record per piece, per ligne, per PJ x piece. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from orc.index.fields import Genre

Value = str | int | bool | date


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that can be found.

    `numero` is the SQL id of the piece, the ligne or the lien (PJ x piece), unique in its genre.
    `cellule` is the key a Clearance filters on (budget x exercice x domaine): single-valued.
    `version` is whatever SQL wants to read back to know that this piece is up to date.
    `values` maps names of fields.py to their values: a tuple always, in the order of the flow;
    amounts are int cents, signed (an annulation is negative), mois is yyyymm.

    Every record carries its piece's metadata. A piece carries besides, as several values, those
    of its lignes and PJ and the texts of its PJ, so that a mandat is found by what proves it;
    a ligne carries its own lignes' fields and no PJ; a PJ carries its own and the lignes' fields.
    `montant` and `ht` are the piece's in the genres piece and pj, the ligne's in the genre ligne.
    """

    genre: Genre
    numero: int
    piece_id: int
    cellule: int
    values: Mapping[str, tuple[Value, ...]]
    version: int = 0
