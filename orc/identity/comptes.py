"""Accounts and their grants: make, list, change, disable. What a grant opens is orc.access."""

import re
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from orc.db import Writing, lock
from orc.domain import SENSIBLES, Domaine, Droit, Role
from orc.errors import Conflict, Invalid, NotFound
from orc.identity.change import set_mot_de_passe
from orc.identity.passwords import make_hash
from orc.identity.sessions import close_sessions
from orc.identity.validite import make_provisoire
from orc.journal import Acte, record_acte
from orc.messages import check_courriel, check_mobile
from orc.models import CompteTechnique, Habilitation, Personne, read_now, read_today

_IDENTIFIANT = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
# Agents of the administration log in with the left part of their address (the portal's guides).
AGENTS = frozenset({Role.COMPTABLE, Role.ADMINISTRATEUR})
EXTERNE = "-xt"
PORTEES = ("poste", "collectivite", "budget", "departement", "mission", "rien")


@dataclass(frozen=True, slots=True)
class NouveauCompte:
    """What an account is made of; the password is in clear here and nowhere else."""

    identifiant: str
    nom: str
    mot_de_passe: str = field(default="", repr=False)
    courriel: str = ""
    # Given by somebody else: its person changes it at once.
    provisoire: bool = False
    departement: str = ""
    mobile: str = ""


@dataclass(frozen=True, slots=True)
class Octroi:
    """A grant to make. `portee_cle`: codique, SIREN, or `SIRET/CodCol/CodBud`, as `portee` says.

    Bounds are included; None leaves them open. `domaines`: the sensitive ones it opens.
    """

    role: Role
    portee: str = "rien"
    portee_cle: str = ""
    exercice_min: int | None = None
    exercice_max: int | None = None
    domaines: tuple[Domaine, ...] = ()
    depuis: date | None = None
    jusqu_a: date | None = None
    droits: tuple[Droit, ...] = ()
    demande_id: int | None = None


@dataclass(frozen=True, slots=True)
class HabilitationVue:
    """A grant as a list shows it; `id` is what withdraws it."""

    id: int
    role: Role
    portee: str
    portee_cle: str
    exercice_min: int | None
    exercice_max: int | None
    domaines: tuple[Domaine, ...]
    depuis: date
    jusqu_a: date | None
    droits: tuple[Droit, ...]
    accorde_par: str


@dataclass(frozen=True, slots=True)
class Compte:
    """An account as a list shows it, with its grants that were not withdrawn."""

    personne_id: int
    identifiant: str
    nom: str
    actif: bool
    habilitations: tuple[HabilitationVue, ...]

    @property
    def roles(self) -> tuple[Role, ...]:
        """Its rôles, each once."""
        return tuple(sorted({h.role for h in self.habilitations}))


def create_compte(session: Writing, compte: NouveauCompte, *, par: str) -> int:
    """Make an account and give its id. Raises Invalid, or Conflict where it exists."""
    identifiant = compte.identifiant.strip().casefold()
    if not _IDENTIFIANT.fullmatch(identifiant):
        raise Invalid(
            "Un identifiant a de 1 à 64 lettres sans accent, chiffres, points ou tirets.",
            compte.identifiant,
        )
    lock(session, f"compte:{identifiant}")
    if session.scalar(select(Personne.id).where(Personne.identifiant == identifiant)):
        raise Conflict(f"Le compte {identifiant} existe déjà.")
    now = read_now()
    personne = Personne(
        identifiant=identifiant,
        nom=compte.nom.strip() or identifiant,
        courriel=check_courriel(compte.courriel) if compte.courriel.strip() else "",
        mot_de_passe=make_hash(compte.mot_de_passe, (identifiant, compte.nom, compte.courriel)),
        mot_de_passe_le=now,
        provisoire=compte.provisoire,
        departement=compte.departement.strip(),
        mobile=check_mobile(compte.mobile) if compte.mobile.strip() else "",
        cree_le=now,
        cree_par=par,
    )
    session.add(personne)
    session.flush()
    record_acte(session, Acte.COMPTE_CREE, acteur=par, objet=f"personne:{personne.id}")
    return personne.id


