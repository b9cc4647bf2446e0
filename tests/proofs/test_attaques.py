"""One test for each classical attack: what it tries, and that it gets nothing."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from orc.domain import Role
from orc.models import Cloture, Habilitation, Personne, SessionWeb
from tests.archive import MOT_DE_PASSE, Archive, make_archive
from tests.web.matrice import ROUTES, VARIABLE, Essai, make_cases, open_essai
from web.security import COOKIE

AILLEURS = "https://mechant.example/piege"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("attaques")) as made:
        yield made


@pytest.fixture(scope="module")
def essai(archive: Archive) -> Iterator[Essai]:
    with open_essai(archive) as made:
        yield made


def log_in(essai: Essai, cookie: str, suite: str = "/") -> dict[str, str]:
    """Log in as a browser that holds this session cookie already; the headers of the answer."""
    page = essai.send("GET", "/connexion", headers={"cookie": f"{COOKIE}={cookie}"})
    jeton = re.search(r'name="jeton" value="([^"]+)"', page.text)
    assert jeton is not None
    fields = {
        "jeton": jeton[1], "identifiant": "ordonnateur", "mot_de_passe": MOT_DE_PASSE,
        "suite": suite,
    }  # fmt: skip
    answer = essai.send(
        "POST",
        "/connexion",
        data=fields,
        headers={"cookie": f"{COOKIE}={cookie}; orc_avant={jeton[1]}"},
    )
    assert answer.status == 303, answer.text
    return dict(answer.headers)


def test_session_fixation_a_key_chosen_before_the_login_opens_nothing(essai: Essai) -> None:
    chosen = "cle-choisie-par-un-autre"
    assert chosen not in log_in(essai, chosen)["set-cookie"]
    seen = essai.send("GET", "/recherche", headers={"cookie": f"{COOKIE}={chosen}"})
    assert seen.status == 303


def test_csrf_every_writing_route_refuses_a_form_without_the_token_of_its_session(
    essai: Essai, archive: Archive
) -> None:
    tried = 0
    for case in make_cases(archive, writes=True):
        if case.qui.nom not in {"comptable", "administrateur", "juge"}:
            continue
        for headers in ({}, {"x-jeton": essai.cookies["ordonnateur"][1]}):
            assert essai.ask(case, headers=headers).status in {401, 403}, case.nom
            tried += 1
    assert tried


def test_csrf_a_form_of_another_site_is_refused_even_with_the_token(
    essai: Essai, archive: Archive
) -> None:
    for case in make_cases(archive, writes=True):
        if case.qui.nom == "comptable":
            answer = essai.ask(case, jeton=True, headers={"sec-fetch-site": "cross-site"})
            assert answer.status == 403, case.nom


@pytest.mark.parametrize(
    "suite", [AILLEURS, "//mechant.example", "/\\mechant.example", "https:mechant.example", "\t//x"]
)
def test_open_redirect_the_login_leads_to_this_site_only(essai: Essai, suite: str) -> None:
    assert log_in(essai, "x", suite)["location"] == "/"


def test_open_redirect_no_route_leads_where_its_parameters_say(essai: Essai) -> None:
    for route in ROUTES:
        if "GET" not in (route.methods or ()):
            continue
        path = VARIABLE.sub("0", route.path)
        for name in ("suite", "next", "url", "redirect", "retour", "r"):
            for nom in ("", "comptable"):
                answer = essai.send("GET", path, nom, params={name: AILLEURS})
                where = answer.headers.get("location", "")
                assert not where or (where.startswith("/") and not where.startswith("//")), path


def test_header_injection_what_is_typed_makes_no_line_of_an_answer(essai: Essai) -> None:
    trap = "x\r\nset-cookie: piege=1\r\n\r\n<script>"
    for path in ("/recherche", "/connexion", "/parcourir", "/journal", "/journal.csv"):
        for nom in ("", "comptable", "juge"):
            for name in ("q", "suite", "qui", "acte"):
                answer = essai.send("GET", path, nom, params={name: trap})
                assert "piege" not in answer.headers.get("set-cookie", "")
                assert "<script>" not in answer.text.partition("</head>")[2]
                assert not [v for v in answer.headers.values() if "\r" in v or "\n" in v]
    answer = essai.send("GET", "/sante", headers={"x-request-id": "abcdefgh\tpiege: 1"})
    assert "piege" not in answer.headers["x-request-id"]


def test_mass_assignment_a_form_sets_only_what_its_page_asks(
    essai: Essai, archive: Archive
) -> None:
    more = {
        "role": "administrateur", "roles": "administrateur", "portee": "departement",
        "portee_cle": "33", "domaines": "paie", "droits": "contenu", "personne_id": "1",
        "identifiant": "administrateur", "id": "1", "scelle": "0", "desactive_le": "",
        "mot_de_passe_le": "2099-01-01", "provisoire": "0", "enregistree_par": "autre",
        "etat": "accordee", "decidee_par": "moi",
    }  # fmt: skip
    before = read_accounts(archive)
    for case in make_cases(archive, writes=True):
        if case.qui.nom in {"ordonnateur", "juge", "partenaire", "sans", "archiviste"}:
            essai.reopen(case.qui.nom)
            essai.ask(case, jeton=True, data=more)
            essai.reopen(case.qui.nom)
            essai.ask(case, jeton=True, json=more)
    assert read_accounts(archive) == before


def read_accounts(archive: Archive) -> tuple[object, ...]:
    """Who there is, what each was granted, what is closed."""
    with archive.orc.database.reading() as session:
        return (
            session.execute(
                select(Personne.identifiant, Personne.provisoire, Personne.desactive_le).order_by(
                    Personne.id
                )
            ).all(),
            session.execute(
                select(
                    Habilitation.personne_id, Habilitation.role, Habilitation.portee_cle,
                    Habilitation.domaines, Habilitation.droits,
                ).order_by(Habilitation.id)
            ).all(),
            session.scalar(select(func.count()).select_from(Cloture)),
        )  # fmt: skip


def test_host_header_no_answer_is_made_of_the_name_a_request_gives(essai: Essai) -> None:
    for nom in ("", "comptable", "administrateur"):
        for route in ROUTES:
            if "GET" not in (route.methods or ()):
                continue
            path = VARIABLE.sub("0", route.path)
            for address in (path, f"{path}/"):
                answer = essai.send(
                    "GET",
                    address,
                    nom,
                    headers={"host": "mechant.example", "x-forwarded-host": "mechant.example"},
                )
                assert "mechant" not in answer.text, address
                assert "mechant" not in str(answer.headers), address


def test_cache_no_private_answer_is_kept_by_the_browser_or_on_the_way(
    essai: Essai, archive: Archive
) -> None:
    for case in make_cases(archive, writes=False):
        if case.qui.nom == "paie":
            headers = essai.ask(case).headers
            assert headers["cache-control"] == "no-store", case.nom
            assert "etag" not in headers
            assert "last-modified" not in headers


def test_referrer_no_address_of_ours_is_told_to_another_site(
    essai: Essai, archive: Archive
) -> None:
    for case in make_cases(archive, writes=False):
        if case.qui.nom in {"", "ordonnateur", "juge"}:
            answer = essai.ask(case)
            assert answer.headers["referrer-policy"] in {"same-origin", "no-referrer"}, case.nom
            outside = re.findall(r'(?:src|action)="https?://[^"]*"', answer.text)
            assert not outside, case.nom


def test_a_session_of_an_account_that_is_disabled_is_no_session(
    essai: Essai, archive: Archive
) -> None:
    with archive.orc.database.reading() as session:
        query = select(SessionWeb).where(SessionWeb.personne_id == archive.personnes["desactive"])
        assert session.scalars(query).first() is not None
    assert essai.send("GET", "/", "desactive").status == 303


def test_a_rule_is_written_for_roles_that_exist() -> None:
    from web.acces import get_acces

    for route in ROUTES:
        rule = get_acces(route.endpoint)
        assert rule.roles is None or (rule.roles and rule.roles <= frozenset(Role))
