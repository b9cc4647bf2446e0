"""Traitements: queues, processes, tasks that failed; asking for these again or setting aside."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from orc.domain import Role, format_entier
from orc.errors import Invalid
from orc.ingest.echecs import ask_again, find_echecs, set_aside
from orc.ingest.traitements import Traitements, name_taches, read_traitements
from orc.search.paged import Paged
from orc.tasks.failures import Echec
from web.acces import acces
from web.deps import Connecte, Ecriture, Formulaire, Lecture, get_orc
from web.pages.piece import Page
from web.render import render

router = APIRouter(include_in_schema=False)

PAR_PAGE = 50
CHEMIN = "/traitements"
Vue = Literal["echecs", "ecartees"]


@dataclass(frozen=True, slots=True)
class LigneEchec:
    """A task that failed, and what people call it."""

    echec: Echec
    nom: str


@dataclass(frozen=True, slots=True)
class PageTraitements:
    """What the page says; `fait`: what was just done."""

    traitements: Traitements
    vue: str
    lignes: Paged[LigneEchec]
    fait: str

    @property
    def params(self) -> dict[str, object]:
        """What links to other pages carry."""
        return {"vue": self.vue}


@router.get(CHEMIN)
@acces(Role.ADMINISTRATEUR)
def show_traitements(
    request: Request,
    session: Lecture,
    vue: Vue = "echecs",
    page: Page = 1,
    fait: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Where the work is. No document, no name of a person."""
    traitements = read_traitements(get_orc(request))
    ecartees = vue == "ecartees"
    total = traitements.nb_ecartees if ecartees else traitements.nb_echecs
    debut = (page - 1) * PAR_PAGE
    echecs = find_echecs(session, ecartees=ecartees, debut=debut, combien=PAR_PAGE)
    names = name_taches(session, [(e.tache, e.cle) for e in echecs])
    lignes = tuple(LigneEchec(e, names[e.tache, e.cle]) for e in echecs)
    made = PageTraitements(traitements, vue, Paged(lignes, total, page, PAR_PAGE), _say(fait))
    return render(request, "traitements/traitements", made)


@router.post(f"{CHEMIN}/relancer")
@acces(Role.ADMINISTRATEUR)
def relaunch(request: Request, session: Ecriture, lecteur: Connecte, form: Formulaire) -> Response:
    """Ask again for one task, or for all that are not set aside; journaled."""
    asked = None if form.get("toutes") else [_read_id(str(form.get("id", "")))]
    count = ask_again(session, get_orc(request).tasks, asked, auteur=lecteur.auteur)
    return RedirectResponse(f"{CHEMIN}?fait=relance-{count}", 303)


@router.post(f"{CHEMIN}/ecarter")
@acces(Role.ADMINISTRATEUR)
def dismiss(request: Request, session: Ecriture, lecteur: Connecte, form: Formulaire) -> Response:
    """Set one task aside; journaled."""
    asked = [_read_id(str(form.get("id", "")))]
    count = set_aside(session, get_orc(request).tasks, asked, auteur=lecteur.auteur)
    return RedirectResponse(f"{CHEMIN}?fait=ecart-{count}", 303)


def _read_id(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise Invalid("Quelle tâche ? Le formulaire ne le dit pas.")
    return int(text)


def _say(fait: str) -> str:
    """The sentence for what was just done: `relance-3`, `ecart-1`."""
    verb, _, number = fait.partition("-")
    if not (number.isascii() and number.isdecimal()):
        return ""
    count = int(number)
    if verb == "relance" and count == 0:
        return "Aucune tâche n’est en échec : rien n’a été redemandé."
    said = {"relance": "redemandée", "ecart": "écartée"}.get(verb)
    many = "s" if count > 1 else ""
    return f"{format_entier(count)} tâche{many} {said}{many}." if said else ""
