"""What every search engine must do, written once: words, references, counts, pages, rights."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orc.errors import Invalid
from orc.index.fields import Genre
from orc.index.query import (
    DemandeFacette,
    Et,
    Filtre,
    Intervalle,
    Mot,
    Ou,
    Parmi,
    Phrase,
    Prefixe,
    Query,
    Sauf,
    Terme,
    Tout,
    Tri,
)
from tests.contracts.records import ask, clearance, find, make_record, numeros, put, read_all

# Words.


@pytest.mark.parametrize(
    ("ecrit", "cherche"),
    [
        ("Consommation d’électricité", "electricite"),
        ("CONSOMMATION D'ELECTRICITE", "électricité"),
        ("consommation d'électricité", "ÉLECTRICITÉ"),
        ("toiture de l’école", "école"),
        ("les écoles du centre", "l'école"),
        ("factures acquittées", "facture"),
        ("travaux de voirie", "travail"),
        ("contrat de travail", "travaux"),
        ("bail commercial", "baux"),
        ("main-d'œuvre", "oeuvre"),
        ("la cantine jusqu'à midi", "midi"),
        ("avis e\u0301tat", "état"),
        ("recon\u00adduction tacite", "reconduction"),
        ("école Jules-Ferry", "jules-ferry"),
        ("12 ramettes A4", "a4"),
        ("n° 12", "12"),
        ("surface 45 m²", "m2"),
    ],
)
def test_a_word_is_found_whatever_its_accents_case_number_or_article(engine, ecrit, cherche):
    put(engine, make_record(1, ecrit), make_record(2, "tout autre chose"))
    assert find(engine, Mot(cherche)) == {1}


def test_a_word_is_found_in_the_text_and_in_the_names_and_labels(engine):
    put(
        engine,
        make_record(1, "chauffage"),
        make_record(2, objet="chauffage de la mairie"),
        make_record(3, tiers="Chauffage du Bocage"),
        make_record(4, nom_pj="facture_chauffage.pdf"),
        make_record(5, objet="éclairage"),
    )
    assert find(engine, Mot("chauffage")) == {1, 2, 3, 4}
    assert find(engine, Mot("chauffage", "objet")) == {2}
    assert find(engine, Mot("chauffage", "texte")) == {1}


def test_a_phrase_wants_these_forms_next_to_each_other(engine):
    put(
        engine,
        make_record(1, "certification du service fait par le maire"),
        make_record(2, "le service est fait"),
        make_record(3, "services faits"),
    )
    assert find(engine, Phrase("service fait")) == {1}
    assert find(engine, Phrase("SERVICE FAIT")) == {1}
    assert find(engine, Phrase("services faits")) == {3}
    assert find(engine, Et((Mot("service"), Mot("fait")))) == {1, 2, 3}


def test_a_phrase_reads_over_an_elided_article(engine):
    put(engine, make_record(1, "toiture de l’école d'art"))
    assert find(engine, Phrase("de l'école")) == {1}
    assert find(engine, Phrase("école d’art")) == {1}


def test_a_phrase_does_not_run_from_one_pj_into_another(engine):
    put(engine, make_record(1, texte="", description=("devis signé", "bon pour accord")))
    assert find(engine, Phrase("devis signé", "description")) == {1}
    assert find(engine, Phrase("signé bon", "description")) == set()


def test_a_prefix_finds_unstemmed_words(engine):
    put(engine, make_record(1, "Électrification rurale"), make_record(2, "élection municipale"))
    assert find(engine, Prefixe("électri")) == {1}
    assert find(engine, Prefixe("ELEC")) == {1, 2}
    assert find(engine, Prefixe("electrific", "objet")) == set()


def test_groups_combine(engine):
    put(
        engine,
        make_record(1, "gaz mairie"),
        make_record(2, "eau mairie"),
        make_record(3, "gaz école"),
        make_record(4, "bois école"),
    )
    gaz_ou_eau = Ou((Mot("gaz"), Mot("eau")))
    assert find(engine, Et((gaz_ou_eau, Mot("mairie")))) == {1, 2}
    assert find(engine, Et((Mot("école"), Sauf(Mot("gaz"))))) == {4}
    assert find(engine, Sauf(gaz_ou_eau)) == {4}
    assert find(engine, Et((Sauf(Mot("gaz")), Sauf(Mot("eau"))))) == {4}
    assert find(engine, Ou((Sauf(Mot("mairie")), Mot("eau")))) == {2, 3, 4}
    assert find(engine, Tout()) == {1, 2, 3, 4}


def test_a_group_with_phrases_combines_like_any_other(engine):
    put(
        engine,
        make_record(1, "bon de commande signé"),
        make_record(2, "avis de paiement signé"),
        make_record(3, "bon de commande annulé"),
    )
    either = Ou((Phrase("bon de commande"), Phrase("avis de paiement")))
    assert find(engine, Et((either, Mot("signé")))) == {1, 2}
    assert find(engine, Et((Mot("signé"), Sauf(Phrase("bon de commande"))))) == {2}


def test_the_best_hit_comes_first(engine):
    put(
        engine,
        make_record(1, "une page où le mot devis passe une fois " + "parmi bien des mots " * 30),
        make_record(2, objet="devis"),
    )
    assert numeros(ask(engine, Mot("devis"))) == [2, 1]


# References and amounts.


@pytest.mark.parametrize("cherche", ["F2023-00127", "f2023/127", "F 2023 127", "F2023-127"])
@pytest.mark.parametrize("ou", ["champ", "texte"])
def test_a_reference_is_found_however_it_is_written(engine, cherche, ou):
    if ou == "champ":
        put(engine, make_record(1, facture="F2023-00127"), make_record(2, facture="F2023-00128"))
        assert find(engine, Terme("facture", cherche)) == {1}
    else:
        put(engine, make_record(1, "réf. F2023-00127."), make_record(2, "réf. F2023-00128."))
    assert find(engine, Mot(cherche)) == {1}


@pytest.mark.parametrize(
    ("ecrit", "cherche"),
    [
        ("mandat 000127", "127"),
        ("mandat 127", "000127"),
        ("compte 60611", "60611"),
        ("marché 2023/127", "2023-00127"),
        ("SIRET 552 081 317 66522", "55208131766522"),
        ("SIRET 55208131766522", "552 081 317 66522"),
        ("IBAN FR76 3000 1007 9412 3456 7890 185", "FR7630001007941234567890185"),
        ("IBAN FR7630001007941234567890185", "FR76 3000 1007 9412 3456 7890 185"),
        ("total 1 234,56 €", "1 234,56"),
        ("total 1\u202f234,56 €", "1234,56"),
        ("total 1.234,56 EUR", "1 234,56"),
        ("total 1234.56", "1 234,56"),
        ("total 12 000", "12 000"),
        ("le 12/04/2023", "12/04/2023"),
    ],
)
def test_figures_are_found_in_texts_however_they_are_spaced(engine, ecrit, cherche):
    put(engine, make_record(1, ecrit), make_record(2, "rien de tel, sinon 999 et 1 299,99"))
    assert find(engine, Mot(cherche)) == {1}


def test_an_amount_finds_pieces_lignes_and_texts(engine):
    put(
        engine,
        make_record(1, montant=123456),
        make_record(2, montant_ligne=(100, 123456)),
        make_record(3, "soit 1 234,56 euros"),
        make_record(4, montant=-123456),
        make_record(5, montant=123457),
    )
    assert find(engine, Mot("1 234,56")) == {1, 2, 3, 4}


def test_a_siret_is_found_by_its_siren(engine):
    put(engine, make_record(1, siret=("55208131766522", "552081317")))
    for cherche in ("552081317", "552 081 317", "552 081 317 66522"):
        assert find(engine, Terme("siret", cherche)) == {1}
    assert find(engine, Prefixe("5520813", "siret")) == {1}


def test_a_number_of_piece_is_a_reference_and_a_range(engine):
    put(engine, *(make_record(i, piece=f"{i:06d}") for i in range(1, 31)))
    assert find(engine, Terme("piece", "12")) == {12}
    assert find(engine, Terme("piece", "00012")) == {12}
    assert find(engine, Intervalle("piece", 10, 12)) == {10, 11, 12}
    assert find(engine, Mot("12")) == {12}


def test_a_code_is_found_whole_or_by_its_beginning(engine):
    put(
        engine,
        make_record(1, compte=("60611", "6132")),
        make_record(2, compte="60612"),
        make_record(3, compte="64111", service="Écoles"),
    )
    assert find(engine, Terme("compte", "60611")) == {1}
    assert find(engine, Terme("compte", "6061")) == set()
    assert find(engine, Prefixe("6061", "compte")) == {1, 2}
    assert find(engine, Mot("60612")) == {2}
    assert find(engine, Terme("service", "ecoles")) == {3}


# Numbers and dates.


def test_ranges_hold_both_their_bounds(engine):
    put(
        engine,
        make_record(1, montant=-5000, exercice=2021, date=date(2021, 12, 31)),
        make_record(2, montant=0, exercice=2022, date=date(2022, 1, 1)),
        make_record(3, montant=100000, exercice=2023, date=date(2023, 3, 31)),
        make_record(4, montant=10**14, exercice=2024, date=date(2024, 2, 29)),
        make_record(5),
    )
    assert find(engine, Intervalle("montant", 0, 100000)) == {2, 3}
    assert find(engine, Intervalle("montant", maxi=-1)) == {1}
    assert find(engine, Intervalle("montant", mini=100001)) == {4}
    assert find(engine, Intervalle("montant")) == {1, 2, 3, 4, 5}
    assert find(engine, Terme("exercice", 2022)) == {2}
    assert find(engine, Intervalle("date", 20220101, 20230331)) == {2, 3}
    assert find(engine, Terme("mois", 202402)) == {4}


def test_a_field_of_several_values_is_in_a_range_when_one_is(engine):
    put(engine, make_record(1, montant_ligne=(100, 900)), make_record(2, montant_ligne=(500,)))
    assert find(engine, Intervalle("montant_ligne", 800, 1000)) == {1}
    assert find(engine, Intervalle("montant_ligne", 50, 550)) == {1, 2}


def test_a_yes_or_no_is_found(engine):
    put(engine, make_record(1, majorable=True), make_record(2, majorable=False), make_record(3))
    assert find(engine, Terme("majorable", 1)) == {1}
    assert find(engine, Terme("majorable", 0)) == {2}


# Filters, facets, totals.


def make_shop(engine) -> None:
    put(
        engine,
        *(
            make_record(
                i,
                "facture",
                tiers="EDF" if i % 2 else "Régie des Eaux",
                exercice=2020 + i % 3,
                compte=("60611", "60612") if i % 5 == 0 else ("60611",),
                montant=i * 100 - 1000,
                date=date(2022, 1 + i % 12, 1),
            )
            for i in range(60)
        ),
    )


def values(hits, champ: str) -> dict[str, int]:
    return {v.valeur: v.nombre for v in hits.facettes[champ]}


def test_facets_and_totals_are_exact(engine):
    make_shop(engine)
    hits = ask(
        engine,
        Mot("facture"),
        facettes=[DemandeFacette(c) for c in ("tiers", "exercice", "compte", "mois")],
        taille=5,
    )
    assert hits.total == 60
    assert hits.somme == sum(i * 100 - 1000 for i in range(60))
    assert values(hits, "tiers") == {"EDF": 30, "Régie des Eaux": 30}
    assert values(hits, "exercice") == {"2020": 20, "2021": 20, "2022": 20}
    assert values(hits, "compte") == {"60611": 60, "60612": 12}
    assert values(hits, "mois")["202203"] == 5


def test_a_facet_may_sum_the_amounts_of_its_values(engine):
    make_shop(engine)
    hits = ask(engine, Tout(), facettes=[DemandeFacette("tiers", somme=True)])
    sums = {v.valeur: v.somme for v in hits.facettes["tiers"]}
    assert sums["EDF"] == sum(i * 100 - 1000 for i in range(1, 60, 2))


def test_a_facet_gives_its_most_frequent_values_first_and_no_more_than_asked(engine):
    put(
        engine,
        *(make_record(i, compte=f"6{i % 7}", tiers=f"Tiers {i % 50}") for i in range(210)),
        make_record(900, compte="63"),
    )
    hits = ask(engine, Tout(), facettes=[DemandeFacette("compte", 3), DemandeFacette("tiers", 50)])
    assert [v.nombre for v in hits.facettes["compte"]] == [31, 30, 30]
    assert hits.facettes["compte"][0].valeur == "63"
    assert len(hits.facettes["tiers"]) == 50


def test_a_facet_keeps_its_other_values_when_one_is_chosen(engine):
    make_shop(engine)
    chosen = Filtre("exercice", (Terme("exercice", 2021),))
    edf = Filtre("tiers", (Terme("tiers", "EDF"),))
    hits = ask(
        engine, Tout(), chosen, edf, facettes=[DemandeFacette("exercice"), DemandeFacette("tiers")]
    )
    assert hits.total == 10
    assert values(hits, "exercice") == {"2020": 10, "2021": 10, "2022": 10}
    assert values(hits, "tiers") == {"EDF": 10, "Régie des Eaux": 10}


def test_a_filter_takes_any_of_its_values_and_every_filter_counts(engine):
    make_shop(engine)
    years = Filtre("exercice", (Terme("exercice", 2020), Terme("exercice", 2021)))
    amounts = Filtre("montant", (Intervalle("montant", 0, 1000),))
    expected = {i for i in range(60) if i % 3 < 2 and 0 <= i * 100 - 1000 <= 1000}
    assert find(engine, Mot("facture"), years, amounts) == expected


def test_a_facet_is_searched_by_the_beginning_of_its_words(engine):
    make_shop(engine)
    hits = ask(engine, Tout(), facettes=[DemandeFacette("tiers", contient="eau")])
    assert values(hits, "tiers") == {"Régie des Eaux": 30}
    assert [v.valeur for v in engine.suggest("tiers", "ré", clearance=clearance(1))] == [
        "Régie des Eaux"
    ]
    assert [v.valeur for v in engine.suggest("compte", "60612", clearance=clearance(1))] == [
        "60612"
    ]
    assert [v.valeur for v in engine.suggest("exercice", "2021", clearance=clearance(1))] == [
        "2021"
    ]


def test_the_amounts_of_pj_are_never_summed(engine):
    put(
        engine,
        make_record(1, genre=Genre.PJ, piece_id=7, montant=100),
        make_record(2, genre=Genre.PJ, piece_id=7, montant=100),
    )
    assert ask(engine, Tout(), genre=Genre.PJ).somme is None


def test_genres_do_not_mix(engine):
    put(
        engine,
        make_record(1, "facture"),
        make_record(1, "facture", genre=Genre.PJ, piece_id=1),
        make_record(1, "facture", genre=Genre.LIGNE, piece_id=1, montant=5),
    )
    for genre in Genre:
        hits = ask(engine, Mot("facture"), genre=genre)
        assert [(h.genre, h.numero, h.piece_id) for h in hits.hits] == [(genre, 1, 1)]


# Order and pages.


@pytest.mark.parametrize(
    "tri", [None, Tri("montant"), Tri("date", decroissant=False), Tri("piece"), Tri("exercice")]
)
def test_pages_give_everything_once_to_the_end(engine, tri):
    engine.put(
        make_record(
            i,
            "facture" + " eau" * (i % 4),
            montant=(i * 7919) % 1000,
            date=date(2022, 1 + i % 3, 1 + i % 28),
            piece=str(i % 50),
            exercice=2022,
        )
        for i in range(1200)
    )
    engine.commit()
    query = Query(Mot("facture"), tri=tri, taille=37)
    found = read_all(engine, query, clearance(1))
    assert sorted(found) == list(range(1200))


def test_an_order_holds_over_pages_and_ties_follow_the_numero(engine):
    records = [make_record(i, montant=(i * 7919) % 40) for i in range(500)]
    put(engine, *records, make_record(900), make_record(901))
    up = sorted(range(500), key=lambda i: ((i * 7919) % 40, i))
    down = sorted(range(500), key=lambda i: (-((i * 7919) % 40), i))
    asked = Query(tri=Tri("montant"), taille=9)
    assert read_all(engine, asked, clearance(1)) == [*down, 900, 901]
    asked = Query(tri=Tri("montant", decroissant=False), taille=9)
    assert read_all(engine, asked, clearance(1)) == [900, 901, *up]


@pytest.mark.lent
def test_ten_thousand_results_are_read_without_a_wall(engine):
    engine.put(make_record(i, "facture", montant=i % 100) for i in range(12_000))
    engine.commit()
    for tri in (Tri("montant"), None):
        found = read_all(engine, Query(Mot("facture"), tri=tri, taille=500), clearance(1))
        assert len(found) == len(set(found)) == 12_000


def test_a_page_asked_after_a_change_repeats_nothing_of_the_page_before(engine):
    records = [make_record(i, "facture " + "x " * (i % 13)) for i in range(100)]
    put(engine, *records)
    first = engine.search(Query(Mot("facture"), taille=20), clearance=clearance(1))
    put(engine, make_record(500, "facture"), make_record(501, "facture"))
    second = engine.search(
        Query(Mot("facture"), taille=20, apres=first.suivant), clearance=clearance(1)
    )
    assert not set(numeros(first)) & set(numeros(second))


@pytest.mark.parametrize("apres", ["3000000000.1", "9999999999999999999.1", "-7.1"])
@pytest.mark.parametrize("tri", [None, Tri("date")])
def test_a_page_from_far_beyond_the_last_costs_nothing(engine, apres, tri):
    put(engine, *(make_record(i, "facture") for i in range(1, 4)))
    query = Query(Mot("facture"), tri=tri, apres=apres)
    assert len(engine.search(query, clearance=clearance(1)).hits) <= 3


@pytest.mark.parametrize("apres", ["", "x", "1.2.3", "999999999999999999999999.1", "🙂", "1.-1"])
@pytest.mark.parametrize("tri", [None, Tri("montant")])
def test_a_cursor_that_is_not_ours_is_refused(engine, apres, tri):
    put(engine, make_record(1, montant=1))
    query = Query(tri=tri, apres=apres)
    if not apres:
        assert numeros(engine.search(query, clearance=clearance(1))) == [1]
    else:
        with pytest.raises(Invalid):
            engine.search(query, clearance=clearance(1))


# Rights.


def test_a_reader_without_clearance_finds_nothing(engine):
    put(engine, make_record(1, "facture", montant=100, tiers="EDF"))
    hits = ask(engine, Tout(), cellules=(), facettes=[DemandeFacette("tiers")])
    assert (hits.hits, hits.total, hits.somme, dict(hits.facettes)) == ((), 0, None, {})
    assert engine.count(Query(), clearance=clearance()) == 0
    assert not engine.suggest("tiers", "edf", clearance=clearance())


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_only_what_the_clearance_allows_is_found_counted_or_summed(engine, data):
    words = ["gaz", "eau", "bois"]
    rows = data.draw(
        st.lists(
            st.tuples(
                st.integers(0, 6),
                st.lists(st.sampled_from(words), max_size=3),
                st.integers(-(10**9), 10**9),
                st.sampled_from(["EDF", "Engie", "Régie"]),
            ),
            max_size=25,
        )
    )
    allowed = data.draw(st.sets(st.integers(0, 8)))
    word = data.draw(st.sampled_from(words))
    expressions = [
        (Tout(), lambda _row: True),
        (Mot(word), lambda row: word in row[1]),
        (Sauf(Mot(word)), lambda row: word not in row[1]),
        (Sauf(Phrase(f"{word} {word}")), lambda row: f"{word} {word}" not in " ".join(row[1])),
        (Ou((Mot(word), Intervalle("montant", 0))), lambda row: word in row[1] or row[2] >= 0),
    ]
    engine.clear()
    put(
        engine,
        *(
            make_record(i, " ".join(row[1]), cellule=row[0], montant=row[2], tiers=row[3])
            for i, row in enumerate(rows)
        ),
    )
    for expression, holds in expressions:
        expected = {i for i, r in enumerate(rows) if r[0] in allowed and holds(r)}
        hits = ask(engine, expression, cellules=tuple(allowed), facettes=[DemandeFacette("tiers")])
        assert set(numeros(hits)) == expected
        assert hits.total == len(expected)
        assert (hits.somme or 0) == sum(rows[i][2] for i in expected)
        if allowed:
            counted = {v.valeur: v.nombre for v in hits.facettes["tiers"]}
            tiers = [rows[i][3] for i in expected]
            assert counted == {t: tiers.count(t) for t in set(tiers)}


# Writing.


def test_nothing_is_found_before_the_commit(engine):
    engine.put([make_record(1, "facture")])
    assert find(engine, Mot("facture")) == set()
    engine.commit()
    assert find(engine, Mot("facture")) == {1}


def test_a_piece_put_again_replaces_all_its_records(engine):
    put(
        engine,
        make_record(1, "avant"),
        make_record(10, "avant", genre=Genre.PJ, piece_id=1),
        make_record(11, "avant", genre=Genre.PJ, piece_id=1),
        make_record(2, "avant"),
    )
    put(engine, make_record(1, "apres"), make_record(10, "apres", genre=Genre.PJ, piece_id=1))
    assert find(engine, Mot("avant")) == {2}
    assert find(engine, Mot("avant"), genre=Genre.PJ) == set()
    assert find(engine, Mot("apres"), genre=Genre.PJ) == {10}


def test_a_piece_put_twice_before_a_commit_is_there_once(engine):
    engine.put([make_record(1, "un")])
    engine.put([make_record(1, "deux")])
    engine.commit()
    assert find(engine, Mot("un")) == set()
    assert find(engine, Mot("deux")) == {1}


def test_a_piece_put_again_then_removed_before_a_commit_is_as_said_last(engine):
    pj = make_record(10, "avant", genre=Genre.PJ, piece_id=1)
    engine.put([make_record(1, "avant"), pj, make_record(11, genre=Genre.PJ, piece_id=1)])
    engine.put([make_record(2, "avant")])
    engine.put([make_record(1, "apres"), pj])
    engine.remove([2])
    engine.commit()
    assert find(engine, Tout()) == {1}
    assert find(engine, Tout(), genre=Genre.PJ) == {10}
    engine.remove([1])
    put(engine, make_record(1, "encore"))
    assert find(engine, Mot("encore")) == {1}
    assert find(engine, Tout(), genre=Genre.PJ) == set()


def test_a_piece_removed_is_gone_with_its_lignes_and_pj(engine):
    put(
        engine,
        make_record(1, "facture"),
        make_record(5, "facture", genre=Genre.PJ, piece_id=1),
        make_record(6, "facture", genre=Genre.LIGNE, piece_id=1),
        make_record(2, "facture"),
    )
    engine.remove([1, 404])
    engine.commit()
    assert find(engine, Mot("facture")) == {2}
    assert find(engine, Mot("facture"), genre=Genre.PJ) == set()
    assert find(engine, Mot("facture"), genre=Genre.LIGNE) == set()


def test_clear_leaves_nothing(engine):
    put(engine, make_record(1, "facture"))
    engine.clear()
    engine.commit()
    assert engine.count(Query(), clearance=clearance(1)) == 0
    put(engine, make_record(2, "facture"))
    assert find(engine, Mot("facture")) == {2}


def test_versions_of_pieces_are_read_back_in_order(engine):
    engine.put(make_record(i * 2, version=i) for i in range(50))
    engine.commit()
    put(engine, make_record(500, genre=Genre.PJ, piece_id=4), make_record(4, version=77))
    held = list(engine.find_versions(taille=20))
    while more := engine.find_versions(apres=held[-1][0], taille=20):
        held += more
    assert held == [(i * 2, 77 if i == 2 else i) for i in range(50)]


def test_an_index_opened_again_holds_its_last_commit(open_engine):
    engine = open_engine()
    put(engine, make_record(1, "électricité de l’école"))
    engine.put([make_record(2, "jamais dit")])
    engine.close()
    again = open_engine()
    assert find(again, Mot("ecole")) == {1}
    assert find(again, Phrase("électricité de l'école")) == {1}
    assert find(again, Mot("jamais")) == set()


def test_another_reader_sees_a_commit_at_its_next_search(open_engine):
    writer, reader = open_engine(), open_engine()
    assert find(reader, Tout()) == set()
    put(writer, make_record(1, "facture"))
    assert find(reader, Mot("facture")) == {1}


def test_ids_as_wide_as_those_of_sql_come_back_whole(engine):
    wide = (2**40 << 22) | 17
    put(engine, make_record(wide, "facture", cellule=2**31, montant=1, version=9))
    assert numeros(ask(engine, Mot("facture"), cellules=(2**31,), tri=Tri("montant"))) == [wide]
    assert list(engine.find_versions()) == [(wide, 9)]


def test_a_text_of_any_characters_is_indexed(engine):
    strange = "\x00 \ud800 \U0001f600 ﷽ ½ İstanbul ǅ " + "x" * 70_000 + " facture"
    put(engine, make_record(1, strange, tiers="\x00", nom_pj="É" * 300, facture="/" * 40))
    assert find(engine, Mot("facture")) == {1}


# Records told by their numbers: what SQL alone knows (orc/search/statuts.py).


def test_records_are_found_by_their_numbers_whatever_else_is_asked(engine):
    put(
        engine,
        *(make_record(n, "eau" if n % 2 else "gaz", exercice=2020 + n % 3) for n in range(1, 7)),
        make_record(8, "eau", cellule=2),
        make_record(2, "eau", genre=Genre.PJ, piece_id=7),
    )
    asked = Parmi(Genre.PIECE, (1, 2, 3, 8, 99))
    assert find(engine, asked) == {1, 2, 3}
    assert find(engine, Et((Mot("eau"), asked))) == {1, 3}
    assert find(engine, Ou((Terme("exercice", 2020), asked))) == {1, 2, 3, 6}
    assert find(engine, Sauf(asked)) == {4, 5, 6}
    assert find(engine, Et((Mot("eau"), Sauf(asked)))) == {5}
    assert find(engine, Tout(), Filtre("destruction", (asked, Parmi(Genre.PIECE, (6,))))) == {
        1, 2, 3, 6,
    }  # fmt: skip
    assert find(engine, Parmi(Genre.PIECE, ())) == set()
    assert find(engine, Sauf(Parmi(Genre.PIECE, ()))) == {1, 2, 3, 4, 5, 6}
    assert find(engine, Parmi(Genre.PJ, (2,)), genre=Genre.PJ) == {2}
    hits = ask(engine, asked, facettes=[DemandeFacette("exercice")])
    assert {v.valeur: v.nombre for v in hits.facettes["exercice"]} == {
        "2020": 1, "2021": 1, "2022": 1,
    }  # fmt: skip


def test_numbers_do_not_change_the_order_of_relevance(engine):
    put(engine, make_record(1, "eau eau eau"), make_record(2, "eau"), make_record(3, "eau et gaz"))
    alone = numeros(ask(engine, Mot("eau")))
    assert numeros(ask(engine, Et((Mot("eau"), Parmi(Genre.PIECE, (1, 2, 3)))))) == alone


def test_as_many_numbers_as_a_person_may_ask_are_one_question(engine):
    put(engine, make_record(3, "eau"), make_record(150_000, "eau"), make_record(150_001, "eau"))
    many = Parmi(Genre.PIECE, tuple(range(1, 150_001)))
    assert find(engine, Et((Mot("eau"), many))) == {3, 150_000}
