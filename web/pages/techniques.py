"""Technical accounts of a structure: its gestionnaire makes them, their keys, and ends them.

A partenaire tends the keys of those entrusted to it.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from orc.access import Lecteur, find_habilitations
from orc.access.demandes import find_gerees
from orc.access.etendues import add_predecesseurs
from orc.db import Writing
from orc.domain import Role
from orc.errors import Conflict, Invalid, NotFound
from orc.identity.cles import (
    LIBELLES_DROITS_API,
    CleNeuve,
    DroitApi,
    make_durees,
    remove_cle,
    reset_cles,
    rotate_cle,
)
from orc.identity.preuve import check_preuve, is_proven
from orc.identity.sessions import Ouverte
from orc.identity.techniques import (
    NouveauTechnique,
    Technique,
    Tenue,
    change_technique,
    close_technique,
    create_technique,
    find_techniques,
    get_technique,
)
from orc.models import Collectivite, read_today
from web.acces import acces
from web.deps import Connecte, Ecriture, Formulaire, Lecture, get_orc
from web.deps import Session as OuverteIci
from web.render import render

router = APIRouter(include_in_schema=False)

RACINE = "/comptes-techniques"
FAITS = {
    "cree": "Le compte technique est créé. Créez sa première clé.",
    "modifie": "Le compte technique est modifié.",
    "passe": "Le compte technique change de mains : toutes ses clés sont retirées. Créez-en une.",
    "retiree": "La clé est retirée : elle est refusée dès son prochain appel.",
    "ferme": "Le compte technique est fermé et ses clés retirées.",
}
Fait = Annotated[Literal["", "cree", "modifie", "passe", "retiree", "ferme"], Query()]
Numero = Annotated[int, Path(gt=0, lt=2**63)]


@dataclass(frozen=True, slots=True)
class PageTechniques:
    """The accounts this person tends; `sirens`: the structures where it may make one."""

    comptes: tuple[Technique, ...]
    structures: dict[str, str]
    sirens: tuple[str, ...]
    droits: dict[str, str]
    fait: str


@dataclass(frozen=True, slots=True)
class PageTechnique:
    """One account; `gere`: this person is its gestionnaire, not only its partenaire.

    `prouve`: it proved who it is within ten minutes, as a new key asks.
    """

    compte: Technique
    structure: str
    gere: bool
    prouve: bool
    droits: dict[str, str]
    neuve: CleNeuve | None
    recouvrement: int
    fait: str
    erreur: str


@dataclass(frozen=True, slots=True)
class PageSaisie:
    """The form of a new account, or of one to change (`compte`)."""

    compte: Technique | None
    sirens: tuple[tuple[str, str], ...]
    siren: str
    nom_court: str
    libelle: str
    proprietaire: str
    partenaire: str
    choisis: tuple[str, ...]
    droits: dict[str, str]
    erreur: str


@router.get(RACINE)
@acces(Role.GESTIONNAIRE, Role.PARTENAIRE)
def show_techniques(
    request: Request, session: Lecture, lecteur: Connecte, fait: Fait = ""
) -> Response:
    """The technical accounts of this person's structures, and those entrusted to it."""
    tenue = find_tenue(session, lecteur)
    comptes = find_techniques(session, tenue.condition())
    page = PageTechniques(
        tuple(comptes),
        _find_structures(session, {c.siren for c in comptes} | tenue.sirens),
        tuple(sorted(find_gerees(session, lecteur.personne_id, read_today()))),
        _label_droits(),
        FAITS.get(fait, ""),
    )
    return render(request, "portes/techniques", page)


@router.get(f"{RACINE}/nouveau")
@acces(Role.GESTIONNAIRE)
def show_nouveau(request: Request, session: Lecture, lecteur: Connecte) -> Response:
    """The form of a new account."""
    return _show_saisie(request, session, lecteur, None, None, "")


@router.post(f"{RACINE}/nouveau")
@acces(Role.GESTIONNAIRE)
def make_technique(
    request: Request, session: Ecriture, lecteur: Connecte, form: Formulaire
) -> Response:
    """Make an account of one of this gestionnaire's structures."""
    siren = str(form.get("siren", ""))
    if siren not in find_gerees(session, lecteur.personne_id, read_today()):
        raise NotFound("Cette structure n’existe pas, ou n’est pas des vôtres.")
    try:
        made = create_technique(
            session,
            NouveauTechnique(
                siren,
                _read(form, "nom_court"),
                _read(form, "libelle"),
                _read(form, "proprietaire"),
                read_choisis(form),
                _read(form, "partenaire"),
            ),
            par=lecteur.identifiant,
        )
    except (Invalid, Conflict) as error:
        return _show_saisie(request, session, lecteur, None, form, str(error))
    return RedirectResponse(f"{RACINE}/{made}?fait=cree", 303)


