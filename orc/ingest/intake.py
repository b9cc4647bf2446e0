"""One flow into SQL: rows in short transactions, then links, versions, closures, its journal row.

A flow killed half-way is read again from its start: its rows have the same ids, nothing doubles.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Table, and_, delete, select, update

from orc.db import Database, Writing, insert_missing
from orc.domain import CleBudget
from orc.errors import Invalid
from orc.index.outbox import mark_new_pieces
from orc.ingest.clotures import find_pieces_closes
from orc.ingest.links import resolve_liens
from orc.ingest.pes.flux import read_flux
from orc.ingest.pes.schemas import validate_flux
from orc.ingest.pes.values import (
    Anomalie,
    Bordereau,
    Concession,
    Entete,
    FinBordereau,
    Marche,
    Piece,
    PieceJustificative,
)
from orc.ingest.referentiel import Cellules, Libelles, get_budget
from orc.ingest.rows import CelluleDemandee, Row, RowMaker
from orc.ingest.versions import set_versions
from orc.journal import Acte, record_acte
from orc.models import FLUX_BITS, base, flux, pieces, pj, read_now
from orc.models.flux import Flux
from orc.silo import FichierChange

# Rows of one transaction: about 50 ms of lock on SQLite.
BATCH = 2000
ACTEUR = "ingestion"

# In the order of their foreign keys.
TABLES: dict[str, type[base.Base]] = {
    "bordereau": pieces.Bordereau,
    "tiers": pieces.Tiers,
    "piece": pieces.Piece,
    "ligne": pieces.Ligne,
    "marche": pieces.Marche,
    "texte": pj.Texte,
    "pj": pj.PieceJustificative,
    "lien": pj.Lien,
    "ref_compta": pj.RefCompta,
    "lien_marche": pj.LienMarche,
    "anomalie": flux.Anomalie,
}


@dataclass(slots=True)
class Intake:
    """One flow on its way into SQL."""

    database: Database
    flux_id: int
    compte_651_sensible: bool
    cellules: Cellules
    xsd: Path | None = None
    maker: RowMaker | None = None

    def read(self, path: Path, check: Callable[[], None]) -> None:
        """Read the whole flow at this path; FluxIllisible when nothing of it can be used.

        `check` raises when the file moved meanwhile: what was read is not kept then.
        """
        early: list[Anomalie] = []
        for element in read_flux(path):
            if isinstance(element, Entete):
                self.start(element)
            elif self.maker is None and isinstance(element, Anomalie):
                early.append(element)
            else:
                self._add(element)
        maker = self._get_maker()
        for anomalie in [*early, *validate_flux(path, self.xsd)]:
            maker.add_anomalie(anomalie)
        self._flush()
        check()
        self._finish()

    def start(self, entete: Entete) -> None:
        """The header says whose accounts these are."""
        cle = CleBudget(entete.id_coll, entete.cod_col, entete.cod_bud)
        libelles = Libelles(
            entete.id_post, entete.libelle_collectivite_budget, entete.libelle_poste
        )
        with self.database.writing() as session:
            budget = get_budget(session, cle, libelles)
            # Said at once: versions are put in the order of these dates.
            session.execute(
                update(Flux)
                .where(Flux.id == self.flux_id)
                .values(
                    forme=entete.forme.value,
                    nom_fic=entete.nom_fic,
                    typ_fic=entete.typ_fic,
                    encodage=entete.encodage,
                    date_flux=entete.date_str,
                    budget_id=budget.id,
                )
            )
        self.maker = RowMaker(self.flux_id, budget, self.compte_651_sensible)

    def _get_maker(self) -> RowMaker:
        if self.maker is None:
            raise Invalid("Ce flux n’a ni en-tête ni contenu lisible.")
        return self.maker

    def _add(self, element: object) -> None:
        maker = self._get_maker()
        add = _ADDERS.get(type(element))
        if add is None:  # acquits, retours: kept in the silo, applied by a later issue
            maker.totals["autres"] += 1
            return
        add(maker, element)
        if maker.pending >= BATCH:
            self._flush()

    def _flush(self) -> None:
        rows = self._get_maker().take()
        with self.database.writing() as session:
            self._name_cellules(session, rows)
            signed = [row["id"] for row in rows.pop("signatures", [])]
            for name, table in TABLES.items():
                insert_missing(session, table, rows.get(name, []))
            if signed:
                session.execute(
                    update(pieces.Bordereau)
                    .where(pieces.Bordereau.id.in_(signed))
                    .values(signe=True)
                )

    def _name_cellules(self, session: Writing, rows: dict[str, list[Row]]) -> None:
        for table in ("piece", "lien"):
            for row in rows.get(table, []):
                wanted = row["cellule_id"]
                if isinstance(wanted, CelluleDemandee):
                    row["cellule_id"] = self.cellules.get(
                        session, wanted.budget_id, wanted.exercice, wanted.domaine
                    )

    def _finish(self) -> None:
        with self.database.writing() as session:
            set_versions(session, self.flux_id)
        with self.database.writing() as session:
            resolve_liens(session, self.flux_id, self.cellules)
        with self.database.writing() as session:
            mark_new_pieces(session, find_pieces_closes(), {"flux": self.flux_id})
            self._close(session)

    def _close(self, session: Writing) -> None:
        totals = self._get_maker().totals
        values: dict[str, object] = {
            "etat": "lu",
            "motif": "",
            "lu_le": read_now(),
            "nb_bordereaux": totals["bordereau"],
            "nb_pieces": totals["piece"],
            "nb_pj": totals["pj"],
            "nb_anomalies": totals["anomalie"],
        }
        session.execute(update(Flux).where(Flux.id == self.flux_id).values(**values))
        record_acte(
            session,
            Acte.INGESTION,
            acteur=ACTEUR,
            objet=f"flux:{self.flux_id}",
            details={k: totals[k] for k in ("bordereau", "piece", "pj", "anomalie")},
        )


def read_flux_into_sql(
    database: Database,
    flux_id: int,
    path: Path,
    *,
    compte_651_sensible: bool,
    xsd: Path | None = None,
    check: Callable[[], None] = lambda: None,
) -> bool:
    """Read a flow into SQL, or put it in quarantine with its reason; True when it was read.

    `xsd`: the folder of the schemas it is compared with; what differs is said, never refused.
    `check` is called before anything of the flow counts: FichierChange leaves no trace of it.
    """
    intake = Intake(database, flux_id, compte_651_sensible, Cellules(), xsd)
    try:
        try:
            intake.read(path, check)
        except Invalid as error:
            check()
            set_quarantaine(database, flux_id, str(error))
            return False
    except FichierChange:
        remove_flux(database, flux_id)
        raise
    return True


def remove_flux(database: Database, flux_id: int) -> None:
    """Forget a flow that was not read to its end: its file was being written."""
    low, high = flux_id << FLUX_BITS, (flux_id + 1) << FLUX_BITS
    with database.writing() as session:
        for table in reversed(TABLES.values()):
            if table not in {pieces.Tiers, pj.Texte}:  # known by their content, others use them
                key = cast("Table", table.__table__).c.id
                session.execute(delete(table).where(key > low, key < high))
        sent = select(pj.PieceJustificative.sha256)
        orphan = and_(pj.Texte.etat == "a_extraire", pj.Texte.sha256.not_in(sent))
        session.execute(delete(pj.Texte).where(orphan).execution_options(synchronize_session=False))
        session.execute(delete(flux.Emplacement).where(flux.Emplacement.flux_id == flux_id))
        session.execute(delete(Flux).where(Flux.id == flux_id))


def set_quarantaine(database: Database, flux_id: int, motif: str) -> None:
    """This flow cannot be used, for this reason; it is kept, shown, and stops nothing else."""
    with database.writing() as session:
        flow = session.execute(select(Flux).where(Flux.id == flux_id)).scalar_one()
        flow.etat, flow.motif, flow.lu_le = "quarantaine", motif, read_now()
        session.flush()
        record_acte(
            session,
            Acte.MISE_A_L_ECART,
            acteur=ACTEUR,
            objet=f"flux:{flux_id}",
            details={"motif": motif},
        )


_ADDERS: dict[type, Callable[[RowMaker, Any], None]] = {
    Bordereau: RowMaker.add_bordereau,
    FinBordereau: RowMaker.end_bordereau,
    Piece: RowMaker.add_piece,
    PieceJustificative: RowMaker.add_pj,
    Marche: RowMaker.add_marche,
    Concession: RowMaker.add_marche,
    Anomalie: RowMaker.add_anomalie,
}
