"""Decide PJ on what SQL says now, and keep every answer: what was decided a past day, and why."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from orc.db import Writing, cut, lock
from orc.models import ADecider, DecisionCourante, PieceJustificative, read_now
from orc.models import Decision as DecisionGardee
from orc.retention.decide import Decision, Raison, Statut, decide
from orc.retention.dossier import read_dossiers
from orc.retention.facts import Facts
from orc.retention.groupes import find_groupes
from orc.retention.raisons import dump_raisons, load_raisons, make_empreinte
from orc.retention.regles import find_rules, find_version
from orc.retention.revoir import find_revoir
from orc.retention.rules import REGLES

# Whoever decides does it alone: two would record the same answer twice.
VERROU = "decision"
# Where bootstrap leaves the settings for each Writing.
REGLAGES = "reglages_destruction"
GEL = "11"
REMPLACEE = "9c"


@dataclass(frozen=True, slots=True)
class Decidee:
    """A decision as it was recorded: when, for which day."""

    id: int
    pj_id: int
    decidee_le: datetime
    jour: date
    decision: Decision
    regles_id: int | None


def decide_now(session: Writing, pj_ids: Collection[int], today: date) -> dict[int, Decision]:
    """Decide these PJ on the facts as they are, and record what changed; by PJ.

    Marks go first: who marks meanwhile waits for us, or we for its facts; none is lost. A PJ that
    is not there, or was sent again since, is not in the answer.
    """
    found: dict[int, Decision] = {}
    for lot in cut(pj_ids):
        found |= _decide_lot(session, lot, today)
    return found


def _decide_lot(session: Writing, pj_ids: list[int], today: date) -> dict[int, Decision]:
    _remove_marks(session, pj_ids)
    lock(session, VERROU)
    rules = find_rules(session, today, session.info.get(REGLAGES))
    dossiers = read_dossiers(session, pj_ids, today)
    decisions = {pj_id: decide(facts, rules, today) for pj_id, facts in dossiers.items()}
    echeances = {
        pj_id: Echeances(find_revoir(facts, rules, today), facts)
        for pj_id, facts in dossiers.items()
    }
    regles_id = find_version(session, today).id
    _record(session, pj_ids, decisions, echeances, Jour(today, read_now(), regles_id))
    return decisions


def _remove_marks(session: Writing, pj_ids: list[int]) -> None:
    """In the order marks are put: two transactions never wait for one another."""
    held = select(ADecider.pj_id).where(ADecider.pj_id.in_(pj_ids)).order_by(ADecider.pj_id)
    marked = session.scalars(held.with_for_update()).all()
    session.execute(
        delete(ADecider)
        .where(ADecider.pj_id.in_(marked))
        .execution_options(synchronize_session=False)
    )


@dataclass(frozen=True, slots=True)
class Jour:
    """The day decided for, the moment, and the version of the rules of duration."""

    jour: date
    quand: datetime
    regles_id: int | None


@dataclass(frozen=True, slots=True)
class Echeances:
    """The next day on which time alone may change the answer, and what says its duration."""

    revoir_le: date | None
    facts: Facts


def _record(
    session: Writing,
    pj_ids: list[int],
    decisions: dict[int, Decision],
    echeances: dict[int, Echeances],
    quand: Jour,
) -> None:
    """Append what changed, and say what holds now."""
    query = (
        select(DecisionCourante, DecisionGardee.empreinte)
        .join(DecisionGardee, DecisionGardee.id == DecisionCourante.decision_id)
        .where(DecisionCourante.pj_id.in_(pj_ids))
        .execution_options(populate_existing=True)
    )
    had = {row.pj_id: (row, empreinte) for row, empreinte in session.execute(query)}
    sirens, groupes = _find_pj(session, list(decisions)), find_groupes(session, list(decisions))
    fresh: dict[int, DecisionGardee] = {}
    for pj_id, decision in decisions.items():
        row = _make_row(pj_id, decision, quand)
        if pj_id not in had or had[pj_id][1] != row.empreinte:
            fresh[pj_id] = row
    gone = {pj_id: row for pj_id, (row, _) in had.items() if pj_id not in decisions}
    for pj_id in gone:
        fresh[pj_id] = _make_row(pj_id, _say_replaced(), quand)
    session.add_all(fresh.values())
    session.flush()
    for courante in gone.values():
        session.delete(courante)
    for pj_id, decision in decisions.items():
        courante = had[pj_id][0] if pj_id in had else DecisionCourante(pj_id=pj_id)
        if pj_id in fresh:
            courante.decision_id = fresh[pj_id].id
        _fill(courante, decision)
        courante.siren, courante.octets = sirens[pj_id]
        courante.groupe_id, courante.jour = groupes[pj_id], quand.jour
        _fill_echeances(courante, echeances[pj_id])
        session.add(courante)
    session.flush()


def _fill_echeances(row: DecisionCourante, echeances: Echeances) -> None:
    facts = echeances.facts
    row.revoir_le, row.terme, row.libre = echeances.revoir_le, facts.terme, facts.libre
    row.regle, row.sort_final = facts.regle, facts.sort_final


def _find_pj(session: Session, pj_ids: list[int]) -> dict[int, tuple[str, int]]:
    """The collectivité and the bytes of each."""
    pj = PieceJustificative
    rows = session.execute(select(pj.id, pj.siren, pj.taille).where(pj.id.in_(pj_ids)))
    return {row.id: (row.siren, row.taille) for row in rows}


def _make_row(pj_id: int, decision: Decision, quand: Jour) -> DecisionGardee:
    raisons = dump_raisons(decision)
    return DecisionGardee(
        pj_id=pj_id,
        decidee_le=quand.quand,
        jour=quand.jour,
        statut=decision.statut.value,
        depuis=decision.depuis,
        jusqu_a=decision.jusqu_a,
        raisons=raisons,
        empreinte=make_empreinte(decision, raisons),
        regles_id=quand.regles_id,
    )


def _say_replaced() -> Decision:
    """A PJ sent again, or taken back: its last sending is decided in its place."""
    texte = "remplacée par un nouvel envoi, qui est décidé à sa place"
    return Decision(Statut.REFUS, (Raison(REGLES[REMPLACEE], Statut.REFUS, texte),))


def _fill(row: DecisionCourante, decision: Decision) -> None:
    against = decision.empechements
    numbers = sorted({r.regle.numero for r in against})
    row.statut, row.depuis = decision.statut.value, decision.depuis
    row.jusqu_a = decision.jusqu_a
    row.gelee = any(r.regle.numero == GEL for r in against)
    row.anomalie = any(r.anomalie for r in decision.raisons)
    row.motif = against[0].regle.numero if against else ""
    row.motifs = f",{','.join(numbers)}," if numbers else ""


def read_decision(session: Session, pj_id: int, jour: date) -> Decidee | None:
    """What held on a PJ that day, as it was recorded then; None: nothing was decided yet."""
    query = (
        select(DecisionGardee)
        .where(DecisionGardee.pj_id == pj_id, DecisionGardee.jour <= jour)
        .order_by(DecisionGardee.id.desc())
        .limit(1)
    )
    row = session.scalar(query)
    return make_decidee(row) if row else None


def find_decisions(session: Session, pj_id: int) -> Sequence[Decidee]:
    """Every decision recorded of a PJ, the last first."""
    query = select(DecisionGardee).where(DecisionGardee.pj_id == pj_id)
    rows = session.scalars(query.order_by(DecisionGardee.id.desc()))
    return [make_decidee(row) for row in rows]


def make_decidee(row: DecisionGardee) -> Decidee:
    """A row of SQL as a value."""
    raisons = load_raisons(row.raisons)
    decision = Decision(Statut(row.statut), raisons, row.depuis, row.jusqu_a)
    return Decidee(row.id, row.pj_id, row.decidee_le, row.jour, decision, row.regles_id)
