"""« Déclarations »: what collectivités declared, asked for, and the forms of who answers for it."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from orc.access import ROLES_DE_LA_DESTRUCTION, Lecteur
from orc.access.demandes import MotifInvalide
from orc.db import Writing
from orc.domain import Role
from orc.errors import Conflict, Forbidden, Invalid, OrcError
from orc.journal import Acte
from orc.models import read_today
from orc.retention.adhesions import (
    Reponse,
    abandon_demande,
    answer_demande,
    name_collectivite,
    request_adhesion,
)
from orc.retention.declarations import LIBELLES_GENRES, Genre
from orc.retention.declarees import (
    DECLARATIONS_PAR_PAGE,
    PAR_PAGE,
    CollectiviteVue,
    Condition,
    DeclarationVue,
    find_collectivites,
    find_conditions,
    find_declarations,
    find_genres,
    find_genres_de_piece,
    open_document,
)
from orc.retention.depots import (
    DEMANDES,
    MARCHE,
    MOTIF_MAX,
    PIECE,
    PJ,
    SAISIES,
    TEXTE_MAX,
    Depot,
)
from orc.retention.saisies import (
    end_declaration,
    record_declaration,
    replace_declaration,
    retire_declaration,
)
from orc.search.paged import Paged
from web.acces import acces_destruction
from web.deps import Connecte, Ecriture, Formulaire, JournalDuLecteur, Lecture, get_orc
from web.disposition import save_as
from web.forms import read_annee, read_choix, read_jour, read_nombre, read_piece, read_texte
from web.pages.piece import Numero
from web.render import render
from web.security import fichiers_admis

router = APIRouter(include_in_schema=False)

CHEMIN = "/destruction/declarations"
# A gestionnaire asks that its structure join.
ROLES = (*ROLES_DE_LA_DESTRUCTION, Role.GESTIONNAIRE)
FAITS = {
    "declaree": "La déclaration est enregistrée : les pièces qu’elle concerne sont réexaminées.",
    "demandee": "La demande est déposée : le comptable y répond.",
    "repondue": "La réponse est enregistrée : qui a demandé en est averti.",
    "finie": "La fin est enregistrée : les pièces concernées sont réexaminées.",
    "retiree": "La déclaration est retirée : les pièces concernées sont réexaminées.",
    "abandonnee": "La demande est abandonnée.",
}
AIDES = {
    Genre.DEMANDE_ORC: "Votre comptable reçoit la demande, et enregistre l’adhésion.",
    Genre.DEMANDE_OFFRE: "L’offre de service est distincte d’ORC : elle permet la destruction.",
    Genre.ADHESION_ORC: "Depuis le jour où la collectivité a adhéré.",
    Genre.ADHESION_OFFRE: "Les pièces transmises avant ce jour ne seront pas détruites.",
    Genre.TENUE_HELIOS: "La condition est vérifiée pour toutes les pièces de la collectivité.",
    Genre.NUMERISATION: "La norme suivie, et le procès-verbal qui l’atteste.",
    Genre.COFINANCEMENT: "Rien de ces exercices n’est détruit avant la fin du contrôle.",
    Genre.HISTORIQUE: "La pièce n’est jamais détruite : elle est proposée au versement.",
    Genre.RUBRIQUE: "De la nomenclature ; certaines rubriques exigent l’original.",
    Genre.NOTIFICATION_MARCHE: "Cinq ans courent depuis la notification.",
    Genre.SOLDE_MARCHE: "Dix ans courent depuis le solde.",
}
LIBELLES_VALEURS = {
    Genre.NUMERISATION: "Norme",
    Genre.COFINANCEMENT: "Fonds",
    Genre.RUBRIQUE: "Rubrique",
}


@dataclass(frozen=True, slots=True)
class PageCollectivites:
    """The collectivités one speaks of."""

    q: str
    liste: Paged[CollectiviteVue]
    params: dict[str, str]


class FormulaireVu(NamedTuple):
    """A form, with what was typed in it. `valeur`: the label of that field; empty: it has none."""

    genre: str
    libelle: str
    aide: str
    valeur: str
    autorite: bool
    exercices: bool
    marche: bool
    marche_seul: bool
    document: bool
    fin: bool
    motif_exige: bool
    objet: str
    remplace: str
    ouvert: bool
    saisi: dict[str, str]


class Rejet(NamedTuple):
    """An act on a row that was not followed: what is wrong of which field, what was typed."""

    declaration_id: int
    acte: str
    champ: str
    erreur: str
    saisi: dict[str, str]


@dataclass(frozen=True, slots=True)
class PageDeclarations:
    """A collectivité: what is declared of it, and what one may declare."""

    siren: str
    nom: str
    paged: Paged[DeclarationVue]
    attentes: tuple[DeclarationVue, ...]
    courantes: tuple[DeclarationVue, ...]
    passees: tuple[DeclarationVue, ...]
    formulaires: tuple[FormulaireVu, ...]
    objet: str
    conditions: tuple[Condition, ...]
    # What one may see of its PJ, where one sees any of them.
    liste: str
    fait: str
    erreur: str
    rejet: Rejet | None
    jour: str
    texte_max: int = TEXTE_MAX
    motif_max: int = MOTIF_MAX


@router.get(CHEMIN)
@acces_destruction(*ROLES)
def show_collectivites(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    q: Annotated[str, Query(max_length=200)] = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """The collectivités of one's scope, those that wait for an answer first."""
    rows, total = find_collectivites(session, lecteur, q.strip(), page, read_today())
    liste = Paged(rows, total, page, PAR_PAGE)
    return render(
        request, "destruction/collectivites", PageCollectivites(q, liste, {"q": q} if q else {})
    )


