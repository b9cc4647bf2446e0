"""A juge's searches: their address says nothing, is its own, and works as any other does."""

import logging
import re
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update

from orc.db import Database
from orc.models import Ecriture, RechercheScellee, read_now
from orc.search.scellees import KEPT_UNSEEN, find_requete, mark_seen, seal_recherches
from tests.archive import Archive
from tests.sql import make_personne
from tests.web.conftest import Ouvrir
from tests.web.serving import Navigateur
from tests.web.test_recherche import link, read, results


def send(browser: Navigateur, **fields: str) -> str:
    """Send the search form; the address it leads to."""
    answer = browser.post("/recherche", page="/recherche", **fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_a_juge_sends_words_in_a_form_and_gets_an_address_that_says_nothing(
    ouvrir: Ouvrir,
) -> None:
    juge = ouvrir("juge")
    assert '<form class="orc-boite" action="/recherche" role="search" method="post">' in (
        juge.get("/recherche").text
    )
    where = send(juge, q="participation")
    assert re.fullmatch(r"/recherche\?r=[A-Za-z0-9_-]{22}", where)
    (found,) = results(juge.get(where).text)
    assert "Convention.pdf" in found or "Participation" in found


def test_the_same_search_has_the_same_address_so_that_a_bookmark_goes_on_working(
    ouvrir: Ouvrir,
) -> None:
    juge = ouvrir("juge")
    where = send(juge, q="participation", onglet="pieces")
    assert send(juge, onglet="pieces", q="participation") == where
    assert juge.get(where).text.count("<mark>") == juge.get(where).text.count("<mark>") > 0


def test_words_typed_in_the_address_are_taken_out_of_it(ouvrir: Ouvrir) -> None:
    answer = ouvrir("juge").get("/recherche?q=participation")
    assert answer.status_code == 303
    assert "participation" not in answer.headers["location"]


def test_the_address_of_a_juge_leads_nobody_else_anywhere(ouvrir: Ouvrir) -> None:
    where = send(ouvrir("juge"), q="participation")
    for other in ("comptable", "ordonnateur", "paie"):
        assert ouvrir(other).get(where).status_code == 404
    assert ouvrir("juge").get("/recherche?r=inventee").status_code == 404


def test_tabs_facets_sorts_and_documents_are_reached_without_a_word(ouvrir: Ouvrir) -> None:
    juge = ouvrir("juge")
    text = juge.get(send(juge, q="participation")).text
    tab = link(text, "Mandats et titres")
    assert urlsplit(tab).query.startswith("r=")
    assert "Mandat 70" in read(juge.get(tab).text)
    document = link(text, "SYNDICAT")
    assert "participation" not in document.lower()
    shown = juge.get(document)
    assert shown.status_code == 200
    texte = juge.get(document + "&onglet=texte").text
    assert "<mark>participation</mark>" in texte.lower()


def test_the_home_page_leads_back_to_a_search_without_its_words(ouvrir: Ouvrir) -> None:
    juge = ouvrir("juge")
    send_and_see = juge.get(send(juge, q="intercommunale"))
    assert send_and_see.status_code == 200
    again = link(juge.get("/").text, "intercommunale")
    assert urlsplit(again).query.startswith("r=")
    assert results(juge.get(again).text)


def test_the_search_is_journaled_sealed_with_its_words(ouvrir: Ouvrir, archive: Archive) -> None:
    juge = ouvrir("juge")
    juge.get(send(juge, q="intercommunale charges"))
    with archive.orc.database.reading() as session:
        row = session.scalars(select(Ecriture).order_by(Ecriture.id.desc()).limit(1)).one()
        assert row.scelle
        assert "intercommunale charges" in row.details


def test_no_log_of_ours_holds_a_word_of_it(
    ouvrir: Ouvrir, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    juge = ouvrir("juge")
    juge.get(send(juge, q="motsecret"))
    juge.get("/recherche?r=inventee")
    ours = [r for r in caplog.records if r.name.startswith(("orc", "uvicorn"))]
    assert ours
    assert not [r for r in ours if "motsecret" in f"{r.getMessage()} {vars(r)}"]


def test_others_keep_addresses_that_people_read(ouvrir: Ouvrir) -> None:
    assert ouvrir("comptable").get("/recherche?q=école").status_code == 200
    where = send(ouvrir("comptable"), q="école", exercice="2022")
    assert where == "/recherche?q=%C3%A9cole&exercice=2022"


def test_a_program_of_a_juge_puts_no_word_in_an_address(ouvrir: Ouvrir) -> None:
    juge = ouvrir("juge")
    assert juge.get("/api/v1/recherche").status_code == 200
    assert juge.get("/api/v1/recherche?q=participation").status_code == 403


def test_a_nir_that_is_searched_is_not_kept(ouvrir: Ouvrir, archive: Archive) -> None:
    send(ouvrir("juge"), q="1 85 05 78 006 084 36")
    with archive.orc.database.reading() as session:
        kept = session.scalars(select(RechercheScellee.requete)).all()
    assert not [requete for requete in kept if "006" in requete and "084" in requete]


def test_what_nobody_opened_is_forgotten_and_what_was_opened_stays(database: Database) -> None:
    with database.writing() as session:
        alice, bob = make_personne(session, "alice"), make_personne(session, "bob")
        cles = seal_recherches(session, alice, ["q=vue", "q=proposee"])
        mark_seen(session, alice, cles["q=vue"])
        session.execute(update(RechercheScellee).values(cree_le=read_now() - 2 * KEPT_UNSEEN))
        assert seal_recherches(session, alice, ["q=vue"]) == {"q=vue": cles["q=vue"]}
        assert find_requete(session, alice, cles["q=proposee"]) is None
        assert find_requete(session, alice, cles["q=vue"]) == "q=vue"
        assert find_requete(session, bob, cles["q=vue"]) is None
        assert seal_recherches(session, bob, ["q=vue"])["q=vue"] != cles["q=vue"]
