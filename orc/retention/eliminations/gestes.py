"""Any act of a bordereau by its name, as a form or a program sends it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from orc.access import Lecteur
from orc.access.pieces_demande import PieceJointe
from orc.db import Writing
from orc.errors import Invalid
from orc.models import BordereauElimination
from orc.retention.eliminations.attestation import Attestation, attest, certify, countersign, recuse
from orc.retention.eliminations.etats import PASSAGES, Etat, Geste
from orc.retention.eliminations.lignes import count_lines
from orc.retention.eliminations.marche import Regles, Suite
from orc.retention.eliminations.preparation import (
    abandon,
    analyse,
    ask_visa,
    invoke_autorisation,
    propose,
)
from orc.retention.eliminations.verification import AVerifier, start_verification
from orc.retention.eliminations.visa import Reponse, answer_visa, open_delai
from orc.storage import Storage


@dataclass(frozen=True, slots=True)
class Saisie:
    """What was given with an act; each takes what it needs of it and refuses what is missing."""

    motif: str = ""
    reference: str = ""
    observations: str = ""
    methode: str = ""
    detruite_le: date | None = None
    metrage_mm: int | None = None
    piece: PieceJointe | None = None


@dataclass(frozen=True, slots=True)
class Appel:
    """Who acts, on which bordereau as seen at which step, by which means."""

    session: Writing
    storage: Storage
    lecteur: Lecteur
    bordereau_id: int
    pas: int
    regles: Regles
    today: date


def _propose(c: Appel, s: Saisie) -> Suite:
    return propose(
        c.session, c.storage, c.lecteur, c.bordereau_id, c.pas,
        today=c.today, observations=s.observations, piece=s.piece,
    )  # fmt: skip


def _ask_visa(c: Appel, s: Saisie) -> Suite:
    where = (c.session, c.storage, c.lecteur, c.bordereau_id, c.pas)
    return ask_visa(*where, today=c.today, piece=s.piece)


def _answer(c: Appel, s: Saisie) -> Suite:
    reponse = Reponse(s.reference, s.observations, s.piece)
    return answer_visa(
        c.session, c.storage, c.lecteur, c.bordereau_id, c.pas, reponse, today=c.today
    )


def _attest(c: Appel, s: Saisie) -> Suite:
    if s.detruite_le is None:
        raise Invalid("Donnez la date de la destruction.")
    said = Attestation(s.detruite_le, s.methode, s.piece, s.metrage_mm)
    return attest(c.session, c.storage, c.lecteur, c.bordereau_id, c.pas, said, today=c.today)


def _certify(c: Appel, s: Saisie) -> Suite:
    where = (c.session, c.storage, c.lecteur, c.bordereau_id, c.pas)
    return certify(*where, regles=c.regles, today=c.today, piece=s.piece)


GESTES: Mapping[Geste, Callable[[Appel, Saisie], Suite]] = {
    Geste.ANALYSER: lambda c, _: analyse(
        c.session, c.lecteur, c.bordereau_id, c.pas, today=c.today
    ),
    Geste.PROPOSER: _propose,
    Geste.DEMANDER_VISA: _ask_visa,
    Geste.AUTORISER: lambda c, _: invoke_autorisation(
        c.session, c.lecteur, c.bordereau_id, c.pas, regles=c.regles, today=c.today
    ),
    Geste.VISER: _answer,
    Geste.OUVRIR_DELAI: lambda c, _: open_delai(
        c.session, c.lecteur, c.bordereau_id, c.pas, regles=c.regles, today=c.today
    ),
    Geste.ATTESTER: _attest,
    Geste.CONTRESIGNER: lambda c, _: countersign(
        c.session, c.lecteur, c.bordereau_id, c.pas, today=c.today
    ),
    Geste.RECUSER: lambda c, s: recuse(
        c.session, c.lecteur, c.bordereau_id, c.pas, s.motif, today=c.today
    ),
    Geste.CERTIFIER: _certify,
    Geste.ABANDONNER: lambda c, s: abandon(
        c.session, c.lecteur, c.bordereau_id, c.pas, s.motif, today=c.today
    ),
}
# Those for which who acts proves again who it is.
SIGNATURES = frozenset(g for (_, g), p in PASSAGES.items() if p.signe and g in GESTES)


def find_geste(nom: str, *, signe: bool) -> Geste | None:
    """The act of this name among those that are signed, or among the others; None: none."""
    found = next((g for g in GESTES if g.value == nom), None)
    return found if found is not None and (found in SIGNATURES) is signe else None


def do_geste(appel: Appel, geste: Geste, saisie: Saisie) -> Suite:
    """Do this act. Raises what it raises.

    On a long list whose lines have to be verified first, that begins instead: `Suite` says so.
    """
    try:
        return GESTES[geste](appel, saisie)
    except AVerifier:
        # Nothing was written yet: the lines are looked at before anything else is done.
        start_verification(appel.session, appel.bordereau_id, appel.today)
    row = appel.session.get_one(BordereauElimination, appel.bordereau_id)
    lignes = count_lines(appel.session, row.id)
    return Suite(Geste.VERIFIER, Etat(row.etat), row.pas, 0, lignes)
