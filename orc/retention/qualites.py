"""As what a person declares, freezes and releases; what it sees of a collectivité."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.access.clearance import Lecteur, find_habilitations, opens_destruction
from orc.access.demandes import find_gerees, read_ressort
from orc.access.etendues import Etendues, close_over, read_etendues
from orc.domain import SENSIBLES, Domaine, Role
from orc.models import Budget, Habilitation
from orc.retention.criteres import Criteres
from orc.retention.regard import find_sirens


class Qualite(StrEnum):
    """As what a fact is said or a gel placed."""

    ARCHIVISTE = "archiviste"
    COMPTABLE = "comptable"
    ORDONNATEUR = "ordonnateur"
    GESTIONNAIRE = "gestionnaire"


def write_qualites(qualites: Iterable[Qualite]) -> str:
    """`comptable ou ordonnateur`."""
    return " ou ".join(sorted(qualite.value for qualite in qualites))


@dataclass(frozen=True, slots=True)
class Qualites:
    """The collectivités a person speaks of, whole, by what it is; and those it sees a part of."""

    comptable: frozenset[str]
    ordonnateur: frozenset[str]
    gestionnaire: frozenset[str]
    vues: frozenset[str]

    @property
    def sirens(self) -> frozenset[str]:
        """All of them."""
        return self.comptable | self.ordonnateur | self.gestionnaire | self.vues

    def find(self, siren: str) -> frozenset[Qualite]:
        """As what this person speaks of the whole of this collectivité."""
        known = {
            Qualite.COMPTABLE: self.comptable,
            Qualite.ORDONNATEUR: self.ordonnateur,
            Qualite.GESTIONNAIRE: self.gestionnaire,
        }
        return frozenset(qualite for qualite, sirens in known.items() if siren in sirens)


def read_qualites(session: Session, lecteur: Lecteur, today: date) -> Qualites:
    """What this person may say that day, and of whom; read from its grants in force."""
    grants = [
        g for g in find_habilitations(session, lecteur.personne_id, today) if opens_destruction(g)
    ]
    etendues = read_etendues(session, grants, today)
    whole = [g for g in grants if g.portee == "collectivite"]
    return Qualites(
        read_ressort(session, lecteur, today),
        frozenset().union(*(close_over(g.portee_cle, etendues.predecesseurs) for g in whole)),
        find_gerees(session, lecteur.personne_id, today),
        find_sirens(session, lecteur.clearance.retention),
    )


def find_qualite(lecteur: Lecteur) -> Qualite | None:
    """As what a person places or releases gels; None: it does not."""
    if Role.ARCHIVISTE in lecteur.roles:
        return Qualite.ARCHIVISTE
    if Role.COMPTABLE in lecteur.roles:
        return Qualite.COMPTABLE
    return Qualite.ORDONNATEUR if lecteur.destruction else None


def find_cellules(lecteur: Lecteur, qualite: Qualite) -> frozenset[int]:
    """The cellules that a person sees as this."""
    clearance = lecteur.clearance
    return {
        Qualite.ARCHIVISTE: clearance.territoire,
        Qualite.COMPTABLE: clearance.comptabilite,
        Qualite.ORDONNATEUR: clearance.destruction,
        Qualite.GESTIONNAIRE: frozenset[int](),
    }[qualite]


def make_vue(session: Session, lecteur: Lecteur, siren: str, today: date) -> Criteres | None:
    """The criteria of all that a person sees of a collectivité for retention; None: nothing.

    It names budgets, domaines and exercices only where the grants do: what arrives later, within
    them, is seen too.
    """
    roles = {Role.ARCHIVISTE.value, Role.COMPTABLE.value}
    grants = [
        g
        for g in find_habilitations(session, lecteur.personne_id, today)
        if g.role in roles or opens_destruction(g)
    ]
    etendues = read_etendues(session, grants, today)
    here = [g for g in grants if _covers(session, etendues, g, siren)]
    if not here:
        return None
    named = {d for g in here for d in g.domaines.split(",")} | {Domaine.ORDINAIRE.value}
    every = named >= {d.value for d in SENSIBLES}
    whole = any(g.portee != "budget" for g in here)
    lows, highs = [g.exercice_min for g in here], [g.exercice_max for g in here]
    return Criteres(
        siren=siren,
        budgets=() if whole else tuple(sorted({g.portee_cle for g in here})),
        domaines=() if every else tuple(d.value for d in Domaine if d.value in named),
        exercice_min=None if None in lows else min(low for low in lows if low is not None),
        exercice_max=None if None in highs else max(high for high in highs if high is not None),
    )


def _covers(session: Session, etendues: Etendues, grant: Habilitation, siren: str) -> bool:
    if grant.portee == "collectivite":
        return siren in close_over(grant.portee_cle, etendues.predecesseurs)
    here = select(Budget.id).where(Budget.siren == siren, etendues.covers_budget(grant))
    return session.scalar(here.limit(1)) is not None
