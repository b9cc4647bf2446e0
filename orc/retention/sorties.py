"""At the end of the silo's ten years, pieces leave it: what is expected, and an archiviste's act.

The act removes texts and records of the index; what the silo holds is never touched by ORC.
"""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, exists, insert, select, update
from sqlalchemy.orm import Session, aliased

from orc.access.clearance import Lecteur
from orc.boxes import make_page_key
from orc.db import Database, Writing, cut, list_values
from orc.errors import Conflict, Invalid
from orc.index.outbox import mark_pieces
from orc.journal import Acte, record_acte
from orc.models import (
    Emplacement,
    Fichier,
    LecturePage,
    Lien,
    LigneSortie,
    Piece,
    PieceJustificative,
    Sortie,
    Texte,
    read_now,
)
from orc.retention.gels import find_held
from orc.retention.publication import MOTIF_MAX
from orc.retention.rapports.portee import Portee, read_ids
from orc.retention.regle_duree import Objet, SortFinal
from orc.retention.regles import RegleTrouvee, find_durees_de, find_version
from orc.retention.verrou import hold_retention
from orc.storage import Storage

A_RETIRER = "a_retirer"
LOT = 500


class Situation(StrEnum):
    """Where a PJ stands at the end of the silo's duration, or once it left it."""

    # Gone from the silo, at its term, nothing keeps it: its texts may go.
    ATTENDUE = "attendue"
    VERSEMENT = "versement"
    GELEE = "gelee"
    DUREE = "duree"
    PRESENTE = "presente"
    # Gone from the silo before its term: an anomaly.
    PREMATUREE = "prematuree"


LIBELLES_SITUATIONS = {
    Situation.ATTENDUE: "Sortie du silo, attendue",
    Situation.VERSEMENT: "À verser (conserver ou trier)",
    Situation.GELEE: "Gelée",
    Situation.DUREE: "Sa propre durée court encore",
    Situation.PRESENTE: "Au terme, encore dans le silo",
    Situation.PREMATUREE: "Disparue avant son terme (anomalie)",
}


@dataclass(frozen=True, slots=True)
class PjAuTerme:
    """A PJ at the end of the silo's duration, or gone from it."""

    pj_id: int
    siren: str
    exercice: int
    octets: int
    situation: Situation
    sort_final: str
    regle: str


def find_au_terme(session: Session, portee: Portee, today: date) -> Iterator[PjAuTerme]:
    """What is at its term or gone, of a scope; what left already, or is cited outside, is not."""
    version = find_version(session, today)
    for rows in read_ids(session, portee):
        ids = [row[0] for row in rows]
        chosen = set(ids) - _find_out(session, ids, portee.seen)
        termes = find_durees_de(session, chosen, version, Objet.FLUX)
        gone = _find_gone(session, chosen)
        near = {i for i in chosen if i in gone or _is_over(termes.get(i), today)}
        held, durees = find_held(session, near, today), find_durees_de(session, near, version)
        for pj_id, siren, exercice, octets in rows:
            if pj_id in near:
                own = durees.get(pj_id)
                over = _is_over(termes.get(pj_id), today)
                situation = _decide(
                    over=over, gone=pj_id in gone, held=pj_id in held, own=own, today=today
                )
                sort_final, code = (own.sort_final, own.code) if own else ("", "")
                yield PjAuTerme(pj_id, siren, exercice, octets, situation, sort_final, code)


def _is_over(trouvee: RegleTrouvee | None, today: date) -> bool:
    return trouvee is not None and trouvee.libre is not None and trouvee.libre <= today


def _decide(
    *, over: bool, gone: bool, held: bool, own: RegleTrouvee | None, today: date
) -> Situation:
    """A gel wins; then what must be kept; then the duration of the PJ itself."""
    if gone and not over:
        return Situation.PREMATUREE
    if held:
        return Situation.GELEE
    if own is not None and own.sort_final != SortFinal.DETRUIRE:
        return Situation.VERSEMENT
    if not _is_over(own, today):
        return Situation.DUREE
    return Situation.ATTENDUE if gone else Situation.PRESENTE


def _find_gone(session: Session, pj_ids: Collection[int]) -> set[int]:
    """Those whose flow lies nowhere in the silo any more, as it was last seen."""
    here = exists().where(
        Emplacement.flux_id == PieceJustificative.flux_id,
        Fichier.id == Emplacement.fichier_id,
        Fichier.disparu_le.is_(None),
        Fichier.remplace_le.is_(None),
    )
    query = select(PieceJustificative.id).where(
        PieceJustificative.id.in_(list_values(pj_ids)), ~here.correlate(PieceJustificative)
    )
    return set(session.scalars(query))


def _find_out(session: Session, pj_ids: Collection[int], cellules: Collection[int]) -> set[int]:
    """Those that left already, and those that a piece outside these cellules cites too."""
    left = select(LigneSortie.pj_id).where(LigneSortie.pj_id.in_(list_values(pj_ids)))
    outside = select(Lien.pj_id).where(
        Lien.pj_id.in_(list_values(pj_ids)), Lien.cellule_id.not_in(list_values(cellules))
    )
    return {i for query in (left, outside) for i in session.scalars(query) if i is not None}


def make_liste_sha256(pj_ids: Collection[int]) -> str:
    """SHA-256 of a list of PJ, in order: what was seen is what is done."""
    return hashlib.sha256("\n".join(map(str, sorted(pj_ids))).encode()).hexdigest()


def find_attendues(
    session: Session, territoire: frozenset[int], siren: str, exercice: int, today: date
) -> list[PjAuTerme]:
    """The PJ of an exercice whose texts may go."""
    found = find_au_terme(session, Portee(territoire, siren), today)
    return [pj for pj in found if pj.exercice == exercice and pj.situation is Situation.ATTENDUE]


