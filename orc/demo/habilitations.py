"""What the demonstration shows of habilitations: a mission, a structure, a demande that waits."""

from datetime import date, timedelta

from sqlalchemy import func, select

from orc.access import Lecteur, make_lecteur
from orc.access.demandes import Decision, Depot, Regles, decide_demande, deposit_demande
from orc.access.missions import NouvelleMission, Perimetre, open_mission
from orc.access.pieces_demande import PieceJointe
from orc.db import Database, Writing
from orc.demo.referentiel import PAYS_AVELLE, ROCHEBRUNE
from orc.domain import Domaine
from orc.identity.comptes import get_personne_id
from orc.models import Demande, Mission, read_today
from orc.storage import Storage

REFERENCE = "AVELLE-2026-04"
# The smallest document that says it is a PDF: what is joined is never opened by ORC.
DELIBERATION = b"%PDF-1.4\n% Deliberation du conseil municipal de Rochebrune-sur-Avelle\n%%EOF\n"
DEMANDEUR, GESTIONNAIRE, COMPTABLE = "agent-xt", "gestionnaire-xt", "comptable"


def open_demo_mission(session: Writing, chef: str, *, par: str, today: date) -> None:
    """The juge's mission on the commune and the communauté, if it was not opened yet."""
    if session.scalar(select(Mission.id).where(Mission.reference == REFERENCE)):
        return
    mission = NouvelleMission(
        REFERENCE,
        "Ordre n° 4 du président de la chambre",
        "Chambre régionale des comptes de l’Avelle",
        today - timedelta(days=30),
        today + timedelta(days=365),
        chef,
        tuple(Perimetre(c.siren, 2022, 2024) for c in (ROCHEBRUNE, PAYS_AVELLE)),
    )
    open_mission(session, mission, par=par, today=today)


def make_demandes(database: Database, storage: Storage) -> None:
    """A structure habilitated by its comptable, and the demande of an agent that waits for him."""
    today = read_today()
    with database.writing() as session:
        if session.scalar(select(func.count()).select_from(Demande)):
            return
        piece = PieceJointe("deliberation.pdf", DELIBERATION)
        depot = Depot(
            structure=True,
            siren=ROCHEBRUNE.siren,
            motif="Délibération du 12 janvier : désignation du gestionnaire principal.",
            pieces=(piece,),
        )
        number = _deposit(session, storage, GESTIONNAIRE, depot, today)
        lecteur = _get(session, COMPTABLE, today)
        yes = Decision(accorde=True)
        decide_demande(session, lecteur, number, yes, regles=Regles(), today=today)
        waiting = Depot(
            structure=False,
            siren=ROCHEBRUNE.siren,
            motif="Nouvelle responsable des ressources humaines.",
            identifiant=DEMANDEUR,
            exercice_min=2023,
            domaines=(Domaine.PAIE,),
        )
        _deposit(session, storage, GESTIONNAIRE, waiting, today)


def _deposit(
    session: Writing, storage: Storage, identifiant: str, depot: Depot, today: date
) -> int:
    lecteur = _get(session, identifiant, today)
    return deposit_demande(session, storage, lecteur, depot, today=today)


def _get(session: Writing, identifiant: str, today: date) -> Lecteur:
    personne_id = get_personne_id(session, identifiant)
    return make_lecteur(session, personne_id, identifiant, identifiant, today)
