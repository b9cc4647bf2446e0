"""What the flows do not say of budgets, from a CSV: nomenclature, names, département.

A nomenclature decides which domaines are reserved: pieces already read are looked at again.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select, update

from orc.db import Database, Writing, cut
from orc.domain import CleBudget, Domaine, Sens
from orc.errors import Invalid
from orc.index.outbox import mark_piece_ids
from orc.ingest.domaines import decide_domaine
from orc.ingest.fichiers import batched
from orc.ingest.links import find_siblings, spread_domaines
from orc.ingest.referentiel import (
    BudgetConnu,
    Cellules,
    Libelles,
    find_sirens,
    get_budget,
    lock_collectivites,
)
from orc.journal import Acte, record_acte
from orc.marques import mark_pieces_to_decide
from orc.models import Budget, Collectivite, Lien, Ligne, Piece

COLUMNS = ("siret", "codcol", "codbud", "nomenclature", "libelle", "collectivite", "departement")
BATCH = 1000


@dataclass(frozen=True, slots=True)
class LigneBudget:
    """One line of budgets.csv."""

    cle: CleBudget
    nomenclature: str
    libelle: str
    collectivite: str
    departement: str


def read_budgets(octets: bytes) -> list[LigneBudget]:
    """The lines of a budgets.csv (`;`, UTF-8 with or without BOM); Invalid with the line's number.

    Columns siret, codcol and codbud are needed; the others may be absent or empty.
    """
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("budgets.csv n’est pas en UTF-8.", f"octet {error.start}") from error
    rows = csv.DictReader(io.StringIO(text), delimiter=";")
    missing = set(COLUMNS[:3]) - set(rows.fieldnames or ())
    if missing:
        raise Invalid(f"budgets.csv : colonnes absentes : {', '.join(sorted(missing))}.")
    return [_read_line(row, number) for number, row in enumerate(rows, start=2)]


def _read_line(row: dict[str, str | None], number: int) -> LigneBudget:
    if any("\0" in str(value) for value in row.values()):
        raise Invalid("budgets.csv : un caractère nul n’est pas du texte.", f"ligne {number}")
    siret, cod_col, cod_bud, *rest = ((row.get(name) or "").strip() for name in COLUMNS)
    if not (siret.isdecimal() and len(siret) == 14):
        raise Invalid(f"budgets.csv : « {siret} » n’est pas un SIRET.", f"ligne {number}")
    cle = CleBudget(siret, cod_col.zfill(3), cod_bud.zfill(2))
    return LigneBudget(cle, rest[0].upper(), *rest[1:])


def record_budgets(
    database: Database, lignes: list[LigneBudget], *, acteur: str, compte_651_sensible: bool
) -> int:
    """Write what the lines say; how many budgets changed. Their pieces' domaines follow."""
    changed = 0
    for ligne in lignes:
        budget_id, reserved = database.write(partial(_record_line, ligne=ligne, acteur=acteur))
        if reserved:
            redecide_domaines(database, budget_id, compte_651_sensible=compte_651_sensible)
        changed += budget_id is not None
    return changed


def _record_line(session: Writing, ligne: LigneBudget, acteur: str) -> tuple[int, bool]:
    # A flow of this budget that counts after us sees its nomenclature; one before is decided again.
    lock_collectivites(session, ligne.cle.siren)
    budget = get_budget(session, ligne.cle, Libelles(budget=ligne.libelle))
    values = {"nomenclature": ligne.nomenclature, "libelle": ligne.libelle}
    kept = {k: v for k, v in values.items() if v}
    row = session.get_one(Budget, budget.id)
    different = {k: v for k, v in kept.items() if getattr(row, k) != v}
    if different:
        session.execute(update(Budget).where(Budget.id == budget.id).values(**different))
        record_acte(
            session,
            Acte.REFERENTIEL,
            acteur=acteur,
            objet=f"budget:{budget.id}",
            details=different,
        )
    _name_collectivite(session, ligne)
    return budget.id, "nomenclature" in different


def _name_collectivite(session: Writing, ligne: LigneBudget) -> None:
    values = {"libelle": ligne.collectivite, "departement": ligne.departement}
    kept = {k: v for k, v in values.items() if v}
    if kept:
        session.execute(
            update(Collectivite).where(Collectivite.siren == ligne.cle.siren).values(**kept)
        )


def redecide_domaines(database: Database, budget_id: int, *, compte_651_sensible: bool) -> None:
    """Decide again the domaine of every piece of a budget, then of what they cite."""
    cellules = Cellules()

    def redecide(session: Writing, ids: Sequence[int]) -> None:
        lock_collectivites(session, *find_sirens(session, [budget_id]))
        changed = _redecide(session, ids, cellules, compte_651_sensible=compte_651_sensible)
        liens = select(Lien.id).where(Lien.piece_id.in_(ids))
        changed |= find_siblings(session, changed)
        changed |= spread_domaines(session, liens, cellules)
        mark_piece_ids(session, changed)
        for some in cut(changed):
            mark_pieces_to_decide(session, select(Piece.id).where(Piece.id.in_(some)))

    for ids in _find_batches(database, budget_id):
        database.write(partial(redecide, ids=ids))


def redecide_flux(
    session: Writing,
    flux_id: int,
    budget: BudgetConnu,
    cellules: Cellules,
    *,
    compte_651_sensible: bool,
) -> None:
    """Decide again the pieces of a flow whose budget got another nomenclature while it was read."""
    query = select(Budget.nomenclature).where(Budget.id == budget.id)
    if session.scalar(query) == budget.nomenclature:
        return
    ids = list(session.scalars(select(Piece.id).where(Piece.flux_id == flux_id)))
    for some in batched(ids, BATCH):
        _redecide(session, some, cellules, compte_651_sensible=compte_651_sensible)


def _find_batches(database: Database, budget_id: int) -> Iterator[Sequence[int]]:
    with database.reading() as session:
        ids = list(session.scalars(select(Piece.id).where(Piece.budget_id == budget_id)))
    yield from batched(ids, BATCH)


def _redecide(
    session: Writing, ids: Sequence[int], cellules: Cellules, *, compte_651_sensible: bool
) -> set[int]:
    comptes: dict[int, list[str]] = {}
    query = select(Ligne.piece_id, Ligne.compte).where(Ligne.piece_id.in_(ids))
    for piece_id, compte in session.execute(query):
        comptes.setdefault(piece_id, []).append(compte)
    rows = session.execute(
        select(Piece, Budget.nomenclature)
        .join(Budget, Budget.id == Piece.budget_id)
        .where(Piece.id.in_(ids))
    ).all()
    changed = set()
    for piece, nomenclature in rows:
        domaine = decide_domaine(
            depense=piece.sens == Sens.DEPENSE,
            nature_piece=piece.nature_piece,
            comptes=comptes.get(piece.id, []),
            nomenclature=nomenclature,
            compte_651_sensible=compte_651_sensible,
        )
        if domaine != piece.domaine:
            _move_piece(session, piece, domaine, cellules)
            changed.add(piece.id)
    return changed


def _move_piece(session: Writing, piece: Piece, domaine: Domaine, cellules: Cellules) -> None:
    cellule = cellules.get(session, piece.budget_id, piece.exercice, domaine)
    session.execute(
        update(Piece)
        .where(Piece.id == piece.id)
        .values(domaine=domaine.value, cellule_id=cellule)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Lien)
        .where(Lien.piece_id == piece.id, Lien.pj_id.is_(None))
        .values(cellule_id=cellule)
        .execution_options(synchronize_session=False)
    )
