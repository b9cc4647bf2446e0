"""What is done of a bordereau d'élimination: lines added or taken out, exceptions, signatures."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from orc.access.pieces_demande import OCTETS_MAX
from orc.db import Reading
from orc.errors import Conflict, Invalid, NotFound
from orc.models import BordereauElimination, read_today
from orc.retention.eliminations import (
    Appel,
    BordereauVu,
    Choix,
    Criteres,
    Geste,
    Saisie,
    Suite,
    add_eligibles,
    do_geste,
    except_lines,
    explain_refusal,
    find_geste,
    find_possibles,
    find_typologies,
    get_bordereau,
    make_regles,
    read_avancement,
    read_bordereau,
    remove_lines,
    start_verification,
)
from web.acces import acces_destruction
from web.deps import Connecte, Ecriture, Formulaire, Lecture, SessionProuvee, get_orc
from web.forms import read_annee, read_jour, read_nombre, read_piece, read_texte
from web.pages.elimination import (
    LIENS,
    RACINE,
    SUR_LES_LIGNES,
    VERIFIES,
    Rejet,
    Vue,
    make_page_vue,
)
from web.pages.piece import Numero
from web.render import make_query, render
from web.security import fichiers_admis

router = APIRouter(include_in_schema=False)

Nom = Annotated[str, Path(max_length=40)]
LIGNES_MAX = 1000
METRES_MAX = 9
# A number of 64 bits has more digits than that, or is no line.
CHIFFRES_MAX = 19
EXERCICES = ("exercice_min", "exercice_max")


@dataclass(frozen=True, slots=True)
class PageGeste:
    """The form of an act. `exceptees`, `lignes`: what an answer of the archives bears on."""

    vu: BordereauVu
    row: BordereauElimination
    geste: str
    libelle: str
    action: str
    exceptees: int
    saisie: Saisie
    metrage: str
    detruite_le: str
    erreur: str
    autorisation_generale: str
    # A long list whose lines have to be verified before this act.
    a_verifier: bool
    octets_max: int = OCTETS_MAX


@router.get(f"{RACINE}/{{numero}}/faire/{{geste}}")
@acces_destruction()
def show_faire(
    request: Request, session: Lecture, lecteur: Connecte, numero: Numero, geste: Nom
) -> Response:
    """The form of an act that is not signed."""
    return _show(request, session, lecteur, numero, _get(geste, signe=False))


@router.get(f"{RACINE}/{{numero}}/signer/{{geste}}")
@acces_destruction()
def show_signer(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    _ouverte: SessionProuvee,
    numero: Numero,
    geste: Nom,
) -> Response:
    """The form of a signature, once the person proved again who it is."""
    return _show(request, session, lecteur, numero, _get(geste, signe=True))


@router.post(f"{RACINE}/{{numero}}/faire/{{geste}}")
@acces_destruction()
@fichiers_admis(1)
def faire(
    request: Request,
    session: Lecture,
    writing: Ecriture,
    lecteur: Connecte,
    numero: Numero,
    geste: Nom,
    form: Formulaire,
) -> Response:
    """Do what is not signed."""
    return _do(request, session, writing, lecteur, numero, _get(geste, signe=False), form)


@router.post(f"{RACINE}/{{numero}}/signer/{{geste}}")
@acces_destruction()
@fichiers_admis(1)
def signer(
    request: Request,
    session: Lecture,
    writing: Ecriture,
    lecteur: Connecte,
    _ouverte: SessionProuvee,
    numero: Numero,
    geste: Nom,
    form: Formulaire,
) -> Response:
    """Sign, the person having proved again who it is."""
    return _do(request, session, writing, lecteur, numero, _get(geste, signe=True), form)


def _get(nom: str, *, signe: bool) -> Geste:
    found = find_geste(nom, signe=signe)
    if found is None:
        raise NotFound("Cette page n’existe pas.")
    return found


def _show(
    request: Request,
    session: Reading,
    lecteur: Connecte,
    numero: int,
    geste: Geste,
    form: FormData | None = None,
    erreur: str = "",
) -> Response:
    settings = get_orc(request).settings
    row = get_bordereau(session, lecteur.clearance, numero)
    regles = make_regles(settings)
    if geste not in find_possibles(session, lecteur, row, regles, read_today()):
        raise Conflict(explain_refusal(session, lecteur, row, regles, geste, read_today()))
    libelle, signe = LIENS[geste]
    typologies = find_typologies(session, numero, archives=geste is Geste.VISER)
    given = form or FormData()
    done = read_avancement(session, numero, read_today()) if geste in VERIFIES else None
    page = PageGeste(
        vu=read_bordereau(session, lecteur, numero),
        row=row,
        geste=geste.value,
        libelle=libelle,
        action=f"{RACINE}/{numero}/{'signer' if signe else 'faire'}/{geste.value}",
        exceptees=sum(t.exceptees for t in typologies),
        saisie=_read_textes(given),
        metrage=read_texte(given, "metrage", METRES_MAX),
        detruite_le=read_texte(given, "detruite_le", 10),
        erreur=erreur,
        autorisation_generale=regles.autorisation_generale,
        a_verifier=done is not None and not done.suffit,
    )
    return render(request, "destruction/geste", page, status=422 if erreur else 200)


def _read_textes(form: FormData) -> Saisie:
    return Saisie(
        motif=read_texte(form, "motif", 3000),
        reference=read_texte(form, "reference", 3000),
        observations=read_texte(form, "observations", 3000),
        methode=read_texte(form, "methode", 3000),
    )


def _do(
    request: Request,
    session: Reading,
    writing: Ecriture,
    lecteur: Connecte,
    numero: int,
    geste: Geste,
    form: FormData,
) -> Response:
    orc = get_orc(request)
    regles = make_regles(orc.settings)
    appel = Appel(writing, orc.storage, lecteur, numero, read_pas(form), regles, read_today())
    try:
        suite = do_geste(appel, geste, _read_saisie(form))
    except Invalid as error:
        writing.rollback()
        return _show(request, session, lecteur, numero, geste, form, str(error))
    return _redirect(numero, suite)


@router.post(f"{RACINE}/{{numero}}/verification")
@acces_destruction()
def verify(
    request: Request, session: Lecture, writing: Ecriture, lecteur: Connecte, numero: Numero
) -> Response:
    """Have the lines of a long list decided in the background, before an act needs it."""
    row = get_bordereau(session, lecteur.clearance, numero)
    regles = make_regles(get_orc(request).settings)
    possibles = find_possibles(session, lecteur, row, regles, read_today())
    if not VERIFIES.intersection(possibles):
        raise Conflict("Rien n’est à vérifier de ce bordereau maintenant.")
    start_verification(writing, numero, read_today())
    return RedirectResponse(f"{RACINE}/{numero}?fait=verification#verification", 303)


def _redirect(numero: int, suite: Suite, vue: Vue | None = None) -> Response:
    """The page of the bordereau; `vue`: the lines one was looking at."""
    fait = suite.geste.value
    if vue is None or fait not in SUR_LES_LIGNES:
        return RedirectResponse(f"{RACINE}/{numero}?fait={fait}", 303)
    query = make_query({**vue.params, "page": vue.page if vue.page > 1 else "", "fait": fait})
    return RedirectResponse(f"{RACINE}/{numero}?{query}#lignes", 303)


def read_pas(form: FormData) -> int:
    """The step the page was made at; -1 where the form does not say it: none is."""
    pas = read_nombre(form, "pas")
    return -1 if pas is None else pas


def _read_saisie(form: FormData) -> Saisie:
    return replace(
        _read_textes(form),
        detruite_le=read_jour(form, "detruite_le"),
        metrage_mm=read_metrage(read_texte(form, "metrage", METRES_MAX)),
        piece=read_piece(form, "piece"),
    )


def read_metrage(texte: str) -> int | None:
    """Linear metres as a person writes them, `1,25`, in millimetres. Raises Invalid."""
    if not texte:
        return None
    whole, _, part = texte.replace(",", ".").partition(".")
    digits = whole + part
    if not (digits.isascii() and digits.isdigit() and whole and len(part) <= 3):
        raise Invalid("Un métrage s’écrit en mètres, au millimètre près : 1,25.")
    return int(whole) * 1000 + int(part.ljust(3, "0"))


def read_lignes(form: FormData) -> list[int]:
    """The lines checked on a page; what is no number of a line is of no list."""
    given = [i for i in form.getlist("ligne") if isinstance(i, str)][:LIGNES_MAX]
    return [int(i) for i in given if i.isascii() and i.isdigit() and len(i) < CHIFFRES_MAX]


@router.post(f"{RACINE}/{{numero}}/ajout")
@acces_destruction()
def add(
    request: Request, session: Ecriture, lecteur: Connecte, numero: Numero, form: Formulaire
) -> Response:
    """Add all that may go of these exercices and this type; the form again if it is wrong."""
    vue, saisi = Vue(), {nom: read_texte(form, nom, 10) for nom in (*EXERCICES, "type_pj")}
    annees, erreurs = read_annees(form)
    if erreurs:
        return _refuse(request, session, lecteur, numero, vue, Rejet("", erreurs, saisi))
    premier, dernier = annees
    criteres = Criteres(premier, dernier, saisi["type_pj"][:3])
    pas = read_pas(form)
    try:
        suite = add_eligibles(session, lecteur, numero, pas, criteres, today=read_today())
    except Conflict as error:
        rejet = Rejet(str(error), saisi=saisi)
        return _refuse(request, session, lecteur, numero, vue, rejet, status=409)
    return _redirect(numero, suite)


def read_annees(form: FormData) -> tuple[list[int | None], dict[str, str]]:
    """The first and the last exercice asked for; what is wrong of a field that is no year."""
    annees: list[int | None] = []
    erreurs: dict[str, str] = {}
    for nom in EXERCICES:
        try:
            annees.append(read_annee(form, nom))
        except Invalid as error:
            erreurs[nom] = str(error)
    return annees, erreurs


def _refuse(
    request: Request,
    session: Ecriture,
    lecteur: Connecte,
    numero: int,
    vue: Vue,
    rejet: Rejet,
    *,
    status: int = 422,
) -> Response:
    """The page of the bordereau again, its form as it was filled, and what is wrong beside it."""
    session.rollback()
    page = make_page_vue(request, session, lecteur, numero, vue, rejet=rejet)
    return render(request, "destruction/bordereau", page, status=status)


@router.post(f"{RACINE}/{{numero}}/lignes")
@acces_destruction()
def change_lignes(
    request: Request, session: Ecriture, lecteur: Connecte, numero: Numero, form: Formulaire
) -> Response:
    """Take lines out of the list, or prepare their refusal: those checked, a typologie, or all."""
    ids, vue = read_lignes(form), read_vue(form)
    motif, portee = read_texte(form, "motif", 3000), read_texte(form, "portee", 20)
    quoi = read_texte(form, "quoi", 20)
    if quoi not in ("retirer", "excepter", "reprendre"):
        raise Invalid("Ce choix n’existe pas.")
    erreurs = {}
    if not ids and portee not in ("typologie", "tout"):
        erreurs["ligne"] = "Cochez d’abord des lignes, ou dites lesquelles."
    if quoi == "excepter" and not motif:
        erreurs["motif"] = "Dites pourquoi ces lignes sont refusées : le producteur le lira."
    if erreurs:
        rejet = Rejet("", erreurs, {"motif": motif, "portee": portee}, frozenset(ids))
        return _refuse(request, session, lecteur, numero, vue, rejet)
    pas, today = read_pas(form), read_today()
    if quoi == "retirer":
        suite = remove_lines(session, lecteur, numero, pas, ids, motif, today=today)
    else:
        typologie = vue.typologie if portee == "typologie" else None
        choix = Choix(tuple(ids), typologie, vue.regle, portee == "tout")
        why = motif if quoi == "excepter" else ""
        suite = except_lines(session, lecteur, numero, pas, choix, why, today=today)
    return _redirect(numero, suite, vue)


def read_vue(form: FormData) -> Vue:
    """Which lines the page showed that sent this form."""
    return Vue(
        read_texte(form, "statut", 20),
        read_texte(form, "typologie", 200),
        read_texte(form, "regle", 60),
        read_nombre(form, "page", 6) or 1,
    )
