"""What waits for the person who opens the home page, by rôle."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from orc.access import Lecteur
from orc.access.demandes_vues import count_a_repondre
from orc.domain import Role, format_nombre
from orc.retention.declarees import count_adhesions
from orc.retention.eliminations.attendus import count_attendus
from orc.retention.eliminations.etats import Etat
from orc.retention.eliminations.marche import make_regles
from orc.retention.gels_vus import count_en_retard
from orc.search.portee_silo import find_portee
from orc.search.quarantaine import count_ecartes
from orc.settings import Settings

_REPONDENT = frozenset({Role.COMPTABLE, Role.ADMINISTRATEUR})
_VOIENT_LE_SILO = frozenset({Role.COMPTABLE, Role.ADMINISTRATEUR, Role.ARCHIVISTE})
_ATTENDUS = {
    Etat.PROPOSEE: "proposé, dont demander le visa",
    Etat.VISA_DEMANDE: "à viser",
    Etat.VISE: "visé, dont ouvrir le délai",
    Etat.VISE_EN_PARTIE: "visé en partie, dont ouvrir le délai",
    Etat.DELAI: "au délai achevé, à attester une fois la copie détruite",
    Etat.A_CONTRESIGNER: "à contresigner",
    Etat.ATTESTEE: "à certifier",
}


@dataclass(frozen=True, slots=True)
class Attente:
    """Something that waits for this person."""

    libelle: str
    url: str


def find_attentes(
    session: Session, settings: Settings, lecteur: Lecteur, today: date
) -> tuple[Attente, ...]:
    """What waits, the people who ask first."""
    return (
        *_find_demandes(session, lecteur, today),
        *_find_of_destruction(session, settings, lecteur, today),
        *_find_of_silo(session, lecteur, today),
    )


def _find_demandes(session: Session, lecteur: Lecteur, today: date) -> Iterator[Attente]:
    if lecteur.roles & _REPONDENT and (waiting := count_a_repondre(session, lecteur, today)):
        libelle = f"{format_nombre(waiting, 'demande')} d’habilitation à traiter"
        yield Attente(libelle, "/habilitations")


def _find_of_destruction(
    session: Session, settings: Settings, lecteur: Lecteur, today: date
) -> Iterator[Attente]:
    if not lecteur.clearance.retention:
        return
    if asked := count_adhesions(session, lecteur, today):
        libelle = f"{format_nombre(asked, 'demande')} d’adhésion à traiter"
        yield Attente(libelle, "/destruction/declarations")
    certificat = make_regles(settings).certificat
    for etat, count in count_attendus(session, lecteur.clearance, certificat, today).items():
        nom = format_nombre(count, "bordereau", "bordereaux")
        yield Attente(
            f"{nom} d’élimination {_ATTENDUS[etat]}", f"/destruction/bordereaux?etat={etat.value}"
        )
    if late := count_en_retard(session, lecteur, today):
        yield Attente(f"{format_nombre(late, 'gel')} à revoir", "/destruction/gels")


def _find_of_silo(session: Session, lecteur: Lecteur, today: date) -> Iterator[Attente]:
    if lecteur.roles & _VOIENT_LE_SILO:
        ecartes = count_ecartes(session, find_portee(session, lecteur, today))
        if ecartes:
            yield Attente(
                f"{format_nombre(ecartes, 'fichier')} en quarantaine", "/silo#quarantaine"
            )
