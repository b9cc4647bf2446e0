"""The archives' part: exceptions prepared line by line, one answer signed; then the délai."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement

from orc.access import Lecteur
from orc.access.pieces_demande import PieceJointe
from orc.db import Writing
from orc.errors import Conflict, Forbidden
from orc.models import LigneElimination
from orc.retention.durees import Duree, Unite, find_terme
from orc.retention.eliminations.documents import keep_piece
from orc.retention.eliminations.etats import Camp, Etat, Geste
from orc.retention.eliminations.lignes import StatutLigne, change_lines, is_of
from orc.retention.eliminations.marche import (
    Marche,
    Regles,
    Suite,
    Trace,
    begin,
    check_texte,
    divert,
    find_dernier,
    finish,
    free_lines,
)
from orc.retention.eliminations.verification import Verification
from orc.storage import Storage

# When the archives propose, the producer has three months to take its records back.
REPRISE = Duree(3, Unite.MOIS)


@dataclass(frozen=True, slots=True)
class Choix:
    """Which lines an exception bears on: these ids, or a line of typology, or the whole list.

    `regle`: the code of a rule, where a typologie is under several.
    """

    lignes: tuple[int, ...] = ()
    typologie: str | None = None
    regle: str = ""
    tout: bool = False


@dataclass(frozen=True, slots=True)
class Reponse:
    """What the archives sign: the reference of their visa, or why they refuse it all."""

    reference: str
    observations: str = ""
    piece: PieceJointe | None = None


def except_lines(
    session: Writing,
    lecteur: Lecteur,
    bordereau_id: int,
    pas: int,
    choix: Choix,
    motif: str,
    *,
    today: date,
) -> Suite:
    """Prepare the refusal of these lines, with its motif; an empty one takes it back.

    Nothing is refused before the answer is signed. Raises Conflict where no line is meant.
    """
    marche = begin(session, lecteur, bordereau_id, pas, Geste.EXCEPTER, today)
    motif = check_texte(motif, "") if motif.strip() else ""
    done = change_lines(session, bordereau_id, *_choose(choix), motif=motif)
    if not done:
        raise Conflict("Aucune ligne n’est choisie : rien n’a été changé.")
    details = {"exceptees" if motif else "reprises": done}
    return finish(marche, Etat.VISA_DEMANDE, Trace(motif, details=details))


def _choose(choix: Choix) -> Sequence[ColumnElement[bool]]:
    if choix.tout:
        return ()
    if choix.typologie is not None:
        return (is_of(choix.typologie, choix.regle),)
    return (LigneElimination.id.in_(choix.lignes[:1000]),)


def answer_visa(
    session: Writing,
    storage: Storage,
    lecteur: Lecteur,
    bordereau_id: int,
    pas: int,
    reponse: Reponse,
    *,
    today: date,
) -> Suite:
    """Sign the answer: visé, visé en partie where lines were excepted, refusé where all were.

    Who signed the proposal does not answer it. Raises Invalid without a reference.
    """
    marche = begin(session, lecteur, bordereau_id, pas, Geste.VISER, today)
    signed = find_dernier(session, bordereau_id, Geste.PROPOSER)
    if signed is not None and signed.personne_id == lecteur.personne_id:
        raise Forbidden("Qui a signé la proposition ne la vise pas lui-même.")
    reference = check_texte(reponse.reference, "Donnez la référence du visa ou du refus.")
    observations = reponse.observations.strip()
    if observations:
        check_texte(observations, "")
    kept = keep_piece(storage, reponse.piece)
    vu = marche.verify()
    if diverted := divert(marche, vu, Trace()):
        return diverted
    return _sign(marche, vu, reference, observations, kept)


def _sign(
    marche: Marche,
    vu: Verification,
    reference: str,
    observations: str,
    piece: PieceJointe | None,
) -> Suite:
    refused = _refuse_excepted(marche)
    left = vu.restantes - refused
    geste, etat = (Geste.VISER, Etat.VISE) if not refused else (
        (Geste.VISER_EN_PARTIE, Etat.VISE_EN_PARTIE) if left else (Geste.REFUSER, Etat.REFUSE)
    )  # fmt: skip
    marche.bordereau.observations_archives = observations
    if etat is Etat.REFUSE:
        free_lines(marche)
    else:
        marche.bordereau.autorisation = f"Visa : {reference}"
    trace = Trace(reference, piece, {"refusees": refused})
    return finish(marche, etat, trace, vu=Verification(0, left), geste=geste)


def _refuse_excepted(marche: Marche) -> int:
    refused = {"statut": StatutLigne.REFUSEE.value, "en_cours": False}
    excepted = LigneElimination.motif != ""
    return change_lines(marche.session, marche.bordereau.id, excepted, **refused)


def open_delai(
    session: Writing,
    lecteur: Lecteur,
    bordereau_id: int,
    pas: int,
    *,
    regles: Regles,
    today: date,
) -> Suite:
    """Begin the days during which nothing is destroyed; what may no longer go is set aside."""
    marche = begin(session, lecteur, bordereau_id, pas, Geste.OUVRIR_DELAI, today)
    vu = marche.verify()
    if diverted := divert(marche, vu, Trace()):
        return diverted
    # Both ends included; where the settings ask for none, it ended yesterday.
    until = today + timedelta(days=regles.delai_jours or -1)
    if marche.bordereau.origine == Camp.ARCHIVES:
        until = max(until, find_terme(today, REPRISE))
    marche.bordereau.delai_jusqu_a = until
    return finish(marche, Etat.DELAI, Trace(details={"jusqu_a": until.isoformat()}), vu=vu)
