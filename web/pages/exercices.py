"""Closing exercices, many at once: the table, what would appear, the act; and withdrawing one."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from orc.access import Lecteur
from orc.domain import Role
from orc.errors import Conflict, Invalid, NotFound
from orc.ingest.clotures import (
    MOTIF_MAX,
    EtatExercice,
    Exercice,
    check_close_le,
    find_exercices,
    record_clotures,
    withdraw_cloture,
)
from orc.models import Budget, read_today
from orc.search.lieux import Lieu, find_lieux
from orc.search.paged import Paged, among, make_page
from orc.search.portee_silo import count_pj, find_portee_comptable
from web.acces import acces
from web.deps import Connecte, Ecriture, Formulaire, Lecture, get_orc
from web.pages.piece import Page
from web.render import render

router = APIRouter(include_in_schema=False)

PAR_PAGE = 200
CHOIX_MAX = 2000
_CHOIX = re.compile(r"(\d{1,18})-(\d{1,4})", re.ASCII)

Choix = Annotated[list[str] | None, Query(max_length=CHOIX_MAX)]


@dataclass(frozen=True, slots=True)
class LigneExercice:
    """An exercice of a budget in the table; `cle` is how forms name it."""

    cle: str
    lieu: Lieu
    annee: int
    close_le: date | None
    nb_pieces: int
    depenses: int
    recettes: int
    en_cours: bool


@dataclass(frozen=True, slots=True)
class PageExercices:
    """The table, what it is restricted to, what was just done."""

    lignes: Paged[LigneExercice]
    annees: tuple[int, ...]
    etat: str
    annee: int | None
    texte: str
    fait: str

    @property
    def params(self) -> dict[str, object]:
        """What links to other pages carry."""
        return {"etat": self.etat, "annee": self.annee, "q": self.texte}


@dataclass(frozen=True, slots=True)
class PageApercu:
    """What closing these exercices would make appear; or the motive asked to withdraw one."""

    lignes: tuple[LigneExercice, ...]
    nb_pieces: int
    nb_pj: int
    depenses: int
    recettes: int
    en_cours: bool
    jour: str
    erreur: str
    motif: str = ""


@router.get("/exercices")
@acces(Role.COMPTABLE)
def show_exercices(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    etat: Literal["", "ouvert", "clos"] = "",
    annee: Annotated[str, Query(pattern=r"^\d{0,4}$")] = "",
    q: Annotated[str, Query(max_length=100)] = "",
    page: Page = 1,
    fait: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """The exercices of the budgets of this comptable's postes, closed or not."""
    every = find_lignes(session, lecteur)
    wanted, year = q.strip().casefold(), int(annee) if annee else None
    kept = [
        ligne
        for ligne in every
        if (not etat or (etat == "clos") == (ligne.close_le is not None))
        and (year is None or ligne.annee == year)
        and (not wanted or wanted in _name(ligne).casefold())
    ]
    made = PageExercices(
        lignes=make_page(kept, page, PAR_PAGE),
        annees=tuple(sorted({ligne.annee for ligne in every}, reverse=True)),
        etat=etat,
        annee=year,
        texte=q.strip(),
        fait=_say(fait),
    )
    return render(request, "exercices/exercices", made)


def _name(ligne: LigneExercice) -> str:
    return f"{ligne.lieu.nom_collectivite} {ligne.lieu.nom_budget} {ligne.lieu.code}"


def _say(fait: str) -> str:
    """The sentence for what was just done: `clos-3`, `rouvert-2023`."""
    verb, _, number = fait.partition("-")
    if verb == "aucun":
        return "Rien n’a été choisi : cochez au moins un exercice."
    if not number.isdecimal():
        return ""
    if verb == "clos" and int(number) == 0:
        return "Ces exercices étaient déjà clos : rien n’a changé."
    if verb == "clos":
        many = int(number) > 1
        return (
            f"{int(number)} exercice{'s' if many else ''} clos : "
            "les pièces paraissent dans la recherche à mesure qu’elles sont indexées."
        )
    if verb == "rouvert":
        return f"Clôture de l’exercice {int(number)} retirée : ses pièces ne se consultent plus."
    return ""


@router.get("/exercices/apercu")
@acces(Role.COMPTABLE)
def show_apercu(request: Request, session: Lecture, lecteur: Connecte, e: Choix = None) -> Response:
    """What closing the chosen exercices would make appear. Nothing is changed."""
    if not e:
        return RedirectResponse("/exercices?fait=aucun", 303)
    lignes = choose(find_lignes(session, lecteur), e)
    jour = read_today().isoformat()
    return _show_apercu(request, session, lecteur, lignes, jour)


def _show_apercu(
    request: Request,
    session: Session,
    lecteur: Lecteur,
    lignes: Sequence[LigneExercice],
    jour: str,
    erreur: str = "",
) -> Response:
    open_ones = tuple(ligne for ligne in lignes if ligne.close_le is None)
    page = PageApercu(
        lignes=open_ones,
        nb_pieces=sum(ligne.nb_pieces for ligne in open_ones),
        nb_pj=count_pj(
            session,
            ((ligne.lieu.budget_id, ligne.annee) for ligne in open_ones),
            cellules=lecteur.clearance.granted,
        ),
        depenses=sum(ligne.depenses for ligne in open_ones),
        recettes=sum(ligne.recettes for ligne in open_ones),
        en_cours=any(ligne.en_cours for ligne in open_ones),
        jour=jour,
        erreur=erreur,
    )
    return render(request, "exercices/apercu", page, status=422 if erreur else 200)


