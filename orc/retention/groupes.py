"""The cellules that cite PJ together, each set of them kept once: counts are kept apart by it."""

from collections import defaultdict
from collections.abc import Collection
from hashlib import sha256

from sqlalchemy import Select, null, select, union_all
from sqlalchemy.orm import Session

from orc.db import Writing, insert_missing, list_values
from orc.models import Cellule, GroupeCellules, Lien, MembreGroupe, PieceJustificative

CLE_MAX = 200


def find_groupes(session: Writing, pj_ids: Collection[int]) -> dict[int, int]:
    """The group of each of these PJ, made where it is new. Called under the lock of decisions."""
    cited: dict[int, set[int]] = defaultdict(set)
    query = select(Lien.pj_id, Lien.cellule_id).where(Lien.pj_id.in_(pj_ids)).distinct()
    for pj_id, cellule_id in session.execute(query):
        cited[pj_id or 0].add(cellule_id)
    pj = PieceJustificative
    budgets = dict(session.execute(select(pj.id, pj.budget_id).where(pj.id.in_(pj_ids))).all())
    cles = {
        pj_id: _make_cle(cited[pj_id]) if pj_id in cited else f"budget:{budget_id}"
        for pj_id, budget_id in budgets.items()
    }
    known = _find_known(session, set(cles.values()))
    for pj_id, cle in sorted(cles.items()):
        if cle not in known:
            known[cle] = _put_groupe(session, cle, cited.get(pj_id, ()), budgets[pj_id])
    return {pj_id: known[cle] for pj_id, cle in cles.items()}


def _make_cle(cellules: Collection[int]) -> str:
    """What tells a set of cellules from the others, short enough for an index."""
    cle = ",".join(map(str, sorted(cellules)))
    return cle if len(cle) <= CLE_MAX else f"sha256:{sha256(cle.encode()).hexdigest()}"


def _find_known(session: Session, cles: Collection[str]) -> dict[str, int]:
    query = select(GroupeCellules.cle, GroupeCellules.id)
    return dict(session.execute(query.where(GroupeCellules.cle.in_(cles))).all())


def _put_groupe(session: Writing, cle: str, cellules: Collection[int], budget_id: int) -> int:
    row = GroupeCellules(cle=cle, budget_id=None if cellules else budget_id)
    session.add(row)
    session.flush()
    members = [{"cellule_id": i, "groupe_id": row.id} for i in sorted(cellules)]
    insert_missing(session, MembreGroupe, members)
    return row.id


def select_groupes(cellules: Collection[int]) -> Select[int, int | None]:
    """Each group seen from these cellules, once by exercice; cited by nothing: without one."""
    mine = Cellule.id.in_(list_values(cellules))
    cited = (
        select(MembreGroupe.groupe_id.label("groupe_id"), Cellule.exercice.label("exercice"))
        .join(Cellule, Cellule.id == MembreGroupe.cellule_id)
        .where(mine)
        .distinct()
    )
    budgets = select(Cellule.budget_id).where(mine)
    orphans = select(GroupeCellules.id, null()).where(GroupeCellules.budget_id.in_(budgets))
    both = union_all(cited, orphans).subquery()
    return select(both.c.groupe_id, both.c.exercice)
