"""What the engine of a cluster alone promises: turns, refusals, several writers, its indexes."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from elasticsearch import Elasticsearch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orc.bootstrap import open_search_engine
from orc.errors import Conflict, Invalid, Unavailable
from orc.index.analysis import find_stems, find_words, prepare
from orc.index.engines.elasticsearch import (
    ElasticsearchEngine,
    Forme,
    IndexPerime,
    open_elasticsearch,
)
from orc.index.engines.elasticsearch.bulk import Bulk, make_index
from orc.index.engines.elasticsearch.compile import make_any
from orc.index.engines.elasticsearch.facets import is_proven
from orc.index.engines.elasticsearch.generations import Generations
from orc.index.engines.elasticsearch.writing import Writing
from orc.index.fields import Genre
from orc.index.query import DemandeFacette, Et, Filtre, Mot, Ou, Query, Sauf, Terme, Tout
from orc.settings import Settings
from scripts.recettes.serveur import Serveur
from tests.contracts.records import ask, clearance, find, make_record, numeros, put

FORME = Forme(exercices=1, partitions=3, copies="0")


@pytest.fixture
def url(elasticsearch: Serveur) -> Iterator[str]:
    """Indexes of the test's own, dropped after it."""
    url = f"{elasticsearch.url}/essai{uuid4().hex}"
    yield url
    engine = open_elasticsearch(url)
    engine.remove_others()
    engine.clear()
    engine.close()


@pytest.fixture
def engine(url: str) -> Iterator[ElasticsearchEngine]:
    engine = open_elasticsearch(url, forme=FORME, patience=5)
    yield engine
    engine.close()


@pytest.fixture
def client(elasticsearch: Serveur) -> Iterator[Elasticsearch]:
    with Elasticsearch(elasticsearch.url) as client:
        yield client


def prefix(url: str) -> str:
    return url.rpartition("/")[2]


# Writing.


def test_an_earlier_turn_of_a_piece_does_not_replace_a_later_one(url, engine):
    late = open_elasticsearch(url, forme=FORME)
    late.put([make_record(1, "ancien", version=4)])
    put(engine, make_record(1, "nouveau", version=5))
    late.commit()
    assert find(engine, Mot("nouveau")) == {1}
    assert find(engine, Mot("ancien")) == set()
    assert engine.find_versions() == [(1, 5)]
    late.close()


def test_a_piece_that_is_refused_is_said_with_its_reason_and_stops_no_other(engine):
    engine.put([make_record(1, "facture"), make_record(2, "facture"), make_record(3, "facture")])
    engine.put(
        [
            make_record(4, "secret", genre=Genre.PIECE),
            make_record(2**70, "secret", genre=Genre.PJ, piece_id=4, montant=1),
        ]
    )
    refused = engine.commit()
    assert refused.keys() == {4}
    assert "champ numero_pj_ de type long" in refused[4]
    assert "secret" not in refused[4]
    assert find(engine, Mot("facture")) == {1, 2, 3}
    assert find(engine, Mot("secret")) == set()


def test_a_request_that_one_document_spoils_is_sent_in_parts(engine):
    engine.put([make_record(i, "facture", version=-5 if i == 3 else 0) for i in range(6)])
    assert engine.commit().keys() == {3}
    assert find(engine, Mot("facture")) == {0, 1, 2, 4, 5}


def test_a_text_larger_than_a_request_is_indexed(engine):
    put(engine, make_record(1, "mairie " * 700_000 + "dernier"), make_record(2, "facture"))
    assert find(engine, Mot("dernier")) == {1}
    assert find(engine, Mot("facture")) == {2}


def test_a_text_too_large_for_the_memory_of_the_cluster_is_refused_and_stops_no_other(
    url, engine, client
):
    put(engine, make_record(2, "facture", exercice=2021))
    alias = f"{prefix(url)}-ecriture-1-2021"
    bulk = Bulk(client, patience=5)
    large = b'{"texte":["' + b"mairie " * 5_000_000 + b'"]}'
    bulk.add(make_index(alias, "p1", "sans", 1, 1, large))
    bulk.add(make_index(alias, "p3", "sans", 1, 3, b'{"texte":["facture"]}'))
    assert bulk.finish() == {1: "ses textes sont trop longs pour la mémoire de l’index"}
    bulk.discard()


