"""The timeline of a piece: sent, acknowledged, taken in charge, paid or rejected; each its flow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from orc.domain import Sens, format_euros
from orc.models import Acquit, Bordereau, ErreurAcquit, Flux, Piece, was_read
from orc.nomenclature import libelle_etat_piece, libelle_motif, libelle_origine_emargement
from orc.retention.citations import LIBELLES_RESTITUTIONS
from orc.retention.events import Retour, Suivi, find_suivis

# DomaineAck of a bordereau, by sens.
DOMAINES = {Sens.DEPENSE.value: "5", Sens.RECETTE.value: "6"}
# So many events of one kind: a titre paid in a thousand times says its last ones.
MOST = 50


@dataclass(frozen=True, slots=True)
class Evenement:
    """What happened to a piece: the day, in words, which flow says it. `refus`: it stops it."""

    jour: date | None
    quoi: str
    source: str
    details: tuple[str, ...] = ()
    refus: bool = False


@dataclass(frozen=True, slots=True)
class Chronologie:
    """All that happened to a piece, in order, and what it makes. Cents, signed as the piece is.

    `regle`: paid or recovered; None: no retour speaks of the piece. `reste`: still to recover, as
    the last retour says it. `doutes`: what came and could not be told apart.
    """

    etat: str
    evenements: tuple[Evenement, ...]
    regle: int | None = None
    reste: int | None = None
    doutes: tuple[str, ...] = ()
    omis: int = 0


def read_chronologie(session: Session, piece_id: int) -> Chronologie:
    """The timeline of a piece that exists. Within a Clearance: whoever calls has checked it."""
    piece = session.get_one(Piece, piece_id)
    suivi = find_suivis(session, [piece_id]).get(piece_id)
    acquits, doutes = _find_acquits(session, piece)
    payments, omitted = _tell_payments(piece.sens, suivi) if suivi else ([], 0)
    events = [
        *_find_sendings(session, piece),
        *acquits,
        *(_tell_retour(piece.sens, r) for r in _keep_changes(suivi)),
        *payments,
    ]
    # Of one day, in the order of life: sent, acknowledged, answered, paid.
    ordered = sorted(events, key=lambda e: e.jour or date.max)
    return Chronologie(
        etat=_say_etat(piece.sens, suivi),
        evenements=tuple(ordered),
        regle=_sum(piece, suivi) if suivi else None,
        reste=_find_reste(suivi) if suivi else None,
        doutes=tuple(doutes),
        omis=omitted,
    )


def _find_sendings(session: Session, piece: Piece) -> Iterator[Evenement]:
    """Every sending of the piece, this one included."""
    query = (
        select(Piece.version, Bordereau.date_emission, Bordereau.numero, Flux.nom_fic)
        .add_columns(Flux.date_flux)
        .join(Bordereau, Bordereau.id == Piece.bordereau_id)
        .join(Flux, Flux.id == Piece.flux_id)
        .where(
            Piece.budget_id == piece.budget_id,
            Piece.exercice == piece.exercice,
            Piece.sens == piece.sens,
            Piece.numero == piece.numero,
            Piece.type_bordereau == piece.type_bordereau,
            Piece.numero_bordereau == piece.numero_bordereau,
            was_read(Flux),
        )
        .order_by(Piece.version)
    )
    for version, emission, numero, nom_fic, sent in session.execute(query):
        if version == 1:
            details = (f"transmise par le flux du {sent:%d/%m/%Y}",) if sent else ()
            quoi = f"Émise, bordereau {numero}"
            yield Evenement(emission or sent, quoi, nom_fic, details)
        else:
            yield Evenement(sent, f"Envoyée de nouveau (version {version})", nom_fic)


def _find_acquits(session: Session, piece: Piece) -> tuple[list[Evenement], list[str]]:
    """The acquits of its bordereau, by NomFic and number; what fits two bordereaux is a doubt."""
    sender = session.get_one(Flux, piece.flux_id)
    twins = _count_twins(session, piece, sender.nom_fic)
    query = (
        select(Acquit)
        .join(Flux, and_(Flux.id == Acquit.flux_id, was_read(Flux)))
        .where(
            Acquit.budget_id == piece.budget_id,
            Acquit.exercice == piece.exercice,
            Acquit.numero_bordereau == piece.numero_bordereau,
            Acquit.nom_fic == sender.nom_fic,
            Acquit.domaine == DOMAINES[piece.sens],
        )
        .order_by(Acquit.jour, Flux.sha256, Acquit.ligne_xml)
    )
    acquits = session.scalars(query).all()
    if acquits and twins > 1:
        doubt = f"Un acquit répond au bordereau {piece.numero_bordereau} du flux {sender.nom_fic}, "
        return [], [f"{doubt}qui est celui de {twins} bordereaux : on ne sait auquel il répond."]
    erreurs = _find_erreurs(session, [a.id for a in acquits], piece.numero)
    return [_tell_acquit(a, erreurs.get(a.id, [])) for a in acquits], []


def _count_twins(session: Session, piece: Piece, nom_fic: str) -> int:
    """How many bordereaux of this number an acquit of this flow may speak of."""
    query = (
        select(func.count())
        .select_from(Bordereau)
        .join(Flux, Flux.id == Bordereau.flux_id)
        .where(
            Bordereau.budget_id == piece.budget_id,
            Bordereau.exercice == piece.exercice,
            Bordereau.sens == piece.sens,
            Bordereau.numero == piece.numero_bordereau,
            Flux.nom_fic == nom_fic,
            was_read(Flux),
        )
    )
    return session.scalar(query) or 0


def _find_erreurs(
    session: Session, acquit_ids: Sequence[int], numero: str
) -> dict[int, list[ErreurAcquit]]:
    """The errors on this piece, or on the whole; those on other pieces are theirs."""
    found: dict[int, list[ErreurAcquit]] = {}
    query = (
        select(ErreurAcquit)
        .where(ErreurAcquit.acquit_id.in_(acquit_ids), ErreurAcquit.numero_piece.in_(["", numero]))
        .order_by(ErreurAcquit.id)
    )
    for erreur in session.scalars(query):
        found.setdefault(erreur.acquit_id, []).append(erreur)
    return found


def _tell_acquit(acquit: Acquit, erreurs: Sequence[ErreurAcquit]) -> Evenement:
    said = {True: "Bordereau acquitté", False: "Bordereau refusé par l’acquit"}
    quoi = "Acquit du bordereau, qui ne dit pas s’il accepte"
    if acquit.accepte is not None:
        quoi = said[acquit.accepte]
    details = tuple(_tell_erreur(erreur) for erreur in erreurs)
    source = f"acquit de {acquit.nom_fic}"
    return Evenement(acquit.jour, quoi, source, details, refus=acquit.accepte is False)


def _tell_erreur(erreur: ErreurAcquit) -> str:
    where = "le bordereau"
    if erreur.numero_piece:
        where = f"la pièce {erreur.numero_piece}"
    if erreur.numero_ligne:
        where += f", ligne {erreur.numero_ligne}"
    return f"Erreur sur {where} : {' — '.join(filter(None, (erreur.code, erreur.libelle)))}"


def _keep_changes(suivi: Suivi | None) -> Iterator[Retour]:
    """The retours that say something new of the state: a stock repeats it every month."""
    before = None
    for retour in suivi.retours if suivi else ():
        said = (retour.etat, retour.prise_en_charge_le, retour.rejet_le, retour.motifs)
        if said != before:
            yield retour
        before = said


def _tell_retour(sens: str, retour: Retour) -> Evenement:
    etat = libelle_etat_piece(sens, retour.etat, forme_v20=retour.forme_v20)
    details = [libelle_motif(sens, m) or f"motif {m}" for m in retour.motifs]
    if retour.prise_en_charge_le:
        details.append(f"prise en charge le {retour.prise_en_charge_le:%d/%m/%Y}")
    if retour.rejet_le:
        details.append(f"rejetée le {retour.rejet_le:%d/%m/%Y}")
    if retour.commentaire:
        details.append(retour.commentaire)
    kind = LIBELLES_RESTITUTIONS.get(retour.type_restitution, "retour")
    quoi = f"{etat or f'État {retour.etat}' if retour.etat else 'État non dit'} ({kind})"
    refus = retour.etat == "04" or retour.rejet_le is not None
    return Evenement(retour.jour, quoi, retour.nom_fic, tuple(details), refus=refus)


def _tell_payments(sens: str, suivi: Suivi) -> tuple[list[Evenement], int]:
    """What settled it, the last ones; how many are left out."""
    told = [
        Evenement(
            p.jour,
            f"{libelle_origine_emargement(sens, p.origine) or _name(sens)} : "
            f"{'montant illisible' if p.montant is None else format_euros(p.montant)}",
            "",
            (f"ligne {p.ligne}",) if p.ligne else (),
        )
        for p in suivi.paiements
    ]
    return told[-MOST:], max(0, len(told) - MOST)


def _name(sens: str) -> str:
    return "Paiement" if sens == Sens.DEPENSE else "Encaissement"


def _say_etat(sens: str, suivi: Suivi | None) -> str:
    if suivi is None:
        return ""
    last = suivi.dernier
    label = libelle_etat_piece(sens, last.etat, forme_v20=last.forme_v20) or f"État {last.etat}"
    return f"{label}, au {last.jour:%d/%m/%Y}" if last.jour else label


def _sum(piece: Piece, suivi: Suivi) -> int:
    sign = -1 if piece.type_bordereau == "02" else 1
    return sign * sum(p.montant or 0 for p in suivi.paiements)


def _find_reste(suivi: Suivi) -> int | None:
    """What remains to recover of its lines; None where a line does not say it."""
    said = [ligne.reste for ligne in suivi.lignes]
    known = [reste for reste in said if reste is not None]
    return sum(known) if known and len(known) == len(said) else None
