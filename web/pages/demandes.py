"""Asking for an access, step by step with its documents; one's own demandes and their answers."""

from dataclasses import dataclass
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from orc.access import Lecteur
from orc.access.demandes import (
    MOTIF_MAX,
    ROLES_DEMANDABLES,
    Depot,
    Regles,
    abandon_demande,
    deposit_demande,
    find_gerees,
)
from orc.access.demandes_vues import DemandeVue, find_mes_demandes, open_piece
from orc.access.phrases import read_noms, write_habilitation
from orc.access.pieces_demande import OCTETS_MAX, PIECES_MAX
from orc.access.ressort import find_codique
from orc.access.structures import find_structure
from orc.access.tenues import find_miennes
from orc.domain import (
    LIBELLES_DOMAINES,
    LIBELLES_DROITS,
    LIBELLES_ROLES,
    SENSIBLES,
    Domaine,
    Droit,
    Role,
)
from orc.errors import Conflict, Forbidden, Invalid, OrcError
from orc.journal import Acte
from orc.models import Budget, Collectivite, read_today
from orc.settings import Settings
from web.acces import acces_connectes
from web.deps import Connecte, Ecriture, Formulaire, JournalDuLecteur, Lecture, get_orc
from web.disposition import save_as
from web.forms import read_annee, read_choix, read_pieces, read_texte
from web.pages.piece import Numero
from web.render import render
from web.security import fichiers_admis

router = APIRouter(include_in_schema=False)

FAITS = {
    "deposee": "Votre demande est déposée : le comptable y répond.",
    "abandonnee": "La demande est abandonnée : rien n’est accordé.",
}
SEPARATEUR = "/"


@dataclass(frozen=True, slots=True)
class PageMesDemandes:
    """What one holds and what one asked for."""

    habilitations: tuple[str, ...]
    demandes: tuple[DemandeVue, ...]
    fait: str


class Choix(NamedTuple):
    """A value of a list or a box, and whether it was chosen."""

    valeur: str
    libelle: str
    choisi: bool


@dataclass(frozen=True, slots=True)
class PageDemande:
    """The form: step 1 asks for the collectivité, step 2 for what is wanted of it."""

    etape: int
    siren: str
    erreur: str
    structure: bool = False
    collectivite: str = ""
    codique: str = ""
    gere: bool = False
    identifiant: str = ""
    motif: str = ""
    premier: str = ""
    dernier: str = ""
    roles: tuple[Choix, ...] = ()
    budgets: tuple[Choix, ...] = ()
    domaines: tuple[Choix, ...] = ()
    droits: tuple[Choix, ...] = ()
    motif_max: int = MOTIF_MAX
    pieces_max: int = PIECES_MAX
    octets_max: int = OCTETS_MAX


def make_regles(settings: Settings) -> Regles:
    """What the settings say of demandes."""
    return Regles(settings.habilitation_mois, settings.habilitation_validation_dgfip)


