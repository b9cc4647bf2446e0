"""Structured criteria on PJ: a closed list, kept as JSON, compiled to SQL, values always bound."""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)

from orc.errors import Invalid
from orc.models import (
    Bordereau,
    Budget,
    Lien,
    Ligne,
    Piece,
    PieceJustificative,
    Tiers,
)
from orc.retention.regard import is_of_contrat, is_orphan

VALEURS_MAX = 100
LONGUEUR_MAX = 200


@dataclass(frozen=True, slots=True)
class Criteres:
    """What PJ are meant: all that is said must hold; within a list, any value. Empty: all of them.

    `budgets`: SIRET/CodCol/CodBud. `comptes`: beginnings. `noms`: parts of the name of a tiers.
    `montant_min`, `montant_max`: cents, of the piece, whatever its sign. What bears on the piece
    must hold of one and the same piece that cites the PJ.
    """

    siren: str = ""
    exercice_min: int | None = None
    exercice_max: int | None = None
    budgets: tuple[str, ...] = ()
    domaines: tuple[str, ...] = ()
    types_pj: tuple[str, ...] = ()
    marches: tuple[str, ...] = ()
    sens: str = ""
    numeros: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    noms: tuple[str, ...] = ()
    comptes: tuple[str, ...] = ()
    emis_du: date | None = None
    emis_au: date | None = None
    montant_min: int | None = None
    montant_max: int | None = None


CHAMPS: Mapping[str, object] = {field.name: field.type for field in fields(Criteres)}
# What is asked of the piece beyond its exercice: a PJ cited by nothing has none of it.
_DE_LA_PIECE = (
    "sens", "numeros", "tiers", "noms", "comptes", "emis_du", "emis_au", "montant_min",
    "montant_max",
)  # fmt: skip


def dump_criteres(criteres: Criteres) -> str:
    """As a column keeps them: JSON of what is said, the same for the same criteria."""
    said = {name: value for name, value in asdict(criteres).items() if value not in (None, "", ())}
    return json.dumps(said, ensure_ascii=False, sort_keys=True, default=str)


def load_criteres(column: str) -> Criteres:
    """The criteria of a column. Raises Invalid where they are not of the closed list."""
    try:
        said = json.loads(column)
    except ValueError as error:
        raise Invalid("Ces critères sont illisibles.") from error
    if not isinstance(said, dict):
        raise Invalid("Ces critères sont illisibles.")
    return make_criteres(said)


def make_criteres(said: Mapping[str, object]) -> Criteres:
    """Criteria from named values, of texts, numbers and lists. Raises Invalid."""
    if unknown := sorted(set(said) - set(CHAMPS)):
        raise Invalid(f"Critère inconnu : {', '.join(unknown)}.")
    values = {name: _read(name, value) for name, value in said.items()}
    return check_criteres(Criteres(**values))  # type: ignore[arg-type]  # read by their type


def _read(name: str, value: object) -> object:
    wanted = CHAMPS[name]
    if wanted is str and isinstance(value, str):
        return value
    if wanted == int | None and isinstance(value, int) and not isinstance(value, bool):
        return value
    if wanted == date | None and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise Invalid("Cette date n’est pas une date.", name) from error
    if wanted == tuple[str, ...] and isinstance(value, list | tuple):
        texts = [one for one in value if isinstance(one, str)]
        if len(texts) == len(value):
            return tuple(dict.fromkeys(texts))
    raise Invalid("Ce critère n’a pas la forme attendue.", name)


def check_criteres(criteres: Criteres) -> Criteres:
    """The same. Raises Invalid where a value is too long, empty, too many, or bounds cross."""
    for name, value in asdict(criteres).items():
        values = value if isinstance(value, tuple) else (value,)
        if len(values) > VALEURS_MAX:
            raise Invalid(f"Ce critère a plus de {VALEURS_MAX} valeurs.", name)
        if any(isinstance(one, str) and len(one) > LONGUEUR_MAX for one in values):
            raise Invalid(f"Une valeur a plus de {LONGUEUR_MAX} caractères.", name)
        if isinstance(value, tuple) and not all(one.strip() for one in value):
            raise Invalid("Une valeur est vide.", name)
    _check_bounds(
        criteres.exercice_min, criteres.exercice_max, "Le premier exercice suit le dernier."
    )
    _check_bounds(criteres.montant_min, criteres.montant_max, "Le montant minimal dépasse l’autre.")
    _check_bounds(criteres.emis_du, criteres.emis_au, "La première date suit la dernière.")
    return criteres


def _check_bounds(low: int | date | None, high: int | date | None, message: str) -> None:
    if low is not None and high is not None and low > high:  # type: ignore[operator]  # same type
        raise Invalid(message)


def compile_criteres(criteres: Criteres) -> ColumnElement[bool]:
    """The condition that a PieceJustificative meets them; what is not known meets them."""
    return and_(true(), *_on_pj(criteres), *_on_piece(criteres))


