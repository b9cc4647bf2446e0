"""The producer's part: a list drawn up, analysed, signed, sent to the archives; or abandoned."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select

from orc.access import Lecteur
from orc.access.pieces_demande import PieceJointe
from orc.db import Writing
from orc.errors import Conflict, Invalid, NotFound
from orc.models import BordereauElimination, LigneElimination, read_now
from orc.retention.eliminations.documents import keep_piece
from orc.retention.eliminations.etats import CREATION, FIGES, Camp, Etat, Geste
from orc.retention.eliminations.lignes import (
    LIGNES_MAX,
    LOT,
    Criteres,
    StatutLigne,
    change_lines,
    check_free,
    check_within,
    count_lines,
    find_candidates,
    hash_list,
    number_lines,
    put_lines,
)
from orc.retention.eliminations.marche import (
    TEXTE_MAX,
    Marche,
    Regles,
    Suite,
    Trace,
    begin,
    check_texte,
    divert,
    finish,
    free_lines,
    void_list,
)
from orc.retention.eliminations.portee import get_cellules, holds_siren
from orc.retention.eliminations.verification import keep_eligible
from orc.retention.verrou import hold_retention
from orc.storage import Storage

RIEN = "Aucune pièce justificative à ajouter : rien n’a été changé."
VIDE = "Cette liste n’a aucune ligne : ajoutez-en d’abord."
INTITULE_MAX = 200


def create_bordereau(
    session: Writing,
    lecteur: Lecteur,
    siren: str,
    intitule: str,
    observations: str = "",
    *,
    today: date,
) -> int:
    """A draft, on a collectivité of one's own; its id. Raises NotFound, Invalid."""
    hold_retention(session)
    intitule = check_texte(intitule, "Donnez un intitulé au bordereau.")[:INTITULE_MAX]
    if len(observations) > TEXTE_MAX:
        raise Invalid(f"Ce texte a plus de {TEXTE_MAX} caractères.")
    clearance = lecteur.clearance
    camps = [c for c in Camp if holds_siren(session, get_cellules(clearance, c), siren)]
    if not camps:
        raise NotFound("Cette collectivité n’existe pas, ou elle n’est pas de votre périmètre.")
    camp = camps[0]
    bordereau = BordereauElimination(
        numero=_make_numero(session, today),
        siren=siren,
        intitule=intitule,
        observations=observations.strip(),
        origine=camp.value,
        etat=Etat.BROUILLON.value,
        cree_par_id=lecteur.personne_id,
        cree_par=lecteur.nom,
        cree_le=read_now(),
    )
    session.add(bordereau)
    session.flush()
    etat = Etat.BROUILLON
    marche = Marche(session, lecteur, bordereau, camp, etat, Geste.CREER, CREATION, today)
    finish(marche, Etat.BROUILLON, Trace(details={"siren": siren, "origine": camp.value}))
    return bordereau.id


def _make_numero(session: Writing, today: date) -> str:
    """The next number of the year; the lock of retention keeps others out."""
    prefix = f"BE-{today.year}-"
    query = select(func.max(BordereauElimination.numero))
    last = session.scalar(query.where(BordereauElimination.numero.startswith(prefix)))
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:06d}"


def add_eligibles(
    session: Writing,
    lecteur: Lecteur,
    bordereau_id: int,
    pas: int,
    criteres: Criteres,
    *,
    today: date,
) -> Suite:
    """Add all that may go of the collectivité and these exercices, LIGNES_MAX lines at most.

    A list that was frozen is void, and what is added to it is decided again at once; else the
    analysis does it. Raises Conflict where nothing is to be added.
    """
    marche = begin(session, lecteur, bordereau_id, pas, Geste.AJOUTER, today)
    room = LIGNES_MAX - count_lines(session, bordereau_id)
    after, added = -1, 0
    siren = marche.bordereau.siren
    while added < room and (
        ids := find_candidates(session, siren, criteres, marche.cellules, after)
    ):
        after = ids[-1]
        added += _put(marche, ids[: room - added])
    return _finish_addition(
        marche,
        added,
        {"criteres": [criteres.exercice_min, criteres.exercice_max, criteres.type_pj]},
    )


def add_pj(
    session: Writing,
    lecteur: Lecteur,
    bordereau_id: int,
    pas: int,
    pj_ids: Sequence[int],
    *,
    today: date,
) -> Suite:
    """Add these PJ. Raises NotFound where one is not of this person's scope and collectivité.

    Raises Conflict where one may not go, or is in another bordereau that goes on.
    """
    marche = begin(session, lecteur, bordereau_id, pas, Geste.AJOUTER, today)
    asked = sorted(set(pj_ids))
    if len(asked) > LIGNES_MAX - count_lines(session, bordereau_id):
        raise Conflict(f"Un bordereau a au plus {LIGNES_MAX} lignes : faites-en un autre.")
    check_within(session, asked, marche.bordereau.siren, marche.cellules)
    added = 0
    for start in range(0, len(asked), LOT):
        some = asked[start : start + LOT]
        check_free(session, some)
        if len(keep_eligible(session, some, today)) < len(some):
            raise Conflict("Une de ces pièces justificatives ne peut pas partir aujourd’hui.")
        added += put_lines(session, bordereau_id, some, today)
    return _finish_addition(marche, added, {})


