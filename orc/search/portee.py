"""What a person may see, in a sentence: collectivités, exercices, reserved domaines left out."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.access import ROLES_QUI_LISENT, Lecteur, find_habilitations
from orc.domain import LIBELLES_DOMAINES, SENSIBLES, join_words
from orc.models import Budget, Cellule
from orc.search.paged import among


@dataclass(frozen=True, slots=True)
class Etendue:
    """Closed exercices within the rights of a person; `exclus`: domaines no grant names."""

    nb_collectivites: int
    exercices: tuple[int, ...]
    ouverts: tuple[int, ...]
    exclus: tuple[str, ...]


def find_etendue(session: Session, lecteur: Lecteur, today: date) -> Etendue:
    """What this person may see now."""
    clearance = lecteur.clearance
    rows = session.execute(
        select(Cellule.id, Cellule.exercice, Budget.siren)
        .join(Budget, Budget.id == Cellule.budget_id)
        .where(among(Cellule.id, clearance.cellules | clearance.ouvertes))
    ).all()
    closed = [row for row in rows if clearance.allows(row.id)]
    named = {
        domaine
        for grant in find_habilitations(session, lecteur.personne_id, today)
        if grant.role in ROLES_QUI_LISENT
        for domaine in grant.domaines.split(",")
    }
    return Etendue(
        nb_collectivites=len({row.siren for row in closed}),
        exercices=tuple(sorted({row.exercice for row in closed})),
        ouverts=tuple(sorted({row.exercice for row in rows if not clearance.allows(row.id)})),
        exclus=tuple(LIBELLES_DOMAINES[d].lower() for d in SENSIBLES if d.value not in named),
    )


def write_etendue(etendue: Etendue) -> str:
    """`3 collectivités, exercices 2022 à 2025, hors paie et santé`."""
    if not etendue.exercices:
        return "aucun exercice clos ne vous est ouvert pour l’instant"
    nb = etendue.nb_collectivites
    parts = [f"{nb} collectivité{'s' if nb > 1 else ''}", write_exercices(etendue.exercices)]
    if etendue.exclus:
        parts.append(f"hors {join_words(etendue.exclus)}")
    return ", ".join(parts)


def write_exercices(exercices: tuple[int, ...]) -> str:
    """`exercice 2022`, `exercices 2022 à 2025`, or the years one by one where some lack."""
    first, last = exercices[0], exercices[-1]
    if first == last:
        return f"exercice {first}"
    if last - first + 1 == len(exercices) and len(exercices) > 2:
        return f"exercices {first} à {last}"
    return f"exercices {join_words(tuple(map(str, exercices)))}"
