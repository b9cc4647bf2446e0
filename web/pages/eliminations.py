"""Bordereaux d'élimination: the list of them, a new one, the register."""

from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from orc.db import Reading
from orc.errors import Invalid
from orc.models import read_today
from orc.retention.eliminations import (
    LIBELLES_ETATS,
    BordereauVu,
    Etat,
    LigneRegistre,
    create_bordereau,
    read_registre,
    select_bordereaux,
)
from orc.retention.etats import find_collectivites
from orc.search.paged import Paged
from web.acces import acces_destruction
from web.deps import Connecte, Ecriture, Formulaire, Lecture
from web.forms import read_texte
from web.pages.elimination import RACINE, TAILLE
from web.pages.piece import Page
from web.render import make_query, render

router = APIRouter(include_in_schema=False)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Saisie:
    """What the form of a new bordereau holds; `exercice`: the one whose PJ are to be added."""

    siren: str
    intitule: str
    observations: str
    exercice: str


@dataclass(frozen=True, slots=True)
class PageBordereaux:
    """The list. `attendus`: the visas asked, the oldest first, for who answers them."""

    attendus: tuple[BordereauVu, ...]
    bordereaux: Paged[BordereauVu]
    etats: tuple[tuple[str, str, bool], ...]
    collectivites: list[tuple[str, str]]
    archives: bool
    params: dict[str, str]
    erreur: str
    saisie: Saisie


@dataclass(frozen=True, slots=True)
class PageRegistre:
    """The register of what was certified destroyed."""

    lignes: Paged[LigneRegistre]
    q: str
    params: dict[str, str]


def make_paged(found: tuple[list[T], int], page: int) -> Paged[T]:
    """A page of what was found, with its total."""
    return Paged(tuple(found[0]), found[1], page, TAILLE)


def read_etat(texte: str) -> tuple[Etat, ...]:
    """The state of a filter, or none."""
    return tuple(e for e in Etat if e.value == texte)


@router.get(RACINE)
@acces_destruction()
def show_bordereaux(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    etat: Annotated[str, Query(max_length=40)] = "",
    page: Page = 1,
    siren: Annotated[str, Query(max_length=9)] = "",
    exercice: Annotated[str, Query(pattern=r"^(\d{4})?$")] = "",
) -> Response:
    """The bordereaux of one's scope; for an archiviste, first the visas asked.

    `siren`, `exercice`: what the form of a new one begins with.
    """
    saisie = Saisie(siren, f"Pièces justificatives de {exercice}" if exercice else "", "", exercice)
    shown = _make_list(session, lecteur, etat, page, saisie)
    return render(request, "destruction/bordereaux", shown)


def _make_list(
    session: Reading, lecteur: Connecte, etat: str, page: int, saisie: Saisie, erreur: str = ""
) -> PageBordereaux:
    clearance = lecteur.clearance
    archives = bool(clearance.territoire)
    asked = (Etat.VISA_DEMANDE,)
    waiting = select_bordereaux(session, clearance, etats=asked, anciens=True, combien=100)
    debut = (page - 1) * TAILLE
    chosen = read_etat(etat)
    found = select_bordereaux(session, clearance, etats=chosen, debut=debut, combien=TAILLE)
    return PageBordereaux(
        attendus=tuple(waiting[0]) if archives else (),
        bordereaux=make_paged(found, page),
        etats=tuple((e.value, LIBELLES_ETATS[e], e in chosen) for e in Etat),
        collectivites=find_collectivites(session, clearance.destruction | clearance.territoire),
        archives=archives,
        params={"etat": etat} if chosen else {},
        erreur=erreur,
        saisie=saisie,
    )


@router.post(RACINE)
@acces_destruction()
def create(
    request: Request, session: Lecture, writing: Ecriture, lecteur: Connecte, form: Formulaire
) -> Response:
    """A draft; the list again where something is to correct."""
    saisie = Saisie(
        read_texte(form, "siren", 14),
        read_texte(form, "intitule", 300),
        read_texte(form, "observations", 3000),
        read_texte(form, "exercice", 4),
    )
    try:
        ident = create_bordereau(
            writing,
            lecteur,
            saisie.siren,
            saisie.intitule,
            saisie.observations,
            today=read_today(),
        )
    except Invalid as error:
        writing.rollback()
        page = _make_list(session, lecteur, "", 1, saisie, str(error))
        return render(request, "destruction/bordereaux", page, status=422)
    query = make_query({"fait": "creer", "exercice": saisie.exercice})
    return RedirectResponse(f"{RACINE}/{ident}?{query}", 303)


@router.get(f"{RACINE}/registre")
@acces_destruction()
def show_registre(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    q: Annotated[str, Query(max_length=200)] = "",
    page: Page = 1,
) -> Response:
    """What was certified destroyed, for ever: by IdUnique, name of file or number."""
    found = read_registre(
        session, lecteur.clearance, mots=q.strip(), debut=(page - 1) * TAILLE, combien=TAILLE
    )
    params = {"q": q} if q else {}
    return render(request, "destruction/registre", PageRegistre(make_paged(found, page), q, params))
