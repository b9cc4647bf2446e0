"""The destruction of the collectivité's copy, said done by two people; then its certificate.

ORC deletes nothing: what is destroyed is the copy the collectivité kept (domaine.md, tests 15, 16).
"""

from dataclasses import dataclass
from datetime import date

from orc.access import Lecteur
from orc.access.pieces_demande import PieceJointe
from orc.db import Writing
from orc.domain import format_date
from orc.errors import Conflict, Forbidden, Invalid
from orc.retention.eliminations.documents import keep_piece
from orc.retention.eliminations.etats import Etat, Geste
from orc.retention.eliminations.lignes import StatutLigne, change_lines, hash_list
from orc.retention.eliminations.marche import (
    Regles,
    Suite,
    Trace,
    begin,
    check_texte,
    divert,
    find_dernier,
    finish,
    void_attestation,
)
from orc.retention.eliminations.portee import find_camps
from orc.storage import Storage

METRAGE_MAX = 100_000_000


@dataclass(frozen=True, slots=True)
class Attestation:
    """What the first person declares. `metrage_mm`: linear metres of paper, in millimetres."""

    detruite_le: date
    methode: str
    piece: PieceJointe | None
    metrage_mm: int | None = None


def attest(
    session: Writing,
    storage: Storage,
    lecteur: Lecteur,
    bordereau_id: int,
    pas: int,
    attestation: Attestation,
    *,
    today: date,
) -> Suite:
    """The first person signs that the copies are destroyed; another has to sign too.

    Test 15: an authorisation is recorded, and its délai is over. Raises Conflict, Invalid.
    """
    marche = begin(session, lecteur, bordereau_id, pas, Geste.ATTESTER, today)
    bordereau = marche.bordereau
    check_autorisation(bordereau.autorisation, bordereau.delai_jusqu_a, attestation, today)
    methode = check_texte(attestation.methode, "Dites par quelle méthode la copie est détruite.")
    if attestation.piece is None:
        raise Invalid("Joignez le procès-verbal de destruction.")
    kept = keep_piece(storage, attestation.piece)
    vu = marche.verify()
    if diverted := divert(marche, vu, Trace()):
        return diverted
    bordereau.detruite_le, bordereau.methode = attestation.detruite_le, methode
    bordereau.metrage_mm = attestation.metrage_mm
    digest = hash_list(session, bordereau, attested=True)
    trace = Trace(methode, kept, {"detruite_le": attestation.detruite_le.isoformat()})
    return finish(marche, Etat.A_CONTRESIGNER, trace, vu=vu, liste_sha256=digest)


def check_autorisation(
    autorisation: str, delai_jusqu_a: date | None, attestation: Attestation, today: date
) -> None:
    """Test 15. Raises Conflict before the end of the délai, Invalid on a day that cannot be."""
    if not autorisation or delai_jusqu_a is None:
        raise Conflict("Aucune autorisation n’est enregistrée : rien ne se détruit (règle 15).")
    until = format_date(delai_jusqu_a)
    if today <= delai_jusqu_a:
        raise Conflict(f"Le délai court jusqu’au {until} inclus : rien ne se détruit avant.")
    if attestation.detruite_le <= delai_jusqu_a:
        raise Invalid(f"Le délai courait jusqu’au {until} inclus : la date le précède.")
    if attestation.detruite_le > today:
        raise Invalid("La destruction ne peut pas être attestée avant d’être faite.")
    if attestation.metrage_mm is not None and not 0 <= attestation.metrage_mm <= METRAGE_MAX:
        raise Invalid("Ce métrage n’est pas possible.")


def countersign(
    session: Writing, lecteur: Lecteur, bordereau_id: int, pas: int, *, today: date
) -> Suite:
    """Another person signs the same: the lines are destroyed for the register (test 16).

    Where a line may no longer go, it is set aside and the first signature falls: it bore on
    another list. Raises Forbidden to the person who signed first.
    """
    marche = begin(session, lecteur, bordereau_id, pas, Geste.CONTRESIGNER, today)
    first = find_dernier(session, bordereau_id, Geste.ATTESTER)
    if first is None or first.personne_id == lecteur.personne_id:
        raise Forbidden("La seconde attestation est d’une autre personne (règle 16).")
    vu = marche.verify()
    if diverted := divert(marche, vu, Trace()):
        return diverted
    digest = hash_list(session, marche.bordereau, attested=True)
    change_lines(session, bordereau_id, statut=StatutLigne.DETRUITE.value)
    return finish(marche, Etat.ATTESTEE, Trace(), vu=vu, liste_sha256=digest)


def recuse(
    session: Writing, lecteur: Lecteur, bordereau_id: int, pas: int, motif: str, *, today: date
) -> Suite:
    """Refuse to countersign, or take one's own attestation back: it has to be made again."""
    marche = begin(session, lecteur, bordereau_id, pas, Geste.RECUSER, today)
    trace = Trace(check_texte(motif, "Dites pourquoi cette attestation est récusée."))
    void_attestation(marche)
    return finish(marche, Etat.DELAI, trace)


def certify(
    session: Writing,
    storage: Storage,
    lecteur: Lecteur,
    bordereau_id: int,
    pas: int,
    *,
    regles: Regles,
    today: date,
    piece: PieceJointe | None = None,
) -> Suite:
    """Sign the certificate, on the side the settings say; the bordereau is kept for ever."""
    marche = begin(session, lecteur, bordereau_id, pas, Geste.CERTIFIER, today)
    if regles.certificat not in find_camps(session, lecteur.clearance, bordereau_id):
        raise Forbidden(f"Le certificat est signé par : {regles.certificat.value}.")
    kept = keep_piece(storage, piece)
    bordereau = marche.bordereau
    digest = hash_list(session, bordereau, attested=True)
    return finish(marche, Etat.CERTIFIEE, Trace(piece=kept), liste_sha256=digest)
