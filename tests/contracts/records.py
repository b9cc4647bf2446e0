"""Records for the tests of engines, and what a naive reader finds in them."""

from collections.abc import Sequence
from datetime import date

from orc.access import Clearance
from orc.index.fields import Genre
from orc.index.port import SearchEngine
from orc.index.query import DemandeFacette, Expression, Filtre, Hits, Query, Tri
from orc.index.record import Record, Value


def clearance(*cellules: int) -> Clearance:
    return Clearance(frozenset(cellules))


def make_record(
    numero: int,
    texte: str = "",
    *,
    genre: Genre = Genre.PIECE,
    piece_id: int | None = None,
    cellule: int = 1,
    version: int = 0,
    **values: Value | tuple[Value, ...],
) -> Record:
    """A record; a value alone stands for the tuple of one."""
    given: dict[str, tuple[Value, ...]] = {
        name: value if isinstance(value, tuple) else (value,) for name, value in values.items()
    }
    if texte:
        given["texte"] = (texte,)
    if "date" in given and "mois" not in given:
        day = given["date"][0]
        assert isinstance(day, date)
        given["mois"] = (day.year * 100 + day.month,)
    return Record(genre, numero, numero if piece_id is None else piece_id, cellule, given, version)


def put(engine: SearchEngine, *records: Record) -> None:
    engine.put(records)
    engine.commit()


def ask(
    engine: SearchEngine,
    expression: Expression,
    *filtres: Filtre,
    genre: Genre = Genre.PIECE,
    facettes: Sequence[DemandeFacette] = (),
    tri: Tri | None = None,
    cellules: Sequence[int] = (1,),
    taille: int = 100,
) -> Hits:
    query = Query(expression, genre, filtres, tuple(facettes), tri, taille=taille)
    return engine.search(query, clearance=clearance(*cellules))


def numeros(hits: Hits) -> list[int]:
    return [hit.numero for hit in hits.hits]


def find(engine: SearchEngine, expression: Expression, *filtres: Filtre, **how: object) -> set[int]:
    return set(numeros(ask(engine, expression, *filtres, **how)))  # type: ignore[arg-type]  # passed on as given


def read_all(engine: SearchEngine, query: Query, allowed: Clearance) -> list[int]:
    """Every numero, page after page."""
    found: list[int] = []
    apres: str | None = None
    while True:
        page = Query(
            query.expression,
            query.genre,
            query.filtres,
            (),
            query.tri,
            apres,
            query.taille,
            totaux=False,
        )
        hits = engine.search(page, clearance=allowed)
        found += numeros(hits)
        if hits.suivant is None:
            return found
        apres = hits.suivant
