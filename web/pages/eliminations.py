"""Bordereaux d'élimination: the list, one of them, the register, their documents."""

from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from orc.db import Reading
from orc.errors import Invalid
from orc.journal import Acte
from orc.models import BordereauElimination, read_today
from orc.retention.eliminations import (
    LIBELLES_ETATS,
    LIBELLES_STATUTS,
    Avancement,
    BordereauVu,
    Camp,
    EtapeVue,
    Etat,
    Geste,
    LigneRegistre,
    LigneVue,
    StatutLigne,
    Typologie,
    create_bordereau,
    find_etapes,
    find_lignes,
    find_possibles,
    find_typologies,
    get_bordereau,
    make_regles,
    open_document,
    read_avancement,
    read_bordereau,
    read_registre,
    select_bordereaux,
    write_list,
)
from orc.retention.eliminations.portee import find_camps
from orc.retention.etats import find_collectivites
from orc.search.paged import Paged
from web.acces import acces_destruction
from web.deps import Connecte, Ecriture, Formulaire, JournalDuLecteur, Lecture, get_orc
from web.disposition import make_disposition, save_as
from web.forms import read_texte
from web.pages.piece import Numero, Page
from web.render import render

router = APIRouter(include_in_schema=False)
T = TypeVar("T")

RACINE = "/destruction/bordereaux"
TAILLE = 50
# The path of a bordereau when nothing stops it.
CHEMIN = (
    Etat.BROUILLON,
    Etat.ANALYSEE,
    Etat.PROPOSEE,
    Etat.VISA_DEMANDE,
    Etat.VISE,
    Etat.DELAI,
    Etat.A_CONTRESIGNER,
    Etat.ATTESTEE,
    Etat.CERTIFIEE,
)
FAITS = {
    "verification": "La vérification des lignes est lancée.",
    "creer": "Le bordereau est créé : ajoutez-lui des pièces justificatives.",
    Geste.AJOUTER: "Les pièces justificatives sont ajoutées à la liste.",
    Geste.RETIRER: "Les lignes sont retirées de la liste.",
    Geste.ANALYSER: "Chaque ligne a été vérifiée.",
    Geste.PROPOSER: "La liste est signée et figée : demandez le visa des archives.",
    Geste.DEMANDER_VISA: "Le visa est demandé : les archivistes sont prévenus.",
    Geste.AUTORISER: "L’autorisation générale est enregistrée.",
    Geste.EXCEPTER: "Les exceptions sont notées : elles ne valent qu’à la signature du visa.",
    Geste.VISER: "Le bordereau est visé.",
    Geste.VISER_EN_PARTIE: "Le bordereau est visé en partie.",
    Geste.REFUSER: "Le bordereau est refusé.",
    Geste.OUVRIR_DELAI: "Le délai court : rien ne se détruit avant sa fin.",
    Geste.ATTESTER: "Votre attestation est signée : une autre personne doit la contresigner.",
    Geste.CONTRESIGNER: "La destruction est attestée par deux personnes.",
    Geste.RECUSER: "La première attestation est récusée.",
    Geste.CERTIFIER: "Le certificat est signé : le bordereau est au registre.",
    Geste.ABANDONNER: "Le bordereau est abandonné.",
}
DETOURS = {
    Geste.REVENIR: (
        "Votre geste n’a pas été fait : des lignes ne peuvent plus partir. Elles sont écartées, et "
        "la liste est à relire et à signer de nouveau."
    ),
    Geste.ECARTER: (
        "Vous n’avez pas attesté : des lignes ne peuvent plus partir. Elles sont écartées : "
        "relisez la liste et attestez ce qui reste."
    ),
    Geste.CADUQUE: (
        "Vous n’avez pas contresigné : des lignes ne peuvent plus partir. Elles sont écartées, et "
        "la première attestation est à refaire sur ce qui reste."
    ),
    Geste.VERIFIER: (
        "Votre geste n’a pas été fait : la liste est longue, ses lignes sont d’abord vérifiées. "
        "Refaites-le quand la vérification est finie."
    ),
    Geste.VIDER: "Plus aucune ligne ne peut partir : le bordereau est abandonné.",
}
LIENS = {
    Geste.ANALYSER: ("Vérifier les lignes", False),
    Geste.PROPOSER: ("Signer la proposition", True),
    Geste.DEMANDER_VISA: ("Demander le visa", False),
    Geste.AUTORISER: ("Invoquer l’autorisation générale", True),
    Geste.VISER: ("Répondre et signer", True),
    Geste.OUVRIR_DELAI: ("Ouvrir le délai", False),
    Geste.ATTESTER: ("Attester la destruction", True),
    Geste.CONTRESIGNER: ("Contresigner l’attestation", True),
    Geste.RECUSER: ("Récuser l’attestation", False),
    Geste.CERTIFIER: ("Signer le certificat", True),
    Geste.ABANDONNER: ("Abandonner", False),
}
# What looks at every line again.
VERIFIES = frozenset(LIENS) - {Geste.RECUSER, Geste.CERTIFIER, Geste.ABANDONNER}
Fait = Annotated[str, Query(max_length=40)]
Rang = Annotated[int, Query(ge=1, le=1_000_000)]


