"""What the rules of duration ask of a PJ, read from SQL: its kind, and where each term starts."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from orc.db import cut
from orc.models import (
    Bordereau,
    Flux,
    Lien,
    Ligne,
    Piece,
    PieceJustificative,
)
from orc.retention.events import find_acquits, find_suivis
from orc.retention.marches import CONTRACTUELLE, Cle, find_dates
from orc.retention.regard import find_contrats
from orc.retention.regle_duree import Evenement, RegleDeDuree


@dataclass(slots=True)
class Connu:
    """What is known of a PJ. A start event that is absent is not known."""

    siren: str
    type_pj: str
    flux_le: date | None
    sens: set[str] = field(default_factory=set)
    types_piece: set[str] = field(default_factory=set)
    natures: set[str] = field(default_factory=set)
    comptes: set[str] = field(default_factory=set)
    pieces: set[int] = field(default_factory=set)
    # Their keys, with the collectivité.
    marches: set[Cle] = field(default_factory=set)
    debuts: dict[Evenement, date] = field(default_factory=dict)

    @property
    def contractuelle(self) -> bool:
        """Whether it is a contractual piece of a marché."""
        return self.type_pj == CONTRACTUELLE or bool(self.marches)


def find_connus(
    session: Session, pj_ids: Collection[int], regles: Sequence[RegleDeDuree]
) -> dict[int, Connu]:
    """What these rules need to know of these PJ, any number of them; unknown ids are left out."""
    events = {regle.evenement for regle in regles}
    comptes = any(regle.criteres.compte for regle in regles)
    marches = any(regle.criteres.marche for regle in regles)
    found: dict[int, Connu] = {}
    for lot in cut(pj_ids):
        some = _find_pj(session, lot)
        _add_pieces(session, some)
        if comptes:
            _add_comptes(session, some)
        if marches or events & DES_MARCHES:
            _add_marches(session, some)
        if events & DES_MARCHES:
            _add_days_of_marches(session, some)
        for event in sorted(events & DEBUTS.keys()):
            DEBUTS[event](session, some)
        found |= some
    return found


def _find_pj(session: Session, pj_ids: list[int]) -> dict[int, Connu]:
    query = (
        select(
            PieceJustificative.id,
            PieceJustificative.siren,
            PieceJustificative.type_pj,
            Flux.date_flux,
        )
        .join(Flux, Flux.id == PieceJustificative.flux_id)
        .where(PieceJustificative.id.in_(pj_ids))
    )
    found = {
        pj_id: Connu(siren, type_pj, day) for pj_id, siren, type_pj, day in session.execute(query)
    }
    for connu in found.values():
        if connu.flux_le:
            connu.debuts[Evenement.FLUX] = connu.flux_le
    return found


def _add_pieces(session: Session, some: Mapping[int, Connu]) -> None:
    """Who cites them; the last exercice and the last emission, where every piece has one."""
    query = (
        select(
            PieceJustificative.id.label("pj_id"),
            Piece.id,
            Piece.sens,
            Piece.type_piece,
            Piece.nature_piece,
            Piece.exercice,
            Bordereau.date_emission,
        )
        .join(Lien, Lien.pj_id == PieceJustificative.id)
        .join(Piece, Piece.id == Lien.piece_id)
        .join(Bordereau, Bordereau.id == Piece.bordereau_id)
        .where(PieceJustificative.id.in_(some))
    )
    ends: dict[int, list[date | None]] = defaultdict(list)
    emissions: dict[int, list[date | None]] = defaultdict(list)
    for row in session.execute(query):
        connu = some[row.pj_id]
        connu.pieces.add(row.id)
        connu.sens.add(row.sens)
        connu.types_piece.add(row.type_piece)
        connu.natures.add(row.nature_piece)
        ends[row.pj_id].append(find_end(row.exercice))
        emissions[row.pj_id].append(row.date_emission)
    for event, said in ((Evenement.EXERCICE, ends), (Evenement.EMISSION, emissions)):
        for pj_id, days in said.items():
            _start(some[pj_id], event, days)


def find_end(exercice: int) -> date | None:
    """The last day of an exercice; None where no calendar has it."""
    return date(exercice, 12, 31) if 1 <= exercice <= 9999 else None


def _start(connu: Connu, event: Evenement, days: Collection[date | None]) -> None:
    """The last of these days starts it; one that is not known may be later than all of them."""
    known = [day for day in days if day is not None]
    if known and len(known) == len(days):
        connu.debuts[event] = max(known)


def _add_comptes(session: Session, some: Mapping[int, Connu]) -> None:
    query = (
        select(PieceJustificative.id, Ligne.compte)
        .join(Lien, Lien.pj_id == PieceJustificative.id)
        .join(Ligne, Ligne.piece_id == Lien.piece_id)
        .where(PieceJustificative.id.in_(some))
        .distinct()
    )
    for pj_id, compte in session.execute(query):
        some[pj_id].comptes.add(compte)


def _add_marches(session: Session, some: Mapping[int, Connu]) -> None:
    """The marchés that cite them; of a contractual piece, those of the lines that cite it too."""
    lined = (
        select(PieceJustificative.id, PieceJustificative.siren, Ligne.marche_cle)
        .join(Lien, Lien.pj_id == PieceJustificative.id)
        .join(Ligne, and_(Ligne.piece_id == Lien.piece_id, Ligne.marche_cle != ""))
        .where(PieceJustificative.id.in_(some), PieceJustificative.type_pj == CONTRACTUELLE)
        .distinct()
    )
    said = (*find_contrats(session, list(some)), *session.execute(lined))
    for pj_id, siren, cle in said:
        some[pj_id].marches.add((siren, cle))


def _add_acquits(session: Session, some: Mapping[int, Connu]) -> None:
    for pj_id, acquit in find_acquits(session, some).items():
        if acquit.accepte:
            _start(some[pj_id], Evenement.ACQUIT, [acquit.jour])


def _add_days_of_marches(session: Session, some: Mapping[int, Connu]) -> None:
    dates = find_dates(session, {key for connu in some.values() for key in connu.marches})
    _start_by_marche(some, Evenement.NOTIFICATION, {k: d.notifie_le for k, d in dates.items()})
    _start_by_marche(some, Evenement.SOLDE, {k: d.solde_le for k, d in dates.items()})


def _start_by_marche(
    some: Mapping[int, Connu], event: Evenement, days: Mapping[Cle, date | None]
) -> None:
    for connu in some.values():
        _start(connu, event, [days.get(key) for key in connu.marches])


def _add_operations(session: Session, some: Mapping[int, Connu]) -> None:
    """The last payment or prise en charge that retours say of every piece that cites it."""
    suivis = find_suivis(session, {piece for connu in some.values() for piece in connu.pieces})
    last: dict[int, date | None] = {}
    for piece_id, suivi in suivis.items():
        said = [p.jour for p in suivi.paiements]
        said += [retour.prise_en_charge_le for retour in suivi.retours]
        last[piece_id] = max((day for day in said if day), default=None)
    for connu in some.values():
        _start(connu, Evenement.OPERATION, [last.get(piece) for piece in connu.pieces])


DES_MARCHES = frozenset({Evenement.NOTIFICATION, Evenement.SOLDE})
DEBUTS: Mapping[Evenement, Callable[[Session, Mapping[int, Connu]], None]] = {
    Evenement.ACQUIT: _add_acquits,
    Evenement.OPERATION: _add_operations,
}
