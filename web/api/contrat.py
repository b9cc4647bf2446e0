"""What every program needs first: the OpenAPI description, and who the session is."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from orc.domain import Role
from web.acces import acces_connectes
from web.cles import cles
from web.deps import Connecte, SessionOuverte

PREFIX = "/api/v1"
TITLE = "ORC"
VERSION = "1"
DESCRIPTION = """Recherche et consultation des pièces archivées, dans les droits de la personne.

* **Connexion** : le cookie de session de la page /connexion. Un envoi (POST) porte en plus
  l’en-tête `X-Jeton`, donné par `GET /api/v1/session`.
* **Clé d’API** : un compte technique envoie `Authorization: Bearer orc_…`, sans cookie ni jeton.
  Elle n’appelle que ce que ses droits ouvrent ; ce qu’elle voit vient de ses habilitations.
* **Montants** : en centimes, entiers, signés (négatifs pour une annulation).
* **Dates** : `AAAA-MM-JJ` ; les mois des facettes : `AAAAMM`.
* **Refus** : `{"erreur": "…", "reference": "…"}` en français. 404 dit aussi bien « n’existe pas »
  que « hors de vos droits ».
* Chaque recherche, consultation et téléchargement est inscrit au journal.
"""

router = APIRouter(prefix=PREFIX, tags=["Session"])


class Session(BaseModel):
    """Whose session this is."""

    identifiant: str
    nom: str
    roles: list[Role]
    jeton: str = Field(description="À renvoyer dans l’en-tête X-Jeton des envois (POST).")


class Refus(BaseModel):
    """What every refusal looks like."""

    erreur: str
    reference: str


REFUS: dict[int | str, dict[str, Any]] = {
    401: {"model": Refus, "description": "Connexion nécessaire, ou clé refusée"},
    403: {"model": Refus, "description": "Rôle insuffisant"},
    404: {"model": Refus, "description": "Inexistant, ou hors de vos droits"},
    422: {"model": Refus, "description": "Demande mal comprise"},
}


@router.get("/openapi.json", include_in_schema=False)
@acces_connectes
@cles()
def show_openapi(request: Request) -> JSONResponse:
    """The description of this API, in OpenAPI 3.1."""
    return JSONResponse(request.app.openapi())


@router.get("/session", summary="La session ouverte", responses={401: REFUS[401]})
@acces_connectes
@cles()
def show_session(lecteur: Connecte, ouverte: SessionOuverte) -> Session:
    """La personne connectée, ses rôles, et le jeton des envois."""
    return Session(
        identifiant=lecteur.identifiant,
        nom=lecteur.nom,
        roles=sorted(lecteur.roles),
        jeton=ouverte.csrf if ouverte else "",
    )
