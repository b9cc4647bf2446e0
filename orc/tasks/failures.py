"""Tasks that failed, in SQL whichever the broker: why, how many times, and what comes next."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dramatiq.common import compute_backoff
from dramatiq.middleware import TimeLimitExceeded
from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from orc.db import Reading, Writing, insert_missing
from orc.errors import OrcError, Unavailable
from orc.models import TacheEchouee, read_now
from orc.tasks.queues import Delais, Tache

# Nothing is wrong with the flow or the document: the same act may succeed later.
PASSING = (OperationalError, OSError, Unavailable)
MOTIF_MAX = 500


@dataclass(frozen=True, slots=True)
class Echec:
    """A task that failed, as people see it; `prochain_le` None: given up."""

    id: int
    tache: str
    cle: str
    file: str
    motif: str
    essais: int
    passagere: bool
    premiere_le: datetime
    derniere_le: datetime
    prochain_le: datetime | None
    ecartee_le: datetime | None


class MortDOuvriers(Exception):
    """Processes died, one after the other, while they did this task."""


def say(error: BaseException) -> str:
    """Why it failed, in French, on one line, without what documents say."""
    if isinstance(error, OperationalError):
        return _say_sql(str(error.orig))
    if isinstance(error, MortDOuvriers):
        return "Les processus qui faisaient cette tâche sont morts, plusieurs fois de suite."
    if isinstance(error, TimeLimitExceeded):
        return "La tâche a dépassé la durée permise (ORC_TACHE_MINUTES)."
    if isinstance(error, (OrcError, OSError)):
        return (str(error) or type(error).__name__).replace("\n", " ")[:MOTIF_MAX]
    return f"Erreur interne d’ORC ({type(error).__name__}) : la cause est dans les journaux."


def _say_sql(cause: str) -> str:
    cause = cause.strip().partition("\n")[0]
    if "locked" in cause or "busy" in cause:
        return "la base de données est occupée par un autre programme."
    if "full" in cause or "I/O" in cause:
        return f"la base de données ne peut plus être écrite, faute de place ? ({cause})."
    return f"la base de données ne répond pas ({cause})."


def record_failure(
    session: Writing, tache: Tache, cle: str, error: BaseException, delais: Delais
) -> float | None:
    """Write down one more failure; seconds before the next try, None when it is given up."""
    passing = isinstance(error, PASSING)
    limit = delais.essais_passagers if passing else delais.essais
    row = _get_row(session, tache, cle)
    row.essais += 1
    row.motif, row.passagere, row.derniere_le = say(error), passing, read_now()
    row.ecartee_le = None
    wait = make_pause(row.essais, delais) if row.essais < limit else None
    row.prochain_le = None if wait is None else row.derniere_le + timedelta(seconds=wait)
    return wait


def record_given_up(
    session: Writing, tache: Tache, cle: str, error: BaseException, essais: int
) -> None:
    """Write down that this task is given up, after so many tries."""
    row = _get_row(session, tache, cle)
    row.essais, row.motif, row.derniere_le = essais, say(error), read_now()
    row.passagere, row.prochain_le, row.ecartee_le = isinstance(error, PASSING), None, None


def _get_row(session: Writing, tache: Tache, cle: str) -> TacheEchouee:
    now = read_now()
    row = {
        "tache": tache.nom, "cle": cle, "file": tache.queue, "motif": "", "essais": 0,
        "passagere": False, "premiere_le": now, "derniere_le": now,
    }  # fmt: skip
    insert_missing(session, TacheEchouee, [row])
    query = select(TacheEchouee).where(_is(tache.nom, cle)).with_for_update()
    return session.execute(query).scalar_one()


def make_pause(essais: int, delais: Delais) -> float:
    """Seconds before the next try: doubled each time, bounded, moved at random."""
    first, most = int(delais.premier * 1000), int(delais.plafond * 1000)
    _, wait = compute_backoff(essais - 1, factor=first, max_backoff=most)
    return wait / 1000


def remove_failure(session: Writing, tache: str, cle: str) -> None:
    """It succeeded, or nothing of it is left to do."""
    session.execute(delete(TacheEchouee).where(_is(tache, cle)))


def find_failed(session: Session, taches: Iterable[str]) -> dict[str, set[str]]:
    """The keys of the tasks that failed, by name: not lost, so not to be found again."""
    found: dict[str, set[str]] = {name: set() for name in taches}
    for row in session.execute(select(TacheEchouee.tache, TacheEchouee.cle)):
        found.setdefault(row.tache, set()).add(row.cle)
    return found


def find_given_up(session: Session) -> set[tuple[str, str]]:
    """(name, key) of what no time will mend, or that a person set aside."""
    query = select(TacheEchouee.tache, TacheEchouee.cle).where(
        or_(TacheEchouee.passagere.is_(False), TacheEchouee.ecartee_le.is_not(None))
    )
    return {(row.tache, row.cle) for row in session.execute(query)}


def count_retries(session: Reading, taches: Iterable[str]) -> int:
    """How many of these wait for their next try."""
    query = select(TacheEchouee.id).where(
        TacheEchouee.tache.in_(list(taches)), TacheEchouee.prochain_le.is_not(None)
    )
    return len(session.scalars(query).all())


def take_due(session: Writing, delais: Delais, most: int = 1000) -> list[tuple[str, str]]:
    """Tasks whose next try is late, or whose passing cause may have passed: (name, key) of each.

    Their next try is put off, so that they are not found twice.
    """
    now = read_now()
    late = TacheEchouee.prochain_le < now - timedelta(seconds=delais.veille)
    rested = and_(
        TacheEchouee.prochain_le.is_(None),
        TacheEchouee.ecartee_le.is_(None),
        TacheEchouee.passagere,
        TacheEchouee.derniere_le < now - timedelta(seconds=delais.repos),
    )
    query = select(TacheEchouee).where(or_(late, rested)).order_by(TacheEchouee.id).limit(most)
    rows = session.scalars(query.with_for_update(skip_locked=True)).all()
    for row in rows:
        row.prochain_le = now + timedelta(seconds=delais.plafond)
    return [(row.tache, row.cle) for row in rows]


def _is(tache: str, cle: str) -> ColumnElement[bool]:
    return and_(TacheEchouee.tache == tache, TacheEchouee.cle == cle)