@dataclass(frozen=True, slots=True)
class PageBordereaux:
    """The list. `attendus`: the visas asked, the oldest first, for who answers them."""

    attendus: tuple[BordereauVu, ...]
    bordereaux: Paged[BordereauVu]
    etats: tuple[tuple[str, str, bool], ...]
    collectivites: list[tuple[str, str]]
    archives: bool
    params: dict[str, str]
    erreur: str = ""
    siren: str = ""
    intitule: str = ""


@dataclass(frozen=True, slots=True)
class Lien:
    """Something I may do now."""

    libelle: str
    chemin: str
    geste: str


@dataclass(frozen=True, slots=True)
class PageUn:
    """One bordereau: where it is, what I may do of it, what it holds, what was done."""

    vu: BordereauVu
    row: BordereauElimination
    chemin: tuple[tuple[str, str], ...]
    liens: tuple[Lien, ...]
    ajouter: bool
    retirer: bool
    excepter: bool
    typologies: tuple[Typologie, ...]
    lignes: Paged[LigneVue]
    statuts: tuple[tuple[str, str, bool], ...]
    typologie: str
    etapes: tuple[EtapeVue, ...]
    params: dict[str, str]
    fait: str
    detour: str
    # Of a long list that goes on: how far its lines are verified today.
    avancement: Avancement | None


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
) -> Response:
    """The bordereaux of one's scope; for an archiviste, first the visas asked."""
    return render(request, "destruction/bordereaux", _make_list(session, lecteur, etat, page))


def _make_list(
    session: Reading, lecteur: Connecte, etat: str, page: int, erreur: str = "", *saisie: str
) -> PageBordereaux:
    clearance = lecteur.clearance
    archives = bool(clearance.territoire)
    asked = (Etat.VISA_DEMANDE,)
    waiting = select_bordereaux(session, clearance, etats=asked, anciens=True, combien=100)
    debut = (page - 1) * TAILLE
    chosen = read_etat(etat)
    found = select_bordereaux(session, clearance, etats=chosen, debut=debut, combien=TAILLE)
    siren, intitule = saisie or ("", "")
    return PageBordereaux(
        attendus=tuple(waiting[0]) if archives else (),
        bordereaux=make_paged(found, page),
        etats=tuple((e.value, LIBELLES_ETATS[e], e in chosen) for e in Etat),
        collectivites=find_collectivites(session, clearance.destruction | clearance.territoire),
        archives=archives,
        params={"etat": etat} if chosen else {},
        erreur=erreur,
        siren=siren,
        intitule=intitule,
    )


@router.post(RACINE)
@acces_destruction()
def create(
    request: Request, session: Lecture, writing: Ecriture, lecteur: Connecte, form: Formulaire
) -> Response:
    """A draft; the list again where something is to correct."""
    siren, intitule = read_texte(form, "siren", 14), read_texte(form, "intitule", 300)
    observations = read_texte(form, "observations", 3000)
    try:
        ident = create_bordereau(
            writing, lecteur, siren, intitule, observations, today=read_today()
        )
    except Invalid as error:
        writing.rollback()
        page = _make_list(session, lecteur, "", 1, str(error), siren, intitule)
        return render(request, "destruction/bordereaux", page, status=422)
    return RedirectResponse(f"{RACINE}/{ident}?fait=creer", 303)


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


