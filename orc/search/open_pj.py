"""A PJ through the piece it proves: who may see it, who may open it, and its bytes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.access import Clearance
from orc.domain import Domaine, strictest
from orc.errors import Conflict, Forbidden, NotFound, OrcError, Unavailable
from orc.models import Cellule, Flux, Lien, PieceJustificative, Texte
from orc.models.parties import PartieJointe, load_parties
from orc.search.consult_pj import count_pages, find_pages_a_oceriser
from orc.search.paged import among
from orc.search.pj_marches import find_citation_marche
from orc.silo import Silo, open_pj
from orc.silo.payload import LIMITE
from orc.silo.places import find_places

# What `texte.extracteur` names once OCR read pages of a document.
TESSERACT = "tesseract"
INTROUVABLE = "Cette pièce justificative n’existe pas, ou vous n’y avez pas accès."


@dataclass(frozen=True, slots=True)
class PjVisible:
    """A PJ seen through a piece; `original` is what keeps the reader from its bytes, if any."""

    id: int
    piece_id: int
    flux_id: int
    id_unique: str
    nom: str
    type_pj: str
    description: str
    mime_declare: str
    type_reel: str
    sha256: str
    taille: int
    etat: str
    motif: str
    etat_texte: str
    motif_texte: str
    nb_pages: int
    nir: bool
    # How well OCR read it, 0 to 100, where it did and found words.
    qualite: int | None
    # Whether OCR read pages of it, and the pages that wait for it.
    ocr: bool
    pages_a_oceriser: tuple[int, ...]
    debut: int
    longueur: int
    ligne_xml: int
    version: int
    courante: bool
    original: OrcError | None
    # The pages of its text that are its own; those of the documents it carries follow.
    nb_pages_propres: int = 0
    parties: tuple[PartieJointe, ...] = ()

    def require_original(self) -> None:
        """Raise what keeps the reader from the original bytes, if anything does."""
        if self.original is not None:
            raise self.original


@dataclass(frozen=True, slots=True)
class Document:
    """The bytes of a PJ, whose SHA-256 was checked when they were read."""

    pj: PjVisible
    octets: bytes


def get_pj(
    session: Session, pj_id: int, piece_id: int | None = None, *, clearance: Clearance
) -> PjVisible:
    """The PJ, through this piece or through the first one that lets the reader see it. NotFound."""
    row = session.execute(
        select(PieceJustificative, Texte)
        .outerjoin(Texte, Texte.sha256 == PieceJustificative.sha256)
        .where(PieceJustificative.id == pj_id)
    ).one_or_none()
    pj, texte = row if row is not None else (_NOTHING, None)
    through, nom, cellule = _get_citation(session, pj, piece_id, clearance)
    return PjVisible(
        id=pj.id,
        piece_id=through,
        flux_id=pj.flux_id,
        id_unique=pj.id_unique,
        nom=pj.nom or nom or pj.id_unique,
        type_pj=pj.type_pj,
        description=pj.description,
        mime_declare=pj.mime_declare,
        type_reel=(texte.type_reel if texte else "") or pj.type_reel,
        sha256=pj.sha256,
        taille=pj.taille,
        etat=pj.etat,
        motif=pj.motif,
        etat_texte=texte.etat if texte else "",
        motif_texte=texte.motif if texte else "",
        nb_pages=count_pages(texte),
        nir=texte.nir if texte else False,
        qualite=texte.qualite if texte else None,
        ocr=TESSERACT in texte.extracteur if texte else False,
        pages_a_oceriser=find_pages_a_oceriser(texte),
        debut=pj.debut,
        longueur=pj.longueur,
        ligne_xml=pj.ligne_xml,
        version=pj.version,
        courante=pj.courante,
        original=_find_refusal(pj, texte, (cellule.budget_id, cellule.exercice), clearance),
        nb_pages_propres=texte.nb_pages if texte else 0,
        parties=load_parties(texte.parties) if texte else (),
    )


# What no flow cites: asking who may see it takes the statements that a PJ one may not see takes.
_NOTHING = PieceJustificative(id=-1, siren="-", id_unique="-", domaine="")


def _get_citation(
    session: Session, pj: PieceJustificative, piece_id: int | None, clearance: Clearance
) -> tuple[int, str, Cellule]:
    """What lets the reader see this PJ: (piece, name there, cellule); its own domaine counts too.

    A piece that cites it, else a piece whose marché does.
    """
    query = (
        select(Lien, Cellule)
        .join(Cellule, Cellule.id == Lien.cellule_id)
        .where(Lien.siren == pj.siren, Lien.id_unique == pj.id_unique)
        .order_by(Lien.id)
    )
    if piece_id is not None:
        query = query.where(Lien.piece_id == piece_id)
    rows = session.execute(query).all()
    open_ones = _find_domaines(session, [cellule for _, cellule in rows], clearance)
    for lien, cellule in rows:
        domaine = strictest([Domaine(d) for d in (pj.domaine, cellule.domaine) if d])
        if clearance.allows(lien.cellule_id) and (
            lien.pj_id == pj.id or (cellule.budget_id, cellule.exercice, domaine) in open_ones
        ):
            return lien.piece_id, lien.nom, cellule
    found = find_citation_marche(session, pj, piece_id, clearance=clearance)
    if found is None:
        raise NotFound(INTROUVABLE)
    return found.piece_id, found.nom, found.cellule


def _find_domaines(
    session: Session, cellules: Sequence[Cellule], clearance: Clearance
) -> set[tuple[int, int, str]]:
    """The (budget, exercice, domaine) open to the reader, of the budgets of these; one question."""
    query = select(Cellule.id, Cellule.budget_id, Cellule.exercice, Cellule.domaine).where(
        among(Cellule.budget_id, {c.budget_id for c in cellules}),
        among(Cellule.exercice, {c.exercice for c in cellules}),
    )
    return {
        (row.budget_id, row.exercice, row.domaine)
        for row in session.execute(query)
        if clearance.allows(row.id)
    }


def _find_refusal(
    pj: PieceJustificative, texte: Texte | None, place: tuple[int, int], clearance: Clearance
) -> OrcError | None:
    """A NIR opens under a sensitive grant only; a text not read yet may hold one."""
    if not pj.taille:
        return Conflict("Ce document n’a aucun contenu : il n’y a rien à ouvrir.")
    if place in clearance.sensibles:
        return None
    if texte is not None and texte.nir:
        return Forbidden(
            "Ce document montre un numéro de sécurité sociale : l’original ne s’ouvre qu’avec une "
            "habilitation à un domaine réservé. Son texte, où le numéro est masqué, reste lisible."
        )
    if texte is None or texte.etat == "a_extraire":
        return Conflict(
            "Le texte de ce document n’est pas encore lu : on ne sait pas s’il montre un numéro de "
            "sécurité sociale. L’original s’ouvrira dès qu’il le sera."
        )
    return None


def open_document(
    session: Session,
    pj: PjVisible,
    *,
    open_silo: Callable[[str], Silo],
    limite: int = LIMITE,
) -> Document:
    """The bytes of this PJ, from any file of the silo that still holds its flow.

    Raises what keeps the reader from the original, Unavailable where no file holds the flow any
    more, and the last fault met where all of them fail.
    """
    pj.require_original()
    fault: OrcError | None = None
    for place in find_places(session, pj.flux_id):
        try:
            octets = open_pj(
                open_silo(place.silo),
                place.chemin,
                place.membre,
                pj.debut,
                pj.longueur,
                pj.sha256,
                limite=limite,
            )
        except OrcError as error:
            fault = error
        else:
            return Document(pj, octets)
    if fault is not None:
        raise fault
    nom = session.scalar(select(Flux.nom_fic).where(Flux.id == pj.flux_id))
    raise Unavailable(f"Aucun fichier du silo ne contient plus le flux « {nom} ».")