def _on_pj(criteres: Criteres) -> Iterator[ColumnElement[bool]]:
    if criteres.siren:
        yield PieceJustificative.siren == criteres.siren
    if criteres.budgets:
        keys = [(*budget.split("/"), "", "")[:3] for budget in criteres.budgets]
        named = tuple_(Budget.siret, Budget.cod_col, Budget.cod_bud).in_(keys)
        yield PieceJustificative.budget_id.in_(select(Budget.id).where(named))
    if criteres.domaines:
        yield PieceJustificative.domaine.in_(criteres.domaines)
    if criteres.types_pj:
        yield PieceJustificative.type_pj.in_(criteres.types_pj)
    if criteres.marches:
        contrat = is_of_contrat(lambda cle: cle.in_(criteres.marches))
        yield or_(contrat, _is_cited(_has_marche(criteres.marches)))


def _has_marche(cles: tuple[str, ...]) -> ColumnElement[bool]:
    return exists().where(Ligne.piece_id == Piece.id, Ligne.marche_cle.in_(cles)).correlate(Piece)


def _is_cited(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """That one piece that cites it meets all of these."""
    return (
        exists()
        .where(Lien.pj_id == PieceJustificative.id, Piece.id == Lien.piece_id, *conditions)
        .correlate(PieceJustificative)
    )


def _on_piece(criteres: Criteres) -> Iterator[ColumnElement[bool]]:
    conditions = [*_on_exercice(criteres), *_on_values(criteres), *_on_lines(criteres)]
    if conditions:
        # Nobody knows of which exercice a PJ cited by nothing is: it may be of these.
        said = any(getattr(criteres, name) not in (None, "", ()) for name in _DE_LA_PIECE)
        yield or_(_is_cited(*conditions), false() if said else is_orphan())


def _on_exercice(criteres: Criteres) -> Iterator[ColumnElement[bool]]:
    if criteres.exercice_min is not None:
        yield Piece.exercice >= criteres.exercice_min
    if criteres.exercice_max is not None:
        yield Piece.exercice <= criteres.exercice_max


def _on_values(criteres: Criteres) -> Iterator[ColumnElement[bool]]:
    montant = func.abs(Piece.ht + Piece.tva)
    if criteres.sens:
        yield Piece.sens == criteres.sens
    if criteres.numeros:
        yield Piece.numero.in_(criteres.numeros)
    if criteres.montant_min is not None:
        yield montant >= criteres.montant_min
    if criteres.montant_max is not None:
        yield montant <= criteres.montant_max
    if criteres.emis_du is not None:
        yield _is_dated(Bordereau.date_emission >= criteres.emis_du)
    if criteres.emis_au is not None:
        yield _is_dated(Bordereau.date_emission <= criteres.emis_au)


def _is_dated(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """That the bordereau of a piece meets it, or has no date that could be read."""
    meets = or_(Bordereau.date_emission.is_(None), condition)
    return exists().where(Bordereau.id == Piece.bordereau_id, meets).correlate(Piece)


def _on_lines(criteres: Criteres) -> Iterator[ColumnElement[bool]]:
    if criteres.comptes:
        begins = [func.substr(Ligne.compte, 1, len(c)) == c for c in criteres.comptes]
        yield exists().where(Ligne.piece_id == Piece.id, or_(*begins)).correlate(Piece)
    if criteres.tiers or criteres.noms:
        yield _has_tiers(criteres)


def _has_tiers(criteres: Criteres) -> ColumnElement[bool]:
    """That a line names such a tiers, or has one among its co-débiteurs."""
    named: list[ColumnElement[bool]] = [Tiers.identifiant.in_(criteres.tiers)]
    named += [_contains(form) for nom in criteres.noms for form in find_formes(nom)]
    ids = literal(",") + Ligne.autres_tiers + ","
    other = func.replace(ids, literal(",") + cast(Tiers.id, String) + ",", "") != ids
    first = exists().where(Tiers.id == Ligne.tiers_id, or_(*named)).correlate(Ligne)
    others = exists().where(Ligne.autres_tiers != "", other, or_(*named)).correlate(Ligne)
    return exists().where(Ligne.piece_id == Piece.id, or_(first, others)).correlate(Piece)


def _contains(texte: str) -> ColumnElement[bool]:
    """That the name of a Tiers holds this text: the same on both databases, unlike LIKE."""
    return func.replace(Tiers.nom, texte, "") != Tiers.nom


def find_formes(nom: str) -> tuple[str, ...]:
    """A name as flows may write it: as given, in capitals, small letters, without accents."""
    plain = "".join(c for c in unicodedata.normalize("NFD", nom) if not unicodedata.combining(c))
    forms = (
        one for text in (nom, plain) for one in (text, text.upper(), text.lower(), text.title())
    )
    return tuple(dict.fromkeys(forms))
