"""Grants in words: « Comptable public du poste 033012, depuis le 01/01/2023, accordé par … »."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.domain import (
    LIBELLES_DOMAINES,
    LIBELLES_DROITS,
    LIBELLES_ROLES,
    Domaine,
    Droit,
    Role,
    format_date,
    join_words,
)
from orc.models import Budget, Collectivite, Departement, Habilitation, Mission, Poste

NBSP = "\u00a0"


class Octroyable(Protocol):
    """A grant given, or asked for."""

    role: str
    portee: str
    portee_cle: str
    exercice_min: int | None
    exercice_max: int | None
    domaines: str
    droits: str


@dataclass(frozen=True, slots=True)
class Noms:
    """What the keys of scopes are called; those unknown are said by their key alone."""

    connus: Mapping[tuple[str, str], str]

    def write(self, portee: str, cle: str) -> str:
        """`Commune de Sainte-Anne (999000018)`, or the key."""
        nom = self.connus.get((portee, cle), "")
        return f"{nom} ({cle})" if nom else cle

    def knows(self, portee: str, cle: str) -> bool:
        """Whether the referential or the flows know this scope: of a budget, its collectivité."""
        if portee == "budget":
            portee, cle = "collectivite", cle[:9]
        return portee == "rien" or (portee, cle) in self.connus


def read_noms(session: Session, octrois: Iterable[Octroyable]) -> Noms:
    """The names of the scopes of these grants."""
    cles: dict[str, set[str]] = {}
    for octroi in octrois:
        cles.setdefault(octroi.portee, set()).add(octroi.portee_cle)
        if octroi.portee == "budget":
            cles.setdefault("collectivite", set()).add(octroi.portee_cle[:9])
    missions = [int(cle) for cle in cles.get("mission", ()) if cle.isdecimal()]
    queries = {
        "collectivite": select(Collectivite.siren, Collectivite.libelle).where(
            Collectivite.siren.in_(cles.get("collectivite", ()))
        ),
        "departement": select(Departement.code, Departement.libelle).where(
            Departement.code.in_(cles.get("departement", ()))
        ),
        "mission": select(Mission.id, Mission.reference).where(Mission.id.in_(missions)),
    }
    connus = {
        (portee, str(cle)): nom
        for portee, query in queries.items()
        if portee in cles
        for cle, nom in session.execute(query)
    }
    return Noms(connus | _read_postes(session, cles.get("poste", set())))


def _read_postes(session: Session, codiques: set[str]) -> dict[tuple[str, str], str]:
    """Names of the referential before those of the flows."""
    if not codiques:
        return {}
    said = select(Budget.id_post, Budget.libelle_poste).where(Budget.id_post.in_(codiques))
    known = select(Poste.codique, Poste.libelle).where(Poste.codique.in_(codiques))
    rows = [*session.execute(said).all(), *session.execute(known).all()]
    return {("poste", cle): nom for cle, nom in rows if nom}


_PORTEES = {
    "poste": "du poste {}",
    "collectivite": "pour {}",
    "budget": "pour le budget {}",
    "departement": "du département {}",
    "mission": "de la mission {}",
}


def write_octroi(octroi: Octroyable, noms: Noms) -> str:
    """`Ordonnateur pour Commune de Sainte-Anne (999000018), exercices 2022 à 2024, paie`."""
    scope = _PORTEES.get(octroi.portee, "").format(_write_cle(octroi, noms))
    domaines = [LIBELLES_DOMAINES[Domaine(d)].lower() for d in octroi.domaines.split(",") if d]
    droits = [LIBELLES_DROITS[Droit(d)].lower() for d in octroi.droits.split(",") if d]
    head = " ".join(filter(None, (LIBELLES_ROLES[Role(octroi.role)], scope)))
    years = write_bornes(octroi.exercice_min, octroi.exercice_max)
    opened = f"y compris {join_words(domaines)}" if domaines else ""
    return ", ".join(filter(None, (head, years, opened, *droits)))


def write_habilitation(grant: Habilitation, noms: Noms) -> str:
    """The grant, since when, until when, by whom (ecrans.md, « Administration »)."""
    until = f"jusqu’au {format_date(grant.jusqu_a)}" if grant.jusqu_a else ""
    since = f"depuis le {format_date(grant.depuis)}"
    parts = (write_octroi(grant, noms), since, until, f"accordé par {grant.accorde_par}")
    return ", ".join(filter(None, parts))


def write_bornes(low: int | None, high: int | None) -> str:
    """`exercices 2022 à 2024`, `exercice 2022`, `depuis l’exercice 2022`, or nothing."""
    if low is None and high is None:
        return ""
    if low == high:
        return f"exercice {low}"
    if low is None:
        return f"jusqu’à l’exercice {high}"
    return f"exercices {low} à {high}" if high is not None else f"depuis l’exercice {low}"


def _write_cle(octroi: Octroyable, noms: Noms) -> str:
    if octroi.portee == "mission":
        return noms.connus.get(("mission", octroi.portee_cle), octroi.portee_cle)
    if octroi.portee == "budget":
        nom = noms.connus.get(("collectivite", octroi.portee_cle[:9]), "")
        return f"{octroi.portee_cle} ({nom})" if nom else octroi.portee_cle
    return noms.write(octroi.portee, octroi.portee_cle)
