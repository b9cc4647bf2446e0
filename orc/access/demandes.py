"""Demandes d'habilitation: deposited, decided by the comptable, never by whom they serve."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orc.access.clearance import Lecteur, find_habilitations
from orc.access.echeances import make_fin
from orc.access.pieces_demande import PieceJointe, check_pieces, put_piece
from orc.access.ressort import find_codique, find_ressort
from orc.access.structures import find_structure, open_structure
from orc.db import Writing, lock
from orc.domain import SENSIBLES, Domaine, Droit, Role, is_siren
from orc.errors import Conflict, Forbidden, Invalid, NotFound
from orc.identity.comptes import Octroi, grant_habilitation
from orc.journal import Acte, record_acte
from orc.models import Budget, Demande, Personne, PieceDemande, read_now
from orc.storage import Storage

MOTIF_MAX = 500
OUVERTES_MAX = 20
# Whom a structure designates; the others are made by an administrateur.
ROLES_DEMANDABLES = (Role.ORDONNATEUR, Role.PARTENAIRE, Role.GESTIONNAIRE)


class Etat(StrEnum):
    """Where a demande is."""

    DEPOSEE = "deposee"
    # The comptable agreed; an administrateur has to.
    A_VALIDER = "a_valider"
    ACCORDEE = "accordee"
    REFUSEE = "refusee"
    ABANDONNEE = "abandonnee"


OUVERTS = (Etat.DEPOSEE.value, Etat.A_VALIDER.value)


@dataclass(frozen=True, slots=True)
class Regles:
    """What the settings say: months a grant lasts (0: no end), who validates."""

    mois: int = 12
    validation: bool = False


@dataclass(frozen=True, slots=True)
class Depot:
    """A demande to deposit.

    `structure`: that this collectivité be habilitated, and its demandeur made its gestionnaire;
    else the grant for a person of it (`budget` empty: the whole of it).
    """

    structure: bool
    siren: str
    motif: str
    identifiant: str = ""
    role: Role = Role.ORDONNATEUR
    budget: str = ""
    exercice_min: int | None = None
    exercice_max: int | None = None
    domaines: tuple[Domaine, ...] = ()
    droits: tuple[Droit, ...] = ()
    pieces: tuple[PieceJointe, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What is answered, and why; a refusal says why."""

    accorde: bool
    motif: str = ""


def deposit_demande(
    session: Writing,
    storage: Storage,
    lecteur: Lecteur,
    depot: Depot,
    *,
    today: date,
) -> int:
    """Write a demande to the comptable of its collectivité; its id. Raises Invalid, Conflict."""
    _check(depot)
    pieces = check_pieces(depot.pieces)
    if depot.structure and not pieces:
        raise Invalid("Joignez l’acte qui vous désigne (délibération, arrêté, délégation).")
    lock(session, f"demandes:{lecteur.personne_id}", f"structure:{depot.siren}")
    codique = find_codique(session, depot.siren, today)
    if not codique:
        raise Invalid("Aucun poste comptable n’est connu pour ce SIREN : vérifiez-le.")
    personne_id = _find_personne(session, lecteur, depot, today)
    demande = _make(depot, lecteur.personne_id, personne_id, codique)
    _check_new(session, demande, today)
    session.add(demande)
    session.flush()
    _put_pieces(session, storage, demande.id, pieces)
    record_acte(
        session,
        Acte.DEMANDE,
        acteur=lecteur.identifiant,
        personne_id=lecteur.personne_id,
        objet=f"demande:{demande.id}",
        details={
            "objet": demande.objet,
            "siren": depot.siren,
            "poste": codique,
            "pour": personne_id,
            "role": demande.role,
        },
    )
    return demande.id


def _check(depot: Depot) -> None:
    if not is_siren(depot.siren):
        raise Invalid("Un SIREN a neuf chiffres.")
    check_motif(depot.motif, "Dites pourquoi cet accès est nécessaire.")
    if depot.role not in ROLES_DEMANDABLES:
        raise Invalid("Ce rôle ne se demande pas ici : un administrateur l’accorde.")
    if strange := [d for d in depot.domaines if d not in SENSIBLES]:
        raise Invalid(f"Ce domaine n’a pas à être nommé : {', '.join(strange)}.")
    if Droit.CONTENU in depot.droits:
        raise Invalid("Ce droit ne se demande pas ici : un administrateur l’accorde.")
    if depot.role != Role.ORDONNATEUR and (depot.domaines or depot.droits):
        raise Invalid("Seul un ordonnateur lit des documents : aucun domaine à demander.")
    low, high = depot.exercice_min, depot.exercice_max
    if low is not None and high is not None and low > high:
        raise Invalid("Le premier exercice suit le dernier.")


class MotifInvalide(Invalid):
    """A motif that lacks or is too long: where a form has other fields, it is that one."""


def check_motif(motif: str, missing: str) -> str:
    """The motif without its blanks. Raises Invalid where it is missing or too long."""
    motif = motif.strip()
    if not motif:
        raise MotifInvalide(missing)
    if len(motif) > MOTIF_MAX:
        raise MotifInvalide(f"Le motif a plus de {MOTIF_MAX} caractères.")
    return motif


