"""One flow into SQL: rows in short transactions, then links, versions, closures, its journal row.

A flow killed half-way is read again from its start: its rows have the same ids, nothing doubles.
"""

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, and_, delete, select, update

from orc.db import Database, Writing, insert_missing, lock
from orc.domain import CleBudget
from orc.errors import Invalid
from orc.index.outbox import mark_new_pieces, mark_piece_ids
from orc.ingest.a_decider import mark_flux, mark_others
from orc.ingest.budgets import redecide_flux
from orc.ingest.clotures import find_pieces_closes
from orc.ingest.fichiers import batched
from orc.ingest.links import meet_again, resolve_liens
from orc.ingest.pes.flux import read_flux
from orc.ingest.pes.limits import Limits
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
from orc.ingest.pes.values_retour import (
    BordereauRetour,
    ElementAcquit,
    OrmcGlobal,
    PieceRetour,
)
from orc.ingest.referentiel import (
    Cellules,
    CleCellule,
    Libelles,
    get_budget,
    lock_collectivites,
)
from orc.ingest.rows import Row, RowMaker
from orc.ingest.rows_retour import RetourMaker
from orc.ingest.versions import set_versions
from orc.journal import Acte, record_acte
from orc.models import FLUX_BITS, Budget, base, evenements, flux, pieces, pj, read_now
from orc.models.flux import Flux
from orc.settings import PJ_OCTETS_MAX
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
    "acquit": evenements.Acquit,
    "erreur_acquit": evenements.ErreurAcquit,
    "retour_piece": evenements.RetourPiece,
    "retour_ligne": evenements.RetourLigne,
    "emargement": evenements.Emargement,
    "anomalie": flux.Anomalie,
}
# What several flows may bring, by its key: written in one order, two never wait for one another.
SHARED = {"tiers": "id", "texte": "sha256"}
CELLULE = "cellule_id"
# The lock of whoever forgets texts that no flow brings any more.
TEXTES = "textes"


@dataclass(slots=True)
class Intake:
    """One flow on its way into SQL."""

    database: Database
    flux_id: int
    compte_651_sensible: bool
    cellules: Cellules
    limits: Limits
    xsd: Path | None = None
    maker: RowMaker | None = None
    retours: RetourMaker | None = None

    def read(self, path: Path, check: Callable[[], None]) -> None:
        """Read the whole flow at this path; FluxIllisible when nothing of it can be used.

        `check` raises when the file moved meanwhile: what was read is not kept then.
        """
        early: list[Anomalie] = []
        for element in read_flux(path, limits=self.limits):
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
        budget = self.database.write(lambda session: get_budget(session, cle, libelles))
        with self.database.writing() as session:
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
        self.retours = RetourMaker(self.maker, entete.nom_fic, entete.date_str)

    def _get_maker(self) -> RowMaker:
        if self.maker is None:
            raise Invalid("Ce flux n’a ni en-tête ni contenu lisible.")
        return self.maker

    def _add(self, element: object) -> None:
        maker = self._get_maker()
        if add := _ADDERS.get(type(element)):
            add(maker, element)
        elif add_event := _EVENTS.get(type(element)):
            add_event(self.retours, element)
        else:  # links of the legal archive, restes by debtor, receipts of retours: said nowhere
            maker.totals["autres"] += 1
            return
        if maker.pending >= BATCH:
            self._flush()

    def _flush(self) -> None:
        rows = self._get_maker().take()
        for name, key in SHARED.items():
            rows[name].sort(key=itemgetter(key))
        self.database.write(lambda session: self._insert(session, rows))

    def _insert(self, session: Writing, rows: dict[str, list[Row]]) -> None:
        if rows["texte"]:  # no flow that is forgotten takes them away meanwhile
            lock(session, TEXTES, shared=True)
        named = self._name_cellules(session, rows)
        for name, table in TABLES.items():
            insert_missing(session, table, named.get(name) or rows[name])
        if signed := [row["id"] for row in rows["signatures"]]:
            table = pieces.Bordereau
            session.execute(update(table).where(table.id.in_(signed)).values(signe=True))

    def _name_cellules(self, session: Writing, rows: dict[str, list[Row]]) -> dict[str, list[Row]]:
        """Pieces and liens with the ids of their cellules, which they name by their keys."""
        named = {name: rows[name] for name in ("piece", "lien")}
        cles = (cast("CleCellule", row[CELLULE]) for some in named.values() for row in some)
        ids: dict[Any, int] = dict(self.cellules.get_all(session, cles))
        return {
            name: [row | {CELLULE: ids[row[CELLULE]]} for row in some]
            for name, some in named.items()
        }

    def _finish(self) -> None:
        self.database.write(self._meet)

    def _meet(self, session: Writing) -> None:
        """The flow counts, at once and entirely, among the others of its collectivité."""
        maker = self._get_maker()
        touched = self._meet_others(session, maker) if maker.holds_accounts else set()
        mark_flux(session, self.flux_id, touched, maker.totals)
        self._close(session, maker.totals)

    def _meet_others(self, session: Writing, maker: RowMaker) -> set[int]:
        """The pieces of which the others, or the index, no longer say the same."""
        lock_collectivites(session, maker.budget.siren)
        redecide_flux(
            session,
            self.flux_id,
            maker.budget,
            self.cellules,
            compte_651_sensible=self.compte_651_sensible,
        )
        touched = set_versions(session, self.flux_id)
        touched |= resolve_liens(session, self.flux_id, self.cellules)
        mark_piece_ids(session, touched)
        mark_new_pieces(session, find_pieces_closes(), {"flux": self.flux_id})
        return touched

    def _close(self, session: Writing, totals: dict[str, int]) -> None:
        values: dict[str, object] = {
            "etat": "lu",
            "motif": "",
            "lu_le": read_now(),
            "nb_bordereaux": totals["bordereau"],
            "nb_pieces": totals["piece"],
            "nb_pj": totals["pj"],
            "nb_anomalies": totals["anomalie"],
        }
        # Read twice, by whatever accident, it was read once.
        unread = update(Flux).where(Flux.id == self.flux_id, Flux.etat != "lu")
        if session.execute(unread.values(**values).returning(Flux.id)).first():
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
    pj_octets_max: int = PJ_OCTETS_MAX,
    check: Callable[[], None] = lambda: None,
) -> bool:
    """Read a flow into SQL, or put it in quarantine with its reason; True when it was read.

    `xsd`: the folder of the schemas it is compared with; what differs is said, never refused.
    `check` is called before anything of the flow counts: FichierChange leaves no trace of it.
    """
    limits = Limits(contenu=pj_octets_max)
    intake = Intake(database, flux_id, compte_651_sensible, Cellules(), limits, xsd)
    with database.alone(f"flux:{flux_id}"):
        try:
            return _read(intake, path, check)
        except FichierChange:
            remove_flux(database, flux_id)
            raise


