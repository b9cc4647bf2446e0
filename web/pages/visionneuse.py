"""The viewer: a PJ beside the piece it proves, its text, its details. Bytes are in pj.py."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from orc.access import Lecteur
from orc.errors import OrcError
from orc.journal import Acte
from orc.nomenclature import libelle_type_pj
from orc.retention.etats import Ligne, find_ligne
from orc.retention.retraits import SortieDite, find_sortie
from orc.search.consult import get_visible
from orc.search.consult_lignes import LIGNES_PAR_PAGE, find_lignes
from orc.search.consult_pj import find_pj_of_piece
from orc.search.consult_values import (
    LIBELLES_CONTENUS,
    LIBELLES_TEXTES,
    LigneVue,
    PieceResume,
    PjVue,
    Provenance,
    find_libelle_format,
)
from orc.search.consult_versions import get_provenance
from orc.search.lectures import Boite, LectureOcr, find_boites, find_lectures, read_page
from orc.search.lieux import Code, Lieu, get_lieu
from orc.search.open_pj import PjVisible, get_pj, open_document
from orc.search.paged import Paged
from orc.search.resumes import find_resumes
from orc.search.viewer import Morceaux, Surligneur, read_pages
from orc.storage import Storage
from web.acces import acces_lecteurs
from web.deps import Connecte, JournalDuLecteur, Lecture, get_orc
from web.pages.parties import PartieVue, find_parties, name_page
from web.pages.piece import Numero, Page, Q
from web.pages.pj import IMAGES, PDF, TIFF, PieceId, make_details
from web.render import render
from web.sceau import keep_q, read_mots

if TYPE_CHECKING:
    from orc.bootstrap import Orc

router = APIRouter(include_in_schema=False)

Onglet = Literal["document", "texte", "details"]
PAGES_DE_TEXTE = 20
TIFF_MAX = 50
LIGNES_A_COTE = 8


@dataclass(frozen=True, slots=True)
class PageTexte:
    """One page of text, in pieces to highlight or not."""

    numero: int
    nom: str
    morceaux: Morceaux
    # What OCR did of it, if anything; whether it waits for it.
    lecture: LectureOcr | None = None
    attend: bool = False


@dataclass(frozen=True, slots=True)
class Feuille:
    """A page shown as an image, and where the words of the search stand on it."""

    numero: int
    boites: tuple[Boite, ...]


@dataclass(frozen=True, slots=True)
class Trouvaille:
    """A page where words of the search are, and how many."""

    page: int
    nombre: int
    nom: str
    dans_partie: bool


@dataclass(frozen=True, slots=True)
class Verification:
    """What reading the bytes again gave, now: "" when the digest is the recorded one."""

    faite: bool
    refus: str
    octets: int


@dataclass(frozen=True, slots=True)
class PageVisionneuse:
    """Everything the viewer says. `genre`: pdf, image, tiff or autre (text and download only)."""

    pj: PjVisible
    genre: str
    onglet: str
    page: int
    q: str
    type_pj: Code
    format_reel: str
    etat_contenu: str
    etat_texte: str
    refus: str
    piece: PieceResume
    lieu: Lieu
    lignes: tuple[LigneVue, ...]
    autres_lignes: int
    autres: tuple[PjVue, ...]
    rang: int
    precedente: PjVue | None
    suivante: PjVue | None
    trouvailles: tuple[Trouvaille, ...]
    parties: tuple[PartieVue, ...]
    textes: Paged[PageTexte]
    feuilles: tuple[Feuille, ...]
    lectures: tuple[LectureOcr, ...]
    provenance: Provenance | None
    verification: Verification
    # What is decided of its early destruction, for whoever may know; None: nothing, or not them.
    retention: Ligne | None
    # What the register says, where it left the silo at its term: its text went with it.
    sortie: SortieDite | None

    @property
    def params(self) -> dict[str, object]:
        """What every link of the viewer carries."""
        return {"piece": self.pj.piece_id, "q": self.q}

    @property
    def mal_lues(self) -> tuple[LectureOcr, ...]:
        """The pages whose text is doubtful."""
        return tuple(lecture for lecture in self.lectures if lecture.faible)

    @property
    def boites(self) -> int:
        """How many words of the search are drawn over the images shown."""
        return sum(len(feuille.boites) for feuille in self.feuilles)

    @property
    def trouvailles_propres(self) -> tuple[Trouvaille, ...]:
        """Those on the document itself: what it carries is read under its text only."""
        return tuple(t for t in self.trouvailles if not t.dans_partie)


@router.get("/pj/{pj_id}")
@acces_lecteurs
def show_visionneuse(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    pj_id: Numero,
    piece: PieceId = None,
    q: Q = "",
    page: Page | None = None,
    onglet: Onglet | None = None,
) -> Response:
    """The viewer of a PJ, opened at the page of the passage; journaled."""
    pj = get_pj(session, pj_id, piece, clearance=lecteur.clearance)
    made = make_visionneuse(
        get_orc(request),
        session,
        pj,
        lecteur=lecteur,
        q=keep_q(session, lecteur, q),
        page=page,
        onglet=onglet,
    )
    journal.record(Acte.CONSULTATION, f"pj:{pj.id}", make_details(pj, quoi=made.onglet))
    return render(request, "visionneuse/visionneuse", made)


def find_genre(type_reel: str) -> str:
    """How a document is shown, by its true type."""
    if type_reel == PDF:
        return "pdf"
    if type_reel == TIFF:
        return "tiff"
    return "image" if type_reel in IMAGES else "autre"


def make_visionneuse(
    orc: "Orc",
    session: Session,
    pj: PjVisible,
    *,
    lecteur: Lecteur,
    q: str,
    page: int | None,
    onglet: Onglet | None,
) -> PageVisionneuse:
    """Read what the viewer shows; without `page`, the first one with a word of the search."""
    clearance = lecteur.clearance
    row = get_visible(session, pj.piece_id, clearance=clearance)
    lignes = find_lignes(session, row, page=1)
    autres = [p for p in find_pj_of_piece(session, row.id, clearance=clearance)[0] if p.pj_id]
    rang = next((i for i, p in enumerate(autres) if p.pj_id == pj.id), -1)
    textes = read_pages(orc.storage, pj)
    lectures = find_lectures(session, pj.sha256) if pj.ocr else {}
    surligneur = Surligneur(read_mots(session, lecteur, q))
    found = find_trouvailles(pj, textes, surligneur)
    genre = find_genre(pj.type_reel)
    refus = str(pj.original) if pj.original else ""
    here = page or (found[0].page if found else 1)
    carried = bool(pj.parties) and here > pj.nb_pages_propres
    shown = onglet or ("texte" if (genre == "autre" or refus or carried) and textes else "document")
    return PageVisionneuse(
        pj=pj,
        genre=genre,
        onglet=shown,
        page=here,
        q=q,
        type_pj=Code(pj.type_pj, libelle_type_pj(pj.type_pj)),
        format_reel=find_libelle_format(pj.type_reel),
        etat_contenu=LIBELLES_CONTENUS.get(pj.etat, pj.etat),
        etat_texte=LIBELLES_TEXTES.get(pj.etat_texte, pj.etat_texte),
        refus=refus,
        piece=find_resumes(session, [row], clearance=clearance)[0],
        lieu=get_lieu(session, row.budget_id),
        sortie=find_sortie(session, pj.id),
        retention=find_ligne(session, clearance.retention, pj.id) if clearance.retention else None,
        lignes=lignes.items[:LIGNES_A_COTE],
        autres_lignes=lignes.total - min(lignes.total, LIGNES_A_COTE, LIGNES_PAR_PAGE),
        autres=tuple(autres),
        rang=rang,
        precedente=autres[rang - 1] if rang > 0 else None,
        suivante=autres[rang + 1] if 0 <= rang < len(autres) - 1 else None,
        trouvailles=found,
        parties=find_parties(pj),
        textes=make_textes(pj, textes, lectures, surligneur, here)
        if shown == "texte"
        else _NO_TEXT,
        feuilles=make_feuilles(orc.storage, pj, genre, textes, surligneur)
        if shown == "document" and not refus
        else (),
        lectures=tuple(lectures.values()),
        provenance=get_provenance(session, pj.flux_id, pj.ligne_xml)
        if shown == "details"
        else None,
        verification=check_now(orc, session, pj) if shown == "details" else _NOT_CHECKED,
    )


_NO_TEXT: Paged[PageTexte] = Paged((), 0, 1, PAGES_DE_TEXTE)
_NOT_CHECKED = Verification(faite=False, refus="", octets=0)


def find_trouvailles(
    pj: PjVisible, textes: tuple[str, ...], surligneur: Surligneur
) -> tuple[Trouvaille, ...]:
    """The pages that hold words of the search, those of carried documents after its own."""
    counts = ((n, surligneur.count(texte)) for n, texte in enumerate(textes, start=1))
    own = pj.nb_pages_propres if pj.parties else len(textes)
    return tuple(Trouvaille(n, count, name_page(pj, n), n > own) for n, count in counts if count)


def make_feuilles(
    storage: Storage,
    pj: PjVisible,
    genre: str,
    textes: tuple[str, ...],
    surligneur: Surligneur,
) -> tuple[Feuille, ...]:
    """The pages of an image, with the words of the search where OCR read some."""
    if genre not in {"image", "tiff"}:
        return ()
    count = min(max(pj.nb_pages, 1), TIFF_MAX) if genre == "tiff" else 1
    return tuple(
        Feuille(n, find_mots(storage, pj, n, textes[n - 1], surligneur) if n <= len(textes) else ())
        for n in range(1, count + 1)
    )


def find_mots(
    storage: Storage, pj: PjVisible, page: int, texte: str, surligneur: Surligneur
) -> tuple[Boite, ...]:
    """Where OCR saw the words of the search on a page; () where it read nothing of it."""
    mots = surligneur.find_mots(texte) if pj.ocr else []
    read = read_page(storage, pj.sha256, page) if mots else None
    return find_boites(read, mots) if read else ()


def make_textes(
    pj: PjVisible,
    textes: tuple[str, ...],
    lectures: dict[int, LectureOcr],
    surligneur: Surligneur,
    page: int,
) -> Paged[PageTexte]:
    """The group of pages of text that holds `page`, highlighted."""
    group = min(max(page, 1), max(len(textes), 1))
    group = (group - 1) // PAGES_DE_TEXTE + 1
    start = (group - 1) * PAGES_DE_TEXTE
    items = tuple(
        PageTexte(
            n,
            name_page(pj, n),
            surligneur.cut(texte),
            lectures.get(n),
            attend=n in pj.pages_a_oceriser,
        )
        for n, texte in enumerate(textes[start : start + PAGES_DE_TEXTE], start=start + 1)
    )
    return Paged(items, len(textes), group, PAGES_DE_TEXTE)


def check_now(orc: "Orc", session: Session, pj: PjVisible) -> Verification:
    """Read the bytes in the silo and compare their digest, now."""
    if pj.original is not None:
        return Verification(faite=False, refus=str(pj.original), octets=0)
    try:
        limite = orc.settings.pj_octets_max
        found = open_document(session, pj, open_silo=orc.open_silo, limite=limite)
    except OrcError as error:
        return Verification(faite=True, refus=str(error), octets=0)
    return Verification(faite=True, refus="", octets=len(found.octets))