def create_provisoire(session: Writing, compte: NouveauCompte, *, par: str) -> tuple[int, str]:
    """Make an account whose password, made here, its person changes at once: (id, password).

    The password is in clear in the answer and nowhere else. Raises Invalid, Conflict.
    """
    mot_de_passe = make_provisoire()
    given = replace(compte, mot_de_passe=mot_de_passe, provisoire=True)
    return create_compte(session, given, par=par), mot_de_passe


def grant_habilitation(
    session: Writing, personne_id: int, octroi: Octroi, *, par: str, scelle: bool = False
) -> int:
    """Give a grant, from today unless it says when; it holds at the next request. Its id.

    `scelle`: its row is in the part of the journal that is a juge's.
    """
    _check_octroi(octroi)
    grant = Habilitation(
        personne_id=personne_id,
        role=octroi.role.value,
        portee=octroi.portee,
        portee_cle=octroi.portee_cle.strip(),
        exercice_min=octroi.exercice_min,
        exercice_max=octroi.exercice_max,
        domaines=",".join(d.value for d in octroi.domaines),
        droits=",".join(d.value for d in octroi.droits),
        demande_id=octroi.demande_id,
        depuis=octroi.depuis or read_today(),
        jusqu_a=octroi.jusqu_a,
        accorde_par=par,
        accorde_le=read_now(),
    )
    session.add(grant)
    session.flush()
    record_acte(
        session,
        Acte.HABILITATION,
        acteur=par,
        objet=f"personne:{personne_id}",
        details={"role": grant.role, "portee": grant.portee, "cle": grant.portee_cle},
        scelle=scelle,
    )
    return grant.id


def withdraw_habilitation(
    session: Writing, habilitation_id: int, *, par: str, motif: str = "", scelle: bool = False
) -> None:
    """Take a grant back; it stays written, with its date and motif. Raises NotFound."""
    grant = session.get(Habilitation, habilitation_id, with_for_update=True)
    if grant is None or grant.retire_le is not None:
        raise NotFound("Cette habilitation n’existe pas, ou a déjà été retirée.")
    grant.retire_le, grant.retire_par, grant.motif_retrait = read_now(), par, motif.strip()
    session.flush()
    record_acte(
        session,
        Acte.HABILITATION,
        acteur=par,
        objet=f"personne:{grant.personne_id}",
        details={"retiree": habilitation_id} | ({"motif": said} if (said := motif.strip()) else {}),
        scelle=scelle,
    )


def is_in_force(today: date) -> ColumnElement[bool]:
    """The condition that a Habilitation opens something that day."""
    return and_(
        Habilitation.retire_le.is_(None),
        Habilitation.depuis <= today,
        or_(Habilitation.jusqu_a.is_(None), Habilitation.jusqu_a >= today),
    )


def find_comptes(session: Session) -> list[Compte]:
    """Every account with the grants that were not withdrawn, by identifiant."""
    grants: dict[int, list[HabilitationVue]] = {}
    query = select(Habilitation).where(Habilitation.retire_le.is_(None)).order_by(Habilitation.id)
    for row in session.scalars(query):
        grants.setdefault(row.personne_id, []).append(_make_habilitation(row))
    return [
        Compte(p.id, p.identifiant, p.nom, p.desactive_le is None, tuple(grants.get(p.id, ())))
        for p in session.scalars(select(Personne).order_by(Personne.identifiant))
    ]


def _make_habilitation(row: Habilitation) -> HabilitationVue:
    return HabilitationVue(
        id=row.id,
        role=Role(row.role),
        portee=row.portee,
        portee_cle=row.portee_cle,
        exercice_min=row.exercice_min,
        exercice_max=row.exercice_max,
        domaines=tuple(Domaine(d) for d in row.domaines.split(",") if d),
        depuis=row.depuis,
        jusqu_a=row.jusqu_a,
        droits=tuple(Droit(d) for d in row.droits.split(",") if d),
        accorde_par=row.accorde_par,
    )


