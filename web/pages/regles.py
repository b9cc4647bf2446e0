"""The rules of duration: what is in force, versions in preparation, their impact, publication."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session as SqlSession
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from orc.domain import Role
from orc.errors import Invalid, NotFound
from orc.identity.preuve import check_preuve
from orc.models import VersionRegles, read_today
from orc.retention.durees import Arrondi, Unite
from orc.retention.publication import (
    LIBELLES_ETATS,
    Difference,
    EtatVersion,
    LigneImpact,
    abandon_version,
    create_brouillon,
    find_differences,
    find_lignes_vues,
    find_versions,
    get_version,
    has_written,
    load_impact,
    measure_impact,
    publish_version,
    replace_regle,
    submit_version,
)
from orc.retention.rapports.portee import find_noms
from orc.retention.regle_duree import (
    LIBELLES_ARRONDIS,
    LIBELLES_EVENEMENTS,
    LIBELLES_SORTS,
    LISTES,
    Objet,
    RegleDeDuree,
    read_livrees,
    read_regle,
)
from orc.retention.regles import find_version, read_version
from orc.retention.rules import Fondement
from web.acces import acces_destruction
from web.deps import Connecte, Ecriture, Formulaire, Lecture, Session, get_orc
from web.render import render

router = APIRouter(include_in_schema=False)

OBJETS = {
    Objet.PJ: "Pièces justificatives",
    Objet.FLUX: "Flux conservés dans le silo",
    Objet.BORDEREAU_JOURNAL: "Bordereaux-journaux",
    Objet.GRAND_LIVRE: "Grand livre",
    Objet.SUIVI_BUDGETAIRE: "Suivi budgétaire",
    Objet.BUDGET: "Budgets et comptes",
    Objet.PJ_COMPTABLE: "Pièces chez le comptable",
    Objet.TRACE: "Traces de transmission",
}
LIBELLES_LISTES = {
    "sens": "Sens (depense, recette)",
    "type_pj": "Types de PJ",
    "type_piece": "Types de pièce",
    "nature_piece": "Natures de pièce",
    "compte": "Débuts de compte",
}
FONDEMENTS = {Fondement.TEXTE: "Texte", Fondement.INTERPRETATION: "Notre interprétation"}


@dataclass(frozen=True, slots=True)
class RegleVue:
    """A rule as the table shows it."""

    code: str
    intitule: str
    objet: str
    dua: str
    depart: str
    sort: str
    reference: str
    fondement: str
    garde: str


@dataclass(frozen=True, slots=True)
class VersionVue:
    """A version in the list."""

    id: int
    etat: str
    motif: str
    redigee_par: str
    publiee_par: str
    en_vigueur_le: date | None


@dataclass(frozen=True, slots=True)
class PageRegles:
    """What is in force, and the versions; `redige`: this person may write one."""

    en_vigueur: str
    depuis: date
    regles: tuple[RegleVue, ...]
    versions: tuple[VersionVue, ...]
    redige: bool


@dataclass(frozen=True, slots=True)
class LigneImpactVue:
    """What a version changes in a collectivité × exercice of one's own."""

    collectivite: str
    exercice: str
    ligne: LigneImpact


@dataclass(frozen=True, slots=True)
class PageVersion:
    """A version: its rules, what it changes, what may be done of it."""

    version: VersionVue
    regles: tuple[RegleVue, ...]
    differences: tuple[Difference, ...]
    impact: tuple[LigneImpactVue, ...] | None
    modifiable: bool
    soumise: bool
    sien: bool
    redige: bool
    jour: str
    fait: str
    # The proof was given for an act that is still to be done.
    prouve: bool


@dataclass(frozen=True, slots=True)
class PageRegle:
    """The form of a rule of a brouillon; `champs`: what it says now."""

    version_id: int
    code: str
    champs: dict[str, str]
    listes: tuple[tuple[str, str], ...]
    choix: dict[str, tuple[tuple[str, str], ...]]
    erreur: str = ""


FAITS = {
    "soumettre": "La version est soumise : un autre archiviste la publie.",
    "publier": "La version est publiée : les pièces qu’elle touche sont redécidées.",
    "abandonner": "La version est abandonnée.",
}
# What the address says once the person proved again who it is.
PROUVE = "preuve"


