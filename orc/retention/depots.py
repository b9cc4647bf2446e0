"""What a declaration has to say, by genre: who may record it, of what; checked before any row."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from orc.access.pieces_demande import PieceJointe
from orc.errors import Invalid
from orc.retention.declarations import Genre
from orc.retention.qualites import Qualite

TEXTE_MAX = 200
MOTIF_MAX = 1000
RUBRIQUE_MAX = 6
ANNEES = range(1900, 2200)
TOUT, MARCHE, PJ, PIECE = "", "marche", "pj", "piece"


@dataclass(frozen=True, slots=True)
class RegleSaisie:
    """Who records a genre, of what, and what it has to say. The last two: several may stand."""

    qualites: frozenset[Qualite]
    objets: tuple[str, ...] = (TOUT,)
    exige: tuple[str, ...] = ()
    document: bool = False
    distincts: tuple[str, ...] = ()
    exercices: bool = False
    # What has a last day. The rest is a fact or a day: it is corrected or withdrawn, not ended.
    fin: bool = True


_DU_COMPTABLE = RegleSaisie(frozenset({Qualite.COMPTABLE}))
_DEMANDE = RegleSaisie(frozenset({Qualite.ORDONNATEUR, Qualite.GESTIONNAIRE}), fin=False)
_DE_MARCHE = RegleSaisie(frozenset({Qualite.ORDONNATEUR, Qualite.COMPTABLE}), (MARCHE,), fin=False)
# domaine.md, « When early destruction is allowed »: who says what is ours where it is silent.
SAISIES: Mapping[Genre, RegleSaisie] = {
    Genre.DEMANDE_ORC: _DEMANDE,
    Genre.DEMANDE_OFFRE: _DEMANDE,
    Genre.ADHESION_ORC: _DU_COMPTABLE,
    Genre.ADHESION_OFFRE: _DU_COMPTABLE,
    Genre.TENUE_HELIOS: _DU_COMPTABLE,
    Genre.NUMERISATION: RegleSaisie(
        frozenset({Qualite.ORDONNATEUR}), exige=("valeur",), document=True, distincts=("valeur",)
    ),
    Genre.COFINANCEMENT: RegleSaisie(
        frozenset({Qualite.ORDONNATEUR, Qualite.COMPTABLE}),
        (TOUT, MARCHE),
        ("valeur", "autorite", "reference"),
        distincts=("valeur", "reference", "exercice_min", "exercice_max"),
        exercices=True,
    ),
    Genre.HISTORIQUE: RegleSaisie(
        frozenset({Qualite.ARCHIVISTE}), (PJ, PIECE), ("motif",), fin=False
    ),
    Genre.RUBRIQUE: RegleSaisie(
        frozenset({Qualite.ORDONNATEUR, Qualite.ARCHIVISTE}), (PJ, PIECE), ("valeur",), fin=False
    ),
    Genre.NOTIFICATION_MARCHE: _DE_MARCHE,
    Genre.SOLDE_MARCHE: _DE_MARCHE,
}
DEMANDES = {Genre.DEMANDE_ORC: Genre.ADHESION_ORC, Genre.DEMANDE_OFFRE: Genre.ADHESION_OFFRE}
CHAMPS = {
    "valeur": "la valeur (norme, fonds ou rubrique)",
    "autorite": "l’autorité",
    "reference": "la référence",
    "motif": "le motif",
}


@dataclass(frozen=True, slots=True)
class Depot:
    """What is declared: from a day to another, included (None: still).

    `objet`: empty for the whole collectivité, else `marche:CLE`, `pj:7`, `piece:8`, of which the
    SIREN is then read.
    """

    genre: Genre
    depuis: date
    siren: str = ""
    objet: str = ""
    jusqu_a: date | None = None
    exercice_min: int | None = None
    exercice_max: int | None = None
    valeur: str = ""
    autorite: str = ""
    reference: str = ""
    motif: str = ""
    document: PieceJointe | None = None


def find_correcteurs(genre: Genre, qualite: str) -> frozenset[Qualite]:
    """Who may replace, end or withdraw what was said as this `qualite`; empty: nobody knows.

    As for gels [our reading]: an ordonnateur changes what an ordonnateur said, never what an
    archiviste, a comptable or a command did, unless it is his alone to say.
    """
    every = SAISIES[genre].qualites
    others = every - {Qualite.ORDONNATEUR}
    return every if qualite == Qualite.ORDONNATEUR or not others else others


def check_depot(depot: Depot, kept: str = "") -> Depot:
    """The same without blanks. Raises Invalid where something lacks, is too long or crosses."""
    rule = SAISIES[depot.genre]
    texts = {name: " ".join(str(getattr(depot, name)).split()) for name in CHAMPS}
    for name, text in texts.items():
        if name in rule.exige and not text:
            raise Invalid(f"Dites {CHAMPS[name]}.")
        if len(text) > (MOTIF_MAX if name == "motif" else TEXTE_MAX):
            raise Invalid(f"C’est trop long : {CHAMPS[name]}.")
    if rule.document and not (depot.document or kept):
        raise Invalid("Joignez le document qui le prouve (procès-verbal).")
    if depot.genre == Genre.RUBRIQUE and not _is_rubrique(texts["valeur"]):
        raise Invalid(f"Une rubrique a de un à {RUBRIQUE_MAX} chiffres.")
    _check_days(depot)
    return replace(depot, **texts)  # type: ignore[arg-type]  # four texts, by name


def _is_rubrique(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= RUBRIQUE_MAX


def _check_days(depot: Depot) -> None:
    days = [day for day in (depot.depuis, depot.jusqu_a) if day]
    if any(day.year not in ANNEES for day in days):
        raise Invalid("Cette date n’est pas d’une année vraisemblable.")
    if depot.jusqu_a and not SAISIES[depot.genre].fin:
        raise Invalid("Cela n’a pas de dernier jour : corrigez-le, ou retirez-le.")
    if depot.jusqu_a and depot.jusqu_a < depot.depuis:
        raise Invalid("La fin précède le début : pour ce qui n’a jamais été vrai, retirez-le.")
    low, high = depot.exercice_min, depot.exercice_max
    if (low or high) and (not SAISIES[depot.genre].exercices or depot.objet):
        raise Invalid("Cette déclaration ne porte pas sur des exercices.")
    if any(year is not None and year not in ANNEES for year in (low, high)):
        raise Invalid("Cet exercice n’est pas une année vraisemblable.")
    if low and high and low > high:
        raise Invalid("Le premier exercice suit le dernier.")
