"""The search page: filters in the address, facets, totals, passages, what was not searched."""

import html
import json
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from starlette.datastructures import QueryParams

from orc.domain import format_nombre
from orc.index.fields import BY_NAME
from orc.models import Ecriture
from tests.archive import Archive
from tests.web.conftest import Ouvrir
from web.pages.adresse import Adresse, read_adresse
from web.render import format_mois, format_octets

NBSP, THIN = "\u00a0", "\u202f"


def read(text: str) -> str:
    """What a person reads of a page, every space made plain."""
    bare = re.sub(r"<(script|style|head)\b.*?</\1>", " ", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())


def results(text: str) -> list[str]:
    found = re.findall(r"<li class=\"orc-resultat\".*?</li>", text, flags=re.DOTALL)
    return [read(one) for one in found]


def link(text: str, label: str) -> str:
    """The address of the link that holds this label."""
    for href, inside in re.findall(r'<a[^>]*href="([^"]*)"[^>]*>(.*?)</a>', text, flags=re.DOTALL):
        if label in read(inside):
            return html.unescape(href)
    raise AssertionError(f"aucun lien « {label} »")


def test_a_word_finds_the_pj_at_its_page_with_the_word_marked(
    ouvrir: Ouvrir, archive: Archive
) -> None:
    text = ouvrir("comptable").get("/recherche?q=consommation+école").text
    (found,) = results(text)
    assert "1 804,20 €" in found
    assert "Facture_Energie_2022-04.pdf" in found
    assert "Commune de Sainte-Anne" in found
    assert "<mark>consommation</mark>" in text
    assert "<mark>école</mark>" in text
    pj = archive.pj["Facture_Energie_2022-04.pdf"]
    address = urlsplit(link(text, "p. 2"))
    assert address.path == f"/pj/{pj}"
    assert dict(parse_qsl(address.query))["page"] == "2"


def test_a_piece_is_found_by_what_its_pj_say_and_leads_to_it(
    ouvrir: Ouvrir, archive: Archive
) -> None:
    text = ouvrir("comptable").get("/recherche?q=consommation&onglet=pieces").text
    (found,) = results(text)
    assert "Mandat 127 · 2022" in found
    assert str(archive.pj["Facture_Energie_2022-04.pdf"]) in link(text, "p. 2")


def test_depense_and_recette_are_counted_apart(ouvrir: Ouvrir) -> None:
    text = read(ouvrir("comptable").get("/recherche").text)
    assert "5 mandats · 14 907,00 € TTC ; 1 titre · 82,50 € TTC" in text


def test_a_filter_is_a_tag_that_its_link_takes_away(ouvrir: Ouvrir) -> None:
    browser = ouvrir("comptable")
    narrowed = link(browser.get("/recherche?q=électricité&onglet=pieces").text, "Assainissement")
    assert dict(parse_qsl(urlsplit(narrowed).query))["budget"].endswith("-101-01")
    text = browser.get(narrowed).text
    assert "Budget : Commune de Sainte-Anne — Assainissement" in read(text)
    assert len(results(text)) == 1
    back = link(text, "Retirer le filtre Budget")
    assert "budget=" not in back
    assert len(results(browser.get(back).text)) == 2


def test_a_facet_keeps_its_other_values(ouvrir: Ouvrir) -> None:
    text = ouvrir("comptable").get("/recherche?onglet=pieces&exercice=2023").text
    assert "exercice=2022" in link(text, "2022")
    assert len(results(text)) == 1


def test_bounds_of_amounts_and_dates_become_a_filter(ouvrir: Ouvrir) -> None:
    browser = ouvrir("comptable")
    text = browser.get("/recherche?onglet=pieces&montant_de=1 000&montant_a=2000,50").text
    assert "de 1 000 à 2000,50 €" in read(text)
    assert len(results(text)) == 2
    text = browser.get("/recherche?onglet=pieces&date_du=2023&date_au=").text
    assert len(results(text)) == 1


@pytest.mark.parametrize("query", ["montant_de=beaucoup", "date_du=hier", "exercice=x"])
def test_a_value_that_means_nothing_is_said_under_the_box(ouvrir: Ouvrir, query: str) -> None:
    answer = ouvrir("comptable").get(f"/recherche?{query}")
    assert answer.status_code == 422
    assert 'id="q-erreur"' in answer.text
    assert "<mark>" in answer.text


def test_an_error_of_syntax_shows_its_place_and_keeps_the_question(ouvrir: Ouvrir) -> None:
    answer = ouvrir("comptable").get('/recherche?q=facture "service fait')
    assert answer.status_code == 422
    assert "guillemet" in read(answer.text)
    assert "facture <mark>&#34;</mark>service fait" in answer.text
    assert 'value="facture &#34;service fait"' in answer.text


