"""Facts people answer for: rows never edited, only superseded; what they say now, by object."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from orc.db import cut
from orc.models import Declaration, Lien, Ligne, Piece, PieceJustificative
from orc.retention import facts
from orc.retention.regard import is_of_contrat, is_orphan, is_same_piece, is_sent_again


class Genre(StrEnum):
    """What is declared."""

    DEMANDE_ORC = "demande_orc"
    DEMANDE_OFFRE = "demande_offre"
    ADHESION_ORC = "adhesion_orc"
    ADHESION_OFFRE = "adhesion_offre"
    TENUE_HELIOS = "tenue_helios"
    NUMERISATION = "numerisation"
    COFINANCEMENT = "cofinancement"
    HISTORIQUE = "historique"
    RUBRIQUE = "rubrique"
    NOTIFICATION_MARCHE = "notification_marche"
    SOLDE_MARCHE = "solde_marche"


LIBELLES_GENRES = {
    Genre.DEMANDE_ORC: "Demande d’adhésion à ORC",
    Genre.DEMANDE_OFFRE: "Demande d’adhésion à l’offre de service",
    Genre.ADHESION_ORC: "Adhésion à ORC",
    Genre.ADHESION_OFFRE: "Adhésion à l’offre de service",
    Genre.TENUE_HELIOS: "Comptes tenus dans Hélios",
    Genre.NUMERISATION: "Chaîne de numérisation conforme",
    Genre.COFINANCEMENT: "Cofinancement à contrôler",
    Genre.HISTORIQUE: "Intérêt historique",
    Genre.RUBRIQUE: "Rubrique de la pièce",
    Genre.NOTIFICATION_MARCHE: "Notification d’un marché",
    Genre.SOLDE_MARCHE: "Solde d’un marché",
}


@dataclass(frozen=True, slots=True)
class DatesMarche:
    """The days of the notification and of the balance of a marché, each with what says it."""

    notifie_le: date | None = None
    solde_le: date | None = None
    preuves_notification: tuple[facts.Preuve, ...] = ()
    preuves_solde: tuple[facts.Preuve, ...] = ()


def holds_now() -> ColumnElement[bool]:
    """The condition that a Declaration row stands: nothing replaced it, it withdraws nothing."""
    later = aliased(Declaration)
    replaced = exists().where(later.remplace_id == Declaration.id).correlate(Declaration)
    return and_(~replaced, Declaration.retiree.is_(False))


def find_periodes(
    session: Session, sirens: Collection[str], genre: Genre
) -> dict[str, tuple[facts.Periode, ...]]:
    """When what a whole collectivité declared holds, the earliest first; absent: never."""
    found: dict[str, list[facts.Periode]] = defaultdict(list)
    for lot in cut(sirens):
        query = _select(genre).where(Declaration.siren.in_(lot), Declaration.objet == "")
        for row in session.scalars(query):
            found[row.siren].append(make_periode(row))
    return {siren: tuple(periodes) for siren, periodes in found.items()}


def _select(genre: Genre) -> Select[Declaration]:
    return (
        select(Declaration)
        .where(Declaration.genre == genre.value, holds_now())
        .order_by(Declaration.depuis, Declaration.id)
    )


def make_periode(row: Declaration) -> facts.Periode:
    """A declaration as the decision reads it."""
    return facts.Periode(row.depuis, row.jusqu_a, make_preuve(row))


def make_preuve(row: Declaration) -> facts.Preuve:
    """Who said it, when; its source is `declaration:12`."""
    said = f"{LIBELLES_GENRES[Genre(row.genre)]}, déclaration de {row.saisie_par}"
    parts = (said, row.valeur, row.reference, row.document)
    return facts.Preuve(
        " ; ".join(filter(None, parts)), row.saisie_le.astimezone().date(), f"declaration:{row.id}"
    )


def find_rubriques(session: Session, pj_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """The rubriques declared of each PJ and of the pieces that cite it: none undoes another."""
    found = _find_of_pj(session, pj_ids, Genre.RUBRIQUE)
    return {
        pj_id: tuple(sorted({row.valeur for row in (*own, *others)}))
        for pj_id, (own, others) in found.items()
    }


def find_historiques(session: Session, pj_ids: Collection[int]) -> dict[int, facts.Preuve]:
    """Who flagged each PJ historical, or a piece that cites it; absent: nobody."""
    found = _find_of_pj(session, pj_ids, Genre.HISTORIQUE)
    return {pj_id: make_preuve((own or others)[0]) for pj_id, (own, others) in found.items()}


_Rows = tuple[list[Declaration], list[Declaration]]


def _find_of_pj(session: Session, pj_ids: Collection[int], genre: Genre) -> dict[int, _Rows]:
    """The rows on each PJ, and those on the pieces that cite it."""
    found: dict[int, _Rows] = defaultdict(lambda: ([], []))
    for lot in cut(pj_ids):
        own, citing = _find_sendings(session, lot), _find_citing(session, lot)
        for some in cut([*own, *citing]):
            for row in session.scalars(_select(genre).where(Declaration.objet.in_(some))):
                for pj_id in own.get(row.objet, ()):
                    found[pj_id][0].append(row)
                for pj_id in citing.get(row.objet, ()):
                    found[pj_id][1].append(row)
    return dict(found)


def _find_sendings(session: Session, pj_ids: list[int]) -> dict[str, set[int]]:
    """The PJ that each `pj:7` is a sending of: itself, and those of its key."""
    found = {f"pj:{pj_id}": {pj_id} for pj_id in pj_ids}
    named = aliased(PieceJustificative)
    query = (
        select(named.id, PieceJustificative.id)
        .join(named, is_sent_again(PieceJustificative, named))
        .where(PieceJustificative.id.in_(pj_ids))
    )
    for other, pj_id in session.execute(query):
        found.setdefault(f"pj:{other}", set()).add(pj_id)
    return found


def _find_citing(session: Session, pj_ids: list[int]) -> dict[str, set[int]]:
    """The PJ that each `piece:8` cites, or another sending of that piece."""
    found: dict[str, set[int]] = defaultdict(set)
    held, citing = aliased(Piece), aliased(Piece)
    query = (
        select(held.id, Lien.pj_id)
        .select_from(Lien)
        .join(citing, citing.id == Lien.piece_id)
        .join(held, is_same_piece(held, citing))
        .where(Lien.pj_id.in_(pj_ids))
    )
    for piece_id, pj_id in session.execute(query):
        found[f"piece:{piece_id}"].add(pj_id or 0)
    return found


def find_cofinancements(
    session: Session, pj_ids: Collection[int]
) -> dict[int, tuple[facts.Gel, ...]]:
    """The co-funding windows on each PJ: of its exercices, or of a marché it is of."""
    found: dict[int, dict[int, facts.Gel]] = defaultdict(dict)
    for lot in cut(pj_ids):
        query = (
            select(PieceJustificative.id, Declaration)
            .join(Declaration, Declaration.siren == PieceJustificative.siren)
            .where(
                PieceJustificative.id.in_(lot),
                Declaration.genre == Genre.COFINANCEMENT.value,
                holds_now(),
            )
            .where(or_(_is_of_exercices(), _is_of_marche()))
            .order_by(Declaration.depuis, Declaration.id)
        )
        for pj_id, row in session.execute(query):
            found[pj_id][row.id] = facts.Gel(
                row.valeur, row.autorite, row.reference, make_periode(row)
            )
    return {pj_id: tuple(windows.values()) for pj_id, windows in found.items()}


def _is_of_exercices() -> ColumnElement[bool]:
    """A window on the collectivité bears on the PJ of its exercices; cited by nothing: on all."""
    cited = exists().where(
        Lien.pj_id == PieceJustificative.id,
        Piece.id == Lien.piece_id,
        or_(Declaration.exercice_min.is_(None), Piece.exercice >= Declaration.exercice_min),
        or_(Declaration.exercice_max.is_(None), Piece.exercice <= Declaration.exercice_max),
    )
    within = or_(cited.correlate(PieceJustificative, Declaration), is_orphan())
    return and_(Declaration.objet == "", within)


def _is_of_marche() -> ColumnElement[bool]:
    """A window on a marché bears on what its contract or a line of it cites."""
    contract = is_of_contrat(lambda cle: Declaration.objet == "marche:" + cle, Declaration)
    line = exists().where(
        Lien.pj_id == PieceJustificative.id,
        Ligne.piece_id == Lien.piece_id,
        Ligne.marche_cle != "",
        Declaration.objet == "marche:" + Ligne.marche_cle,
    )
    return or_(contract, line.correlate(PieceJustificative, Declaration))


def find_marches(
    session: Session, marches: Collection[tuple[str, str]]
) -> dict[tuple[str, str], DatesMarche]:
    """What was declared of these marchés, by SIREN and key (`marche.cle`); absent: nothing."""
    asked = set(marches)
    said: dict[tuple[str, str], list[Declaration]] = defaultdict(list)
    here = Declaration.siren.in_({siren for siren, _cle in asked})
    for lot in cut([f"marche:{cle}" for _siren, cle in asked]):
        for genre in (Genre.NOTIFICATION_MARCHE, Genre.SOLDE_MARCHE):
            for row in session.scalars(_select(genre).where(here, Declaration.objet.in_(lot))):
                said[row.siren, row.objet.removeprefix("marche:")].append(row)
    return {key: _make_dates(rows) for key, rows in said.items() if key in asked}


def _make_dates(rows: list[Declaration]) -> DatesMarche:
    """The last day said of each: a marché is not free before it."""
    last = {Genre(row.genre): row for row in rows}
    notification, solde = last.get(Genre.NOTIFICATION_MARCHE), last.get(Genre.SOLDE_MARCHE)
    return DatesMarche(
        notification.depuis if notification else None,
        solde.depuis if solde else None,
        (make_preuve(notification),) if notification else (),
        (make_preuve(solde),) if solde else (),
    )
