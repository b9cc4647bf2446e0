"""All that SQL knows of PJ, as the decision reads it: a bounded number of questions per lot.

A PJ sent again: only its last sending is decided. What was said of the others stays said.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session, aliased

from orc.db import cut
from orc.models import (
    Emplacement,
    Fichier,
    Flux,
    LigneSortie,
    PieceJustificative,
    Texte,
    was_read,
)
from orc.retention import declarations as dits
from orc.retention.citations import (
    Citante,
    find_absentes,
    find_citantes,
    find_citations,
    find_lignes,
)
from orc.retention.declarations import Genre
from orc.retention.events import AcquitPj, find_acquits
from orc.retention.facts import Acquittement, Citation, Copie, Facts, Gel, Periode, Preuve
from orc.retention.facts import Marche as FaitMarche
from orc.retention.gels import find_gels
from orc.retention.marches import CONTRACTUELLE, find_marches
from orc.retention.regles import RegleTrouvee, find_durees

OFFERT = "01"
SAIN = "ok"
# States of a text whose document was opened to its end, whatever words it has.
LUS = frozenset({"extrait", "a_oceriser", "sans_texte", "trop_grand"})
A_LIRE = "a_extraire"
PDF = "application/pdf"
TESSERACT = "tesseract"
# What a machine made by nature: no paper was scanned.
NES_NUMERIQUES = ("text/", "application/xml", "application/xhl", "message/")
BUREAUTIQUE = (
    "officedocument",
    "opendocument",
    "msword",
    "ms-excel",
    "ms-powerpoint",
    "ms-outlook",
)


@dataclass(frozen=True, slots=True)
class Envoi:
    """A PJ as its last sending says it."""

    pj: PieceJustificative
    flux: Flux
    texte: Texte | None
    # The day these very bytes were first sent under this identifier.
    recue_le: date | None


def read_dossiers(session: Session, pj_ids: Collection[int], today: date) -> dict[int, Facts]:
    """What is known of each of these PJ; one that is not there, or was sent again, is left out."""
    found: dict[int, Facts] = {}
    for lot in cut(pj_ids):
        found |= _read_lot(session, lot, today)
    return found


def _read_lot(session: Session, pj_ids: list[int], today: date) -> dict[int, Facts]:
    envois = _find_envois(session, pj_ids)
    if not envois:
        return {}
    ids = list(envois)
    sirens = {e.pj.siren for e in envois.values()}
    citantes = find_citantes(session, ids)
    every = {c.piece_id: c for some in citantes.values() for c in some}
    lignes = find_lignes(session, every)
    lues = Lues(
        citantes=citantes,
        citations=find_citations(session, every.values(), lignes),
        absentes=find_absentes(session, ids),
        periodes={g: dits.find_periodes(session, sirens, g) for g in PERIODES},
        acquits=find_acquits(session, ids),
        presents=_find_presents(session, envois.values()),
        gels=find_gels(session, ids),
        cofinancements=dits.find_cofinancements(session, ids),
        rubriques=dits.find_rubriques(session, ids),
        historiques=dits.find_historiques(session, ids),
        durees=find_durees(session, ids, today),
        marches=find_marches(session, [e.pj for e in envois.values()], citantes, lignes),
    )
    return {pj_id: _make_facts(envoi, lues) for pj_id, envoi in envois.items()}


PERIODES = (Genre.ADHESION_ORC, Genre.ADHESION_OFFRE, Genre.TENUE_HELIOS, Genre.NUMERISATION)


@dataclass(frozen=True, slots=True)
class Lues:
    """What was read for a lot, by PJ, by collectivité or by piece."""

    citantes: Mapping[int, list[Citante]]
    citations: Mapping[int, Citation]
    absentes: Mapping[int, tuple[str, ...]]
    periodes: Mapping[Genre, Mapping[str, tuple[Periode, ...]]]
    acquits: Mapping[int, AcquitPj]
    presents: frozenset[int]
    gels: Mapping[int, tuple[Gel, ...]]
    cofinancements: Mapping[int, tuple[Gel, ...]]
    rubriques: Mapping[int, tuple[str, ...]]
    historiques: Mapping[int, Preuve]
    durees: Mapping[int, RegleTrouvee]
    marches: Mapping[int, FaitMarche]


def _make_facts(envoi: Envoi, lues: Lues) -> Facts:
    pj = envoi.pj
    periodes = {genre: lues.periodes[genre].get(pj.siren, ()) for genre in PERIODES}
    citantes = lues.citantes.get(pj.id, [])
    acquit = lues.acquits.get(pj.id)
    duree = lues.durees.get(pj.id)
    return Facts(
        recue_le=envoi.recue_le,
        est_pj=True,
        support=max((c.support for c in citantes), default=OFFERT),
        adhesions_orc=periodes[Genre.ADHESION_ORC],
        adhesions_offre=periodes[Genre.ADHESION_OFFRE],
        tenue_helios=periodes[Genre.TENUE_HELIOS],
        acquittement=_read_acquit(acquit),
        acquit_douteux=_doubt_acquit(acquit),
        copie=_read_copie(envoi) if pj.id in lues.presents else None,
        est_numerisee=is_numerisee(envoi.texte),
        declarations_numerisation=periodes[Genre.NUMERISATION],
        citations=tuple(lues.citations[c.piece_id] for c in citantes),
        pieces_absentes=lues.absentes.get(pj.id, ()),
        rubriques=lues.rubriques.get(pj.id, ()),
        gels=lues.gels.get(pj.id, ()),
        cofinancements=lues.cofinancements.get(pj.id, ()),
        piece_de_marche=pj.type_pj == CONTRACTUELLE or pj.id in lues.marches,
        marche=lues.marches.get(pj.id),
        sort_final=duree.sort_final if duree else "",
        terme=duree.terme if duree else None,
        regle=duree.code if duree else "",
        libre=duree.libre if duree else None,
        historique=lues.historiques.get(pj.id),
    )


def _find_envois(session: Session, pj_ids: list[int]) -> dict[int, Envoi]:
    """The PJ among these that were read to their end, and not sent again since."""
    other, sender = aliased(PieceJustificative), aliased(Flux)
    first = (
        select(func.min(sender.date_flux))
        .join(other, other.flux_id == sender.id)
        .where(
            other.siren == PieceJustificative.siren,
            other.id_unique == PieceJustificative.id_unique,
            other.sha256 == PieceJustificative.sha256,
            other.id_unique != "",
            was_read(sender),
        )
        .correlate(PieceJustificative)
        .scalar_subquery()
    )
    query = (
        select(PieceJustificative, Flux, Texte, func.coalesce(first, Flux.date_flux))
        .join(Flux, Flux.id == PieceJustificative.flux_id)
        .outerjoin(Texte, Texte.sha256 == PieceJustificative.sha256)
        .where(PieceJustificative.id.in_(pj_ids), PieceJustificative.courante, was_read(Flux))
        .execution_options(populate_existing=True)
    )
    rows: Iterable[Row[PieceJustificative, Flux, Texte, date | None]] = session.execute(query)
    return {pj.id: Envoi(pj, flux, texte, day) for pj, flux, texte, day in rows}


def _find_presents(session: Session, envois: Iterable[Envoi]) -> frozenset[int]:
    """Those whose flow still lies somewhere in the silo, and that did not leave it at its term."""
    by_flux: dict[int, list[int]] = defaultdict(list)
    for envoi in envois:
        by_flux[envoi.flux.id].append(envoi.pj.id)
    query = (
        select(Emplacement.flux_id)
        .join(Fichier, Fichier.id == Emplacement.fichier_id)
        .where(
            Emplacement.flux_id.in_(by_flux),
            Fichier.disparu_le.is_(None),
            Fichier.remplace_le.is_(None),
        )
        .distinct()
    )
    here = {pj_id for flux_id in session.scalars(query) for pj_id in by_flux[flux_id or 0]}
    gone = select(LigneSortie.pj_id).where(LigneSortie.pj_id.in_(here))
    return frozenset(here.difference(session.scalars(gone)))


def _read_copie(envoi: Envoi) -> Copie:
    """Fingerprint and decoding as they were verified when the flow was read, then the document."""
    pj, flux = envoi.pj, envoi.flux
    preuve = Preuve("lecture du flux", flux.date_flux, f"flux {flux.nom_fic}")
    etat = envoi.texte.etat if envoi.texte else A_LIRE
    lisible = None if etat == A_LIRE else etat in LUS
    return Copie(pj.etat == SAIN, lisible, pj.taille, preuve)


def _read_acquit(acquit: AcquitPj | None) -> Acquittement | None:
    if acquit is None or acquit.accepte is None or acquit.jour is None:
        return None
    return Acquittement(acquit.accepte, acquit.jour, _prove_acquit("acquit", acquit))


def _doubt_acquit(acquit: AcquitPj | None) -> Preuve | None:
    """An acquit that came and that nothing sure is made of."""
    if acquit is None:
        return None
    if acquit.ambigu:
        why = "il répond à plusieurs envois du même jour, on ne sait auquel"
        return _prove_acquit(why, acquit)
    if acquit.contredit:
        return _prove_acquit("un autre, du même jour ou sans date, dit le contraire", acquit)
    if acquit.accepte is None:
        return _prove_acquit("il ne dit pas s’il accepte", acquit)
    if acquit.jour is None:
        return _prove_acquit("il n’est pas daté", acquit)
    return None


def _prove_acquit(said: str, acquit: AcquitPj) -> Preuve:
    return Preuve(said, acquit.jour, f"acquit du flux {acquit.nom_fic}")


def is_numerisee(texte: Texte | None) -> bool | None:
    """Whether a document is a scan; None: nothing tells, which never favours.

    An image is one, and a PDF of which a page was or is to be read by OCR. A PDF with words may be
    a scan whose scanner read it: only formats that no scanner writes are born digital.
    """
    if texte is None or texte.etat == A_LIRE:
        return None
    if texte.type_reel.startswith("image/") or texte.pages_a_oceriser:
        return True
    if TESSERACT in texte.extracteur:
        return True
    if texte.type_reel.startswith(NES_NUMERIQUES) and not _carries(texte):
        return False
    return False if any(k in texte.type_reel for k in BUREAUTIQUE) and not _carries(texte) else None


def _carries(texte: Texte) -> bool:
    """Whether it carries other documents, scans perhaps."""
    return bool(json.loads(texte.parties or "[]"))
