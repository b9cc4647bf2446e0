"""Random grants over random archives: what the search gives is what SQL's rows say, no more."""

from collections import Counter
from collections.abc import Iterator
from itertools import count
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from orc.access import Lecteur, make_lecteur
from orc.db import Database
from orc.domain import Domaine, Droit, Role
from orc.index.fields import Genre
from orc.index.query import DemandeFacette, Query
from orc.models import Habilitation, Ligne, Piece, Tiers, read_now
from orc.search.browse import find_collectivites
from orc.search.find import Question, find
from orc.search.resultats import find_resultats
from tests.proofs.monde import (
    DAYS,
    DEPARTEMENTS,
    EXERCICES,
    MOTS,
    POSTES,
    SIRENS,
    TODAY,
    Monde,
    Octroi,
    Rows,
    find_cellules_seen,
    make_monde,
    read_rows,
)
from tests.sql import make_personne

MONDES = [(moteur, seed) for moteur in ("tantivy", "elasticsearch") for seed in (1, 2, 3)]
LISENT = (Role.COMPTABLE, Role.ORDONNATEUR, Role.JUGE)
FACETTES = ("exercice", "collectivite", "tiers", "domaine")
_NUMEROS = count(1)


@pytest.fixture(scope="module", params=MONDES, ids=lambda p: f"{p[0]}-{p[1]}")
def monde(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Monde]:
    moteur, seed = request.param
    how = {}
    if moteur == "elasticsearch":
        how["index"] = f"{request.getfixturevalue('elasticsearch').url}/droits{uuid4().hex}"
    with make_monde(tmp_path_factory.mktemp("monde"), seed, **how) as made:
        yield made
        made.archive.orc.engine.clear()


@pytest.fixture(scope="module")
def rows(monde: Monde) -> Rows:
    with monde.archive.orc.database.reading() as session:
        found = read_rows(session)
        session.expunge_all()
    return found


@pytest.fixture(scope="module")
def tiers(monde: Monde) -> dict[int, str]:
    """The name of the tiers of each piece."""
    with monde.archive.orc.database.reading() as session:
        query = (
            select(Piece.id, Tiers.nom)
            .join(Ligne, Ligne.piece_id == Piece.id)
            .join(Tiers, Tiers.id == Ligne.tiers_id)
        )
        return {row.id: row.nom for row in session.execute(query)}


def subsets(kinds: type[Domaine] | type[Droit]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(list(kinds)), max_size=2, unique=True).map(",".join)


@st.composite
def grants(draw: st.DrawFn) -> Octroi:
    portee = draw(
        st.sampled_from(["poste", "collectivite", "budget", "departement", "mission", "rien"])
    )
    cles = {
        "poste": st.sampled_from(POSTES),
        "collectivite": st.sampled_from(SIRENS),
        "budget": st.tuples(st.sampled_from(SIRENS), st.sampled_from("01")).map(
            lambda k: f"{k[0]}0001{k[1]}/101/0{k[1]}"
        ),
        "departement": st.sampled_from(DEPARTEMENTS),
        "mission": st.integers(1, 5).map(str),
        "rien": st.just(""),
    }
    years = st.sampled_from([None, None, *EXERCICES])
    return Octroi(
        # Those that read come up oftener: each example shows something, or nearly.
        role=draw(st.sampled_from([*Role, *LISENT, *LISENT])).value,
        portee=portee,
        portee_cle=draw(cles[portee]),
        exercice_min=draw(years),
        exercice_max=draw(years),
        domaines=draw(subsets(Domaine)),
        droits=draw(subsets(Droit)),
        depuis=draw(st.sampled_from([DAYS[0], *DAYS[:4]])),
        jusqu_a=draw(st.sampled_from([None, None, *DAYS[1:]])),
        retire_le=draw(st.sampled_from([None] * 6 + [read_now()])),
    )


