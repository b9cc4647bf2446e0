"""What a search asks of early destruction: SQL answers it, the engine is given numbers.

No index holds it (docs/decisions/0019-la-recherche-demande-a-sql.md): what is decided of a PJ
changes while the PJ does not. Asked by those who see its retention, and of what they see.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from orc.access import Clearance
from orc.domain import format_nombre
from orc.errors import Invalid
from orc.index.analysis import make_code_key
from orc.index.fields import STATUT, Genre, is_of_sql
from orc.index.port import SearchEngine
from orc.index.query import (
    Et,
    Expression,
    Filtre,
    Hits,
    Intervalle,
    Ou,
    Parmi,
    Query,
    Sauf,
    Terme,
    ValeurFacette,
)
from orc.models import Budget, Cellule, DecisionCourante, Lien
from orc.retention.decide import Statut
from orc.retention.decisions import REGLAGES
from orc.search.paged import among
from orc.settings import Settings

GELEE = "gelee"
# The words of STATUT that are answers of the decision; a frozen PJ has one of these besides.
STATUTS = {
    "permise": Statut.ELIGIBLE,
    "attente": Statut.EN_ATTENTE,
    "suspendue": Statut.SUSPENDU,
    "refusee": Statut.REFUS,
}
_MOTS = {statut: mot for mot, statut in STATUTS.items()}
_JOURS = {"destruction_depuis": DecisionCourante.depuis, "terme": DecisionCourante.terme}

# A lien and its piece: what a PJ is found as, and what a piece is.
Trouve = tuple[int, int]
_COLONNES = {Genre.PJ: 0, Genre.PIECE: 1}


class TropDeStatuts(Invalid):
    """More PJ than a question may name."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"Plus de {format_nombre(most, 'pièce justificative', 'pièces justificatives')} ont ce "
            "statut de destruction : précisez l’exercice, la collectivité ou le budget."
        )


class Informe:
    """An engine that knows early destruction, for one person: each criterion is read once."""

    def __init__(self, engine: SearchEngine, session: Session, clearance: Clearance) -> None:
        self._engine = engine
        self._session = session
        self._clearance = clearance
        self._read: dict[tuple[Expression, frozenset[int]], list[Trouve]] = {}

    def search(self, query: Query) -> Hits:
        """Find, within the Clearance only. Raises TropDeStatuts on a criterion too wide."""
        asked = tuple(f for f in query.facettes if not is_of_sql(f.champ))
        plain = replace(self._resolve(query), facettes=asked)
        hits = self._engine.search(plain, clearance=self._clearance)
        if asked == query.facettes:
            return hits
        return replace(hits, facettes={**hits.facettes, STATUT.name: self._count_statuts(query)})

    def count(self, query: Query) -> int:
        """How many records, exactly."""
        return self._engine.count(self._resolve(query), clearance=self._clearance)

    def _count_statuts(self, query: Query) -> tuple[ValeurFacette, ...]:
        """How many of each word, its own filter aside; one too wide to be asked is not told."""
        others = tuple(f for f in query.filtres if f.champ != STATUT.name)
        found = []
        for mot in STATUT.choix:
            of_mot = Filtre(STATUT.name, (Terme(STATUT.name, mot),))
            try:
                nombre = self.count(replace(query, filtres=(*others, of_mot)))
            except TropDeStatuts:
                continue
            found.append(ValeurFacette(mot, nombre))
        return tuple(found)

    def _resolve(self, query: Query) -> Query:
        """The same question, of which the engine understands every part."""

        def find(critere: Terme | Intervalle) -> Parmi:
            return self._find(critere, query)

        filtres = tuple(
            replace(f, valeurs=tuple(_replace(v, find) for v in f.valeurs)) for f in query.filtres
        )
        return replace(query, expression=_replace(query.expression, find), filtres=filtres)

    def _find(self, critere: Terme | Intervalle, query: Query) -> Parmi:
        """The records of this genre that a criterion finds where the rest of the question looks."""
        cellules = _narrow(self._session, self._clearance.cellules, query)
        key = (critere, cellules)
        if key not in self._read:
            self._read[key] = self._read_liens(critere, cellules)
        column = _COLONNES.get(query.genre)  # a ligne says nothing of PJ
        rows = self._read[key] if column is not None else []
        return Parmi(query.genre, tuple(sorted({row[column or 0] for row in rows})))

    def _read_liens(self, critere: Terme | Intervalle, cellules: frozenset[int]) -> list[Trouve]:
        most = (self._session.info.get(REGLAGES) or Settings()).recherche_statuts_max
        query = (
            select(Lien.id, Lien.piece_id)
            .join(DecisionCourante, DecisionCourante.pj_id == Lien.pj_id)
            .where(among(Lien.cellule_id, cellules), _compile(critere), _sees(self._clearance))
            .limit(most + 1)
        )
        # By the connection: nothing of the ORM is needed for so many rows.
        rows = [(lien, piece) for lien, piece in self._session.connection().execute(query)]
        if len(rows) > most:
            raise TropDeStatuts(most)
        return rows


