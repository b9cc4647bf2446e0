"""What a flow says may change decisions: the PJ it bears on are marked as it is read."""

from collections.abc import Collection, Mapping
from functools import cache

from sqlalchemy import ColumnElement, Select, and_, bindparam, select
from sqlalchemy.orm import aliased

from orc.db import Writing, cut
from orc.ingest.rows import DOMAINE_MARCHE
from orc.marques import mark_pj_ids, mark_to_decide
from orc.models import (
    Acquit,
    Bordereau,
    Emplacement,
    Fichier,
    Lien,
    LienMarche,
    Ligne,
    Marche,
    Piece,
    PieceJustificative,
    RefCompta,
    RetourPiece,
)

Pj = PieceJustificative
# So many ids in one question: SQLite bounds them.
# DomaineAck of a PJ.
PJ = "4"
CONTRACTUELLE = "009"
FLUX = "flux"


def mark_flux(
    session: Writing, flux_id: int, pieces: Collection[int], said: Mapping[str, int]
) -> None:
    """The PJ that a flow sends, cites, answers for, or whose marché it says.

    `pieces`: those, of this flow or others, whose version or citations it changed. `said`: how
    many rows it brought, by table: what it does not speak of is not looked for.
    """
    ids: set[int | None] = set()
    for table, queries in _find_of_flux().items():
        if said.get(table):
            for query in queries:
                ids.update(session.scalars(query, {FLUX: flux_id}))
    for lot in cut(pieces):
        ids.update(session.scalars(select(Lien.pj_id).where(Lien.piece_id.in_(lot)).distinct()))
    mark_pj_ids(session, (pj_id for pj_id in ids if pj_id is not None))


# Statements are built once: building them costs more than running them on a small flow.


@cache
def _find_of_flux() -> Mapping[str, tuple[Select[int | None], ...]]:
    """By the table of the rows that they start from."""
    cited = select(Lien.pj_id).where(Lien.flux_id == bindparam(FLUX)).distinct()
    sendings = _find_sendings(Pj.flux_id == bindparam(FLUX))
    return {
        "pj": (select(Pj.id).where(Pj.flux_id == bindparam(FLUX)), sendings),
        "piece": (cited,),
        "ref_compta": (cited,),
        "retour_piece": (_find_answered(), _find_answered_bordereaux()),
        "acquit": (_find_acknowledged(),),
        "marche": (_find_of_blocs(), _find_of_lignes(), _find_of_refs()),
    }


def _find_sendings(sent: ColumnElement[bool]) -> Select[int]:
    """Every sending of what these PJ are; each key once, however often a flow repeats it."""
    keys = select(Pj.siren, Pj.id_unique).where(sent, Pj.id_unique != "").distinct().subquery()
    again = aliased(Pj)
    same = and_(again.siren == keys.c.siren, again.id_unique == keys.c.id_unique)
    return select(again.id).join(keys, same)


def _find_answered() -> Select[int | None]:
    """Cited by a piece that a retour of the flow speaks of."""
    speaks = and_(
        Piece.budget_id == RetourPiece.budget_id,
        Piece.exercice == RetourPiece.exercice,
        Piece.sens == RetourPiece.sens,
        Piece.numero == RetourPiece.numero,
        Piece.type_bordereau == RetourPiece.type_bordereau,
        Piece.numero_bordereau == RetourPiece.numero_bordereau,
    )
    query = select(Lien.pj_id).join(Piece, Piece.id == Lien.piece_id).join(RetourPiece, speaks)
    said = (RetourPiece.flux_id == bindparam(FLUX), RetourPiece.numero != "")
    return query.where(*said).distinct()


def _find_answered_bordereaux() -> Select[int | None]:
    """Cited by any titre of a bordereau of ORMC that a retour of the flow speaks of."""
    speaks = and_(
        Bordereau.budget_id == RetourPiece.budget_id,
        Bordereau.exercice == RetourPiece.exercice,
        Bordereau.sens == RetourPiece.sens,
        Bordereau.type_bordereau == RetourPiece.type_bordereau,
        Bordereau.numero == RetourPiece.numero_bordereau,
    )
    return (
        select(Lien.pj_id)
        .join(Piece, Piece.id == Lien.piece_id)
        .join(Bordereau, Bordereau.id == Piece.bordereau_id)
        .join(RetourPiece, speaks)
        .where(RetourPiece.flux_id == bindparam(FLUX), RetourPiece.numero == "")
        .distinct()
    )


def _find_acknowledged() -> Select[int]:
    """Of which an acquit of the flow says something."""
    same = and_(Pj.siren == Acquit.siren, Pj.id_unique == Acquit.id_unique)
    query = select(Pj.id).join(Acquit, same)
    said = (Acquit.flux_id == bindparam(FLUX), Acquit.domaine == PJ, Pj.id_unique != "")
    return query.where(*said).distinct()


def _find_of_blocs() -> Select[int | None]:
    """Cited by a block of a marché that the flow speaks of."""
    bloc, told = aliased(Marche), aliased(Marche)
    return (
        select(LienMarche.pj_id)
        .join(bloc, bloc.id == LienMarche.marche_id)
        .join(told, and_(told.siren == bloc.siren, told.cle == bloc.cle))
        .where(told.flux_id == bindparam(FLUX))
        .distinct()
    )


def _find_of_refs() -> Select[int]:
    """That says itself that it is of a marché that the flow speaks of."""
    return (
        select(RefCompta.pj_id)
        .join(Pj, Pj.id == RefCompta.pj_id)
        .join(Marche, and_(Marche.cle == RefCompta.identifiant, Marche.siren == Pj.siren))
        .where(Marche.flux_id == bindparam(FLUX), RefCompta.domaine_compta == DOMAINE_MARCHE)
        .distinct()
    )


def _find_of_lignes() -> Select[int | None]:
    """A contractual piece cited by a line of a marché that the flow speaks of."""
    return (
        select(Lien.pj_id)
        .join(Pj, and_(Pj.id == Lien.pj_id, Pj.type_pj == CONTRACTUELLE))
        .join(Ligne, Ligne.piece_id == Lien.piece_id)
        .join(Marche, and_(Marche.cle == Ligne.marche_cle, Marche.siren == Lien.siren))
        .where(Marche.flux_id == bindparam(FLUX), Ligne.marche_cle != "")
        .distinct()
    )


def mark_sent_by(session: Writing, flux_id: int) -> None:
    """The PJ that a flow sends: it was found again in the silo."""
    mark_to_decide(session, select(Pj.id).where(Pj.flux_id == flux_id))


def mark_others(session: Writing, flux_id: int) -> None:
    """The other sendings of what a flow sends, which is about to be forgotten."""
    mine = select(Pj.id).where(Pj.flux_id == flux_id)
    others = _find_sendings(Pj.flux_id == flux_id).subquery()
    mark_to_decide(session, select(others.c.id).where(others.c.id.not_in(mine)))


def mark_textes(session: Writing, digests: Collection[str]) -> None:
    """The PJ of these documents: what can be read of them changed."""
    for lot in cut(digests):
        mark_to_decide(session, select(Pj.id).where(Pj.sha256.in_(lot)))


def mark_fichiers(session: Writing, silo: str, chemins: Collection[str]) -> None:
    """The PJ of the flows that lie in these files."""
    here = (
        select(Emplacement.flux_id)
        .join(Fichier, Fichier.id == Emplacement.fichier_id)
        .where(Fichier.silo == silo, Fichier.chemin.in_(chemins))
    )
    mark_to_decide(session, select(Pj.id).where(Pj.flux_id.in_(here)))
