"""The hits on screen as a page shows them: the piece, its place, the PJ. Read from SQL at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Bundle, Session, defer

from orc.access import Clearance
from orc.domain import Sens
from orc.index.fields import Genre
from orc.index.query import Hit
from orc.models import Bordereau, Budget, Collectivite, Lien, Piece, PieceJustificative, Texte
from orc.nomenclature import libelle_type_pj
from orc.search.consult_pj import count_pages, find_presence
from orc.search.consult_values import BordereauResume, PieceResume, Presence
from orc.search.lieux import Code, Lieu, make_lieu
from orc.search.resumes import (
    COLUMNS,
    COLUMNS_BORDEREAU,
    find_resumes,
    make_bordereau_resume,
)


@dataclass(frozen=True, slots=True)
class PjResume:
    """A PJ as one piece cites it, on one line."""

    lien_id: int
    pj_id: int | None
    id_unique: str
    nom: str
    type_pj: Code
    description: str
    type_reel: str
    presence: Presence
    sha256: str
    etat_texte: str
    motif: str
    nb_pages: int


@dataclass(frozen=True, slots=True)
class Resultat:
    """One hit: `pj` is None where a piece was looked for."""

    piece: PieceResume
    lieu: Lieu
    bordereau: BordereauResume
    pj: PjResume | None = None


def name_piece(resultat: Resultat) -> str:
    """`Mandat 127 · 2022`."""
    genre = "Mandat" if resultat.piece.sens is Sens.DEPENSE else "Titre"
    return f"{genre} {resultat.piece.numero} · {resultat.piece.exercice}"


def find_resultats(
    session: Session, hits: Iterable[Hit], *, clearance: Clearance
) -> tuple[Resultat, ...]:
    """What these hits (of pieces or PJ) are, in their order.

    What SQL no longer has, or what the Clearance does not allow, is left out: the index is a hint.
    """
    hits = list(hits)
    liens = find_pj_resumes(session, [h.numero for h in hits if h.genre is Genre.PJ], clearance)
    pieces = _find_pieces(session, {h.piece_id for h in hits}, clearance)
    found = []
    for hit in hits:
        place = pieces.get(hit.piece_id)
        pj = liens.get(hit.numero) if hit.genre is Genre.PJ else None
        if place is not None and (pj is not None or hit.genre is not Genre.PJ):
            found.append(Resultat(*place, pj))
    return tuple(found)


_PIECES: Select[*tuple[Any, ...]] = (
    select(
        Bundle("piece", *COLUMNS),
        Bundle("bordereau", *COLUMNS_BORDEREAU),
        Budget,
        Collectivite,
    )
    .select_from(Piece)
    .join(Bordereau, Bordereau.id == Piece.bordereau_id)
    .join(Budget, Budget.id == Piece.budget_id)
    .outerjoin(Collectivite, Collectivite.siren == Budget.siren)
    .where(Piece.id.in_(bindparam("pieces", expanding=True)))
)


def _find_pieces(
    session: Session, piece_ids: set[int], clearance: Clearance
) -> dict[int, tuple[PieceResume, Lieu, BordereauResume]]:
    found = session.execute(_PIECES, {"pieces": sorted(piece_ids)})
    rows = {row[0].id: row for row in found}
    resumes = find_resumes(session, [row[0] for row in rows.values()], clearance=clearance)
    return {
        resume.id: (
            resume,
            make_lieu(rows[resume.id][2], rows[resume.id][3]),
            make_bordereau_resume(rows[resume.id][1]),
        )
        for resume in resumes
    }


_PJ: Select[*tuple[Any, ...]] = (
    select(
        Bundle("lien", Lien.id, Lien.cellule_id, Lien.id_unique, Lien.nom, Lien.support),
        Bundle(
            "pj",
            PieceJustificative.id,
            PieceJustificative.nom,
            PieceJustificative.type_pj,
            PieceJustificative.description,
            PieceJustificative.type_reel,
            PieceJustificative.sha256,
            PieceJustificative.motif,
        ),
        Texte,
    )
    .select_from(Lien)
    .outerjoin(PieceJustificative, PieceJustificative.id == Lien.pj_id)
    .outerjoin(Texte, Texte.sha256 == PieceJustificative.sha256)
    .where(Lien.id.in_(bindparam("liens", expanding=True)))
    .options(defer(Texte.metadonnees), defer(Texte.extracteur), defer(Texte.extrait_le))
)


def find_pj_resumes(
    session: Session, lien_ids: Sequence[int], clearance: Clearance
) -> dict[int, PjResume]:
    """The PJ of these liens, by lien; those not allowed are left out."""
    if not lien_ids:
        return {}
    return {
        lien.id: _make_pj(lien, pj if pj.id is not None else None, texte)
        for lien, pj, texte in session.execute(_PJ, {"liens": list(lien_ids)})
        if clearance.allows(lien.cellule_id)
    }


def _make_pj(lien: Any, pj: Any, texte: Texte | None) -> PjResume:
    return PjResume(
        lien_id=lien.id,
        pj_id=pj.id if pj else None,
        id_unique=lien.id_unique,
        nom=(pj.nom if pj else "") or lien.nom or lien.id_unique,
        type_pj=Code(pj.type_pj, libelle_type_pj(pj.type_pj)) if pj else Code(""),
        description=pj.description if pj else "",
        type_reel=(texte.type_reel if texte else "") or (pj.type_reel if pj else ""),
        presence=find_presence(lien.support, pj.id if pj else None),
        sha256=pj.sha256 if pj else "",
        etat_texte=texte.etat if texte else "",
        motif=(texte.motif if texte else "") or (pj.motif if pj else ""),
        nb_pages=count_pages(texte),
    )
