"""Bordereaux d'élimination as pages, programs and reports read them, within one's own rights."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, false, func, select
from sqlalchemy.orm import Session, aliased

from orc.access import Clearance, Lecteur
from orc.domain import format_date
from orc.errors import NotFound
from orc.models import BordereauElimination, Collectivite, EtapeElimination, LigneElimination
from orc.retention.eliminations.documents import get_piece
from orc.retention.eliminations.etats import (
    LES_DEUX,
    LIBELLES_ETATS,
    LIBELLES_GESTES,
    OUVERTS,
    PRODUCTEUR,
    Camp,
    Etat,
    Geste,
    find_gestes,
)
from orc.retention.eliminations.lignes import LIBELLES_STATUTS, StatutLigne, is_of, read_code
from orc.retention.eliminations.marche import Regles, find_dernier, get_bordereau
from orc.retention.eliminations.portee import covers, find_camps
from orc.storage import Storage


@dataclass(frozen=True, slots=True)
class BordereauVu:
    """A bordereau as lists show it. `depuis`: its last step; `lignes`: retained, or destroyed."""

    id: int
    numero: str
    siren: str
    collectivite: str
    intitule: str
    etat: Etat
    origine: Camp
    pas: int
    depuis: datetime
    lignes: int

    @property
    def libelle_etat(self) -> str:
        """Where it is, in words."""
        return LIBELLES_ETATS[self.etat]


@dataclass(frozen=True, slots=True)
class Typologie:
    """A line as the archives read it: PJ of one type under one rule. Octets; bounds included."""

    nom: str
    regle: str
    nombre: int
    octets: int
    date_min: date | None
    date_max: date | None
    exercice_min: int | None
    exercice_max: int | None
    refusees: int
    ecartees: int
    exceptees: int

    @property
    def code(self) -> str:
        """The code of its rule: with its name, what tells it from the others."""
        return read_code(self.regle)


@dataclass(frozen=True, slots=True)
class LigneVue:
    """A line: the PJ as it was listed, what became of it, why."""

    id: int
    rang: int
    pj_id: int
    id_unique: str
    nom: str
    sha256: str
    octets: int
    exercice: int | None
    date_min: date | None
    date_max: date | None
    typologie: str
    regle: str
    statut: StatutLigne
    motif: str

    @property
    def code(self) -> str:
        """The code of the rule that keeps it."""
        return read_code(self.regle)

    @property
    def libelle_statut(self) -> str:
        """What became of it, in words."""
        return LIBELLES_STATUTS[self.statut]


@dataclass(frozen=True, slots=True)
class EtapeVue:
    """A step: who, when, from which state to which, with which document."""

    id: int
    quand: datetime
    par: str
    geste: Geste
    avant: Etat
    apres: Etat
    motif: str
    liste_sha256: str
    document: str
    details: Mapping[str, object]

    @property
    def libelle(self) -> str:
        """The act, in words."""
        return LIBELLES_GESTES[self.geste]

    @property
    def libelle_apres(self) -> str:
        """The state it led to, in words."""
        return LIBELLES_ETATS[self.apres]


@dataclass(frozen=True, slots=True)
class LigneRegistre:
    """A line of the register of early destructions: the PJ, its bordereau, its authorisation."""

    bordereau_id: int
    numero: str
    siren: str
    autorisation: str
    detruite_le: date | None
    methode: str
    ligne: LigneVue


def select_bordereaux(
    session: Session,
    clearance: Clearance,
    *,
    etats: Sequence[Etat] = (),
    siren: str = "",
    anciens: bool = False,
    debut: int = 0,
    combien: int = 50,
) -> tuple[list[BordereauVu], int]:
    """Those this person sees, the latest made first, and how many there are.

    `anciens`: the one whose last step is the oldest first, as visas are answered.
    """
    b = BordereauElimination
    where: list[ColumnElement[bool]] = [covers(clearance.retention)]
    if etats:
        where.append(b.etat.in_([etat.value for etat in etats]))
    if siren:
        where.append(b.siren == siren)
    total = session.scalar(select(func.count()).select_from(b).where(*where)) or 0
    other = aliased(EtapeElimination)
    latest = select(func.max(other.id)).where(other.bordereau_id == b.id)
    last = latest.correlate(b).scalar_subquery()
    query = (
        select(b, Collectivite.libelle, EtapeElimination.quand, EtapeElimination.details)
        .select_from(b)
        .join(EtapeElimination, EtapeElimination.id == last)
        .outerjoin(Collectivite, Collectivite.siren == b.siren)
        .where(*where)
        .order_by(EtapeElimination.id if anciens else b.id.desc())
    )
    rows = session.execute(query.limit(combien).offset(debut))
    return [_make(*row) for row in rows], total


def read_bordereau(session: Session, lecteur: Lecteur, bordereau_id: int) -> BordereauVu:
    """One of them. Raises NotFound."""
    bordereau = get_bordereau(session, lecteur.clearance, bordereau_id)
    libelle = session.scalar(
        select(Collectivite.libelle).where(Collectivite.siren == bordereau.siren)
    )
    query = select(EtapeElimination.quand, EtapeElimination.details).where(
        EtapeElimination.bordereau_id == bordereau_id
    )
    quand, details = session.execute(query.order_by(EtapeElimination.id.desc()).limit(1)).one()
    return _make(bordereau, libelle, quand, details)


def _make(
    bordereau: BordereauElimination, libelle: str | None, quand: datetime, details: str
) -> BordereauVu:
    return BordereauVu(
        id=bordereau.id,
        numero=bordereau.numero,
        siren=bordereau.siren,
        collectivite=libelle or bordereau.siren,
        intitule=bordereau.intitule,
        etat=Etat(bordereau.etat),
        origine=Camp(bordereau.origine),
        pas=bordereau.pas,
        depuis=quand,
        lignes=json.loads(details)["lignes"],
    )


def find_typologies(
    session: Session, bordereau_id: int, *, archives: bool = False
) -> list[Typologie]:
    """The lines of typology of a bordereau that was shown to who asks.

    `archives`: the refusals that they prepare are counted; else there seems to be none.
    """
    line = LigneElimination
    kept = line.statut.in_((StatutLigne.RETENUE.value, StatutLigne.DETRUITE.value))

    prepared = (line.statut == StatutLigne.RETENUE.value) & (line.motif != "")
    excepted = prepared if archives else false()

    def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.count().filter(condition), 0)

    query = (
        select(
            line.typologie,
            line.regle,
            count(kept).label("nombre"),
            func.coalesce(func.sum(line.octets).filter(kept), 0).label("octets"),
            func.min(line.date_min).filter(kept).label("date_min"),
            func.max(line.date_max).filter(kept).label("date_max"),
            func.min(line.exercice).filter(kept).label("exercice_min"),
            func.max(line.exercice).filter(kept).label("exercice_max"),
            count(line.statut == StatutLigne.REFUSEE.value).label("refusees"),
            count(line.statut == StatutLigne.ECARTEE.value).label("ecartees"),
            count(excepted).label("exceptees"),
        )
        .where(line.bordereau_id == bordereau_id)
        .group_by(line.typologie, line.regle)
        .order_by(line.typologie, line.regle)
    )
    return [Typologie(*row) for row in session.execute(query)]


def find_lignes(
    session: Session,
    bordereau_id: int,
    *,
    statut: StatutLigne | None = None,
    typologie: str | None = None,
    regle: str = "",
    archives: bool = False,
    debut: int = 0,
    combien: int = 50,
) -> tuple[list[LigneVue], int]:
    """The lines in the order of the list, and how many; those set aside before it come first.

    `regle`: the code of the rule, where a typologie is under several.

    `archives`: a refusal that is being prepared is shown to who prepares it, and to nobody else.
    """
    line = LigneElimination
    where: list[ColumnElement[bool]] = [line.bordereau_id == bordereau_id]
    if statut is not None:
        where.append(line.statut == statut.value)
    if typologie is not None:
        where.append(is_of(typologie, regle))
    total = session.scalar(select(func.count()).select_from(line).where(*where)) or 0
    query = select(line).where(*where).order_by(line.rang, line.id)
    rows = session.scalars(query.limit(combien).offset(debut))
    return [_make_ligne(row, archives=archives) for row in rows], total


def _make_ligne(row: LigneElimination, *, archives: bool) -> LigneVue:
    statut = StatutLigne(row.statut)
    hidden = statut is StatutLigne.RETENUE and not archives
    return LigneVue(
        row.id, row.rang, row.pj_id, row.id_unique, row.nom, row.sha256, row.octets, row.exercice,
        row.date_min, row.date_max, row.typologie, row.regle, statut, "" if hidden else row.motif,
    )  # fmt: skip


def find_etapes(session: Session, bordereau_id: int, camps: frozenset[Camp]) -> list[EtapeVue]:
    """Its steps, the first first; the exceptions being prepared are of the archives alone."""
    query = select(EtapeElimination).where(EtapeElimination.bordereau_id == bordereau_id)
    if Camp.ARCHIVES not in camps:
        query = query.where(EtapeElimination.acte != Geste.EXCEPTER.value)
    return [
        EtapeVue(
            e.id, e.quand, e.par, Geste(e.acte), Etat(e.avant), Etat(e.apres), e.motif,
            e.liste_sha256, e.document, json.loads(e.details),
        )
        for e in session.scalars(query.order_by(EtapeElimination.id))
    ]  # fmt: skip


def open_document(
    session: Session, storage: Storage, lecteur: Lecteur, bordereau_id: int, etape_id: int
) -> tuple[str, bytes]:
    """The document of a step and its name, for who sees the bordereau. Raises NotFound."""
    get_bordereau(session, lecteur.clearance, bordereau_id)
    etape = session.get(EtapeElimination, etape_id)
    if etape is None or etape.bordereau_id != bordereau_id or not etape.document_sha256:
        raise NotFound("Ce document n’existe pas.")
    return etape.document, get_piece(storage, etape.document_sha256)


def find_possibles(
    session: Session,
    lecteur: Lecteur,
    bordereau: BordereauElimination,
    regles: Regles,
    today: date,
) -> tuple[Geste, ...]:
    """What this person may do of it today; VISER stands for any answer of the archives."""
    camps = _find_mine(session, lecteur, bordereau)
    obstacles = _find_obstacles(session, lecteur, bordereau, regles, today)
    return tuple(
        g
        for g in find_gestes(Etat(bordereau.etat), camps)
        if g not in obstacles and g not in (Geste.VISER_EN_PARTIE, Geste.REFUSER)
    )


def explain_refusal(
    session: Session,
    lecteur: Lecteur,
    bordereau: BordereauElimination,
    regles: Regles,
    geste: Geste,
    today: date,
) -> str:
    """Why this person does not do this of it today, where it is not among its possibles."""
    etat = Etat(bordereau.etat)
    if geste in find_gestes(etat, _find_mine(session, lecteur, bordereau)):
        return _find_obstacles(session, lecteur, bordereau, regles, today)[geste]
    if geste in find_gestes(etat, LES_DEUX):
        return "Ce geste n’est pas à vous de le faire : ce bordereau, vous le lisez."
    return f"Ce bordereau est à l’état « {LIBELLES_ETATS[etat]} » : relisez-le."


def _find_mine(
    session: Session, lecteur: Lecteur, bordereau: BordereauElimination
) -> frozenset[Camp]:
    """The sides on which this person acts on it: a draft is of those who prepare it."""
    camps = find_camps(session, lecteur.clearance, bordereau.id)
    if Etat(bordereau.etat) in OUVERTS and bordereau.origine != Camp.ARCHIVES:
        camps &= PRODUCTEUR
    return camps


def _find_obstacles(
    session: Session,
    lecteur: Lecteur,
    bordereau: BordereauElimination,
    regles: Regles,
    today: date,
) -> dict[Geste, str]:
    """What its state would let one do, and why it is not to be done yet, or not by this person."""
    found = {}
    if not regles.autorisation_generale:
        found[Geste.AUTORISER] = "Aucune autorisation générale n’est réglée ici."
    if regles.certificat not in find_camps(session, lecteur.clearance, bordereau.id):
        found[Geste.CERTIFIER] = f"Le certificat est signé par : {regles.certificat.value}."
    until = bordereau.delai_jusqu_a
    if until is None or today <= until:
        found[Geste.ATTESTER] = (
            f"Le délai court jusqu’au {format_date(until)} inclus : rien ne se détruit avant."
        )
    if _signed(session, lecteur, bordereau.id, Geste.ATTESTER):
        found[Geste.CONTRESIGNER] = (
            "Vous avez signé la première attestation : une autre personne contresigne (règle 16)."
        )
    if _signed(session, lecteur, bordereau.id, Geste.PROPOSER):
        found[Geste.VISER] = "Vous avez signé la proposition : une autre personne la vise."
    return found


def _signed(session: Session, lecteur: Lecteur, bordereau_id: int, geste: Geste) -> bool:
    last = find_dernier(session, bordereau_id, geste)
    return last is not None and last.personne_id == lecteur.personne_id


def read_registre(
    session: Session,
    clearance: Clearance,
    *,
    mots: str = "",
    siren: str = "",
    debut: int = 0,
    combien: int = 50,
) -> tuple[list[LigneRegistre], int]:
    """The lines certified destroyed that this person sees, the last bordereaux first; how many.

    `mots`: in the IdUnique or the name of the PJ, or the numero of the bordereau. Readable for
    ever: it leans on nothing but the rows of the bordereau.
    """
    b, line = BordereauElimination, LigneElimination
    where: list[ColumnElement[bool]] = [
        covers(clearance.retention),
        b.etat == Etat.CERTIFIEE.value,
        line.statut == StatutLigne.DETRUITE.value,
    ]
    if siren:
        where.append(b.siren == siren)
    if mots:
        said = (
            col.icontains(mots, autoescape=True) for col in (line.id_unique, line.nom, b.numero)
        )
        first, second, third = said
        where.append(first | second | third)
    joined = select(func.count()).select_from(line).join(b, b.id == line.bordereau_id)
    total = session.scalar(joined.where(*where)) or 0
    query = (
        select(line, b)
        .join(b, b.id == line.bordereau_id)
        .where(*where)
        .order_by(b.id.desc(), line.rang)
        .limit(combien)
        .offset(debut)
    )
    return [
        LigneRegistre(
            b.id, b.numero, b.siren, b.autorisation, b.detruite_le, b.methode,
            _make_ligne(line, archives=False),
        )
        for line, b in session.execute(query)
    ], total  # fmt: skip
