"""One's own mail address and mobile number: each is proved by a code before it counts."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from orc.errors import Invalid, NotFound, OrcError
from orc.identity.codes import CodeRefuse, find_attendu
from orc.identity.coordonnees import COORDONNEES, ask_verification, confirm, remove_mobile
from orc.identity.sessions import Ouverte
from orc.identity.throttling import TropDEssais
from orc.models import Personne
from web.acces import acces_connectes, permis_au_juge
from web.deps import Ecriture, Formulaire, Lecture, SessionProuvee, get_orc, read_adresse
from web.render import render

router = APIRouter(prefix="/compte", include_in_schema=False)
LIBELLES = {"courriel": "Adresse de courriel", "mobile": "Numéro de mobile"}


@dataclass(frozen=True, slots=True)
class PageCoordonnee:
    """The form of a new address or number, and that of its code once one was sent."""

    jeton: str
    quoi: str
    libelle: str
    valeur: str
    attendue: str
    erreur: str


def read_quoi(quoi: str) -> str:
    """What is to change. Raises NotFound, before anything else is asked."""
    if quoi not in COORDONNEES:
        raise NotFound("Cette adresse ne mène à rien.")
    return quoi


# Before the proof in the signature of an endpoint: what does not exist asks for none.
Quoi = Annotated[str, Depends(read_quoi)]


@router.get("/{quoi}")
@acces_connectes
def show_coordonnee(
    request: Request, session: Lecture, quoi: Quoi, ouverte: SessionProuvee
) -> Response:
    """The form of the address or of the number."""
    return _show(request, session, ouverte, quoi)


@router.post("/{quoi}")
@acces_connectes
@permis_au_juge("ses propres coordonnées")
def change_coordonnee(
    request: Request, session: Lecture, quoi: Quoi, ouverte: SessionProuvee, form: Formulaire
) -> Response:
    """Send a code to the new address or number: nothing is changed yet."""
    orc = get_orc(request)
    try:
        ask_verification(
            orc.database,
            orc.coffre,
            ouverte,
            quoi,
            str(form.get("valeur", ""))[:300],
            read_adresse(request),
        )
    except (Invalid, TropDEssais) as error:
        return _show(request, session, ouverte, quoi, error)
    return RedirectResponse(f"/compte/{quoi}", 303)


@router.post("/{quoi}/code")
@acces_connectes
@permis_au_juge("ses propres coordonnées")
def confirm_coordonnee(
    request: Request, session: Lecture, quoi: Quoi, ouverte: SessionProuvee, form: Formulaire
) -> Response:
    """Take the code: the address or number is now this person's."""
    orc = get_orc(request)
    try:
        confirm(orc.database, orc.coffre, ouverte, quoi, str(form.get("code", ""))[:50])
    except CodeRefuse as error:
        return _show(request, session, ouverte, quoi, error)
    return RedirectResponse(f"/compte?fait={quoi}", 303)


@router.post("/mobile/retrait")
@acces_connectes
@permis_au_juge("ses propres coordonnées")
def drop_mobile(session: Ecriture, ouverte: SessionProuvee) -> Response:
    """Forget the number: it is optional."""
    remove_mobile(session, ouverte)
    return RedirectResponse("/compte?fait=mobile-retire", 303)


def _show(
    request: Request,
    session: Lecture,
    ouverte: Ouverte,
    quoi: str,
    error: OrcError | None = None,
) -> Response:
    personne = session.get_one(Personne, ouverte.personne_id)
    attendu = find_attendu(session, ouverte.personne_id, quoi)
    page = PageCoordonnee(
        jeton=ouverte.csrf,
        quoi=quoi,
        libelle=LIBELLES[quoi],
        valeur=personne.courriel if quoi == "courriel" else personne.mobile,
        attendue=attendu.valeur if attendu else "",
        erreur=str(error) if error else "",
    )
    return render(request, "compte/coordonnee", page, status=422 if error else 200)
