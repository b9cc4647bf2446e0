"""Citations meet their PJ, whichever arrives first, in whatever flow; then domaines follow.

Three ways to link (structure.md §5): PJRef in the same flow, PJRef to another flow, RefCompta.
"""

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Update,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from orc.db import Writing, insert_missing
from orc.domain import Domaine, Sens, strictest
from orc.ingest.domaines import PAR_TYPE_PJ
from orc.ingest.referentiel import Cellules
from orc.ingest.rows import make_digest_id
from orc.models import (
    FLUX_BITS,
    Cellule,
    Lien,
    LienMarche,
    Piece,
    PieceJustificative,
    RefCompta,
)

CHUNK = 500
Pj = PieceJustificative
# Above every id a flow gives its own citations.
DERIVED = 1 << 62
DOMAINES_COMPTA = {"01": Sens.DEPENSE.value, "02": Sens.RECETTE.value}
ORMC = "06"


def resolve_liens(session: Writing, flux_id: int, cellules: Cellules) -> set[int]:
    """Link what this flow cites and what it sends with all that is already known.

    Answers the pieces of which the index no longer says what SQL does.
    """
    here = {"flux": flux_id}
    touched: set[int] = set()
    for ours in (RefCompta.flux_id, Piece.flux_id):
        touched |= _link_ref_comptas(session, flux_id, ours)
    session.execute(_meet_own(), here)
    late = set(session.scalars(_find_late(), here))
    if late:
        session.execute(_meet_late(), here)
    touched |= late
    bounds = {"low": flux_id << FLUX_BITS, "high": (flux_id + 1) << FLUX_BITS}
    session.execute(_meet_marches(), here | bounds)
    reserved = list(session.scalars(_find_reserved(), here))
    for start in range(0, len(reserved), CHUNK):
        some = select(Lien.id).where(Lien.id.in_(reserved[start : start + CHUNK]))
        touched |= spread_domaines(session, some, cellules)
    return touched


def meet_again(
    session: Writing,
    table: type[Lien] | type[LienMarche],
    which: ColumnElement[bool],
    *,
    but: int,
) -> None:
    """Look again for the PJ of these citations, those of the flow `but` left out."""
    there = and_(Pj.siren == table.siren, Pj.id_unique == table.id_unique, Pj.flux_id != but)
    last = select(Pj.id).where(there).order_by(Pj.version.desc(), Pj.id).limit(1)
    session.execute(
        update(table)
        .where(which)
        .values(pj_id=last.scalar_subquery())
        .execution_options(synchronize_session=False)
    )


# Statements are built once: building them costs more than running them on a small flow.


def _cites() -> ColumnElement[bool]:
    """Whatever its version: a reserved document stays so when it is sent again."""
    return and_(Pj.siren == Lien.siren, Pj.id_unique == Lien.id_unique, Lien.id_unique != "")


def _late() -> ColumnElement[bool]:
    """Said by other flows, of PJ that this one sends (again)."""
    return and_(_cites(), Pj.flux_id == bindparam("flux"), Lien.flux_id != bindparam("flux"))


@cache
def _find_late() -> Select[int]:
    return select(Lien.piece_id).join(Pj, _late()).distinct()


@cache
def _meet_own() -> Update:
    return _meet(Lien.flux_id == bindparam("flux"))


@cache
def _meet_late() -> Update:
    return _meet(Lien.id.in_(select(Lien.id).join(Pj, _late())))


def _meet(which: ColumnElement[bool]) -> Update:
    return (
        update(Lien)
        .where(which, Lien.id_unique != "")
        .values(pj_id=_current_pj(Lien.siren, Lien.id_unique))
        .execution_options(synchronize_session=False)
    )


def _current_pj(siren: object, id_unique: object) -> ColumnElement[int]:
    query = select(Pj.id).where(Pj.siren == siren, Pj.id_unique == id_unique, Pj.courante)
    return query.limit(1).scalar_subquery()


