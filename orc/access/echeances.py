"""The yearly review: a grant made through a demande ends a year later, unless renewed."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select

from orc.access.phrases import read_noms, write_habilitation
from orc.db import Writing
from orc.errors import Conflict
from orc.identity.rappels import remind
from orc.journal import Acte, record_acte
from orc.models import Habilitation, Personne

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


OBJET = "Votre habilitation ORC finit dans {reste}"
CORPS = (
    "Bonjour,\n\nCette habilitation de votre compte {identifiant} finit le {{jour}}, dans "
    "{{reste}} :\n\n  {phrase}\n\nSi elle reste nécessaire, demandez à votre comptable de la "
    "renouveler avant ce jour : la page « Mes accès » dit ce que vous tenez.\n"
)


def remind_habilitations(session: Writing, jours: Sequence[int], today: date) -> int:
    """Write to each person whose grant made through a demande ends soon; how many were written to.

    A juge's grant ends with its mission, and what an administrateur dated ends as he said.
    """
    query = (
        select(Habilitation, Personne)
        .join(Personne, Personne.id == Habilitation.personne_id)
        .where(
            Habilitation.demande_id.is_not(None),
            Habilitation.retire_le.is_(None),
            Habilitation.jusqu_a >= today,
            Habilitation.jusqu_a <= today + timedelta(days=max(jours, default=0)),
        )
        .order_by(Habilitation.id)
    )
    rows = session.execute(query).all()
    noms = read_noms(session, [grant for grant, _ in rows])
    written = 0
    for grant, personne in rows:
        if grant.jusqu_a is not None:  # pragma: no branch - the query has said so; for mypy
            phrase = write_habilitation(grant, noms).replace("{", "{{").replace("}", "}}")
            written += remind(
                session,
                personne.id,
                f"habilitation:{grant.id}",
                # The first day when it opens nothing.
                grant.jusqu_a + timedelta(days=1),
                jours=jours,
                objet=OBJET,
                corps=CORPS.format(identifiant=personne.identifiant, phrase=phrase),
                today=today,
            )
    return written
