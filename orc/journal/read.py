"""The journal read back: whose rows a person may see, filtered, from the latest."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from orc.db import list_values
from orc.journal.acts import Acte
from orc.models import Budget, Ecriture, Lien, Piece

# What a person does of the documents: an administrateur never sees it (domaine.md).
LECTURES = frozenset({Acte.RECHERCHE, Acte.CONSULTATION, Acte.TELECHARGEMENT, Acte.EXPORT})
LOT = 1000

LIBELLES_ACTES: Mapping[str, str] = {
    Acte.CONNEXION: "Connexion",
    Acte.CONNEXION_REFUSEE: "Connexion refusée",
    Acte.DECONNEXION: "Déconnexion",
    Acte.RECHERCHE: "Recherche",
    Acte.CONSULTATION: "Consultation",
    Acte.TELECHARGEMENT: "Téléchargement",
    Acte.INGESTION: "Ingestion",
    Acte.DISPARITION: "Fichier disparu",
    Acte.MISE_A_L_ECART: "Mise à l’écart",
    Acte.CLOTURE: "Clôture",
    Acte.RETRAIT_DE_CLOTURE: "Retrait de clôture",
    Acte.COMPTE_CREE: "Compte créé",
    Acte.COMPTE_DESACTIVE: "Compte désactivé",
    Acte.COMPTE_REACTIVE: "Compte rouvert",
    Acte.MOT_DE_PASSE_CHANGE: "Mot de passe changé",
    Acte.COMPTE_TECHNIQUE_MODIFIE: "Compte technique modifié",
    Acte.CLE_CREEE: "Clé d’API créée",
    Acte.CLE_RETIREE: "Clé d’API retirée",
    Acte.CLE_REFUSEE: "Clé d’API refusée",
    Acte.IDENTITE_LIEE: "Identité fédérée liée",
    Acte.IDENTITE_DELIEE: "Identité fédérée déliée",
    Acte.CERTIFICAT_ENROLE: "Certificat enrôlé",
    Acte.CERTIFICAT_RETIRE: "Certificat retiré",
    Acte.CODE_ENVOYE: "Code envoyé",
    Acte.SECOND_FACTEUR: "Second facteur",
    Acte.PREUVE: "Preuve d’identité redonnée",
    Acte.COORDONNEES: "Coordonnées changées",
    Acte.SESSION_FERMEE: "Session fermée",
    Acte.RAPPELS: "Rappels",
    Acte.MESSAGE_D_ESSAI: "Message d’essai",
    Acte.HABILITATION: "Habilitation",
    Acte.DEMANDE: "Demande d’habilitation",
    Acte.DECISION_DE_DEMANDE: "Décision sur une demande",
    Acte.STRUCTURE_RETIREE: "Structure retirée",
    Acte.MISSION: "Mission",
    Acte.REFERENTIEL: "Référentiel",
    Acte.RECONSTRUCTION: "Reconstruction de l’index",
    Acte.EXPORT: "Export",
    Acte.RELANCE_DE_TACHE: "Relance de tâche",
    Acte.TACHE_ECARTEE: "Tâche écartée",
    Acte.ELIMINATION: "Bordereau d’élimination",
    Acte.DECLARATION: "Déclaration pour la destruction anticipée",
    Acte.GEL_POSE: "Gel posé",
    Acte.GEL_REVU: "Gel revu",
    Acte.GEL_LEVE: "Gel levé",
    Acte.RAPPORT: "Rapport",
    Acte.REGLES_DE_DUREE: "Règles de durée",
    Acte.SORTIE_DU_SILO: "Sortie du silo",
}


@dataclass(frozen=True, slots=True)
class Regard:
    """Whose rows a person sees: always its own; and more, as its rôles say.

    `exploitant`: the acts that are not readings, of anybody. `cellules` and `exercices` (budget,
    exercice): the acts on what they hold. Sealed rows are seen by who wrote them alone.
    """

    personne_id: int
    exploitant: bool = False
    cellules: frozenset[int] = frozenset()
    exercices: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Choix:
    """What is asked of the journal; "" or None: everything. `depuis` included, `avant` not."""

    acte: str = ""
    acteur: str = ""
    objet: str = ""
    depuis: datetime | None = None
    avant: datetime | None = None


@dataclass(frozen=True, slots=True)
class LigneJournal:
    """One act, as it was written."""

    id: int
    quand: datetime
    acteur: str
    acte: str
    objet: str
    details: Mapping[str, object]
    scelle: bool

    @property
    def libelle(self) -> str:
        """The act, in words."""
        return name_acte(self.acte)


def name_acte(acte: str) -> str:
    """What an act is called; its own name where it has no label yet."""
    return LIBELLES_ACTES.get(acte) or acte.replace("_", " ").capitalize()


def find_lignes(
    session: Session, regard: Regard, choix: Choix, *, apres: int | None = None, combien: int = LOT
) -> list[LigneJournal]:
    """Rows from the latest, older than the row `apres`; one statement, whatever their number."""
    query = _select(regard, choix).order_by(Ecriture.id.desc()).limit(combien)
    if apres is not None:
        query = query.where(Ecriture.id < apres)
    return [_make(row) for row in session.scalars(query)]


def read_lignes(session: Session, regard: Regard, choix: Choix) -> Iterator[LigneJournal]:
    """Every row, from the latest, a batch at a time: an export has no ceiling."""
    apres: int | None = None
    while rows := find_lignes(session, regard, choix, apres=apres):
        yield from rows
        apres = rows[-1].id


def find_visiteurs(session: Session, siren: str, depuis: datetime) -> dict[int, datetime]:
    """Who opened or downloaded a document of this collectivité since, and when last.

    What a juge did is sealed, and is in no count.
    """
    acts = (Acte.CONSULTATION.value, Acte.TELECHARGEMENT.value)
    of_piece = select(Piece.id).join(Budget, Budget.id == Piece.budget_id)
    mine = of_piece.where(Budget.siren == siren)
    query = (
        select(Ecriture.personne_id, func.max(Ecriture.quand))
        .where(
            Ecriture.acte.in_(acts),
            Ecriture.quand >= depuis,
            Ecriture.scelle.is_(False),
            Ecriture.personne_id.is_not(None),
            or_(
                exists(mine.where(Piece.id == _number("piece"))),
                exists(mine.where(Piece.bordereau_id == _number("bordereau"))),
                exists().where(Lien.pj_id == _number("pj"), Lien.siren == siren),
            ),
        )
        .group_by(Ecriture.personne_id)
    )
    return {personne: last for personne, last in session.execute(query) if personne is not None}


def _make(row: Ecriture) -> LigneJournal:
    details = json.loads(row.details)
    return LigneJournal(row.id, row.quand, row.acteur, row.acte, row.objet, details, row.scelle)


def _select(regard: Regard, choix: Choix) -> Select[Ecriture]:
    query = select(Ecriture).where(_may_see(regard))
    if choix.acte:
        query = query.where(Ecriture.acte == choix.acte)
    if choix.acteur:
        query = query.where(Ecriture.acteur == choix.acteur)
    if choix.objet:
        query = query.where(Ecriture.objet == choix.objet)
    if choix.depuis is not None:
        query = query.where(Ecriture.quand >= choix.depuis)
    if choix.avant is not None:
        query = query.where(Ecriture.quand < choix.avant)
    return query


def _may_see(regard: Regard) -> ColumnElement[bool]:
    others = [_on_documents(regard)]
    if regard.exploitant:
        others.append(Ecriture.acte.not_in([acte.value for acte in LECTURES]))
    return or_(
        Ecriture.personne_id == regard.personne_id, and_(Ecriture.scelle.is_(False), or_(*others))
    )


def _on_documents(regard: Regard) -> ColumnElement[bool]:
    """The condition that a row is of a piece, a PJ, a bordereau or an exercice of these."""
    if not regard.cellules:
        return false()
    # Written in the statement itself: a scope may hold 100 000 cellules.
    inside = Piece.cellule_id.in_(list_values(regard.cellules))
    cited = Lien.cellule_id.in_(list_values(regard.cellules))
    exercices = [f"budget:{budget}/exercice:{annee}" for budget, annee in regard.exercices]
    return or_(
        exists().where(Piece.id == _number("piece"), inside),
        exists().where(Piece.bordereau_id == _number("bordereau"), inside),
        exists().where(Lien.pj_id == _number("pj"), cited),
        Ecriture.objet.in_(list_values(exercices)),
    )


def _number(kind: str) -> ColumnElement[int | None]:
    """The id that `kind:123` names, NULL where the row is of another kind."""
    objet: InstrumentedAttribute[str] = Ecriture.objet
    text = func.substr(objet, len(kind) + 2)
    return case((objet.like(f"{kind}:%"), cast(text, BigInteger)), else_=None)
