"""The state of the silo: flows, quarantine, vanished files, anomalies, completeness, waits."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from orc.domain import Role
from orc.errors import Forbidden
from orc.models import read_today
from orc.search.consult_values import LIBELLES_TEXTES
from orc.search.orphelines import OrphelineLigne, find_orphelines
from orc.search.paged import Paged
from orc.search.portee_silo import Portee, find_portee
from orc.search.quarantaine import EcartLigne, find_ecartes
from orc.search.silo_state import (
    AnomalieLigne,
    Completude,
    EtatSilo,
    FichierLigne,
    FluxLigne,
    find_anomalies,
    find_completude,
    find_disparus,
    find_flux,
    get_etat,
)
from web.acces import acces
from web.deps import Connecte, Lecture
from web.pages.piece import Page
from web.render import render

router = APIRouter(include_in_schema=False)

VUES = {
    "completude": "Complétude",
    "flux": "Flux",
    "quarantaine": "Quarantaine",
    "anomalies": "Anomalies",
    "fichiers": "Fichiers disparus ou remplacés",
}
# PJ of no piece are of nobody's grants: only who runs ORC is told how many there are.
VUES_DE_L_EXPLOITANT = {"orphelines": "PJ citées par rien"}
# An archiviste has the counts only (domaine.md, « Who uses it »).
VUES_DES_COMPTES = ("completude",)
LIBELLES_FLUX = {
    "recu": "Reçu",
    "lu": "Lu",
    "quarantaine": "En quarantaine",
}
# Texts that wait for something, in the order of what can be done about them.
TEXTES_EN_ATTENTE = ("a_extraire", "a_oceriser", "protege", "illisible", "delai", "memoire")

Vue = Literal["completude", "flux", "quarantaine", "anomalies", "fichiers", "orphelines"]
Ligne = FluxLigne | EcartLigne | AnomalieLigne | FichierLigne | Completude | OrphelineLigne


@dataclass(frozen=True, slots=True)
class PageSilo:
    """What the page says; `lignes` are those of the view."""

    etat: EtatSilo
    portee: Portee
    vue: str
    vues: tuple[tuple[str, str], ...]
    lignes: Paged[Ligne]
    params: dict[str, object]
    flux_id: int | None
    attentes: tuple[tuple[str, int], ...]
    etats_flux: tuple[tuple[str, str, int], ...]
    choix: str


@router.get("/silo")
@acces(Role.COMPTABLE, Role.ADMINISTRATEUR, Role.ARCHIVISTE)
def show_silo(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    vue: Vue = "completude",
    page: Page = 1,
    flux: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
    etat: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """The silo as this person may see it: no document, no name of a piece."""
    portee = find_portee(session, lecteur, read_today())
    if not portee.details and vue not in VUES_DES_COMPTES:
        raise Forbidden("Votre habilitation donne les comptes du silo, pas le détail de ses flux.")
    if vue in VUES_DE_L_EXPLOITANT and portee.budgets is not None:
        raise Forbidden("Cette vue est celle de qui exploite ORC.")
    counts = get_etat(session, portee)
    lignes: Paged[Ligne]
    if vue == "flux":
        lignes = _widen(find_flux(session, portee, etat=etat, page=page))
    elif vue == "quarantaine":
        lignes = _widen(find_ecartes(session, portee, page=page))
    elif vue == "anomalies":
        lignes = _widen(find_anomalies(session, portee, flux_id=flux, page=page))
    elif vue == "fichiers":
        lignes = _widen(find_disparus(session, portee, page=page))
    elif vue == "orphelines":
        lignes = _widen(find_orphelines(session, page=page))
    else:
        lignes = _widen(find_completude(session, portee, page=page))
    shown = VUES if portee.details else {v: VUES[v] for v in VUES_DES_COMPTES}
    if portee.budgets is None:
        shown = shown | VUES_DE_L_EXPLOITANT
    return render(
        request,
        "silo/silo",
        PageSilo(
            etat=counts,
            portee=portee,
            vue=vue,
            vues=tuple(shown.items()),
            lignes=lignes,
            params={"vue": vue, "flux": flux, "etat": etat},
            flux_id=flux,
            attentes=_find_attentes(counts),
            etats_flux=tuple(
                (e, LIBELLES_FLUX.get(e, e), n) for e, n in sorted(counts.flux.items())
            ),
            choix=etat,
        ),
    )


def _widen(
    found: Paged[FluxLigne]
    | Paged[EcartLigne]
    | Paged[AnomalieLigne]
    | Paged[FichierLigne]
    | Paged[Completude]
    | Paged[OrphelineLigne],
) -> Paged[Ligne]:
    return Paged(tuple(found.items), found.total, found.page, found.taille)


def _find_attentes(counts: EtatSilo) -> tuple[tuple[str, int], ...]:
    return tuple(
        (LIBELLES_TEXTES[etat], counts.textes[etat])
        for etat in TEXTES_EN_ATTENTE
        if counts.textes.get(etat)
    )
