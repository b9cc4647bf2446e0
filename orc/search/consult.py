"""What the pages of a piece and of a bordereau show, read from SQL within a Clearance.

What does not exist and what may not be seen take one and the same path: NotFound.
"""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orc.access import Clearance
from orc.domain import Sens, format_entier, format_euros
from orc.errors import NotFound
from orc.models import Bordereau, Cellule, Piece
from orc.nomenclature import libelle_edition, libelle_nature_piece, libelle_type_piece
from orc.search.consult_lignes import (
    find_correctrices,
    find_corrigees,
    find_lignes,
    find_tiers,
    sum_lignes,
)
from orc.search.consult_marches import find_marches
from orc.search.consult_pj import find_pj_of_piece
from orc.search.consult_values import BordereauVue, PieceResume, PieceVue
from orc.search.consult_versions import (
    find_versions,
    find_versions_bordereau,
    get_provenance,
    make_versions_bordereau,
)
from orc.search.lieux import Code, get_lieu
from orc.search.paged import Paged, among, find_page
from orc.search.resumes import find_resumes, make_bordereau_resume

PIECES_PAR_PAGE = 50


def get_visible(session: Session, piece_id: int, *, clearance: Clearance) -> Piece:
    """The row of a piece that exists and may be seen; NotFound otherwise."""
    piece = session.get(Piece, piece_id)
    if piece is None or not clearance.allows(piece.cellule_id):
        raise NotFound("Cette pièce n’existe pas, ou vous n’y avez pas accès.")
    return piece


def get_piece(
    session: Session, piece_id: int, *, clearance: Clearance, page_lignes: int = 1
) -> PieceVue:
    """Everything the page of a mandat or a titre says; amounts in signed cents. NotFound."""
    piece = get_visible(session, piece_id, clearance=clearance)
    bordereau = session.get_one(Bordereau, piece.bordereau_id)
    nb_lignes, ht, tva = sum_lignes(session, piece.id)
    pj, reserved = find_pj_of_piece(session, piece.id, clearance=clearance)
    before, after = _find_neighbours(session, piece, clearance)
    sens = piece.sens
    return PieceVue(
        id=piece.id,
        lieu=get_lieu(session, piece.budget_id),
        sens=Sens(sens),
        exercice=piece.exercice,
        numero=piece.numero,
        type_piece=Code(piece.type_piece, libelle_type_piece(sens, piece.type_piece)),
        nature_piece=Code(piece.nature_piece, libelle_nature_piece(sens, piece.nature_piece)),
        objet=piece.objet,
        service=piece.service,
        references=_make_references(piece),
        dates=_make_dates(piece),
        ht=piece.ht,
        tva=piece.tva,
        domaine=piece.domaine,
        version=piece.version,
        courante=piece.courante,
        bordereau=make_bordereau_resume(bordereau),
        lignes=find_lignes(session, piece, page=page_lignes),
        total_ht=ht,
        total_tva=tva,
        avertissements=_check_piece(piece, nb_lignes, ht, tva),
        tiers=find_tiers(session, piece.id),
        pj=pj,
        pj_reservees=reserved,
        versions=find_versions(session, piece, clearance=clearance),
        marches=find_marches(session, piece, clearance=clearance),
        corrige=find_corrigees(session, piece, clearance=clearance),
        corrigee_par=find_correctrices(session, piece, clearance=clearance),
        provenance=get_provenance(session, piece.flux_id, piece.ligne_xml),
        precedente=before,
        suivante=after,
    )


def _make_references(piece: Piece) -> tuple[tuple[str, str], ...]:
    edition = Code(piece.edition_asap, libelle_edition(piece.edition_asap))
    pairs = (
        ("Service", piece.service),
        ("Référence de la pièce", piece.reference_pj),
        ("Rôle", piece.role),
        ("Période", piece.periode),
        ("Dette", piece.numero_dette),
        ("Engagement", piece.numero_engagement),
        ("Avis des sommes à payer", str(edition)),
    )
    return tuple((label, value) for label, value in pairs if value)


def _make_dates(piece: Piece) -> tuple[tuple[str, date], ...]:
    pairs = (
        ("Échéance", piece.date_echeance),
        ("Début du délai de paiement", piece.dgp_debut),
        ("Fin du délai de paiement", piece.dgp_fin),
        ("Avis des sommes à payer", piece.date_asap),
    )
    return tuple((label, day) for label, day in pairs if day)


def _check_piece(piece: Piece, nb_lignes: int, ht: int, tva: int) -> tuple[str, ...]:
    """What a reader must be warned of: lines that do not add up to the piece."""
    found = []
    if (ht, tva) != (piece.ht, piece.tva):
        found.append(
            f"La somme des lignes ({format_euros(ht)} HT, {format_euros(tva)} de TVA) n’est pas "
            f"le montant de la pièce ({format_euros(piece.ht)} HT, {format_euros(piece.tva)})."
        )
    if nb_lignes != piece.nb_lignes:
        found.append(
            f"La pièce annonce {format_entier(piece.nb_lignes)} lignes, "
            f"{format_entier(nb_lignes)} ont été lues."
        )
    return tuple(found)


