"""Lines of reports read from the bordereaux d'élimination, the certificates, the gels."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from orc.csv_lines import Valeur
from orc.domain import format_date
from orc.errors import NotFound
from orc.models import (
    BordereauElimination,
    EtapeElimination,
    Gel,
    GelObjet,
    LigneElimination,
    Piece,
    PieceJustificative,
)
from orc.retention.eliminations import LIBELLES_STATUTS, Etat, StatutLigne
from orc.retention.eliminations.portee import covers
from orc.retention.rapports.feuille import Colonne, Tableau
from orc.retention.rapports.portee import Noms, Portee
from orc.retention.regard import find_sirens, sees_piece
from orc.retention.regle_duree import VersionDeRegles

LOT = 1000
REFUSEE, DETRUITE = StatutLigne.REFUSEE.value, StatutLigne.DETRUITE.value
ECARTEE = StatutLigne.ECARTEE.value
LISTEES = (StatutLigne.RETENUE.value, REFUSEE, DETRUITE)
ATTESTES = (Etat.ATTESTEE.value, Etat.CERTIFIEE.value)


def find_bordereaux(
    session: Session, portee: Portee, etats: tuple[str, ...] = ()
) -> list[BordereauElimination]:
    """The bordereaux of a scope, the last first; only those in these states where some are."""
    query = select(BordereauElimination).where(_is_within(portee))
    if etats:
        query = query.where(BordereauElimination.etat.in_(etats))
    return list(session.scalars(query.order_by(BordereauElimination.id.desc())))


def _is_within(portee: Portee) -> ColumnElement[bool]:
    """As the page of bordereaux shows them: nothing of it is outside the scope."""
    seen = covers(portee.seen)
    return and_(seen, BordereauElimination.siren == portee.siren) if portee.siren else seen


def get_bordereau(session: Session, portee: Portee, bordereau_id: int) -> BordereauElimination:
    """A bordereau that holds nothing outside this scope. Raises NotFound."""
    found = session.scalar(
        select(BordereauElimination).where(
            BordereauElimination.id == bordereau_id, _is_within(portee)
        )
    )
    if found is None:
        raise NotFound("Ce bordereau d’élimination n’existe pas.")
    return found


def make_typologies(
    session: Session, bordereau: BordereauElimination, version: VersionDeRegles
) -> Tableau:
    """The signed lines as the archives read them: PJ of one typologie under one rule, together."""
    colonnes = (
        *_TYPOLOGIES,
        Colonne("Refusées", nombre=True, largeur=1),
        Colonne("Observations", largeur=3),
    )
    lignes = [
        (*said, refused, "")
        for said, refused, _aside in _read_typologies(session, bordereau, version, LISTEES)
    ]
    return Tableau("Lignes", colonnes, lignes)


def make_detruites(
    session: Session, bordereau: BordereauElimination, version: VersionDeRegles
) -> Tableau:
    """The same of what was destroyed: beside it, what was refused or set aside on the way."""
    colonnes = (
        *_TYPOLOGIES,
        Colonne("Refusées", nombre=True, largeur=1),
        Colonne("Écartées", nombre=True, largeur=1),
    )
    lignes = [
        (*said, refused, aside)
        for said, refused, aside in _read_typologies(
            session, bordereau, version, (DETRUITE,), REFUSEE, ECARTEE
        )
    ]
    return Tableau("Lignes", colonnes, lignes)


_TYPOLOGIES = (
    Colonne("Intitulé", largeur=3),
    Colonne("Typologie", largeur=4),
    Colonne("Dates extrêmes", largeur=3),
    Colonne("Référence de la règle", largeur=4),
    Colonne("DUA", largeur=2),
    Colonne("Pièces", nombre=True, largeur=1),
    Colonne("Volume (octets)", nombre=True, largeur=2),
)


def _read_typologies(
    session: Session,
    bordereau: BordereauElimination,
    version: VersionDeRegles,
    statuts: tuple[str, ...],
    *autres: str,
) -> Iterator[tuple[tuple[Valeur, ...], int, int]]:
    """Each typologie: what its lines of these statuts say, how many were refused, set aside.

    `autres`: statuts whose typologies are listed too, though nothing of them is counted.
    """
    line = LigneElimination
    said = line.statut.in_(statuts)
    query = (
        select(
            line.typologie,
            line.regle,
            func.min(line.date_min).filter(said),
            func.max(line.date_max).filter(said),
            func.count().filter(said),
            func.coalesce(func.sum(line.octets).filter(said), 0),
            func.count().filter(line.statut == REFUSEE),
            func.count().filter(line.statut == ECARTEE),
        )
        .where(line.bordereau_id == bordereau.id, line.statut.in_((*statuts, *autres)))
        .group_by(line.typologie, line.regle)
        .order_by(line.typologie, line.regle)
    )
    for typologie, regle, first, last, number, octets, *others in session.execute(query):
        known = version.find(regle.partition(" ")[0])
        reference = f"{known.code} — {known.reference}" if known else regle
        bornes, dua = write_bornes(first, last), known.dua if known else ""
        head = (bordereau.intitule, typologie, bornes, reference, dua, number, int(octets))
        refused, aside = others
        yield head, refused, aside


def write_bornes(first: date | None, last: date | None) -> str:
    """`03/05/2022 – 04/06/2022`, or the one day there is."""
    days = list(dict.fromkeys(format_date(day) for day in (first, last) if day))
    return " – ".join(days)


def make_refusees(session: Session, bordereau: BordereauElimination) -> Tableau:
    """The PJ of a bordereau that the archives refused, with their reasons."""
    colonnes = (
        Colonne("Identifiant unique", largeur=3),
        Colonne("Pièce justificative", largeur=4),
        Colonne("Motif du refus", largeur=5),
    )
    query = (
        select(LigneElimination.id_unique, LigneElimination.nom, LigneElimination.motif)
        .where(LigneElimination.bordereau_id == bordereau.id, LigneElimination.statut == REFUSEE)
        .order_by(LigneElimination.rang)
    )
    return Tableau("Lignes refusées", colonnes, [tuple(row) for row in session.execute(query)])


def make_liste(
    session: Session, bordereau: BordereauElimination, statuts: tuple[str, ...]
) -> Tableau:
    """Every PJ of a bordereau with its fingerprint: what the frozen list holds."""
    colonnes = (
        Colonne("Rang", nombre=True, largeur=1),
        Colonne("Identifiant unique", largeur=3),
        Colonne("Pièce justificative", largeur=4),
        Colonne("Exercice", largeur=1),
        Colonne("Octets", nombre=True, largeur=2),
        Colonne("SHA-256", largeur=5),
    )
    query = (
        select(
            LigneElimination.rang,
            LigneElimination.id_unique,
            LigneElimination.nom,
            LigneElimination.exercice,
            LigneElimination.octets,
            LigneElimination.sha256,
        )
        .where(LigneElimination.bordereau_id == bordereau.id, LigneElimination.statut.in_(statuts))
        .order_by(LigneElimination.rang)
        .execution_options(yield_per=LOT)
    )

    def read() -> Iterator[tuple[Valeur, ...]]:
        for rang, cle, nom, exercice, octets, sha256 in session.execute(query):
            yield rang, cle, nom, str(exercice or "—"), octets, sha256

    return Tableau("Pièces justificatives", colonnes, read(), annexe=True)


def make_pieces(session: Session, bordereau: BordereauElimination) -> Tableau:
    """Every PJ a bordereau ever listed, one a line: its rule, its fingerprint, what became of it.

    The typologies of the archives are made again from it, never it from them.
    """
    colonnes = (
        Colonne("Rang", nombre=True, largeur=1),
        Colonne("Identifiant unique", largeur=3),
        Colonne("Pièce justificative", largeur=3),
        Colonne("Typologie", largeur=2),
        Colonne("Règle", largeur=2),
        Colonne("Exercice", largeur=1),
        Colonne("Du", largeur=2),
        Colonne("Au", largeur=2),
        Colonne("Octets", nombre=True, largeur=1),
        Colonne("SHA-256", largeur=4),
        Colonne("Sort", largeur=2),
        Colonne("Motif", largeur=3),
    )
    query = (
        select(LigneElimination)
        .where(LigneElimination.bordereau_id == bordereau.id)
        .order_by(LigneElimination.rang, LigneElimination.id)
        .execution_options(yield_per=LOT)
    )

    def read() -> Iterator[tuple[Valeur, ...]]:
        for n in session.scalars(query):
            statut = StatutLigne(n.statut)
            # A refusal that is being prepared is of the archives alone.
            motif = "" if statut is StatutLigne.RETENUE else n.motif
            yield (
                n.rang or None, n.id_unique, n.nom, n.typologie, n.regle.partition(" ")[0],
                str(n.exercice or "—"), n.date_min, n.date_max, n.octets, n.sha256,
                LIBELLES_STATUTS[statut], motif,
            )  # fmt: skip

    return Tableau("Pièces justificatives", colonnes, read())


def find_etapes(session: Session, bordereau_id: int) -> list[EtapeElimination]:
    """The steps of a bordereau, in order."""
    query = select(EtapeElimination).where(EtapeElimination.bordereau_id == bordereau_id)
    return list(session.scalars(query.order_by(EtapeElimination.id)))


def make_registre(session: Session, portee: Portee, noms: Noms) -> Tableau:
    """Every copy destroyed early, kept for ever: one line a PJ, with its bordereau and visa."""
    colonnes = (
        Colonne("Collectivité", largeur=3),
        Colonne("Bordereau", largeur=2),
        Colonne("Visa", largeur=2),
        Colonne("Détruite le", largeur=2),
        Colonne("Méthode", largeur=2),
        Colonne("Identifiant unique", largeur=3),
        Colonne("Pièce justificative", largeur=3),
        Colonne("Règle", largeur=2),
        Colonne("Octets", nombre=True, largeur=2),
        Colonne("SHA-256", largeur=4),
    )
    query = (
        select(BordereauElimination, LigneElimination)
        .join(LigneElimination, LigneElimination.bordereau_id == BordereauElimination.id)
        .where(
            BordereauElimination.etat.in_(ATTESTES),
            LigneElimination.statut == DETRUITE,
            _is_within(portee),
        )
        .order_by(BordereauElimination.id, LigneElimination.rang)
        .execution_options(yield_per=LOT)
    )

    def read() -> Iterator[tuple[Valeur, ...]]:
        for b, n in session.execute(query):
            head = (noms.name(b.siren), b.numero, b.autorisation, b.detruite_le, b.methode)
            yield (*head, n.id_unique, n.nom, n.regle, n.octets, n.sha256)

    return Tableau("Destructions anticipées", colonnes, read())


def make_gels(session: Session, portee: Portee, noms: Noms, today: date) -> Tableau:
    """Gels that hold that day, those whose review is overdue first."""
    colonnes = (
        Colonne("Gel", largeur=3),
        Colonne("Autorité", largeur=3),
        Colonne("Référence", largeur=2),
        Colonne("Collectivité", largeur=3),
        Colonne("Portée", largeur=2),
        Colonne("Depuis", largeur=2),
        Colonne("Revue le", largeur=2),
        Colonne("Revue dépassée", largeur=2),
        Colonne("Fin", largeur=2),
    )
    query = (
        select(Gel)
        .where(or_(Gel.fin_le.is_(None), Gel.fin_le >= today), _sees_gel(session, portee))
        .order_by(Gel.revue_le, Gel.id)
    )
    lignes: list[tuple[Valeur, ...]] = [
        (
            gel.nom,
            gel.autorite,
            gel.reference,
            noms.name(gel.siren),
            PORTEES.get(gel.portee, gel.portee),
            gel.depuis,
            gel.revue_le,
            "oui" if gel.fin_le is None and gel.revue_le < today else "",
            gel.fin_le,
        )
        for gel in session.scalars(query)
    ]
    return Tableau("Gels en vigueur", colonnes, lignes)


PORTEES = {"objets": "Liste figée", "criteres": "Critères", "exercices": "Exercices"}


def _sees_gel(session: Session, portee: Portee) -> ColumnElement[bool]:
    """A gel of a collectivité of the scope, or whose list names something seen."""
    sirens = [portee.siren] if portee.siren else sorted(find_sirens(session, portee.seen))
    listed: Any = exists().where(
        GelObjet.gel_id == Gel.id, PieceJustificative.id == GelObjet.pj_id, portee.condition
    )
    piece: Any = exists().where(
        GelObjet.gel_id == Gel.id, Piece.id == GelObjet.piece_id, sees_piece(portee.seen)
    )
    return or_(Gel.siren.in_(sirens), and_(Gel.siren == "", or_(listed, piece)))
