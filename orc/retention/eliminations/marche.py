"""One step of a bordereau d'élimination: begun under the lock, checked, written with its traces."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from orc.access import Clearance, Lecteur
from orc.access.pieces_demande import PieceJointe
from orc.db import Writing
from orc.errors import Conflict, Forbidden, Invalid, NotFound
from orc.journal import Acte, record_acte
from orc.models import BordereauElimination, EtapeElimination, LigneElimination, read_now
from orc.retention.eliminations.courriers import announce
from orc.retention.eliminations.documents import hash_piece
from orc.retention.eliminations.etats import (
    LIBELLES_GESTES,
    OUVERTS,
    PRODUCTEUR,
    Camp,
    Etat,
    Geste,
    Passage,
    find_passage,
    find_suite,
)
from orc.retention.eliminations.lignes import change_lines, count_lines
from orc.retention.eliminations.portee import covers, find_camps, get_cellules
from orc.retention.eliminations.verification import Verification, verify_lines
from orc.retention.verrou import hold_retention
from orc.settings import Settings

TEXTE_MAX = 2000
CHANGE = "Ce bordereau a changé depuis que vous l’avez ouvert : relisez-le, rien n’a été changé."
INCONNU = "Ce bordereau d’élimination n’existe pas."


@dataclass(frozen=True, slots=True)
class Regles:
    """What the settings say: days of délai, the general authorisation, who certifies."""

    delai_jours: int = 60
    autorisation_generale: str = ""
    certificat: Camp = Camp.ARCHIVES


def make_regles(settings: Settings) -> Regles:
    """The rules of the settings. Raises Invalid."""
    try:
        certificat = Camp(settings.elimination_certificat)
    except ValueError:
        raise Invalid("ORC_ELIMINATION_CERTIFICAT attend « archives » ou « producteur ».") from None
    return Regles(
        settings.elimination_delai_jours,
        settings.elimination_autorisation_generale.strip(),
        certificat,
    )


@dataclass(frozen=True, slots=True)
class Suite:
    """What an act came to: the state, and how many lines were set aside under way.

    `geste` is not the one asked where the list was no more what had been seen.
    """

    geste: Geste
    etat: Etat
    pas: int
    ecartees: int = 0
    lignes: int = 0


@dataclass(frozen=True, slots=True)
class Trace:
    """What a step keeps: a motif, a document, what it alone knows."""

    motif: str = ""
    piece: PieceJointe | None = None
    details: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Marche:
    """A step under way: its bordereau held until the transaction ends."""

    session: Writing
    lecteur: Lecteur
    bordereau: BordereauElimination
    camp: Camp
    etat: Etat
    geste: Geste
    passage: Passage
    today: date

    @property
    def cellules(self) -> frozenset[int]:
        """What this person holds on this side."""
        return get_cellules(self.lecteur.clearance, self.camp)

    def verify(self) -> Verification:
        """Decide the retained lines again."""
        return verify_lines(self.session, self.bordereau.id, self.cellules, self.today)


def get_bordereau(
    session: Session, clearance: Clearance, bordereau_id: int
) -> BordereauElimination:
    """A bordereau whose every cellule this person holds. Raises NotFound."""
    query = select(BordereauElimination).where(
        BordereauElimination.id == bordereau_id, covers(clearance.retention)
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound(INCONNU)
    return found


def begin(
    session: Writing, lecteur: Lecteur, bordereau_id: int, pas: int, geste: Geste, today: date
) -> Marche:
    """Hold the lock and the bordereau, and see that this person may do this of it now.

    Raises NotFound, Forbidden, and Conflict on another state or a page that is no more true.
    """
    hold_retention(session)
    bordereau = get_bordereau(session, lecteur.clearance, bordereau_id)
    session.refresh(bordereau, with_for_update=True)
    etat = Etat(bordereau.etat)
    passage = find_passage(etat, geste)
    mine = find_camps(session, lecteur.clearance, bordereau_id) & passage.camps
    if etat in OUVERTS and bordereau.origine != Camp.ARCHIVES:
        mine &= PRODUCTEUR
    if not mine:
        raise Forbidden(f"« {LIBELLES_GESTES[geste]} » n’est pas à vous de le faire.")
    if bordereau.pas != pas:
        raise Conflict(CHANGE)
    camp = Camp.PRODUCTEUR if Camp.PRODUCTEUR in mine else Camp.ARCHIVES
    return Marche(session, lecteur, bordereau, camp, etat, geste, passage, today)


def check_texte(texte: str, missing: str) -> str:
    """A text without its blanks. Raises Invalid where it is missing or too long."""
    texte = texte.strip()
    if not texte:
        raise Invalid(missing)
    if len(texte) > TEXTE_MAX:
        raise Invalid(f"Ce texte a plus de {TEXTE_MAX} caractères.")
    return texte


def find_dernier(session: Session, bordereau_id: int, geste: Geste) -> EtapeElimination | None:
    """The last step of this kind."""
    query = select(EtapeElimination).where(
        EtapeElimination.bordereau_id == bordereau_id, EtapeElimination.acte == geste.value
    )
    return session.scalar(query.order_by(EtapeElimination.id.desc()).limit(1))


def divert(marche: Marche, vu: Verification, trace: Trace) -> Suite | None:
    """The step made instead of the one asked where the list is no more the one seen; or None."""
    geste, apres = find_suite(marche.passage, vu.ecartees, vu.restantes, marche.geste)
    if geste is marche.geste:
        return None
    if apres is Etat.ANALYSEE:
        void_list(marche)
    elif apres is Etat.DELAI:
        void_attestation(marche)
    else:
        free_lines(marche)
    details = {**(trace.details or {}), "demande": marche.geste.value}
    return finish(marche, apres, Trace(details=details), vu=vu, geste=geste)


def void_list(marche: Marche) -> None:
    """The list is no more the one that was signed: its hash, its visa and its délai fall."""
    marche.bordereau.liste_sha256 = ""
    marche.bordereau.autorisation = ""
    marche.bordereau.observations_archives = ""
    marche.bordereau.delai_jusqu_a = None
    change_lines(marche.session, marche.bordereau.id, LigneElimination.motif != "", motif="")


def void_attestation(marche: Marche) -> None:
    """The first attestation bore on another list: it has to be signed again."""
    marche.bordereau.detruite_le = None
    marche.bordereau.methode = ""
    marche.bordereau.metrage_mm = None


def free_lines(marche: Marche) -> None:
    """No line of this bordereau keeps its PJ from another one."""
    marche.session.execute(
        update(LigneElimination)
        .where(LigneElimination.bordereau_id == marche.bordereau.id, LigneElimination.en_cours)
        .values(en_cours=False)
    )


def finish(
    marche: Marche,
    apres: Etat,
    trace: Trace,
    *,
    vu: Verification | None = None,
    geste: Geste | None = None,
    liste_sha256: str | None = None,
) -> Suite:
    """Write the step: the state, its number, its row, the journal, the mails; one transaction."""
    session, bordereau, lecteur = marche.session, marche.bordereau, marche.lecteur
    geste = geste or marche.geste
    lignes = vu.restantes if vu else count_lines(session, bordereau.id)
    ecartees = vu.ecartees if vu else 0
    bordereau.etat, bordereau.pas = apres.value, bordereau.pas + 1
    liste = bordereau.liste_sha256 if liste_sha256 is None else liste_sha256
    details = {"lignes": lignes, "ecartees": ecartees, **(trace.details or {})}
    session.add(
        EtapeElimination(
            bordereau_id=bordereau.id,
            quand=read_now(),
            personne_id=lecteur.personne_id,
            par=lecteur.nom,
            acte=geste.value,
            avant=marche.etat.value,
            apres=apres.value,
            motif=trace.motif,
            liste_sha256=liste,
            document=trace.piece.nom if trace.piece else "",
            document_sha256=hash_piece(trace.piece),
            details=json.dumps(details, ensure_ascii=False, sort_keys=True),
        )
    )
    session.flush()
    record_acte(
        session,
        Acte.ELIMINATION,
        acteur=lecteur.identifiant,
        personne_id=lecteur.personne_id,
        objet=f"elimination:{bordereau.id}",
        details={
            "geste": geste.value,
            "etats": [marche.etat.value, apres.value],
            "liste_sha256": liste,
            **details,
        },
    )
    announce(session, bordereau, geste, lecteur.personne_id, marche.today)
    return Suite(geste, apres, bordereau.pas, ecartees, lignes)
