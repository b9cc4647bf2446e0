"""The acts worth a row, and the one function that writes it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import insert

from orc.db import Writing
from orc.models import Ecriture, read_now


class Acte(StrEnum):
    """What matters enough to be journaled; nothing of it may happen without its row."""

    CONNEXION = "connexion"
    CONNEXION_REFUSEE = "connexion_refusee"
    DECONNEXION = "deconnexion"
    RECHERCHE = "recherche"
    CONSULTATION = "consultation"
    TELECHARGEMENT = "telechargement"
    INGESTION = "ingestion"
    DISPARITION = "disparition"
    MISE_A_L_ECART = "mise_a_l_ecart"
    CLOTURE = "cloture"
    RETRAIT_DE_CLOTURE = "retrait_de_cloture"
    COMPTE_CREE = "compte_cree"
    COMPTE_DESACTIVE = "compte_desactive"
    COMPTE_REACTIVE = "compte_reactive"
    MOT_DE_PASSE_CHANGE = "mot_de_passe_change"
    COMPTE_TECHNIQUE_MODIFIE = "compte_technique_modifie"
    CLE_CREEE = "cle_creee"
    CLE_RETIREE = "cle_retiree"
    CLE_REFUSEE = "cle_refusee"
    IDENTITE_LIEE = "identite_liee"
    IDENTITE_DELIEE = "identite_deliee"
    CERTIFICAT_ENROLE = "certificat_enrole"
    CERTIFICAT_RETIRE = "certificat_retire"
    CODE_ENVOYE = "code_envoye"
    SECOND_FACTEUR = "second_facteur"
    PREUVE = "preuve"
    COORDONNEES = "coordonnees"
    SESSION_FERMEE = "session_fermee"
    RAPPELS = "rappels"
    MESSAGE_D_ESSAI = "message_d_essai"
    HABILITATION = "habilitation"
    DEMANDE = "demande"
    DECISION_DE_DEMANDE = "decision_de_demande"
    STRUCTURE_RETIREE = "structure_retiree"
    MISSION = "mission"
    REFERENTIEL = "referentiel"
    RECONSTRUCTION = "reconstruction"
    EXPORT = "export"
    RELANCE_DE_TACHE = "relance_de_tache"
    TACHE_ECARTEE = "tache_ecartee"
    ELIMINATION = "elimination"
    DECLARATION = "declaration"
    GEL_POSE = "gel_pose"
    GEL_REVU = "gel_revu"
    GEL_LEVE = "gel_leve"
    RAPPORT = "rapport"
    REGLES_DE_DUREE = "regles_de_duree"
    SORTIE_DU_SILO = "sortie_du_silo"


@dataclass(frozen=True, slots=True)
class Auteur:
    """Who answers for an act; `personne_id` is None for a program."""

    identifiant: str
    personne_id: int | None = None


def record_acte(
    session: Writing,
    acte: Acte,
    *,
    acteur: str,
    objet: str = "",
    details: Mapping[str, object] | None = None,
    personne_id: int | None = None,
    scelle: bool = False,
) -> None:
    """Append a row in the transaction of the act: if it cannot be written, the act is undone.

    `objet` names what was acted on (`piece:123`), `details` is small and holds no secret;
    `scelle` sets the row apart where only the juges' own may read it.
    """
    session.execute(
        insert(Ecriture).values(
            quand=read_now(),
            personne_id=personne_id,
            acteur=acteur,
            acte=acte.value,
            objet=objet,
            details=json.dumps(dict(details or {}), ensure_ascii=False, sort_keys=True),
            scelle=scelle,
        )
    )
