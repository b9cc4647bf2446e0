"""The search page: what is asked, what was found, what could not be searched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.datastructures import QueryParams
from starlette.responses import RedirectResponse, Response

from orc.access import Clearance, Lecteur
from orc.domain import Sens, format_euros, format_nombre
from orc.errors import NotFound
from orc.index.fields import Genre
from orc.index.port import SearchEngine
from orc.index.query import ValeurFacette
from orc.ingest.extract.nir import mask_nir
from orc.journal import Acte
from orc.search.find import PERTINENCE, Question, Reponse, find, has_words
from orc.search.not_searched import FILTRE, find_not_searched, write_not_searched
from orc.search.ouvertes import find_numero, find_ouvertes, write_ouverte
from orc.search.resultats import find_pj_resumes, find_resultats
from orc.search.scellees import find_requete, mark_seen
from orc.search.statuts import TropDeStatuts, find_statuts
from orc.search.syntax import ErreurDeSyntaxe, make_filtres
from web.acces import acces_lecteurs, permis_au_juge
from web.deps import Connecte, Formulaire, Journal, JournalDuLecteur, Lecture, get_orc
from web.pages.adresse import (
    BORNES,
    CHEMIN,
    LISTE,
    ONGLET_PIECES,
    ONGLET_PJ,
    TABLEAU,
    Adresse,
    read_adresse,
)
from web.pages.facettes import (
    Etiquette,
    FacetteVue,
    make_demandes,
    make_etiquettes,
    make_facettes,
)
from web.pages.resultats import ResultatVue, make_resultats
from web.render import render
from web.sceau import CLE, make_url, seal

router = APIRouter(include_in_schema=False)

PAR_PAGE = 20
TRIS: Mapping[str, str] = {
    PERTINENCE: "Pertinence",
    "date_recente": "Date, la plus récente",
    "date_ancienne": "Date, la plus ancienne",
    "montant_fort": "Montant, le plus fort",
    "montant_faible": "Montant, le plus faible",
    "numero": "Numéro de pièce",
    "bordereau": "Numéro de bordereau",
}
# What people write elsewhere: here they are words like others.
_ANGLAIS = {"AND": "ET", "OR": "OU", "NOT": "SAUF"}
_GENRES = {ONGLET_PJ: Genre.PJ, ONGLET_PIECES: Genre.PIECE}


@dataclass(frozen=True, slots=True)
class Choix:
    """One of several: a tab, a sort, a view. `nombre` is for tabs, `icone` for views."""

    code: str
    libelle: str
    url: str
    actif: bool
    nombre: int = 0
    icone: str = ""


@dataclass(frozen=True, slots=True)
class ErreurVue:
    """Why the question is not understood, and where."""

    message: str
    avant: str
    fautif: str
    apres: str


@dataclass(frozen=True, slots=True)
class Essai:
    """Something to try, with its link where it has one."""

    libelle: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Tete:
    """What surrounds the results; `vide` and `essais` where there are none."""

    onglets: tuple[Choix, ...]
    bilan: str
    tris: tuple[Choix, ...]
    vues: tuple[Choix, ...]
    url_premiere: str
    url_suivante: str
    vide: str
    essais: tuple[Essai, ...]


@dataclass(frozen=True, slots=True)
class PageRecherche:
    """Everything the search page says."""

    adresse: Adresse
    champs_caches: tuple[tuple[str, str], ...]
    champs_sans_tri: tuple[tuple[str, str], ...]
    champs_sans_bornes: tuple[tuple[str, str], ...]
    bornes: Mapping[str, str]
    etiquettes: tuple[Etiquette, ...]
    url_effacer: str
    erreur: ErreurVue | None = None
    tete: Tete | None = None
    non_cherches: tuple[Essai, ...] = ()
    ouverts: tuple[str, ...] = ()
    facettes: tuple[FacetteVue, ...] = ()
    resultats: tuple[ResultatVue, ...] = ()
    # Whether this person may ask of early destruction.
    retention: bool = False
    # Where to freeze what was found, for who may; empty: nothing is offered.
    url_geler: str = ""


@router.get(CHEMIN)
@acces_lecteurs
def show_recherche(
    request: Request, session: Lecture, lecteur: Connecte, journal: JournalDuLecteur
) -> Response:
    """The search that the address says, or that its key stands for."""
    cle = request.query_params.get(CLE, "")
    adresse = find_adresse(session, lecteur, request.query_params)
    if lecteur.scelle and not cle and adresse.url() != CHEMIN:
        return RedirectResponse(seal_adresse(request, lecteur, adresse), 303)
    return answer_recherche(request, session, lecteur, journal, adresse, cle)


@router.post(CHEMIN)
@acces_lecteurs
@permis_au_juge("ses propres recherches, sous une adresse qui ne les dit pas")
def send_recherche(request: Request, lecteur: Connecte, form: Formulaire) -> Response:
    """A search sent as a form: its words are in no address on the way."""
    given = QueryParams([(k, v) for k, v in form.multi_items() if isinstance(v, str)])
    adresse = read_adresse(given, retention=bool(lecteur.clearance.retention))
    if lecteur.scelle and adresse.url() != CHEMIN:
        return RedirectResponse(seal_adresse(request, lecteur, adresse), 303)
    return RedirectResponse(adresse.url(), 303)


def find_adresse(session: Session, lecteur: Lecteur, params: QueryParams) -> Adresse:
    """What the address says; behind a key, what this person asked by it. NotFound if it did not."""
    cle = params.get(CLE, "")
    if not cle:
        return read_adresse(params, retention=bool(lecteur.clearance.retention))
    requete = find_requete(session, lecteur.personne_id, cle)
    if requete is None:
        raise NotFound("Cette recherche n’existe pas, ou n’est pas la vôtre.")
    return read_adresse(QueryParams(requete))


def seal_adresse(request: Request, lecteur: Lecteur, adresse: Adresse) -> str:
    """The address that stands for this search. A NIR that was typed is not kept."""
    requete = adresse.without_nir().url().partition("?")[2]
    return make_url(seal(request, lecteur, {requete})[requete])


def answer_recherche(
    request: Request,
    session: Session,
    lecteur: Lecteur,
    journal: Journal,
    adresse: Adresse,
    cle: str,
) -> Response:
    """Ask, and show what was found; `cle`: what its address carries in place of the words."""
    orc, clearance = get_orc(request), lecteur.clearance
    retention = bool(clearance.retention)
    page = replace(make_page(session, adresse), retention=retention)
    try:
        reponse = find(
            orc.engine, session, orc.storage, make_question(adresse), clearance=clearance
        )
    except (ErreurDeSyntaxe, TropDeStatuts) as error:
        return render(request, "recherche", replace(page, erreur=make_erreur(error)), status=422)
    record_recherche(journal, make_details(page, reponse), cle)
    page = replace(
        page,
        tete=make_tete(adresse, reponse),
        ouverts=find_ouverts(session, reponse, clearance),
        non_cherches=find_non_cherches(session, orc.engine, adresse, clearance),
        facettes=make_facettes(session, adresse, reponse.hits.facettes, retention=retention),
        resultats=read_resultats(session, reponse, cle or adresse.q, clearance),
        url_geler=make_url_geler(lecteur, adresse) if reponse.nb_pj else "",
    )
    return render(request, "recherche", page)


def make_url_geler(lecteur: Lecteur, adresse: Adresse) -> str:
    """Where a person of early destruction freezes the PJ of this search; empty for others."""
    if not lecteur.clearance.retention:
        return ""
    return f"/destruction/gels/nouveau?{adresse.without_page().url().partition('?')[2]}"


def record_recherche(journal: Journal, details: dict[str, object], cle: str) -> None:
    """Journal the search before it is answered; a key that was opened is kept."""
    with journal.orc.database.writing() as session:
        journal.record_in(session, Acte.RECHERCHE, details=details)
        if cle:
            mark_seen(session, journal.lecteur.personne_id, cle)


def make_question(adresse: Adresse) -> Question:
    """What is asked of the engine."""
    return Question(
        texte=adresse.q,
        filtres=dict(adresse.filtres),
        genre=_GENRES[adresse.onglet],
        tri=adresse.tri if adresse.tri in TRIS else "",
        apres=adresse.apres or None,
        taille=PAR_PAGE,
        facettes=make_demandes(adresse),
    )


def read_resultats(
    session: Session, reponse: Reponse, q: str, clearance: Clearance
) -> tuple[ResultatVue, ...]:
    """The hits of the screen, with their passages."""
    found = find_resultats(session, reponse.hits.hits, clearance=clearance)
    liens = {p.lien_id for some in reponse.passages.values() for p in some if p.lien_id is not None}
    shown = {r.pj.lien_id: r.pj for r in found if r.pj}
    cited = shown or find_pj_resumes(session, sorted(liens), clearance)
    pj_ids = [r.pj.pj_id for r in found if r.pj and r.pj.pj_id is not None]
    statuts = find_statuts(session, pj_ids, clearance)
    return make_resultats(found, reponse.passages, cited, q, statuts)


def find_ouverts(session: Session, reponse: Reponse, clearance: Clearance) -> tuple[str, ...]:
    """What to say of a piece asked by its number in an exercice still open."""
    numero = find_numero(reponse.expression)
    if numero is None:
        return ()
    return tuple(map(write_ouverte, find_ouvertes(session, numero, clearance=clearance)))


def find_non_cherches(
    session: Session, engine: SearchEngine, adresse: Adresse, clearance: Clearance
) -> tuple[Essai, ...]:
    """What could not be searched, with a link to it where there is something to see."""
    filtres = make_filtres(dict(adresse.filtres), retention=bool(clearance.retention))
    found = find_not_searched(session, engine, filtres, clearance=clearance)
    here = replace(adresse, q="", onglet=ONGLET_PJ, tri="", dans=(), plus=())
    return tuple(
        Essai(text, here.with_valeurs(FILTRE, valeurs).url() if valeurs else "")
        for text, valeurs in write_not_searched(found)
    )


def make_page(session: Session, adresse: Adresse) -> PageRecherche:
    """What the page says whatever is found."""
    first = adresse.without_page()
    return PageRecherche(
        adresse=adresse,
        champs_caches=without(first, "q"),
        champs_sans_tri=without(first, "tri"),
        champs_sans_bornes=without(first, *BORNES),
        bornes=make_bornes(adresse),
        etiquettes=make_etiquettes(session, first),
        url_effacer=replace(first, filtres=()).url(),
    )


def without(adresse: Adresse, *names: str) -> tuple[tuple[str, str], ...]:
    """The hidden fields of a form that asks these names itself."""
    return tuple((name, value) for name, value in adresse.params() if name not in names)


def make_bornes(adresse: Adresse) -> dict[str, str]:
    """What the small forms of ranges hold now."""
    found: dict[str, str] = {}
    for champ, names in BORNES.items():
        low, _, high = next((v for v in adresse.get_valeurs(champ) if ".." in v), "").partition(
            ".."
        )
        found |= dict(zip(names, (low, high), strict=True))
    return found


def make_erreur(error: ErreurDeSyntaxe | TropDeStatuts) -> ErreurVue:
    """The message, and the question cut around the mark where there is one."""
    if isinstance(error, ErreurDeSyntaxe):
        return ErreurVue(error.message, *error.morceaux)
    return ErreurVue(str(error), "", "", "")


def find_tri(adresse: Adresse, reponse: Reponse) -> str:
    """The sort in force: by relevance where words are searched, else the latest first."""
    if adresse.tri in TRIS:
        return adresse.tri
    return PERTINENCE if has_words(reponse.expression) else "date_recente"


def make_tete(adresse: Adresse, reponse: Reponse) -> Tete:
    """Tabs, totals, sorts, views, next page; and what to say where nothing is found."""
    first = adresse.without_page()
    suivant = reponse.hits.suivant
    empty = not reponse.hits.hits
    return Tete(
        onglets=make_onglets(first, reponse),
        bilan=write_bilan(reponse.sommes),
        tris=tuple(
            Choix(code, libelle, "", code == find_tri(adresse, reponse))
            for code, libelle in TRIS.items()
            if code != PERTINENCE or has_words(reponse.expression)
        ),
        vues=(
            _make_vue(first, LISTE, "Liste", "fr-icon-list-unordered"),
            _make_vue(first, TABLEAU, "Tableau", "fr-icon-table-line"),
        ),
        url_premiere=first.url() if adresse.apres else "",
        url_suivante=replace(adresse, apres=suivant).url() if suivant else "",
        vide=write_vide(adresse) if empty else "",
        essais=make_essais(first, reponse) if empty else (),
    )


def _make_vue(adresse: Adresse, vue: str, libelle: str, icone: str) -> Choix:
    url = replace(adresse, vue=vue).url()
    return Choix(vue, libelle, url, adresse.vue == vue, icone=icone)


def make_onglets(adresse: Adresse, reponse: Reponse) -> tuple[Choix, ...]:
    """« Pièces justificatives (n) » and « Mandats et titres (n) »."""
    return tuple(
        Choix(code, libelle, replace(adresse, onglet=code).url(), adresse.onglet == code, nombre)
        for code, libelle, nombre in (
            (ONGLET_PJ, "Pièces justificatives", reponse.nb_pj),
            (ONGLET_PIECES, "Mandats et titres", reponse.nb_pieces),
        )
    )


def write_bilan(sommes: Sequence[ValeurFacette]) -> str:
    """`312 mandats · 1 234,56 € TTC`: dépense and recette are never added together."""
    nouns = {Sens.DEPENSE: "mandat", Sens.RECETTE: "titre"}
    found = {v.valeur: v for v in sommes if v.nombre}
    return " ; ".join(
        f"{format_nombre(found[sens].nombre, noun)} · {format_euros(found[sens].somme or 0)} TTC"
        for sens, noun in nouns.items()
        if sens in found
    )


def write_vide(adresse: Adresse) -> str:
    """Why the page is empty."""
    if adresse.is_empty():
        return "Aucune pièce d’un exercice clos n’est dans votre périmètre."
    what = "pièce justificative" if adresse.onglet == ONGLET_PJ else "pièce"
    return f"Aucune {what} ne répond à cette recherche."


def make_essais(adresse: Adresse, reponse: Reponse) -> tuple[Essai, ...]:
    """What to try when nothing is found."""
    found = []
    if adresse.onglet == ONGLET_PJ and reponse.nb_pieces:
        libelle = format_nombre(reponse.nb_pieces, "mandat ou titre", "mandats et titres")
        found.append(Essai(f"Voir {libelle}", replace(adresse, onglet=ONGLET_PIECES).url()))
    if adresse.onglet == ONGLET_PIECES and reponse.nb_pj:
        libelle = format_nombre(reponse.nb_pj, "pièce justificative", "pièces justificatives")
        found.append(Essai(f"Voir {libelle}", replace(adresse, onglet=ONGLET_PJ).url()))
    if adresse.filtres and adresse.q:
        found.append(
            Essai("Chercher les mêmes mots sans filtre", replace(adresse, filtres=()).url())
        )
    words = adresse.q.split()
    if any(w in _ANGLAIS for w in words):
        french = replace(adresse, q=" ".join(_ANGLAIS.get(w, w) for w in words))
        found.append(Essai(f"Chercher avec ET, OU, SAUF : {french.q}", french.url()))
    elif 1 < len(words) <= 8 and all(w.isalpha() for w in words):
        either = replace(adresse, q=" OU ".join(words))
        found.append(Essai(f"Chercher l’un ou l’autre des mots : {either.q}", either.url()))
    if words and words[-1].isalpha() and len(words[-1]) > 4:
        start = replace(adresse, q=" ".join([*words[:-1], f"{words[-1][:-2]}*"]))
        found.append(Essai(f"Chercher le début du mot : {start.q}", start.url()))
    if not adresse.is_empty():
        found.append(Essai("Vérifier l’orthographe, ou un numéro recopié d’un document."))
        found.append(Essai("Lire la syntaxe de recherche", "/aide/syntaxe"))
    return tuple(found)


def make_details(page: PageRecherche, reponse: Reponse) -> dict[str, object]:
    """What the journal keeps: the question in words and as an address, and what was found."""
    adresse = page.adresse.without_page().without_nir()
    filtres = [f"{e.champ} : {e.libelle}" for e in page.etiquettes]
    return {
        "libelle": mask_nir(" · ".join(filter(None, (adresse.q, *filtres))))[0],
        "adresse": adresse.url().partition("?")[2],
        "pieces": reponse.nb_pieces,
        "pj": reponse.nb_pj,
        "suite": bool(page.adresse.apres),
    }