def test_several_processes_write_at_once_and_nothing_is_lost_or_there_twice(url):
    def write(first: int) -> None:
        engine = open_elasticsearch(url, forme=FORME)
        for turn in range(3):
            for piece_id in range(first, first + 60):
                engine.put(
                    [
                        make_record(piece_id, "facture", exercice=2020 + piece_id % 2),
                        make_record(
                            1000 * (turn + 1) + piece_id,
                            "facture",
                            genre=Genre.PJ,
                            piece_id=piece_id,
                            exercice=2020 + piece_id % 2,
                            montant=turn,
                            version=turn,
                        ),
                    ]
                )
            engine.commit()
        engine.close()

    writers = [threading.Thread(target=write, args=(first,)) for first in (0, 60, 30)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    engine = open_elasticsearch(url)
    assert engine.count(Query(Mot("facture")), clearance=clearance(1)) == 120
    left = engine.search(Query(genre=Genre.PJ, taille=500), clearance=clearance(1))
    assert sorted(numeros(left)) == [3000 + piece_id for piece_id in range(120)]
    engine.close()


def test_a_piece_whose_exercice_or_collectivite_changed_is_found_once(engine):
    put(engine, make_record(1, "facture", exercice=2021, collectivite="217600123"))
    put(engine, make_record(1, "facture", exercice=2022, collectivite="217600123", version=1))
    put(engine, make_record(1, "facture", exercice=2022, collectivite="999000018", version=2))
    hits = ask(engine, Mot("facture"), facettes=[DemandeFacette("collectivite")])
    assert hits.total == 1
    assert [v.valeur for v in hits.facettes["collectivite"]] == ["999000018"]
    engine.remove([1])
    engine.commit()
    assert engine.find_versions() == []


def test_a_piece_of_thousands_of_documents_is_taken_away_whole(engine):
    put(engine, *(make_record(i, genre=Genre.LIGNE, piece_id=1) for i in range(12_000)))
    assert engine.count(Query(genre=Genre.LIGNE), clearance=clearance(1)) == 12_000
    put(engine, make_record(1, version=1))
    assert engine.count(Query(genre=Genre.LIGNE), clearance=clearance(1)) == 0
    assert engine.find_versions() == [(1, 1)]


# Indexes.


def test_a_piece_put_twice_leaves_nothing_behind_however_many_documents_it_has(url, engine, client):
    generations = Generations(client, prefix(url), FORME)
    lot = Writing(client, generations, 1, searched=True, patience=5, page=10)

    def put_lignes(exercice: int, numeros: range) -> None:
        lignes = [
            make_record(n, genre=Genre.LIGNE, piece_id=1, exercice=exercice, cellule=exercice)
            for n in numeros
        ]
        lot.put([make_record(1, "facture", exercice=exercice), *lignes])

    put_lignes(2023, range(100, 130))
    lot.commit()
    put_lignes(2020, range(200, 230))
    put_lignes(2020, range(215, 245))
    lot.commit()
    lot.discard()
    for exercice, left in ((2023, 0), (2020, 30)):
        asked = Query(Tout(), genre=Genre.LIGNE)
        assert engine.count(asked, clearance=clearance(exercice)) == left


@pytest.mark.parametrize("siren", ["213801855", "Commune A", "12,3"])
def test_a_collectivite_is_found_by_its_filter_however_its_siren_is_written(engine, siren):
    put(engine, *(make_record(n, "facture", collectivite=siren) for n in range(1, 6)))
    filtre = Filtre("collectivite", (Terme("collectivite", siren),))
    assert len(find(engine, Mot("facture"), filtre)) == 5


def test_an_exercice_has_an_index_of_its_own_behind_the_alias(url, engine, client):
    put(engine, make_record(1, exercice=2021), make_record(2, exercice=2022), make_record(3))
    behind = sorted(client.indices.get_alias(name=prefix(url)).body)
    assert behind == [f"{prefix(url)}-1-{group}" for group in ("2021", "2022", "sans")]
    assert find(engine, Tout()) == {1, 2, 3}


def test_exercices_may_share_an_index():
    forme = Forme(exercices=5)
    assert [forme.find_group(e) for e in (2019, 2020, 2024, 2025, None, 0)] == [
        "2015-2019",
        "2020-2024",
        "2020-2024",
        "2025-2029",
        "sans",
        "sans",
    ]


def test_nothing_of_a_text_is_kept_but_its_words(url, engine, client):
    put(engine, make_record(1, "texte confidentiel", objet="objet confidentiel", montant=5))
    (hit,) = client.search(index=prefix(url))["hits"]["hits"]
    assert hit["_source"] == {
        "genre_": ["piece"],
        "numero_piece_": 1,
        "piece_": 1,
        "version_": 0,
    }


def test_an_index_deleted_by_hand_is_never_made_by_guessing(url, engine, client):
    put(engine, make_record(1, "facture", exercice=2021))
    client.indices.delete(index=f"{prefix(url)}-1-2021")
    engine.put([make_record(2, "facture", exercice=2021)])
    with pytest.raises(Unavailable):
        engine.commit()
    assert client.indices.exists(index=f"{prefix(url)}-1-2021").body is False
    put(engine, make_record(2, "facture", exercice=2021))
    assert find(engine, Mot("facture")) == {2}


def test_an_index_of_another_shape_is_refused(url, engine, client):
    put(engine, make_record(1, exercice=2021))
    client.indices.put_mapping(
        index=f"{prefix(url)}-1-2021", meta={"orc": {"signature": "autre", "mapping": 0}}
    )
    again = open_elasticsearch(url)
    with pytest.raises(IndexPerime, match="orc rebuild"):
        again.search(Query(), clearance=clearance(1))
    with pytest.raises(IndexPerime):
        again.put([make_record(2)])
    with pytest.raises(Conflict):
        open_search_engine(Settings(index=url))
    fresh = again.start()
    put(fresh, make_record(2))
    again.switch(fresh)
    assert again.count(Query(), clearance=clearance(1)) == 1
    again.close()


def test_what_is_written_in_a_replaced_index_is_to_be_done_again(url, engine):
    put(engine, make_record(1, "facture", exercice=2021))
    engine.put([make_record(2, "facture", exercice=2021)])
    other = open_elasticsearch(url, forme=FORME)
    fresh = other.start()
    other.switch(fresh)
    with pytest.raises(Unavailable, match="remplacé"):
        engine.commit()
    put(engine, make_record(2, "facture", exercice=2021))
    assert find(other, Mot("facture")) == {2}
    engine.put([make_record(3, "facture", exercice=2021)])
    other.switch(other.start())
    with pytest.raises(Unavailable, match="remplacé"):
        engine.put([make_record(4, "facture", exercice=2035)])
    other.close()


# Reading.


def test_a_question_of_any_depth_is_answered(engine):
    put(engine, make_record(1, "gaz"), make_record(2, "eau"))
    deep = Mot("gaz")
    for _ in range(40):
        deep = Et((Ou((Sauf(Sauf(deep)), Mot("bois"))), Tout()))
    assert find(engine, deep) == {1}


def test_a_facet_of_many_values_is_exact_over_every_shard(engine):
    chance = random.Random(7)  # noqa: S311 - the same records each time
    frequent = [f"Tiers {int(chance.paretovariate(0.6)) % 900}" for _ in range(5_000)]
    tiers = [*frequent, *(f"Rare {i}" for i in range(4_000))]
    siren = [f"{chance.randrange(40):09d}" for _ in tiers]
    put(
        engine,
        *(
            make_record(i, tiers=t, collectivite=s, montant=i, exercice=2020 + i % 3)
            for i, (t, s) in enumerate(zip(tiers, siren, strict=True))
        ),
    )
    counts = {t: tiers.count(t) for t in set(tiers)}
    expected = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    assert len(counts) > 3 * 1_000
    for taille in (5, 200, 1_500):
        asked = [DemandeFacette("tiers", taille, somme=True)]
        found = ask(engine, Tout(), facettes=asked, taille=1).facettes["tiers"]
        assert [(v.valeur, v.nombre) for v in found] == expected[:taille]
        first = found[0]
        assert first.somme == sum(i for i, t in enumerate(tiers) if t == first.valeur)


@given(
    st.lists(st.lists(st.integers(0, 12), max_size=40), min_size=1, max_size=4),
    st.integers(1, 4),
    st.integers(1, 6),
)
def test_a_facet_held_proven_is_exact(shards, taille, shard_size):
    """The engine's own way to count, on shards that tell of their first values only."""
    asked = DemandeFacette("compte", taille)
    answer = count_by_shards(shards, taille + 50, shard_size)
    if is_proven(asked, answer):
        every = [value for shard in shards for value in shard]
        counts = {v: every.count(v) for v in every}
        exact = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:taille]
        found = [(b["key"], b["doc_count"]) for b in answer["buckets"][:taille]]
        assert found == exact


