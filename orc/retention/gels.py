"""Gels: what forbids any destruction; found for PJ at hand, whatever the scope that names them."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from orc.errors import Invalid
from orc.models import Gel, GelObjet, Lien, Piece, PieceJustificative
from orc.retention import facts
from orc.retention.criteres import Criteres, compile_criteres, load_criteres
from orc.retention.regard import is_same_piece, is_sent_again

# So many ids, and so many gels by criteria, in one statement.
LOT = 500
GELS_PAR_LOT = 50
OBJETS, CRITERES, EXERCICES = PORTEES = ("objets", "criteres", "exercices")


def find_gels(session: Session, pj_ids: Collection[int]) -> dict[int, tuple[facts.Gel, ...]]:
    """Every gel on each of these PJ, those that ended included; a PJ without any is not there.

    The source of its proof is `gel:12`. Whoever acts on the answer holds the lock of retention.
    """
    found: dict[int, set[int]] = defaultdict(set)
    for lot in _cut(pj_ids):
        for pj_id, gel_id in (*_find_listed(session, lot), *_find_by_criteres(session, lot)):
            found[pj_id].add(gel_id)
    gels = _read_gels(session, {gel_id for ids in found.values() for gel_id in ids})
    return {pj_id: tuple(gels[i] for i in sorted(ids)) for pj_id, ids in sorted(found.items())}


def is_held(session: Session, pj_id: int, today: date) -> bool:
    """Whether a gel holds this PJ that day, its cool-off included."""
    return pj_id in find_held(session, [pj_id], today)


def find_held(session: Session, pj_ids: Collection[int], today: date) -> frozenset[int]:
    """Those of these PJ that a gel holds that day, or will; its cool-off included."""
    return frozenset(
        pj_id
        for pj_id, gels in find_gels(session, pj_ids).items()
        if any(g.periode.jusqu_a is None or g.periode.jusqu_a >= today for g in gels)
    )


def _cut(ids: Collection[int]) -> Iterator[list[int]]:
    ordered = sorted(set(ids))
    return (ordered[i : i + LOT] for i in range(0, len(ordered), LOT))


def _find_listed(session: Session, pj_ids: list[int]) -> list[tuple[int, int]]:
    """PJ and gel, for lists: the PJ itself, another sending of it, or a piece that cites it."""
    rows: list[tuple[int, int]] = []
    for pj, query in select_listed():
        rows += [(pj_id, gel_id) for pj_id, gel_id in session.execute(query.where(pj.in_(pj_ids)))]
    return rows


def select_listed() -> Iterator[tuple[InstrumentedAttribute[int], Select[int, int]]]:
    """The column of the PJ, and PJ × gel of the lists: by PJ, by sending again, by piece."""
    named, held, citing = aliased(PieceJustificative), aliased(Piece), aliased(Piece)
    pj = PieceJustificative.id
    yield GelObjet.pj_id, select(GelObjet.pj_id, GelObjet.gel_id)  # type: ignore[misc]  # not null
    yield (
        pj,
        select(pj, GelObjet.gel_id)
        .join(named, is_sent_again(PieceJustificative, named))
        .join(GelObjet, GelObjet.pj_id == named.id),
    )
    yield (
        Lien.pj_id,  # type: ignore[misc]  # asked for by ids: never null
        select(Lien.pj_id, GelObjet.gel_id)
        .join(citing, citing.id == Lien.piece_id)
        .join(held, is_same_piece(held, citing))
        .join(GelObjet, GelObjet.piece_id == held.id),
    )


def _find_by_criteres(session: Session, pj_ids: list[int]) -> Iterator[tuple[int, int]]:
    """PJ and gel, for the gels by criteria: a column each, one row for each PJ."""
    these = PieceJustificative.id.in_(pj_ids)
    sirens = select(PieceJustificative.siren).where(these)
    query = select(Gel.id, Gel.siren, Gel.criteres).where(
        Gel.portee.in_((CRITERES, EXERCICES)), Gel.siren.in_(sirens)
    )
    gels = [(row.id, read_criteres(row.siren, row.criteres)) for row in session.execute(query)]
    for start in range(0, len(gels), GELS_PAR_LOT):
        some = gels[start : start + GELS_PAR_LOT]
        columns = [compile_criteres(criteres) for _gel, criteres in some]
        for pj_id, *holds in session.execute(select(PieceJustificative.id, *columns).where(these)):
            yield from ((pj_id, gel) for (gel, _), held in zip(some, holds, strict=True) if held)


def read_criteres(siren: str, column: str) -> Criteres:
    """The criteria of a gel; what cannot be read holds the whole collectivité."""
    try:
        criteres = load_criteres(column)
    except Invalid:
        return Criteres(siren=siren)
    return replace(criteres, siren=siren)


def _read_gels(session: Session, gel_ids: Collection[int]) -> dict[int, facts.Gel]:
    rows: dict[int, facts.Gel] = {}
    for lot in _cut(gel_ids):
        rows |= {
            gel.id: make_fact(gel) for gel in session.scalars(select(Gel).where(Gel.id.in_(lot)))
        }
    return rows


def make_fact(gel: Gel) -> facts.Gel:
    """A gel as the decision reads it: without an end while nobody released it."""
    preuve = facts.Preuve(f"gel posé par {gel.pose_par}", gel.depuis, f"gel:{gel.id}")
    return facts.Gel(
        gel.nom, gel.autorite, gel.reference, facts.Periode(gel.depuis, gel.fin_le, preuve)
    )
