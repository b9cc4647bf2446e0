"""What a person may read of the journal, from its grants as they are now."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.access.clearance import Lecteur, find_habilitations, make_clearance
from orc.db import list_values
from orc.domain import Role
from orc.journal.read import Regard
from orc.models import Cellule

# Their own acts, and those on the documents of their scope (issue 5, « Journal »).
SUR_LEURS_PIECES = frozenset({Role.COMPTABLE, Role.ORDONNATEUR})


def make_regard(session: Session, lecteur: Lecteur, today: date) -> Regard:
    """The rows this person sees: its own, those of its scope, those of the exploitation.

    The scope is that of its grants as comptable or ordonnateur, exercices not closed included: a
    mission, or the content of a territory, shows nobody's acts.
    """
    grants = [
        grant
        for grant in find_habilitations(session, lecteur.personne_id, today)
        if grant.role in SUR_LEURS_PIECES
    ]
    cellules = make_clearance(session, grants, today).granted
    return Regard(
        lecteur.personne_id,
        exploitant=Role.ADMINISTRATEUR in lecteur.roles,
        cellules=cellules,
        exercices=_find_exercices(session, cellules),
    )


def _find_exercices(session: Session, cellules: frozenset[int]) -> frozenset[tuple[int, int]]:
    if not cellules:
        return frozenset()
    query = select(Cellule.budget_id, Cellule.exercice).where(Cellule.id.in_(list_values(cellules)))
    return frozenset((row.budget_id, row.exercice) for row in session.execute(query))
