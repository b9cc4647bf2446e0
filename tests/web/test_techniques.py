"""API keys over HTTP, and the pages where a structure tends its technical accounts."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import select

from orc.domain import Role
from orc.identity.cles import CleNeuve, DroitApi, make_durees, remove_cle, rotate_cle
from orc.identity.comptes import (
    NouveauCompte,
    Octroi,
    create_compte,
    disable_compte,
    grant_habilitation,
    withdraw_habilitation,
)
from orc.identity.techniques import NouveauTechnique, create_technique
from orc.models import CleApi, Ecriture, Structure, Succession, read_now
from tests.archive import COMMUNAUTE, COMMUNE, MOT_DE_PASSE, Archive
from tests.web.serving import Navigateur, open_navigateur
from web import api, pages
from web.acces import find_routes
from web.cles import get_droits
from web.security import COOKIE

TOUS = frozenset(DroitApi)
CLE = re.compile(r'<code id="cle"[^>]*>(orc_[a-z0-9]{8}_[\w-]{43})</code>')
PEOPLE = {
    "gestion": Octroi(Role.GESTIONNAIRE, "collectivite", COMMUNE),
    "gestion-bocage": Octroi(Role.GESTIONNAIRE, "collectivite", COMMUNAUTE),
    "editeur": Octroi(Role.PARTENAIRE),
    "autre-editeur": Octroi(Role.PARTENAIRE),
}


@pytest.fixture(scope="module", autouse=True)
def _people(archive: Archive) -> None:
    with archive.orc.database.writing() as session:
        for nom, octroi in PEOPLE.items():
            made = create_compte(session, NouveauCompte(nom, nom, MOT_DE_PASSE), par="test")
            grant_habilitation(session, made, octroi, par="test")
        for siren in (COMMUNE, COMMUNAUTE):
            today, now = read_now().date(), read_now()
            session.add(Structure(siren=siren, depuis=today, accordee_par="test", accordee_le=now))


@dataclass
class Connecteur:
    """A program with a key."""

    numero: int
    identifiant: str
    cle: CleNeuve
    habilitation: int
    client: httpx.Client

    def get(self, path: str, **options: object) -> httpx.Response:
        return self.client.get(path, **options)  # type: ignore[arg-type]  # httpx's own


Brancher = Callable[..., Connecteur]


@pytest.fixture
def brancher(archive: Archive, address: str) -> Iterator[Brancher]:
    """`brancher(droits)`: a connector that reads the commune, with these droits."""
    made: list[httpx.Client] = []

    def plug(droits: frozenset[DroitApi] = TOUS, role: Role = Role.ORDONNATEUR) -> Connecteur:
        orc = archive.orc
        with orc.database.writing() as session:
            rank = len(session.scalars(select(CleApi.id)).all())
            nouveau = NouveauTechnique(COMMUNE, f"c{rank}", "Connecteur", "gestion", droits)
            numero = create_technique(session, nouveau, par="test")
            scope = ("collectivite", COMMUNE) if role != Role.ADMINISTRATEUR else ("rien", "")
            grant = grant_habilitation(session, numero, Octroi(role, *scope), par="test")
            cle = rotate_cle(session, numero, make_durees(orc.settings), par="test")
        headers = {"authorization": f"Bearer {cle.cle}"}
        made.append(httpx.Client(base_url=address, headers=headers, timeout=30, trust_env=False))
        return Connecteur(numero, f"ct-{COMMUNE}-c{rank}", cle, grant, made[-1])

    yield plug
    for client in made:
        client.close()


def test_a_key_sees_what_its_account_s_habilitations_open(
    archive: Archive, brancher: Brancher
) -> None:
    program = brancher()
    assert program.get("/api/v1/session").json() == {
        "identifiant": program.identifiant,
        "nom": "Connecteur",
        "roles": ["ordonnateur"],
        "jeton": "",
    }
    found = program.get("/api/v1/recherche", params={"q": "électricité"}).json()
    assert found["resultats"]
    seen = {name: program.get(f"/api/v1/pj/{n}").status_code for name, n in archive.pj.items()}
    with open_navigateur(str(program.client.base_url), "ordonnateur") as person:
        same = {name: person.get(f"/api/v1/pj/{n}").status_code for name, n in archive.pj.items()}
    assert seen == same
    assert {200, 404} == set(seen.values())
    with archive.orc.database.reading() as session:
        acts = session.scalars(select(Ecriture.acte).where(Ecriture.acteur == program.identifiant))
        assert {"recherche", "consultation"} <= set(acts)


def test_a_withdrawn_habilitation_closes_the_key_s_eyes_at_the_next_call(
    archive: Archive, brancher: Brancher
) -> None:
    program = brancher()
    assert program.get("/api/v1/recherche", params={"q": "électricité"}).status_code == 200
    with archive.orc.database.writing() as session:
        withdraw_habilitation(session, program.habilitation, par="test")
    assert program.get("/api/v1/recherche", params={"q": "électricité"}).status_code == 403


def test_a_withdrawn_key_is_refused_at_the_next_call(archive: Archive, brancher: Brancher) -> None:
    program = brancher()
    assert program.get("/api/v1/session").status_code == 200
    with archive.orc.database.writing() as session:
        remove_cle(session, program.numero, program.cle.id, par="test")
    answer = program.get("/api/v1/session")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert program.cle.cle not in answer.text


def test_the_key_of_a_disabled_account_is_refused(archive: Archive, brancher: Brancher) -> None:
    program = brancher()
    with archive.orc.database.writing() as session:
        disable_compte(session, program.identifiant, par="test")
    assert program.get("/api/v1/session").status_code == 401


@pytest.mark.parametrize("droit", list(DroitApi))
def test_a_key_calls_only_the_routes_of_its_droits(brancher: Brancher, droit: DroitApi) -> None:
    role = Role.ADMINISTRATEUR if droit == DroitApi.SANTE else Role.COMPTABLE
    program = brancher(frozenset({droit}), role)
    open_to = {
        DroitApi.RECHERCHE: "/api/v1/recherche?q=eau",
        DroitApi.CONSULTATION: "/api/v1/collectivites",
        DroitApi.EXPORT: "/api/v1/pj/1/original",
        DroitApi.SILO: "/api/v1/exercices",
        DroitApi.SANTE: "/api/v1/traitements",
    }
    refused = {d for d, path in open_to.items() if program.get(path).status_code == 403}
    assert droit not in refused
    assert refused >= set(DroitApi) - {droit, DroitApi.EXPORT}
    assert (DroitApi.EXPORT in refused) == (droit not in {DroitApi.EXPORT, DroitApi.CONSULTATION})


def test_no_page_and_no_writing_route_is_open_to_keys() -> None:
    assert not [r.path for r in find_routes(pages.ROUTERS) if get_droits(r.endpoint) is not None]
    opened = [r for r in find_routes(api.ROUTERS) if get_droits(r.endpoint) is not None]
    assert opened
    assert {method for route in opened for method in route.methods or ()} == {"GET"}


def test_a_key_opens_no_page(brancher: Brancher) -> None:
    program = brancher()
    answer = program.get("/recherche?q=eau")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/connexion")


def test_a_key_changes_nothing_though_it_needs_no_token(brancher: Brancher) -> None:
    program = brancher(role=Role.ADMINISTRATEUR)
    answer = program.client.post("/api/v1/traitements/relancer", json={"toutes": True})
    assert answer.status_code == 403
    assert "clés d’API" in answer.json()["erreur"]


def test_cookies_never_mix_with_keys(address: str, brancher: Brancher) -> None:
    program = brancher(frozenset({DroitApi.SILO}))
    with open_navigateur(address, "comptable") as person:
        cookie = person.client.cookies[COOKIE]
        both = person.client.get(
            "/api/v1/session", headers={"authorization": f"Bearer {program.cle.cle}"}
        )
        bad = person.client.get("/api/v1/session", headers={"authorization": "Bearer orc_faux"})
    assert both.json()["identifiant"] == program.identifiant
    assert both.json()["jeton"] == ""
    assert bad.status_code == 401
    assert cookie not in both.text
    assert "set-cookie" not in both.headers


def test_a_form_of_another_site_cannot_use_a_key_either(brancher: Brancher) -> None:
    program = brancher()
    answer = program.client.post(
        "/api/v1/traitements/relancer", json={}, headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403


def test_the_sight_of_a_key_is_written(archive: Archive, brancher: Brancher) -> None:
    program = brancher()
    program.get("/api/v1/session")
    with archive.orc.database.reading() as session:
        first = session.get_one(CleApi, program.cle.id).vue_le
    program.get("/api/v1/session")
    with archive.orc.database.reading() as session:
        assert session.get_one(CleApi, program.cle.id).vue_le == first
    assert first is not None


@pytest.fixture
def gestion(address: str) -> Iterator[Navigateur]:
    with open_navigateur(address, "gestion") as found:
        yield found


def create_by_form(who: Navigateur, nom: str, *droits: str, partenaire: str = "") -> str:
    page = "/comptes-techniques/nouveau"
    answer = who.client.post(
        page,
        data={
            "jeton": who.read_jeton(page),
            "siren": COMMUNE,
            "libelle": f"Connecteur {nom}",
            "nom_court": nom,
            "proprietaire": "gestion",
            "partenaire": partenaire,
            "droit": list(droits),
        },
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


def make_key(who: Navigateur, place: str) -> str:
    assert who.prove(place).headers["location"] == place
    text = who.get(place).text
    courante = re.search(r'name="courante" value="(\d+)"', text)
    assert courante is not None
    answer = who.post(f"{place}/cle", page=place, courante=courante[1])
    found = CLE.search(answer.text)
    assert found is not None, answer.text
    return found[1]


def ask(address: str, cle: str, path: str = "/api/v1/session") -> int:
    headers = {"authorization": f"Bearer {cle}"}
    return httpx.get(address + path, headers=headers, trust_env=False).status_code


def test_a_gestionnaire_makes_rotates_and_withdraws(address: str, gestion: Navigateur) -> None:
    place = create_by_form(gestion, "vie", "recherche")
    first = make_key(gestion, place)
    assert ask(address, first) == 200
    shown = gestion.get(place).text
    assert first not in shown
    assert first[:12] in shown
    second = make_key(gestion, place)
    assert (ask(address, first), ask(address, second)) == (200, 200)
    assert "Deux clés sont en service" in gestion.get(place).text
    oldest = re.findall(rf"{place}/cles/(\d+)/retirer", gestion.get(place).text)[-1]
    assert gestion.post(f"{place}/cles/{oldest}/retirer", page=place).status_code == 303
    assert (ask(address, first), ask(address, second)) == (401, 200)
    courante = re.search(r'name="courante" value="(\d+)"', gestion.get(place).text)
    assert courante is not None
    answer = gestion.post(f"{place}/reinitialiser", page=place, courante=courante[1])
    third = CLE.search(answer.text)
    assert third is not None
    assert (ask(address, second), ask(address, third[1])) == (401, 200)
    assert gestion.post(f"{place}/fermer", page=place).status_code == 409
    assert ask(address, third[1]) == 200
    assert gestion.post(f"{place}/fermer", page=place, confirme="oui").status_code == 303
    assert ask(address, third[1]) == 401
    assert "Ce compte est fermé" in gestion.get(place).text


def test_a_key_is_made_only_by_who_proves_again_who_it_is(archive: Archive, address: str) -> None:
    with open_navigateur(address, "gestion") as person:
        place = create_by_form(person, "preuve", "recherche")
        assert "vous sera d’abord redemandé" in person.get(place).text
        for act in ("cle", "reinitialiser"):
            answer = person.post(f"{place}/{act}", page=place, courante="0")
            assert answer.headers["location"] == f"/preuve?suite={quote(place, safe='')}"
            unknown = person.post(f"/comptes-techniques/987654321/{act}", page=place, courante="0")
            assert unknown.status_code == 404
        with archive.orc.database.reading() as session:
            numero = int(place.rpartition("/")[2])
            assert not session.scalars(select(CleApi).where(CleApi.personne_id == numero)).all()
        assert ask(address, make_key(person, place)) == 200
        assert "vous sera d’abord redemandé" not in person.get(place).text


def test_the_gestionnaire_of_a_successor_tends_what_its_predecessors_left(
    archive: Archive, address: str, gestion: Navigateur
) -> None:
    place = create_by_form(gestion, "ancien", "recherche")
    with archive.orc.database.writing() as session:
        succession = Succession(
            predecesseur=COMMUNE, successeur=COMMUNAUTE, depuis=read_now().date()
        )
        session.add(succession)
        session.flush()
    try:
        with open_navigateur(address, "gestion-bocage") as other:
            assert place in other.get("/comptes-techniques").text
            assert "ancien" in other.get("/structure").text
            assert ask(address, make_key(other, place)) == 200
            page = "/comptes-techniques/nouveau"
            assert COMMUNE not in other.get(page).text
            made = other.post(
                page, page=page, siren=COMMUNE, nom_court="x", proprietaire="gestion", droit="silo"
            )
            assert made.status_code == 404
    finally:
        with archive.orc.database.writing() as session:
            session.delete(session.get_one(Succession, succession.id))


def test_the_answer_that_shows_a_key_is_kept_by_no_cache(gestion: Navigateur) -> None:
    place = create_by_form(gestion, "cache", "recherche")
    gestion.prove(place)
    answer = gestion.post(f"{place}/cle", page=place, courante="0")
    assert CLE.search(answer.text)
    assert answer.headers["cache-control"] == "no-store"
    again = gestion.post(f"{place}/cle", page=place, courante="0")
    assert again.status_code == 409
    assert not CLE.search(again.text)


def test_the_accounts_of_another_structure_do_not_exist(address: str, gestion: Navigateur) -> None:
    place = create_by_form(gestion, "discret", "recherche")
    with open_navigateur(address, "gestion-bocage") as other:
        assert "discret" not in other.get("/comptes-techniques").text
        absent = other.get("/comptes-techniques/999999999")
        for path in (place, f"{place}/modifier"):
            assert other.get(path).status_code == 404
        title = re.search(r"<h1[^>]*>[^<]*", absent.text)
        assert title is not None
        assert title[0] in other.get(place).text
        for act in ("cle", "reinitialiser", "fermer", "modifier"):
            answer = other.post(f"{place}/{act}", page="/comptes-techniques/nouveau", courante="0")
            assert answer.status_code == 404, act
        page = "/comptes-techniques/nouveau"
        stolen = other.post(
            page, page=page, siren=COMMUNE, nom_court="x", proprietaire="gestion", droit="silo"
        )
        assert stolen.status_code == 404


def test_a_partenaire_tends_what_is_entrusted_to_it_and_nothing_else(
    archive: Archive, address: str, gestion: Navigateur
) -> None:
    place = create_by_form(gestion, "confie", "silo", partenaire="editeur")
    hidden = create_by_form(gestion, "garde", "silo")
    with open_navigateur(address, "editeur") as editeur:
        listed = editeur.get("/comptes-techniques").text
        assert place in listed
        assert hidden not in listed
        assert editeur.get(hidden).status_code == 404
        cle = make_key(editeur, place)
        assert ask(address, cle) == 200
        for path in ("/api/v1/recherche?q=eau", f"/api/v1/pj/{min(archive.pj.values())}"):
            assert ask(address, cle, path) == 403
        assert editeur.get("/comptes-techniques/nouveau").status_code == 403
        assert editeur.post(f"{place}/fermer", page=place).status_code == 403
        assert editeur.post(f"{place}/modifier", page=place, droit="recherche").status_code == 403
    with open_navigateur(address, "autre-editeur") as other:
        assert other.get(place).status_code == 404


def test_an_entrusted_account_that_would_read_is_refused(gestion: Navigateur) -> None:
    page = "/comptes-techniques/nouveau"
    answer = gestion.post(
        page,
        page=page,
        siren=COMMUNE,
        nom_court="lit",
        libelle="Lit",
        proprietaire="gestion",
        partenaire="editeur",
        droit="consultation",
    )
    assert answer.status_code == 422
    assert "ne lit aucun document" in answer.text


def test_passing_an_account_on_withdraws_its_keys(address: str, gestion: Navigateur) -> None:
    place = create_by_form(gestion, "passe", "silo", partenaire="editeur")
    cle = make_key(gestion, place)
    answer = gestion.post(
        f"{place}/modifier",
        page=f"{place}/modifier",
        droit="silo",
        proprietaire="gestion",
        partenaire="autre-editeur",
    )
    assert answer.headers["location"].endswith("fait=passe")
    assert ask(address, cle) == 401


@pytest.mark.parametrize("role", ["comptable", "ordonnateur", "juge", "archiviste"])
def test_others_have_no_technical_accounts(address: str, role: str) -> None:
    with open_navigateur(address, role) as person:
        assert person.get("/comptes-techniques").status_code == 403
        assert "Comptes techniques" not in person.get("/").text


def test_a_technical_account_never_logs_in(address: str, gestion: Navigateur) -> None:
    create_by_form(gestion, "muet", "recherche")
    with open_navigateur(address) as visitor:
        for password in ("", "\0 personne", MOT_DE_PASSE):
            answer = visitor.log_in(f"ct-{COMMUNE}-muet", password)
            assert answer.status_code in {403, 422, 429}
            assert COOKIE not in visitor.client.cookies


def test_whoever_s_structure_is_withdrawn_tends_nothing(
    archive: Archive, gestion: Navigateur
) -> None:
    place = create_by_form(gestion, "retrait", "silo")
    with archive.orc.database.writing() as session:
        structure = session.scalars(select(Structure).where(Structure.siren == COMMUNE)).one()
        structure.retiree_le = read_now()
    assert gestion.get(place).status_code == 404
    with archive.orc.database.writing() as session:
        session.get_one(Structure, structure.id).retiree_le = None
    assert gestion.get(place).status_code == 200