@router.get(f"{RACINE}/{{numero}}")
@acces(Role.GESTIONNAIRE, Role.PARTENAIRE)
def show_technique(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    ouverte: OuverteIci,
    numero: Numero,
    fait: Fait = "",
) -> Response:
    """One account and its keys."""
    return _show_technique(request, session, lecteur, numero, ouverte, fait=FAITS.get(fait, ""))


@router.get(f"{RACINE}/{{numero}}/modifier")
@acces(Role.GESTIONNAIRE)
def show_modifier(
    request: Request, session: Lecture, lecteur: Connecte, numero: Numero
) -> Response:
    """The form that changes an account."""
    compte = _get_managed(session, lecteur, numero)
    return _show_saisie(request, session, lecteur, compte, None, "")


@router.post(f"{RACINE}/{{numero}}/modifier")
@acces(Role.GESTIONNAIRE)
def change(
    request: Request, session: Ecriture, lecteur: Connecte, form: Formulaire, numero: Numero
) -> Response:
    """Change droits, owner, partenaire."""
    compte = _get_managed(session, lecteur, numero)
    try:
        passed = change_technique(
            session,
            compte.personne_id,
            droits=read_choisis(form),
            proprietaire=_read(form, "proprietaire"),
            partenaire=_read(form, "partenaire"),
            par=lecteur.identifiant,
        )
    except Invalid as error:
        return _show_saisie(request, session, lecteur, compte, form, str(error))
    return RedirectResponse(f"{RACINE}/{numero}?fait={'passe' if passed else 'modifie'}", 303)


@router.post(f"{RACINE}/{{numero}}/cle")
@acces(Role.GESTIONNAIRE, Role.PARTENAIRE)
def make_cle(
    request: Request,
    session: Ecriture,
    lecteur: Connecte,
    ouverte: OuverteIci,
    form: Formulaire,
    numero: Numero,
) -> Response:
    """Make a key beside the one in service. It is shown in this answer and nowhere else."""
    compte = _get_open(session, lecteur, numero)
    check_preuve(ouverte, retour=f"{RACINE}/{numero}")
    given = _read(form, "courante")
    try:
        neuve = rotate_cle(
            session,
            compte.personne_id,
            make_durees(get_orc(request).settings),
            par=lecteur.identifiant,
            courante=int(given) if given.isdecimal() and len(given) < 19 else -1,
        )
    except Conflict as error:
        return _show_technique(request, session, lecteur, numero, ouverte, erreur=str(error))
    return _show_technique(request, session, lecteur, numero, ouverte, neuve=neuve)


@router.post(f"{RACINE}/{{numero}}/reinitialiser")
@acces(Role.GESTIONNAIRE, Role.PARTENAIRE)
def reset(
    request: Request,
    session: Ecriture,
    lecteur: Connecte,
    ouverte: OuverteIci,
    form: Formulaire,
    numero: Numero,
) -> Response:
    """Withdraw every key and make a new one, shown in this answer and nowhere else."""
    compte = _get_open(session, lecteur, numero)
    check_preuve(ouverte, retour=f"{RACINE}/{numero}")
    if _read(form, "courante") != str(compte.courante):
        erreur = "Une autre clé a été créée depuis : relisez la liste des clés."
        return _show_technique(request, session, lecteur, numero, ouverte, erreur=erreur)
    durees = make_durees(get_orc(request).settings)
    neuve = reset_cles(session, compte.personne_id, durees, par=lecteur.identifiant)
    return _show_technique(request, session, lecteur, numero, ouverte, neuve=neuve)


@router.post(f"{RACINE}/{{numero}}/cles/{{cle}}/retirer")
@acces(Role.GESTIONNAIRE, Role.PARTENAIRE)
def withdraw_cle(
    session: Ecriture, lecteur: Connecte, numero: Numero, cle: Annotated[int, Path(gt=0, lt=2**63)]
) -> Response:
    """Withdraw a key: refused from its next call on."""
    compte = get_technique(session, numero, find_tenue(session, lecteur).condition())
    remove_cle(session, compte.personne_id, cle, par=lecteur.identifiant)
    return RedirectResponse(f"{RACINE}/{numero}?fait=retiree", 303)


