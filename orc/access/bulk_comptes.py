"""Accounts and grants by the hundred, from CSV files: all of them, or nothing and every fault."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.access.tables import (
    Colonne,
    Erreurs,
    Forme,
    Ligne,
    read_departement,
    read_jour,
    read_table,
    read_texte,
)
from orc.db import Writing
from orc.domain import Domaine, Droit, Role
from orc.errors import Conflict, Invalid
from orc.identity.comptes import (
    NouveauCompte,
    Octroi,
    check_identifiant,
    create_provisoire,
    grant_habilitation,
)
from orc.models import Habilitation, Personne

T = TypeVar("T", bound=StrEnum)
_ANNEE = re.compile(r"\d{4}", re.ASCII)


def _among(kind: type[T]) -> Callable[[str], tuple[T, ...]]:
    """How a list of values of a closed list is read: `paie, sante`."""

    def read(text: str) -> tuple[T, ...]:
        known = {one.value: one for one in kind}
        names = [name.strip().casefold() for name in text.split(",") if name.strip()]
        if strange := [name for name in names if name not in known]:
            raise ValueError(f"{strange[0][:40]} : attendu parmi {', '.join(known)}.")
        return tuple(known[name] for name in names)

    return read


def _read_annee(text: str) -> int:
    if not _ANNEE.fullmatch(text):
        raise ValueError(f"un exercice s’écrit sur quatre chiffres, pas « {text[:40]} ».")
    return int(text)


_TEXTE = Colonne(read_texte)
_LIBRE = Colonne(read_texte, vide=True, voulue=False)
_EXERCICE = Colonne(_read_annee, vide=True, voulue=False)
_JOUR = Colonne(read_jour, vide=True, voulue=False)
FORMES: Mapping[str, Forme] = {
    "comptes": {
        "identifiant": _TEXTE,
        "nom": _TEXTE,
        "courriel": _LIBRE,
        "departement": Colonne(read_departement, vide=True, voulue=False),
    },
    "habilitations": {
        "identifiant": _TEXTE,
        "role": Colonne(_among(Role)),
        "portee": _TEXTE,
        "cle": Colonne(read_texte, vide=True),
        "exercice_min": _EXERCICE,
        "exercice_max": _EXERCICE,
        "domaines": Colonne(_among(Domaine), vide=True, voulue=False),
        "droits": Colonne(_among(Droit), vide=True, voulue=False),
        "depuis": _JOUR,
        "jusqu_a": _JOUR,
    },
}


@dataclass(frozen=True, slots=True)
class BilanComptes:
    """What was made. `mots_de_passe`: (identifiant, provisional password), kept nowhere else."""

    comptes: int
    comptes_connus: int
    habilitations: int
    habilitations_connues: int
    mots_de_passe: tuple[tuple[str, str], ...]


def import_comptes(
    session: Writing, fichiers: Sequence[tuple[str, bytes]], *, par: str, today: date
) -> BilanComptes:
    """Make the accounts and grants of these files (name, bytes) that do not exist yet.

    The same files again make nothing. Raises Invalid with every fault: nothing is made then.
    """
    erreurs = Erreurs()
    lues: dict[str, list[Ligne]] = {genre: [] for genre in FORMES}
    for nom, octets in fichiers:
        genre, lignes = read_table(nom, octets, FORMES, erreurs)
        lues[genre].extend(lignes)
    made = _make_comptes(session, lues["comptes"], erreurs, par)
    grants = _make_habilitations(session, lues["habilitations"], erreurs, par, today)
    erreurs.check()
    return BilanComptes(
        len(made),
        len(lues["comptes"]) - len(made),
        grants,
        len(lues["habilitations"]) - grants,
        tuple(made),
    )


def _make_comptes(
    session: Writing, lignes: Iterable[Ligne], erreurs: Erreurs, par: str
) -> list[tuple[str, str]]:
    known = set(session.scalars(select(Personne.identifiant)))
    made = []
    for ligne in lignes:
        texts = {name: str(value) for name, value in ligne.valeurs.items()}
        identifiant = texts["identifiant"].casefold()
        if identifiant in known:
            continue
        compte = NouveauCompte(
            identifiant,
            texts["nom"],
            courriel=texts.get("courriel", ""),
            departement=texts.get("departement", ""),
        )
        try:
            _, mot_de_passe = create_provisoire(session, compte, par=par)
        except (Invalid, Conflict) as error:
            erreurs.add(ligne.place, str(error))
            continue
        made.append((identifiant, mot_de_passe))
        known.add(identifiant)
    return made


def _make_habilitations(
    session: Writing, lignes: Iterable[Ligne], erreurs: Erreurs, par: str, today: date
) -> int:
    people = {p.identifiant: p.id for p in session.scalars(select(Personne))}
    made = 0
    for ligne in lignes:
        personne_id = people.get(str(ligne.valeurs["identifiant"]).casefold())
        try:
            octroi = _read_octroi(ligne)
            if personne_id is None:
                erreurs.add(ligne.place, f"compte inconnu : {ligne.valeurs['identifiant']}.")
            elif not _is_held(session, personne_id, octroi, today):
                check_identifiant(str(ligne.valeurs["identifiant"]), octroi.role)
                grant_habilitation(session, personne_id, octroi, par=par)
                made += 1
        except Invalid as error:
            erreurs.add(ligne.place, str(error))
    return made


def _read_octroi(ligne: Ligne) -> Octroi:
    valeurs = ligne.valeurs
    roles = cast("tuple[Role, ...]", valeurs["role"])
    if len(roles) != 1 or roles[0] == Role.JUGE:
        raise Invalid("Une ligne a un rôle ; celui de juge vient d’une mission.")
    return Octroi(
        roles[0],
        str(valeurs["portee"]),
        str(valeurs["cle"]),
        exercice_min=cast("int | None", valeurs.get("exercice_min") or None),
        exercice_max=cast("int | None", valeurs.get("exercice_max") or None),
        domaines=cast("tuple[Domaine, ...]", valeurs.get("domaines") or ()),
        droits=cast("tuple[Droit, ...]", valeurs.get("droits") or ()),
        depuis=cast("date | None", valeurs.get("depuis")),
        jusqu_a=cast("date | None", valeurs.get("jusqu_a")),
    )


def _is_held(session: Session, personne_id: int, octroi: Octroi, today: date) -> bool:
    """Whether the person holds just that already, withdrawn and past ones left out."""
    query = select(Habilitation).where(
        Habilitation.personne_id == personne_id,
        Habilitation.role == octroi.role.value,
        Habilitation.portee == octroi.portee,
        Habilitation.portee_cle == octroi.portee_cle,
        Habilitation.domaines == ",".join(d.value for d in octroi.domaines),
        Habilitation.droits == ",".join(d.value for d in octroi.droits),
        Habilitation.retire_le.is_(None),
    )
    bounds = (octroi.exercice_min, octroi.exercice_max, octroi.jusqu_a)
    return any(
        (g.exercice_min, g.exercice_max, g.jusqu_a) == bounds
        and (g.jusqu_a is None or g.jusqu_a >= today)
        for g in session.scalars(query)
    )
