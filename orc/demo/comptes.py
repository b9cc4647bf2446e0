"""The accounts of the demonstration: one per rôle, with grants that show what each may see."""

from dataclasses import dataclass

from sqlalchemy import select

from orc.access.referentiel import import_referentiel
from orc.db import Database
from orc.demo.habilitations import open_demo_mission
from orc.demo.referentiel import PAIERIE, PAYS_AVELLE, ROCHEBRUNE, SGC
from orc.demo.referentiel_csv import DEPARTEMENT, make_fichiers
from orc.domain import SENSIBLES, Domaine, Droit, Role
from orc.identity.comptes import NouveauCompte, Octroi, create_compte, grant_habilitation
from orc.models import Collectivite, Personne, read_today

MOT_DE_PASSE = "rochebrune-sur-avelle"
PAR = "démonstration"


@dataclass(frozen=True, slots=True)
class CompteDemo:
    """An account to make and what it shows."""

    identifiant: str
    nom: str
    montre: str
    octrois: tuple[Octroi, ...]


def _on(
    role: Role, *sirens: str, domaines: tuple[Domaine, ...] = (), droits: tuple[Droit, ...] = ()
) -> tuple[Octroi, ...]:
    return tuple(
        Octroi(role, "collectivite", siren, domaines=domaines, droits=droits) for siren in sirens
    )


COMPTES = (
    CompteDemo(
        "ordonnateur-xt",
        "Camille Ordonnateur",
        "la commune (et le CCAS qu’elle a repris), la communauté ; hors paie et aide sociale ; "
        "prépare les éliminations",
        _on(
            Role.ORDONNATEUR,
            ROCHEBRUNE.siren,
            PAYS_AVELLE.siren,
            droits=(Droit.DESTRUCTION,),
        ),
    ),
    CompteDemo(
        "maire-xt",
        "Mireille Maire",
        "les mêmes pièces ; la seconde signature d’une destruction",
        _on(
            Role.ORDONNATEUR,
            ROCHEBRUNE.siren,
            PAYS_AVELLE.siren,
            droits=(Droit.DESTRUCTION,),
        ),
    ),
    CompteDemo(
        "drh-xt",
        "Dominique Paie",
        "la commune seule, paie comprise",
        _on(Role.ORDONNATEUR, ROCHEBRUNE.siren, domaines=(Domaine.PAIE,)),
    ),
    CompteDemo(
        "comptable",
        "Claude Comptable",
        "ses deux postes, dont celui qui a repris la trésorerie hospitalière ; les clôtures",
        tuple(
            Octroi(Role.COMPTABLE, "poste", poste.codique, domaines=SENSIBLES)
            for poste in (SGC, PAIERIE)
        ),
    ),
    CompteDemo(
        "juge-xt",
        "Justine Magistrat",
        "chef d’une mission : la commune et la communauté, 2022 à 2024 ; journal scellé",
        (),
    ),
    CompteDemo(
        "archiviste-xt",
        "Alix Archiviste",
        "la commune, documents compris, et la communauté ; visas, gels, rapports",
        (
            *_on(Role.ARCHIVISTE, ROCHEBRUNE.siren, droits=(Droit.CONTENU,)),
            *_on(Role.ARCHIVISTE, PAYS_AVELLE.siren),
        ),
    ),
    CompteDemo(
        "directrice-xt",
        "Diane Directrice",
        "tout le département, domaines réservés compris ; publie les durées qu’un autre a écrites",
        (Octroi(Role.ARCHIVISTE, "departement", DEPARTEMENT, domaines=SENSIBLES),),
    ),
    CompteDemo(
        "gestionnaire-xt",
        "Gaëlle Gestionnaire",
        "sa structure : la commune, ses agents, leurs demandes ; aucun document",
        (),
    ),
    CompteDemo(
        "agent-xt",
        "Sacha Agent",
        "rien encore : sa demande attend le comptable",
        (),
    ),
    CompteDemo(
        "administrateur",
        "Andrea Administrateur",
        "l’ingestion et la santé du service, aucun document",
        (Octroi(Role.ADMINISTRATEUR),),
    ),
)


def make_comptes(database: Database) -> tuple[CompteDemo, ...]:
    """Import the referential of the invented world, and make the accounts that do not exist yet."""
    with database.writing() as session:
        import_referentiel(session, make_fichiers(), par=PAR)
    made = _make(database, COMPTES)
    today = read_today()
    with database.writing() as session:
        open_demo_mission(session, "juge-xt", par=PAR, today=today)
    return made


def make_comptes_of_silo(database: Database) -> tuple[CompteDemo, ...]:
    """The same rôles on whatever collectivités a silo of the visitor's own holds."""
    with database.reading() as session:
        sirens = tuple(session.scalars(select(Collectivite.siren).order_by(Collectivite.siren)))
    comptes = (
        CompteDemo(
            "ordonnateur-xt",
            "Camille Ordonnateur",
            "toutes les collectivités du silo, hors domaines réservés",
            _on(Role.ORDONNATEUR, *filter(None, sirens), droits=(Droit.DESTRUCTION,)),
        ),
        CompteDemo(
            "comptable",
            "Claude Comptable",
            "toutes les collectivités du silo, tous domaines, et la page des clôtures",
            _on(Role.COMPTABLE, *filter(None, sirens), domaines=SENSIBLES),
        ),
        COMPTES[-1],
    )
    return _make(database, comptes)


def _make(database: Database, comptes: tuple[CompteDemo, ...]) -> tuple[CompteDemo, ...]:
    with database.writing() as session:
        known = set(session.scalars(select(Personne.identifiant)))
        for compte in comptes:
            if compte.identifiant in known:
                continue
            nouveau = NouveauCompte(compte.identifiant, compte.nom, MOT_DE_PASSE)
            personne_id = create_compte(session, nouveau, par=PAR)
            for octroi in compte.octrois:
                grant_habilitation(session, personne_id, octroi, par=PAR)
    return comptes
