"""Warnings to the owner of a technical account before its key ends: no connector stops unseen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from orc.db import Writing
from orc.domain import Role
from orc.identity.cles import is_live
from orc.identity.comptes import is_in_force
from orc.identity.rappels import remind
from orc.models import CleApi, CompteTechnique, Habilitation, Personne, read_now

OBJET = "La clé d’API de {compte} expire dans {{reste}}"
CORPS = (
    "Bonjour,\n\nLa clé orc_{debut}_… du compte technique {libelle} ({compte}) expire le {{jour}}, "
    "dans {{reste}}. {suite}\n\n"
    "Ce message ne demande ni clé, ni mot de passe : n’en donnez à personne.\n"
)
RENOUVELER = (
    "Renouvelez-la avant, page « Comptes techniques » : l’ancienne vaut encore quelque temps à "
    "côté de la nouvelle, et le connecteur ne s’arrête pas."
)
ENCORE_LA = (
    "Une nouvelle clé existe, mais le connecteur se sert toujours de celle-ci : mettez-y la "
    "nouvelle."
)


@dataclass(frozen=True, slots=True)
class Echeance:
    """A key about to end, and who is warned. `remplacee`: it is, and yet still in use."""

    cle_id: int
    proprietaire_id: int
    siren: str
    compte: str
    libelle: str
    debut: str
    expire_le: datetime
    remplacee: bool


def find_echeances(session: Session, now: datetime | None = None) -> list[Echeance]:
    """The keys in force whose end would stop a connector, the next to end first.

    A replaced key that was not seen since its replacement stops nobody: it is not among them.
    """
    now = now or read_now()
    newer = aliased(CleApi)
    query = (
        select(CleApi, CompteTechnique, Personne, newer.creee_le)
        .join(CompteTechnique, CompteTechnique.personne_id == CleApi.personne_id)
        .join(Personne, Personne.id == CleApi.personne_id)
        .outerjoin(
            newer,
            (newer.personne_id == CleApi.personne_id)
            & (newer.id > CleApi.id)
            & newer.retiree_le.is_(None)
            & (newer.expire_le > now),
        )
        .where(is_live(now), Personne.desactive_le.is_(None))
        .order_by(CleApi.expire_le, CleApi.id)
    )
    return [
        Echeance(
            cle.id,
            compte.proprietaire_id,
            compte.siren,
            personne.identifiant,
            personne.nom,
            cle.debut,
            cle.expire_le,
            remplacee=replaced is not None,
        )
        for cle, compte, personne, replaced in session.execute(query)
        if replaced is None or (cle.vue_le is not None and cle.vue_le > replaced)
    ]


def remind_cles(session: Writing, jours: Sequence[int], today: date) -> int:
    """Write to the owners of keys that end soon, once per day of `jours`; how many were written."""
    written = 0
    for echeance in find_echeances(session):
        told = {
            # What a person typed is text: its braces are no place to fill.
            "compte": echeance.compte,
            "libelle": echeance.libelle.replace("{", "(").replace("}", ")"),
            "debut": echeance.debut,
            "suite": ENCORE_LA if echeance.remplacee else RENOUVELER,
        }
        for personne_id in _find_warned(session, echeance, today):
            written += remind(
                session,
                personne_id,
                f"cle:{echeance.cle_id}:{personne_id}",
                echeance.expire_le.astimezone().date(),
                jours=jours,
                objet=OBJET.format(**told),
                corps=CORPS.format(**told),
                today=today,
            )
    return written


def _find_warned(session: Session, echeance: Echeance, today: date) -> list[int]:
    """The owner; the gestionnaires of the structure where the owner cannot be written to."""
    owner = session.get_one(Personne, echeance.proprietaire_id)
    if owner.courriel and owner.desactive_le is None:
        return [owner.id]
    query = select(Habilitation.personne_id).where(
        Habilitation.role == Role.GESTIONNAIRE.value,
        Habilitation.portee == "collectivite",
        Habilitation.portee_cle == echeance.siren,
        is_in_force(today),
    )
    return sorted(set(session.scalars(query)))