@cache
def _meet_marches() -> Update:
    sent = select(Pj.id_unique).where(Pj.flux_id == bindparam("flux"))
    own = LienMarche.id.between(bindparam("low"), bindparam("high"))
    return (
        update(LienMarche)
        .where(LienMarche.id_unique != "", or_(own, LienMarche.id_unique.in_(sent)))
        .values(pj_id=_current_pj(LienMarche.siren, LienMarche.id_unique))
        .execution_options(synchronize_session=False)
    )


def _link_ref_comptas(session: Writing, flux_id: int, ours: InstrumentedAttribute[int]) -> set[int]:
    """Make a citation of every RefCompta whose piece is here and does not cite that PJ itself.

    However often the PJ is sent, and in whatever order: one citation for each line of the piece.
    Answers the pieces of other flows: they may be indexed already, without this citation.
    """
    found = session.execute(_find_uncited(ours), {"flux": flux_id}).all()
    rows = [
        {
            "id": DERIVED | make_digest_id(row.piece_id, row.id_unique, row.complement) >> 1,
            "flux_id": flux_id,
            "piece_id": row.piece_id,
            "siren": row.siren,
            "id_unique": row.id_unique,
            "origine": "ref_compta",
            "ligne_numero": row.complement,
            "cellule_id": row.cellule_id,
        }
        for row in found
    ]
    insert_missing(session, Lien, rows)
    return {row.piece_id for row in found if row.piece_flux_id != flux_id}


@cache
def _find_uncited(ours: InstrumentedAttribute[int]) -> Select[*tuple[Any, ...]]:
    already = aliased(Lien)
    same = or_(already.origine == "pj_ref", already.ligne_numero == RefCompta.complement)
    return (
        select(RefCompta.complement, Pj.siren, Pj.id_unique)
        .add_columns(Piece.id.label("piece_id"), Piece.cellule_id)
        .add_columns(Piece.flux_id.label("piece_flux_id"))
        .join(Pj, Pj.id == RefCompta.pj_id)
        .join(Piece, _proves())
        .outerjoin(
            already,
            and_(already.piece_id == Piece.id, already.id_unique == Pj.id_unique, same),
        )
        .where(ours == bindparam("flux"), already.id.is_(None))
    )


def _proves() -> ColumnElement[bool]:
    """RefCompta: Identifiant is IdPce, or IdBord (the rôle) where TypeObjet says ORMC."""
    ormc = and_(RefCompta.domaine_compta == "02", RefCompta.type_objet == ORMC)
    numero = case((ormc, Piece.numero_bordereau), else_=Piece.numero)
    sens = case(DOMAINES_COMPTA, value=RefCompta.domaine_compta, else_="")
    return and_(
        Piece.budget_id == RefCompta.budget_id,
        Piece.exercice == RefCompta.exercice,
        Piece.sens == sens,
        RefCompta.identifiant != "",
        numero == RefCompta.identifiant,
        or_(RefCompta.type_objet == "", Piece.type_bordereau == RefCompta.type_objet),
    )


@cache
def _find_reserved() -> Select[int]:
    """Links that this flow says, or whose PJ it sends, where one side is of a reserved domaine."""
    said = select(Lien.id).where(Lien.flux_id == bindparam("flux"))
    sent = select(Lien.id).join(Pj, _cites()).where(Pj.flux_id == bindparam("flux"))
    every = select(said.union(sent).subquery().c.id)
    return (
        select(Lien.id)
        .join(Piece, Piece.id == Lien.piece_id)
        .join(Pj, _cites())
        .where(
            Lien.id.in_(every),
            or_(
                Piece.domaine != Domaine.ORDINAIRE,
                Pj.domaine != Domaine.ORDINAIRE,
                Pj.type_pj.in_(tuple(PAR_TYPE_PJ)),
            ),
        )
        .distinct()
    )


