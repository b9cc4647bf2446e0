"""Every retained line decided again, under the lock: what may no longer go is set aside."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, exists, false, func, select, update
from sqlalchemy.orm import Session

from orc.db import Writing, list_values
from orc.errors import Conflict
from orc.marques import mark_to_decide
from orc.models import ADecider, DecisionCourante, Lien, LigneElimination
from orc.models import Decision as DecisionGardee
from orc.retention.decide import Decision, Statut
from orc.retention.decisions import REGLAGES, decide_now, make_decidee
from orc.retention.eliminations.lignes import (
    StatutLigne,
    change_lines,
    count_lines,
    read_retained,
)
from orc.retention.gels import find_held
from orc.retention.jobs import are_applied
from orc.settings import Settings

ABSENTE = "Elle n’est plus dans l’archive."
HORS_PERIMETRE = "Une pièce hors du périmètre du signataire la cite désormais."
MOTIF_MAX = 1000


@dataclass(frozen=True, slots=True)
class Verification:
    """How many lines were set aside by it, and how many are left."""

    ecartees: int
    restantes: int


class AVerifier(Conflict):
    """So many lines have to be decided that it is not done while others wait for the lock."""


def verify_lines(
    session: Writing, bordereau_id: int, cellules: frozenset[int], today: date
) -> Verification:
    """Look at every retained line again; what may not go leaves the list, with its reason.

    Called under `hold_retention`: no gel is placed between this and the end of the transaction. A
    short list is decided whole. In a long one, an answer stands that was given today, that no
    fact changed since (its mark would be there), by the rules of now; gels and citations are asked
    again of every line. A line that a piece outside `cellules` cites is set aside too.
    Raises AVerifier where more lines have to be decided than an act does.
    """
    _hold_marks(session, bordereau_id)
    standing = find_standing(session, bordereau_id, today)
    ecartees = 0
    for lines in read_retained(session, bordereau_id):
        motifs = _find_motifs(session, set(lines) - standing, set(lines) & standing, today)
        outside = _find_outside(session, lines, cellules)
        against = dict.fromkeys(outside, HORS_PERIMETRE) | motifs
        for pj_id, motif in sorted(against.items()):
            change_lines(
                session,
                bordereau_id,
                LigneElimination.id == lines[pj_id],
                statut=StatutLigne.ECARTEE.value,
                motif=motif,
                en_cours=False,
            )
        ecartees += len(against)
    _keep_decisions(session, bordereau_id)
    return Verification(ecartees, count_lines(session, bordereau_id))


def _find_motifs(
    session: Writing, fresh: set[int], standing: set[int], today: date
) -> dict[int, str]:
    """Why some of these PJ may not go: the first are decided, the others asked for their gels."""
    against = _read_refusals(session, standing)
    fresh = fresh | find_held(session, standing - against.keys(), today)
    decisions = decide_now(session, fresh, today)
    motifs = against | {i: _find_motif(decisions.get(i)) for i in fresh}
    return {pj_id: motif for pj_id, motif in motifs.items() if motif}


def _read_refusals(session: Session, pj_ids: set[int]) -> dict[int, str]:
    """Why those of these PJ that may not go may not, as it was recorded."""
    query = (
        select(DecisionGardee)
        .join(DecisionCourante, DecisionCourante.decision_id == DecisionGardee.id)
        .where(DecisionCourante.pj_id.in_(pj_ids), DecisionCourante.statut != Statut.ELIGIBLE.value)
    )
    return {row.pj_id: _find_motif(make_decidee(row).decision) for row in session.scalars(query)}


def find_standing(session: Session, bordereau_id: int, today: date) -> frozenset[int]:
    """The PJ of a long list whose answer of today stands; none of a short one.

    Raises AVerifier where too many others are left.
    """
    total, most = count_lines(session, bordereau_id), get_most(session)
    if total <= most:
        return frozenset()
    standing = frozenset(session.scalars(_select_standing(session, bordereau_id, today)))
    if total - len(standing) > most:
        raise AVerifier(
            f"Cette liste a {total - len(standing)} lignes à vérifier d’abord : leur vérification "
            "est lancée. Rien n’a été changé ; refaites votre geste quand elle est finie."
        )
    return standing


def get_most(session: Session) -> int:
    """How many lines an act decides itself, under the lock (settings): a second or so."""
    settings: Settings = session.info.get(REGLAGES) or Settings()
    return settings.elimination_lignes_du_geste


def _select_standing(session: Session, bordereau_id: int, today: date) -> Select[int]:
    decided = DecisionCourante
    query = (
        select(LigneElimination.pj_id)
        .join(decided, decided.pj_id == LigneElimination.pj_id)
        .where(
            LigneElimination.bordereau_id == bordereau_id,
            LigneElimination.statut == StatutLigne.RETENUE.value,
            decided.jour == today,
            ~exists().where(ADecider.pj_id == LigneElimination.pj_id),
        )
    )
    return query if are_applied(session, today) else query.where(false())


@dataclass(frozen=True, slots=True)
class Avancement:
    """How many lines of a long list are verified today; `en_cours`: those a task will decide."""

    lignes: int
    verifiees: int
    en_cours: int
    # So many may be left: the act decides them.
    reste: int

    @property
    def suffit(self) -> bool:
        """Whether an act may be done now."""
        return self.lignes - self.verifiees <= self.reste


def read_avancement(session: Session, bordereau_id: int, today: date) -> Avancement | None:
    """How far it is; None for a list that every act decides whole."""
    total, most = count_lines(session, bordereau_id), get_most(session)
    if total <= most:
        return None
    standing = _select_standing(session, bordereau_id, today).subquery()
    retained = LigneElimination.statut == StatutLigne.RETENUE.value
    waiting = (
        select(func.count())
        .select_from(LigneElimination)
        .join(ADecider, ADecider.pj_id == LigneElimination.pj_id)
        .where(LigneElimination.bordereau_id == bordereau_id, retained)
    )
    verifiees = session.scalar(select(func.count()).select_from(standing)) or 0
    return Avancement(total, verifiees, session.scalar(waiting) or 0, most)


def start_verification(session: Writing, bordereau_id: int, today: date) -> None:
    """Mark the retained lines whose answer does not stand: the task that decides takes them.

    Killed anywhere, the marks that are left say what is left to decide.
    """
    standing = _select_standing(session, bordereau_id, today)
    query = select(LigneElimination.pj_id).where(
        LigneElimination.bordereau_id == bordereau_id,
        LigneElimination.statut == StatutLigne.RETENUE.value,
        LigneElimination.pj_id.not_in(standing),
    )
    mark_to_decide(session, query)


def _hold_marks(session: Writing, bordereau_id: int) -> None:
    """Hold the marks of all the lines, in their order: who decides meanwhile takes them so too."""
    listed = select(LigneElimination.pj_id).where(LigneElimination.bordereau_id == bordereau_id)
    marks = select(ADecider.pj_id).where(ADecider.pj_id.in_(listed)).order_by(ADecider.pj_id)
    session.scalars(marks.with_for_update()).all()


def keep_eligible(session: Writing, pj_ids: Sequence[int], today: date) -> list[int]:
    """Those of these PJ that may go now."""
    decisions = decide_now(session, pj_ids, today)
    return [i for i in pj_ids if not _find_motif(decisions.get(i))]


def _find_outside(
    session: Session, pj_ids: Collection[int], cellules: frozenset[int]
) -> frozenset[int]:
    """Those that a piece outside these cellules cites now."""
    query = select(Lien.pj_id).where(
        Lien.pj_id.in_(pj_ids), Lien.cellule_id.not_in(list_values(cellules))
    )
    return frozenset(i for i in session.scalars(query.distinct()) if i is not None)


def _find_motif(decision: Decision | None) -> str:
    """Why this line may not go; empty: it may."""
    if decision is None:
        return ABSENTE
    if decision.statut is not Statut.ELIGIBLE:
        raisons = (f"« {r.regle.intitule} » non rempli : {r.texte}" for r in decision.empechements)
        return " ; ".join(raisons)[:MOTIF_MAX]
    return ""


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
