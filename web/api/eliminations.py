"""Bordereaux d'élimination for programs: the same acts, the same rights, the same proofs."""

import base64
import binascii
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from orc.access.pieces_demande import PieceJointe
from orc.errors import Invalid, NotFound
from orc.models import read_today
from orc.retention.eliminations import (
    Appel,
    BordereauVu,
    Camp,
    Choix,
    Criteres,
    Etat,
    Geste,
    Saisie,
    StatutLigne,
    Suite,
    add_eligibles,
    add_pj,
    create_bordereau,
    do_geste,
    except_lines,
    find_etapes,
    find_geste,
    find_lignes,
    find_possibles,
    find_typologies,
    get_bordereau,
    make_regles,
    read_bordereau,
    read_registre,
    remove_lines,
    select_bordereaux,
)
from orc.retention.eliminations.portee import find_camps
from web.acces import acces_destruction
from web.api.contrat import PREFIX, REFUS
from web.deps import Connecte, Ecriture, Lecture, SessionProuvee, get_orc
from web.pages.piece import Numero

router = APIRouter(prefix=f"{PREFIX}/destruction/bordereaux", responses=REFUS, tags=["Élimination"])

Taille = Annotated[int, Query(ge=1, le=500)]
Debut = Annotated[int, Query(ge=0, le=10_000_000)]
Texte = Annotated[str, Field(max_length=2000)]
# What SQL holds as a number.
Identifiant = Annotated[int, Field(ge=0, lt=2**63)]
Exercice = Annotated[int, Field(ge=0, le=9999)]


class Resume(BaseModel):
    """Un bordereau, tel que les listes le montrent."""

    id: int
    numero: str
    siren: str
    collectivite: str
    intitule: str
    etat: Etat
    origine: Camp
    pas: int = Field(description="À renvoyer avec chaque geste : un autre est refusé.")
    depuis: datetime
    lignes: int


class Liste(BaseModel):
    """Des bordereaux, et combien en tout."""

    total: int
    bordereaux: list[Resume]


class Detail(BaseModel):
    """Un bordereau : ce qu’il dit, ses typologies, ses étapes, ce que vous pouvez en faire."""

    bordereau: Resume
    autorisation: str
    delai_jusqu_a: date | None
    detruite_le: date | None
    methode: str
    metrage_mm: int | None
    liste_sha256: str
    possibles: list[Geste]
    typologies: list[dict[str, Any]]
    etapes: list[dict[str, Any]]


class Lignes(BaseModel):
    """Des lignes, et combien en tout."""

    total: int
    lignes: list[dict[str, Any]]


class Creation(BaseModel):
    """Un bordereau à créer."""

    siren: str = Field(max_length=14)
    intitule: str = Field(max_length=200)
    observations: Texte = ""


class Ajout(BaseModel):
    """Des pièces justificatives à ajouter : celles-ci, ou tout ce qui est éligible."""

    pas: int
    pj: list[Identifiant] = Field(default=[], max_length=5000)
    exercice_min: Exercice | None = None
    exercice_max: Exercice | None = None
    type_pj: str = Field("", max_length=3)


class Changement(BaseModel):
    """Des lignes à retirer, ou dont le refus se prépare (motif vide : ne plus les refuser)."""

    pas: int
    lignes: list[Identifiant] = Field(default=[], max_length=1000)
    typologie: Texte | None = None
    # Le code de la règle, quand une typologie en a plusieurs.
    regle: str = Field("", max_length=60)
    tout: bool = False
    motif: Texte = ""


class Document(BaseModel):
    """Un document joint, en base64."""

    nom: str = Field(max_length=200)
    contenu: str = Field(max_length=14_000_000)


class Demande(BaseModel):
    """Un geste : chacun prend ce dont il a besoin, et refuse s’il lui manque quelque chose."""

    pas: int
    motif: Texte = ""
    reference: Texte = ""
    observations: Texte = ""
    methode: Texte = ""
    detruite_le: date | None = None
    metrage_mm: int | None = None
    document: Document | None = None


class Fait(BaseModel):
    """Ce que le geste est devenu : un autre que le demandé si des lignes ne peuvent plus partir."""

    id: int
    geste: Geste
    etat: Etat
    pas: int
    ecartees: int
    lignes: int


def make_resume(vu: BordereauVu) -> Resume:
    """A bordereau as programs read it."""
    return Resume(**asdict(vu))


def make_fait(ident: int, suite: Suite) -> Fait:
    """What an act came to."""
    return Fait(id=ident, **asdict(suite))


@router.get("", summary="Les bordereaux de votre périmètre")
@acces_destruction()
def show_liste(
    session: Lecture,
    lecteur: Connecte,
    etat: Etat | None = None,
    debut: Debut = 0,
    taille: Taille = 50,
) -> Liste:
    """Les derniers créés d’abord."""
    etats = (etat,) if etat else ()
    found, total = select_bordereaux(
        session, lecteur.clearance, etats=etats, debut=debut, combien=taille
    )
    return Liste(total=total, bordereaux=[make_resume(vu) for vu in found])


@router.get("/registre", summary="Le registre des destructions anticipées")
@acces_destruction()
def show_registre(
    session: Lecture,
    lecteur: Connecte,
    q: Annotated[str, Query(max_length=200)] = "",
    debut: Debut = 0,
    taille: Taille = 50,
) -> Lignes:
    """Ce que des bordereaux certifiés disent détruit."""
    found, total = read_registre(session, lecteur.clearance, mots=q, debut=debut, combien=taille)
    return Lignes(total=total, lignes=[asdict(line) for line in found])


