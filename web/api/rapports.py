"""Reports of early destruction for programs: états, échéancier, the reports that were given."""

from datetime import date, datetime

from fastapi import APIRouter
from pydantic import BaseModel

from orc.models import read_today
from orc.retention.decide import Statut
from orc.retention.echeancier import Horizon, find_echeances
from orc.retention.eliminations.lignes import StatutLigne
from orc.retention.rapports.archives import find_rapports
from orc.retention.rapports.lignes_decisions import count_etats
from orc.retention.rapports.portee import choose_portee
from web.acces import acces_destruction
from web.api.contrat import PREFIX, REFUS
from web.deps import Connecte, Lecture
from web.pages.rapports import Siren

router = APIRouter(prefix=f"{PREFIX}/destruction", responses=REFUS, tags=["Destruction anticipée"])


class EtatCompte(BaseModel):
    """PJ of a collectivité × exercice × type by statut; `exercice` null: nothing cites them."""

    siren: str
    exercice: int | None
    type_pj: str
    eligible: int
    en_attente: int
    suspendu: int
    refus: int
    a_decider: int
    detruite: int
    octets: int


class Etats(BaseModel):
    """The états of one's scope."""

    etats: list[EtatCompte]


class Echeance(BaseModel):
    """PJ of a collectivité × exercice × rule; `par_horizon` says when they reach their term."""

    siren: str
    exercice: int | None
    regle: str
    sort_final: str
    par_horizon: dict[str, int]
    octets: int
    prochain_terme: date | None


class Echeancier(BaseModel):
    """What reaches its term."""

    echeances: list[Echeance]


class RapportEtabli(BaseModel):
    """A report that was given; its file is at `/destruction/rapports/fichier/{numero}`."""

    numero: str
    genre: str
    siren: str
    forme: str
    sha256: str
    octets: int
    lignes: int
    par: str
    quand: datetime


class RapportsEtablis(BaseModel):
    """The last reports that you may take again."""

    rapports: list[RapportEtabli]


@router.get("/etats", summary="Pièces justificatives par collectivité, exercice, type et statut")
@acces_destruction()
def show_etats(session: Lecture, lecteur: Connecte, siren: Siren = "") -> Etats:
    """Dans votre ressort, exercices clos ou non."""
    portee, _noms = choose_portee(session, lecteur.clearance.retention, siren)
    return Etats(
        etats=[
            EtatCompte(
                siren=key[0],
                exercice=key[1] or None,
                type_pj=key[2],
                eligible=counts.get(Statut.ELIGIBLE, (0, 0))[0],
                en_attente=counts.get(Statut.EN_ATTENTE, (0, 0))[0],
                suspendu=counts.get(Statut.SUSPENDU, (0, 0))[0],
                refus=counts.get(Statut.REFUS, (0, 0))[0],
                a_decider=counts.get("", (0, 0))[0],
                detruite=counts.get(StatutLigne.DETRUITE, (0, 0))[0],
                octets=sum(octets for _, octets in counts.values()),
            )
            for key, counts in count_etats(session, portee).items()
        ]
    )


@router.get("/echeancier", summary="Ce qui arrive au terme de sa durée")
@acces_destruction()
def show_echeancier(session: Lecture, lecteur: Connecte, siren: Siren = "") -> Echeancier:
    """Par collectivité, exercice et règle, comme chaque PJ a été décidée en dernier."""
    portee, _noms = choose_portee(session, lecteur.clearance.retention, siren)
    return Echeancier(
        echeances=[
            Echeance(
                siren=ligne.siren,
                exercice=ligne.exercice or None,
                regle=ligne.regle,
                sort_final=ligne.sort_final,
                par_horizon={horizon.value: ligne.count(horizon) for horizon in Horizon},
                octets=ligne.octets,
                prochain_terme=ligne.premier,
            )
            for ligne in find_echeances(session, portee, read_today())
        ]
    )


@router.get("/rapports", summary="Les rapports déjà établis")
@acces_destruction()
def show_rapports(session: Lecture, lecteur: Connecte) -> RapportsEtablis:
    """Ceux dont le périmètre est entièrement dans le vôtre, les derniers d’abord."""
    return RapportsEtablis(
        rapports=[
            RapportEtabli(
                numero=r.numero,
                genre=r.genre.value,
                siren=r.siren,
                forme=r.forme.value,
                sha256=r.sha256,
                octets=r.octets,
                lignes=r.nb_lignes,
                par=r.par,
                quand=r.quand,
            )
            for r in find_rapports(session, lecteur.clearance.retention)
        ]
    )
