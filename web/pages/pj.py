"""The bytes of a PJ: shown, downloaded, drawn page by page, and where the searched words stand.

Every answer that shows something is journaled before its first byte.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from orc.errors import OrcError
from orc.journal import Acte
from orc.search.lectures import find_boites, read_page
from orc.search.open_pj import Document, PjVisible, get_pj, open_document
from orc.search.viewer import Surligneur, read_pages
from web.acces import acces_lecteurs
from web.deps import Connecte, JournalDuLecteur, Lecture, get_orc
from web.disposition import CSP_DOCUMENT, OCTETS, make_disposition, save_as
from web.pages.piece import Numero, Page, Q
from web.sceau import read_mots

router = APIRouter(include_in_schema=False)

PDF = "application/pdf"
TIFF = "image/tiff"
# What a browser draws by itself without running anything.
IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/bmp", "image/webp"})
LARGEURS = 1600
# The browser's own PDF reader does not work in a sandbox: it runs no script of the document.
CSP_PDF = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:"

PieceId = Annotated[int | None, Query(alias="piece", ge=0, lt=2**63)]


def open_for(
    request: Request, session: Lecture, lecteur: Connecte, pj_id: int, piece_id: int | None
) -> Document:
    """The bytes of a PJ that the reader may open, checked now."""
    orc = get_orc(request)
    pj = get_pj(session, pj_id, piece_id, clearance=lecteur.clearance)
    limite = orc.settings.pj_octets_max
    return open_document(session, pj, open_silo=orc.open_silo, limite=limite)


def make_details(pj: PjVisible, **more: object) -> dict[str, object]:
    """What the journal keeps beside the PJ: the piece it was seen through, its digest."""
    return {"piece": pj.piece_id, "sha256": pj.sha256, **more}


@router.get("/pj/{pj_id}/contenu")
@acces_lecteurs
def show_contenu(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    pj_id: Numero,
    piece: PieceId = None,
) -> Response:
    """The bytes to show in the page: PDF and images as they are, the rest only to download."""
    document = open_for(request, session, lecteur, pj_id, piece)
    pj = document.pj
    journal.record(Acte.CONSULTATION, f"pj:{pj.id}", make_details(pj, quoi="contenu"))
    shown = pj.type_reel == PDF or pj.type_reel in IMAGES
    return Response(
        document.octets,
        media_type=pj.type_reel if shown else OCTETS,
        headers={
            "content-disposition": make_disposition(pj.nom, pj.type_reel, inline=shown),
            "content-security-policy": CSP_PDF if pj.type_reel == PDF else CSP_DOCUMENT,
        },
    )


@router.get("/pj/{pj_id}/original")
@acces_lecteurs
def download_original(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    pj_id: Numero,
    piece: PieceId = None,
) -> Response:
    """The original bytes, to save: never shown by the browser, whatever they are."""
    document = open_for(request, session, lecteur, pj_id, piece)
    pj = document.pj
    journal.record(Acte.TELECHARGEMENT, f"pj:{pj.id}", make_details(pj))
    return save_as(pj.nom, document.octets, pj.type_reel)


@router.get("/pj/{pj_id}/image")
@acces_lecteurs
def show_image(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    pj_id: Numero,
    piece: PieceId = None,
    page: Page = 1,
    largeur: Annotated[int, Query(ge=16, le=LARGEURS)] = 1200,
) -> Response:
    """A page drawn by the server: what the browser cannot draw (TIFF), and thumbnails."""
    document = open_for(request, session, lecteur, pj_id, piece)
    png = get_orc(request).visionneuse.render_page(document.octets, page, largeur)
    pj = document.pj
    journal.record(Acte.CONSULTATION, f"pj:{pj.id}", make_details(pj, quoi="image", page=page))
    headers = {"content-security-policy": CSP_DOCUMENT}
    return Response(png, media_type="image/png", headers=headers)


@router.get("/pj/{pj_id}/mots")
@acces_lecteurs
def find_mots(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    pj_id: Numero,
    q: Q,
    piece: PieceId = None,
    page: Page = 1,
) -> Response:
    """Where the words of `q` stand on a page of a PDF or a scan: boxes in fractions of the page."""
    orc = get_orc(request)
    document = open_for(request, session, lecteur, pj_id, piece)
    pages = read_pages(orc.storage, document.pj)
    texte = pages[page - 1] if page <= len(pages) else ""
    mots = Surligneur(read_mots(session, lecteur, q)).find_mots(texte)
    # Which words stand where is something of the document: it is told to nobody unseen.
    pj = document.pj
    journal.record(Acte.CONSULTATION, f"pj:{pj.id}", make_details(pj, quoi="mots", page=page))
    read = read_page(orc.storage, pj.sha256, page) if mots and pj.ocr else None
    boites = list(find_boites(read, mots)) if read else []
    # What the PDF itself holds there is where the PDF says.
    if not mots or pj.type_reel != PDF or (read and not read.imprime):
        return JSONResponse({"boites": boites, "motif": ""})
    try:
        boxes = orc.visionneuse.find_boxes(document.octets, page, mots)
    except OrcError as error:
        return JSONResponse({"boites": boites, "motif": str(error)})
    boites += [(b.x, b.y, b.largeur, b.hauteur, b.mot) for b in boxes.boxes]
    return JSONResponse({"boites": boites, "motif": boxes.motif})