def show_regle(regle: RegleDeDuree) -> RegleVue:
    """A rule in words."""
    return RegleVue(
        regle.code,
        regle.intitule,
        OBJETS[regle.criteres.objet],
        regle.dua,
        LIBELLES_EVENEMENTS[regle.evenement],
        LIBELLES_SORTS[regle.sort_final],
        regle.reference,
        FONDEMENTS[regle.fondement],
        regle.garde,
    )


def _show_version(row: VersionRegles) -> VersionVue:
    return VersionVue(
        row.id,
        LIBELLES_ETATS[EtatVersion(row.etat)],
        row.motif,
        row.redigee_par,
        row.publiee_par,
        row.en_vigueur_le,
    )


@router.get("/destruction/regles")
@acces_destruction()
def show_regles(request: Request, session: Lecture, lecteur: Connecte) -> Response:
    """The rules in force today, and every version."""
    found = find_version(session, read_today())
    page = PageRegles(
        found.intitule,
        found.en_vigueur_le,
        tuple(show_regle(regle) for regle in found.regles),
        tuple(_show_version(row) for row in find_versions(session)),
        Role.ARCHIVISTE in lecteur.roles,
    )
    return render(request, "destruction/regles", page)


@router.post("/destruction/regles")
@acces_destruction(Role.ARCHIVISTE)
def begin_version(session: Ecriture, lecteur: Connecte, form: Formulaire) -> Response:
    """Begin a version: a copy of what is in force."""
    motif = str(form.get("motif", ""))
    made = create_brouillon(session, lecteur, motif, read_today())
    return RedirectResponse(f"/destruction/regles/{made}", 303)


