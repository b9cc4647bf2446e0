"""Logging in by the form, what every answer carries, forms that other sites send, faults."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from orc.models import Ecriture, SessionWeb
from tests.archive import MOT_DE_PASSE, Archive, make_archive
from tests.web.conftest import Ouvrir
from tests.web.serving import Navigateur, open_navigateur, serve
from web.security import BODY_MAX, COOKIE, make_local_path


@pytest.fixture
def visitor(address: str) -> Iterator[Navigateur]:
    """A new browser, not logged in."""
    with open_navigateur(address) as found:
        yield found


def test_a_page_asked_before_the_login_is_shown_after_it(visitor: Navigateur) -> None:
    asked = visitor.get("/recherche?q=école+eau&exercice=2022")
    assert asked.status_code == 303
    form = visitor.get(asked.headers["location"])
    suite = re.search(r'name="suite" value="([^"]+)"', form.text)
    assert suite is not None
    answer = visitor.log_in("comptable")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    again = visitor.post("/deconnexion", page="/aide/raccourcis")
    assert again.status_code == 303
    answer = visitor.post(
        "/connexion",
        page="/connexion",
        identifiant="comptable",
        mot_de_passe=MOT_DE_PASSE,
        suite=suite[1].replace("&amp;", "&"),
    )
    assert answer.headers["location"] == "/recherche?q=%C3%A9cole+eau&exercice=2022"


@pytest.mark.parametrize(
    "suite",
    [
        "https://ailleurs.example/",
        "//ailleurs.example/",
        "/\\ailleurs.example/",
        "\\\\ailleurs.example",
        "javascript:alert(1)",
        "/\t/ailleurs.example",
        "//[",
        "http://[",
        "ailleurs",
        "",
    ],
)
def test_the_login_never_leads_to_another_site(suite: str) -> None:
    assert make_local_path(suite) == "/"


@given(st.text(max_size=60))
def test_whatever_is_asked_the_login_stays_here(suite: str) -> None:
    path = make_local_path(suite)
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert not re.search(r"[\x00-\x1f\\]", path)


def test_the_cookie_is_out_of_reach_of_scripts(visitor: Navigateur) -> None:
    cookie = visitor.log_in("comptable").headers["set-cookie"]
    assert re.search(rf"{COOKIE}=[\w-]{{40,}}; HttpOnly; Path=/; SameSite=lax", cookie)
    assert "Max-Age" not in cookie.partition(COOKIE)[2].partition(",")[0]


def test_the_cookie_goes_over_https_only_where_the_setting_says(tmp_path: Path) -> None:
    with (
        make_archive(tmp_path, cookie_secure=True) as archive,
        serve(archive.orc) as address,
        open_navigateur(address) as browser,
    ):
        assert "Secure" in browser.get("/connexion").headers["set-cookie"]


def test_a_wrong_password_says_little_and_keeps_the_identifiant(visitor: Navigateur) -> None:
    answer = visitor.post(
        "/connexion", page="/connexion", identifiant="archiviste", mot_de_passe="non"
    )
    assert answer.status_code == 403
    assert "Identifiant ou mot de passe incorrect." in answer.text
    assert 'value="archiviste"' in answer.text
    assert "non" not in re.findall(r'value="([^"]*)"', answer.text)


def test_guessing_is_slowed_and_the_page_says_how_long(tmp_path: Path) -> None:
    with (
        make_archive(tmp_path) as archive,
        serve(archive.orc) as address,
        open_navigateur(address) as browser,
    ):
        guess = {"identifiant": "comptable", "mot_de_passe": "non"}
        for _ in range(5):
            assert browser.post("/connexion", page="/connexion", **guess).status_code == 403
        slowed = browser.post("/connexion", page="/connexion", **guess)
        assert slowed.status_code == 429
        assert int(slowed.headers["retry-after"]) >= 1
        assert "Attendez" in slowed.text
        # Nobody else is kept waiting.
        assert browser.log_in("ordonnateur").status_code == 303


def test_who_logs_out_is_out_even_with_the_old_cookie(
    visitor: Navigateur, archive: Archive
) -> None:
    visitor.log_in("comptable")
    cookie = visitor.client.cookies[COOKIE]
    assert visitor.get("/").status_code == 200
    assert visitor.post("/deconnexion").status_code == 303
    visitor.client.cookies.set(COOKIE, cookie)
    assert visitor.get("/").status_code == 303
    with archive.orc.database.reading() as session:
        last = session.scalars(select(Ecriture.acte).order_by(Ecriture.id.desc())).first()
        assert last == "deconnexion"


def test_each_login_changes_the_key(visitor: Navigateur, archive: Archive) -> None:
    visitor.client.cookies.set(COOKIE, "choisi-par-un-autre")
    visitor.log_in("comptable")
    assert visitor.client.cookies.get(COOKIE, path="/", domain="127.0.0.1") != "choisi-par-un-autre"
    with archive.orc.database.reading() as session:
        assert "choisi-par-un-autre" not in session.scalars(select(SessionWeb.cle)).all()


@pytest.mark.parametrize("jeton", ["", "un-autre", "é"])
def test_a_form_without_its_token_does_nothing(ouvrir: Ouvrir, jeton: str) -> None:
    browser = ouvrir("comptable")
    refused = browser.client.post("/deconnexion", data={"jeton": jeton})
    assert refused.status_code == 403
    assert "rien n’a été fait" in refused.text
    assert browser.get("/").status_code == 200


def test_a_login_form_of_another_site_is_refused(visitor: Navigateur) -> None:
    fields = {"identifiant": "comptable", "mot_de_passe": MOT_DE_PASSE}
    assert visitor.client.post("/connexion", data={**fields, "jeton": "x"}).status_code == 403
    jeton = visitor.read_jeton()
    refused = visitor.client.post(
        "/connexion",
        data={**fields, "jeton": jeton},
        headers={"sec-fetch-site": "cross-site"},
    )
    assert refused.status_code == 403


@pytest.mark.parametrize("path", ["/connexion", "/", "/nulle-part", "/api/v1/session", "/sante"])
def test_every_answer_is_closed_to_the_rest_of_the_web(ouvrir: Ouvrir, path: str) -> None:
    headers = ouvrir().get(path).headers
    csp = headers["content-security-policy"]
    assert "default-src 'none'" in csp
    assert "unsafe" not in csp
    assert "frame-ancestors 'none'" in csp
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_no_page_has_a_script_or_a_style_inside(ouvrir: Ouvrir) -> None:
    for path in ("/", "/recherche", "/aide/syntaxe", "/aide/raccourcis"):
        text = ouvrir("comptable").get(path).text
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text), path


def test_a_body_too_large_is_refused_before_it_is_read(ouvrir: Ouvrir) -> None:
    answer = ouvrir().client.post("/connexion", content=b"a" * (BODY_MAX + 1))
    assert answer.status_code == 413
    chunked = ouvrir().client.post("/connexion", content=iter([b"a", b"b"]))
    assert chunked.status_code == 413


def test_static_files_are_kept_for_ever_at_an_address_that_changes(ouvrir: Ouvrir) -> None:
    page = ouvrir().get("/connexion").text
    found = re.search(r'href="(/static/[0-9a-f]{12}/css/orc\.css)"', page)
    assert found is not None
    answer = ouvrir().get(found[1])
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert ouvrir().get("/static/000000000000/css/orc.css").status_code == 404
    assert ouvrir().get(found[1].replace("css/orc.css", "../../app.py")).status_code == 404


def test_a_fault_of_ours_gives_a_reference_and_nothing_else(tmp_path: Path) -> None:
    with (
        make_archive(tmp_path) as archive,
        serve(archive.orc) as address,
        open_navigateur(address, "comptable") as browser,
    ):
        with archive.orc.database.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE ligne")
        answer = browser.get(f"/piece/{archive.pieces['principal/2022/127']}")
        assert answer.status_code == 500
        assert re.search(r"[0-9A-F]{4}-[0-9A-F]{4}", answer.text)
        assert "ligne" not in answer.text.lower().replace("en ligne", "")
        assert answer.headers["content-security-policy"]
        api = browser.get(f"/api/v1/pieces/{archive.pieces['principal/2022/127']}")
        assert api.status_code == 500
        assert set(api.json()) == {"erreur", "reference"}


def test_an_unknown_page_says_so_in_french(ouvrir: Ouvrir) -> None:
    answer = ouvrir("comptable").get("/nulle-part")
    assert answer.status_code == 404
    assert "Page introuvable" in answer.text
    assert "Référence" in answer.text


def test_the_state_brand_is_shown_only_by_the_setting(tmp_path: Path, ouvrir: Ouvrir) -> None:
    assert "République" not in ouvrir().get("/connexion").text
    with (
        make_archive(tmp_path, marque_etat=True, nom_service="Archives 33") as archive,
        serve(archive.orc) as address,
        open_navigateur(address) as browser,
    ):
        text = browser.get("/connexion").text
        assert "République<br>Française" in text
        assert "<title>Connexion – Archives 33</title>" in text


def test_who_leaves_while_sending_is_no_fault(
    address: str, visitor: Navigateur, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = address.removeprefix("http://").split(":")
    head = (
        f"POST /connexion HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {address}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as leaving:
        leaving.sendall(head.encode() + b"identifiant=comp")
        # It is being read: another page is given meanwhile.
        assert visitor.get("/connexion").status_code == 200
    assert visitor.get("/connexion").status_code == 200
    assert [r.message for r in caplog.records if r.message == "faute"] == []
