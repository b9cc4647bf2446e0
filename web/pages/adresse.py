"""The address of a search is its state: read from the query string, written back in links."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from orc.index.fields import BY_NAME, is_of_sql
from orc.ingest.extract.nir import mask_nir
from orc.search.syntax import LONGEST

CHEMIN = "/recherche"
ONGLET_PJ, ONGLET_PIECES = "pj", "pieces"
LISTE, TABLEAU = "liste", "tableau"
VALEUR_MAX = 200
VALEURS_MAX = 50

# Bounds of the small forms, joined into one value of their field: `montant=1000..5000`.
BORNES: Mapping[str, tuple[str, str]] = {
    "montant": ("montant_de", "montant_a"),
    "date": ("date_du", "date_au"),
    "destruction_depuis": ("permise_du", "permise_au"),
    "terme": ("terme_du", "terme_au"),
}


@dataclass(frozen=True, slots=True)
class Adresse:
    """What is searched and how it is shown. Every link of the page is one of these, changed.

    `filtres`: (field, values), fields in the order they came. `dans`: (facet, beginning) looked
    for in the values of facets. `plus`: facets shown with all their values.
    """

    q: str = ""
    filtres: tuple[tuple[str, tuple[str, ...]], ...] = ()
    onglet: str = ONGLET_PJ
    tri: str = ""
    vue: str = LISTE
    apres: str = ""
    dans: tuple[tuple[str, str], ...] = ()
    plus: tuple[str, ...] = ()

    def url(self) -> str:
        """The address, as short as can be: what is by default is not written."""
        params = list(self.params())
        return f"{CHEMIN}?{urlencode(params)}" if params else CHEMIN

    def params(self) -> Iterable[tuple[str, str]]:
        """The name and value of each parameter, in a fixed order."""
        if self.q:
            yield "q", self.q
        for champ, valeurs in self.filtres:
            for valeur in valeurs:
                yield champ, valeur
        if self.onglet != ONGLET_PJ:
            yield "onglet", self.onglet
        if self.tri:
            yield "tri", self.tri
        if self.vue != LISTE:
            yield "vue", self.vue
        for champ, debut in self.dans:
            yield f"dans_{champ}", debut
        for champ in self.plus:
            yield "plus", champ
        if self.apres:
            yield "apres", self.apres

    def without_page(self) -> "Adresse":
        """The same search, from its first page."""
        return replace(self, apres="")

    def without_nir(self) -> "Adresse":
        """The same search for the journal: a NIR that was typed is not kept (domaine.md)."""
        filtres = tuple((c, tuple(mask_nir(v)[0] for v in some)) for c, some in self.filtres)
        return replace(self, q=mask_nir(self.q)[0], filtres=filtres)

    def get_valeurs(self, champ: str) -> tuple[str, ...]:
        """The values this field is filtered by."""
        return next((v for c, v in self.filtres if c == champ), ())

    def has(self, champ: str, valeur: str) -> bool:
        """Whether this value is a filter."""
        return valeur in self.get_valeurs(champ)

    def toggle(self, champ: str, valeur: str) -> "Adresse":
        """With this filter if it was not there, without it if it was."""
        valeurs = self.get_valeurs(champ)
        if valeur in valeurs:
            return self.with_valeurs(champ, tuple(v for v in valeurs if v != valeur))
        return self.with_valeurs(champ, (*valeurs, valeur))

    def with_valeurs(self, champ: str, valeurs: tuple[str, ...]) -> "Adresse":
        """With exactly these values for this field, from the first page."""
        others = tuple((c, v) for c, v in self.filtres if c != champ)
        kept = (*others, (champ, valeurs)) if valeurs else others
        return replace(self, filtres=kept, apres="")

    def is_empty(self) -> bool:
        """Whether nothing is asked."""
        return not self.q.strip() and not self.filtres


def read_adresse(params: QueryParams, *, retention: bool = False) -> Adresse:
    """The state in a query string. What is not understood is left out; lengths are bounded.

    `retention`: for a person who may ask of early destruction; for others nothing of it is there.
    """
    known = frozenset(c for c in BY_NAME if retention or not is_of_sql(c))
    facets = frozenset(c for c in known if BY_NAME[c].facet)
    champs = [c for c in dict.fromkeys(params) if c in known]
    filtres = tuple(
        (champ, valeurs) for champ in champs if (valeurs := _read_valeurs(params, champ))
    )
    adresse = Adresse(
        # One more than may be asked: what is too long is refused, never cut in silence.
        q=params.get("q", "").strip()[: LONGEST + 1],
        filtres=filtres,
        onglet=_read_choice(params, "onglet", (ONGLET_PJ, ONGLET_PIECES)),
        tri=params.get("tri", "")[:40],
        vue=_read_choice(params, "vue", (LISTE, TABLEAU)),
        apres=params.get("apres", "")[:200],
        dans=tuple(
            (name.removeprefix("dans_"), value.strip()[:80])
            for name, value in params.items()
            if name.startswith("dans_") and value.strip() and name[5:] in facets
        ),
        plus=tuple(c for c in dict.fromkeys(params.getlist("plus")) if c in facets),
    )
    for champ in (c for c in BORNES if c in known):
        adresse = _read_bornes(adresse, params, champ, BORNES[champ])
    return adresse


def _read_valeurs(params: QueryParams, champ: str) -> tuple[str, ...]:
    given = (v.strip()[:VALEUR_MAX] for v in params.getlist(champ))
    return tuple(dict.fromkeys(v for v in given if v))[:VALEURS_MAX]


def _read_choice(params: QueryParams, name: str, choices: tuple[str, ...]) -> str:
    return params[name] if params.get(name) in choices else choices[0]


def _read_bornes(
    adresse: Adresse, params: QueryParams, champ: str, names: tuple[str, str]
) -> Adresse:
    low, high = (params.get(name, "").strip()[:40] for name in names)
    if not low and not high:
        return adresse
    return adresse.with_valeurs(champ, (f"{low}..{high}",))