def test_the_page_says_what_it_could_not_search_with_links(ouvrir: Ouvrir) -> None:
    browser = ouvrir("comptable")
    text = browser.get("/recherche?q=école").text
    said = read(text)
    assert "Non cherchés : 1 scan attend l’océrisation" in said
    assert "exercice 2024 non clos" in said
    assert "Scan_devis.pdf" in results(browser.get(link(text, "scan attend")).text)[0]


def test_a_piece_of_an_open_exercice_is_named_where_one_may_see_it(ouvrir: Ouvrir) -> None:
    said = "exercice 2024 ouvert, pas encore dans ORC"
    assert said in read(ouvrir("comptable").get("/recherche?q=mandat:1").text)
    for q in ("1+exercice:2024", "mandat:1+exercice:2023..", "mandat+1", "mandat:1+sens:depense"):
        assert said in read(ouvrir("comptable").get(f"/recherche?q={q}").text), q
    for q in ("1+exercice:2023", "1+exercice:..2023", "titre+1", "mandat:1+école", "1+OU+mandat:1"):
        assert said not in read(ouvrir("comptable").get(f"/recherche?q={q}").text), q
    assert said not in read(ouvrir("juge").get("/recherche?q=mandat:1").text)
    assert said not in read(ouvrir("comptable").get("/recherche?q=école").text)


def test_operators_written_in_english_are_offered_in_french(ouvrir: Ouvrir) -> None:
    browser = ouvrir("comptable")
    text = browser.get("/recherche?q=consommation+OR+introuvable&exercice=2022").text
    assert "Chercher avec ET, OU, SAUF : consommation OU introuvable" in read(text)
    assert len(results(browser.get(link(text, "ET, OU, SAUF")).text)) == 1


def test_every_page_leads_to_the_description_of_the_api(ouvrir: Ouvrir) -> None:
    browser = ouvrir("comptable")
    path = link(browser.get("/recherche").text, "API : description OpenAPI")
    assert browser.get(path).json()["openapi"].startswith("3.1")
    assert path not in ouvrir().get("/connexion").text


def test_nothing_found_says_what_to_try(ouvrir: Ouvrir) -> None:
    browser = ouvrir("comptable")
    text = browser.get("/recherche?q=consommation+introuvable&exercice=2022").text
    assert "Aucune pièce justificative ne répond" in read(text)
    either = browser.get(link(text, "l’un ou l’autre")).text
    assert len(results(either)) == 1


def test_the_next_page_follows_without_a_wall_and_without_a_gap(ouvrir: Ouvrir) -> None:
    browser = ouvrir("comptable")
    seen: list[int] = []
    after = ""
    for _ in range(10):
        found = browser.get(f"/api/v1/recherche?taille=2&tri=montant_fort{after}").json()
        seen += [r["pj"]["id_unique"] for r in found["resultats"]]
        if not found["suivant"]:
            break
        after = f"&apres={found['suivant']}"
    assert len(seen) == len(set(seen)) == 6


def test_a_table_shows_the_same_results(ouvrir: Ouvrir) -> None:
    text = ouvrir("comptable").get("/recherche?onglet=pieces&vue=tableau").text
    assert text.count("<tr data-orc-resultat>") == 6
    assert '<td class="orc-nombre">−' in text


def test_every_sort_gives_the_same_results(ouvrir: Ouvrir) -> None:
    browser = ouvrir("comptable")
    text = browser.get("/recherche?q=électricité&onglet=pieces").text
    codes = re.findall(r'<option value="(\w+)"', text)
    assert "pertinence" in codes
    for code in codes:
        found = results(browser.get(f"/recherche?q=électricité&onglet=pieces&tri={code}").text)
        assert len(found) == 2, code
    assert "pertinence" not in browser.get("/recherche").text


def test_each_reader_searches_its_own_scope(ouvrir: Ouvrir) -> None:
    for identifiant, count in {"comptable": 6, "paie": 7, "archiviste": 6}.items():
        text = ouvrir(identifiant).get("/recherche?onglet=pieces").text
        assert len(results(text)) == count, identifiant


def test_a_search_is_journaled_and_a_juge_s_is_sealed(ouvrir: Ouvrir, archive: Archive) -> None:
    juge = ouvrir("juge")
    juge.get(juge.get("/recherche?q=participation").headers["location"])
    with archive.orc.database.reading() as session:
        row = session.scalars(
            select(Ecriture).where(Ecriture.acte == "recherche").order_by(Ecriture.id.desc())
        ).first()
        assert row is not None
        assert row.acteur == "juge"
        assert row.scelle is True
        assert json.loads(row.details)["libelle"] == "participation"