def count_by_shards(shards: list[list[int]], size: int, shard_size: int) -> dict[str, object]:
    told: list[dict[int, int]] = []
    lasts: list[int] = []
    for shard in shards:
        counts = {v: shard.count(v) for v in shard}
        best = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:shard_size]
        told.append(dict(best))
        lasts.append(best[-1][1] if len(best) == shard_size else 0)
    merged = {
        value: (
            sum(t.get(value, 0) for t in told),
            sum(last for t, last in zip(told, lasts, strict=True) if value not in t),
        )
        for value in {v for t in told for v in t}
    }
    ordered = sorted(merged.items(), key=lambda item: (-item[1][0], item[0]))
    return {
        "doc_count_error_upper_bound": sum(lasts),
        "buckets": [
            {"key": value, "doc_count": count, "doc_count_error_upper_bound": error}
            for value, (count, error) in ordered[:size]
        ],
    }


def test_what_is_asked_of_one_collectivite_is_asked_of_its_shards_alone(engine):
    put(
        engine,
        *(make_record(i, "facture", collectivite=f"{i % 20:09d}") for i in range(200)),
    )
    for siren in (f"{i:09d}" for i in range(20)):
        assert len(find(engine, Terme("collectivite", siren))) == 10


def test_a_filter_of_no_value_finds_nothing_even_in_the_words_of_the_engine(engine, client, url):
    put(engine, make_record(1, "facture"))
    asked = make_any("cellule_", [])
    assert client.count(index=prefix(url), query={"bool": {"filter": [asked]}})["count"] == 0