def _read(intake: Intake, path: Path, check: Callable[[], None]) -> bool:
    try:
        intake.read(path, check)
    except Invalid as error:
        check()
        set_quarantaine(intake.database, intake.flux_id, str(error))
        return False
    return True


def remove_flux(database: Database, flux_id: int) -> None:
    """Forget a flow that was not read to its end: its file was being written."""
    database.write(lambda session: _remove_flux(session, flux_id))


def _remove_flux(session: Writing, flux_id: int) -> None:
    lock(session, TEXTES)
    mark_others(session, flux_id)
    _let_go(session, flux_id)
    brought = select(pj.PieceJustificative.sha256).where(pj.PieceJustificative.flux_id == flux_id)
    digests = set(session.scalars(brought))
    for table in reversed(TABLES.values()):
        if table not in {pieces.Tiers, pj.Texte}:  # known by their content, others use them
            session.execute(
                delete(table).where(_is_of(cast("Table", table.__table__).c.id, flux_id))
            )
    sent = select(pj.PieceJustificative.sha256)
    for chunk in batched(sorted(digests), 500):
        orphan = (pj.Texte.etat == "a_extraire", pj.Texte.sha256.not_in(sent))
        session.execute(
            delete(pj.Texte)
            .where(pj.Texte.sha256.in_(chunk), *orphan)
            .execution_options(synchronize_session=False)
        )
    session.execute(delete(flux.Emplacement).where(flux.Emplacement.flux_id == flux_id))
    session.execute(delete(Flux).where(Flux.id == flux_id))


def _let_go(session: Writing, flux_id: int) -> None:
    """What other flows, read meanwhile, said of this one: their citations wait again."""
    siren = select(Budget.siren).join(Flux, Flux.budget_id == Budget.id).where(Flux.id == flux_id)
    lock_collectivites(session, *session.scalars(siren))
    session.execute(delete(pj.Lien).where(_is_of(pj.Lien.piece_id, flux_id)))
    for table in (pj.Lien, pj.LienMarche):
        meet_again(session, table, _is_of(table.pj_id, flux_id), but=flux_id)


def _is_of(column: ColumnElement[int] | object, flux_id: int) -> ColumnElement[bool]:
    """Whether this id is one that the flow gave."""
    given = cast("ColumnElement[int]", column)
    return and_(given > flux_id << FLUX_BITS, given < (flux_id + 1) << FLUX_BITS)


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

_EVENTS: dict[type, Callable[[Any, Any], None]] = {
    ElementAcquit: RetourMaker.add_acquit,
    BordereauRetour: RetourMaker.begin_bordereau,
    PieceRetour: RetourMaker.add_piece,
    OrmcGlobal: RetourMaker.add_ormc,
}
