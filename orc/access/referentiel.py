"""The dated referential, imported from CSV: who succeeds whom, which poste keeps which accounts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import pairwise
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.access.tables import (
    Colonne,
    Erreurs,
    Forme,
    Ligne,
    read_codique,
    read_departement,
    read_jour,
    read_siren,
    read_table,
    read_texte,
)
from orc.db import Writing, lock
from orc.journal import Acte, record_acte
from orc.models import (
    Base,
    Collectivite,
    Departement,
    Poste,
    Rattachement,
    ServiceArchives,
    Succession,
)

_TEXTE = Colonne(read_texte)
_LIBRE = Colonne(read_texte, vide=True, voulue=False)
_JOUR = Colonne(read_jour)
_JOUR_OU_RIEN = Colonne(read_jour, vide=True, voulue=False)
_DEPARTEMENT = Colonne(read_departement, vide=True, voulue=False)

# Each file is known by its columns; the first ones must be there, the others may be left out.
FORMES: Mapping[str, Forme] = {
    "successions": {
        "predecesseur": Colonne(read_siren),
        "successeur": Colonne(read_siren),
        "depuis": _JOUR,
    },
    "rattachements": {
        "siren": Colonne(read_siren),
        "codique": Colonne(read_codique),
        "depuis": _JOUR,
        "jusqu_a": _JOUR_OU_RIEN,
    },
    "postes": {
        "codique": Colonne(read_codique),
        "libelle": _TEXTE,
        "departement": _DEPARTEMENT,
        "depuis": _JOUR_OU_RIEN,
        "jusqu_a": _JOUR_OU_RIEN,
        "repris_par": Colonne(read_codique, vide=True, voulue=False),
    },
    "collectivites": {
        "siren": Colonne(read_siren),
        "libelle": _TEXTE,
        "departement": _DEPARTEMENT,
    },
    "archives": {
        "code": _TEXTE,
        "libelle": _TEXTE,
        "departement": _DEPARTEMENT,
        "courriel": _LIBRE,
    },
    "departements": {"departement": Colonne(read_departement), "libelle": _TEXTE},
}


@dataclass(frozen=True, slots=True)
class _Genre:
    """Where the lines of a kind of file go: their table, and the columns that tell rows apart."""

    table: type[Base]
    cles: tuple[str, ...]


# In the order of their writing, whatever that of the files.
_GENRES: Mapping[str, _Genre] = {
    "departements": _Genre(Departement, ("code",)),
    "collectivites": _Genre(Collectivite, ("siren",)),
    "postes": _Genre(Poste, ("codique",)),
    "archives": _Genre(ServiceArchives, ("code",)),
    "successions": _Genre(Succession, ("predecesseur", "successeur")),
    "rattachements": _Genre(Rattachement, ("siren", "codique", "depuis")),
}


@dataclass(frozen=True, slots=True)
class BilanImport:
    """What one kind of file changed. What is no longer in a file is left as it was."""

    genre: str
    nouvelles: int
    changees: int
    inchangees: int


def import_referentiel(
    session: Writing, fichiers: Sequence[tuple[str, bytes]], *, par: str
) -> list[BilanImport]:
    """Write what these files (name, bytes) say; all of it or, Invalid with every fault, nothing.

    The same files again change nothing. A right that follows from them follows at the next request.
    """
    erreurs = Erreurs()
    lues: dict[str, list[Ligne]] = {}
    for nom, octets in fichiers:
        genre, lignes = read_table(nom, octets, FORMES, erreurs)
        lues.setdefault(genre, []).extend(lignes)
    lock(session, "referentiel")
    bilans = [
        _write(session, genre, [_shape(genre, ligne) for ligne in lues[genre]], erreurs)
        for genre in _GENRES
        if genre in lues
    ]
    session.flush()
    _check_postes(session, lues.get("postes", ()), erreurs)
    _check_successions(session, lues.get("successions", ()), erreurs)
    _check_rattachements(session, lues.get("rattachements", ()), erreurs)
    erreurs.check()
    digests = {nom: sha256(octets).hexdigest() for nom, octets in fichiers}
    details = {b.genre: [b.nouvelles, b.changees, b.inchangees] for b in bilans}
    record_acte(session, Acte.REFERENTIEL, acteur=par, details={**details, "fichiers": digests})
    return bilans


def _shape(genre: str, ligne: Ligne) -> Ligne:
    """The line with the names of its table: a département is known there by its code."""
    if genre != "departements":
        return ligne
    return Ligne(
        ligne.place, {"code": ligne.valeurs["departement"], "libelle": ligne.valeurs["libelle"]}
    )


def _write(session: Writing, genre: str, lignes: Iterable[Ligne], erreurs: Erreurs) -> BilanImport:
    kind = _GENRES[genre]
    rows = {_key(row, kind): row for row in session.scalars(select(kind.table))}
    seen: dict[tuple[object, ...], str] = {}
    counts = {"nouvelles": 0, "changees": 0, "inchangees": 0}
    for ligne in lignes:
        key = tuple(ligne.valeurs[name] for name in kind.cles)
        if key in seen:
            erreurs.add(ligne.place, f"déjà dit, {seen[key]}.")
            continue
        seen[key] = ligne.place
        counts[_put(session, kind, rows.get(key), ligne)] += 1
    return BilanImport(genre, **counts)


def _key(row: Base, kind: _Genre) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in kind.cles)


def _put(session: Writing, kind: _Genre, row: Base | None, ligne: Ligne) -> str:
    if row is None:
        session.add(kind.table(**ligne.valeurs))
        return "nouvelles"
    changed = {n: v for n, v in ligne.valeurs.items() if getattr(row, n) != v}
    for name, value in changed.items():
        setattr(row, name, value)
    return "changees" if changed else "inchangees"


def _check_postes(session: Session, lignes: Iterable[Ligne], erreurs: Erreurs) -> None:
    known = set(session.scalars(select(Poste.codique)))
    for ligne in lignes:
        after = ligne.valeurs.get("repris_par")
        if after == ligne.valeurs["codique"]:
            erreurs.add(ligne.place, "un poste ne se reprend pas lui-même.")
        elif after and after not in known:
            erreurs.add(ligne.place, f"repris par un poste inconnu : {after}.")
        elif after and ligne.valeurs.get("jusqu_a") is None:
            erreurs.add(ligne.place, "repris par un autre poste : depuis quand (jusqu_a) ?")
        _check_order(ligne, erreurs)


def _check_order(ligne: Ligne, erreurs: Erreurs) -> None:
    start, end = (cast("date | None", ligne.valeurs.get(name)) for name in ("depuis", "jusqu_a"))
    if start and end and end < start:
        erreurs.add(ligne.place, "la fin (jusqu_a) précède le début (depuis).")


def _check_successions(session: Session, lignes: Iterable[Ligne], erreurs: Erreurs) -> None:
    after: dict[str, set[str]] = {}
    for one in session.scalars(select(Succession)):
        after.setdefault(one.predecesseur, set()).add(one.successeur)
    for ligne in lignes:
        start = str(ligne.valeurs["predecesseur"])
        if start in _walk(after, start):
            erreurs.add(ligne.place, f"{start} finit par se succéder à lui-même.")


def _walk(after: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    new = [start]
    while new:
        more = after.get(new.pop(), set()) - found
        found |= more
        new.extend(more)
    return found


def _check_rattachements(session: Session, lignes: Iterable[Ligne], erreurs: Erreurs) -> None:
    """One poste at a time keeps the accounts of a collectivité."""
    sirens: dict[str, str] = {}
    for ligne in lignes:
        _check_order(ligne, erreurs)
        sirens.setdefault(str(ligne.valeurs["siren"]), ligne.place)
    known: dict[str, list[Rattachement]] = {}
    query = select(Rattachement).order_by(Rattachement.siren, Rattachement.depuis)
    for row in session.scalars(query):
        known.setdefault(row.siren, []).append(row)
    for siren, place in sirens.items():
        for before, after in pairwise(known.get(siren, ())):
            if before.jusqu_a is None or before.jusqu_a >= after.depuis:
                message = (
                    f"{siren} aurait deux postes à la fois, {before.codique} et {after.codique}, "
                    f"au {after.depuis:%d/%m/%Y}."
                )
                erreurs.add(place, message)