@router.get(f"{RACINE}/{{numero}}")
@acces_destruction()
def show_bordereau(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    numero: Numero,
    statut: Annotated[str, Query(max_length=20)] = "",
    typologie: Annotated[str, Query(max_length=200)] = "",
    page: Page = 1,
    fait: Fait = "",
) -> Response:
    """One bordereau, its lines a page at a time."""
    row = get_bordereau(session, lecteur.clearance, numero)
    camps = find_camps(session, lecteur.clearance, numero)
    regles = make_regles(get_orc(request).settings)
    possibles = find_possibles(session, lecteur, row, regles, read_today())
    chosen = next((s for s in StatutLigne if s.value == statut), None)
    lignes = find_lignes(
        session,
        numero,
        statut=chosen,
        typologie=typologie or None,
        archives=Camp.ARCHIVES in camps,
        debut=(page - 1) * TAILLE,
        combien=TAILLE,
    )
    vu = read_bordereau(session, lecteur, numero)
    verifie = any(geste in VERIFIES for geste in possibles)
    page_vue = PageUn(
        vu=vu,
        row=row,
        chemin=make_chemin(vu.etat),
        liens=tuple(make_lien(numero, geste) for geste in possibles if geste in LIENS),
        ajouter=Geste.AJOUTER in possibles,
        retirer=Geste.RETIRER in possibles,
        excepter=Geste.EXCEPTER in possibles,
        typologies=tuple(find_typologies(session, numero, archives=Camp.ARCHIVES in camps)),
        lignes=make_paged(lignes, page),
        statuts=tuple((s.value, LIBELLES_STATUTS[s], s is chosen) for s in StatutLigne),
        typologie=typologie,
        etapes=tuple(find_etapes(session, numero, camps)),
        params={k: v for k, v in (("statut", statut), ("typologie", typologie)) if v},
        fait=FAITS.get(fait, ""),
        detour=DETOURS.get(fait, ""),  # type: ignore[call-overload]  # a word of the address
        avancement=read_avancement(session, numero, read_today()) if verifie else None,
    )
    return render(request, "destruction/bordereau", page_vue)


def make_lien(numero: int, geste: Geste) -> Lien:
    """Where this act is done: a signature has a page that asks for a proof."""
    libelle, signe = LIENS[geste]
    return Lien(libelle, f"{RACINE}/{numero}/{'signer' if signe else 'faire'}/{geste.value}", geste)


def make_chemin(etat: Etat) -> tuple[tuple[str, str], ...]:
    """The steps and whether each is done, here, or to come; what stopped it comes last."""
    here = Etat.VISE if etat is Etat.VISE_EN_PARTIE else etat
    if here not in CHEMIN:
        return ((LIBELLES_ETATS[etat], "ici"),)
    rank = CHEMIN.index(here)
    names = [LIBELLES_ETATS[etat if e is here else e] for e in CHEMIN]
    marks = ["fait" if i < rank else "ici" if i == rank else "à venir" for i in range(len(CHEMIN))]
    return tuple(zip(names, marks, strict=True))


@router.get(f"{RACINE}/{{numero}}/documents/{{etape}}")
@acces_destruction()
def download_document(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    numero: Numero,
    etape: Numero,
) -> Response:
    """The document of a step, to save: never shown by the browser, whatever it is."""
    nom, octets = open_document(session, get_orc(request).storage, lecteur, numero, etape)
    journal.record(Acte.TELECHARGEMENT, f"etape_elimination:{etape}")
    return save_as(nom, octets)


@router.get(f"{RACINE}/{{numero}}/liste.jsonl")
@acces_destruction()
def download_liste(
    session: Lecture, lecteur: Connecte, journal: JournalDuLecteur, numero: Numero
) -> Response:
    """The canonical lines of the frozen list: their SHA-256 is the one that was signed."""
    row = get_bordereau(session, lecteur.clearance, numero)
    octets = b"".join(write_list(session, row))
    journal.record(Acte.TELECHARGEMENT, f"elimination:{numero}")
    headers = {"content-disposition": make_disposition(f"{row.numero}.jsonl", "")}
    return Response(octets, media_type="application/jsonl; charset=utf-8", headers=headers)
