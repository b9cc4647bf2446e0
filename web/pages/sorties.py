"""What leaves the silo at its term: what is expected, what is not, and the archiviste's act."""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from orc.domain import Role
from orc.errors import Conflict, NotFound
from orc.models import Sortie, read_today
from orc.retention.publication import MOTIF_MAX
from orc.retention.rapports.portee import PAGE_MAX, choose_portee, count_pj, find_noms
from orc.retention.sorties import (
    LIBELLES_SITUATIONS,
    Situation,
    find_attendues,
    find_au_terme,
    find_sorties,
    make_liste_sha256,
    record_sortie,
    remove_texts,
)
from web.acces import acces_destruction
from web.deps import Connecte, Formulaire, Lecture, SessionProuvee, get_orc
from web.forms import read_nombre, read_texte
from web.pages.rapports import Siren
from web.render import render

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class LigneSorties:
    """A collectivité × exercice: PJ by situation."""

    siren: str
    collectivite: str
    exercice: int
    nombres: tuple[int, ...]
    attendues: int


@dataclass(frozen=True, slots=True)
class PageSorties:
    """What is at its term or gone, and what left by an act."""

    situations: tuple[str, ...]
    lignes: tuple[LigneSorties, ...]
    sorties: tuple[Sortie, ...]
    collectivites: tuple[tuple[str, str], ...]
    siren: str
    trop: int
    archiviste: bool
    fait: str


@dataclass(frozen=True, slots=True)
class PageSortie:
    """What the act would remove, before it is done."""

    siren: str
    collectivite: str
    exercice: int
    nombre: int
    octets: int
    liste_sha256: str


@router.get("/destruction/sorties")
@acces_destruction()
def show_sorties(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    siren: Siren = "",
    fait: Annotated[str, Query(max_length=20, pattern=r"^[S0-9-]*$")] = "",
) -> Response:
    """PJ at the end of the silo's duration, or gone from it, by collectivité and exercice."""
    cellules = lecteur.clearance.retention
    portee, noms = choose_portee(session, cellules, siren)
    number = count_pj(session, portee)
    counts: Counter[tuple[str, int, Situation]] = Counter()
    if number <= PAGE_MAX:
        for pj in find_au_terme(session, portee, read_today()):
            counts[pj.siren, pj.exercice, pj.situation] += 1
    page = PageSorties(
        situations=tuple(LIBELLES_SITUATIONS.values()),
        lignes=tuple(
            LigneSorties(
                key[0],
                noms.name(key[0]),
                key[1],
                tuple(counts[(*key, situation)] for situation in Situation),
                counts[(*key, Situation.ATTENDUE)],
            )
            for key in sorted({(s, e) for s, e, _ in counts})
        ),
        sorties=tuple(find_sorties(session, noms.libelles)),
        collectivites=tuple(noms.libelles.items()),
        siren=siren,
        trop=number if number > PAGE_MAX else 0,
        archiviste=Role.ARCHIVISTE in lecteur.roles,
        fait=fait,
    )
    return render(request, "destruction/sorties", page)


Exercice = Annotated[int, Query(ge=0, le=9999)]


@router.get("/destruction/sorties/apercu")
@acces_destruction(Role.ARCHIVISTE)
def show_sortie(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    _prouvee: SessionProuvee,
    siren: Siren = "",
    exercice: Exercice = 0,
) -> Response:
    """What the act would remove. Nothing is changed."""
    territoire = lecteur.clearance.territoire
    noms = find_noms(session, territoire)
    if siren not in noms.libelles:
        raise NotFound("Cette collectivité n’est pas de votre territoire.")
    found = find_attendues(session, territoire, siren, exercice, read_today())
    if not found:
        raise Conflict("Rien ne peut sortir de cet exercice.")
    page = PageSortie(
        siren=siren,
        collectivite=noms.name(siren),
        exercice=exercice,
        nombre=len(found),
        octets=sum(pj.octets for pj in found),
        liste_sha256=make_liste_sha256([pj.pj_id for pj in found]),
    )
    return render(request, "destruction/sortie", page)


@router.post("/destruction/sorties")
@acces_destruction(Role.ARCHIVISTE)
def make_sortie(
    request: Request, lecteur: Connecte, form: Formulaire, _prouvee: SessionProuvee
) -> Response:
    """Register what left and remove its texts: the archiviste's own act, proven."""
    orc = get_orc(request)
    with orc.database.writing() as session:
        sortie = record_sortie(
            session,
            lecteur,
            read_texte(form, "siren", 9),
            read_nombre(form, "exercice") or 0,
            read_texte(form, "motif", MOTIF_MAX + 1),
            read_texte(form, "liste_sha256", 64),
            read_today(),
        )
        numero = sortie.numero
        orc.tasks.enqueue(session, "indexer")
    remove_texts(orc.database, orc.storage)
    return RedirectResponse(f"/destruction/sorties?fait={numero}", 303)