def _put(marche: Marche, pj_ids: list[int]) -> int:
    if marche.etat is not Etat.BROUILLON:
        pj_ids = keep_eligible(marche.session, pj_ids, marche.today)
    return put_lines(marche.session, marche.bordereau.id, pj_ids, marche.today)


def _finish_addition(marche: Marche, added: int, details: dict[str, object]) -> Suite:
    if not added:
        raise Conflict(RIEN)
    return _change(marche, {"ajoutees": added, **details})


def _change(marche: Marche, details: dict[str, object]) -> Suite:
    """The list changed: what was signed of it is void."""
    if marche.etat in FIGES:
        void_list(marche)
    return finish(marche, marche.passage.vers, Trace(details=details))


def remove_lines(
    session: Writing,
    lecteur: Lecteur,
    bordereau_id: int,
    pas: int,
    ligne_ids: Sequence[int],
    motif: str = "",
    *,
    today: date,
) -> Suite:
    """Take these lines out of the list; they stay there as retirées. Raises Conflict."""
    marche = begin(session, lecteur, bordereau_id, pas, Geste.RETIRER, today)
    removed = 0
    why = motif.strip()[:TEXTE_MAX]
    values = {"statut": StatutLigne.RETIREE.value, "motif": why, "en_cours": False}
    ids = sorted(set(ligne_ids))
    for start in range(0, len(ids), LOT):
        some = LigneElimination.id.in_(ids[start : start + LOT])
        removed += change_lines(session, bordereau_id, some, **values)
    if not removed:
        raise Conflict("Aucune de ces lignes n’est dans la liste : rien n’a été changé.")
    return _change(marche, {"retirees": removed})


def analyse(
    session: Writing, lecteur: Lecteur, bordereau_id: int, pas: int, *, today: date
) -> Suite:
    """Decide every line again: those that may not go are set aside with their reason."""
    marche = begin(session, lecteur, bordereau_id, pas, Geste.ANALYSER, today)
    _check_not_empty(marche)
    vu = marche.verify()
    return divert(marche, vu, Trace()) or finish(marche, Etat.ANALYSEE, Trace(), vu=vu)


def propose(
    session: Writing,
    storage: Storage,
    lecteur: Lecteur,
    bordereau_id: int,
    pas: int,
    *,
    today: date,
    observations: str = "",
    piece: PieceJointe | None = None,
) -> Suite:
    """The producer signs: the list is frozen, with the SHA-256 of its canonical lines.

    By signing, the producer attests that prescriptions are reached and no recourse is possible. A
    line that may no longer go: it is set aside, and the list is to be read again before.
    """
    marche = begin(session, lecteur, bordereau_id, pas, Geste.PROPOSER, today)
    kept = keep_piece(storage, piece)
    vu = marche.verify()
    if diverted := divert(marche, vu, Trace()):
        return diverted
    if observations.strip():
        marche.bordereau.observations = check_texte(observations, "")
    number_lines(session, bordereau_id)
    marche.bordereau.liste_sha256 = hash_list(session, marche.bordereau)
    return finish(marche, Etat.PROPOSEE, Trace(piece=kept), vu=vu)


def ask_visa(
    session: Writing,
    storage: Storage,
    lecteur: Lecteur,
    bordereau_id: int,
    pas: int,
    *,
    today: date,
    piece: PieceJointe | None = None,
) -> Suite:
    """Send the signed list to the archives, with the scan of the original if there is one."""
    marche = begin(session, lecteur, bordereau_id, pas, Geste.DEMANDER_VISA, today)
    kept = keep_piece(storage, piece)
    vu = marche.verify()
    trace = Trace(piece=kept)
    return divert(marche, vu, trace) or finish(marche, Etat.VISA_DEMANDE, trace, vu=vu)


def invoke_autorisation(
    session: Writing, lecteur: Lecteur, bordereau_id: int, pas: int, *, regles: Regles, today: date
) -> Suite:
    """Go on by the general authorisation of the settings, in place of a visa. Raises Conflict."""
    if not regles.autorisation_generale:
        raise Conflict("Aucune autorisation générale n’est réglée ici : demandez le visa.")
    marche = begin(session, lecteur, bordereau_id, pas, Geste.AUTORISER, today)
    vu = marche.verify()
    if diverted := divert(marche, vu, Trace()):
        return diverted
    reference = f"Autorisation générale : {regles.autorisation_generale}"
    marche.bordereau.autorisation = reference
    return finish(marche, Etat.VISE, Trace(motif=reference), vu=vu)


def abandon(
    session: Writing, lecteur: Lecteur, bordereau_id: int, pas: int, motif: str, *, today: date
) -> Suite:
    """Give a bordereau up, at any step before an attestation; its PJ are free again."""
    marche = begin(session, lecteur, bordereau_id, pas, Geste.ABANDONNER, today)
    trace = Trace(check_texte(motif, "Dites pourquoi ce bordereau est abandonné."))
    free_lines(marche)
    return finish(marche, Etat.ABANDONNEE, trace)


def _check_not_empty(marche: Marche) -> None:
    if not count_lines(marche.session, marche.bordereau.id):
        raise Conflict(VIDE)