@pytest.mark.parametrize("path", ["/recherche", "/api/v1/recherche"])
@pytest.mark.parametrize("query", ["q=1+85+05+78+006+084", "tiers=1850578006084"])
def test_a_nir_that_is_searched_is_not_kept(
    ouvrir: Ouvrir, archive: Archive, path: str, query: str
) -> None:
    ouvrir("comptable").get(f"{path}?{query}")
    with archive.orc.database.reading() as session:
        rows = session.scalars(
            select(Ecriture.details)
            .where(Ecriture.acte == "recherche")
            .order_by(Ecriture.id.desc())
            .limit(1)
        )
        (details,) = rows
    assert "NIR masqué" in details
    assert "006084" not in re.sub(r"\D", "", json.loads(details)["adresse"])


def test_the_home_page_says_the_scope_and_the_last_searches(ouvrir: Ouvrir) -> None:
    browser = ouvrir("ordonnateur")
    browser.get("/recherche?q=papeterie&exercice=2023")
    text = browser.get("/").text
    said = read(text)
    assert "1 collectivité, exercices 2022 et 2023, hors paie, aide sociale et santé" in said
    assert "Pas encore dans ORC : exercice 2024, non clos" in said
    assert link(text, "papeterie · Exercice : 2023") == "/recherche?q=papeterie&exercice=2023"


def test_who_reads_nothing_is_told_so(ouvrir: Ouvrir) -> None:
    text = ouvrir("administrateur").get("/").text
    assert "n’ouvre aucun document" in text
    assert 'href="/recherche"' not in text


def test_the_syntax_page_shows_every_field_and_its_examples_work(ouvrir: Ouvrir) -> None:
    browser = ouvrir("comptable")
    text = browser.get("/aide/syntaxe").text
    for field in BY_NAME.values():
        assert f"<code>{field.name}</code>" in text
    examples = {html.unescape(h) for h in re.findall(r'href="(/recherche\?q=[^"]+)"', text)}
    assert len(examples) > 40
    for example in examples:
        assert browser.get(example).status_code == 200, example


def test_what_people_type_is_never_markup(ouvrir: Ouvrir) -> None:
    evil = "<script>alert(1)</script>"
    for path in (
        f"/recherche?q={evil}",
        f"/recherche?tiers={evil}",
        f"/recherche?dans_tiers={evil}",
        f"/recherche?montant_de={evil}",
        f"/connexion?suite=/{evil}",
    ):
        assert "<script>alert" not in ouvrir("comptable").get(path).text, path


names = st.sampled_from(sorted(BY_NAME))
values = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=20).map(
    str.strip
)


@given(
    q=values,
    filtres=st.dictionaries(
        names, st.lists(values.filter(bool), min_size=1, max_size=3, unique=True), max_size=4
    ),
    vue=st.sampled_from(["liste", "tableau"]),
    onglet=st.sampled_from(["pj", "pieces"]),
)
def test_an_address_read_back_is_the_same_state(
    q: str, filtres: dict[str, list[str]], vue: str, onglet: str
) -> None:
    state = Adresse(
        q=q, filtres=tuple((c, tuple(v)) for c, v in filtres.items()), vue=vue, onglet=onglet
    )
    assert read_adresse(QueryParams(urlsplit(state.url()).query), retention=True) == state


@given(names, values.filter(bool))
def test_a_filter_put_then_taken_away_leaves_nothing(champ: str, valeur: str) -> None:
    empty = Adresse()
    put = empty.toggle(champ, valeur)
    assert put.has(champ, valeur)
    assert put.toggle(champ, valeur) == empty


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (format_octets(0), f"0{NBSP}octets"),
        (format_octets(999), f"999{NBSP}octets"),
        (format_octets(1500), f"1,5{NBSP}Ko"),
        (format_octets(123_456_789), f"123{NBSP}Mo"),
        (format_nombre(0, "pièce"), f"0{NBSP}pièce"),
        (format_nombre(1, "pièce"), f"1{NBSP}pièce"),
        (format_nombre(1284, "pièce"), f"1{THIN}284{NBSP}pièces"),
        (format_mois(202304), "avril 2023"),
        (format_mois(202399), "202399"),
    ],
)
def test_figures_are_written_the_french_way(shown: str, expected: str) -> None:
    assert shown == expected
