"""The people of early destruction, on a commune and its poste, for tests: readers with rights."""

from datetime import date

from sqlalchemy import insert

from orc.access import Lecteur, make_lecteur
from orc.db import Database, Writing
from orc.domain import Droit, Role
from orc.models import Structure, read_now
from tests.sql import grant, make_personne

COMMUNE, AUTRE = "000000001", "000000002"
POSTE = "033012"
AUJOURD_HUI = date(2026, 6, 1)
SUR_COMMUNE = {"portee": "collectivite", "portee_cle": COMMUNE}
SUR_POSTE = {"portee": "poste", "portee_cle": POSTE}


def put_personne(session: Writing, nom: str, role: Role, **values: object) -> None:
    """Someone with one grant, and an address to write to."""
    personne_id = make_personne(session, nom)
    grant(session, personne_id, role, **values)


def put_gens(database: Database) -> None:
    """Two of each rôle, so that another person can always be found; a stranger."""
    destruction = {"droits": Droit.DESTRUCTION.value, **SUR_COMMUNE}
    with database.writing() as session:
        for rank in ("", "2"):
            put_personne(session, f"comptable{rank}", Role.COMPTABLE, **SUR_POSTE)
            put_personne(session, f"ordonnateur{rank}", Role.ORDONNATEUR, **destruction)
            put_personne(session, f"archiviste{rank}", Role.ARCHIVISTE, **SUR_COMMUNE)
        put_personne(session, "gestionnaire", Role.GESTIONNAIRE, **SUR_COMMUNE)
        put_personne(session, "lecteur", Role.ORDONNATEUR, **SUR_COMMUNE)
        put_personne(session, "voisin", Role.ARCHIVISTE, portee="collectivite", portee_cle=AUTRE)
        session.execute(
            insert(Structure).values(
                siren=COMMUNE, depuis=date(2020, 1, 1), accordee_par="test",
                accordee_le=read_now(), retiree_par="",
            )
        )  # fmt: skip


def get_lecteur(database: Database, nom: str) -> Lecteur:
    """The reader of this name, its rights of AUJOURD_HUI."""
    with database.writing() as session:
        return make_lecteur(session, make_personne(session, nom), nom, nom.title(), AUJOURD_HUI)