def spread_domaines(session: Writing, liens: Select[int], cellules: Cellules) -> set[int]:
    """A piece takes the domaine of its PJ's types; a PJ the strictest of its pieces; then links.

    Answers the pieces whose records in the index must change.
    """
    changed = _reserve_pieces(session, liens, cellules)
    others = select(Lien.id).where(Lien.piece_id.in_(changed))
    scope = select(liens.union(others).subquery().c.id)
    _reserve_pj(session, scope)
    return changed | find_siblings(session, changed) | _move_liens(session, scope, cellules)


def find_siblings(session: Session, piece_ids: Collection[int]) -> set[int]:
    """The pieces of the same bordereaux: what theirs may say of it depends on these domaines."""
    found: set[int] = set()
    for piece_id in piece_ids:
        held = select(Piece.bordereau_id).where(Piece.id == piece_id).scalar_subquery()
        found.update(session.scalars(select(Piece.id).where(Piece.bordereau_id == held)))
    return found


def _reserve_pieces(session: Writing, liens: Select[int], cellules: Cellules) -> set[int]:
    query = (
        select(Piece.id, Piece.budget_id, Piece.exercice, Piece.domaine, Pj.type_pj)
        .join(Lien, Lien.piece_id == Piece.id)
        .join(Pj, _cites())
        .where(Lien.id.in_(liens), Pj.type_pj.in_(PAR_TYPE_PJ))
    )
    changed = set()
    for row in session.execute(query).all():
        domaine = strictest([Domaine(row.domaine), PAR_TYPE_PJ[row.type_pj]])
        if domaine != row.domaine:
            cellule = cellules.get(session, row.budget_id, row.exercice, domaine)
            _update(session, Piece, row.id, domaine=domaine.value, cellule_id=cellule)
            changed.add(row.id)
    return changed


def _reserve_pj(session: Writing, liens: Select[int]) -> None:
    query = (
        select(Pj.id, Pj.domaine, Piece.domaine.label("autre"))
        .join(Lien, _cites())
        .join(Piece, Piece.id == Lien.piece_id)
        .where(Lien.id.in_(liens), Piece.domaine != Domaine.ORDINAIRE, Piece.domaine != Pj.domaine)
    )
    strict: dict[int, Domaine] = {}
    for row in session.execute(query).all():
        held = strict.get(row.id, Domaine(row.domaine))
        strict[row.id] = strictest([held, Domaine(row.autre)])
    for pj_id, domaine in strict.items():
        _update(session, Pj, pj_id, domaine=domaine.value)


def _move_liens(session: Writing, scope: Select[int], cellules: Cellules) -> set[int]:
    """Put each citation of the PJ concerned in the cellule of its piece and of the PJ's domaine."""
    concerned = select(Lien.pj_id).where(Lien.id.in_(scope), Lien.pj_id.is_not(None))
    same_pj = select(Lien.id).where(Lien.pj_id.in_(concerned))
    every = select(scope.union(same_pj).subquery().c.id)
    domaine = func.coalesce(Pj.domaine, Piece.domaine)
    query = (
        select(Lien.id, Piece.id.label("piece_id"), Piece.budget_id, Piece.exercice)
        .add_columns(domaine.label("domaine"))
        .join(Piece, Piece.id == Lien.piece_id)
        .join(Cellule, Cellule.id == Lien.cellule_id)
        .outerjoin(Pj, Pj.id == Lien.pj_id)
        .where(Lien.id.in_(every), Cellule.domaine != domaine)
    )
    moved = set()
    for row in session.execute(query).all():
        cellule = cellules.get(session, row.budget_id, row.exercice, Domaine(row.domaine))
        _update(session, Lien, row.id, cellule_id=cellule)
        moved.add(row.piece_id)
    return moved


def _update(
    session: Writing, table: type[Piece] | type[Pj] | type[Lien], row_id: int, **values: object
) -> None:
    session.execute(
        update(table)
        .where(table.id == row_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
