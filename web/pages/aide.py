"""Help: the syntax of searches, made from the list of fields; shortcuts; accessibility."""

from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from orc.index.fields import FIELDS, ORDERED, RETENTION, Field, Kind
from web.acces import acces_anonyme, acces_connectes
from web.deps import Connecte
from web.render import render

router = APIRouter(prefix="/aide", include_in_schema=False)

_COMMENT: dict[Kind, str] = {
    Kind.TEXTE: "mots, \"phrase\", début*",
    Kind.MOT: "code entier, ou début*",
    Kind.REFERENCE: "zéros, tirets et barres indifférents",
    Kind.NUMERO: "numéro, ou intervalle 1..9",
    Kind.ENTIER: "nombre, ou intervalle",
    Kind.MONTANT: "montant en euros, ou intervalle",
    Kind.DATE: "jour, mois ou année, ou intervalle",
    Kind.MOIS: "mois (2023-04), ou intervalle",
    Kind.BOOLEEN: "oui ou non",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Critere:
    """One field: its names, how its values are written, an example that can be tried."""

    libelle: str
    noms: tuple[str, ...]
    valeurs: str
    exemple: str
    url: str


@dataclass(frozen=True, slots=True)
class Groupe:
    """The fields of one group."""

    libelle: str
    criteres: tuple[Critere, ...]


@dataclass(frozen=True, slots=True)
class PageSyntaxe:
    """The syntax: general forms, then every field."""

    exemples: tuple[tuple[str, str, str], ...]
    groupes: tuple[Groupe, ...]


# (what is typed, what it finds)
_EXEMPLES: tuple[tuple[str, str], ...] = (
    ("facture électricité", "les deux mots, dans n’importe quel ordre, accents indifférents"),
    ('"service fait"', "ces mots, à la suite, sous cette forme"),
    ("électricité OU gaz", "l’un ou l’autre"),
    ("facture SAUF acompte", "le premier sans le second"),
    ("(eau OU gaz) école", "des groupes, avec des parenthèses"),
    ("subvention*", "tous les mots qui commencent ainsi"),
    ("F2023-00127", "une référence : zéros, tirets et barres indifférents"),
    ("1 234,56", "un montant, HT ou TTC"),
    ("compte:606*", "un champ et le début de sa valeur"),
    ("montant:1000..5000", "un intervalle de montants, bornes comprises"),
    ("montant:>1000", "au-delà d’un montant"),
    ("date:2023-01..2023-03", "de janvier à mars 2023"),
)


@dataclass(frozen=True, slots=True)
class PageTexte:
    """A page whose text is all in its template."""


@router.get("/syntaxe")
@acces_connectes
def show_syntaxe(request: Request, lecteur: Connecte) -> Response:
    """The syntax of searches, with the fields that this person may ask."""
    groupes = make_groupes(RETENTION if lecteur.clearance.retention else ())
    exemples = tuple((text, what, url_recherche(text)) for text, what in _EXEMPLES)
    return render(request, "aide_syntaxe", PageSyntaxe(exemples, groupes))


@router.get("/raccourcis")
@acces_connectes
def show_raccourcis(request: Request) -> Response:
    """The keyboard shortcuts, and their setting."""
    return render(request, "aide_raccourcis", PageTexte())


@router.get("/accessibilite")
@acces_anonyme
def show_accessibilite(request: Request) -> Response:
    """The accessibility notice."""
    return render(request, "aide_accessibilite", PageTexte())


def make_groupes(more: tuple[Field, ...] = ()) -> tuple[Groupe, ...]:
    """Every field, by group, as fields.py says them; those of `more` last."""
    return tuple(
        Groupe(label, tuple(_make_critere(field) for field in fields))
        for label, fields in groupby((*FIELDS, *more), key=lambda f: f.group)
    )


def _make_critere(field: Field) -> Critere:
    ranged = field.kind in ORDERED
    return Critere(
        libelle=field.label,
        noms=(field.name, *field.aliases),
        valeurs=", ".join(field.choix) or _COMMENT[field.kind] + (" (aussi >, <)" * ranged),
        exemple=field.help,
        url=url_recherche(field.help),
    )


def url_recherche(q: str) -> str:
    """The search of this text."""
    return f"/recherche?{urlencode({'q': q})}"
