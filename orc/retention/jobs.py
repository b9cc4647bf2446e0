"""The task that decides: what is marked, what time may have changed, all when the rules change."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import date
from typing import Protocol

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from orc.db import Database, Writing, lock
from orc.errors import Unavailable
from orc.marques import mark_to_decide, on_mark
from orc.models import (
    ADecider,
    DecisionCourante,
    PieceJustificative,
    ReglesAppliquees,
    read_now,
    read_today,
)
from orc.retention.decisions import REGLAGES, decide_now
from orc.retention.regles import find_rules, find_version
from orc.settings import Settings
from orc.tasks import INDEX, Ids, Tasks

# PJ decided in one transaction.
LOT = 500
# Two processes that start together mark once.
VERROU = "regles_appliquees"
# So long at once on a queue that others need too; then it is asked for again.
SECONDES = 5.0
log = logging.getLogger(__name__)


class Atelier(Protocol):
    """The means of this task."""

    @property
    def settings(self) -> Settings:
        """The operator's choices."""

    @property
    def database(self) -> Database:
        """SQL."""

    @property
    def tasks(self) -> Tasks:
        """What comes next."""


@dataclass(frozen=True, slots=True)
class Bilan:
    """How many PJ were decided, how many could not be, whether some are left."""

    decidees: int = 0
    echecs: int = 0
    reste: bool = False


def register_decisions(orc: Atelier, *, secondes: float = SECONDES) -> None:
    """Give the broker the task that decides; what marks a PJ asks for it after its commit.

    `secondes`: of work before the thread is given back.
    """
    orc.database.info[REGLAGES] = orc.settings

    def decider() -> None:
        stop = orc.tasks.is_stopping
        bilan = decide_waiting(orc.database, orc.settings, stop=stop, secondes=secondes)
        if bilan.reste and bilan.decidees:
            orc.tasks.enqueue_now("decider")

    def find_decider() -> Iterable[Ids]:
        with orc.database.reading() as session:
            return [()] if has_to_decide(session, orc.settings, read_today()) else []

    orc.tasks.register(decider, queue=INDEX, unfinished=find_decider, unique=True)
    on_mark(orc.database, lambda: orc.tasks.enqueue_now("decider"))


def decide_waiting(
    database: Database,
    settings: Settings,
    *,
    today: date | None = None,
    stop: Callable[[], bool] = lambda: False,
    secondes: float = float("inf"),
    watch: Callable[[int], None] = lambda _done: None,
) -> Bilan:
    """Decide all that waits, lot by lot; what a kill leaves is found again by its marks.

    A PJ that cannot be decided is said in the log, stays marked, and stops no other.
    """
    day = today or read_today()
    database.write(lambda session: mark_if_rules_changed(session, settings, day))
    end, last, done, failed = time.monotonic() + secondes, -1, 0, 0
    while not stop():
        with database.reading() as session:
            ids = session.scalars(_find_next(day, last)).all()
        if not ids:
            return Bilan(done, failed)
        wrong = decide_lot(database, list(ids), day)
        done, failed, last = done + len(ids) - wrong, failed + wrong, ids[-1]
        watch(done)
        if time.monotonic() > end:
            break
    return Bilan(done, failed, reste=True)


def _find_next(today: date, last: int) -> Select[int]:
    marked = select(ADecider.pj_id.label("pj_id")).where(ADecider.pj_id > last)
    due = select(DecisionCourante.pj_id.label("pj_id")).where(
        DecisionCourante.pj_id > last, DecisionCourante.revoir_le <= today
    )
    both = marked.union(due).subquery()
    return select(both.c.pj_id).order_by(both.c.pj_id).limit(LOT)


def decide_lot(database: Database, ids: list[int], today: date) -> int:
    """Decide these PJ in one transaction, or each in its own; how many could not be.

    Raises Unavailable where the database does not answer: it is no fault of theirs.
    """
    try:
        database.write(lambda session: decide_now(session, ids, today))
    except Unavailable:
        raise
    except Exception:
        if len(ids) == 1:
            log.exception("La pièce justificative %s ne peut pas être décidée.", *ids)
            return 1
        log.warning("Des PJ ne peuvent pas être décidées ensemble : chacune l’est à part.")
        return sum(decide_lot(database, [pj_id], today) for pj_id in ids)
    return 0


def has_to_decide(session: Session, settings: Settings, today: date) -> bool:
    """Whether something waits to be decided, or may have changed."""
    if session.execute(_find_next(today, -1).limit(1)).first() is not None:
        return True
    return _read_applied(session) != make_empreinte_des_regles(session, settings, today)


def count_waiting(session: Session, today: date) -> int:
    """How many PJ are marked, or may be answered otherwise that day."""
    marked = select(ADecider.pj_id)
    due = select(DecisionCourante.pj_id).where(DecisionCourante.revoir_le <= today)
    return session.scalar(select(func.count()).select_from(marked.union(due).subquery())) or 0


def mark_if_rules_changed(session: Writing, settings: Settings, today: date) -> bool:
    """Mark every PJ when the settings or the version of the rules are not those applied."""
    lock(session, VERROU)
    empreinte = make_empreinte_des_regles(session, settings, today)
    if _read_applied(session) == empreinte:
        return False
    row = ReglesAppliquees(id=1, empreinte=empreinte, depuis=read_now())
    session.merge(row)
    mark_to_decide(session, select(PieceJustificative.id))
    return True


def are_applied(session: Session, today: date) -> bool:
    """Whether the rules of now are those every standing answer was given by."""
    settings = session.info.get(REGLAGES) or Settings()
    return _read_applied(session) == make_empreinte_des_regles(session, settings, today)


def _read_applied(session: Session) -> str | None:
    return session.scalar(select(ReglesAppliquees.empreinte))


def make_empreinte_des_regles(session: Session, settings: Settings, today: date) -> str:
    """SHA-256 of what decides that day besides the facts."""
    rules, version = find_rules(session, today, settings), find_version(session, today)
    said = [f"{f.name}={_say(getattr(rules, f.name))}" for f in fields(rules)]
    text = "\n".join((*said, f"version={version.id}", repr(version.regles)))
    return hashlib.sha256(text.encode()).hexdigest()


def _say(value: object) -> str:
    return ",".join(sorted(value)) if isinstance(value, frozenset) else repr(value)