def test_cellules_beyond_what_one_filter_holds_are_searched(engine):
    put(engine, make_record(1, "facture", cellule=70_000), make_record(2, cellule=80_001))
    assert find(engine, Tout(), cellules=range(80_001)) == {1}


# Words.


def analyze(client: Elasticsearch, text: str) -> list[str]:
    answer = client.indices.analyze(analyzer="whitespace", text=text)
    return [token["token"] for token in answer["tokens"]]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60) | st.text(st.characters(max_codepoint=0x24F), max_size=60))
def test_elasticsearch_cuts_as_passages_do(client, texte):
    prepared = prepare(texte)
    assert analyze(client, prepared.exact) == find_words(texte)
    assert analyze(client, prepared.stems) == find_stems(texte)


def test_every_word_of_the_language_is_cut_and_stemmed_alike(client):
    words = Path("/usr/share/dict/french")
    found = words.read_text().split() if words.exists() else FRENCH.split()
    for start in range(0, len(found), 5_000):
        texte = " ".join(found[start : start + 5_000])
        prepared = prepare(texte)
        assert analyze(client, prepared.exact) == find_words(texte)
        assert analyze(client, prepared.stems) == find_stems(texte)


FRENCH = """
facture électricité école marché travaux subvention convention délibération nettoyage bâtiments
l’assainissement communale intercommunalité cotisations pénalités acquittement ordonnancement
biaisé albanaise balais anglaise française d'œuvre aujourd'hui presqu'île quelqu’un 12.5 n°3 jusqu'à
"""


# Addresses.


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://elastic:secret@serveur:9200/orc", "ni compte ni mot de passe"),
        ("https://serveur:9200/Orc", "n’est pas une adresse"),
        ("https://serveur:9200/orc-1", "n’est pas une adresse"),
        ("https:///orc", "n’est pas une adresse"),
        ("ftp://serveur/orc", "Moteur de recherche inconnu"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused(url, says):
    with pytest.raises(Invalid, match=says):
        open_search_engine(Settings(index=url))


def test_a_certificate_that_is_not_there_is_said():
    with pytest.raises(Invalid, match="ORC_INDEX_TLS_CA"):
        open_search_engine(Settings(index="https://localhost:1/orc", index_tls_ca="/absent.pem"))


def test_a_cluster_that_is_not_there_does_not_stop_orc_from_starting():
    engine = open_search_engine(Settings(index="http://127.0.0.1:9/orc"))
    with pytest.raises(Unavailable, match="momentanément indisponible"):
        engine.search(Query(), clearance=clearance(1))
    assert engine.search(Query(), clearance=clearance()).total == 0
    engine.close()
