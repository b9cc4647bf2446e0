"""What is a word, a reference, an amount."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc.index.analysis import (
    begins_so,
    clean,
    find_reference_keys,
    find_reference_spans,
    find_stems,
    find_words,
    fold,
    locate_words,
    make_query_keys,
    make_reference_keys,
    prepare,
    prepare_exact,
    read_amount,
    remember,
)


@pytest.mark.parametrize(
    ("texte", "mots"),
    [
        ("L’École d'Électricité", ["ecole", "electricite"]),
        ("jusqu'au lycée, lorsqu’il faut", ["au", "lycee", "il", "faut"]),
        ("aujourd'hui", ["aujourd", "hui"]),
        ("main-d'œuvre", ["main", "oeuvre"]),
        ("ﬁnances n°12", ["finances", "n", "12"]),
        ("l' école", ["l", "ecole"]),
        ("à_b", ["a", "b"]),
        ("", []),
    ],
)
def test_words_are_letters_and_figures_without_elided_articles(texte, mots):
    assert find_words(texte) == mots


@pytest.mark.parametrize(
    "formes",
    [
        "électricité ELECTRICITE électricités",
        "travail travaux",
        "bail baux",
        "vitrail vitraux",
        "école écoles ÉCOLE",
        "communal communaux",
        "facture facturé facturés",
    ],
)
def test_forms_of_one_word_share_a_stem(formes):
    assert len({find_stems(forme)[0] for forme in formes.split()}) == 1


@given(st.text(max_size=80))
def test_a_text_folded_twice_is_folded_once(texte):
    assert fold(fold(texte)) == fold(texte)
    assert prepare_exact(texte).isascii() or prepare_exact(texte) == prepare_exact(texte).lower()


@given(st.text(max_size=80))
def test_located_words_are_the_words_and_stand_where_they_say(texte):
    cleaned = clean(texte)
    located = locate_words(cleaned)
    assert [w.exact for w in located] == find_words(cleaned)
    assert all(fold(cleaned[w.start : w.end]) == w.exact for w in located)


@pytest.mark.parametrize(
    ("une", "autre"),
    [
        ("F2023-00127", "f2023/127"),
        ("F2023-00127", "F 2023 127"),
        ("F2023-00127", "F202300127"),
        ("2023/127", "2023-00127"),
        ("000127", "127"),
        ("FA 12", "fa0012"),
        ("552 081 317 66522", "55208131766522"),
        ("FR76 3000 1007 9412 3456 7890 185", "fr7630001007941234567890185"),
        ("0", "000"),
    ],
)
def test_two_ways_to_write_one_reference_share_a_key(une, autre):
    assert set(make_reference_keys(une)) & set(make_reference_keys(autre))


@pytest.mark.parametrize(
    ("une", "autre"),
    [("127", "1270"), ("2023-127", "20231-27"), ("F127", "G127"), ("12-7", "1-27"), ("", "0")],
)
def test_two_references_share_no_key(une, autre):
    apart = (make_reference_keys(une) or ("",))[0], make_reference_keys(autre)[0]
    assert apart[0] != apart[1]


@given(st.from_regex(r"[A-Z]{1,3}[0-9]{2,4}[-/ ]0{0,4}[1-9][0-9]{0,4}", fullmatch=True))
def test_leading_zeros_and_separators_never_matter(reference):
    bare = reference.replace("/", "-").replace(" ", "-")
    assert make_reference_keys(reference)[0] == make_reference_keys(bare)[0]


@pytest.mark.parametrize(
    ("texte", "centimes"),
    [
        ("1 234,56", 123456),
        ("1\u202f234,56 €", 123456),
        ("1.234,56", 123456),
        ("1234.56", 123456),
        ("1234,5", 123450),
        ("1 234", 123400),
        ("0,01", 1),
        ("-56,20", -5620),
        ("−56,20", -5620),
        ("1.234.567", 123456700),
        ("12,345", None),
        ("1,2,3", None),
        ("abc", None),
        ("", None),
        ("€", None),
        ("1" * 30, None),
    ],
)
def test_an_amount_is_read_in_cents(texte, centimes):
    assert read_amount(texte) == centimes


@given(st.integers(0, 10**12))
def test_an_amount_written_in_french_is_found_in_a_text(centimes):
    euros, cents = divmod(centimes, 100)
    written = f"{euros:,}".replace(",", "\u202f") + f",{cents:02d}"
    assert read_amount(written) == centimes
    texte = f"Total TTC : {written} € à payer."
    (key,) = [k for k in make_query_keys(written) if k.startswith("=")]
    assert key in find_reference_keys(fold(texte))
    ((start, end),) = set(find_reference_spans(texte, frozenset({key})))
    assert texte[start:end] == written


def test_a_word_without_figures_is_no_reference():
    assert make_query_keys("facture") == ()
    assert find_reference_keys("facture acquittee jules-ferry 2023 127") == set()


def test_a_date_or_a_version_is_not_an_amount():
    keys = find_reference_keys("12.04.2023 1.2.3 12/04/2023")
    assert not [k for k in keys if k.startswith("=")]


@given(st.text(max_size=200))
def test_any_text_has_references_or_none(texte):
    assert all(k and " " not in k for k in find_reference_keys(fold(texte)))
    assert all(k and " " not in k for k in make_query_keys(texte))


def test_a_facet_is_filtered_by_the_beginnings_of_its_words():
    assert begins_so("Régie des Eaux", "eau ré")
    assert not begins_so("Régie des Eaux", "aux")


def test_an_analysis_made_elsewhere_serves_once_then_is_made_here():
    texte = "Facture F2023-00127 de la chaudière. " * 20
    said = prepare(texte + "ailleurs")
    remember(texte, said)
    assert prepare(texte) is said


def test_what_waits_for_the_index_is_bounded():
    for numero in range(60):
        remember(f"{numero} " + "mairie " * 14_000, prepare("commune"))
    assert prepare("0 " + "mairie " * 14_000).exact.startswith("0 mairie")
    assert prepare("59 " + "mairie " * 14_000).exact == "commune"
