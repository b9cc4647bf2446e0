"""Certificates handed on by a real nginx: enrolled under a password, believed from it alone."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from orc.errors import Invalid
from orc.identity.certificats import read_certificat
from orc.identity.comptes import disable_compte
from orc.identity.preuve import DUREE
from orc.models import CertificatClient, Ecriture, SessionWeb, read_now
from scripts.recettes import certificats, systeme
from tests.archive import MOT_DE_PASSE, Archive, make_archive
from tests.serveurs import start_private
from tests.web.serving import Navigateur, serve_at
from web.certificats import read_networks
from web.security import COOKIE

SECRET = "le secret du mandataire"


@dataclass
class Lieu:
    """An ORC behind nginx, and beside it."""

    archive: Archive
    direct: str
    public: str
    dossier: Path

    def make_certificate(self, name: str, **options: object) -> tuple[str, str]:
        if not (self.dossier / f"{name}.pem").exists():
            certificats.make_client(self.dossier, name, **options)  # type: ignore[arg-type]  # by its own names
        return str(self.dossier / f"{name}.pem"), str(self.dossier / f"{name}.key")

    def read_pem(self, name: str) -> str:
        return Path(self.make_certificate(name)[0]).read_text(encoding="ascii")

    @contextmanager
    def browse(self, certificate: str = "") -> Iterator[Navigateur]:
        """A browser that comes through nginx, with this certificate."""
        trust = ssl.create_default_context(cafile=str(self.dossier / "ca.pem"))
        if certificate:
            trust.load_cert_chain(*self.make_certificate(certificate))
        with httpx.Client(
            base_url=self.public, verify=trust, timeout=30, trust_env=False
        ) as client:
            yield Navigateur(client)


@pytest.fixture(scope="module")
def lieu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lieu]:
    port = systeme.find_port()
    with ExitStack() as stack:
        archive = stack.enter_context(
            make_archive(
                tmp_path_factory.mktemp("certificats"),
                mandataires="127.0.0.1",
                certificats_secret=SECRET,
            )
        )
        direct = stack.enter_context(serve_at(archive.orc, port))
        own = stack.enter_context(start_private("certificats", amont=port, secret=SECRET))
        yield Lieu(archive, direct, own.url, Path(own.serveur.details["dossier"]))


def enrol(lieu: Lieu, identifiant: str, certificate: str) -> None:
    with lieu.browse(certificate) as person:
        answer = person.log_in(identifiant)
        assert answer.headers["location"].startswith("/mes-portes?suite=")
        page = person.get(answer.headers["location"])
        assert f"CN={certificate}" in page.text
        # The password that opened the session is not asked for again.
        done = person.post("/mes-portes/certificat", page="/mes-portes", suite="/recherche")
        assert done.headers["location"] == "/recherche", done.text


def test_a_session_opened_long_ago_proves_itself_before_it_takes_a_certificate(
    lieu: Lieu,
) -> None:
    with lieu.browse("ivan") as person:
        person.log_in("comptable")
        with lieu.archive.orc.database.writing() as session:
            before = read_now() - DUREE
            session.execute(update(SessionWeb).values(ouverte_le=before))
        asked = person.post("/mes-portes/certificat", page="/mes-portes", suite="/recherche")
        back = "/mes-portes?suite=%2Frecherche"
        assert asked.headers["location"] == f"/preuve?suite={quote(back, safe='')}"
        person.prove("/mes-portes")
        done = person.post("/mes-portes/certificat", page="/mes-portes")
        assert done.status_code == 303, done.text


def enter(person: Navigateur) -> httpx.Response:
    return person.post("/connexion/certificat", page="/connexion", suite="/recherche")


def test_a_certificate_is_proposed_after_the_password_then_opens_the_account(lieu: Lieu) -> None:
    with lieu.browse("alice") as person:
        assert "avec mon certificat" not in person.get("/connexion").text
        assert enter(person).status_code == 403
    enrol(lieu, "comptable", "alice")
    with lieu.browse("alice") as person:
        assert "Se connecter avec mon certificat" in person.get("/connexion").text
        answer = enter(person)
        assert answer.headers["location"] == "/recherche"
        assert person.get("/recherche").status_code == 200
        assert "Comptable" in person.get("/mes-portes").text
        # Known already: the next login with the password goes straight on.
    with lieu.browse("alice") as person:
        assert person.log_in("comptable").headers["location"] == "/"
    with lieu.archive.orc.database.reading() as session:
        doors = set(session.scalars(select(SessionWeb.porte)))
        acts = set(session.scalars(select(Ecriture.acte).where(Ecriture.acteur == "comptable")))
    assert doors == {"certificat", "mot_de_passe"}
    assert "certificat_enrole" in acts


def test_a_certificate_opens_one_account_only(lieu: Lieu) -> None:
    enrol(lieu, "ordonnateur", "bob")
    with lieu.browse("bob") as person:
        person.log_in("juge")
        page = person.get("/mes-portes").text
        assert "L’enregistrer sur mon compte" not in page
        person.prove("/mes-portes")
        assert person.post("/mes-portes/certificat", page="/mes-portes").status_code == 422


def test_a_session_that_came_by_a_certificate_adds_no_door(lieu: Lieu) -> None:
    enrol(lieu, "paie", "carole")
    with lieu.browse("carole") as person:
        enter(person)
        cookie = person.client.cookies[COOKIE]
        jeton = person.read_jeton("/mes-portes")
    with lieu.browse("carole2") as person:
        person.client.cookies.set(COOKIE, cookie, domain="127.0.0.1")
        answer = person.client.post("/mes-portes/certificat", data={"jeton": jeton})
        assert answer.status_code == 403


def test_a_withdrawn_certificate_closes_its_sessions_and_never_serves_again(lieu: Lieu) -> None:
    enrol(lieu, "archiviste", "denis")
    with lieu.browse("denis") as by_certificate, lieu.browse() as by_password:
        enter(by_certificate)
        assert by_certificate.get("/").status_code == 200
        by_password.log_in("archiviste")
        found = by_password.get("/mes-portes").text
        numero = found.partition("/mes-portes/certificats/")[2].partition("/")[0]
        place = f"/mes-portes/certificats/{numero}/retirer"
        assert by_password.post(place, page="/mes-portes").status_code == 303
        assert by_certificate.get("/").status_code == 303
        assert enter(by_certificate).status_code == 403
        assert by_password.get("/").status_code == 200
    with lieu.browse("denis") as person:
        person.log_in("archiviste")
        person.prove("/mes-portes")
        assert person.post("/mes-portes/certificat", page="/mes-portes").status_code == 422


def test_the_certificate_of_somebody_else_cannot_be_withdrawn(lieu: Lieu) -> None:
    enrol(lieu, "administrateur", "eve")
    with lieu.archive.orc.database.reading() as session:
        numero = session.scalars(select(CertificatClient.id)).all()[-1]
    with lieu.browse() as person:
        person.log_in("juge")
        place = f"/mes-portes/certificats/{numero}/retirer"
        assert person.post(place, page="/mes-portes").status_code == 404


def test_a_disabled_account_refuses_its_certificate(lieu: Lieu) -> None:
    enrol(lieu, "partenaire", "felix")
    with lieu.archive.orc.database.writing() as session:
        disable_compte(session, "partenaire", par="test")
    with lieu.browse("felix") as person:
        assert "avec mon certificat" not in person.get("/connexion").text
        assert enter(person).status_code == 403
        assert COOKIE not in person.client.cookies


def test_a_server_s_certificate_names_nobody(lieu: Lieu) -> None:
    lieu.make_certificate("serveur", usage="serverAuth")
    pem = lieu.read_pem("serveur")
    with pytest.raises(Invalid):
        read_certificat(pem).check()
    with pytest.raises(Invalid):
        read_certificat((lieu.dossier / "ca.pem").read_text(encoding="ascii")).check()


def test_an_expired_certificate_opens_nothing(lieu: Lieu) -> None:
    enrol(lieu, "juge", "gaston")
    found = read_certificat(lieu.read_pem("gaston"))
    with pytest.raises(Invalid):
        found.check(found.expire_le)
    with pytest.raises(Invalid):
        found.check(found.debute_le.replace(year=2001))
    with lieu.archive.orc.database.writing() as session:
        row = session.scalars(
            select(CertificatClient).where(CertificatClient.empreinte == found.empreinte)
        ).one()
        row.expire_le = row.enrole_le
    with lieu.browse("gaston") as person:
        assert enter(person).status_code == 403


def test_what_a_browser_says_of_certificates_goes_no_further_than_nginx(lieu: Lieu) -> None:
    enrol(lieu, "comptable", "henri")
    lies = {
        "x-orc-mandataire": SECRET,
        "x-orc-certificat-verifie": "SUCCESS",
        "x-orc-certificat": quote(lieu.read_pem("henri")),
    }
    with lieu.browse() as person:
        person.client.headers.update(lies)
        assert "avec mon certificat" not in person.get("/connexion").text
        assert enter(person).status_code == 403


PARTS = ("x-orc-mandataire", "x-orc-certificat-verifie", "x-orc-certificat")


@pytest.mark.parametrize("wrong", [*PARTS, "secret", "verdict", "twice"])
def test_without_one_of_the_three_headers_nothing_is_believed(lieu: Lieu, wrong: str) -> None:
    """Straight to ORC, from the address of the proxy: the secret is what is left to tell."""
    name = f"ines-{wrong}".replace("_", "-")
    enrol(lieu, "comptable", name)
    honest = {
        "x-orc-mandataire": SECRET,
        "x-orc-certificat-verifie": "SUCCESS",
        "x-orc-certificat": quote(lieu.read_pem(name)),
    }
    headers = list(honest.items())
    with httpx.Client(base_url=lieu.direct, headers=headers, trust_env=False) as client:
        assert "avec mon certificat" in client.get("/connexion").text
    if wrong in PARTS:
        headers = [(k, v) for k, v in headers if k != wrong]
    elif wrong == "secret":
        headers[0] = ("x-orc-mandataire", "un autre secret")
    elif wrong == "verdict":
        headers[1] = ("x-orc-certificat-verifie", "FAILED:unable to verify")
    else:
        headers.append(headers[2])
    with httpx.Client(base_url=lieu.direct, headers=headers, trust_env=False) as client:
        assert "avec mon certificat" not in client.get("/connexion").text


@pytest.mark.parametrize("setting", ["mandataires", "certificats_secret"])
def test_without_the_two_settings_nothing_is_believed(
    lieu: Lieu, tmp_path: Path, setting: str
) -> None:
    """Not the proxy's address: 192.0.2.1 is nobody's (RFC 5737)."""
    given = {"mandataires": "127.0.0.1", "certificats_secret": SECRET}
    given[setting] = "192.0.2.1" if setting == "mandataires" else ""
    headers = {
        "x-orc-mandataire": given["certificats_secret"],
        "x-orc-certificat-verifie": "SUCCESS",
        "x-orc-certificat": quote(lieu.read_pem("jeanne")),
    }
    with (
        make_archive(tmp_path, **given) as archive,
        serve_at(archive.orc, 0) as address,
        httpx.Client(base_url=address, headers=headers, trust_env=False) as client,
    ):
        answer = Navigateur(client).log_in("comptable")
        assert answer.headers["location"] == "/"
        assert "avec mon certificat" not in client.get("/connexion").text


def test_nobody_is_everybody() -> None:
    with pytest.raises(Invalid):
        read_networks("*")
    assert not read_networks("")


@given(st.text(max_size=300))
def test_whatever_is_presented_is_a_certificate_or_a_refusal(text: str) -> None:
    with pytest.raises(Invalid):
        read_certificat(text)


def test_a_damaged_certificate_is_a_refusal(lieu: Lieu) -> None:
    pem = lieu.read_pem("karl")
    for cut in range(0, len(pem), 40):
        with pytest.raises(Invalid):
            read_certificat(pem[:cut] + pem[cut + 40 :].replace("A", "?"))


def test_the_password_of_tests_is_what_opens_without_certificate(lieu: Lieu) -> None:
    with lieu.browse() as person:
        assert person.log_in("comptable", MOT_DE_PASSE).headers["location"] == "/"
