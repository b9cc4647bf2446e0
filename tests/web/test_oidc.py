"""Logging in through a real OpenID provider (oidc-provider), and what ways back are refused."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import select

from orc.identity.oidc import RETOUR
from orc.models import Ecriture, IdentiteFederee, Personne, SessionWeb, read_now
from scripts.recettes import systeme
from tests.archive import Archive, make_archive
from tests.serveurs import start_private
from tests.web.serving import Navigateur, open_navigateur, serve_at
from web.pages.oidc import COOKIE_OIDC, RACINE
from web.security import COOKIE, COOKIE_AVANT

COMPTES = {
    "sub-ordonnateur": {
        "claims": {"email": "ordonnateur@exemple.fr", "email_verified": True},
        "amr": ["pwd"],
    },
    "sub-juge": {"claims": {"email": "juge@exemple.fr", "email_verified": True}, "amr": ["mfa"]},
    "sub-douteux": {"claims": {"email": "comptable@exemple.fr", "email_verified": False}},
    "sub-inconnu": {"claims": {"email": "personne@exemple.fr", "email_verified": True}},
}


@dataclass
class Lieu:
    """An ORC and a provider that know each other."""

    archive: Archive
    address: str
    fournisseur: str


@pytest.fixture(scope="module")
def lieu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lieu]:
    port = systeme.find_port()
    address = f"http://127.0.0.1:{port}"
    options = {
        "retours": [address + RETOUR],
        "adieux": [f"{address}/connexion"],
        "comptes": COMPTES,
    }
    with ExitStack() as stack:
        own = stack.enter_context(start_private("fournisseur", **options))
        archive = stack.enter_context(
            make_archive(
                tmp_path_factory.mktemp("oidc"),
                adresse_publique=address,
                oidc_emetteur=own.url,
                oidc_client_id=own.serveur.user,
                oidc_client_secret=own.serveur.password,
                oidc_lier="verifie",
            )
        )
        with archive.orc.database.writing() as session:
            for personne in session.scalars(select(Personne)):
                personne.courriel = f"{personne.identifiant}@exemple.fr"
                personne.courriel_verifie_le = read_now()
        stack.enter_context(serve_at(archive.orc, port))
        yield Lieu(archive, address, own.url)


@pytest.fixture
def visitor(lieu: Lieu) -> Iterator[Navigateur]:
    with open_navigateur(lieu.address) as found:
        yield found


def identify(visitor: Navigateur, start: str, login: str) -> str:
    """Follow the provider's pages as a browser does; gives the address of the way back."""
    answer = visitor.client.get(start)
    for _ in range(8):
        if answer.status_code == 200:
            action = re.search(r'action="([^"]+)"', answer.text)
            assert action is not None, answer.text
            base = urlsplit(str(answer.url))
            place = f"{base.scheme}://{base.netloc}{action[1]}"
            answer = visitor.client.post(place, data={"login": login})
            continue
        target = str(answer.url.join(answer.headers["location"]))
        if urlsplit(target).path == RETOUR:
            return target
        answer = visitor.client.get(target)
    raise AssertionError(answer.text)


def test_the_login_page_offers_the_provider(visitor: Navigateur) -> None:
    text = visitor.get("/connexion?suite=/recherche").text
    assert "S’identifier avec ProConnect" in text
    assert f"{RACINE}?suite=%2Frecherche" in text


def test_a_person_comes_in_goes_where_it_was_going_and_leaves_both(
    lieu: Lieu, visitor: Navigateur
) -> None:
    back = identify(visitor, f"{RACINE}?suite=/recherche%3Fq%3Deau", "sub-ordonnateur")
    before = visitor.client.cookies[COOKIE_AVANT]
    answer = visitor.get(back)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/recherche?q=eau"
    assert COOKIE_AVANT not in visitor.client.cookies
    assert visitor.client.cookies[COOKIE] != before
    assert visitor.get("/recherche?q=eau").status_code == 200
    with lieu.archive.orc.database.reading() as session:
        opened = session.scalars(select(SessionWeb).order_by(SessionWeb.ouverte_le.desc())).first()
        assert opened is not None
        assert (opened.porte, opened.second_facteur_le) == ("oidc", None)
        (link,) = session.scalars(
            select(IdentiteFederee).where(IdentiteFederee.sujet == "sub-ordonnateur")
        ).all()
        assert (link.emetteur, link.personne_id) == (
            lieu.fournisseur,
            lieu.archive.personnes["ordonnateur"],
        )
        acts = session.scalars(select(Ecriture.acte).where(Ecriture.acteur == "ordonnateur")).all()
        assert {"connexion", "identite_liee"} <= set(acts)
    left = visitor.post("/deconnexion", page="/aide/raccourcis")
    assert left.headers["location"] == f"{RACINE}/adieu"
    assert f"{RACINE}/sortir" in visitor.get(f"{RACINE}/adieu").text
    out = visitor.get(f"{RACINE}/sortir")
    sent = parse_qs(urlsplit(out.headers["location"]).query)
    assert out.headers["location"].startswith(f"{lieu.fournisseur}/session/end")
    assert sent["post_logout_redirect_uri"] == [f"{lieu.address}/connexion"]
    assert sent["id_token_hint"][0].count(".") == 2
    assert COOKIE_OIDC not in visitor.client.cookies
    known = visitor.client.get(out.headers["location"])
    assert known.status_code == 200, known.text


