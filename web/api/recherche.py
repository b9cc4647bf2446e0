"""Search for programs: the question of the page /recherche, one page of answers by cursor."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from orc.errors import Forbidden
from orc.identity.cles import DroitApi
from orc.index.fields import BY_NAME, Genre, is_of_sql
from orc.index.query import DemandeFacette
from orc.ingest.extract.nir import mask_nir
from orc.journal import Acte
from orc.search.find import TAILLE_MAX, TRIS, Question, Reponse, find
from orc.search.not_searched import find_not_searched, write_not_searched
from orc.search.passages import Passage
from orc.search.resultats import Resultat, find_resultats
from orc.search.statuts import find_statuts
from orc.search.syntax import LONGEST, make_filtres
from web.acces import acces_lecteurs
from web.api.contrat import PREFIX, REFUS
from web.cles import cles
from web.deps import Connecte, JournalDuLecteur, Lecture, get_orc
from web.pages.adresse import Adresse, read_adresse

router = APIRouter(prefix=PREFIX, tags=["Recherche"])

FACETTES = tuple(f.name for f in BY_NAME.values() if f.facet)


class Extrait(BaseModel):
    """Some words of a document: `trouve` marks those that were searched."""

    texte: str
    trouve: bool


class PassageTrouve(BaseModel):
    """A passage; page 0 is not of a page (an objet).

    `partie`: the document carried by the PJ that says it (an attached file), at `page_partie`.
    """

    page: int
    partie: str
    page_partie: int
    extraits: list[Extrait]


class PjTrouvee(BaseModel):
    """A PJ as the piece cites it; `id` is null where it never came."""

    id: int | None
    id_unique: str
    nom: str
    type_pj: str
    type_reel: str
    presence: str
    etat_texte: str
    nb_pages: int
    sha256: str
    destruction: str = Field(
        description="Destruction anticipée : permise, attente, suspendue, refusee ou gelee, pour "
        "qui peut le voir ; vide sinon, ou si rien n’est décidé."
    )


class Trouve(BaseModel):
    """One result; `pj` is null where pieces are searched."""

    piece_id: int
    sens: str
    exercice: int
    numero: str
    bordereau_id: int
    bordereau: str
    date: date | None
    siren: str
    collectivite: str
    budget: str
    tiers: str
    objet: str
    ht: int
    tva: int
    ttc: int
    pj: PjTrouvee | None
    passages: list[PassageTrouve]


class Somme(BaseModel):
    """Pieces found of one sens, and their TTC in cents: the two sens are never added."""

    sens: str
    nombre: int
    ttc: int


class Valeur(BaseModel):
    """A value of a facet and how many results have it."""

    valeur: str
    nombre: int


class ReponseRecherche(BaseModel):
    """One page of answers. `suivant` is the `apres` of the next one, null on the last."""

    nb_pieces_justificatives: int
    nb_pieces: int
    sommes: list[Somme]
    resultats: list[Trouve]
    facettes: dict[str, list[Valeur]]
    non_cherches: list[str] = Field(description="Ce qui n’a pas pu être cherché, en clair.")
    suivant: str | None


@router.get("/recherche", summary="Chercher", responses=REFUS)
@acces_lecteurs
@cles(DroitApi.RECHERCHE)
def search(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    q: Annotated[
        str, Query(max_length=LONGEST, description="Texte, dans la syntaxe de /aide/syntaxe.")
    ] = "",
    genre: Annotated[Literal["pj", "piece"], Query(description="Ce qui est cherché.")] = "pj",
    tri: Annotated[str, Query(description=f"Un de : {', '.join(TRIS)}.")] = "",
    taille: Annotated[int, Query(ge=1, le=TAILLE_MAX)] = 20,
    apres: Annotated[str | None, Query(description="Le `suivant` de la page d’avant.")] = None,
    facette: Annotated[list[str] | None, Query(description="Facettes voulues.")] = None,
) -> ReponseRecherche:
    """Cherche dans les exercices clos que vos droits couvrent.

    Chaque champ de /aide/syntaxe est aussi un filtre : `exercice=2022&compte=60612`,
    `montant=1000..5000`.
    """
    orc, clearance = get_orc(request), lecteur.clearance
    retention = bool(clearance.retention)
    adresse = read_adresse(request.query_params, retention=retention)
    filtres = dict(adresse.filtres)
    if lecteur.scelle and (q or filtres):
        raise Forbidden(
            "Les mots d’un juge ne passent pas par une adresse : la page « Recherche » les envoie "
            "autrement."
        )
    wanted = (f for f in dict.fromkeys(facette or ()) if f in FACETTES)
    champs = [f for f in wanted if retention or not is_of_sql(f)]
    question = Question(
        texte=q,
        filtres=filtres,
        genre=Genre(genre),
        tri=tri,
        apres=apres,
        taille=taille,
        facettes=tuple(DemandeFacette(f, 50) for f in champs),
    )
    reponse = find(orc.engine, session, orc.storage, question, clearance=clearance)
    asked = make_filtres(filtres, retention=retention)
    left_out = find_not_searched(session, orc.engine, asked, clearance=clearance)
    journal.record(Acte.RECHERCHE, details=make_details(adresse, q, reponse))
    found = find_resultats(session, reponse.hits.hits, clearance=clearance)
    pj_ids = [r.pj.pj_id for r in found if r.pj and r.pj.pj_id is not None]
    statuts = find_statuts(session, pj_ids, clearance)
    return ReponseRecherche(
        nb_pieces_justificatives=reponse.nb_pj,
        nb_pieces=reponse.nb_pieces,
        sommes=[Somme(sens=s.valeur, nombre=s.nombre, ttc=s.somme or 0) for s in reponse.sommes],
        resultats=[_make_trouve(r, reponse, statuts) for r in found],
        facettes={
            champ: [Valeur(valeur=v.valeur, nombre=v.nombre) for v in values]
            for champ, values in reponse.hits.facettes.items()
        },
        non_cherches=[text for text, _ in write_not_searched(left_out)],
        suivant=reponse.hits.suivant,
    )


def make_details(adresse: Adresse, q: str, reponse: Reponse) -> dict[str, object]:
    """What the journal keeps, as for the page."""
    words = [f"{BY_NAME[champ].label} : {v}" for champ, values in adresse.filtres for v in values]
    adresse = adresse.without_page().without_nir()
    return {
        "libelle": mask_nir(" · ".join(filter(None, (q, *words))))[0],
        "adresse": adresse.url().partition("?")[2],
        "pieces": reponse.nb_pieces,
        "pj": reponse.nb_pj,
        "api": True,
    }


def _make_trouve(r: Resultat, reponse: Reponse, statuts: Mapping[int, str]) -> Trouve:
    key = r.pj.lien_id if r.pj else r.piece.id
    return Trouve(
        piece_id=r.piece.id,
        sens=r.piece.sens,
        exercice=r.piece.exercice,
        numero=r.piece.numero,
        bordereau_id=r.bordereau.id,
        bordereau=r.bordereau.numero,
        date=r.bordereau.date_emission,
        siren=r.lieu.siren,
        collectivite=r.lieu.nom_collectivite,
        budget=r.lieu.code,
        tiers=r.piece.tiers,
        objet=r.piece.objet,
        ht=r.piece.ht,
        tva=r.piece.tva,
        ttc=r.piece.ttc,
        pj=_make_pj(r, statuts),
        passages=[_make_passage(p) for p in reponse.passages.get(key, ())],
    )


def _make_pj(r: Resultat, statuts: Mapping[int, str]) -> PjTrouvee | None:
    if r.pj is None:
        return None
    return PjTrouvee(
        id=r.pj.pj_id,
        id_unique=r.pj.id_unique,
        nom=r.pj.nom,
        type_pj=r.pj.type_pj.code,
        type_reel=r.pj.type_reel,
        presence=r.pj.presence,
        etat_texte=r.pj.etat_texte,
        nb_pages=r.pj.nb_pages,
        sha256=r.pj.sha256,
        destruction=statuts.get(r.pj.pj_id or 0, ""),
    )


def _make_passage(passage: Passage) -> PassageTrouve:
    extraits = [Extrait(texte=text, trouve=found) for text, found in passage.morceaux]
    return PassageTrouve(
        page=passage.page,
        partie=passage.partie,
        page_partie=passage.page_partie,
        extraits=extraits,
    )
