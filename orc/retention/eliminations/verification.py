"""Every retained line decided again, under the lock: what may no longer go is set aside."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from orc.db import Writing
from orc.models import ADecider, DecisionCourante, Lien, LigneElimination
from orc.retention.decide import Decision, Statut
from orc.retention.decisions import decide_now
from orc.retention.eliminations.lignes import StatutLigne, count_lines, read_retained
from orc.retention.regard import list_ids

ABSENTE = "Elle n’est plus dans l’archive."
HORS_PERIMETRE = "Une pièce hors du périmètre du signataire la cite désormais."
MOTIF_MAX = 1000


@dataclass(frozen=True, slots=True)
class Verification:
    """How many lines were set aside by it, and how many are left."""

    ecartees: int
    restantes: int


def verify_lines(
    session: Writing, bordereau_id: int, cellules: frozenset[int], today: date
) -> Verification:
    """Decide every retained line again; what is not ELIGIBLE leaves the list, with its reason.

    Called under `hold_retention`: no gel is placed between this and the end of the transaction. A
    line that a piece outside `cellules` cites now is set aside too.
    """
    ecartees = 0
    _hold_marks(session, bordereau_id)
    for rows in read_retained(session, bordereau_id):
        ids = [row.pj_id for row in rows]
        decisions = decide_now(session, ids, today)
        outside = _find_outside(session, ids, cellules)
        for row in rows:
            motif = _find_motif(decisions.get(row.pj_id), outside=row.pj_id in outside)
            if motif:
                row.statut, row.motif, row.en_cours = StatutLigne.ECARTEE.value, motif, False
                ecartees += 1
        session.flush()
    _keep_decisions(session, bordereau_id)
    return Verification(ecartees, count_lines(session, bordereau_id))


def _hold_marks(session: Writing, bordereau_id: int) -> None:
    """Hold the marks of all the lines, in their order: who decides meanwhile takes them so too."""
    listed = select(LigneElimination.pj_id).where(LigneElimination.bordereau_id == bordereau_id)
    marks = select(ADecider.pj_id).where(ADecider.pj_id.in_(listed)).order_by(ADecider.pj_id)
    session.scalars(marks.with_for_update()).all()


def keep_eligible(session: Writing, pj_ids: Sequence[int], today: date) -> list[int]:
    """Those of these PJ that may go now."""
    decisions = decide_now(session, pj_ids, today)
    return [i for i in pj_ids if not _find_motif(decisions.get(i), outside=False)]


def _find_outside(
    session: Session, pj_ids: Collection[int], cellules: frozenset[int]
) -> frozenset[int]:
    query = select(Lien.pj_id).where(
        Lien.pj_id.in_(pj_ids), Lien.cellule_id.not_in(list_ids(cellules))
    )
    return frozenset(session.scalars(query.distinct()))


def _find_motif(decision: Decision | None, *, outside: bool) -> str:
    """Why this line may not go; empty: it may."""
    if decision is None:
        return ABSENTE
    if decision.statut is not Statut.ELIGIBLE:
        raisons = (f"« {r.regle.intitule} » non rempli : {r.texte}" for r in decision.empechements)
        return " ; ".join(raisons)[:MOTIF_MAX]
    return HORS_PERIMETRE if outside else ""


def _keep_decisions(session: Writing, bordereau_id: int) -> None:
    """Note on each line the decision that it rests on."""
    last = (
        select(DecisionCourante.decision_id)
        .where(DecisionCourante.pj_id == LigneElimination.pj_id)
        .scalar_subquery()
    )
    session.execute(
        update(LigneElimination)
        .where(LigneElimination.bordereau_id == bordereau_id, LigneElimination.rang >= 0)
        .values(decision_id=last)
        .execution_options(synchronize_session=False)
    )
