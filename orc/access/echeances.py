"""The yearly review: a grant made through a demande ends a year later, unless renewed."""

from calendar import monthrange
from datetime import date, timedelta

from orc.db import Writing
from orc.errors import Conflict
from orc.journal import Acte, record_acte
from orc.models import Habilitation

# A grant that ends within this time is one to look at again.
REVOIR = timedelta(days=60)


def make_fin(depuis: date, mois: int) -> date | None:
    """The last day of a grant of so many months; None where the setting says 0: without an end."""
    if mois <= 0:
        return None
    year, month = divmod(depuis.month - 1 + mois, 12)
    year, month = depuis.year + year, month + 1
    day = min(depuis.day, monthrange(year, month)[1])
    return date(year, month, day) - timedelta(days=1)


def is_to_review(grant: Habilitation, today: date) -> bool:
    """Whether it ends soon, unless renewed."""
    return grant.jusqu_a is not None and grant.jusqu_a - today <= REVOIR


def renew_habilitation(
    session: Writing, grant: Habilitation, *, mois: int, par: str, today: date
) -> date | None:
    """Give a grant in force its next months, from its end: its new last day.

    Raises Conflict where its end is not near: a renewal is a review, not a reserve of time.
    """
    if not is_to_review(grant, today) or grant.jusqu_a is None:
        raise Conflict("Cette habilitation n’est pas encore à revoir : rien n’a été changé.")
    before = grant.jusqu_a
    grant.jusqu_a = make_fin(before + timedelta(days=1), mois)
    session.flush()
    record_acte(
        session,
        Acte.HABILITATION,
        acteur=par,
        objet=f"personne:{grant.personne_id}",
        details={
            "renouvelee": grant.id,
            "jusqu_a": [str(before), str(grant.jusqu_a) if grant.jusqu_a else ""],
        },
    )
    return grant.jusqu_a
