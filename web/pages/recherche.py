"""The search page: what is asked, what was found, what could not be searched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from orc.access import Lecteur
from orc.domain import Sens, format_euros
from orc.index.fields import Genre
from orc.index.port import SearchEngine
from orc.index.query import (
    DemandeFacette,
    Expression,
    Filtre,
    Hits,
    Query,
    Tri,
    ValeurFacette,
)
from orc.journal import Acte
from orc.search.ouvertes import PieceOuverte, find_numero, find_ouvertes
from orc.search.resultats import find_resultats
from orc.search.syntax import ErreurDeSyntaxe, make_filtres, parse
from web.acces import acces_lecteurs
from web.deps import Connecte, JournalDuLecteur, Lecture, get_orc
from web.pages.adresse import (
    BORNES,
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
from web.render import format_nombre, render

router = APIRouter(include_in_schema=False)

PAR_PAGE = 20
PERTINENCE = "pertinence"
TRIS: Mapping[str, tuple[str, Tri | None]] = {
    PERTINENCE: ("Pertinence", None),
    "date_recente": ("Date, la plus récente", Tri("date")),
    "date_ancienne": ("Date, la plus ancienne", Tri("date", decroissant=False)),
    "montant_fort": ("Montant, le plus fort", Tri("montant")),
    "montant_faible": ("Montant, le plus faible", Tri("montant", decroissant=False)),
    "numero": ("Numéro de pièce", Tri("piece", decroissant=False)),
}
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


@dataclass(frozen=True, slots=True)
class Reponse:
    """What the engine answered: the page of the tab, and the totals of the pieces."""

    hits: Hits
    sommes: tuple[ValeurFacette, ...]
    nb_pj: int
    nb_pieces: int


@router.get("/recherche")
@acces_lecteurs
def show_recherche(
    request: Request, session: Lecture, lecteur: Connecte, journal: JournalDuLecteur
) -> Response:
    """The search that the address says."""
    orc = get_orc(request)
    adresse = read_adresse(request.query_params)
    page = make_page(session, adresse)
    try:
        expression = parse(adresse.q)
        filtres = make_filtres(dict(adresse.filtres))
    except ErreurDeSyntaxe as error:
        return render(request, "recherche", replace(page, erreur=make_erreur(error)), status=422)
    reponse = ask(orc.engine, adresse, expression, filtres, lecteur)
    journal.record(Acte.RECHERCHE, details=make_details(page, reponse))
    resultats = find_resultats(session, reponse.hits.hits, clearance=lecteur.clearance)
    numero = find_numero(expression)
    ouvertes = find_ouvertes(session, numero, clearance=lecteur.clearance) if numero else ()
    page = replace(
        page,
        tete=make_tete(adresse, reponse),
        ouverts=tuple(map(write_ouverte, ouvertes)),
        facettes=make_facettes(session, adresse, reponse.hits.facettes),
        resultats=make_resultats(resultats, {}, adresse.q),
    )
    return render(request, "recherche", page)


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


def make_erreur(error: ErreurDeSyntaxe) -> ErreurVue:
    """The message, and the question cut around the mark."""
    return ErreurVue(error.message, *error.morceaux)


def ask(
    engine: SearchEngine,
    adresse: Adresse,
    expression: Expression,
    filtres: tuple[Filtre, ...],
    lecteur: Lecteur,
) -> Reponse:
    """Ask for the page of the tab with its facets, and for the totals of the other tab."""
    query = Query(
        expression=expression,
        genre=_GENRES[adresse.onglet],
        filtres=filtres,
        facettes=make_demandes(adresse),
        tri=TRIS[find_tri(adresse)][1],
        apres=adresse.apres or None,
        taille=PAR_PAGE,
    )
    by_sens = (DemandeFacette("sens", 2, somme=True),)
    pieces = Query(
        expression=expression, genre=Genre.PIECE, filtres=filtres, facettes=by_sens, taille=1
    )
    hits = engine.search(query, clearance=lecteur.clearance)
    totals = engine.search(pieces, clearance=lecteur.clearance)
    if query.genre is Genre.PJ:
        nb_pj = hits.total
    else:
        nb_pj = engine.count(replace(query, genre=Genre.PJ), clearance=lecteur.clearance)
    asked = adresse.get_valeurs("sens")
    sommes = tuple(v for v in totals.facettes["sens"] if not asked or v.valeur in asked)
    return Reponse(hits, sommes, nb_pj, totals.total)


def find_tri(adresse: Adresse) -> str:
    """The sort in force: by relevance where words are searched, else the latest first."""
    if adresse.tri in TRIS:
        return adresse.tri
    return PERTINENCE if adresse.q else "date_recente"


def make_tete(adresse: Adresse, reponse: Reponse) -> Tete:
    """Tabs, totals, sorts, views, next page; and what to say where nothing is found."""
    first = adresse.without_page()
    suivant = reponse.hits.suivant
    empty = not reponse.hits.hits
    return Tete(
        onglets=make_onglets(first, reponse),
        bilan=write_bilan(reponse.sommes),
        tris=tuple(
            Choix(code, libelle, "", code == find_tri(adresse))
            for code, (libelle, _) in TRIS.items()
            if adresse.q or code != PERTINENCE
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
    if 1 < len(words) <= 8 and all(w.isalpha() for w in words):
        either = replace(adresse, q=" OU ".join(words))
        found.append(Essai(f"Chercher l’un ou l’autre des mots : {either.q}", either.url()))
    if words and words[-1].isalpha() and len(words[-1]) > 4:
        start = replace(adresse, q=" ".join([*words[:-1], f"{words[-1][:-2]}*"]))
        found.append(Essai(f"Chercher le début du mot : {start.q}", start.url()))
    if not adresse.is_empty():
        found.append(Essai("Vérifier l’orthographe, ou un numéro recopié d’un document."))
        found.append(Essai("Lire la syntaxe de recherche", "/aide/syntaxe"))
    return tuple(found)


def write_ouverte(piece: PieceOuverte) -> str:
    """`Mandat 1 : exercice 2026 ouvert, pas encore dans ORC`."""
    return (
        f"{piece.nom} ({piece.collectivite}, {piece.budget}) : exercice {piece.exercice} ouvert, "
        "pas encore dans ORC."
    )


def make_details(page: PageRecherche, reponse: Reponse) -> dict[str, object]:
    """What the journal keeps: the question in words and as an address, and what was found."""
    adresse = page.adresse.without_page()
    filtres = [f"{e.champ} : {e.libelle}" for e in page.etiquettes]
    return {
        "libelle": " · ".join(filter(None, (adresse.q, *filtres))),
        "adresse": adresse.url().partition("?")[2],
        "pieces": reponse.nb_pieces,
        "pj": reponse.nb_pj,
        "suite": bool(page.adresse.apres),
    }
