"""Early destruction for programs: counts, lists by cursor, a PJ with all its reasons."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from orc.errors import NotFound
from orc.models import read_today
from orc.retention.decide import Raison, Statut
from orc.retention.decisions import read_decision
from orc.retention.etats import Etat, find_lignes, get_pj, read_bilan
from web.acces import acces_destruction
from web.api.contrat import PREFIX, REFUS
from web.deps import Connecte, Lecture
from web.pages.destruction import Apres, FiltreDemande, Siren
from web.pages.piece import Numero

router = APIRouter(prefix=PREFIX, responses=REFUS, tags=["Destruction anticipée"])


class Comptage(BaseModel):
    """So many PJ, and their bytes."""

    nombre: int
    octets: int


class EtatDeCollectivite(BaseModel):
    """A collectivité and an exercice; `exercice` null: PJ that nothing cites."""

    siren: str
    nom: str
    exercice: int | None
    eligible: Comptage
    en_attente: Comptage
    suspendu: Comptage
    refus: Comptage


class Etats(BaseModel):
    """Every collectivité and exercice of the scope."""

    etats: list[EtatDeCollectivite]


class PreuveDite(BaseModel):
    """Where a fact comes from."""

    evenement: str
    jour: date | None
    source: str


class RaisonDite(BaseModel):
    """One answer of one test: `fondement` says whether it is the law's or ORC's reading."""

    test: str
    intitule: str
    statut: str
    texte: str
    reference: str
    fondement: str
    depuis: date | None
    jusqu_a: date | None
    anomalie: bool
    preuves: list[PreuveDite]


class PjDecidee(BaseModel):
    """A PJ of a list, and the reason to say where there is room for one."""

    pj_id: int
    siren: str
    id_unique: str
    nom: str
    octets: int
    statut: str
    depuis: date | None
    jusqu_a: date | None
    gelee: bool
    anomalie: bool
    raison: RaisonDite


class PageDePj(BaseModel):
    """`suivant` is the `apres` of the next page, null on the last."""

    pj: list[PjDecidee]
    suivant: int | None


class DecisionDite(BaseModel):
    """What holds on a PJ, or held that day, with all its reasons."""

    pj_id: int
    id_unique: str
    nom: str
    jour: date
    decidee_le: datetime
    statut: str
    depuis: date | None
    jusqu_a: date | None
    raisons: list[RaisonDite]


@router.get("/destruction", summary="Ce qui peut partir, par collectivité et exercice")
@acces_destruction()
def show_etats(session: Lecture, lecteur: Connecte, siren: Siren = "") -> Etats:
    """Une PJ citée dans deux exercices compte dans chacun."""
    found = read_bilan(session, lecteur.clearance.retention, siren).etats
    return Etats(etats=[_make_etat(etat) for etat in found])


def _make_etat(etat: Etat) -> EtatDeCollectivite:
    counts = {s: etat.get(s) for s in Statut}
    said = {s.value: Comptage(nombre=c.nombre, octets=c.octets) for s, c in counts.items()}
    return EtatDeCollectivite(siren=etat.siren, nom=etat.nom, exercice=etat.exercice, **said)


@router.get("/destruction/liste", summary="Les PJ décidées, par curseur")
@acces_destruction()
def show_liste(
    session: Lecture,
    lecteur: Connecte,
    filtre: FiltreDemande,
    apres: Apres = 0,
    taille: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> PageDePj:
    """`test` : le numéro d’un test qui empêche. `depuis` : permises au plus tard ce jour.

    `apres` : le `suivant` de la page d’avant.
    """
    cellules = lecteur.clearance.retention
    found = find_lignes(session, cellules, filtre, apres=apres, combien=taille + 1)
    shown = found[:taille]
    return PageDePj(
        pj=[
            PjDecidee(
                pj_id=ligne.pj_id,
                siren=ligne.siren,
                id_unique=ligne.id_unique,
                nom=ligne.nom,
                octets=ligne.octets,
                statut=ligne.statut.value,
                depuis=ligne.depuis,
                jusqu_a=ligne.jusqu_a,
                gelee=ligne.gelee,
                anomalie=ligne.anomalie,
                raison=_make_raisons([ligne.raison])[0],
            )
            for ligne in shown
        ],
        suivant=shown[-1].pj_id if len(found) > taille else None,
    )


@router.get("/destruction/pj/{pj_id}", summary="Une PJ, avec toutes ses raisons")
@acces_destruction()
def show_pj(
    session: Lecture, lecteur: Connecte, pj_id: Numero, jour: date | None = None
) -> DecisionDite:
    """`jour` : ce qui était décidé ce jour-là ; sans lui, ce qui l’est aujourd’hui."""
    pj = get_pj(session, lecteur.clearance.retention, pj_id)
    asked = jour or read_today()
    found = read_decision(session, pj_id, asked)
    if found is None:
        raise NotFound("Rien n’était encore décidé ce jour-là.")
    decision = found.decision
    return DecisionDite(
        pj_id=pj.pj_id,
        id_unique=pj.id_unique,
        nom=pj.nom,
        jour=found.jour,
        decidee_le=found.decidee_le,
        statut=decision.statut.value,
        depuis=decision.depuis,
        jusqu_a=decision.jusqu_a,
        raisons=_make_raisons(decision.raisons),
    )


def _make_raisons(raisons: Sequence[Raison]) -> list[RaisonDite]:
    return [
        RaisonDite(
            test=raison.regle.numero,
            intitule=raison.regle.intitule,
            statut=raison.statut.value,
            texte=raison.texte,
            reference=raison.regle.reference,
            fondement=raison.regle.fondement.value,
            depuis=raison.depuis,
            jusqu_a=raison.jusqu_a,
            anomalie=raison.anomalie,
            preuves=[
                PreuveDite(evenement=p.evenement, jour=p.jour, source=p.source)
                for p in raison.preuves
            ],
        )
        for raison in raisons
    ]