@router.post(f"{RACINE}/{{numero}}/fermer")
@acces(Role.GESTIONNAIRE)
def close(
    request: Request,
    session: Ecriture,
    lecteur: Connecte,
    ouverte: OuverteIci,
    form: Formulaire,
    numero: Numero,
) -> Response:
    """Close the account and withdraw its keys, once the box that says so is ticked."""
    compte = _get_managed(session, lecteur, numero)
    if _read(form, "confirme") != "oui":
        erreur = "Cochez la case : un compte fermé ne se rouvre pas."
        return _show_technique(request, session, lecteur, numero, ouverte, erreur=erreur)
    close_technique(session, compte.personne_id, par=lecteur.identifiant)
    return RedirectResponse(f"{RACINE}?fait=ferme", 303)


def find_tenue(session: Session, lecteur: Lecteur) -> Tenue:
    """Which technical accounts this person tends today, by its grants in force.

    The gestionnaire of a structure tends those of the structures that it came after.
    """
    today = read_today()
    grants = find_habilitations(session, lecteur.personne_id, today)
    sirens = add_predecesseurs(session, find_gerees(session, lecteur.personne_id, today), today)
    partenaire = any(g.role == Role.PARTENAIRE for g in grants)
    return Tenue(sirens, lecteur.personne_id if partenaire else None)


def read_choisis(form: FormData) -> frozenset[DroitApi]:
    """The droits ticked in a form. Raises Invalid on one that does not exist."""
    given = [str(value) for value in form.getlist("droit")][:20]
    try:
        return frozenset(DroitApi(value) for value in given)
    except ValueError:
        raise Invalid("Ce droit n’existe pas.") from None


def _read(form: FormData, name: str) -> str:
    return str(form.get(name, "")).strip()[:200]


def _label_droits() -> dict[str, str]:
    return {droit.value: LIBELLES_DROITS_API[droit] for droit in DroitApi}


def _get_managed(session: Session, lecteur: Lecteur, numero: int) -> Technique:
    """An account of this gestionnaire's structures: being its partenaire is not enough."""
    sirens = find_tenue(session, lecteur).sirens
    return get_technique(session, numero, Tenue(sirens).condition())


def _get_open(session: Writing, lecteur: Lecteur, numero: int) -> Technique:
    compte = get_technique(session, numero, find_tenue(session, lecteur).condition())
    if compte.ferme:
        raise Conflict("Ce compte technique est fermé : il n’a plus de clés.")
    return compte


def _find_structures(session: Session, sirens: set[str] | frozenset[str]) -> dict[str, str]:
    found = {siren: siren for siren in sirens}
    for siren in sirens:
        row = session.get(Collectivite, siren)
        if row is not None and row.libelle:
            found[siren] = row.libelle
    return found


def _show_technique(
    request: Request,
    session: Session,
    lecteur: Lecteur,
    numero: int,
    ouverte: Ouverte,
    *,
    neuve: CleNeuve | None = None,
    fait: str = "",
    erreur: str = "",
) -> Response:
    tenue = find_tenue(session, lecteur)
    compte = get_technique(session, numero, tenue.condition())
    page = PageTechnique(
        compte=compte,
        structure=_find_structures(session, {compte.siren})[compte.siren],
        gere=compte.siren in tenue.sirens,
        prouve=is_proven(ouverte),
        droits=_label_droits(),
        neuve=neuve,
        recouvrement=get_orc(request).settings.cle_recouvrement_jours,
        fait=fait,
        erreur=erreur,
    )
    return render(request, "portes/technique", page, status=409 if erreur else 200)


def _show_saisie(
    request: Request,
    session: Session,
    lecteur: Lecteur,
    compte: Technique | None,
    form: FormData | None,
    erreur: str,
) -> Response:
    sirens = find_gerees(session, lecteur.personne_id, read_today())
    known = _find_structures(session, sirens)
    owner = compte.proprietaire if compte else lecteur.identifiant
    chosen = tuple(d.value for d in compte.droits) if compte else ("recherche", "consultation")
    page = PageSaisie(
        compte=compte,
        sirens=tuple(sorted(known.items())),
        siren=_read(form, "siren") if form else (compte.siren if compte else ""),
        nom_court=_read(form, "nom_court") if form else "",
        libelle=_read(form, "libelle") if form else (compte.libelle if compte else ""),
        proprietaire=_read(form, "proprietaire") if form else owner,
        partenaire=_read(form, "partenaire") if form else (compte.partenaire if compte else ""),
        choisis=tuple(str(v) for v in form.getlist("droit")) if form else chosen,
        droits=_label_droits(),
        erreur=erreur,
    )
    return render(request, "portes/technique_saisie", page, status=422 if erreur else 200)
