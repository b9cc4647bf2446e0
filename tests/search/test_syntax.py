"""The language of searches: what is typed, what is understood, what is refused and where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc.index.fields import BY_NAME, FIELDS, RETENTION
from orc.index.query import (
    Et,
    Filtre,
    Intervalle,
    Mot,
    Ou,
    Phrase,
    Prefixe,
    Sauf,
    Terme,
    Tout,
)
from orc.search.syntax import LONGEST, MOST, ErreurDeSyntaxe, make_filtres, parse

A, B, C = Mot("alpha"), Mot("beta"), Mot("gamma")


@pytest.mark.parametrize(
    ("texte", "compris"),
    [
        ("", Tout()),
        ("   ", Tout()),
        ("*", Tout()),
        ("alpha", A),
        ("alpha beta", Et((A, B))),
        ("alpha ET beta", Et((A, B))),
        ("alpha OU beta", Ou((A, B))),
        ("alpha OU beta gamma", Ou((A, Et((B, C))))),
        ("(alpha OU beta) gamma", Et((Ou((A, B)), C))),
        ("alpha SAUF beta", Et((A, Sauf(B)))),
        ("alpha ET SAUF beta", Et((A, Sauf(B)))),
        ("SAUF (alpha OU beta)", Sauf(Ou((A, B)))),
        ("SAUF alpha", Sauf(A)),
        ('"service fait"', Phrase("service fait")),
        ("«service fait»", Phrase("service fait")),
        ("“service fait”", Phrase("service fait")),
        ("factur*", Prefixe("factur")),
        ("alpha, beta", Et((Mot("alpha,"), B))),
        ("alpha — beta", Et((A, B))),
        ("et", Mot("et")),
        ("SAUFET", Mot("SAUFET")),
        ("Alpha\nOU\tbeta", Ou((Mot("Alpha"), B))),
    ],
)
def test_words_and_operators(texte, compris):
    assert parse(texte) == compris


def test_a_lower_case_operator_is_a_word_and_small_words_do_not_refuse_a_result():
    assert parse("alpha ou beta") == Et((A, B))
    assert parse("ou") == Mot("ou")
    assert parse("alpha et beta") == Et((A, B))
    assert parse("facture de l'école") == Et((Mot("facture"), Mot("l'école")))
    assert parse("de la") == Et((Mot("de"), Mot("la")))
    assert parse('"de la"') == Phrase("de la")


@pytest.mark.parametrize(
    ("texte", "compris"),
    [
        ("552 081 317 66522", Mot("552 081 317 66522")),
        ("552 081 317", Mot("552 081 317")),
        ("1 234,56", Mot("1 234,56")),
        ("1\u202f234,56 €", Mot("1\u202f234,56")),
        ("FR76 3000 1007 9412 3456 7890 185", Mot("FR76 3000 1007 9412 3456 7890 185")),
        ("2023/127", Mot("2023/127")),
        ("2022 123", Et((Mot("2022"), Mot("123")))),
        ("FR76 3000 rue", Et((Mot("FR76"), Mot("3000"), Mot("rue")))),
        ("12:30", Mot("12:30")),
        ("http://exemple.fr/a", Mot("http://exemple.fr/a")),
    ],
)
def test_figures_written_with_spaces_are_one_word(texte, compris):
    assert parse(texte) == compris


@pytest.mark.parametrize(
    ("texte", "compris"),
    [
        ("objet:travaux", Mot("travaux", "objet")),
        ("objet: travaux", Mot("travaux", "objet")),
        ("Objet:travaux", Mot("travaux", "objet")),
        ("collectivité:217600123", Terme("collectivite", "217600123")),
        ("nb-pj:2", Terme("nb_pj", 2)),
        ('tiers:"régie des eaux"', Phrase("régie des eaux", "tiers")),
        ("tiers:régi*", Prefixe("régi", "tiers")),
        ("compte:606*", Prefixe("606", "compte")),
        ("compte:6*", Prefixe("6", "compte")),
        ("compte:(60611 OU 60612)", Ou((Terme("compte", "60611"), Terme("compte", "60612")))),
        ("facture:F2023-00127", Terme("facture", "F2023-00127")),
        ("siret:552 081 317 66522", Terme("siret", "552 081 317 66522")),
        ("mandat:127", Terme("piece", "127")),
        ("titre:100..150", Intervalle("piece", 100, 150)),
        ("mandat:12*", Prefixe("12", "piece")),
        ("montant:1000..5000", Intervalle("montant", 100000, 500000)),
        ("montant:1 000..5 000,50", Intervalle("montant", 100000, 500050)),
        ("montant:1234,56", Terme("montant", 123456)),
        ("montant:>1000", Intervalle("montant", mini=100001)),
        ("montant:>=1000", Intervalle("montant", mini=100000)),
        ("montant:< 1000", Intervalle("montant", maxi=99999)),
        ("montant:≤1000", Intervalle("montant", maxi=100000)),
        ("montant:-500..-100", Intervalle("montant", -50000, -10000)),
        ("montant:..0", Intervalle("montant", maxi=0)),
        ("exercice:2022..2024", Intervalle("exercice", 2022, 2024)),
        ("exercice:2022..", Intervalle("exercice", mini=2022)),
        ("date:2023-01..2023-03", Intervalle("date", 20230101, 20230331)),
        ("date:2024-02", Intervalle("date", 20240201, 20240229)),
        ("date:2023", Intervalle("date", 20230101, 20231231)),
        ("date:12/04/2023", Terme("date", 20230412)),
        ("date:2023-04-12", Terme("date", 20230412)),
        ("date:>12/04/2023", Intervalle("date", mini=20230413)),
        ("date:<2023", Intervalle("date", maxi=20230100)),
        ("mois:2023-04", Terme("mois", 202304)),
        ("mois:202304", Terme("mois", 202304)),
        ("mois:2023", Intervalle("mois", 202301, 202312)),
        ("majorable:oui", Terme("majorable", 1)),
        ("majorable:NON", Terme("majorable", 0)),
    ],
)
def test_fields_read_values_by_their_kind(texte, compris):
    assert parse(texte) == compris


@pytest.mark.parametrize(
    ("texte", "marque", "message"),
    [
        ("alpha (beta", "(", "pas fermée"),
        ("alpha) beta", ")", "pas été ouverte"),
        ("alpha ()", "()", "vides"),
        ('alpha "beta', '"', "guillemet"),
        ("ET alpha", "ET", "avant « ET »"),
        ("alpha ET", "ET", "après « ET »"),
        ("alpha OU", "OU", "après « OU »"),
        ("alpha OU OU beta", "OU", "avant « OU »"),
        ("alpha SAUF", "SAUF", "après « SAUF »"),
        ("fac*ure", "fac*ure", "fin d’un mot"),
        ("*ture", "*ture", "fin d’un mot"),
        ("f*", "f*", "2 caractères"),
        ("objet:", "objet:", "une valeur"),
        ("mandta:12", "mandta", "« mandat: »"),
        ("montant:douze", "douze", "pas un montant"),
        ("montant:5000..1000", "5000..1000", "après sa fin"),
        ("montant:..", "..", "intervalle"),
        ("exercice:deux", "deux", "nombre entier"),
        ("date:2023-02-30", "2023-02-30", "calendrier"),
        ("date:0000", "0000", "calendrier"),
        ("date:hier", "hier", "pas une date"),
        ("majorable:peut-être", "peut-être", "oui"),
        ("compte:60..61", "60..61", "n’a pas d’intervalle"),
        ("(" * 30 + "alpha", "(", "imbriquées"),
        ("SAUF SAUF alpha", "SAUF", "après « SAUF »"),
    ],
)
def test_an_error_is_french_and_marks_its_place(texte, marque, message):
    with pytest.raises(ErreurDeSyntaxe, match=message) as caught:
        parse(texte)
    avant, fautif, apres = caught.value.morceaux
    assert fautif == marque
    assert avant + fautif + apres == texte
    assert f"caractère {caught.value.position + 1}" in str(caught.value)


def test_a_question_is_bounded():
    with pytest.raises(ErreurDeSyntaxe, match=str(LONGEST)):
        parse("a" * (LONGEST + 1))
    with pytest.raises(ErreurDeSyntaxe, match=str(MOST)):
        parse("alpha " * (MOST + 1))
    assert len(parse(" ".join(["alpha"] * MOST)).termes) == MOST


FRAGMENTS = st.sampled_from(
    [
        *("(", ")", '"', "«", "»", "ET", "OU", "SAUF", " ", "*", "..", ">", "<=", ":", "-", "é"),
        *(f"{f.name}:" for f in FIELDS),
        *("12", "1 234,56", "2023-01", "31/02/2023", "alpha", "l'", "oui", "9" * 40, "\x00", "٣"),
        *("FR76 3000 1007 9412 3456 7890 185", "²", "½", "🙂", "\ud800"),
    ]
)


@given(st.one_of(st.text(max_size=120), st.lists(FRAGMENTS, max_size=25).map("".join)))
def test_any_text_is_understood_or_refused_never_worse(texte):
    try:
        parse(texte)
    except ErreurDeSyntaxe as error:
        refused = error
    else:
        return
    assert 0 <= refused.position <= len(texte)
    assert "".join(refused.morceaux) == texte


@given(st.sampled_from(FIELDS), st.lists(FRAGMENTS, max_size=6).map("".join))
def test_any_value_of_any_filter_is_understood_or_refused(field, texte):
    try:
        filtres = make_filtres({field.name: [texte]})
    except ErreurDeSyntaxe:
        return
    assert all(f.champ == field.name for f in filtres)


def test_the_example_of_every_field_is_understood_as_that_field():
    for field in FIELDS:
        compris = parse(field.help)
        assert getattr(compris, "champ", None) == field.name, field.help


def test_filters_come_from_an_address():
    assert make_filtres(
        {
            "exercice": ["2022", "2023"],
            "montant": ["1000..5000"],
            "tiers": ["EDF SA (Paris) OU rien"],
            "compte": ["606*", ""],
            "objet": ["travaux de voirie"],
            "page": ["2"],
            "sens": [""],
        }
    ) == (
        Filtre("exercice", (Terme("exercice", 2022), Terme("exercice", 2023))),
        Filtre("montant", (Intervalle("montant", 100000, 500000),)),
        Filtre("tiers", (Terme("tiers", "EDF SA (Paris) OU rien"),)),
        Filtre("compte", (Prefixe("606", "compte"),)),
        Filtre("objet", (Phrase("travaux de voirie", "objet"),)),
    )


def test_an_unreadable_filter_says_where():
    with pytest.raises(ErreurDeSyntaxe, match="nombre entier") as caught:
        make_filtres({"exercice": ["bientôt"]})
    assert caught.value.morceaux == ("exercice:", "bientôt", "")


def test_names_and_aliases_tell_fields_apart():
    names = [name for f in (*FIELDS, *RETENTION) for name in (f.name, *f.aliases)]
    assert len(names) == len(set(names))
    assert BY_NAME.keys() == {f.name for f in (*FIELDS, *RETENTION)}
