"""What narrows a search, as the page shows it: facets with counts, and removable tags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from orc.domain import Sens
from orc.index.fields import BY_NAME, STATUT, Kind
from orc.index.query import DemandeFacette, ValeurFacette
from orc.search.libelles import find_libelles, make_libelle
from web.pages.adresse import ONGLET_PJ, Adresse
from web.render import format_mois

# In the order of the page. Those of the PJ come first where PJ are looked for.
_COMMUNES = (
    "exercice", "collectivite", "budget", "sens", "compte", "tiers", "mois",
    "type_piece", "nature", "mode_reglement",
)  # fmt: skip
_PJ = ("type_pj", "format", "presence", "etat_texte")
OUVERTES = frozenset({"exercice", "collectivite", "compte", "tiers", "type_pj"})
TAILLE, TAILLE_PLUS = 8, 60
# Facets of one value say nothing, unless that value is a filter.
_CHERCHABLES = frozenset({"compte", "tiers", "collectivite", "budget"})


@dataclass(frozen=True, slots=True)
class ValeurVue:
    """One value of a facet: a link that adds or removes the filter."""

    libelle: str
    nombre: int | None
    url: str
    active: bool


@dataclass(frozen=True, slots=True)
class FacetteVue:
    """A facet. `url_plus`: shows all its values; "" when they are all there."""

    champ: str
    libelle: str
    ouverte: bool
    valeurs: tuple[ValeurVue, ...]
    url_plus: str
    libelle_plus: str
    cherchable: bool
    dans: str
    champs_caches: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Etiquette:
    """A filter in force; its link takes it away."""

    champ: str
    libelle: str
    url: str


def make_demandes(adresse: Adresse) -> tuple[DemandeFacette, ...]:
    """The facets to ask for; one value more than shown tells that there are more.

    That of early destruction is counted where it is asked: it costs more than the search.
    """
    debuts = dict(adresse.dans)
    counted = (STATUT.name,) if counts_statuts(adresse) else ()
    champs = (*_COMMUNES, *(_PJ if adresse.onglet == ONGLET_PJ else ()), *counted)
    return tuple(
        DemandeFacette(
            champ,
            (TAILLE_PLUS if champ in adresse.plus or champ in debuts else TAILLE) + 1,
            debuts.get(champ, ""),
        )
        for champ in champs
    )


def counts_statuts(adresse: Adresse) -> bool:
    """Whether the facet of early destruction is opened, so counted."""
    return STATUT.name in adresse.plus or bool(adresse.get_valeurs(STATUT.name))


def make_facettes(
    session: Session,
    adresse: Adresse,
    counts: Mapping[str, Sequence[ValeurFacette]],
    *,
    retention: bool,
) -> tuple[FacetteVue, ...]:
    """The facets worth showing, with their labels; that of early destruction for those it is of."""
    found = (
        _make_facette(session, adresse, d.champ, list(counts.get(d.champ, ())), d.taille - 1)
        for d in make_demandes(adresse)
        if d.champ != STATUT.name
    )
    others = tuple(f for f in found if f is not None)
    return (*others, make_statuts(adresse, counts)) if retention else others


def make_statuts(adresse: Adresse, counts: Mapping[str, Sequence[ValeurFacette]]) -> FacetteVue:
    """The facet of early destruction: every word can be chosen, counted or not."""
    nombres = {v.valeur: v.nombre for v in counts.get(STATUT.name, ())}
    counted = counts_statuts(adresse)
    return FacetteVue(
        champ=STATUT.name,
        libelle=STATUT.label,
        ouverte=counted,
        valeurs=tuple(
            ValeurVue(
                make_libelle(STATUT.name, mot),
                nombres.get(mot),
                adresse.toggle(STATUT.name, mot).url(),
                adresse.has(STATUT.name, mot),
            )
            for mot in STATUT.choix
        ),
        url_plus="" if counted else _with_more(adresse, STATUT.name).url(),
        libelle_plus="Compter",
        cherchable=False,
        dans="",
        champs_caches=(),
    )


def _make_facette(
    session: Session, adresse: Adresse, champ: str, counts: list[ValeurFacette], taille: int
) -> FacetteVue | None:
    filtered = adresse.get_valeurs(champ)
    asked = dict(adresse.dans).get(champ, "")
    if len(counts) < 2 and not filtered and not asked:
        return None
    more = len(counts) > taille
    shown = {v.valeur: v.nombre for v in counts[:taille]}
    missing = [v for v in filtered if v not in shown and ".." not in v]
    libelles = find_libelles(session, champ, (*missing, *shown), sens=find_sens(adresse))
    return FacetteVue(
        champ=champ,
        libelle=BY_NAME[champ].label,
        ouverte=champ in OUVERTES or bool(filtered) or bool(asked),
        valeurs=tuple(
            ValeurVue(
                make_texte(champ, valeur, libelles[valeur]),
                shown.get(valeur),
                adresse.toggle(champ, valeur).url(),
                adresse.has(champ, valeur),
            )
            for valeur in sort_valeurs(champ, [*missing, *shown])
        ),
        url_plus=_with_more(adresse, champ).url() if more and champ not in adresse.plus else "",
        libelle_plus="Plus de valeurs",
        cherchable=champ in _CHERCHABLES and (more or bool(asked) or champ in adresse.plus),
        dans=asked,
        champs_caches=tuple(p for p in adresse.without_page().params() if p[0] != f"dans_{champ}"),
    )


def _with_more(adresse: Adresse, champ: str) -> Adresse:
    return replace(adresse, plus=(*adresse.plus, champ))


def sort_valeurs(champ: str, valeurs: list[str]) -> list[str]:
    """Years and months from the latest; the others stay by their counts."""
    if BY_NAME[champ].kind in {Kind.ENTIER, Kind.MOIS}:
        return sorted(valeurs, reverse=True)
    return valeurs


def find_sens(adresse: Adresse) -> Sens | None:
    """The only sens searched, if there is one."""
    asked = adresse.get_valeurs("sens")
    return Sens(asked[0]) if len(asked) == 1 and asked[0] in set(Sens) else None


def make_texte(champ: str, valeur: str, libelle: str) -> str:
    """The text of a value: months in words."""
    if BY_NAME[champ].kind is Kind.MOIS and valeur.isdecimal():
        return format_mois(int(valeur))
    return libelle


def make_etiquettes(session: Session, adresse: Adresse) -> tuple[Etiquette, ...]:
    """The filters in force, in the order they were put."""
    found = []
    for champ, valeurs in adresse.filtres:
        plain = [v for v in valeurs if ".." not in v]
        libelles = find_libelles(session, champ, plain, sens=find_sens(adresse))
        found += [
            Etiquette(
                BY_NAME[champ].label,
                format_bornes(champ, valeur)
                if ".." in valeur
                else make_texte(champ, valeur, libelles[valeur]),
                adresse.toggle(champ, valeur).url(),
            )
            for valeur in valeurs
        ]
    return tuple(found)


def format_bornes(champ: str, valeur: str) -> str:
    """`1000..5000` as `de 1000 à 5000 €`; an end left out is open."""
    low, _, high = valeur.partition("..")
    unit = " €" if BY_NAME[champ].kind is Kind.MONTANT else ""
    if low and high:
        return f"de {low} à {high}{unit}"
    return f"à partir de {low}{unit}" if low else f"jusqu’à {high}{unit}"