def test_a_second_factor_there_is_one_here(lieu: Lieu, visitor: Navigateur) -> None:
    assert visitor.get(identify(visitor, RACINE, "sub-juge")).status_code == 303
    with lieu.archive.orc.database.reading() as session:
        juge = lieu.archive.personnes["juge"]
        (opened,) = session.scalars(select(SessionWeb).where(SessionWeb.personne_id == juge)).all()
    assert opened.second_facteur_le is not None


@pytest.mark.parametrize("login", ["sub-inconnu", "sub-douteux"])
def test_whoever_is_not_linked_has_no_session(visitor: Navigateur, login: str) -> None:
    answer = visitor.get(identify(visitor, RACINE, login))
    assert answer.status_code == 403
    assert "aucun compte ORC n’est lié" in answer.text
    assert COOKIE not in visitor.client.cookies


def test_a_refusal_at_the_provider_is_said(visitor: Navigateur) -> None:
    answer = visitor.get(identify(visitor, RACINE, "celui qui n’existe pas"))
    assert answer.status_code == 403
    assert "n’a pas abouti" in answer.text


def test_a_way_back_that_was_used_is_refused(visitor: Navigateur) -> None:
    back = identify(visitor, RACINE, "sub-ordonnateur")
    avant = visitor.client.cookies[COOKIE_AVANT]
    assert visitor.get(back).status_code == 303
    visitor.client.cookies.clear()
    visitor.client.cookies.set(COOKIE_AVANT, avant, domain="127.0.0.1")
    assert visitor.get(back).status_code == 403
    assert COOKIE not in visitor.client.cookies


def test_a_way_back_opens_nothing_in_another_browser(lieu: Lieu, visitor: Navigateur) -> None:
    back = identify(visitor, RACINE, "sub-ordonnateur")
    with open_navigateur(lieu.address) as victim:
        victim.get("/connexion")
        assert victim.get(back).status_code == 403
        assert COOKIE not in victim.client.cookies
    with open_navigateur(lieu.address, "comptable") as logged:
        assert logged.get(back).status_code == 403
    # The one who left is still waited for.
    assert visitor.get(back).status_code == 303


@pytest.mark.parametrize("change", ["state", "code", "iss"])
def test_a_changed_way_back_is_refused(visitor: Navigateur, change: str) -> None:
    back = identify(visitor, RACINE, "sub-ordonnateur")
    sent = {k: v[0] for k, v in parse_qs(urlsplit(back).query).items()}
    assert {"state", "code", "iss"} <= sent.keys()
    sent[change] = "https://ailleurs.example" if change == "iss" else "faux"
    answer = visitor.client.get(RETOUR, params=sent)
    assert answer.status_code == 403
    assert COOKIE not in visitor.client.cookies


def test_a_way_back_never_leads_elsewhere(visitor: Navigateur) -> None:
    back = identify(visitor, f"{RACINE}?suite=https://ailleurs.example/", "sub-ordonnateur")
    assert visitor.get(back).headers["location"] == "/"


def test_an_account_is_linked_from_its_own_page_under_the_password(lieu: Lieu) -> None:
    with open_navigateur(lieu.address, "comptable") as person:
        asked = person.post("/mes-portes/oidc", page="/mes-portes")
        assert asked.headers["location"] == "/preuve?suite=%2Fmes-portes"
        person.prove("/mes-portes")
        page = person.post("/mes-portes/oidc", page="/mes-portes")
        found = re.search(r'href="(http[^"]+)"', page.text)
        assert found is not None
        back = identify(person, found[1].replace("&amp;", "&"), "sub-douteux")
        with open_navigateur(lieu.address, "ordonnateur") as thief:
            assert thief.get(back).status_code == 403
        assert person.get(back).headers["location"] == "/mes-portes?fait=liee"
        assert lieu.fournisseur in person.get("/mes-portes").text
    with open_navigateur(lieu.address) as visitor:
        assert visitor.get(identify(visitor, RACINE, "sub-douteux")).status_code == 303
        assert "Comptable" in visitor.get("/").text
        # A session that came by this door adds none.
        assert visitor.post("/mes-portes/oidc", page="/mes-portes").status_code == 403
    with open_navigateur(lieu.address, "comptable") as person:
        numero = re.search(r"/mes-portes/identites/(\d+)/retirer", person.get("/mes-portes").text)
        assert numero is not None
        place = f"/mes-portes/identites/{numero[1]}/retirer"
        assert person.post(place, page="/mes-portes").status_code == 303
    with open_navigateur(lieu.address) as visitor:
        assert visitor.get(identify(visitor, RACINE, "sub-douteux")).status_code == 403


def test_linking_needs_a_form_of_ours(lieu: Lieu) -> None:
    with open_navigateur(lieu.address, "paie") as person:
        assert person.client.post("/mes-portes/oidc").status_code == 403
        assert person.client.get("/mes-portes/oidc").status_code == 405


def test_without_the_setting_the_door_does_not_exist(address: str) -> None:
    for path in (RACINE, RETOUR, f"{RACINE}/adieu", f"{RACINE}/sortir"):
        assert httpx.get(address + path, trust_env=False).status_code == 404
    assert "ProConnect" not in httpx.get(f"{address}/connexion", trust_env=False).text


def test_no_secret_of_the_way_is_in_the_technical_log(
    visitor: Navigateur, caplog: pytest.LogCaptureFixture
) -> None:
    back = identify(visitor, RACINE, "sub-ordonnateur")
    sent = {k: v[0] for k, v in parse_qs(urlsplit(back).query).items()}
    visitor.client.get(RETOUR, params={**sent, "iss": "https://ailleurs.example"})
    assert "oidc refusé" in caplog.text
    assert sent["code"] not in caplog.text
    assert sent["state"] not in caplog.text