@router.get(CHEMIN + "/{code}")
@acces_destruction(*ROLES)
def show_declarations(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    code: str,
    fait: Annotated[str, Query(max_length=20)] = "",
    objet: Annotated[str, Query(max_length=40)] = "",
    corrige: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """What is declared of a collectivité; `objet`: of a PJ or a piece of it, `corrige`: a row."""
    made = _make_page(session, lecteur, code, objet=objet, corrige=corrige, page=page)
    return render(request, "destruction/declarations", replace(made, fait=FAITS.get(fait, "")))


def _make_page(
    session: Session,
    lecteur: Lecteur,
    siren: str,
    *,
    objet: str = "",
    corrige: int = 0,
    form: FormData | None = None,
    erreur: str = "",
    rejet: Rejet | None = None,
    page: int = 1,
) -> PageDeclarations:
    today = read_today()
    vues, total = find_declarations(session, lecteur, siren, today, page=page)
    standing = ("en vigueur", "à venir", "finie")
    named = find_declarations(session, lecteur, siren, today, seule=corrige)[0] if corrige else ()
    fixed = [v for v in named if v.peut_changer]
    objet = objet if objet.partition(":")[0] in (PJ, PIECE) else ""
    genres = find_genres_de_piece(lecteur) if objet else find_genres(session, lecteur, siren, today)
    forms = [_make_formulaire(genre, objet, form) for genre in genres]
    if fixed:
        forms = [_make_correction(fixed[0], form)]
    return PageDeclarations(
        siren=siren,
        nom=name_collectivite(session, siren),
        paged=Paged(vues, total, page, DECLARATIONS_PAR_PAGE),
        attentes=tuple(v for v in vues if v.etat == "en attente"),
        courantes=tuple(v for v in vues if v.etat in standing),
        passees=tuple(v for v in vues if v.etat not in (*standing, "en attente")),
        formulaires=tuple(forms),
        objet=objet,
        conditions=find_conditions(session, siren, today),
        liste=f"/destruction?siren={siren}" if lecteur.clearance.retention else "",
        fait="",
        erreur=erreur,
        rejet=rejet,
        jour=today.isoformat(),
    )


CHAMPS = (
    "depuis", "jusqu_a", "valeur", "autorite", "reference", "motif", "marche", "exercice_min",
    "exercice_max",
)  # fmt: skip


def _make_formulaire(
    genre: Genre, objet: str, form: FormData | None, remplace: str = ""
) -> FormulaireVu:
    rule = SAISIES[genre]
    mine = form is not None and form.get("genre") == genre.value
    given = form if form is not None and mine else FormData()
    return FormulaireVu(
        genre=genre.value,
        libelle=LIBELLES_GENRES[genre],
        aide=AIDES[genre],
        valeur=LIBELLES_VALEURS.get(genre, ""),
        autorite="autorite" in rule.exige,
        exercices=rule.exercices,
        marche=MARCHE in rule.objets and not remplace,
        marche_seul=rule.objets == (MARCHE,),
        document=rule.document,
        fin=rule.fin,
        motif_exige="motif" in rule.exige,
        objet=objet,
        remplace=remplace,
        ouvert=mine or bool(objet or remplace),
        saisi={name: read_texte(given, name, MOTIF_MAX) for name in CHAMPS},
    )


def _make_correction(vue: DeclarationVue, form: FormData | None) -> FormulaireVu:
    """The form of a standing row, filled with what it says."""
    said = {
        name: str(getattr(vue, name) or "")
        for name in ("depuis", "jusqu_a", "valeur", "autorite", "reference", "motif")
    }
    made = _make_formulaire(vue.genre, "", form, remplace=str(vue.id))
    typed = {name: value for name, value in made.saisi.items() if value}
    return made._replace(saisi=made.saisi | said | typed, libelle=f"Corriger : {made.libelle}")


@router.post(CHEMIN + "/{code}")
@acces_destruction(*ROLES)
@fichiers_admis(1)
def create_declaration(
    request: Request, session: Ecriture, lecteur: Connecte, code: str, form: Formulaire
) -> Response:
    """Record, correct or ask for; the form again where something is to correct."""
    try:
        fait = _record(request, session, lecteur, code, form)
    except (Invalid, Conflict, Forbidden) as error:
        session.rollback()
        return _show_again(request, session, lecteur, code, form, error)
    return _back(code, fait)


def _record(
    request: Request, session: Writing, lecteur: Lecteur, siren: str, form: FormData
) -> str:
    storage, today = get_orc(request).storage, read_today()
    depot = read_depot(form, siren)
    remplace = read_nombre(form, "remplace")
    if depot.genre in DEMANDES:
        request_adhesion(session, storage, lecteur, depot, today=today)
        return "demandee"
    if remplace is not None:
        replace_declaration(session, storage, lecteur, remplace, depot, today=today)
    else:
        record_declaration(session, storage, lecteur, depot, today=today)
    return "declaree"


def _show_again(
    request: Request,
    session: Session,
    lecteur: Lecteur,
    siren: str,
    form: FormData,
    error: OrcError,
) -> Response:
    page = _make_page(
        session,
        lecteur,
        siren,
        objet=read_texte(form, "objet", 40),
        corrige=read_nombre(form, "remplace") or 0,
        form=form,
        erreur=str(error),
    )
    return render(request, "destruction/declarations", page, status=422)


def read_depot(form: FormData, siren: str) -> Depot:
    """The declaration of a form. Raises Invalid."""
    depuis = read_jour(form, "depuis")
    if depuis is None:
        raise Invalid("Dites depuis quel jour.")
    marche = read_texte(form, "marche", 60)
    objet = read_texte(form, "objet", 40)
    return Depot(
        genre=read_choix(Genre, read_texte(form, "genre", 40)),
        depuis=depuis,
        siren=siren,
        objet=f"{MARCHE}:{marche}" if marche else objet,
        jusqu_a=read_jour(form, "jusqu_a"),
        exercice_min=read_annee(form, "exercice_min"),
        exercice_max=read_annee(form, "exercice_max"),
        valeur=read_texte(form, "valeur", TEXTE_MAX + 1),
        autorite=read_texte(form, "autorite", TEXTE_MAX + 1),
        reference=read_texte(form, "reference", TEXTE_MAX + 1),
        motif=read_texte(form, "motif", MOTIF_MAX + 1),
        document=read_piece(form, "document"),
    )


@router.post("/destruction/declaration/{declaration_id}/fin")
@acces_destruction(*ROLES)
def end(
    request: Request, session: Ecriture, lecteur: Connecte, declaration_id: Numero, form: Formulaire
) -> Response:
    """Say the last day of a declaration: an adhesion withdrawn, a window closed."""
    storage, today = get_orc(request).storage, read_today()
    motif = read_texte(form, "motif", MOTIF_MAX)
    try:
        day = _read_fin(form)
        end_declaration(session, storage, lecteur, declaration_id, day, motif, today=today)
    except Invalid as error:
        return _refuse(request, session, lecteur, form, declaration_id, "fin", error)
    return _back(read_texte(form, "siren", 9), "finie")


def _read_fin(form: FormData) -> date:
    day = read_jour(form, "jusqu_a")
    if day is None:
        raise Invalid("Dites le dernier jour.")
    return day


def _refuse(
    request: Request,
    session: Writing,
    lecteur: Lecteur,
    form: FormData,
    declaration_id: int,
    acte: str,
    error: Invalid,
) -> Response:
    """The page again, this form open as it was filled, and what is wrong under its field."""
    session.rollback()
    champ = "motif" if isinstance(error, MotifInvalide) else "jour"
    saisi = {name: read_texte(form, name, MOTIF_MAX) for name in ("depuis", "jusqu_a", "motif")}
    rejet = Rejet(declaration_id, acte, champ, str(error), saisi)
    siren = read_texte(form, "siren", 9)
    page = _make_page(session, lecteur, siren, erreur=str(error), rejet=rejet)
    return render(request, "destruction/declarations", page, status=422)


@router.post("/destruction/declaration/{declaration_id}/retrait")
@acces_destruction(*ROLES)
def retire(
    request: Request, session: Ecriture, lecteur: Connecte, declaration_id: Numero, form: Formulaire
) -> Response:
    """Say that a declaration was never true."""
    motif = read_texte(form, "motif", MOTIF_MAX)
    try:
        retire_declaration(session, lecteur, declaration_id, motif, today=read_today())
    except Invalid as error:
        return _refuse(request, session, lecteur, form, declaration_id, "retrait", error)
    return _back(read_texte(form, "siren", 9), "retiree")


@router.post("/destruction/declaration/{declaration_id}/reponse")
@acces_destruction(Role.COMPTABLE)
def answer(
    request: Request, session: Ecriture, lecteur: Connecte, declaration_id: Numero, form: Formulaire
) -> Response:
    """Answer a demande d’adhésion: recorded from a day, or refused with its reason."""
    storage = get_orc(request).storage
    accord = read_texte(form, "reponse", 10) == "accorder"
    try:
        motif = read_texte(form, "motif", MOTIF_MAX)
        reponse = Reponse(accord, read_jour(form, "depuis"), motif)
        answer_demande(session, storage, lecteur, declaration_id, reponse, today=read_today())
    except Invalid as error:
        return _refuse(request, session, lecteur, form, declaration_id, "reponse", error)
    return _back(read_texte(form, "siren", 9), "repondue")


@router.post("/destruction/declaration/{declaration_id}/abandon")
@acces_destruction(*ROLES)
def abandon(
    session: Ecriture, lecteur: Connecte, declaration_id: Numero, form: Formulaire
) -> Response:
    """Take back a demande of one's own."""
    abandon_demande(session, lecteur, declaration_id)
    return _back(read_texte(form, "siren", 9), "abandonnee")


def _back(siren: str, fait: str) -> RedirectResponse:
    where = f"{CHEMIN}/{siren}" if siren.isascii() and siren.isalnum() else CHEMIN
    return RedirectResponse(f"{where}?fait={fait}", 303)


@router.get("/destruction/declaration/{declaration_id}/document")
@acces_destruction(*ROLES)
def download_document(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    declaration_id: Numero,
) -> Response:
    """The document of a declaration, to save: never shown by the browser, whatever it is."""
    storage = get_orc(request).storage
    nom, octets = open_document(session, storage, lecteur, declaration_id, read_today())
    journal.record(Acte.TELECHARGEMENT, f"declaration:{declaration_id}")
    return save_as(nom, octets)
