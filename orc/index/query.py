"""What is asked and what is answered: pure frozen values, no engine, no text to parse."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from orc.index.fields import Genre


@dataclass(frozen=True, slots=True)
class Mot:
    """A word or a reference, as typed; stemmed. `champ` None: wherever a word is looked for."""

    texte: str
    champ: str | None = None


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words next to each other, in these exact forms (case and accents aside)."""

    texte: str
    champ: str | None = None


@dataclass(frozen=True, slots=True)
class Prefixe:
    """Words, codes or references that begin so."""

    texte: str
    champ: str | None = None


@dataclass(frozen=True, slots=True)
class Terme:
    """A field equal to a value: cents, yyyymmdd, yyyymm or an integer for numbers, else text."""

    champ: str
    valeur: str | int


@dataclass(frozen=True, slots=True)
class Intervalle:
    """A field between two integers, both included; None: open. Cents, yyyymmdd, yyyymm."""

    champ: str
    mini: int | None = None
    maxi: int | None = None


@dataclass(frozen=True, slots=True)
class Parmi:
    """These records and no other, whatever they say: `numeros` of this genre, in order."""

    genre: Genre
    numeros: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Et:
    """All of them."""

    termes: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Ou:
    """Any of them."""

    termes: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Sauf:
    """What it does not find, among what the Clearance allows."""

    terme: "Expression"


@dataclass(frozen=True, slots=True)
class Tout:
    """Everything the Clearance allows."""


Expression = Mot | Phrase | Prefixe | Terme | Intervalle | Parmi | Et | Ou | Sauf | Tout


@dataclass(frozen=True, slots=True)
class Filtre:
    """A criterion beside the text: any of its values; its own facet does not count it."""

    champ: str
    valeurs: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class DemandeFacette:
    """A facet asked for: the `taille` most frequent values.

    `contient`: only values whose words begin so. `somme`: with the sum of the amounts of each.
    """

    champ: str
    taille: int = 10
    contient: str = ""
    somme: bool = False


@dataclass(frozen=True, slots=True)
class Tri:
    """An order by a field marked `sort`; equal values follow their numero, always the same way."""

    champ: str
    decroissant: bool = True


@dataclass(frozen=True, slots=True)
class Query:
    """One search. `tri` None: by relevance. `apres`: the `suivant` of the page before.

    `taille` 0: totals and facets only, for half the time. `totaux` False: the page only.
    """

    expression: Expression = field(default_factory=Tout)
    genre: Genre = Genre.PIECE
    filtres: tuple[Filtre, ...] = ()
    facettes: tuple[DemandeFacette, ...] = ()
    tri: Tri | None = None
    apres: str | None = None
    taille: int = 20
    totaux: bool = True


@dataclass(frozen=True, slots=True)
class Hit:
    """One record found. `numero` is the SQL id of the piece, the ligne or the lien."""

    genre: Genre
    numero: int
    piece_id: int
    score: float


@dataclass(frozen=True, slots=True)
class ValeurFacette:
    """A value, the exact number of records that have it, and the sum of their amounts in cents."""

    valeur: str
    nombre: int
    somme: int | None = None


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of an answer.

    `total` is exact. `somme` is the exact sum in cents of the records' own `montant` (pieces or
    lignes); None for PJ, where one mandat would count as often as it has PJ: ask the genre piece.
    `suivant` is URL-safe, and None on the last page.
    """

    hits: tuple[Hit, ...] = ()
    total: int = 0
    somme: int | None = None
    facettes: Mapping[str, tuple[ValeurFacette, ...]] = field(default_factory=dict)
    suivant: str | None = None
