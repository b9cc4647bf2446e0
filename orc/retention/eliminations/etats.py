"""The machine of a bordereau d'élimination: (state, act) → state, who may, what is needed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from orc.errors import Conflict


class Etat(StrEnum):
    """Where a bordereau is, from its draft to its certificate."""

    BROUILLON = "brouillon"
    ANALYSEE = "analysee"
    PROPOSEE = "proposee"
    VISA_DEMANDE = "visa_demande"
    VISE = "vise"
    VISE_EN_PARTIE = "vise_en_partie"
    REFUSE = "refuse"
    DELAI = "delai"
    # One person attested the destruction; another has to.
    A_CONTRESIGNER = "a_contresigner"
    ATTESTEE = "attestee"
    CERTIFIEE = "certifiee"
    ABANDONNEE = "abandonnee"


class Geste(StrEnum):
    """What somebody does of a bordereau; REVENIR, ECARTER, CADUQUE are what a gel makes of it."""

    CREER = "creer"
    AJOUTER = "ajouter"
    RETIRER = "retirer"
    ANALYSER = "analyser"
    PROPOSER = "proposer"
    DEMANDER_VISA = "demander_visa"
    AUTORISER = "autoriser"
    EXCEPTER = "excepter"
    VISER = "viser"
    VISER_EN_PARTIE = "viser_en_partie"
    REFUSER = "refuser"
    OUVRIR_DELAI = "ouvrir_delai"
    ATTESTER = "attester"
    CONTRESIGNER = "contresigner"
    RECUSER = "recuser"
    CERTIFIER = "certifier"
    ABANDONNER = "abandonner"
    REVENIR = "revenir"
    ECARTER = "ecarter"
    CADUQUE = "caduque"
    VIDER = "vider"
    # What a long list has first, in the place of the act that was asked: no step.
    VERIFIER = "verifier"


class Camp(StrEnum):
    """On whose side one acts: the producer, or the archives départementales."""

    PRODUCTEUR = "producteur"
    ARCHIVES = "archives"


@dataclass(frozen=True, slots=True)
class Passage:
    """What an act makes of a state: the next one, who may, whether it is a signature.

    `si_change`: where the bordereau goes instead when the lines, looked at again, are no more
    those that were seen; None: it goes on without those set aside.
    """

    vers: Etat
    camps: frozenset[Camp]
    signe: bool = False
    si_change: Etat | None = None


PRODUCTEUR, ARCHIVES = frozenset({Camp.PRODUCTEUR}), frozenset({Camp.ARCHIVES})
# A draft of the archives is theirs until the producer signs it.
LES_DEUX = PRODUCTEUR | ARCHIVES

E, G = Etat, Geste
# States in which a list exists that nobody answered for yet, and those where it is frozen.
OUVERTS = (E.BROUILLON, E.ANALYSEE)
FIGES = (E.PROPOSEE, E.VISA_DEMANDE, E.VISE, E.VISE_EN_PARTIE, E.DELAI, E.A_CONTRESIGNER)
VISES = (E.VISE, E.VISE_EN_PARTIE)
# What may be changed voids the visa: the list has to be signed again.
CHANGEABLES = (E.PROPOSEE, E.VISA_DEMANDE, *VISES, E.DELAI)
ABANDONNABLES = (*OUVERTS, *CHANGEABLES)

# What is recorded instead of an attestation whose list changed since it was read.
DETOURS = {G.ATTESTER: G.ECARTER, G.CONTRESIGNER: G.CADUQUE}


def _make_table() -> dict[tuple[Etat, Geste], Passage]:
    change = Passage(E.ANALYSEE, PRODUCTEUR)
    draft = Passage(E.BROUILLON, LES_DEUX)
    analysed = Passage(E.ANALYSEE, LES_DEUX)
    visa = {
        G.VISER: E.VISE,
        G.VISER_EN_PARTIE: E.VISE_EN_PARTIE,
        G.REFUSER: E.REFUSE,
    }
    return {
        **{(E.BROUILLON, g): draft for g in (G.AJOUTER, G.RETIRER)},
        **{(E.ANALYSEE, g): analysed for g in (G.AJOUTER, G.RETIRER)},
        **{(e, g): change for e in CHANGEABLES for g in (G.AJOUTER, G.RETIRER)},
        **{(e, G.ANALYSER): Passage(E.ANALYSEE, LES_DEUX) for e in OUVERTS},
        (E.ANALYSEE, G.PROPOSER): Passage(E.PROPOSEE, PRODUCTEUR, signe=True, si_change=E.ANALYSEE),
        (E.PROPOSEE, G.DEMANDER_VISA): Passage(E.VISA_DEMANDE, PRODUCTEUR, si_change=E.ANALYSEE),
        (E.PROPOSEE, G.AUTORISER): Passage(E.VISE, PRODUCTEUR, signe=True, si_change=E.ANALYSEE),
        (E.VISA_DEMANDE, G.EXCEPTER): Passage(E.VISA_DEMANDE, ARCHIVES),
        **{
            (E.VISA_DEMANDE, g): Passage(e, ARCHIVES, signe=True, si_change=E.ANALYSEE)
            for g, e in visa.items()
        },
        **{(e, G.OUVRIR_DELAI): Passage(E.DELAI, PRODUCTEUR) for e in VISES},
        # Whoever attests answers for the list as read: one that changed is read again first.
        (E.DELAI, G.ATTESTER): Passage(E.A_CONTRESIGNER, PRODUCTEUR, signe=True, si_change=E.DELAI),
        (E.A_CONTRESIGNER, G.CONTRESIGNER): Passage(
            E.ATTESTEE, PRODUCTEUR, signe=True, si_change=E.DELAI
        ),
        (E.A_CONTRESIGNER, G.RECUSER): Passage(E.DELAI, PRODUCTEUR),
        (E.ATTESTEE, G.CERTIFIER): Passage(E.CERTIFIEE, LES_DEUX, signe=True),
        **{
            (e, G.ABANDONNER): Passage(E.ABANDONNEE, LES_DEUX if e in OUVERTS else PRODUCTEUR)
            for e in ABANDONNABLES
        },
    }


PASSAGES: Mapping[tuple[Etat, Geste], Passage] = _make_table()
CREATION = Passage(E.BROUILLON, LES_DEUX)

LIBELLES_ETATS: Mapping[Etat, str] = {
    E.BROUILLON: "Brouillon",
    E.ANALYSEE: "Analysé",
    E.PROPOSEE: "Proposé",
    E.VISA_DEMANDE: "Visa demandé",
    E.VISE: "Visé",
    E.VISE_EN_PARTIE: "Visé en partie",
    E.REFUSE: "Refusé",
    E.DELAI: "Délai avant destruction",
    E.A_CONTRESIGNER: "Destruction à contresigner",
    E.ATTESTEE: "Destruction attestée",
    E.CERTIFIEE: "Certifié",
    E.ABANDONNEE: "Abandonné",
}
LIBELLES_GESTES: Mapping[Geste, str] = {
    G.CREER: "Création",
    G.AJOUTER: "Ajout de lignes",
    G.RETIRER: "Retrait de lignes",
    G.ANALYSER: "Analyse",
    G.PROPOSER: "Proposition signée",
    G.DEMANDER_VISA: "Demande de visa",
    G.AUTORISER: "Autorisation générale invoquée",
    G.EXCEPTER: "Exceptions préparées",
    G.VISER: "Visa",
    G.VISER_EN_PARTIE: "Visa partiel",
    G.REFUSER: "Refus",
    G.OUVRIR_DELAI: "Ouverture du délai",
    G.ATTESTER: "Première attestation",
    G.CONTRESIGNER: "Seconde attestation",
    G.RECUSER: "Première attestation récusée",
    G.CERTIFIER: "Certificat",
    G.ABANDONNER: "Abandon",
    G.REVENIR: "Retour à l’analyse",
    G.ECARTER: "Lignes écartées avant l’attestation",
    G.CADUQUE: "Première attestation caduque",
    G.VIDER: "Plus aucune ligne",
    G.VERIFIER: "Vérification lancée",
}


def find_passage(etat: Etat, geste: Geste) -> Passage:
    """What this act makes of this state. Raises Conflict where it makes nothing."""
    passage = PASSAGES.get((etat, geste))
    if passage is None:
        raise Conflict(
            f"« {LIBELLES_GESTES[geste]} » ne se fait pas d’un bordereau à l’état "
            f"« {LIBELLES_ETATS[etat]} » : rien n’a été changé."
        )
    return passage


def find_gestes(etat: Etat, camps: frozenset[Camp]) -> tuple[Geste, ...]:
    """What people of these sides may do of a bordereau in this state."""
    return tuple(g for g in Geste if (p := PASSAGES.get((etat, g))) and p.camps & camps)


def find_suite(passage: Passage, ecartees: int, restantes: int, geste: Geste) -> tuple[Geste, Etat]:
    """The act that is recorded and the state it leads to, once the lines were looked at again.

    Nothing left: abandoned. A list that changed since it was seen: `si_change`, by an act of its
    own; else the act that was asked.
    """
    if not restantes:
        return Geste.VIDER, Etat.ABANDONNEE
    if ecartees and passage.si_change is not None:
        return DETOURS.get(geste, Geste.REVENIR), passage.si_change
    return geste, passage.vers