@router.get("/destruction/regles/{version_id}")
@acces_destruction()
def show_version(
    request: Request,
    session: Lecture,
    lecteur: Connecte,
    version_id: int,
    fait: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """A version: its rules, its differences, its impact within one's own scope."""
    row = _get(session, version_id)
    version, today = read_version(session, row), read_today()
    impact = load_impact(row.impact)
    cellules = lecteur.clearance.retention
    noms = find_noms(session, cellules)
    lignes = find_lignes_vues(session, impact, cellules) if impact else []
    before = read_livrees() if row.etat == EtatVersion.PUBLIEE else find_version(session, today)
    page = PageVersion(
        version=_show_version(row),
        regles=tuple(show_regle(regle) for regle in version.regles),
        differences=tuple(find_differences(before, version)),
        impact=tuple(LigneImpactVue(noms.name(n.siren), str(n.exercice or "—"), n) for n in lignes)
        if impact
        else None,
        modifiable=row.etat == EtatVersion.BROUILLON,
        soumise=row.etat == EtatVersion.SOUMISE,
        sien=has_written(session, row, lecteur.personne_id),
        redige=Role.ARCHIVISTE in lecteur.roles,
        jour=today.isoformat(),
        fait=FAITS.get(fait, ""),
        prouve=fait == PROUVE,
    )
    return render(request, "destruction/version", page)


def _get(session: SqlSession, version_id: int) -> VersionRegles:
    if not 0 < version_id < 2**31:
        raise NotFound("Cette version des règles n’existe pas.")
    return get_version(session, version_id)


@router.get("/destruction/regles/{version_id}/regle")
@acces_destruction(Role.ARCHIVISTE)
def show_regle_form(
    request: Request, session: Lecture, version_id: int, regle: str = ""
) -> Response:
    """The form of a rule; without a code, of a new one."""
    found = read_version(session, _get(session, version_id)).find(regle)
    page = _make_form(version_id, found.code if found else "", _write_champs(found))
    return render(request, "destruction/regle", page)


def _make_form(version_id: int, code: str, champs: dict[str, str], erreur: str = "") -> PageRegle:
    listes = tuple(LIBELLES_LISTES.items())
    return PageRegle(version_id, code, champs, listes, _make_choix(), erreur)


def _make_choix() -> dict[str, tuple[tuple[str, str], ...]]:
    tables: dict[str, Mapping[Any, str]] = {
        "objet": OBJETS,
        "evenement": LIBELLES_EVENEMENTS,
        "unite": {unite: unite.value for unite in Unite},
        "arrondi": {a: LIBELLES_ARRONDIS[a] or "aucun" for a in Arrondi},
        "sort_final": LIBELLES_SORTS,
        "fondement": FONDEMENTS,
    }
    return {
        name: tuple((str(key), said) for key, said in table.items())
        for name, table in tables.items()
    }


def _write_champs(regle: RegleDeDuree | None) -> dict[str, str]:
    if regle is None:
        empty = dict.fromkeys((*LISTES, "code", "intitule", "reference", "garde", "marche"), "")
        first = {name: choices[0][0] for name, choices in _make_choix().items()}
        return {**empty, **first, "nombre": "10", "unite": "ans", "inclus": "oui"}
    return {
        "code": regle.code,
        "intitule": regle.intitule,
        "reference": regle.reference,
        "garde": regle.garde,
        "nombre": str(regle.duree.nombre),
        "unite": regle.duree.unite.value,
        "arrondi": regle.duree.arrondi.value,
        "inclus": "oui" if regle.duree.inclus else "",
        "sort_final": regle.sort_final.value,
        "fondement": regle.fondement.value,
        "evenement": regle.evenement.value,
        "objet": regle.criteres.objet.value,
        "marche": "oui" if regle.criteres.marche else "",
        **{name: ", ".join(getattr(regle.criteres, name)) for name in LISTES},
    }


@router.post("/destruction/regles/{version_id}/regle")
@acces_destruction(Role.ARCHIVISTE)
def save_regle(
    request: Request, session: Ecriture, lecteur: Connecte, version_id: int, form: Formulaire
) -> Response:
    """Put or remove a rule of a brouillon; the form again, as it was filled, if it is wrong."""
    _get(session, version_id)
    code = str(form.get("avant", ""))[:30]
    try:
        regle = None if form.get("retirer") else read_form_regle(form)
        replace_regle(session, lecteur, version_id, code, regle)
    except Invalid as error:
        session.rollback()
        champs = {name: str(form.get(name, ""))[:400] for name in _write_champs(None)}
        page = _make_form(version_id, code, champs, str(error))
        return render(request, "destruction/regle", page, status=422)
    return RedirectResponse(f"/destruction/regles/{version_id}", 303)


def read_form_regle(form: FormData) -> RegleDeDuree:
    """A rule from its form. Raises Invalid."""

    def text(name: str) -> str:
        return str(form.get(name, ""))

    nombre = text("nombre").strip()
    if not (nombre.isascii() and nombre.isdecimal() and len(nombre) < 4):
        raise Invalid("La durée : un nombre entier.", text("code")[:30])
    criteres: dict[str, object] = {
        name: [part.strip() for part in text(name).split(",") if part.strip()] for name in LISTES
    }
    criteres |= {"objet": text("objet"), "marche": bool(form.get("marche"))}
    names = ("code", "intitule", "reference", "fondement", "evenement", "unite", "arrondi")
    return read_regle(
        {
            **{name: text(name).strip() for name in (*names, "sort_final", "garde")},
            "criteres": criteres,
            "nombre": int(nombre),
            "inclus": bool(form.get("inclus")),
        }
    )


@router.post("/destruction/regles/{version_id}/{geste}")
@acces_destruction(Role.ARCHIVISTE)
def act_on_version(
    request: Request,
    lecteur: Connecte,
    version_id: int,
    geste: str,
    form: Formulaire,
    ouverte: Session,
) -> Response:
    """Submit, publish or abandon a version; its impact is measured before the lock is taken."""
    check_preuve(ouverte, retour=f"/destruction/regles/{version_id}?fait={PROUVE}")
    today, database = read_today(), get_orc(request).database
    if geste not in {"soumettre", "publier", "abandonner"}:
        raise NotFound("Cet acte n’existe pas.")
    day = _read_day(str(form.get("en_vigueur_le", ""))) if geste == "publier" else today
    with database.reading() as session:
        version = read_version(session, _get(session, version_id))
        if geste != "abandonner":
            impact = measure_impact(session, version, day, lecteur.clearance.territoire)
    with database.writing() as writing:
        if geste == "soumettre":
            submit_version(writing, lecteur, version_id, impact)
        elif geste == "publier":
            publish_version(writing, lecteur, version_id, impact, day, today)
            get_orc(request).tasks.enqueue(writing, "decider")
        else:
            abandon_version(writing, lecteur, version_id)
    return RedirectResponse(f"/destruction/regles/{version_id}?fait={geste}", 303)


def _read_day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid("Donnez le jour d’entrée en vigueur : jour, mois, année.") from None
