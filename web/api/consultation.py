"""Pieces, bordereaux and PJ for programs: what their pages show, and the original bytes."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from orc.identity.cles import DroitApi
from orc.journal import Acte
from orc.search.consult import get_bordereau, get_piece
from orc.search.consult_values import BordereauVue, PieceVue
from orc.search.open_pj import PjVisible, get_pj, open_document
from orc.search.viewer import read_pages
from web.acces import acces_lecteurs
from web.api.contrat import PREFIX, REFUS
from web.cles import cles
from web.deps import Connecte, JournalDuLecteur, Lecture, get_orc
from web.disposition import make_disposition

router = APIRouter(prefix=PREFIX, responses=REFUS, tags=["Consultation"])

Numero = Annotated[int, Path(ge=0, lt=2**63)]
Page = Annotated[int, Query(ge=1, le=1_000_000)]
Par = Annotated[int | None, Query(alias="piece", ge=0, lt=2**63, description="Pièce qui la cite.")]


class Pj(BaseModel):
    """A PJ: `telechargeable` says whether you may have its bytes, else `refus` says why not."""

    id: int
    piece_id: int
    id_unique: str
    nom: str
    type_pj: str
    description: str
    type_reel: str
    sha256: str
    taille: int
    etat: str
    motif: str
    etat_texte: str
    nb_pages: int
    version: int
    courante: bool
    telechargeable: bool
    refus: str


class Partie(BaseModel):
    """A document carried by the PJ; `page`: its first one in the list of pages, 0 without text."""

    nom: str
    type_reel: str
    nb_pages: int
    page: int
    etat_texte: str
    motif: str


class Texte(BaseModel):
    """The text of a PJ, page by page, then that of its parts; NIR are masked."""

    etat_texte: str
    pages: list[str]
    parties: list[Partie]


@router.get("/pieces/{piece_id}", summary="Un mandat ou un titre")
@acces_lecteurs
@cles(DroitApi.CONSULTATION)
def show_piece(
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    piece_id: Numero,
    page_lignes: Page = 1,
) -> PieceVue:
    """Tout ce que dit la page de la pièce : en-tête, lignes, tiers, PJ, versions, marchés."""
    found = get_piece(session, piece_id, clearance=lecteur.clearance, page_lignes=page_lignes)
    journal.record(Acte.CONSULTATION, f"piece:{piece_id}", {"api": True})
    return found


@router.get("/bordereaux/{bordereau_id}", summary="Un bordereau")
@acces_lecteurs
@cles(DroitApi.CONSULTATION)
def show_bordereau(
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    bordereau_id: Numero,
    page: Page = 1,
) -> BordereauVue:
    """Le bordereau et ses pièces, page par page."""
    found = get_bordereau(session, bordereau_id, clearance=lecteur.clearance, page=page)
    journal.record(Acte.CONSULTATION, f"bordereau:{bordereau_id}", {"api": True})
    return found


@router.get("/pj/{pj_id}", summary="Une pièce justificative")
@acces_lecteurs
@cles(DroitApi.CONSULTATION)
def show_pj(
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    pj_id: Numero,
    piece: Par = None,
) -> Pj:
    """Ses caractéristiques, vue par une pièce qui la cite."""
    pj = get_pj(session, pj_id, piece, clearance=lecteur.clearance)
    journal.record(Acte.CONSULTATION, f"pj:{pj_id}", make_details(pj))
    return Pj(
        id=pj.id,
        piece_id=pj.piece_id,
        id_unique=pj.id_unique,
        nom=pj.nom,
        type_pj=pj.type_pj,
        description=pj.description,
        type_reel=pj.type_reel,
        sha256=pj.sha256,
        taille=pj.taille,
        etat=pj.etat,
        motif=pj.motif,
        etat_texte=pj.etat_texte,
        nb_pages=pj.nb_pages,
        version=pj.version,
        courante=pj.courante,
        telechargeable=pj.original is None,
        refus=str(pj.original) if pj.original else "",
    )


def make_details(pj: PjVisible) -> dict[str, object]:
    """What the journal keeps beside the PJ."""
    return {"piece": pj.piece_id, "sha256": pj.sha256, "api": True}


@router.get("/pj/{pj_id}/texte", summary="Le texte d’une pièce justificative")
@acces_lecteurs
@cles(DroitApi.CONSULTATION)
def show_texte(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    pj_id: Numero,
    piece: Par = None,
) -> Texte:
    """Son texte, page par page, les NIR masqués."""
    pj = get_pj(session, pj_id, piece, clearance=lecteur.clearance)
    journal.record(Acte.CONSULTATION, f"pj:{pj_id}", make_details(pj) | {"quoi": "texte"})
    pages = read_pages(get_orc(request).storage, pj)
    return Texte(etat_texte=pj.etat_texte, pages=list(pages), parties=list(_make_parties(pj)))


def _make_parties(pj: PjVisible) -> Iterator[Partie]:
    page = pj.nb_pages_propres + 1
    for partie in pj.parties:
        yield Partie(
            nom=partie.nom,
            type_reel=partie.type,
            nb_pages=partie.nb_pages,
            page=page if partie.nb_pages else 0,
            etat_texte=partie.etat,
            motif=partie.motif,
        )
        page += partie.nb_pages


@router.get(
    "/pj/{pj_id}/original",
    summary="Les octets d’origine",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
@acces_lecteurs
@cles(DroitApi.CONSULTATION, DroitApi.EXPORT)
def download_original(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    pj_id: Numero,
    piece: Par = None,
) -> Response:
    """Les octets reçus, relus du silo et vérifiés par leur SHA-256."""
    orc = get_orc(request)
    pj = get_pj(session, pj_id, piece, clearance=lecteur.clearance)
    limite = orc.settings.pj_octets_max
    document = open_document(session, pj, open_silo=orc.open_silo, limite=limite)
    journal.record(Acte.TELECHARGEMENT, f"pj:{pj_id}", make_details(pj))
    return Response(
        document.octets,
        media_type="application/octet-stream",
        headers={
            "content-disposition": make_disposition(pj.nom, pj.type_reel, inline=False),
            "x-sha256": pj.sha256,
        },
    )