@router.get("/demandes")
@acces_connectes
def show_demandes(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    fait: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """What this person holds, what it asked for, what was answered."""
    grants = find_miennes(session, lecteur.personne_id, read_today())
    noms = read_noms(session, grants)
    page = PageMesDemandes(
        tuple(write_habilitation(grant, noms) for grant in grants),
        tuple(find_mes_demandes(session, lecteur)),
        FAITS.get(fait, ""),
    )
    return render(request, "habilitations/mes_demandes", page)


@router.get("/demandes/nouvelle")
@acces_connectes
def show_demande(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    siren: Annotated[str, Query(max_length=14)] = "",
) -> Response:
    """Step 1 without a SIREN, step 2 with the SIREN of a collectivité that a poste keeps."""
    siren = "".join(siren.split())
    if not siren:
        return render(request, "habilitations/demande", PageDemande(1, "", ""))
    codique = find_codique(session, siren, read_today())
    if not codique:
        erreur = "Aucun poste comptable n’est connu pour ce SIREN : vérifiez ses neuf chiffres."
        return render(request, "habilitations/demande", PageDemande(1, siren, erreur), status=422)
    page = _make_page(session, lecteur, siren, codique)
    return render(request, "habilitations/demande", page)


def _make_page(
    session: Session,
    lecteur: Lecteur,
    siren: str,
    codique: str,
    form: FormData | None = None,
    erreur: str = "",
) -> PageDemande:
    given = form or FormData()
    today = read_today()
    named = session.get(Collectivite, siren)
    return PageDemande(
        etape=2,
        siren=siren,
        erreur=erreur,
        structure=find_structure(session, siren, today) is None,
        collectivite=(named.libelle if named else "") or siren,
        codique=codique,
        gere=siren in find_gerees(session, lecteur.personne_id, today),
        identifiant=read_texte(given, "identifiant", 64),
        motif=read_texte(given, "motif", MOTIF_MAX),
        premier=read_texte(given, "exercice_min", 4),
        dernier=read_texte(given, "exercice_max", 4),
        roles=_make_choix(given, "role", {r.value: LIBELLES_ROLES[r] for r in ROLES_DEMANDABLES}),
        budgets=_make_choix(given, "budget", _find_budgets(session, siren)),
        domaines=_make_choix(given, "domaine", {d.value: LIBELLES_DOMAINES[d] for d in SENSIBLES}),
        droits=_make_choix(
            given, "droit", {Droit.DESTRUCTION.value: LIBELLES_DROITS[Droit.DESTRUCTION]}
        ),
    )


def _make_choix(form: FormData, name: str, libelles: dict[str, str]) -> tuple[Choix, ...]:
    chosen = set(form.getlist(name))
    return tuple(Choix(value, libelle, value in chosen) for value, libelle in libelles.items())


def _find_budgets(session: Session, siren: str) -> dict[str, str]:
    query = select(Budget).where(Budget.siren == siren).order_by(Budget.cod_col, Budget.cod_bud)
    return {
        SEPARATEUR.join((b.siret, b.cod_col, b.cod_bud)): b.libelle or f"{b.cod_col}-{b.cod_bud}"
        for b in session.scalars(query)
    }


@router.post("/demandes/nouvelle")
@acces_connectes
@fichiers_admis(PIECES_MAX)
def create_demande(
    request: Request, session: Ecriture, lecteur: Connecte, form: Formulaire
) -> Response:
    """Deposit the demande and its documents; the form again where something is to correct."""
    orc, today = get_orc(request), read_today()
    siren = read_texte(form, "siren", 14)
    try:
        depot = _read_depot(form, siren)
        deposit_demande(session, orc.storage, lecteur, depot, today=today)
    except (Invalid, Conflict, Forbidden) as error:
        codique = find_codique(session, siren, today)
        return _show_again(request, session, lecteur, form, codique, error)
    return RedirectResponse("/demandes?fait=deposee", 303)


def _show_again(
    request: Request,
    session: Session,
    lecteur: Lecteur,
    form: FormData,
    codique: str,
    error: OrcError,
) -> Response:
    siren = read_texte(form, "siren", 14)
    if not codique:
        page = PageDemande(1, siren, str(error))
    else:
        page = _make_page(session, lecteur, siren, codique, form, str(error))
    return render(request, "habilitations/demande", page, status=422)


def _read_depot(form: FormData, siren: str) -> Depot:
    return Depot(
        structure=read_texte(form, "objet", 20) == "structure",
        siren=siren,
        motif=read_texte(form, "motif", MOTIF_MAX + 1),
        identifiant=read_texte(form, "identifiant", 64),
        role=read_choix(Role, read_texte(form, "role", 20) or Role.ORDONNATEUR.value),
        budget=read_texte(form, "budget", 40),
        exercice_min=read_annee(form, "exercice_min"),
        exercice_max=read_annee(form, "exercice_max"),
        domaines=tuple(read_choix(Domaine, str(d)) for d in form.getlist("domaine")),
        droits=tuple(read_choix(Droit, str(d)) for d in form.getlist("droit")),
        pieces=tuple(read_pieces(form, "pieces")),
    )


@router.post("/demandes/{demande_id}/abandon")
@acces_connectes
def abandon(session: Ecriture, lecteur: Connecte, demande_id: Numero) -> Response:
    """Take back a demande of one's own."""
    abandon_demande(session, lecteur, demande_id)
    return RedirectResponse("/demandes?fait=abandonnee", 303)


@router.get("/demandes/{demande_id}/pieces/{piece_demande_id}")
@acces_connectes
def download_piece(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    demande_id: Numero,
    piece_demande_id: Numero,
) -> Response:
    """A document of a demande, to save: never shown by the browser, whatever it is."""
    storage = get_orc(request).storage
    nom, octets = open_piece(session, storage, lecteur, demande_id, piece_demande_id, read_today())
    journal.record(Acte.TELECHARGEMENT, f"piece_demande:{piece_demande_id}")
    return save_as(nom, octets)
