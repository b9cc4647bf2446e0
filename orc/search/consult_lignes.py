"""The lines of a piece and their tiers, with labels, and bank accounts masked."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from orc.access import Clearance
from orc.domain import Sens
from orc.models import Ligne, Piece, Tiers
from orc.nomenclature import (
    libelle_categorie_tiers,
    libelle_compte,
    libelle_mode_reglement,
    libelle_nature_identifiant,
    libelle_nature_juridique,
    libelle_nature_piece_origine,
)
from orc.search.consult_values import LigneVue, OrigineVue, PieceResume, TiersVue
from orc.search.lieux import Code
from orc.search.paged import Paged, find_page
from orc.search.resumes import find_resumes

LIGNES_PAR_PAGE = 100
_ANNULATION = "02"
# CodPays of a domestic address: nobody writes it.
FRANCE = frozenset({"", "100", "FR", "FRA", "FRANCE"})
CORRECTIONS_MAX = 50

# NatPceOrig: 01 and 02 are inverted between dépense and recette (codes.md, 3.3 and 3.4).
_SENS_ORIGINE = {
    (Sens.DEPENSE, "01"): Sens.DEPENSE,
    (Sens.DEPENSE, "02"): Sens.RECETTE,
    (Sens.DEPENSE, "05"): Sens.DEPENSE,
    (Sens.RECETTE, "01"): Sens.RECETTE,
    (Sens.RECETTE, "02"): Sens.DEPENSE,
}


def mask_compte(iban: str) -> str:
    """An IBAN or a RIB as a page may show it: its last four characters."""
    bare = "".join(iban.split())
    return f"•••• {bare[-4:]}" if len(bare) > 8 else ("••••" if bare else "")


def make_tiers(tiers: Tiers) -> TiersVue:
    """A tiers with labels, its address on one line, its account masked."""
    pays = "" if tiers.pays.upper() in FRANCE else tiers.pays
    ville = " ".join(filter(None, (tiers.code_postal, tiers.ville)))
    return TiersVue(
        id=tiers.id,
        nom=" ".join(filter(None, (tiers.civilite, tiers.nom, tiers.prenom, tiers.complement))),
        identifiant=tiers.identifiant,
        nature_identifiant=Code(
            tiers.nature_identifiant, libelle_nature_identifiant(tiers.nature_identifiant)
        ),
        reference=tiers.reference,
        categorie=Code(tiers.categorie, libelle_categorie_tiers(tiers.categorie)),
        nature_juridique=Code(
            tiers.nature_juridique, libelle_nature_juridique(tiers.nature_juridique)
        ),
        adresse=", ".join(filter(None, (tiers.adresse, ville, pays))),
        compte_bancaire=mask_compte(tiers.iban),
        titulaire_compte=tiers.titulaire_compte,
    )


def find_lignes(session: Session, piece: Piece, *, page: int) -> Paged[LigneVue]:
    """One page of the lines of a piece, in the order of the flow."""
    total = session.scalar(select(func.count()).where(Ligne.piece_id == piece.id)) or 0
    page, taille = find_page(total, page, LIGNES_PAR_PAGE)
    query = (
        select(Ligne)
        .where(Ligne.piece_id == piece.id)
        .order_by(Ligne.id)
        .limit(taille)
        .offset((page - 1) * taille)
    )
    lignes = list(session.scalars(query))
    tiers = _find_tiers(session, lignes)
    sens = Sens(piece.sens)
    return Paged(tuple(_make_ligne(ligne, sens, tiers) for ligne in lignes), total, page, taille)


def sum_lignes(session: Session, piece_id: int) -> tuple[int, int, int]:
    """Number, HT and TVA of the lines of a piece, in cents."""
    row = session.execute(
        select(func.count(), func.sum(Ligne.ht), func.sum(Ligne.tva)).where(
            Ligne.piece_id == piece_id
        )
    ).one()
    return row[0], row[1] or 0, row[2] or 0


def find_tiers(session: Session, piece_id: int) -> tuple[TiersVue, ...]:
    """The first tiers of a piece, once each, in the order of its lines."""
    first = func.min(Ligne.id)
    query = (
        select(Tiers)
        .join(Ligne, Ligne.tiers_id == Tiers.id)
        .where(Ligne.piece_id == piece_id)
        .group_by(Tiers.id)
        .order_by(first)
        .limit(LIGNES_PAR_PAGE)
    )
    return tuple(make_tiers(tiers) for tiers in session.scalars(query))


def _find_tiers(session: Session, lignes: Sequence[Ligne]) -> dict[int, TiersVue]:
    ids = {ligne.tiers_id for ligne in lignes if ligne.tiers_id is not None}
    for ligne in lignes:
        ids.update(read_ids(ligne.autres_tiers))
    found = session.scalars(select(Tiers).where(Tiers.id.in_(sorted(ids))))
    return {tiers.id: make_tiers(tiers) for tiers in found}


def read_ids(text: str) -> list[int]:
    """The ids of a comma separated list; what is no number is passed over."""
    return [int(part) for part in text.split(",") if part.strip().isdecimal()]


def _make_ligne(ligne: Ligne, sens: Sens, tiers: dict[int, TiersVue]) -> LigneVue:
    others = (tiers[i] for i in read_ids(ligne.autres_tiers) if i in tiers)
    return LigneVue(
        id=ligne.id,
        numero=ligne.numero,
        libelle=ligne.libelle,
        compte=Code(ligne.compte, libelle_compte(ligne.compte)),
        fonction=ligne.fonction,
        operation=ligne.operation,
        facture=ligne.facture,
        mode_reglement=Code(
            ligne.mode_reglement, libelle_mode_reglement(sens, ligne.mode_reglement)
        ),
        ht=ligne.ht,
        tva=ligne.tva,
        references=_make_references(ligne),
        marche_cle=ligne.marche_cle,
        origine=_make_origine(ligne, sens),
        tiers=tiers.get(ligne.tiers_id) if ligne.tiers_id is not None else None,
        autres_tiers=tuple(others),
    )


def _make_references(ligne: Ligne) -> tuple[tuple[str, str], ...]:
    majorable = {"1": "oui", "true": "oui", "0": "non", "false": "non"}
    pairs = (
        ("Marché", ligne.marche),
        ("Convention", ligne.convention),
        ("Emprunt", ligne.emprunt),
        ("Actif", ligne.actif),
        ("Régie", ligne.regie),
        ("Compte de tiers", ligne.compte_tiers),
        ("Compte analytique", ligne.compte_analytique),
        ("Produit", ligne.code_produit),
        ("Majorable", majorable.get(ligne.majorable, ligne.majorable)),
    )
    return tuple((label, value) for label, value in pairs if value)


def _make_origine(ligne: Ligne, sens: Sens) -> OrigineVue | None:
    if not ligne.origine_piece:
        return None
    nature = ligne.origine_nature
    return OrigineVue(
        nature=Code(nature, libelle_nature_piece_origine(sens, nature)),
        exercice=ligne.origine_exercice,
        numero=ligne.origine_piece,
        ligne=ligne.origine_ligne,
    )


def _same_numero(column: InstrumentedAttribute[str], numero: str) -> ColumnElement[bool]:
    """Leading zeros aside: a flow writes `0127` where another writes `127`.

    As a list of forms, so that an index on the column serves; IdPce has 13 characters at most.
    """
    bare = numero.lstrip("0") or "0"
    return column.in_(sorted({numero, *(bare.zfill(width) for width in range(len(bare), 14))}))


def find_corrigees(
    session: Session, piece: Piece, *, clearance: Clearance
) -> tuple[PieceResume, ...]:
    """The pieces that the lines of this one correct (RattachPiece), where they may be seen."""
    query = (
        select(Ligne.origine_nature, Ligne.origine_exercice, Ligne.origine_piece)
        .where(Ligne.piece_id == piece.id, Ligne.origine_piece != "")
        .distinct()
        .limit(CORRECTIONS_MAX)
    )
    clauses = []
    for nature, exercice, numero in session.execute(query):
        sens = _SENS_ORIGINE.get((Sens(piece.sens), nature))
        if sens is not None:
            clauses.append(
                (Piece.exercice == (exercice or piece.exercice))
                & (Piece.sens == sens)
                & _same_numero(Piece.numero, numero)
            )
    if not clauses:
        return ()
    found = session.scalars(
        select(Piece)
        .where(
            Piece.budget_id == piece.budget_id,
            Piece.courante,
            Piece.type_bordereau != _ANNULATION,
            Piece.id != piece.id,
            or_(*clauses),
        )
        .order_by(Piece.exercice, Piece.numero)
        .limit(CORRECTIONS_MAX)
    ).all()
    return find_resumes(session, found, clearance=clearance)


def find_correctrices(
    session: Session, piece: Piece, *, clearance: Clearance
) -> tuple[PieceResume, ...]:
    """The pieces of the same budget whose lines correct this one, where they may be seen."""
    query = (
        select(Piece)
        .join(Ligne, Ligne.piece_id == Piece.id)
        .where(
            Piece.budget_id == piece.budget_id,
            Piece.exercice >= piece.exercice,
            Piece.courante,
            Piece.id != piece.id,
            Ligne.origine_piece != "",
            _same_numero(Ligne.origine_piece, piece.numero),
            func.coalesce(Ligne.origine_exercice, Piece.exercice) == piece.exercice,
            _names_a(Sens(piece.sens)),
        )
        .distinct()
        .order_by(Piece.exercice, Piece.id)
        .limit(CORRECTIONS_MAX)
    )
    if piece.type_bordereau == _ANNULATION:
        return ()
    return find_resumes(session, session.scalars(query).all(), clearance=clearance)


def _names_a(corrected: Sens) -> ColumnElement[bool]:
    """The condition on a line that it names a piece of that sens as its origin."""
    return or_(
        *(
            (Piece.sens == sens) & (Ligne.origine_nature == nature)
            for (sens, nature), origin in _SENS_ORIGINE.items()
            if origin is corrected
        )
    )
