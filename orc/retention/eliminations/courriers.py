"""The mails of an elimination, written in the transaction of each step: who has to act is told."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from orc.access.clearance import make_clearance
from orc.access.tenues import may_cover
from orc.db import Writing
from orc.domain import Role, format_date
from orc.identity.comptes import is_in_force
from orc.messages import write_to_personne
from orc.models import (
    BordereauElimination,
    EtapeElimination,
    Habilitation,
    Personne,
)
from orc.retention.eliminations.etats import Camp, Etat, Geste
from orc.retention.eliminations.portee import find_camps

ROLES = {Camp.PRODUCTEUR: Role.ORDONNATEUR, Camp.ARCHIVES: Role.ARCHIVISTE}


@dataclass(frozen=True, slots=True)
class Avis:
    """What a step tells: to those who took part, to whoever may act on a side; what they read."""

    objet: str
    corps: str
    camps: tuple[Camp, ...] = ()
    participants: bool = True


AVIS: Mapping[Geste, Avis] = {
    Geste.DEMANDER_VISA: Avis(
        "Visa demandé : bordereau d’élimination {numero}",
        "Le visa des archives est demandé sur le bordereau {numero} ({intitule}).",
        (Camp.ARCHIVES,),
        participants=False,
    ),
    Geste.VISER: Avis(
        "Visa accordé : bordereau d’élimination {numero}",
        "Les archives ont visé le bordereau {numero} ({intitule}). Ouvrez le délai : rien ne se "
        "détruit avant sa fin.",
    ),
    Geste.VISER_EN_PARTIE: Avis(
        "Visa partiel : bordereau d’élimination {numero}",
        "Les archives ont visé en partie le bordereau {numero} ({intitule}) : les lignes refusées "
        "y sont, avec leur motif, et ne se détruisent pas.",
    ),
    Geste.REFUSER: Avis(
        "Visa refusé : bordereau d’élimination {numero}",
        "Les archives ont refusé le bordereau {numero} ({intitule}) : rien ne se détruit.",
    ),
    Geste.REVENIR: Avis(
        "À proposer de nouveau : bordereau d’élimination {numero}",
        "Des lignes du bordereau {numero} ({intitule}) ne peuvent plus partir. Elles en sont "
        "écartées, et la liste est à relire et à signer de nouveau.",
    ),
    Geste.ECARTER: Avis(
        "Lignes écartées : bordereau d’élimination {numero}",
        "Des lignes du bordereau {numero} ({intitule}) ne peuvent plus partir : elles en sont "
        "écartées avant l’attestation, qui porte sur ce qui reste. Si leur copie est déjà "
        "détruite, dites-le sans attendre à l’autorité qui a posé le gel.",
        (Camp.PRODUCTEUR,),
    ),
    Geste.CADUQUE: Avis(
        "Attestation à refaire : bordereau d’élimination {numero}",
        "Entre les deux signatures, des lignes du bordereau {numero} ({intitule}) ne peuvent plus "
        "partir : elles en sont écartées, et la première attestation est à refaire. Si leur copie "
        "est déjà détruite, dites-le sans attendre à l’autorité qui a posé le gel.",
    ),
    Geste.VIDER: Avis(
        "Abandonné : bordereau d’élimination {numero}",
        "Plus aucune ligne du bordereau {numero} ({intitule}) ne peut partir : il est abandonné.",
    ),
    Geste.ATTESTER: Avis(
        "À contresigner : bordereau d’élimination {numero}",
        "Une première personne atteste la destruction du bordereau {numero} ({intitule}). Une "
        "autre doit l’attester aussi.",
        (Camp.PRODUCTEUR,),
        participants=False,
    ),
    Geste.RECUSER: Avis(
        "Attestation récusée : bordereau d’élimination {numero}",
        "La première attestation du bordereau {numero} ({intitule}) est récusée.",
    ),
    Geste.CONTRESIGNER: Avis(
        "Destruction attestée : bordereau d’élimination {numero}",
        "Deux personnes attestent la destruction du bordereau {numero} ({intitule}). Son "
        "certificat reste à signer.",
        (Camp.ARCHIVES,),
    ),
    Geste.CERTIFIER: Avis(
        "Certifié : bordereau d’élimination {numero}",
        "Le bordereau {numero} ({intitule}) est certifié : il est au registre.",
    ),
    Geste.ABANDONNER: Avis(
        "Abandonné : bordereau d’élimination {numero}",
        "Le bordereau {numero} ({intitule}) est abandonné : rien ne se détruit.",
    ),
}
PROPOSITION = Avis(
    "Les archives proposent une élimination : bordereau {numero}",
    "Les archives proposent d’éliminer ce que liste le bordereau {numero} ({intitule}). À vous de "
    "le signer, ou de l’abandonner ; vous aurez trois mois pour reprendre des documents.",
    (Camp.PRODUCTEUR,),
    participants=False,
)
DELAI_FINI = Avis(
    "Délai achevé : bordereau d’élimination {numero}",
    "Le délai du bordereau {numero} ({intitule}) s’est achevé le {jour}. Sa destruction peut être "
    "faite, puis attestée par deux personnes.",
)
FIN = (
    "\n\nCe bordereau se lit dans ORC, page « Destruction anticipée ». ORC ne supprime jamais "
    "rien de l’archive : seule la copie de la collectivité est en cause."
)


def announce(
    session: Writing,
    bordereau: BordereauElimination,
    geste: Geste,
    auteur_id: int,
    today: date,
) -> int:
    """Write the mails of a step; how many. Nobody is told of what it did itself."""
    avis = AVIS.get(geste)
    if geste is Geste.ANALYSER and bordereau.origine == Camp.ARCHIVES:
        avis = PROPOSITION
    if avis is None:
        return 0
    return _tell(session, bordereau, avis, today, auteur_id, f"pas:{bordereau.pas}")


def _tell(
    session: Writing,
    bordereau: BordereauElimination,
    avis: Avis,
    today: date,
    auteur_id: int | None,
    unique: str,
) -> int:
    people: set[int] = set()
    for camp in avis.camps:
        people |= find_tenants(session, bordereau, camp, today)
    if avis.participants:
        people |= _find_participants(session, bordereau.id)
    said = {
        "numero": bordereau.numero,
        "intitule": bordereau.intitule,
        "jour": format_date(bordereau.delai_jusqu_a),
    }
    write: Callable[[str], str] = lambda texte: texte.format(**said)  # noqa: E731 - read twice
    written = [
        write_to_personne(
            session,
            personne_id,
            write(avis.objet),
            f"Bonjour,\n\n{write(avis.corps)}{FIN}\n",
            unique=f"elimination:{bordereau.id}:{unique}:{personne_id}",
        )
        for personne_id in sorted(people - {auteur_id})
    ]
    return sum(ident is not None for ident in written)


def _find_participants(session: Session, bordereau_id: int) -> set[int]:
    query = select(EtapeElimination.personne_id).where(
        EtapeElimination.bordereau_id == bordereau_id, EtapeElimination.personne_id.is_not(None)
    )
    return {i for i in session.scalars(query.distinct()) if i is not None}


def find_tenants(
    session: Session, bordereau: BordereauElimination, camp: Camp, today: date
) -> set[int]:
    """Whoever may act on this bordereau on this side that day, accounts closed left out."""
    grants: dict[int, list[Habilitation]] = {}
    for grant in session.scalars(_select_grants(bordereau.siren, ROLES[camp], today)):
        grants.setdefault(grant.personne_id, []).append(grant)
    return {
        personne_id
        for personne_id, theirs in grants.items()
        if camp in find_camps(session, make_clearance(session, theirs, today), bordereau.id)
    }


def _select_grants(siren: str, role: Role, today: date) -> Select[Habilitation]:
    """The grants of this rôle that may bear on this collectivité."""
    g = Habilitation
    return (
        select(g)
        .join(Personne, Personne.id == g.personne_id)
        .where(
            g.role == role.value,
            is_in_force(today),
            Personne.desactive_le.is_(None),
            may_cover(siren),
        )
        .order_by(g.id)
    )


def remind_delais(session: Writing, _jours: Sequence[int], today: date) -> int:
    """Once a day: whoever took part is told, once, that a délai has ended; how many mails."""
    ended: Iterable[BordereauElimination] = session.scalars(
        select(BordereauElimination)
        .where(
            BordereauElimination.etat == Etat.DELAI.value,
            BordereauElimination.delai_jusqu_a < today,
        )
        .order_by(BordereauElimination.id)
    ).all()
    return sum(
        _tell(session, b, DELAI_FINI, today, None, f"delai:{b.delai_jusqu_a}") for b in ended
    )
