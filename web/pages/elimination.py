"""One bordereau d'élimination: its lines a page at a time, what may be done, its documents."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from orc.access import Lecteur
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
    LigneVue,
    StatutLigne,
    Typologie,
    find_etapes,
    find_lignes,
    find_possibles,
    find_typologies,
    get_bordereau,
    make_regles,
    open_document,
    read_avancement,
    read_bordereau,
    write_list,
)
from orc.retention.eliminations.portee import find_camps
from orc.search.paged import Paged
from web.acces import acces_destruction
from web.deps import Connecte, JournalDuLecteur, Lecture, get_orc
from web.disposition import make_disposition, save_as
from web.pages.piece import Numero, Page
from web.render import render

router = APIRouter(include_in_schema=False)

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
# What is said beside the lines it was done of, not at the head of the page.
SUR_LES_LIGNES = frozenset({Geste.EXCEPTER.value, Geste.RETIRER.value})
Fait = Annotated[str, Query(max_length=40)]
Typee = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Vue:
    """Which lines are shown: their sort, their typologie, the code of its rule, the page."""

    statut: str = ""
    typologie: str = ""
    regle: str = ""
    page: int = 1

    @property
    def params(self) -> dict[str, str]:
        """The parameters of its address, the page left out."""
        asked = {"statut": self.statut, "typologie": self.typologie, "regle": self.regle}
        return {name: value for name, value in asked.items() if value}


def make_vue(
    statut: Annotated[str, Query(max_length=20)] = "",
    typologie: Typee = "",
    regle: Annotated[str, Query(max_length=60)] = "",
    page: Page = 1,
) -> Vue:
    """What an address asks to see."""
    return Vue(statut, typologie, regle, page)


VueDemandee = Annotated[Vue, Depends(make_vue)]


@dataclass(frozen=True, slots=True)
class Rejet:
    """A form that was not followed: why, as a whole or of each field, and what was filled in."""

    message: str = ""
    erreurs: dict[str, str] = field(default_factory=dict)
    saisi: dict[str, str] = field(default_factory=dict)
    coches: frozenset[int] = frozenset()

    @property
    def resume(self) -> str:
        """All that is wrong, for the head of the page."""
        return " ".join(filter(None, (self.message, *self.erreurs.values())))


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
    vue: Vue
    etapes: tuple[EtapeVue, ...]
    # The SHA-256 of the list that two people attested; empty: not yet.
    attestee: str
    fait: str
    fait_des_lignes: str
    detour: str
    # Of a long list that goes on: how far its lines are verified today.
    avancement: Avancement | None
    rejet: Rejet


@router.get(f"{RACINE}/{{numero}}")
@acces_destruction()
def show_bordereau(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    numero: Numero,
    vue: VueDemandee,
    fait: Fait = "",
    exercice: Annotated[str, Query(max_length=4)] = "",
) -> Response:
    """One bordereau, its lines a page at a time; `exercice`: what one is about to add to it."""
    rejet = Rejet(saisi={"exercice_min": exercice, "exercice_max": exercice})
    page = make_page_vue(request, session, lecteur, numero, vue, fait=fait, rejet=rejet)
    return render(request, "destruction/bordereau", page)


def make_page_vue(
    request: Request,
    session: Session,
    lecteur: Lecteur,
    numero: int,
    vue: Vue,
    *,
    fait: str = "",
    rejet: Rejet | None = None,
) -> PageUn:
    """The page of a bordereau; `fait`: the act it comes after, `rejet`: the form it refuses."""
    row = get_bordereau(session, lecteur.clearance, numero)
    camps = find_camps(session, lecteur.clearance, numero)
    archives = Camp.ARCHIVES in camps
    regles = make_regles(get_orc(request).settings)
    possibles = find_possibles(session, lecteur, row, regles, read_today())
    vu = read_bordereau(session, lecteur, numero)
    verifie = any(geste in VERIFIES for geste in possibles)
    said, etapes = FAITS.get(fait, ""), tuple(find_etapes(session, numero, camps))
    return PageUn(
        vu=vu,
        row=row,
        chemin=make_chemin(vu.etat),
        liens=tuple(make_lien(numero, geste) for geste in possibles if geste in LIENS),
        ajouter=Geste.AJOUTER in possibles,
        retirer=Geste.RETIRER in possibles,
        excepter=Geste.EXCEPTER in possibles,
        typologies=tuple(find_typologies(session, numero, archives=archives)),
        lignes=_find_lignes(session, numero, vue, archives=archives),
        statuts=tuple((s.value, LIBELLES_STATUTS[s], s.value == vue.statut) for s in StatutLigne),
        vue=vue,
        etapes=etapes,
        attestee=next((e.liste_sha256 for e in etapes if e.geste is Geste.CONTRESIGNER), ""),
        fait="" if fait in SUR_LES_LIGNES else said,
        fait_des_lignes=said if fait in SUR_LES_LIGNES else "",
        detour=DETOURS.get(fait, ""),  # type: ignore[call-overload]  # a word of the address
        avancement=read_avancement(session, numero, read_today()) if verifie else None,
        rejet=rejet or Rejet(),
    )


def _find_lignes(session: Session, numero: int, vue: Vue, *, archives: bool) -> Paged[LigneVue]:
    found, total = find_lignes(
        session,
        numero,
        statut=next((s for s in StatutLigne if s.value == vue.statut), None),
        typologie=vue.typologie or None,
        regle=vue.regle,
        archives=archives,
        debut=(vue.page - 1) * TAILLE,
        combien=TAILLE,
    )
    return Paged(tuple(found), total, vue.page, TAILLE)


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
    session: Lecture,
    lecteur: Connecte,
    journal: JournalDuLecteur,
    numero: Numero,
    attestee: Literal["", "oui"] = "",
) -> Response:
    """The canonical lines of the frozen list: their SHA-256 is the one that was signed.

    `attestee`: those alone that were attested destroyed, or still may be.
    """
    row = get_bordereau(session, lecteur.clearance, numero)
    octets = b"".join(write_list(session, row, attested=bool(attestee)))
    journal.record(Acte.TELECHARGEMENT, f"elimination:{numero}")
    headers = {"content-disposition": make_disposition(f"{row.numero}.jsonl", "")}
    return Response(octets, media_type="application/jsonl; charset=utf-8", headers=headers)