def get_personne_id(session: Session, identifiant: str) -> int:
    """The id of the account of this name. Raises NotFound."""
    return _get_personne(session, identifiant).id


def disable_compte(session: Writing, identifiant: str, *, par: str) -> None:
    """Disable an account and end its sessions. Raises NotFound."""
    personne = _get_personne(session, identifiant)
    personne.desactive_le = personne.desactive_le or read_now()
    close_sessions(session, personne.id)
    session.flush()
    record_acte(
        session,
        Acte.COMPTE_DESACTIVE,
        acteur=par,
        objet=f"personne:{personne.id}",
        details={"desactive": True},
    )


def enable_compte(session: Writing, identifiant: str, *, par: str) -> None:
    """Open a disabled account again, its grants as they are now. Raises NotFound, Conflict.

    A technical account stays closed: those who knew its keys are not known.
    """
    personne = _get_personne(session, identifiant)
    if session.get(CompteTechnique, personne.id) is not None:
        raise Conflict("Un compte technique fermé ne se rouvre pas : créez-en un autre.")
    if personne.desactive_le is None:
        raise Conflict("Ce compte est déjà ouvert.")
    personne.desactive_le = None
    session.flush()
    record_acte(session, Acte.COMPTE_REACTIVE, acteur=par, objet=f"personne:{personne.id}")


def end_sessions(session: Writing, identifiant: str, *, par: str) -> None:
    """Close every session of a person: it logs in again. Raises NotFound."""
    personne = _get_personne(session, identifiant)
    close_sessions(session, personne.id)
    record_acte(
        session,
        Acte.SESSION_FERMEE,
        acteur=par,
        objet=f"personne:{personne.id}",
        details={"toutes": True},
    )


def change_mot_de_passe(
    session: Writing, identifiant: str, mot_de_passe: str, *, par: str, provisoire: bool = False
) -> None:
    """Set a new password and end the sessions opened with the old one. Raises NotFound, Invalid.

    `provisoire`: its person changes it before any other page.
    """
    personne = _get_personne(session, identifiant)
    set_mot_de_passe(session, personne, mot_de_passe, provisoire=provisoire, par=par)


def reset_mot_de_passe(session: Writing, identifiant: str, *, par: str) -> str:
    """Give an account a provisional password, in clear here only. Raises NotFound."""
    mot_de_passe = make_provisoire()
    change_mot_de_passe(session, identifiant, mot_de_passe, par=par, provisoire=True)
    return mot_de_passe


def check_identifiant(identifiant: str, role: Role) -> None:
    """Raise Invalid unless who is not of the administration has an identifiant in `-xt`."""
    if role not in AGENTS and not identifiant.strip().casefold().endswith(EXTERNE):
        raise Invalid(
            f"L’identifiant d’une personne extérieure à l’administration finit par « {EXTERNE} ».",
            identifiant,
        )


def _get_personne(session: Session, identifiant: str) -> Personne:
    cle = identifiant.strip().casefold()
    personne = session.scalar(select(Personne).where(Personne.identifiant == cle))
    if personne is None:
        raise NotFound(f"Le compte {identifiant} n’existe pas.")
    return personne


def _check_octroi(octroi: Octroi) -> None:
    if octroi.portee not in PORTEES:
        raise Invalid(f"Portée inconnue : {octroi.portee}. Attendu : {', '.join(PORTEES)}.")
    if octroi.portee != "rien" and not octroi.portee_cle.strip():
        raise Invalid(f"Il manque la clé de la portée « {octroi.portee} ».")
    if strange := [d.value for d in octroi.domaines if d not in SENSIBLES]:
        raise Invalid(f"Ce domaine n’a pas à être nommé : {', '.join(strange)}.")
    low, high = octroi.exercice_min, octroi.exercice_max
    if low is not None and high is not None and low > high:
        raise Invalid("Le premier exercice de l’habilitation suit le dernier.")