def _find_neighbours(
    session: Session, piece: Piece, clearance: Clearance
) -> tuple[int | None, int | None]:
    """The pieces before and after this one in its bordereau, among those that may be seen."""
    in_bordereau = select(Piece.id, Piece.cellule_id).where(
        Piece.bordereau_id == piece.bordereau_id
    )
    before = session.execute(
        in_bordereau.where(Piece.id < piece.id).order_by(Piece.id.desc()).limit(50)
    )
    after = session.execute(in_bordereau.where(Piece.id > piece.id).order_by(Piece.id).limit(50))
    return (
        next((i for i, cellule in before if clearance.allows(cellule)), None),
        next((i for i, cellule in after if clearance.allows(cellule)), None),
    )


def get_bordereau(
    session: Session, bordereau_id: int, *, clearance: Clearance, page: int = 1
) -> BordereauVue:
    """Everything the page of a bordereau says. Seen by whoever may see its budget × exercice.

    NotFound otherwise. Of pieces in a reserved domaine it says only that there are some.
    """
    bordereau = session.get(Bordereau, bordereau_id)
    # What does not exist takes the same statements as what may not be seen.
    if not _sees_exercice(session, bordereau or _NOTHING, clearance) or bordereau is None:
        raise NotFound("Ce bordereau n’existe pas, ou vous n’y avez pas accès.")
    sums = _sum_by_cellule(session, bordereau.id)
    reserve = any(not clearance.allows(cellule) for cellule in sums)
    nb, ht, tva = (
        sum(row[rank] for cellule, row in sums.items() if clearance.allows(cellule))
        for rank in range(3)
    )
    sendings = find_versions_bordereau(session, bordereau)
    return BordereauVue(
        resume=make_bordereau_resume(bordereau, visible=nb > 0 or not reserve),
        lieu=get_lieu(session, bordereau.budget_id),
        reserve=reserve,
        nb_declare=None if reserve else bordereau.nb_pieces_declare,
        ht_declare=None if reserve else bordereau.ht_declare,
        tva_declare=None if reserve else bordereau.tva_declare,
        cumul_annuel=None if reserve else bordereau.cumul_annuel,
        nb_lu=nb,
        ht_lu=ht,
        tva_lu=tva,
        avertissements=() if reserve else check_bordereau(bordereau, nb, ht, tva),
        pieces=_find_pieces(session, bordereau.id, nb, clearance, page),
        versions=make_versions_bordereau(session, sendings, clearance=clearance),
        provenance=get_provenance(session, bordereau.flux_id, bordereau.ligne_xml),
    )


_NOTHING = Bordereau(budget_id=-1, exercice=-1)


def _sees_exercice(session: Session, bordereau: Bordereau, clearance: Clearance) -> bool:
    cellules = session.scalars(
        select(Cellule.id).where(
            Cellule.budget_id == bordereau.budget_id, Cellule.exercice == bordereau.exercice
        )
    )
    return any(clearance.allows(cellule) for cellule in cellules)


def _sum_by_cellule(session: Session, bordereau_id: int) -> dict[int, tuple[int, int, int]]:
    rows = session.execute(
        select(Piece.cellule_id, func.count(), func.sum(Piece.ht), func.sum(Piece.tva))
        .where(Piece.bordereau_id == bordereau_id)
        .group_by(Piece.cellule_id)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def _find_pieces(
    session: Session, bordereau_id: int, total: int, clearance: Clearance, page: int
) -> Paged[PieceResume]:
    page, taille = find_page(total, page, PIECES_PAR_PAGE)
    pieces = session.scalars(
        select(Piece)
        .where(Piece.bordereau_id == bordereau_id, among(Piece.cellule_id, clearance.cellules))
        .order_by(Piece.id)
        .limit(taille)
        .offset((page - 1) * taille)
    ).all()
    return Paged(find_resumes(session, pieces, clearance=clearance), total, page, taille)


def check_bordereau(bordereau: Bordereau, nb: int, ht: int, tva: int) -> tuple[str, ...]:
    """What the bordereau declares (NbrPce, MtBordHT, MtBordTVA) against what was read.

    Without sign: a bordereau of annulation declares amounts unsigned, its pieces are negative.
    """
    found = []
    declared = bordereau.nb_pieces_declare
    if declared is not None and declared != nb:
        found.append(
            f"Le bordereau déclare {format_entier(declared)} pièces, "
            f"{format_entier(nb)} ont été lues."
        )
    for label, said, read in (
        ("HT", bordereau.ht_declare, ht),
        ("de TVA", bordereau.tva_declare, tva),
    ):
        if said is not None and abs(said) != abs(read):
            found.append(
                f"Le bordereau déclare {format_euros(abs(said))} {label}, "
                f"ses pièces font {format_euros(abs(read))}."
            )
    return tuple(found)