def put_lecteur(database: Database, octrois: list[Octroi]) -> Lecteur:
    """A new person who holds these grants, as a request would know it."""
    nom = f"p{next(_NUMEROS)}"
    with database.writing() as session:
        personne = make_personne(session, nom)
        known = {"personne_id": personne, "accorde_par": "test", "accorde_le": read_now()}
        values = [
            {**known, **{name: getattr(o, name) for name in Octroi.__dataclass_fields__}}
            for o in octrois
        ]
        session.execute(insert(Habilitation), values)
    with database.reading() as session:
        return make_lecteur(session, personne, nom, nom, TODAY)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(grants(), min_size=1, max_size=4), st.sampled_from(MOTS))
def test_a_search_gives_what_the_rows_say(
    monde: Monde, rows: Rows, tiers: dict[int, str], octrois: list[Octroi], mot: str
) -> None:
    orc = monde.archive.orc
    lecteur = put_lecteur(orc.database, octrois)
    seen = find_cellules_seen(rows, octrois)
    pieces = {p.id: p for p in rows.pieces.values() if p.cellule_id in seen}
    liens = {x.id for x in rows.liens.values() if x.cellule_id in seen}
    check_everything(orc.engine, lecteur, rows, pieces, liens, tiers)
    check_words(monde, lecteur, {p.id for p in pieces.values() if mot in p.objet}, mot, rows)
    with orc.database.reading() as session:
        found = find_collectivites(session, clearance=lecteur.clearance, taille=500)
    assert sum(c.sommes.nb for c in found.items) == len(pieces)
    assert sum(c.sommes.depenses + c.sommes.recettes for c in found.items) == sum(
        p.ht + p.tva for p in pieces.values()
    )


def check_everything(engine, lecteur, rows, pieces, liens, tiers) -> None:
    """Without a word: records, totals, sums, facets, counts, suggestions."""
    asked = tuple(DemandeFacette(name, 100) for name in FACETTES)
    query = Query(genre=Genre.PIECE, facettes=asked, taille=500)
    hits = engine.search(query, clearance=lecteur.clearance)
    assert {h.numero for h in hits.hits} == pieces.keys()
    assert (hits.total, hits.somme or 0) == (
        len(pieces),
        sum(p.ht + p.tva for p in pieces.values()),
    )
    assert engine.count(query, clearance=lecteur.clearance) == len(pieces)
    expected = {
        "exercice": Counter(str(p.exercice) for p in pieces.values()),
        "collectivite": Counter(rows.budgets[p.budget_id].siren for p in pieces.values()),
        "tiers": Counter(tiers[p] for p in pieces),
        "domaine": Counter(p.domaine for p in pieces.values()),
    }
    for name in FACETTES:
        assert {v.valeur: v.nombre for v in hits.facettes.get(name, ())} == expected[name]
    suggested = engine.suggest("tiers", "t", clearance=lecteur.clearance, taille=50)
    assert {v.valeur for v in suggested} == set(expected["tiers"])
    found = engine.search(Query(genre=Genre.PJ, taille=500), clearance=lecteur.clearance)
    assert {h.numero for h in found.hits} == liens
    assert found.total == len(liens)


def check_words(monde: Monde, lecteur: Lecteur, wanted: set[int], mot: str, rows: Rows) -> None:
    """With a word, as the page asks it: tabs, sums by sens, and what SQL shows again."""
    orc = monde.archive.orc
    question = Question(mot, genre=Genre.PIECE, taille=500)
    with orc.database.reading() as session:
        reponse = find(orc.engine, session, orc.storage, question, clearance=lecteur.clearance)
        shown = find_resultats(session, reponse.hits.hits, clearance=lecteur.clearance)
    assert {r.piece.id for r in shown} == wanted
    assert reponse.nb_pieces == len(wanted)
    assert reponse.nb_pj == sum(1 for x in rows.liens.values() if x.piece_id in wanted)
    sums: Counter[str] = Counter()
    for piece in wanted:
        sums[rows.pieces[piece].sens] += rows.pieces[piece].ht + rows.pieces[piece].tva
    assert {s.valeur: s.somme for s in reponse.sommes if s.nombre} == sums


def test_the_worlds_show_something_to_somebody_and_hide_something(rows: Rows) -> None:
    everywhere = [
        Octroi("comptable", "collectivite", siren, None, None, "", "", DAYS[0], None, None)
        for siren in SIRENS
    ]
    seen = find_cellules_seen(rows, everywhere)
    assert seen
    assert seen < rows.cellules.keys()
