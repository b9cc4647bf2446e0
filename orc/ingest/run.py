"""A whole ingestion: look at the silo, enqueue what is unfinished, wait, count."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from orc.db import Database
from orc.domain import CleBudget
from orc.errors import Invalid, Unavailable
from orc.index.outbox import count_waiting
from orc.index.port import SearchEngine
from orc.index.rebuild import find_wanted
from orc.ingest.atelier import Atelier
from orc.ingest.budgets import read_budgets, record_budgets
from orc.ingest.clotures import (
    Exercice,
    find_past_exercices,
    record_clotures,
)
from orc.ingest.fichiers import BUDGETS_CSV, Releve, record_fichiers
from orc.ingest.patience import alone, said_in_french
from orc.ingest.reconcile import enqueue_unfinished
from orc.ingest.referentiel import Libelles, get_budget
from orc.journal import Auteur
from orc.models import Base, Fichier, Flux, Piece, PieceJustificative, Texte
from orc.remote import Injoignable
from orc.silo import LigneCloture, Silo, read_clotures

AUTEUR = Auteur("ingestion")
CSV_MAX = 64 * 1024**2


@dataclass(frozen=True, slots=True)
class Etape:
    """How far one stage is."""

    faits: int
    total: int


@dataclass(frozen=True, slots=True)
class Suivi:
    """How far an ingestion is, stage by stage, as SQL knows it."""

    fichiers: Etape
    textes: Etape
    pieces: Etape


@dataclass(frozen=True, slots=True)
class Bilan:
    """What an ingestion found, and what the archive counts after it."""

    fichiers_nouveaux: int
    fichiers_changes: int
    fichiers_disparus: int
    fichiers_inchanges: int
    autres_fichiers: tuple[str, ...]
    dossiers_illisibles: tuple[str, ...]
    clos_par_defaut: int
    clotures_refusees: tuple[str, ...]
    flux: int
    pieces: int
    pj: int
    cherchables: int
    quarantaine: int


def ingest_silo(
    atelier: Atelier,
    engine: SearchEngine,
    url: str,
    *,
    clore_passes: bool,
    today: date,
    watch: Callable[[], None] = lambda: None,
) -> Bilan:
    """Read everything new in a silo to the end; `watch` is called a few times a second.

    `clore_passes`: without clotures.csv, exercices before this year count as closed. Raises
    Conflict when another ingestion is under way, Unavailable when this one could not end.
    """
    with alone(atelier.settings.folder), said_in_french():
        silo = atelier.open_silo(url)
        releve = record_fichiers(atelier.database, silo)
        _record_budgets(atelier, silo)
        clotures = read_clotures(silo)
        refused = _record_clotures(atelier.database, clotures)
        enqueue_unfinished(atelier, engine)
        atelier.tasks.start()
        atelier.tasks.wait(watch)
        closed = 0
        if clore_passes and not clotures:
            closed = _close_past(atelier.database, today)
            wait_for_index(atelier, watch=watch)
        with atelier.database.reading() as session:
            _check_finished(session)
            silo.forget_lecture()
            return _make_bilan(session, releve, closed, refused)


def _check_finished(session: Session) -> None:
    """Raise Unavailable when a task was given up: the causes were said as they came."""
    left = {
        "fichiers à lire": _count(session, Fichier, Fichier.etat == "vu", Fichier.motif == ""),
        "textes à extraire": _count(session, Texte, Texte.etat == "a_extraire"),
        "pièces à indexer": count_waiting(session),
    }
    if any(left.values()):
        said = ", ".join(f"{name} : {count}" for name, count in left.items() if count)
        raise Unavailable(
            f"L’ingestion n’est pas allée à son terme ({said}). "
            "Rien n’est perdu : corrigez la cause (« orc taches » la dit) et relancez la même "
            "commande."
        )


def wait_for_index(atelier: Atelier, *, watch: Callable[[], None] = lambda: None) -> int:
    """Tell the index everything that waits; how many pieces did."""
    with atelier.database.reading() as session:
        waiting = count_waiting(session)
    atelier.tasks.start()
    atelier.tasks.enqueue_now("indexer")
    atelier.tasks.wait(watch)
    return waiting


def read_suivi(database: Database) -> Suivi:
    """How far the work under way is."""
    with database.reading() as session:
        return Suivi(
            _read_etape(session, Fichier, Fichier.etat == "vu", Fichier.genre != "autre"),
            _read_etape(session, Texte, Texte.etat == "a_extraire"),
            Etape(*_count_indexed(session)),
        )


def _count_indexed(session: Session) -> tuple[int, int]:
    total = _count_cherchables(session)
    return max(0, total - count_waiting(session)), total


def _record_budgets(atelier: Atelier, silo: Silo) -> None:
    """budgets.csv at the root of the silo, where there is one."""
    try:
        octets = silo.read_bytes(BUDGETS_CSV, CSV_MAX)
    except Injoignable:
        raise
    except Unavailable:
        return
    record_budgets(
        atelier.database,
        read_budgets(octets),
        acteur=AUTEUR.identifiant,
        compte_651_sensible=atelier.settings.compte_651_sensible,
    )


def _record_clotures(database: Database, lignes: list[LigneCloture | Invalid]) -> tuple[str, ...]:
    """Record the lines that can be read; what is wrong with the others."""
    with database.writing() as session:
        for ligne in lignes:
            if isinstance(ligne, Invalid):
                continue
            cle = CleBudget(ligne.siret, ligne.cod_col, ligne.cod_bud)
            budget = get_budget(session, cle, Libelles())
            close_le = ligne.close_le or date(ligne.exercice, 12, 31)
            exercice = Exercice(budget.id, ligne.exercice)
            record_clotures(session, [exercice], close_le=close_le, auteur=AUTEUR)
    return tuple(str(ligne) for ligne in lignes if isinstance(ligne, Invalid))


def _close_past(database: Database, today: date) -> int:
    with database.writing() as session:
        return record_clotures(
            session, find_past_exercices(session, today), close_le=today, auteur=AUTEUR
        )


def _count(session: Session, table: type[Base], *which: ColumnElement[bool]) -> int:
    return session.execute(select(func.count()).select_from(table).where(*which)).scalar_one()


def _count_cherchables(session: Session) -> int:
    query = select(func.count()).select_from(find_wanted().subquery())
    return session.execute(query).scalar_one()


def _read_etape(
    session: Session, table: type[Base], waiting: ColumnElement[bool], *which: ColumnElement[bool]
) -> Etape:
    total = _count(session, table, *which)
    return Etape(total - _count(session, table, waiting, *which), total)


def _make_bilan(session: Session, releve: Releve, closed: int, refused: tuple[str, ...]) -> Bilan:
    return Bilan(
        fichiers_nouveaux=releve.nouveaux,
        fichiers_changes=releve.changes,
        fichiers_disparus=releve.disparus,
        fichiers_inchanges=releve.inchanges,
        autres_fichiers=releve.autres,
        dossiers_illisibles=releve.illisibles,
        clos_par_defaut=closed,
        clotures_refusees=refused,
        flux=_count(session, Flux),
        pieces=_count(session, Piece, Piece.courante.is_(True)),
        pj=_count(session, PieceJustificative),
        cherchables=_count_cherchables(session),
        quarantaine=_count(session, Flux, Flux.etat == "quarantaine")
        + _count(session, Fichier, Fichier.etat == "quarantaine"),
    )
