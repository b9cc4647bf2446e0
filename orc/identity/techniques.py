"""Technical accounts: a Personne without password, held by a structure, perhaps entrusted."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from orc.db import Writing, lock
from orc.domain import Role, is_siren
from orc.errors import Conflict, Invalid, NotFound
from orc.identity.cles import (
    DROITS_QUI_LISENT,
    DroitApi,
    read_droits,
    remove_cles,
    write_droits,
)
from orc.identity.comptes import is_in_force
from orc.journal import Acte, record_acte
from orc.models import CleApi, CompteTechnique, Habilitation, Personne, read_now, read_today

_NOM_COURT = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class NouveauTechnique:
    """What a technical account is made of; its identifiant is made from `siren` and `nom_court`.

    `proprietaire` and `partenaire` are identifiants of people; no partenaire: "".
    """

    siren: str
    nom_court: str
    libelle: str
    proprietaire: str
    droits: frozenset[DroitApi]
    partenaire: str = ""


@dataclass(frozen=True, slots=True)
class CleVue:
    """A key as lists show it: never the key."""

    id: int
    debut: str
    creee_le: datetime
    creee_par: str
    expire_le: datetime
    retiree_le: datetime | None
    vue_le: datetime | None
    en_vigueur: bool


@dataclass(frozen=True, slots=True)
class Technique:
    """A technical account as lists show it, its latest keys first."""

    personne_id: int
    identifiant: str
    libelle: str
    siren: str
    proprietaire: str
    partenaire: str
    droits: tuple[DroitApi, ...]
    ferme: bool
    habilite: bool
    cles: tuple[CleVue, ...]

    @property
    def vivantes(self) -> tuple[CleVue, ...]:
        """Its keys in force, the latest first."""
        return tuple(cle for cle in self.cles if cle.en_vigueur)

    @property
    def courante(self) -> int:
        """The id of its latest key in force; 0: none."""
        return self.vivantes[0].id if self.vivantes else 0


@dataclass(frozen=True, slots=True)
class Tenue:
    """Whose technical accounts a person tends: those of structures, those entrusted to it."""

    sirens: frozenset[str] = frozenset()
    partenaire_id: int | None = None

    def condition(self) -> ColumnElement[bool]:
        """The condition that a CompteTechnique row is one of them."""
        conditions: list[ColumnElement[bool]] = [CompteTechnique.siren.in_(self.sirens)]
        if self.partenaire_id is not None:
            conditions.append(CompteTechnique.partenaire_id == self.partenaire_id)
        return or_(*conditions)


def create_technique(
    session: Writing, nouveau: NouveauTechnique, *, par: str, today: date | None = None
) -> int:
    """Make a technical account, without a key yet, and give its id. Invalid, Conflict."""
    nom_court = nouveau.nom_court.strip().casefold()
    if not is_siren(nouveau.siren):
        raise Invalid(f"Un SIREN a neuf chiffres, pas « {nouveau.siren} ».")
    if not _NOM_COURT.fullmatch(nom_court):
        raise Invalid("Le nom court a de 1 à 40 lettres sans accent, chiffres ou tirets.")
    partenaire_id = _find_partenaire(session, nouveau.partenaire, today)
    check_droits(nouveau.droits, confie=partenaire_id is not None)
    # Two structures may use the same words: neither learns what the other's accounts are called.
    identifiant = f"ct-{nouveau.siren}-{nom_court}"
    proprietaire_id = _get_proprietaire(session, nouveau.proprietaire)
    lock(session, f"compte:{identifiant}")
    if session.scalar(select(Personne.id).where(Personne.identifiant == identifiant)):
        raise Conflict(f"Le compte {identifiant} existe déjà.")
    personne = Personne(
        identifiant=identifiant,
        nom=nouveau.libelle.strip()[:200] or identifiant,
        mot_de_passe="",
        cree_le=read_now(),
        cree_par=par,
    )
    session.add(personne)
    session.flush()
    session.add(
        CompteTechnique(
            personne_id=personne.id,
            siren=nouveau.siren,
            proprietaire_id=proprietaire_id,
            partenaire_id=partenaire_id,
            droits=write_droits(nouveau.droits),
        )
    )
    session.flush()
    droits = write_droits(nouveau.droits)
    _record(session, personne.id, Acte.COMPTE_CREE, par=par, siren=nouveau.siren, droits=droits)
    return personne.id


def check_droits(droits: Collection[DroitApi], *, confie: bool) -> None:
    """Refuse an account that could do nothing, or that would let a partenaire read documents."""
    if not droits:
        raise Invalid("Choisissez au moins un droit pour ce compte technique.")
    if confie and (reading := [d for d in DroitApi if d in DROITS_QUI_LISENT & set(droits)]):
        raise Invalid(
            "Un compte confié à un partenaire ne lit aucun document : retirez "
            f"{', '.join(d.value for d in reading)}, ou ne le confiez pas."
        )


def change_technique(
    session: Writing,
    personne_id: int,
    *,
    droits: frozenset[DroitApi],
    proprietaire: str,
    partenaire: str,
    par: str,
    today: date | None = None,
) -> bool:
    """Change its droits, its owner, whom it is entrusted to. Invalid, NotFound.

    Whoever held the keys knows them: where it passes from one partenaire to another, to none or to
    one, they are all withdrawn, and the answer is True.
    """
    compte = session.get(CompteTechnique, personne_id, with_for_update=True)
    if compte is None:
        raise NotFound("Ce compte technique n’existe pas.")
    partenaire_id = _find_partenaire(session, partenaire, today)
    check_droits(droits, confie=partenaire_id is not None)
    proprietaire_id = _get_proprietaire(session, proprietaire)
    passed = compte.partenaire_id != partenaire_id
    compte.droits, compte.partenaire_id = write_droits(droits), partenaire_id
    compte.proprietaire_id = proprietaire_id
    if passed:
        remove_cles(session, personne_id, par=par)
    session.flush()
    _record(
        session,
        personne_id,
        Acte.COMPTE_TECHNIQUE_MODIFIE,
        par=par,
        droits=compte.droits,
        proprietaire=proprietaire_id,
        confie=partenaire_id,
    )
    return passed


def close_technique(session: Writing, personne_id: int, *, par: str) -> None:
    """Close the account and withdraw its keys. Raises NotFound."""
    personne = session.get(Personne, personne_id, with_for_update=True)
    if personne is None or session.get(CompteTechnique, personne_id) is None:
        raise NotFound("Ce compte technique n’existe pas.")
    if personne.desactive_le is None:
        personne.desactive_le = read_now()
        remove_cles(session, personne_id, par=par)
        session.flush()
        _record(session, personne_id, Acte.COMPTE_DESACTIVE, par=par, technique=True)


def find_techniques(
    session: Session, which: ColumnElement[bool], now: datetime | None = None
) -> list[Technique]:
    """The technical accounts that `which` says, open ones first, by structure and identifiant."""
    now = now or read_now()
    owner, partner = aliased(Personne), aliased(Personne)
    habilite = (
        select(func.count())
        .select_from(Habilitation)
        .where(
            Habilitation.personne_id == CompteTechnique.personne_id,
            is_in_force(now.astimezone().date()),
        )
        .scalar_subquery()
    )
    rows = session.execute(
        select(CompteTechnique, Personne, owner.identifiant, partner.identifiant, habilite)
        .join(Personne, Personne.id == CompteTechnique.personne_id)
        .join(owner, owner.id == CompteTechnique.proprietaire_id)
        .outerjoin(partner, partner.id == CompteTechnique.partenaire_id)
        .where(which)
        .order_by(Personne.desactive_le.is_not(None), CompteTechnique.siren, Personne.identifiant)
    ).all()
    cles = _find_cles(session, [compte.personne_id for compte, *_ in rows], now)
    return [
        Technique(
            personne_id=compte.personne_id,
            identifiant=personne.identifiant,
            libelle=personne.nom,
            siren=compte.siren,
            proprietaire=proprietaire,
            partenaire=partenaire or "",
            droits=tuple(d for d in DroitApi if d in read_droits(compte.droits)),
            ferme=personne.desactive_le is not None,
            habilite=bool(count),
            cles=tuple(cles.get(compte.personne_id, ())),
        )
        for compte, personne, proprietaire, partenaire, count in rows
    ]


def get_technique(session: Session, personne_id: int, which: ColumnElement[bool]) -> Technique:
    """This one, if it is one of those. Raises NotFound."""
    found = find_techniques(session, (CompteTechnique.personne_id == personne_id) & which)
    if not found:
        raise NotFound("Ce compte technique n’existe pas, ou n’est pas des vôtres.")
    return found[0]


def get_technique_id(session: Session, identifiant: str) -> int:
    """The id of the technical account of this identifiant. Raises NotFound."""
    query = (
        select(CompteTechnique.personne_id)
        .join(Personne, Personne.id == CompteTechnique.personne_id)
        .where(Personne.identifiant == identifiant.strip().casefold())
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound(f"Le compte technique {identifiant} n’existe pas.")
    return found


def _find_cles(
    session: Session, personne_ids: Iterable[int], now: datetime
) -> dict[int, list[CleVue]]:
    found: dict[int, list[CleVue]] = {}
    query = (
        select(CleApi).where(CleApi.personne_id.in_(list(personne_ids))).order_by(CleApi.id.desc())
    )
    for row in session.scalars(query):
        found.setdefault(row.personne_id, []).append(
            CleVue(
                row.id,
                row.debut,
                row.creee_le,
                row.creee_par,
                row.expire_le,
                row.retiree_le,
                row.vue_le,
                en_vigueur=row.retiree_le is None and row.expire_le > now,
            )
        )
    return found


def _get_proprietaire(session: Session, identifiant: str) -> int:
    """The owner is a person, who can be written to: not a technical account."""
    found = _find_personne(session, identifiant)
    if found is None or session.get(CompteTechnique, found) is not None:
        raise Invalid("Le propriétaire doit être un compte ouvert : vérifiez son identifiant.")
    return found


def _find_partenaire(session: Session, identifiant: str, today: date | None) -> int | None:
    if not identifiant.strip():
        return None
    today = today or read_today()
    found = _find_personne(session, identifiant)
    held = select(Habilitation.id).where(
        Habilitation.personne_id == found,
        Habilitation.role == Role.PARTENAIRE.value,
        is_in_force(today),
    )
    if found is None or session.scalar(held.limit(1)) is None:
        raise Invalid("Ce compte n’est pas celui d’un partenaire : vérifiez son identifiant.")
    return found


def _find_personne(session: Session, identifiant: str) -> int | None:
    return session.scalar(
        select(Personne.id).where(
            Personne.identifiant == identifiant.strip().casefold(),
            Personne.desactive_le.is_(None),
        )
    )


def _record(
    session: Writing,
    personne_id: int,
    acte: Acte,
    *,
    par: str,
    **details: object,
) -> None:
    record_acte(session, acte, acteur=par, objet=f"personne:{personne_id}", details=details)
