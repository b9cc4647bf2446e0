"""Tasks that failed, for people: listed, asked for again, set aside. Both acts are journaled."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from orc.db import Writing
from orc.errors import NotFound
from orc.journal import Acte, Auteur, record_acte
from orc.models import TacheEchouee, read_now
from orc.tasks import Tasks, read_cle
from orc.tasks.failures import Echec

_COLUMNS = [getattr(TacheEchouee, name) for name in Echec.__dataclass_fields__]


def find_echecs(
    session: Session, *, ecartees: bool = False, debut: int = 0, combien: int = 50
) -> list[Echec]:
    """The tasks that failed and are not done since, the latest first; `ecartees`: those only."""
    query = select(*_COLUMNS).where(_which(ecartees=ecartees))
    query = query.order_by(TacheEchouee.derniere_le.desc(), TacheEchouee.id.desc())
    return [Echec(*row) for row in session.execute(query.offset(debut).limit(combien))]


def count_echecs(session: Session, *, ecartees: bool = False) -> int:
    """How many of them."""
    query = select(func.count()).select_from(TacheEchouee).where(_which(ecartees=ecartees))
    return session.execute(query).scalar_one()


def _which(*, ecartees: bool) -> ColumnElement[bool]:
    column = TacheEchouee.ecartee_le
    return column.is_not(None) if ecartees else column.is_(None)


def ask_again(
    session: Writing, tasks: Tasks, ids: Collection[int] | None, *, auteur: Auteur
) -> int:
    """Ask again for these tasks, all those not set aside when None; how many.

    Their tries start afresh. NotFound when one of them is no longer a failure.
    """
    rows = _get_rows(session, ids)
    for row in rows:
        row.essais, row.ecartee_le, row.prochain_le = 0, None, read_now()
        _record(session, Acte.RELANCE_DE_TACHE, row, auteur)
        tasks.redo(session, row.tache, row.cle)
    return len(rows)


def set_aside(session: Writing, tasks: Tasks, ids: Collection[int], *, auteur: Auteur) -> int:
    """Give these tasks up: nothing asks for them again but a person, or a new ingestion.

    A file goes to the quarantine, a text is unreadable, with the reason: no ingestion is held up.
    """
    rows = _get_rows(session, ids)
    for row in rows:
        if known := tasks.taches.get(row.tache):
            known.set_aside(session, read_cle(row.cle), row.motif)
        row.ecartee_le, row.prochain_le = read_now(), None
        _record(session, Acte.TACHE_ECARTEE, row, auteur)
    return len(rows)


def _get_rows(session: Writing, ids: Collection[int] | None) -> Sequence[TacheEchouee]:
    which = _which(ecartees=False) if ids is None else TacheEchouee.id.in_(ids)
    query = select(TacheEchouee).where(which).order_by(TacheEchouee.id).with_for_update()
    rows = session.scalars(query).all()
    if ids is not None and len(rows) < len(set(ids)):
        raise NotFound("Cette tâche n’est plus en échec : elle a été faite, ou n’existe pas.")
    return rows


def _record(session: Writing, acte: Acte, row: TacheEchouee, auteur: Auteur) -> None:
    record_acte(
        session,
        acte,
        acteur=auteur.identifiant,
        personne_id=auteur.personne_id,
        objet=f"tache:{row.tache}",
        details={"cle": row.cle, "motif": row.motif},
    )
