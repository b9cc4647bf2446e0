"""What the demonstration shows of early destruction: who joined, who asks to, what is frozen."""

from datetime import date, timedelta

from sqlalchemy import func, select

from orc.access import Lecteur, make_lecteur
from orc.access.pieces_demande import PieceJointe
from orc.db import Database, Writing
from orc.demo.referentiel import PAYS_AVELLE, ROCHEBRUNE
from orc.identity.comptes import get_personne_id
from orc.models import Declaration, read_today
from orc.retention.adhesions import request_adhesion
from orc.retention.criteres import Criteres
from orc.retention.declarations import Genre
from orc.retention.depots import Depot
from orc.retention.poses import DepotGel, place_gel
from orc.retention.saisies import record_declaration
from orc.storage import Storage

COMPTABLE, ORDONNATEUR, ARCHIVISTE = "comptable", "ordonnateur-xt", "archiviste-xt"
# Before the first flow of the demonstration: what was sent before the offer is refused.
ADHESION = date(2021, 12, 1)
PV = PieceJointe("pv-numerisation.pdf", b"%PDF-1.4\n% Proces-verbal de conformite\n%%EOF\n")
NORME = "NF Z 42-026"


def make_destruction(database: Database, storage: Storage) -> None:
    """Rochebrune has joined, the communauté asks to, an enquiry freezes some of 2023; once."""
    today = read_today()
    with database.writing() as session:
        if session.scalar(select(func.count()).select_from(Declaration)):
            return
        comptable = _get(session, COMPTABLE, today)
        for genre in (Genre.ADHESION_ORC, Genre.ADHESION_OFFRE, Genre.TENUE_HELIOS):
            depot = Depot(genre, ADHESION, siren=ROCHEBRUNE.siren, motif="Convention de 2021.")
            record_declaration(session, storage, comptable, depot, today=today)
        ordonnateur = _get(session, ORDONNATEUR, today)
        chaine = Depot(
            Genre.NUMERISATION, ADHESION, siren=ROCHEBRUNE.siren, valeur=NORME, document=PV
        )
        record_declaration(session, storage, ordonnateur, chaine, today=today)
        demande = Depot(
            Genre.DEMANDE_ORC, today, siren=PAYS_AVELLE.siren, motif="Délibération du 3 octobre."
        )
        request_adhesion(session, storage, ordonnateur, demande, today=today)
        place_gel(session, _get(session, ARCHIVISTE, today), _freeze(today), today=today)


def _freeze(today: date) -> DepotGel:
    criteres = Criteres(
        siren=ROCHEBRUNE.siren, exercice_min=2023, exercice_max=2023, comptes=("6152",)
    )
    return DepotGel(
        nom="Enquête préliminaire, entretien de 2023",
        autorite="Procureur de la République",
        reference="PR 26/0412",
        motif="Réquisition du 2 novembre : rien de l’entretien des terrains (6152) ne part.",
        revue_le=today + timedelta(days=180),
        criteres=criteres,
    )


def _get(session: Writing, identifiant: str, today: date) -> Lecteur:
    personne_id = get_personne_id(session, identifiant)
    return make_lecteur(session, personne_id, identifiant, identifiant, today)