@router.post("/exercices/clore")
@acces(Role.COMPTABLE)
def close_exercices(
    request: Request, session: Ecriture, lecteur: Connecte, form: Formulaire
) -> Response:
    """Record the closures and journal them, in one transaction; the index follows."""
    chosen = [str(value) for value in form.getlist("e")][:CHOIX_MAX]
    lignes = choose(find_lignes(session, lecteur), chosen)
    text = str(form.get("close_le", ""))
    try:
        close_le = read_jour(text)
    except Invalid as error:
        return _show_apercu(request, session, lecteur, lignes, text[:10], str(error))
    exercices = [Exercice(ligne.lieu.budget_id, ligne.annee) for ligne in lignes]
    done = record_clotures(session, exercices, close_le=close_le, auteur=lecteur.auteur)
    get_orc(request).tasks.enqueue(session, "indexer")
    return RedirectResponse(f"/exercices?fait=clos-{done}", 303)


@router.get("/exercices/retrait")
@acces(Role.COMPTABLE)
def show_retrait(request: Request, session: Lecture, lecteur: Connecte, e: str = "") -> Response:
    """Ask for the motive of a withdrawal, and say what disappears."""
    return _show_retrait(request, choose(find_lignes(session, lecteur), [e])[0])


def _show_retrait(
    request: Request, ligne: LigneExercice, *, motif: str = "", erreur: str = ""
) -> Response:
    if ligne.close_le is None:
        raise Conflict(f"L’exercice {ligne.annee} de ce budget n’est pas clos.")
    page = PageApercu(
        lignes=(ligne,),
        nb_pieces=ligne.nb_pieces,
        nb_pj=0,
        depenses=ligne.depenses,
        recettes=ligne.recettes,
        en_cours=ligne.en_cours,
        jour="",
        erreur=erreur,
        motif=motif,
    )
    return render(request, "exercices/retrait", page, status=422 if erreur else 200)


@router.post("/exercices/rouvrir")
@acces(Role.COMPTABLE)
def reopen_exercice(
    request: Request, session: Ecriture, lecteur: Connecte, form: Formulaire
) -> Response:
    """Withdraw a closure with its motive, journaled; its pieces disappear from the index."""
    ligne = choose(find_lignes(session, lecteur), [str(form.get("e", ""))])[0]
    motif = str(form.get("motif", ""))
    exercice = Exercice(ligne.lieu.budget_id, ligne.annee)
    try:
        withdraw_cloture(session, exercice, motif=motif, auteur=lecteur.auteur)
    except Invalid as error:
        return _show_retrait(request, ligne, motif=motif[:MOTIF_MAX], erreur=str(error))
    get_orc(request).tasks.enqueue(session, "indexer")
    return RedirectResponse(f"/exercices?fait=rouvert-{ligne.annee}", 303)


def find_lignes(session: Session, lecteur: Lecteur) -> list[LigneExercice]:
    """Every exercice of the budgets of this comptable, by collectivité, budget, latest first."""
    today = read_today()
    portee = find_portee_comptable(session, lecteur, today)
    etats = find_exercices(
        session, which=among(Budget.id, portee), cellules=lecteur.clearance.granted
    )
    lieux = find_lieux(session, {etat.exercice.budget_id for etat in etats})
    lignes = [_make_ligne(etat, lieux[etat.exercice.budget_id], today) for etat in etats]
    return sorted(
        lignes, key=lambda x: (x.lieu.nom_collectivite, x.lieu.nom_budget, x.lieu.code, -x.annee)
    )


def _make_ligne(etat: EtatExercice, lieu: Lieu, today: date) -> LigneExercice:
    annee = etat.exercice.annee
    return LigneExercice(
        cle=f"{lieu.budget_id}-{annee}",
        lieu=lieu,
        annee=annee,
        close_le=etat.close_le,
        nb_pieces=etat.nb_pieces,
        depenses=etat.depenses_ttc,
        recettes=etat.recettes_ttc,
        en_cours=annee >= today.year,
    )


def choose(lignes: Iterable[LigneExercice], cles: Sequence[str]) -> list[LigneExercice]:
    """The lines that a form names. Invalid where it names none, NotFound where one is not his."""
    if not cles:
        raise Invalid("Choisissez au moins un exercice.")
    known = {ligne.cle: ligne for ligne in lignes}
    wanted = dict.fromkeys(cles)
    if not all(_CHOIX.fullmatch(cle) and cle in known for cle in wanted):
        raise NotFound("Cet exercice n’existe pas, ou il n’est pas de votre poste.")
    return [known[cle] for cle in wanted]


def read_jour(text: str) -> date:
    """The day a form gives (`2024-03-01`); not after today."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid("Donnez la date de clôture : jour, mois, année.") from None
    check_close_le(day, read_today())
    return day