def record_sortie(
    session: Writing,
    qui: Lecteur,
    siren: str,
    exercice: int,
    motif: str,
    liste_sha256: str,
    today: date,
) -> Sortie:
    """An archiviste's act: register what left, and give up its texts and its records.

    Everything is looked at again under the lock. Raises Conflict where the list is no more the
    one that was seen, or is empty; Invalid without a motive. Call `remove_texts` once committed.
    """
    if not 0 < len(motif.strip()) <= MOTIF_MAX:
        raise Invalid(f"Dites pourquoi, en {MOTIF_MAX} caractères au plus.")
    hold_retention(session)
    found = {
        pj.pj_id: pj
        for pj in find_attendues(session, qui.clearance.territoire, siren, exercice, today)
    }
    if not found or make_liste_sha256(found) != liste_sha256:
        raise Conflict(
            "La liste a changé depuis que vous l’avez vue (un gel, une règle, un fichier revenu) : "
            "rien n’a été fait, regardez-la de nouveau."
        )
    sortie = _put_sortie(session, qui, siren, exercice, motif.strip(), found, liste_sha256)
    _give_up_texts(session, found)
    citing = select(Lien.piece_id).where(Lien.pj_id.in_(list_values(found)))
    mark_pieces(session, select(Piece.id).where(Piece.id.in_(citing)))
    record_acte(
        session,
        Acte.SORTIE_DU_SILO,
        acteur=qui.identifiant,
        personne_id=qui.personne_id,
        objet=f"sortie:{sortie.numero}",
        details={"siren": siren, "exercice": exercice, "pj": sortie.nb_pj, "sha256": liste_sha256},
    )
    return sortie


def _put_sortie(
    session: Writing,
    qui: Lecteur,
    siren: str,
    exercice: int,
    motif: str,
    found: dict[int, PjAuTerme],
    liste_sha256: str,
) -> Sortie:
    sortie = Sortie(
        numero=f"en cours {liste_sha256}",
        siren=siren,
        exercice=exercice,
        motif=motif,
        personne_id=qui.personne_id,
        par=qui.nom,
        quand=read_now(),
        liste_sha256=liste_sha256,
        nb_pj=len(found),
        octets=sum(pj.octets for pj in found.values()),
    )
    session.add(sortie)
    session.flush()
    sortie.numero = f"S-{sortie.quand.year}-{sortie.id:06d}"
    for lot in cut(found):
        query = select(PieceJustificative).where(PieceJustificative.id.in_(lot))
        rows = [
            {
                "pj_id": pj.id,
                "sortie_id": sortie.id,
                "id_unique": pj.id_unique,
                "nom": pj.nom,
                "sha256": pj.sha256,
                "octets": pj.taille,
                "sort_final": found[pj.id].sort_final,
                "regle": found[pj.id].regle,
            }
            for pj in session.scalars(query)
        ]
        session.execute(insert(LigneSortie), rows)
    session.flush()
    return sortie


def _give_up_texts(session: Writing, pj_ids: Collection[int]) -> None:
    """Mark the texts that no PJ which stays shares."""
    mine = select(PieceJustificative.sha256).where(PieceJustificative.id.in_(list_values(pj_ids)))
    session.execute(
        update(Texte)
        .where(Texte.sha256.in_(mine), ~_is_shared())
        .values(etat=A_RETIRER, pages_a_oceriser="", motif="Sorti du silo au terme de sa durée.")
        .execution_options(synchronize_session=False)
    )


def _is_shared() -> ColumnElement[bool]:
    """The condition that a PJ which stays has this text."""
    stays = aliased(PieceJustificative)
    out = exists().where(LigneSortie.pj_id == stays.id).correlate(stays)
    return exists().where(stays.sha256 == Texte.sha256, ~out).correlate(Texte)


def remove_texts(database: Database, storage: Storage) -> int:
    """Remove from the storage every text given up, then its row; how many. Safe to run again.

    Killed anywhere, the rows that remain say what is left to remove. A text that came back with a
    new PJ meanwhile is extracted again.
    """
    removed = 0
    while True:
        with database.reading() as session:
            given_up = _find_given_up(session)
        if not given_up:
            return removed
        for sha256, pages in given_up.items():
            for page in pages:
                storage.remove(make_page_key(sha256, page))
            storage.remove(sha256)
        with database.writing() as session:
            _forget(session, list(given_up))
        removed += len(given_up)


def _find_given_up(session: Session) -> dict[str, list[int]]:
    """Some texts to remove, with the pages of them that OCR read."""
    texts = select(Texte.sha256).where(Texte.etat == A_RETIRER).limit(LOT)
    found: dict[str, list[int]] = {sha256: [] for sha256 in session.scalars(texts)}
    query = select(LecturePage.sha256, LecturePage.page).where(LecturePage.sha256.in_(found))
    for sha256, page in session.execute(query):
        found[sha256].append(page)
    return found


def _forget(session: Writing, sha256s: list[str]) -> None:
    mine = Texte.sha256.in_(sha256s)
    session.execute(delete(LecturePage).where(LecturePage.sha256.in_(sha256s)))
    session.execute(
        update(Texte)
        .where(mine, _is_shared())
        .values(etat="a_extraire", motif="", nb_pages=0, nb_caracteres=0)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(Texte)
        .where(mine, Texte.etat == A_RETIRER)
        .execution_options(synchronize_session=False)
    )


def find_sorties(session: Session, sirens: Collection[str]) -> list[Sortie]:
    """What left, of these collectivités, the last first."""
    query = select(Sortie).where(Sortie.siren.in_(sorted(sirens))).order_by(Sortie.id.desc())
    return list(session.scalars(query))
