"""« Gels »: what may not be destroyed, overdue reviews first; placed, looked at again, released."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, QueryParams
from starlette.responses import RedirectResponse, Response

from orc.access import Lecteur
from orc.db import list_values
from orc.domain import Sens
from orc.errors import Conflict, Invalid, NotFound, OrcError
from orc.index.fields import Genre
from orc.index.port import SearchEngine
from orc.models import Lien, PieceJustificative, read_today
from orc.retention.criteres import Criteres, check_criteres
from orc.retention.gels_vus import (
    LIBELLES_ETATS,
    PAR_PAGE,
    DetailGel,
    EtatGel,
    GelVu,
    count_en_retard,
    find_gels_vus,
    read_gel,
)
from orc.retention.portees import COMPTE_MAX
from orc.retention.poses import (
    LISTE_MAX,
    MOTIF_MAX,
    TEXTE_MAX,
    DepotGel,
    make_sha256,
    place_gel,
    release_gel,
    review_gel,
)
from orc.retention.regard import sees_pj
from orc.search.find import TAILLE_MAX, make_query
from orc.search.paged import Paged
from orc.search.statuts import Informe
from web.acces import acces_destruction
from web.deps import Connecte, Ecriture, Formulaire, Lecture, SessionProuvee, get_orc
from web.forms import read_annee, read_choix, read_jour, read_texte
from web.pages.adresse import read_adresse
from web.pages.piece import Numero
from web.pages.recherche import make_question
from web.render import render

router = APIRouter(include_in_schema=False)

CHEMIN = "/destruction/gels"
FAITS = {
    "pose": "Le gel est posé : rien de ce qu’il porte ne peut être détruit.",
    "revu": "Le gel est maintenu jusqu’à sa nouvelle date de revue.",
    "leve": "Le gel est levé : il tient encore jusqu’au jour indiqué.",
}
REVUE = timedelta(days=182)
# An amount in cents that SQL holds.
CHIFFRES_MAX = 15


@dataclass(frozen=True, slots=True)
class Onglet:
    """A state of gels, with its address."""

    libelle: str
    url: str
    ici: bool


@dataclass(frozen=True, slots=True)
class PageGels:
    """The gels in one state."""

    onglets: tuple[Onglet, ...]
    etat: EtatGel
    liste: Paged[GelVu]
    en_retard: int
    fait: str


@dataclass(frozen=True, slots=True)
class PageGel:
    """A gel, and what one may do of it."""

    detail: DetailGel
    etat: str
    fait: str
    erreur: str
    delai: int
    # Whether it shows the form that releases it: the person proved again who it is.
    lever: bool
    compte_max: int = COMPTE_MAX
    motif_max: int = MOTIF_MAX


@dataclass(frozen=True, slots=True)
class PagePose:
    """The form of a gel. `recherche`: the search whose results it freezes; empty: criteria."""

    recherche: str
    nombre: int
    ecartees: int
    sha256: str
    objet: str
    saisi: dict[str, str]
    erreur: str
    texte_max: int = TEXTE_MAX
    motif_max: int = MOTIF_MAX


@router.get(CHEMIN)
@acces_destruction()
def show_gels(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    etat: Annotated[str, Query(max_length=20)] = EtatGel.EN_VIGUEUR.value,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """Those in force, overdue ones first; those released that still hold; those that ended."""
    chosen, today = read_choix(EtatGel, etat), read_today()
    rows, total = find_gels_vus(session, lecteur, chosen, page, today)
    vue = PageGels(
        tuple(
            Onglet(libelle, f"{CHEMIN}?etat={one.value}", one is chosen)
            for one, libelle in LIBELLES_ETATS.items()
        ),
        chosen,
        Paged(rows, total, page, PAR_PAGE),
        count_en_retard(session, lecteur, today),
        "",
    )
    return render(request, "destruction/gels", vue)


CHAMPS = (
    "nom", "autorite", "reference", "motif", "revue_le", "siren", "exercice_min", "exercice_max",
    "budgets", "types_pj", "marches", "numeros", "tiers", "noms", "comptes", "sens", "emis_du",
    "emis_au", "montant_min", "montant_max",
)  # fmt: skip


@router.get(CHEMIN + "/nouveau")
@acces_destruction()
def show_pose(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    _ouverte: SessionProuvee,
    objet: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """The form; with the words of a search in its address, of what that search finds."""
    params = [(k, v) for k, v in request.query_params.multi_items() if k != "objet"]
    adresse = read_adresse(QueryParams(params), retention=True).without_page()
    recherche = adresse.url().partition("?")[2]
    saisi = dict.fromkeys(CHAMPS, "") | {"revue_le": (read_today() + REVUE).isoformat()}
    page = _make_pose(request, session, lecteur, recherche, objet, saisi)
    return render(request, "destruction/gel_nouveau", page)


def _make_pose(
    request: Request,
    session: Session,
    lecteur: Lecteur,
    recherche: str,
    objet: str,
    saisi: dict[str, str],
    erreur: str = "",
) -> PagePose:
    if not recherche:
        return PagePose("", 0, 0, "", objet, saisi, erreur)
    engine = get_orc(request).engine
    ids, others = find_of_search(engine, session, lecteur, recherche)
    return PagePose(recherche, len(ids), others, make_sha256(ids, ()), "", saisi, erreur)


def find_of_search(
    engine: SearchEngine, session: Session, lecteur: Lecteur, recherche: str
) -> tuple[tuple[int, ...], int]:
    """The PJ that a search finds and one sees for retention; how many others it found.

    Raises Invalid past LISTE_MAX results.
    """
    adresse = read_adresse(QueryParams(recherche), retention=True).without_page()
    question = replace(
        make_question(adresse), genre=Genre.PJ, tri="", facettes=(), taille=TAILLE_MAX
    )
    moteur = Informe(engine, session, lecteur.clearance)
    pj_ids: set[int] = set()
    while True:
        hits = moteur.search(make_query(question, retention=True))
        if hits.total > LISTE_MAX:
            raise Invalid(f"Cette recherche trouve plus de {LISTE_MAX} pièces : précisez-la.")
        pj_ids |= _find_pj_ids(session, [hit.numero for hit in hits.hits])
        if hits.suivant is None:
            break
        question = replace(question, apres=hits.suivant)
    seen = _find_seen(session, lecteur, sorted(pj_ids))
    return seen, len(pj_ids) - len(seen)


def _find_pj_ids(session: Session, lien_ids: Sequence[int]) -> set[int]:
    query = select(Lien.pj_id).where(Lien.id.in_(list_values(lien_ids)), Lien.pj_id.is_not(None))
    return {pj_id for pj_id in session.scalars(query) if pj_id} if lien_ids else set()


def _find_seen(session: Session, lecteur: Lecteur, pj_ids: list[int]) -> tuple[int, ...]:
    found: list[int] = []
    for start in range(0, len(pj_ids), TAILLE_MAX):
        some = PieceJustificative.id.in_(list_values(pj_ids[start : start + TAILLE_MAX]))
        query = select(PieceJustificative.id).where(some, sees_pj(lecteur.clearance.retention))
        found += session.scalars(query)
    return tuple(sorted(found))


@router.post(CHEMIN + "/nouveau")
@acces_destruction()
def create_gel(
    request: Request,
    session: Ecriture,
    lecteur: Connecte,
    _ouverte: SessionProuvee,
    form: Formulaire,
) -> Response:
    """Place a gel: on the results of a search as they were shown, on an object, on criteria."""
    try:
        depot = _read_depot(request, session, lecteur, form)
        gel_id = place_gel(session, lecteur, depot, today=read_today())
    except (Invalid, Conflict, NotFound) as error:
        session.rollback()
        return _show_again(request, session, lecteur, form, error)
    return RedirectResponse(f"{CHEMIN}/{gel_id}?fait=pose", 303)


def _show_again(
    request: Request, session: Session, lecteur: Lecteur, form: FormData, error: OrcError
) -> Response:
    saisi = {name: read_texte(form, name, MOTIF_MAX) for name in CHAMPS}
    recherche, objet = read_texte(form, "recherche", 4000), read_texte(form, "objet", 40)
    page = _make_pose(request, session, lecteur, recherche, objet, saisi, str(error))
    return render(request, "destruction/gel_nouveau", page, status=422)


def _read_depot(request: Request, session: Session, lecteur: Lecteur, form: FormData) -> DepotGel:
    depot = DepotGel(
        nom=read_texte(form, "nom", TEXTE_MAX + 1),
        autorite=read_texte(form, "autorite", TEXTE_MAX + 1),
        reference=read_texte(form, "reference", TEXTE_MAX + 1),
        motif=read_texte(form, "motif", MOTIF_MAX + 1),
        revue_le=_read_revue(form),
    )
    recherche, objet = read_texte(form, "recherche", 4000), read_texte(form, "objet", 40)
    if objet:
        return _read_objet(depot, objet)
    if not recherche:
        return replace(depot, criteres=read_criteres(form))
    ids, _others = find_of_search(get_orc(request).engine, session, lecteur, recherche)
    if make_sha256(ids, ()) != read_texte(form, "sha256", 64):
        raise Conflict("La recherche ne trouve plus les mêmes pièces : relisez avant de geler.")
    return replace(depot, pj_ids=ids)


def _read_revue(form: FormData) -> date:
    day = read_jour(form, "revue_le")
    if day is None:
        raise Invalid("Dites quand ce gel sera revu.")
    return day


def _read_objet(depot: DepotGel, objet: str) -> DepotGel:
    kind, _, key = objet.partition(":")
    if kind not in ("pj", "piece") or not (key.isascii() and key.isdigit() and len(key) < 19):
        raise Invalid("Cet objet ne se gèle pas.")
    ids = (int(key),)
    return replace(depot, pj_ids=ids) if kind == "pj" else replace(depot, piece_ids=ids)


def read_criteres(form: FormData) -> Criteres:
    """The criteria of a form: lists are separated by commas, amounts are in euros."""

    def read_liste(name: str) -> tuple[str, ...]:
        parts = (part.strip() for part in read_texte(form, name, 4000).split(","))
        return tuple(dict.fromkeys(part for part in parts if part))

    sens = read_texte(form, "sens", 20)
    siren = "".join(read_texte(form, "siren", 14).split())
    if not siren:
        raise Invalid("Dites le SIREN de la collectivité.")
    return check_criteres(
        Criteres(
            siren=siren,
            exercice_min=read_annee(form, "exercice_min"),
            exercice_max=read_annee(form, "exercice_max"),
            budgets=read_liste("budgets"),
            types_pj=read_liste("types_pj"),
            marches=read_liste("marches"),
            numeros=read_liste("numeros"),
            tiers=read_liste("tiers"),
            noms=read_liste("noms"),
            comptes=read_liste("comptes"),
            sens=read_choix(Sens, sens).value if sens else "",
            emis_du=read_jour(form, "emis_du"),
            emis_au=read_jour(form, "emis_au"),
            montant_min=read_euros(form, "montant_min"),
            montant_max=read_euros(form, "montant_max"),
        )
    )


def read_euros(form: FormData, name: str) -> int | None:
    """An amount of a form, `1 200,50`, in cents; or none. Raises Invalid."""
    text = "".join(read_texte(form, name, 30).split()).replace("€", "")
    if not text:
        return None
    euros, _, cents = text.replace(".", ",").partition(",")
    digits = euros + cents
    if not (digits.isascii() and digits.isdigit() and euros and len(cents) <= 2) or (
        len(digits) > CHIFFRES_MAX
    ):
        raise Invalid(f"Ce montant ne se lit pas : « {text} ».")
    return int(euros) * 100 + int(cents.ljust(2, "0"))


@router.get(CHEMIN + "/{gel_id}")
@acces_destruction()
def show_gel(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    gel_id: Numero,
    fait: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """A gel, what it holds of what one sees, and what may be done of it."""
    return _show_gel(request, session, lecteur, gel_id, fait=FAITS.get(fait, ""))


def _show_gel(
    request: Request,
    session: Session,
    lecteur: Lecteur,
    gel_id: int,
    *,
    fait: str = "",
    erreur: str = "",
    lever: bool = False,
) -> Response:
    detail = read_gel(session, lecteur, gel_id, read_today())
    delai = get_orc(request).settings.gel_delai_jours
    page = PageGel(detail, LIBELLES_ETATS[detail.gel.etat], fait, erreur, delai, lever)
    return render(request, "destruction/gel", page, status=422 if erreur else 200)


@router.get(CHEMIN + "/{gel_id}/levee")
@acces_destruction()
def show_release(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    _ouverte: SessionProuvee,
    gel_id: Numero,
) -> Response:
    """The form that releases it, once the person proved again who it is."""
    return _show_gel(request, session, lecteur, gel_id, lever=True)


@router.post(CHEMIN + "/{gel_id}/levee")
@acces_destruction()
def release(
    request: Request,
    session: Ecriture,
    lecteur: Connecte,
    _ouverte: SessionProuvee,
    gel_id: Numero,
    form: Formulaire,
) -> Response:
    """Release a gel that another person placed: it still holds for the days of the cool-off."""
    motif, delai = read_texte(form, "motif", MOTIF_MAX), get_orc(request).settings.gel_delai_jours
    try:
        release_gel(session, lecteur, gel_id, motif, delai=delai, today=read_today())
    except Invalid as error:
        session.rollback()
        return _show_gel(request, session, lecteur, gel_id, erreur=str(error), lever=True)
    return RedirectResponse(f"{CHEMIN}/{gel_id}?fait=leve", 303)


@router.post(CHEMIN + "/{gel_id}/revue")
@acces_destruction()
def review(
    request: Request, session: Ecriture, lecteur: Connecte, gel_id: Numero, form: Formulaire
) -> Response:
    """Keep a gel, and say when it will be looked at again."""
    try:
        day, motif = _read_revue(form), read_texte(form, "motif", MOTIF_MAX)
        review_gel(session, lecteur, gel_id, day, motif, today=read_today())
    except Invalid as error:
        session.rollback()
        return _show_gel(request, session, lecteur, gel_id, erreur=str(error))
    return RedirectResponse(f"{CHEMIN}/{gel_id}?fait=revu", 303)
