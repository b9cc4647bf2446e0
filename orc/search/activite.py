"""How the work goes, in figures: what waits at each stage, since when, what failed. No name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from orc.models import (
    AIndexer,
    Fichier,
    Flux,
    Ouvrier,
    PieceJustificative,
    TacheEchouee,
    Texte,
    read_now,
)

# Texts looked at to tell how long the oldest has waited: they come in no order.
SAMPLE = 1_000


@dataclass(frozen=True, slots=True)
class Activite:
    """Counts by state. `attentes`: seconds the oldest waits, by stage; 0 where nothing does.

    `echecs`: tasks that failed, by (queue, what comes next: a_refaire, abandonnee, ecartee).
    """

    fichiers: Mapping[str, int]
    flux: Mapping[str, int]
    textes: Mapping[str, int]
    pieces_a_indexer: int
    attentes: Mapping[str, float]
    echecs: Mapping[tuple[str, str], int]
    ouvriers: int


def find_activite(session: Session, *, veille: float) -> Activite:
    """The figures now. `veille`: seconds of silence after which an ouvrier is dead."""
    now = read_now()
    lately = Ouvrier.vu_le > now - timedelta(seconds=veille)
    living = select(func.count()).where(lately, Ouvrier.files != "")
    return Activite(
        fichiers=_count_by(session, Fichier.etat, Fichier.remplace_le.is_(None)),
        flux=_count_by(session, Flux.etat),
        textes=_count_by(session, Texte.etat),
        pieces_a_indexer=session.scalar(select(func.count()).select_from(AIndexer)) or 0,
        attentes=_find_attentes(session, now),
        echecs=_count_echecs(session),
        ouvriers=session.scalar(living) or 0,
    )


def _count_by(
    session: Session, column: InstrumentedAttribute[str], *where: object
) -> dict[str, int]:
    query = select(column, func.count()).where(*where).group_by(column)  # type: ignore[arg-type]  # conditions of SQL
    return {row[0]: row[1] for row in session.execute(query)}


def _find_attentes(session: Session, now: datetime) -> dict[str, float]:
    sample = select(Texte.sha256).where(Texte.etat == "a_extraire").limit(SAMPLE).subquery()
    oldest: dict[str, Select[datetime | None]] = {
        "fichiers": select(func.min(Fichier.vu_le)).where(
            Fichier.etat == "vu", Fichier.disparu_le.is_(None), Fichier.remplace_le.is_(None)
        ),
        "flux": select(func.min(Flux.recu_le)).where(Flux.etat == "recu"),
        "textes": select(func.min(Flux.recu_le))
        .join(PieceJustificative, PieceJustificative.flux_id == Flux.id)
        .join(sample, sample.c.sha256 == PieceJustificative.sha256),
        "index": select(func.min(AIndexer.depuis)),
    }
    found = {stage: session.scalar(query) for stage, query in oldest.items()}
    return {
        stage: max(0.0, (now - since).total_seconds()) if since else 0.0
        for stage, since in found.items()
    }


def _count_echecs(session: Session) -> dict[tuple[str, str], int]:
    etat = case(
        (TacheEchouee.ecartee_le.is_not(None), "ecartee"),
        (TacheEchouee.prochain_le.is_not(None), "a_refaire"),
        else_="abandonnee",
    )
    rows = session.execute(select(TacheEchouee.file, etat, func.count()).group_by("file", etat))
    return {(row[0], row[1]): row[2] for row in rows}
