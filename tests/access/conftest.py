"""A small world for habilitations: two communes at two postes, their people, a clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from orc.access import Lecteur, make_lecteur
from orc.access.demandes import Decision, Depot, Regles, decide_demande, deposit_demande
from orc.access.pieces_demande import PieceJointe
from orc.db import Database, Writing
from orc.domain import Role
from orc.models import Personne
from orc.storage import Storage
from tests.sql import grant, make_budget, make_personne

TODAY = date(2026, 6, 1)
A, B = "000000001", "000000002"
POSTE, AUTRE = "033012", "033014"
PDF = PieceJointe("délibération.pdf", b"%PDF-1.7 deliberation")
REGLES = Regles()


@dataclass
class Monde:
    """People by name, and what they do."""

    session: Writing
    storage: Storage

    def get(self, nom: str) -> Lecteur:
        """This person as its next request sees it."""
        personne = self.session.query(Personne).filter_by(identifiant=nom).one()
        return make_lecteur(self.session, personne.id, nom, personne.nom, TODAY)

    def make(self, nom: str, role: Role | None = None, **values: object) -> Lecteur:
        """A person, with a grant if a rôle is said."""
        personne_id = make_personne(self.session, nom)
        if role:
            grant(self.session, personne_id, role, **values)
        return self.get(nom)

    def deposit(self, nom: str, **values: object) -> int:
        """A demande of this person on the commune A."""
        depot = Depot(**{"structure": False, "siren": A, "motif": "Mon service", **values})  # type: ignore[arg-type]  # values by name
        return deposit_demande(self.session, self.storage, self.get(nom), depot, today=TODAY)

    def decide(
        self, nom: str, demande_id: int, *, accorde: bool = True, motif: str = "", **regles: object
    ) -> str:
        """The answer of this person."""
        made = Regles(**regles) if regles else REGLES  # type: ignore[arg-type]  # values by name
        decision = Decision(accorde, motif)
        return decide_demande(
            self.session, self.get(nom), demande_id, decision, regles=made, today=TODAY
        ).value

    def open_structure(self) -> int:
        """The commune A habilitated, « gestionnaire » at its head; its demande."""
        demande_id = self.deposit("gestionnaire", structure=True, pieces=(PDF,))
        self.decide("comptable", demande_id)
        return demande_id


@pytest.fixture
def session(database: Database) -> Iterator[Writing]:
    with database.writing() as session:
        yield session


@pytest.fixture
def monde(session: Writing, tmp_path: Path) -> Monde:
    """A comptable per poste, an administrateur, and people who hold nothing."""
    make_budget(session, A, poste=POSTE)
    make_budget(session, B, poste=AUTRE)
    monde = Monde(session, Storage(str(tmp_path / "textes")))
    monde.make("comptable", Role.COMPTABLE, portee="poste", portee_cle=POSTE)
    monde.make("collegue", Role.COMPTABLE, portee="poste", portee_cle=POSTE)
    monde.make("voisin", Role.COMPTABLE, portee="poste", portee_cle=AUTRE)
    monde.make("administrateur", Role.ADMINISTRATEUR, portee="rien")
    for nom in ("gestionnaire", "alice", "bob"):
        monde.make(nom)
    return monde