def _find_personne(session: Session, lecteur: Lecteur, depot: Depot, today: date) -> int:
    """For whom: the demandeur itself, or a person whom its gestionnaire names."""
    identifiant = depot.identifiant.strip().casefold()
    if depot.structure or identifiant in ("", lecteur.identifiant):
        return lecteur.personne_id
    if depot.siren not in find_gerees(session, lecteur.personne_id, today):
        raise Forbidden("Seul le gestionnaire principal d’une structure désigne ses agents.")
    query = select(Personne.id).where(
        Personne.identifiant == identifiant, Personne.desactive_le.is_(None)
    )
    found = session.scalar(query)
    if found is None:
        raise Invalid("Ce compte n’existe pas ou est fermé : un administrateur l’ouvre d’abord.")
    return found


def find_gerees(session: Session, personne_id: int, today: date) -> frozenset[str]:
    """The SIREN of the structures in force whose gestionnaire this person is."""
    return frozenset(
        grant.portee_cle
        for grant in find_habilitations(session, personne_id, today)
        if grant.role == Role.GESTIONNAIRE and grant.portee == "collectivite"
        if find_structure(session, grant.portee_cle, today)
    )


def _make(depot: Depot, demandeur_id: int, personne_id: int, codique: str) -> Demande:
    role = Role.GESTIONNAIRE if depot.structure else depot.role
    whole = depot.structure or not depot.budget or role != Role.ORDONNATEUR
    return Demande(
        objet="structure" if depot.structure else "personne",
        demandeur_id=demandeur_id,
        personne_id=personne_id,
        siren=depot.siren,
        codique=codique,
        role=role.value,
        portee="collectivite" if whole else "budget",
        portee_cle=depot.siren if whole else depot.budget,
        exercice_min=None if depot.structure else depot.exercice_min,
        exercice_max=None if depot.structure else depot.exercice_max,
        domaines="" if depot.structure else ",".join(d.value for d in depot.domaines),
        droits="" if depot.structure else ",".join(d.value for d in depot.droits),
        motif=depot.motif.strip(),
        deposee_le=read_now(),
        etat=Etat.DEPOSEE.value,
    )


def _check_new(session: Session, demande: Demande, today: date) -> None:
    habilitated = find_structure(session, demande.siren, today) is not None
    if demande.objet == "structure" and habilitated:
        raise Conflict("Cette structure est déjà habilitée : demandez un accès pour vous-même.")
    if demande.objet == "personne" and not habilitated:
        raise Conflict(
            "Cette structure n’est pas encore habilitée : demandez d’abord qu’elle le soit."
        )
    if demande.portee == "budget" and not _is_budget_of(session, demande):
        raise Invalid("Ce budget n’est pas de cette collectivité.")
    mine = select(Demande).where(
        Demande.demandeur_id == demande.demandeur_id, Demande.etat.in_(OUVERTS)
    )
    opened = list(session.scalars(mine))
    if len(opened) >= OUVERTES_MAX:
        raise Conflict(f"Vous avez déjà {OUVERTES_MAX} demandes en attente.")
    same = ("objet", "personne_id", "role", "portee", "portee_cle")
    if any(all(getattr(o, n) == getattr(demande, n) for n in same) for o in opened):
        raise Conflict("Vous avez déjà déposé cette demande : elle attend sa réponse.")


def _is_budget_of(session: Session, demande: Demande) -> bool:
    siret, _, codes = demande.portee_cle.partition("/")
    cod_col, _, cod_bud = codes.partition("/")
    query = select(func.count()).select_from(Budget)
    where = {"siren": demande.siren, "siret": siret, "cod_col": cod_col, "cod_bud": cod_bud}
    return bool(session.scalar(query.filter_by(**where)))


def _put_pieces(
    session: Writing, storage: Storage, demande_id: int, pieces: Sequence[PieceJointe]
) -> None:
    for piece in pieces:
        digest = put_piece(storage, piece)
        session.add(
            PieceDemande(
                demande_id=demande_id, nom=piece.nom, sha256=digest, taille=len(piece.octets)
            )
        )
    if pieces:
        storage.sync()
    session.flush()


