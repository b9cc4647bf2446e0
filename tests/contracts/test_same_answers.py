"""Both engines, the same records, any question: the same ids, counts, sums, facets and orders."""

import random
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orc.index.fields import BY_NAME, FIELDS, NUMBERS, Genre, Kind
from orc.index.port import SearchEngine
from orc.index.query import (
    DemandeFacette,
    Et,
    Expression,
    Filtre,
    Intervalle,
    Mot,
    Ou,
    Phrase,
    Prefixe,
    Query,
    Sauf,
    Terme,
    Tout,
    Tri,
)
from orc.index.record import Record
from tests.contracts.conftest import OLDEST, open_at, open_in
from tests.contracts.records import clearance, make_record, read_all

_SAID = """facture électricité l’école d'art travaux travail bail baux marché n°12 service fait
certification paiement 1 234,56 F2023-00127 f2023/127 000127 127 552 081 317 66522 régie eaux
main-d’œuvre m² 2023 A4 Jules-Ferry anglaise balais ﬁn Straße Δelta x_y İstanbul"""
WORDS = _SAID.split()
CODES = ["60611", "60612", "6132", "Écoles", "03", "03 ", "A/1", ""]
REFERENCES = ["F2023-00127", "f2023/127", "000127", "2015-15018", "552 081 317 66522", "é1", "--"]
TIERS = ["EDF", "Engie", "Régie des Eaux", "régie des eaux", "EDF ", "Ville de Paris"]
SIRENS = ["217600123", "999000018", "999000026"]
DAYS = [date(2022, 1, 31), date(2022, 12, 1), date(2023, 2, 28)]
CELLULES = (1, 2, 3)


def make_text(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=chance.randint(1, 30)))


def make_one(numero: int, chance: random.Random) -> Record:
    some = chance.sample
    return make_record(
        numero,
        make_text(chance) if chance.random() < 0.7 else "",
        genre=chance.choice(list(Genre)),
        piece_id=numero // 3,
        cellule=chance.choice((1, 2, 3, 4)),
        collectivite=chance.choice(SIRENS),
        objet=make_text(chance),
        tiers=tuple(some(TIERS, chance.randint(1, 2))),
        compte=tuple(some(CODES, chance.randint(1, 3))),
        facture=tuple(some(REFERENCES, chance.randint(1, 2))),
        piece=chance.choice(["12", "000127", "B-7", "99999999999999999999"]),
        exercice=chance.choice([2021, 2022, 2023]),
        date=chance.choice(DAYS),
        montant=chance.choice([-500, 0, 123456, 999, 10**14]),
        montant_ligne=tuple(some([100, 123456, 500], chance.randint(1, 2))),
        majorable=chance.random() < 0.5,
    )


@pytest.fixture(scope="module", params=["index_url", *(f"{name}_url" for name in OLDEST)])
def engines(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[SearchEngine, SearchEngine]]:
    index_url = request.getfixturevalue(request.param)
    chance = random.Random(20261122)  # noqa: S311 - the same records each time
    records = [make_one(numero, chance) for numero in range(1, 400)]
    with open_at(index_url) as one, open_in(tmp_path_factory.mktemp("same")) as other:
        both = (one(), other())
        for engine in both:
            engine.put(records)
            engine.commit()
            engine.release()
        yield both


words = st.one_of(
    st.sampled_from([*WORDS, *REFERENCES, *TIERS, *CODES]),
    st.lists(st.sampled_from(WORDS), min_size=2, max_size=3).map(" ".join),
    st.text(max_size=8),
)
names = st.none() | st.sampled_from([f.name for f in FIELDS])
bounds = st.none() | st.sampled_from([-(2**70), -500, 0, 12, 127, 2022, 20220131, 123456, 2**70])


@st.composite
def terms(draw: st.DrawFn) -> Expression:
    field = draw(st.sampled_from(FIELDS))
    if field.kind in NUMBERS:
        return Terme(field.name, draw(bounds.filter(lambda b: b is not None)))
    return Terme(field.name, draw(words))


@st.composite
def ranges(draw: st.DrawFn) -> Expression:
    ordered = [f.name for f in FIELDS if f.kind in NUMBERS or f.kind is Kind.NUMERO]
    return Intervalle(draw(st.sampled_from(ordered)), draw(bounds), draw(bounds))


def is_asked_so(expression: Expression) -> bool:
    """The syntax never looks for a word in a field of numbers, nor for a beginning of nothing."""
    if isinstance(expression, Mot | Phrase | Prefixe) and expression.champ:
        return BY_NAME[expression.champ].kind not in NUMBERS
    return True


leaves = st.one_of(
    st.builds(Mot, words, names),
    st.builds(Phrase, words, names),
    st.builds(Prefixe, words, names),
    terms(),
    ranges(),
    st.just(Tout()),
).filter(is_asked_so)
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda some: Et(tuple(some))),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: Ou(tuple(some))),
        inner.map(Sauf),
    ),
    max_leaves=6,
)
filters = st.lists(
    st.builds(
        lambda champ, values: Filtre(champ, tuple(Terme(champ, v) for v in values)),
        st.sampled_from(["tiers", "compte", "collectivite"]),
        st.lists(st.sampled_from([*TIERS, *CODES, *SIRENS]), min_size=1, max_size=2),
    ),
    max_size=2,
)
facets = st.lists(
    st.builds(
        DemandeFacette,
        st.sampled_from([f.name for f in FIELDS if f.facet]),
        st.integers(1, 4),
        st.sampled_from(["", "ré", "6", "e"]),
        st.booleans(),
    ),
    max_size=3,
    unique_by=lambda facet: facet.champ,
)
orders = st.sampled_from([Tri(f.name, d) for f in FIELDS if f.sort for d in (True, False)])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(expressions, st.sampled_from(list(Genre)), filters, facets, orders)
def test_any_question_has_the_same_answer(engines, expression, genre, filtres, facettes, tri):
    query = Query(expression, genre, tuple(filtres), tuple(facettes), tri, taille=30)
    one, other = (engine.search(query, clearance=clearance(*CELLULES)) for engine in engines)
    assert [h.numero for h in one.hits] == [h.numero for h in other.hits]
    assert [h.piece_id for h in one.hits] == [h.piece_id for h in other.hits]
    assert (one.total, one.somme) == (other.total, other.somme)
    assert dict(one.facettes) == dict(other.facettes)
    assert one.suivant == other.suivant
    counted = [engine.count(query, clearance=clearance(*CELLULES)) for engine in engines]
    assert counted == [one.total, one.total]


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(leaves, st.none() | orders)
def test_any_question_is_read_to_its_end_alike(engines, expression, tri):
    query = Query(expression, tri=tri, taille=17)
    one, other = (read_all(engine, query, clearance(*CELLULES)) for engine in engines)
    assert len(one) == len(set(one))
    assert one == other if tri else set(one) == set(other)
