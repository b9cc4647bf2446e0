"""What the values of facets and filters are called: codes become names a person knows."""

from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.domain import LIBELLES_DOMAINES, Sens
from orc.models import Budget, Collectivite
from orc.nomenclature import (
    libelle_categorie_tiers,
    libelle_compte,
    libelle_mode_reglement,
    libelle_nature_juridique,
    libelle_nature_piece,
    libelle_type_bordereau,
    libelle_type_piece,
    libelle_type_pj,
)
from orc.search.consult_values import LIBELLES_PRESENCES, LIBELLES_TEXTES, Presence
from orc.search.lieux import make_budget_code

LIBELLES_SENS = {Sens.DEPENSE: "Dépense", Sens.RECETTE: "Recette"}
# The values of the field `presence`: index/make_records.py.
_PRESENCES = {
    "recue": LIBELLES_PRESENCES[Presence.RECUE],
    "illisible": "Reçue, illisible",
    "papier": LIBELLES_PRESENCES[Presence.PAPIER],
    "cdrom": LIBELLES_PRESENCES[Presence.CD_ROM],
    "attendue": LIBELLES_PRESENCES[Presence.JAMAIS_RECUE],
}

LIBELLES_DESTRUCTION = {
    "permise": "Permise",
    "attente": "En attente",
    "suspendue": "Suspendue",
    "refusee": "Refusée",
    "gelee": "Gelée",
}

_PLAIN: Mapping[str, Callable[[str], str]] = {
    "sens": lambda v: LIBELLES_SENS.get(Sens(v), "") if v in set(Sens) else "",
    "domaine": lambda v: next((t for d, t in LIBELLES_DOMAINES.items() if d == v), ""),
    "presence": lambda v: _PRESENCES.get(v, ""),
    "format": str.upper,
    "etat_texte": lambda v: LIBELLES_TEXTES.get(v, ""),
    "destruction": lambda v: LIBELLES_DESTRUCTION.get(v, ""),
}
_CODES: Mapping[str, Callable[[str], str]] = {
    "type_pj": libelle_type_pj,
    "compte": libelle_compte,
    "categorie_tiers": libelle_categorie_tiers,
    "nature_juridique": libelle_nature_juridique,
}
# These differ between dépense and recette.
_BY_SENS: Mapping[str, Callable[[str, str], str]] = {
    "type_bordereau": libelle_type_bordereau,
    "type_piece": libelle_type_piece,
    "nature": libelle_nature_piece,
    "mode_reglement": libelle_mode_reglement,
}


def find_libelles(
    session: Session, champ: str, valeurs: Iterable[str], *, sens: Sens | None = None
) -> dict[str, str]:
    """What to show for each value: `60612 — Énergie, électricité`; the value itself otherwise.

    `sens`: the only one searched, where there is one; else both labels are given if they differ.
    """
    valeurs = list(valeurs)
    if champ == "collectivite":
        return {v: v for v in valeurs} | _find_collectivites(session, valeurs)
    if champ in {"budget", "poste"}:
        return {v: v for v in valeurs} | _find_budgets(session, champ, valeurs)
    return {v: make_libelle(champ, v, sens) for v in valeurs}


def make_libelle(champ: str, valeur: str, sens: Sens | None = None) -> str:
    """The label of a value that no table is needed for."""
    if champ in _PLAIN:
        return _PLAIN[champ](valeur) or valeur
    if champ in _CODES:
        return _join(valeur, _CODES[champ](valeur))
    if champ in _BY_SENS:
        found = [_BY_SENS[champ](s, valeur) for s in ([sens] if sens else list(Sens))]
        return _join(valeur, " / ".join(dict.fromkeys(filter(None, found))))
    return valeur


def _join(code: str, libelle: str) -> str:
    return f"{code} — {libelle}" if libelle else code


def _find_collectivites(session: Session, sirens: list[str]) -> dict[str, str]:
    query = select(Collectivite.siren, Collectivite.libelle).where(
        Collectivite.siren.in_(sirens), Collectivite.libelle != ""
    )
    return {row.siren: row.libelle for row in session.execute(query)}


def _find_budgets(session: Session, champ: str, valeurs: list[str]) -> dict[str, str]:
    if champ == "poste":
        query = select(Budget.id_post, Budget.libelle_poste).where(
            Budget.id_post.in_(valeurs), Budget.libelle_poste != ""
        )
        return {poste: f"{poste} — {libelle}" for poste, libelle in session.execute(query)}
    sirets = [v.split("-")[0] for v in valeurs]
    rows = session.execute(
        select(Budget, Collectivite.libelle)
        .outerjoin(Collectivite, Collectivite.siren == Budget.siren)
        .where(Budget.siret.in_(sirets))
    )
    return {
        make_budget_code(b.siret, b.cod_col, b.cod_bud): " — ".join(
            filter(None, (libelle, b.libelle))
        )
        or f"Budget {b.cod_bud}"
        for b, libelle in rows
    }