def decide_demande(
    session: Writing,
    lecteur: Lecteur,
    demande_id: int,
    decision: Decision,
    *,
    regles: Regles,
    today: date,
) -> Etat:
    """Answer a demande: the comptable of its poste, then an administrateur where he has to.

    Raises NotFound outside one's scope, Forbidden on one's own, Conflict where another answered
    first, Invalid on a refusal without a motif. What is granted is what the demande says.
    """
    demande = get_a_decider(session, lecteur, demande_id, today)
    if lecteur.personne_id in (demande.personne_id, demande.demandeur_id):
        raise Forbidden("Nul ne répond à sa propre demande.")
    if demande.decidee_par == lecteur.identifiant:
        raise Forbidden("Qui a donné l’accord du comptable ne valide pas lui-même.")
    motif = decision.motif.strip()[:MOTIF_MAX]
    if not decision.accorde:
        check_motif(decision.motif, "Dites pourquoi la demande est refusée.")
    if demande.etat == Etat.A_VALIDER:
        demande.validee_par, demande.validee_le = lecteur.identifiant, read_now()
    else:
        demande.decidee_par, demande.decidee_le = lecteur.identifiant, read_now()
    demande.motif_decision = motif or demande.motif_decision
    etat = _find_next(demande, decision, regles)
    demande.etat = etat.value
    session.flush()
    if etat == Etat.ACCORDEE:
        _grant(session, lecteur, demande, regles, today)
    record_acte(
        session,
        Acte.DECISION_DE_DEMANDE,
        acteur=lecteur.identifiant,
        personne_id=lecteur.personne_id,
        objet=f"demande:{demande.id}",
        details={"etat": etat.value, "motif": motif},
    )
    return etat


def get_a_decider(session: Writing, lecteur: Lecteur, demande_id: int, today: date) -> Demande:
    """The demande, held until the transaction ends, if this person may answer it now.

    Raises NotFound where it is not in its scope, Conflict where it was answered.
    """
    ressort = read_ressort(session, lecteur, today)
    demande = session.get(Demande, demande_id, with_for_update=True)
    if demande is None or not is_in_scope(lecteur, ressort, demande):
        raise NotFound("Cette demande n’existe pas, ou elle n’est pas de votre poste.")
    if demande.etat not in OUVERTS:
        by = demande.validee_par or demande.decidee_par
        said = f" par {by}" if by else ""
        raise Conflict(f"Cette demande a déjà reçu sa réponse{said} : rien n’a été changé.")
    if demande.etat == Etat.A_VALIDER and Role.ADMINISTRATEUR not in lecteur.roles:
        said = f"{demande.decidee_par} a déjà donné l’accord du comptable"
        raise Conflict(f"{said} : un administrateur valide maintenant.")
    return demande


def read_ressort(session: Session, lecteur: Lecteur, today: date) -> frozenset[str]:
    """For whom this person answers; asked for before what is looked at, whatever that is."""
    if Role.COMPTABLE not in lecteur.roles:
        return frozenset()
    return find_ressort(session, lecteur.personne_id, today)


def is_in_scope(lecteur: Lecteur, ressort: frozenset[str], demande: Demande) -> bool:
    """Whether this person answers it: a comptable, an administrateur what a comptable agreed to."""
    agreed = demande.etat == Etat.A_VALIDER or bool(demande.validee_par)
    return demande.siren in ressort or (agreed and Role.ADMINISTRATEUR in lecteur.roles)


def _find_next(demande: Demande, decision: Decision, regles: Regles) -> Etat:
    if not decision.accorde:
        return Etat.REFUSEE
    to_validate = regles.validation and demande.objet == "structure" and not demande.validee_par
    return Etat.A_VALIDER if to_validate else Etat.ACCORDEE


def _grant(
    session: Writing, lecteur: Lecteur, demande: Demande, regles: Regles, today: date
) -> None:
    lock(session, f"structure:{demande.siren}")
    personne = session.get_one(Personne, demande.personne_id)
    if personne.desactive_le is not None:
        raise Conflict(f"Le compte {personne.identifiant} a été fermé : refusez la demande.")
    habilitated = find_structure(session, demande.siren, today) is not None
    if demande.objet == "structure":
        if habilitated:
            raise Conflict("Cette structure a été habilitée entre-temps : refusez la demande.")
        open_structure(session, demande, par=lecteur.identifiant, today=today)
    elif not habilitated:
        raise Conflict("Cette structure n’est plus habilitée : refusez la demande.")
    octroi = Octroi(
        Role(demande.role),
        demande.portee,
        demande.portee_cle,
        exercice_min=demande.exercice_min,
        exercice_max=demande.exercice_max,
        domaines=tuple(Domaine(d) for d in demande.domaines.split(",") if d),
        droits=tuple(Droit(d) for d in demande.droits.split(",") if d),
        depuis=today,
        jusqu_a=make_fin(today, regles.mois),
        demande_id=demande.id,
    )
    grant_habilitation(session, demande.personne_id, octroi, par=lecteur.identifiant)


def abandon_demande(session: Writing, lecteur: Lecteur, demande_id: int) -> None:
    """Take back a demande of one's own that waits. Raises NotFound, Conflict."""
    demande = session.get(Demande, demande_id, with_for_update=True)
    if demande is None or demande.demandeur_id != lecteur.personne_id:
        raise NotFound("Cette demande n’existe pas.")
    if demande.etat not in OUVERTS:
        raise Conflict("Cette demande a déjà reçu sa réponse.")
    demande.etat = Etat.ABANDONNEE.value
    session.flush()
    record_acte(
        session,
        Acte.DECISION_DE_DEMANDE,
        acteur=lecteur.identifiant,
        personne_id=lecteur.personne_id,
        objet=f"demande:{demande.id}",
        details={"etat": Etat.ABANDONNEE.value},
    )