@router.get("/{numero}", summary="Un bordereau")
@acces_destruction()
def show_detail(request: Request, session: Lecture, lecteur: Connecte, numero: Numero) -> Detail:
    """Ce qu’il dit, ce qui en a été fait, ce que vous pouvez en faire."""
    row = get_bordereau(session, lecteur.clearance, numero)
    camps = find_camps(session, lecteur.clearance, numero)
    regles = make_regles(get_orc(request).settings)
    return Detail(
        bordereau=make_resume(read_bordereau(session, lecteur, numero)),
        autorisation=row.autorisation,
        delai_jusqu_a=row.delai_jusqu_a,
        detruite_le=row.detruite_le,
        methode=row.methode,
        metrage_mm=row.metrage_mm,
        liste_sha256=row.liste_sha256,
        possibles=list(find_possibles(session, lecteur, row, regles, read_today())),
        typologies=[
            asdict(t) for t in find_typologies(session, numero, archives=Camp.ARCHIVES in camps)
        ],
        etapes=[asdict(e) for e in find_etapes(session, numero, camps)],
    )


@router.get("/{numero}/lignes", summary="Les lignes d’un bordereau")
@acces_destruction()
def show_lignes(
    session: Lecture,
    lecteur: Connecte,
    numero: Numero,
    statut: StatutLigne | None = None,
    debut: Debut = 0,
    taille: Taille = 500,
) -> Lignes:
    """Dans l’ordre de la liste signée."""
    get_bordereau(session, lecteur.clearance, numero)
    archives = Camp.ARCHIVES in find_camps(session, lecteur.clearance, numero)
    found, total = find_lignes(
        session, numero, statut=statut, archives=archives, debut=debut, combien=taille
    )
    return Lignes(total=total, lignes=[asdict(line) for line in found])


@router.post("", summary="Créer un bordereau")
@acces_destruction()
def create(session: Ecriture, lecteur: Connecte, body: Creation) -> Fait:
    """Un brouillon, sans ligne."""
    ident = create_bordereau(
        session, lecteur, body.siren, body.intitule, body.observations, today=read_today()
    )
    return make_fait(ident, Suite(Geste.CREER, Etat.BROUILLON, 1))


@router.post("/{numero}/ajout", summary="Ajouter des pièces justificatives")
@acces_destruction()
def add(session: Ecriture, lecteur: Connecte, numero: Numero, body: Ajout) -> Fait:
    """Celles qui sont nommées, sinon tout ce qui est éligible de ces exercices."""
    today = read_today()
    if body.pj:
        return make_fait(numero, add_pj(session, lecteur, numero, body.pas, body.pj, today=today))
    criteres = Criteres(body.exercice_min, body.exercice_max, body.type_pj)
    suite = add_eligibles(session, lecteur, numero, body.pas, criteres, today=today)
    return make_fait(numero, suite)


@router.post("/{numero}/retrait", summary="Retirer des lignes")
@acces_destruction()
def remove(session: Ecriture, lecteur: Connecte, numero: Numero, body: Changement) -> Fait:
    """Si la liste est figée, sa signature et son visa tombent."""
    where = (session, lecteur, numero, body.pas)
    return make_fait(numero, remove_lines(*where, body.lignes, body.motif, today=read_today()))


@router.post("/{numero}/exceptions", summary="Préparer le refus de lignes")
@acces_destruction()
def except_(session: Ecriture, lecteur: Connecte, numero: Numero, body: Changement) -> Fait:
    """Rien n’est refusé avant que la réponse soit signée."""
    choix = Choix(tuple(body.lignes), body.typologie, body.regle, body.tout)
    where = (session, lecteur, numero, body.pas)
    return make_fait(numero, except_lines(*where, choix, body.motif, today=read_today()))


@router.post("/{numero}/faire/{geste}", summary="Faire avancer un bordereau")
@acces_destruction()
def faire(
    request: Request,
    session: Ecriture,
    lecteur: Connecte,
    numero: Numero,
    geste: str,
    body: Demande,
) -> Fait:
    """`analyser`, `demander_visa`, `ouvrir_delai`, `recuser`, `abandonner`."""
    return _do(request, session, lecteur, numero, find_geste(geste, signe=False), body)


@router.post("/{numero}/signer/{geste}", summary="Signer")
@acces_destruction()
def signer(
    request: Request,
    session: Ecriture,
    lecteur: Connecte,
    _ouverte: SessionProuvee,
    numero: Numero,
    geste: str,
    body: Demande,
) -> Fait:
    """`proposer`, `autoriser`, `viser`, `attester`, `contresigner`, `certifier`.

    La session a redonné sa preuve (page /preuve) depuis moins de dix minutes.
    """
    return _do(request, session, lecteur, numero, find_geste(geste, signe=True), body)


def _do(
    request: Request,
    session: Ecriture,
    lecteur: Connecte,
    numero: int,
    geste: Geste | None,
    body: Demande,
) -> Fait:
    if geste is None:
        raise NotFound("Ce geste n’existe pas.")
    orc = get_orc(request)
    regles = make_regles(orc.settings)
    appel = Appel(session, orc.storage, lecteur, numero, body.pas, regles, read_today())
    saisie = Saisie(
        body.motif,
        body.reference,
        body.observations,
        body.methode,
        body.detruite_le,
        body.metrage_mm,
        _read_document(body.document),
    )
    return make_fait(numero, do_geste(appel, geste, saisie))


def _read_document(document: Document | None) -> PieceJointe | None:
    if document is None:
        return None
    try:
        return PieceJointe(document.nom, base64.b64decode(document.contenu, validate=True))
    except binascii.Error:
        raise Invalid("Ce document n’est pas en base64.") from None
