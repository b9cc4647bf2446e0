"""What the events kept make of a piece or a PJ, whatever order they came in. Reads SQL only."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Row, and_, or_, select
from sqlalchemy.orm import Session, aliased

from orc.db import cut
from orc.models import (
    FLUX_BITS,
    Acquit,
    Emargement,
    ErreurAcquit,
    Flux,
    Piece,
    PieceJustificative,
    RetourLigne,
    RetourPiece,
    was_read,
)

# DomaineAck of a PJ.
PJ = "4"
# NumAnoAck: Hélios has this PJ already, and takes no second sending of it.
DOUBLON = "ERREUR_DOUBLON_PJ"


@dataclass(frozen=True, slots=True)
class Paiement:
    """A payment, a recovery or an offset of a line: OrgEma, day, cents as the flow writes them.

    `montant` None: what is written there cannot be read.
    """

    ligne: str
    origine: str
    jour: date | None
    montant: int | None


@dataclass(frozen=True, slots=True)
class EtatLigne:
    """What the last retour that speaks of a line says of it. `reste`: cents still to recover.

    `cession_opposition`: 02 or 03 where any retour says so; `total`: cents paid, of the last one
    that says it.
    """

    numero: str
    etat: str
    cession_opposition: str
    reste: int | None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Retour:
    """One retour about a piece: where it comes from, what it says. `etat` is EtatPce."""

    id: int
    flux_id: int
    nom_fic: str
    jour: date | None
    type_restitution: str
    forme_v20: bool
    etat: str
    type_piece: str
    prise_en_charge_le: date | None
    rejet_le: date | None
    motifs: tuple[str, ...]
    commentaire: str
    # Said of a whole bordereau of ORMC, not of this piece by its number.
    de_bordereau: bool = False


@dataclass(frozen=True, slots=True)
class Suivi:
    """All that was answered of a piece: every retour in order, the last being its state.

    `paiements`: what any of them says, each once however often it is said.
    """

    retours: tuple[Retour, ...]
    lignes: tuple[EtatLigne, ...]
    paiements: tuple[Paiement, ...]

    @property
    def dernier(self) -> Retour:
        """The one that says the state."""
        return self.retours[-1]

    @property
    def doute(self) -> str:
        """Why the last retour may not be the one that says the state, in words; empty: it is."""
        last = self.dernier
        if last.jour is None:
            return "aucun retour daté ne dit son état"
        others = [r for r in self.retours if _say(r) != _say(last)]
        if any(r.jour is None for r in others):
            return "un retour sans date dit autre chose"
        if any(r.jour == last.jour for r in others):
            return "deux retours du même jour se contredisent"
        own = [r for r in self.retours if not r.de_bordereau]
        if last.de_bordereau and own and own[-1] in others:
            return "le retour du bordereau entier contredit celui de la pièce"
        return ""


def _say(retour: Retour) -> tuple[str, bool, bool]:
    """What two retours cannot both say: the state, which 05 it is, whether it is rejected."""
    solde = retour.forme_v20 and retour.etat == "05"
    return retour.etat, solde, retour.rejet_le is not None


@dataclass(frozen=True, slots=True)
class AcquitPj:
    """What the last acquit of a PJ says. `ambigu`: it fits several sendings of it, none is told.

    `contredit`: another one of the same day, or of no day, says otherwise.
    """

    accepte: bool | None
    jour: date | None
    flux_id: int
    nom_fic: str
    ambigu: bool = False
    contredit: bool = False
    acquit_id: int = 0


def find_suivis(session: Session, piece_ids: Collection[int]) -> dict[int, Suivi]:
    """What retours say of these pieces, for those of which any does.

    A piece rejected at the visa may be sent again under its number: what was said before its last
    sending was said of the one before (PES V2, DtePceRej without DtePcePec).
    """
    return {
        piece_id: suivi
        for lot in cut(piece_ids)
        for piece_id, suivi in _find_suivis(session, lot).items()
    }


def _find_suivis(session: Session, piece_ids: list[int]) -> dict[int, Suivi]:
    by_piece = _find_retours(session, piece_ids)
    ids = {retour.id for retours in by_piece.values() for retour in retours}
    lignes, paiements = _find_lignes(session, ids), _find_paiements(session, ids)
    return {
        piece_id: Suivi(
            tuple(retours),
            _keep_last(lignes, retours),
            _merge([paiements.get(retour.id, []) for retour in retours]),
        )
        for piece_id, retours in by_piece.items()
    }


def _find_retours(session: Session, piece_ids: list[int]) -> dict[int, list[Retour]]:
    """The retours of each piece in the order of their days, then one no arrival changes."""
    sender = aliased(Flux)
    query = (
        select(Piece.id, RetourPiece, Flux.nom_fic, Flux.sha256)
        .join(sender, sender.id == Piece.flux_id)
        .join(RetourPiece, _speaks_of_piece())
        .join(Flux, and_(Flux.id == RetourPiece.flux_id, was_read(Flux)))
        .where(
            Piece.id.in_(piece_ids),
            or_(
                Piece.version == 1,
                RetourPiece.jour >= sender.date_flux,
                RetourPiece.jour.is_(None),
            ),
        )
    )
    found: dict[int, list[Retour]] = defaultdict(list)
    for piece_id, row, nom, _sha in sorted(session.execute(query).all(), key=_by_day):
        found[piece_id].append(_make_retour(row, nom))
    return found


def _by_day(found: Row[int, RetourPiece, str, str]) -> tuple[date, str, int]:
    """By the day of the flow, then what no order of arrival changes."""
    _piece_id, row, _nom, sha256 = found
    return row.jour or date.min, sha256, row.id % (1 << FLUX_BITS)


def _speaks_of_piece() -> ColumnElement[bool]:
    return and_(
        RetourPiece.budget_id == Piece.budget_id,
        RetourPiece.exercice == Piece.exercice,
        RetourPiece.sens == Piece.sens,
        RetourPiece.type_bordereau == Piece.type_bordereau,
        RetourPiece.numero_bordereau == Piece.numero_bordereau,
        # As a list, so that an index is followed to the retours of this piece alone.
        RetourPiece.numero.in_([Piece.numero, ""]),
    )


def _make_retour(row: RetourPiece, nom_fic: str) -> Retour:
    return Retour(
        id=row.id,
        flux_id=row.flux_id,
        nom_fic=nom_fic,
        jour=row.jour,
        type_restitution=row.type_restitution,
        forme_v20=row.forme_v20,
        etat=row.etat,
        type_piece=row.type_piece,
        prise_en_charge_le=row.prise_en_charge_le,
        rejet_le=row.rejet_le,
        motifs=tuple(filter(None, row.motifs.split(","))),
        commentaire=row.commentaire,
        de_bordereau=not row.numero,
    )


def _find_lignes(session: Session, retour_ids: Collection[int]) -> dict[int, list[RetourLigne]]:
    found: dict[int, list[RetourLigne]] = defaultdict(list)
    for lot in cut(retour_ids):
        query = select(RetourLigne).where(RetourLigne.retour_id.in_(lot)).order_by(RetourLigne.id)
        for row in session.scalars(query):
            found[row.retour_id].append(row)
    return found


def _keep_last(
    lignes: dict[int, list[RetourLigne]], retours: Sequence[Retour]
) -> tuple[EtatLigne, ...]:
    """Each line as the last retour that speaks of it has it.

    A cession said once needed the exemplaire unique: a later silence does not give it back.
    """
    said: dict[str, list[RetourLigne]] = defaultdict(list)
    for retour in retours:
        for row in lignes.get(retour.id, []):
            said[row.numero].append(row)
    return tuple(
        EtatLigne(
            numero,
            rows[-1].etat,
            max(row.cession_opposition for row in rows),
            rows[-1].reste,
            next((row.total for row in reversed(rows) if row.total is not None), None),
        )
        for numero, rows in said.items()
    )


def _find_paiements(session: Session, retour_ids: Collection[int]) -> dict[int, list[Paiement]]:
    found: dict[int, list[Paiement]] = defaultdict(list)
    for lot in cut(retour_ids):
        query = (
            select(RetourLigne.retour_id, RetourLigne.numero, Emargement)
            .join(Emargement, Emargement.ligne_id == RetourLigne.id)
            .where(RetourLigne.retour_id.in_(lot))
        )
        for retour_id, numero, row in session.execute(query):
            found[retour_id].append(Paiement(numero, row.origine, row.jour, row.montant))
    return found


def _merge(said: Sequence[Sequence[Paiement]]) -> tuple[Paiement, ...]:
    """What any retour says, once: two payments alike count twice only where one retour says both.

    So it holds whether a retour says all payments or only the new ones, and however often.
    """
    most: Counter[Paiement] = Counter()
    for one in said:
        most |= Counter(one)
    return tuple(sorted(most.elements(), key=lambda p: (p.jour or date.min, p.ligne, p.origine)))


def find_acquits(session: Session, pj_ids: Collection[int]) -> dict[int, AcquitPj]:
    """The last acquit of each of these PJ, for those that have one: by its IdUnique and NomFic.

    The same IdUnique sent again under the same NomFic: an acquit answers the last sending before
    it; of the same day, nobody can tell. Refused only because Hélios has it already: the acquit
    that accepted these very bytes holds.
    """
    found = _find_last_acquits(session, pj_ids)
    refused = {a.acquit_id: pj_id for pj_id, a in found.items() if a.accepte is False}
    earlier = _find_same_earlier(session, _find_doublons(session, refused).values())
    accepted = _find_last_acquits(session, earlier)
    for other, pj_id in sorted(earlier.items()):
        acquit = accepted.get(other)
        if acquit and acquit.accepte and not (acquit.contredit or found[pj_id].contredit):
            found[pj_id] = acquit
    return found


def _find_doublons(session: Session, refused: Mapping[int, int]) -> dict[int, int]:
    """Those of these acquits, with their PJ, that refuse for no other reason."""
    codes: dict[int, set[str]] = defaultdict(set)
    for lot in cut(refused):
        query = select(ErreurAcquit.acquit_id, ErreurAcquit.code)
        for acquit_id, code in session.execute(query.where(ErreurAcquit.acquit_id.in_(lot))):
            codes[acquit_id].add(code)
    return {i: refused[i] for i, said in codes.items() if said == {DOUBLON}}


def _find_same_earlier(session: Session, pj_ids: Collection[int]) -> dict[int, int]:
    """The earlier sendings of the same bytes under the same identifier, each with its PJ."""
    other = aliased(PieceJustificative)
    same = and_(
        other.siren == PieceJustificative.siren,
        other.id_unique == PieceJustificative.id_unique,
        other.sha256 == PieceJustificative.sha256,
        other.version < PieceJustificative.version,
    )
    found: dict[int, int] = {}
    for lot in cut(pj_ids):
        query = select(other.id, PieceJustificative.id).join(PieceJustificative, same)
        found |= dict(session.execute(query.where(PieceJustificative.id.in_(lot))).all())
    return found


def _find_last_acquits(session: Session, pj_ids: Collection[int]) -> dict[int, AcquitPj]:
    found: dict[int, AcquitPj] = {}
    for lot in cut(pj_ids):
        others = _find_other_sendings(session, lot)
        answers: dict[int, list[Acquit]] = defaultdict(list)
        for pj_id, sent, acquit, _sha in sorted(_find_acquits(session, lot), key=_by_acquit):
            if _answers(acquit.jour, sent, others.get(pj_id, [])):
                answers[pj_id].append(acquit)
                ambigu = sent in others.get(pj_id, [])
                found[pj_id] = _make_acquit(answers[pj_id], ambigu=ambigu)
    return found


def _make_acquit(answers: Sequence[Acquit], *, ambigu: bool) -> AcquitPj:
    """The last of these; those of its day, or of no known day, may come after it."""
    last = answers[-1]
    near = [a for a in answers if a.jour is None or a.jour == last.jour]
    return AcquitPj(
        None if ambigu else last.accepte,
        last.jour,
        last.flux_id,
        last.nom_fic,
        ambigu,
        contredit=any(a.accepte != last.accepte for a in near),
        acquit_id=last.id,
    )


def _find_acquits(
    session: Session, pj_ids: list[int]
) -> Sequence[Row[int, date | None, Acquit, str]]:
    sender = aliased(Flux)
    query = (
        select(PieceJustificative.id, sender.date_flux, Acquit, Flux.sha256)
        .join(sender, sender.id == PieceJustificative.flux_id)
        .join(
            Acquit,
            and_(
                Acquit.siren == PieceJustificative.siren,
                Acquit.id_unique == PieceJustificative.id_unique,
                Acquit.nom_fic == sender.nom_fic,
                Acquit.domaine == PJ,
            ),
        )
        .join(Flux, and_(Flux.id == Acquit.flux_id, was_read(Flux)))
        .where(PieceJustificative.id.in_(pj_ids), PieceJustificative.id_unique != "")
    )
    return session.execute(query).all()


def _by_acquit(found: Row[int, date | None, Acquit, str]) -> tuple[date, str, int]:
    _pj_id, _sent, acquit, sha256 = found
    return acquit.jour or date.min, sha256, acquit.id % (1 << FLUX_BITS)


def _find_other_sendings(session: Session, pj_ids: list[int]) -> dict[int, list[date | None]]:
    """The days of the other sendings of each PJ under the same NomFic."""
    other, mine, theirs = aliased(PieceJustificative), aliased(Flux), aliased(Flux)
    query = (
        select(PieceJustificative.id, theirs.date_flux)
        .join(mine, mine.id == PieceJustificative.flux_id)
        .join(
            other,
            and_(
                other.siren == PieceJustificative.siren,
                other.id_unique == PieceJustificative.id_unique,
                other.id != PieceJustificative.id,
            ),
        )
        .join(theirs, and_(theirs.id == other.flux_id, theirs.nom_fic == mine.nom_fic))
        .where(PieceJustificative.id.in_(pj_ids), was_read(theirs))
    )
    found: dict[int, list[date | None]] = defaultdict(list)
    for pj_id, day in session.execute(query):
        found[pj_id].append(day)
    return found


def _answers(said: date | None, sent: date | None, others: Sequence[date | None]) -> bool:
    """Whether an acquit of this day may answer what was sent that day, and not again since."""
    if said is None or sent is None:
        return True
    return sent <= said and not any(day and sent < day <= said for day in others)
