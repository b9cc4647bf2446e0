"""The pages around the login and of one's own account, as each person goes through them."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from orc.domain import Role
from orc.identity.comptes import (
    NouveauCompte,
    Octroi,
    create_compte,
    grant_habilitation,
    reset_mot_de_passe,
)
from orc.identity.totp import make_code
from orc.models import Message, Personne, read_now
from tests.archive import MOT_DE_PASSE, Archive, make_archive
from tests.web.serving import Navigateur, open_navigateur, serve
from web.navigateurs import name_navigateur
from web.security import COOKIE

NOUVEAU = "agrafe juste tortue"


@contextmanager
def open_site(folder: Path, **settings: object) -> Iterator[tuple[Archive, str]]:
    with make_archive(folder, **settings) as archive, serve(archive.orc) as address:
        yield archive, address


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Archive, str]]:
    folder = tmp_path_factory.mktemp("portail")
    contacts = folder / "contacts.csv"
    contacts.write_text("departement;libelle;courriel\n33;DRFiP Gironde;aide33@example.fr\n")
    applications = folder / "applications.json"
    applications.write_text(
        json.dumps(
            [
                {"nom": "Hélios", "adresse": "https://helios.example/", "roles": ["comptable"],
                 "codique": True},
                {"nom": "Chorus Pro", "adresse": "https://chorus.example/"},
            ]
        )
    )  # fmt: skip
    with open_site(
        folder,
        contacts=str(contacts),
        applications=str(applications),
        guide="https://guide.example/",
        assistance="05 56 00 00 00",
        droits_contact="dpd@example.fr",
    ) as found:
        yield found


Arriver = Callable[[str], Navigateur]


@pytest.fixture
def arriver(site: tuple[Archive, str]) -> Iterator[Arriver]:
    """`arriver("alice-xt")`: a new account (ordonnateur) and a browser logged in as it."""
    archive, address = site
    opened = []

    def make(identifiant: str) -> Navigateur:
        with archive.orc.database.writing() as session:
            compte = NouveauCompte(
                identifiant, identifiant, MOT_DE_PASSE, f"{identifiant}@example.fr",
                mobile="0612345678", departement="33",
            )  # fmt: skip
            personne = create_compte(session, compte, par="test")
            grant_habilitation(session, personne, Octroi(Role.JUGE), par="test")
        context = open_navigateur(address, identifiant)
        opened.append(context)
        return context.__enter__()

    yield make
    for context in opened:
        context.__exit__(None, None, None)


def read_code(archive: Archive, destinataire: str) -> str:
    with archive.orc.database.reading() as session:
        query = select(Message.corps).where(Message.destinataire == destinataire)
        corps = session.scalars(query.order_by(Message.id.desc())).first()
    found = re.search(r"\b\d{8}\b", corps or "")
    assert found is not None
    return found[0]


def prove(browser: Navigateur, suite: str = "/compte") -> None:
    answer = browser.post("/preuve", page=f"/preuve?suite={suite}", code=MOT_DE_PASSE, suite=suite)
    assert answer.headers["location"] == suite


def test_the_login_shows_conditions_fraud_alert_guide_and_assistance(
    site: tuple[Archive, str],
) -> None:
    with open_navigateur(site[1]) as browser:
        text = browser.get("/connexion").text
        assert "Alerte fraude." in text
        assert 'href="https://guide.example/"' in text
        assert "05 56 00 00 00" in text
        assert 'href="/oubli"' in text
        conditions = browser.get("/conditions").text
        assert "personnels" in conditions
        assert "323-1" in conditions


def test_texts_of_the_settings_replace_ours(tmp_path: Path) -> None:
    file = tmp_path / "conditions.txt"
    file.write_text("Première <clause>.\n\nSeconde.\n", encoding="utf-8")
    with (
        open_site(tmp_path / "site", conditions=str(file), alerte_fraude="") as (_, address),
        open_navigateur(address) as browser,
    ):
        assert "Alerte fraude" not in browser.get("/connexion").text
        conditions = browser.get("/conditions").text
        assert "<p>Première &lt;clause&gt;.</p>" in conditions
        assert "323-1" not in conditions


def test_home_says_when_the_password_expires_and_which_applications_are_open(
    site: tuple[Archive, str],
) -> None:
    archive, address = site
    with archive.orc.database.writing() as session:
        personne = session.get_one(Personne, archive.personnes["comptable"])
        personne.mot_de_passe_le = read_now().replace(year=2026, month=12, day=1, hour=12)
    with open_navigateur(address, "comptable") as browser:
        text = browser.get("/").text
        assert "Expiration de votre mot de passe le 1ᵉʳ\u00a0décembre 2027" in text
        assert (
            'href="https://helios.example/">Hélios</a> <span class="orc-discret">(033012)' in text
        )
        assert "Première connexion" in text
    with open_navigateur(address, "ordonnateur") as browser:
        text = browser.get("/").text
        assert "Hélios" not in text
        assert "Chorus Pro" in text
    with open_navigateur(address, "comptable") as browser:
        assert "Dernière connexion le " in browser.get("/").text


def test_an_expired_password_says_whom_to_ask(site: tuple[Archive, str]) -> None:
    archive, address = site
    with archive.orc.database.writing() as session:
        compte = NouveauCompte("vieux-xt", "V", MOT_DE_PASSE, departement="33")
        personne = session.get_one(Personne, create_compte(session, compte, par="test"))
        personne.mot_de_passe_le = read_now().replace(year=2020)
    with open_navigateur(address) as browser:
        answer = browser.log_in("vieux-xt")
        assert answer.status_code == 403
        assert "aide33@example.fr" in answer.text
        assert COOKIE not in browser.client.cookies
        assert browser.log_in("vieux-xt", "pas le bon").text.count("aide33") == 0


def test_a_provisional_password_opens_one_page_only(
    site: tuple[Archive, str], arriver: Arriver
) -> None:
    arriver("nouvelle-xt")
    with site[0].orc.database.writing() as session:
        given = reset_mot_de_passe(session, "nouvelle-xt", par="test")
    with open_navigateur(site[1]) as browser:
        assert browser.log_in("nouvelle-xt", given).status_code == 303
        for path in ("/", "/compte", "/recherche", "/sessions", "/preuve"):
            assert browser.get(path).headers["location"] == "/mot-de-passe", path
        assert browser.get("/api/v1/session").status_code == 403
        weak = browser.post(
            "/mot-de-passe",
            page="/mot-de-passe",
            nouveau="motdepasse2026",
            confirmation="motdepasse2026",
        )
        assert weak.status_code == 422
        assert "très faible" in weak.text
        differ = browser.post(
            "/mot-de-passe", page="/mot-de-passe", nouveau=NOUVEAU, confirmation="x"
        )
        assert "diffèrent" in differ.text
        before = browser.client.cookies[COOKIE]
        done = browser.post(
            "/mot-de-passe", page="/mot-de-passe", nouveau=NOUVEAU, confirmation=NOUVEAU
        )
        assert done.headers["location"] == "/compte?fait=mot-de-passe"
        assert browser.client.cookies[COOKIE] != before
        assert browser.get("/").status_code == 200


def test_changing_a_password_asks_for_the_one_in_force(arriver: Arriver) -> None:
    browser = arriver("change-xt")
    fields = {"nouveau": NOUVEAU, "confirmation": NOUVEAU}
    wrong = browser.post("/mot-de-passe", page="/mot-de-passe", actuel="non", **fields)
    assert "actuel n’est pas le bon" in wrong.text
    same = browser.post(
        "/mot-de-passe", page="/mot-de-passe", actuel=MOT_DE_PASSE, nouveau=MOT_DE_PASSE,
        confirmation=MOT_DE_PASSE,
    )  # fmt: skip
    assert "jamais servi" in same.text
    done = browser.post("/mot-de-passe", page="/mot-de-passe", actuel=MOT_DE_PASSE, **fields)
    assert done.status_code == 303
    assert NOUVEAU not in wrong.text + same.text


def test_a_forgotten_password_is_replaced_by_a_code_of_the_mobile(
    site: tuple[Archive, str], arriver: Arriver
) -> None:
    arriver("oublieux-xt")
    with open_navigateur(site[1]) as browser:
        asked = browser.post("/oubli", page="/oubli", identifiant="oublieux-xt")
        assert "Si ce compte existe" in asked.text
        code = read_code(site[0], "+33612345678")
        wrong = browser.post("/oubli/code", page="/oubli", identifiant="oublieux-xt", code="1")
        assert wrong.status_code == 403
        entered = browser.post("/oubli/code", page="/oubli", identifiant="oublieux-xt", code=code)
        assert entered.headers["location"] == "/mot-de-passe"
        assert browser.get("/").headers["location"] == "/mot-de-passe"
        done = browser.post(
            "/mot-de-passe", page="/mot-de-passe", nouveau=NOUVEAU, confirmation=NOUVEAU
        )
        assert done.status_code == 303
        assert browser.get("/").status_code == 200


def test_the_answer_and_its_time_do_not_say_whether_an_account_exists(
    site: tuple[Archive, str], arriver: Arriver
) -> None:
    arriver("discrete-xt")
    said, times = [], []
    with open_navigateur(site[1]) as browser:
        for identifiant in ("discrete-xt", "inconnue-xt"):
            jeton = browser.read_jeton("/oubli")
            began = time.monotonic()
            answer = browser.client.post(
                "/oubli", data={"jeton": jeton, "identifiant": identifiant}
            )
            times.append(time.monotonic() - began)
            said.append(answer.text.replace(identifiant, "").replace(jeton, ""))
    assert said[0] == said[1]
    assert min(times) >= 0.4


def test_an_address_and_a_mobile_are_changed_after_a_proof_and_a_code(
    site: tuple[Archive, str], arriver: Arriver
) -> None:
    browser = arriver("mobile-xt")
    # What does not exist asks for no proof.
    assert browser.get("/compte/nom").status_code == 404
    assert browser.post("/compte/nom/code", code="1").status_code == 404
    asked = browser.get("/compte/mobile")
    assert asked.headers["location"] == "/preuve?suite=%2Fcompte%2Fmobile"
    refused = browser.post(
        "/preuve", page="/preuve?suite=/compte/mobile", code="non", suite="/compte"
    )
    assert refused.status_code == 403
    prove(browser, "/compte/mobile")
    for quoi, valeur, kept in (
        ("mobile", "07 11 22 33 44", "+33711223344"),
        ("courriel", "prenom.nom@example.fr", "prenom.nom@example.fr"),
    ):
        page = f"/compte/{quoi}"
        assert browser.post(page, page=page, valeur="n’importe quoi").status_code == 422
        assert browser.post(page, page=page, valeur=valeur).status_code == 303
        assert kept not in browser.get("/compte").text
        assert kept in browser.get(page).text
        assert browser.post(f"{page}/code", page=page, code="1").status_code == 422
        code = read_code(site[0], kept)
        done = browser.post(f"{page}/code", page=page, code=code)
        assert done.headers["location"] == f"/compte?fait={quoi}"
        assert kept in browser.get("/compte").text
    assert browser.post("/compte/mobile/retrait").status_code == 303
    assert "aucun : un mot de passe" in browser.get("/compte").text
    assert browser.get("/compte/nom").status_code == 404
    assert "dpd@example.fr" in browser.get("/compte").text


def test_the_proof_leads_back_to_this_site_only(arriver: Arriver) -> None:
    browser = arriver("preuve-xt")
    answer = browser.post("/preuve", code=MOT_DE_PASSE, suite="https://ailleurs.example/")
    assert answer.headers["location"] == "/"
    assert browser.get("/preuve?suite=//ailleurs.example").headers["location"] == "/"


def test_sessions_are_listed_and_closed_one_by_one_or_all(
    site: tuple[Archive, str], arriver: Arriver
) -> None:
    here = arriver("sessions-xt")
    with (
        open_navigateur(site[1], "sessions-xt") as other,
        open_navigateur(site[1], "sessions-xt") as third,
    ):
        text = here.get("/sessions").text
        assert text.count('name="numero"') == 3
        assert "127.0.0.1" in text
        for row in re.findall(r"<tr>.*?</tr>", text, re.DOTALL):
            if "celle-ci" not in row and (found := re.search(r'"numero" value="(\w+)"', row)):
                assert here.post("/sessions/fermer", numero=found[1]).status_code == 303
                break
        assert here.get("/sessions").text.count('name="numero"') == 2
        assert here.post("/sessions/fermer-autres").status_code == 303
        assert here.get("/sessions").text.count('name="numero"') == 1
        assert other.get("/").status_code == third.get("/").status_code == 303
    assert here.get("/").status_code == 200


def test_nobody_closes_the_session_of_somebody_else(arriver: Arriver) -> None:
    one, two = arriver("une-xt"), arriver("deux-xt")
    numero = re.search(r'"numero" value="(\w+)"', two.get("/sessions").text)
    assert numero is not None
    for tried in (numero[1], "", "%", "_" * 16):
        one.post("/sessions/fermer", numero=tried)
    assert two.get("/").status_code == 200
    assert one.get("/").status_code == 200


def test_a_role_that_needs_it_enrols_then_gives_its_code_at_each_login(tmp_path: Path) -> None:
    with open_site(tmp_path, second_facteur_roles="juge") as (_, address):
        with open_navigateur(address, "juge") as browser:
            assert browser.get("/recherche").headers["location"] == "/second-facteur"
            assert "Mettre en place" in browser.get("/second-facteur").text
            page = {"page": "/second-facteur"}
            assert browser.post("/second-facteur/debut", **page).status_code == 303
            text = browser.get("/second-facteur").text
            assert 'src="data:image/svg+xml' in text
            found = re.search(r'class="orc-secret">([A-Z2-7 ]+)<', text)
            assert found is not None
            secret = found[1].replace(" ", "")
            wrong = browser.post("/second-facteur/confirmation", **page, code="000000")
            assert wrong.status_code == 422
            pas = int(time.time()) // 30
            done = browser.post(
                "/second-facteur/confirmation", **page, code=make_code(secret, pas - 1)
            )
            codes = re.findall(r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>", done.text)
            assert len(codes) == 10
            assert browser.get("/").status_code == 200
            assert codes[0] not in browser.get("/second-facteur").text
        with open_navigateur(address) as browser:
            browser.log_in("juge")
            assert browser.get("/").headers["location"] == "/second-facteur/code"
            assert browser.get("/second-facteur").headers["location"] == "/second-facteur/code"
            before = browser.client.cookies[COOKIE]
            page = {"page": "/second-facteur/code"}
            assert browser.post("/second-facteur/code", **page, code="1").status_code == 403
            assert browser.post("/second-facteur/code", **page, code=codes[0]).status_code == 303
            assert browser.client.cookies[COOKIE] != before
            assert browser.get("/").status_code == 200
            assert browser.get("/second-facteur/code").headers["location"] == "/"
            assert browser.post("/second-facteur/retrait").status_code == 303
            assert browser.get("/").headers["location"] == "/second-facteur"
        with open_navigateur(address, "comptable") as browser:
            assert browser.get("/").status_code == 200


def test_the_local_mailbox_is_read_by_administrators_only_and_a_test_is_found_in_it(
    site: tuple[Archive, str],
) -> None:
    with open_navigateur(site[1], "administrateur") as browser:
        tried = browser.post("/messages/essai", page="/messages", adresse="essai@example.fr")
        assert tried.headers["location"] == "/messages?fait=essai"
        assert "essai@example.fr" in browser.get("/boite").text
        wrong = browser.post("/messages/essai", page="/messages", adresse="a@b\nBcc: c@d.fr")
        assert wrong.status_code == 422
        assert "boîte locale" in browser.get("/messages").text
    with open_navigateur(site[1], "comptable") as browser:
        assert browser.get("/boite").status_code == 403
        assert browser.get("/messages").status_code == 403


def test_where_messages_leave_there_is_no_mailbox(tmp_path: Path) -> None:
    leave = {"courriel": "smtp://127.0.0.1:9", "sms": "https://127.0.0.1:9/"}
    with (
        open_site(tmp_path, **leave, courriel_expediteur="Orc <orc@example.fr>") as (_, address),
        open_navigateur(address, "administrateur") as browser,
    ):
        assert browser.get("/boite").status_code == 404
        assert browser.get("/boite").text.count("introuvable") >= 1
        browser.post("/messages/essai", page="/messages", adresse="essai@example.fr")
        text = browser.get("/messages").text
        assert "essai@example.fr" in text
        assert "Si vous lisez ceci" not in text


def test_behind_tls_cookies_are_of_this_host_only_and_browsers_come_back_by_https(
    tmp_path: Path,
) -> None:
    with (
        open_site(tmp_path, cookie_secure=True) as (_, address),
        open_navigateur(address) as browser,
    ):
        answer = browser.get("/connexion")
        assert re.match(
            r"__Host-orc_avant=[\w-]{40,}; HttpOnly; Path=/; SameSite=lax; Secure",
            answer.headers["set-cookie"],
        )
        assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
        jeton = answer.headers["set-cookie"].partition("=")[2].partition(";")[0]
        entered = browser.client.post(
            "/connexion",
            data={"jeton": jeton, "identifiant": "comptable", "mot_de_passe": MOT_DE_PASSE},
            headers={"cookie": f"__Host-orc_avant={jeton}"},
        )
        assert entered.status_code == 303
        cookie = re.search(r"__Host-orc_session=([\w-]{40,})", entered.headers["set-cookie"])
        assert cookie is not None
        named = {"cookie": f"__Host-orc_session={cookie[1]}"}
        assert browser.client.get("/", headers=named).status_code == 200
        plain = {"cookie": f"orc_session={cookie[1]}"}
        assert browser.client.get("/", headers=plain).status_code == 303


def test_nothing_is_said_of_https_where_there_is_none(site: tuple[Archive, str]) -> None:
    with open_navigateur(site[1]) as browser:
        assert "strict-transport-security" not in browser.get("/connexion").headers


@pytest.mark.parametrize(
    ("agent", "nom"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0", "Firefox sur Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X) Chrome/1 Safari/537 Edg/1", "Edge sur macOS"),
        ("curl/8", "Navigateur inconnu"),
        ("<script>", "Navigateur inconnu"),
        ("Linux", "Linux"),
    ],
)
def test_a_browser_is_named_for_a_person(agent: str, nom: str) -> None:
    assert name_navigateur(agent) == nom
