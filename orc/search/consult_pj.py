"""The PJ that a piece cites, as one reader may see them: presence, state, text."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.access import Clearance
from orc.models import Lien, PieceJustificative, Texte
from orc.nomenclature import libelle_support, libelle_type_pj
from orc.search.consult_values import PjVue, Presence
from orc.search.lieux import Code

_SUPPORTS = {"02": Presence.PAPIER, "03": Presence.CD_ROM}


def find_presence(support: str, pj_id: int | None) -> Presence:
    """Where the document is: received wins over what the support says."""
    if pj_id is not None:
        return Presence.RECUE
    return _SUPPORTS.get(support, Presence.JAMAIS_RECUE)


def count_pages(texte: Texte | None) -> int:
    """How many pages a document has, those without text included; 0 where it is not known."""
    if texte is None:
        return 0
    return max(texte.nb_pages, *find_pages_a_oceriser(texte), 0)


def find_pages_a_oceriser(texte: Texte | None) -> tuple[int, ...]:
    """The pages that wait for OCR, from 1."""
    given = texte.pages_a_oceriser if texte else ""
    return tuple(int(n) for n in given.split(",") if n.isdecimal())


def find_pj_of_piece(
    session: Session, piece_id: int, *, clearance: Clearance
) -> tuple[tuple[PjVue, ...], bool]:
    """The PJ of a piece, once each in the order of the flow; and whether some are reserved.

    A lien's cellule decides: the strictest of the piece's domaine and of the PJ's.
    """
    query = (
        select(Lien, PieceJustificative, Texte)
        .outerjoin(PieceJustificative, PieceJustificative.id == Lien.pj_id)
        .outerjoin(Texte, Texte.sha256 == PieceJustificative.sha256)
        .where(Lien.piece_id == piece_id)
        .order_by(Lien.id)
    )
    rows = session.execute(query).all()
    groups: dict[str, list[tuple[Lien, PieceJustificative | None, Texte | None]]] = {}
    for lien, pj, texte in rows:
        if clearance.allows(lien.cellule_id):
            groups.setdefault(lien.id_unique, []).append((lien, pj, texte))
    reserved = any(not clearance.allows(lien.cellule_id) for lien, _, _ in rows)
    return tuple(_make_pj(group) for group in groups.values()), reserved


def _make_pj(group: list[tuple[Lien, PieceJustificative | None, Texte | None]]) -> PjVue:
    lien, pj, texte = next((row for row in group if row[1] is not None), group[0])
    lignes = dict.fromkeys(row[0].ligne_numero for row in group)
    return PjVue(
        id_unique=lien.id_unique,
        nom=(pj.nom if pj else "") or lien.nom or lien.id_unique,
        presence=find_presence(lien.support, pj.id if pj else None),
        support=Code(lien.support, libelle_support(lien.support)),
        # Cited once for the whole piece: the lines add nothing.
        lignes=() if "" in lignes else tuple(lignes),
        par_pj=all(row[0].origine == "ref_compta" for row in group),
        pj_id=pj.id if pj else None,
        type_pj=Code(pj.type_pj, libelle_type_pj(pj.type_pj)) if pj else Code(""),
        description=pj.description if pj else "",
        type_reel=(texte.type_reel if texte else "") or (pj.type_reel if pj else ""),
        taille=pj.taille if pj else 0,
        etat=pj.etat if pj else "",
        motif=pj.motif if pj else "",
        etat_texte=texte.etat if texte else "",
        motif_texte=texte.motif if texte else "",
        nb_pages=count_pages(texte),
        nir=texte.nir if texte else False,
        qualite=texte.qualite if texte else None,
    )