def _replace(expression: Expression, find: Callable[[Terme | Intervalle], Parmi]) -> Expression:
    """The expression where each criterion that SQL answers is what it finds."""
    if isinstance(expression, Et | Ou):
        return replace(expression, termes=tuple(_replace(t, find) for t in expression.termes))
    if isinstance(expression, Sauf):
        return Sauf(_replace(expression.terme, find))
    if isinstance(expression, Terme | Intervalle) and is_of_sql(expression.champ):
        return find(expression)
    return expression


def _compile(critere: Terme | Intervalle) -> ColumnElement[bool]:
    if critere.champ == STATUT.name and isinstance(critere, Terme):
        if critere.valeur == GELEE:
            return DecisionCourante.gelee.is_(True)
        return DecisionCourante.statut == STATUTS[str(critere.valeur)].value
    column = _JOURS[critere.champ]
    if isinstance(critere, Terme):
        return column == _read_day(int(critere.valeur))
    return and_(
        column.is_not(None),
        *([column >= _read_day(critere.mini)] if critere.mini is not None else []),
        *([column <= _read_day(critere.maxi)] if critere.maxi is not None else []),
    )


def _read_day(number: int) -> date:
    """The day of yyyymmdd; those of `>` and `<` may be one before or after their month."""
    first = date(number // 10_000, number // 100 % 100, 1)
    try:
        return first + timedelta(days=number % 100 - 1)
    except OverflowError:
        return first


def _sees(clearance: Clearance) -> ColumnElement[bool]:
    """The condition that the PJ of a Lien is seen for retention: by it, or by another citation."""
    other = aliased(Lien)
    elsewhere = among(other.cellule_id, clearance.retention)
    return or_(
        among(Lien.cellule_id, clearance.retention),
        exists().where(other.pj_id == Lien.pj_id, elsewhere).correlate(Lien),
    )


def _narrow(session: Session, cellules: frozenset[int], query: Query) -> frozenset[int]:
    """Those of these cellules where the exercices, collectivités and budgets asked for may be."""
    conditions = [c for some in _find_conjuncts(query) if (c := _place(session, some)) is not None]
    if not conditions:
        return cellules
    return frozenset(session.scalars(select(Cellule.id).where(*conditions))) & cellules


def _find_conjuncts(query: Query) -> Iterator[Sequence[Expression]]:
    """What all that is found meets: one of each of these."""
    yield from (filtre.valeurs for filtre in query.filtres)
    whole = query.expression
    yield from ([part] for part in (whole.termes if isinstance(whole, Et) else (whole,)))


def _place(session: Session, some: Sequence[Expression]) -> ColumnElement[bool] | None:
    """The condition that a Cellule is in one of these places; None: they do not say where."""
    champs = {t.champ if isinstance(t, Terme | Intervalle) else "" for t in some}
    if champs == {"exercice"}:
        return or_(*(_place_exercice(t) for t in some if isinstance(t, Terme | Intervalle)))
    if len(champs) == 1 and champs <= _CODES.keys():
        return Cellule.budget_id.in_(_find_budgets(session, _CODES[champs.pop()], some))
    return None


def _place_exercice(asked: Terme | Intervalle) -> ColumnElement[bool]:
    if isinstance(asked, Terme):
        return Cellule.exercice == int(asked.valeur)
    mini, maxi = asked.mini, asked.maxi
    return Cellule.exercice.between(
        0 if mini is None else max(mini, 0), 9_999 if maxi is None else min(maxi, 9_999)
    )


# What the index holds of a budget in the fields that say where a record is.
_CODES: Mapping[str, Callable[[Budget], str]] = {
    "collectivite": lambda b: b.siren,
    "budget": lambda b: f"{b.siret}-{b.cod_col}-{b.cod_bud}",
}


def _find_budgets(
    session: Session, read_code: Callable[[Budget], str], some: Sequence[Expression]
) -> list[int]:
    """The budgets so named, as the index compares these codes."""
    asked = {make_code_key(str(t.valeur)) for t in some if isinstance(t, Terme)}
    budgets = session.scalars(select(Budget))
    return [b.id for b in budgets if make_code_key(read_code(b)) in asked]


def find_statuts(session: Session, pj_ids: Sequence[int], clearance: Clearance) -> dict[int, str]:
    """The word of each of these PJ that is decided and seen for retention; frozen wins."""
    if not pj_ids or not clearance.retention:
        return {}
    query = (
        select(DecisionCourante.pj_id, DecisionCourante.statut, DecisionCourante.gelee)
        .where(among(DecisionCourante.pj_id, pj_ids))
        .where(
            exists().where(
                Lien.pj_id == DecisionCourante.pj_id,
                among(Lien.cellule_id, clearance.retention),
            )
        )
    )
    return {
        pj_id: GELEE if gelee else _MOTS[Statut(statut)]
        for pj_id, statut, gelee in session.execute(query)
    }
