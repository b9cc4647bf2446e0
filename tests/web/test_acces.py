"""Every route against every rôle: the rule written on it is the rule held."""

import re

import pytest
from fastapi.routing import APIRoute

from orc.domain import Role
from tests.archive import COMPTES, Archive
from tests.web.conftest import Ouvrir
from web import api, pages
from web.acces import (
    LECTEURS,
    Acces,
    SansRegle,
    acces_anonyme,
    check_routes,
    find_routes,
    get_acces,
)

ROUTES = tuple(find_routes((*pages.ROUTERS, *api.ROUTERS)))
ANONYMES = {
    "/aide/accessibilite",
    "/conditions",
    "/connexion",
    "/connexion/certificat",
    "/connexion/oidc",
    "/connexion/oidc/adieu",
    "/connexion/oidc/retour",
    "/connexion/oidc/sortir",
    "/oubli",
    "/oubli/code",
    "/sante",
}
_VARIABLE = re.compile(r"\{[^}]+\}")


def make_path(route: APIRoute) -> str:
    """An address of the route that names nothing."""
    return _VARIABLE.sub("0", route.path)


def name(route: APIRoute) -> str:
    return f"{sorted(route.methods or ())[0]} {route.path}"


def test_only_these_routes_answer_people_who_are_not_logged_in() -> None:
    assert {r.path for r in ROUTES if get_acces(r.endpoint).anonyme} == ANONYMES


def test_a_route_without_a_rule_keeps_the_server_from_starting() -> None:
    from fastapi import APIRouter

    router = APIRouter()

    @router.get("/oubli")
    def forgotten() -> None: ...

    with pytest.raises(SansRegle, match="forgotten"):
        check_routes([router])


def test_an_anonymous_rule_is_not_a_rule_for_everyone_logged_in() -> None:
    assert acces_anonyme(lambda: None).__acces__ == Acces(None)  # type: ignore[attr-defined]  # set by the rule
    assert Acces(frozenset()).allows(frozenset(Role)) is False


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_nobody_gets_in_without_logging_in(ouvrir: Ouvrir, route: APIRoute) -> None:
    if get_acces(route.endpoint).anonyme:
        return
    method = sorted(route.methods or ())[0]
    answer = ouvrir().client.request(method, make_path(route))
    if route.path.startswith("/api/"):
        assert answer.status_code == 401
        assert answer.json()["erreur"] == "Connexion nécessaire."
    else:
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/connexion")


@pytest.mark.parametrize("identifiant", sorted(COMPTES))
@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_a_role_gets_what_the_rule_says_and_nothing_more(
    ouvrir: Ouvrir, route: APIRoute, identifiant: str
) -> None:
    rule = get_acces(route.endpoint)
    method = sorted(route.methods or ())[0]
    if route.path in {"/connexion", "/deconnexion"}:
        return
    answer = ouvrir(identifiant).client.request(method, make_path(route))
    allowed = rule.allows(frozenset({COMPTES[identifiant].role}))
    if method != "GET":
        assert answer.status_code == 403, "neither the rule nor the token lets it through"
    elif allowed:
        assert answer.status_code != 403, answer.text
        assert answer.status_code < 500
    else:
        assert answer.status_code == 403


def test_rights_that_read_are_those_of_the_domain() -> None:
    assert {Role.ORDONNATEUR, Role.COMPTABLE, Role.JUGE, Role.ARCHIVISTE} == LECTEURS


@pytest.mark.parametrize("identifiant", ["ordonnateur", "comptable", "archiviste", "paie"])
def test_what_another_collectivite_holds_does_not_exist(
    ouvrir: Ouvrir, archive: Archive, identifiant: str
) -> None:
    browser = ouvrir(identifiant)
    foreign = archive.pieces["communaute/2022/70"]
    unknown = 123_456_789
    for address in ("/piece/{}", "/api/v1/pieces/{}"):
        seen, missing = browser.get(address.format(foreign)), browser.get(address.format(unknown))
        assert seen.status_code == missing.status_code == 404
        assert scrub(seen.text, foreign) == scrub(missing.text, unknown)


def scrub(text: str, number: int) -> str:
    """The answer without what must differ: its reference, its own address, the time it took."""
    text = re.sub(r"[0-9A-F]{4}-[0-9A-F]{4}", "", text)
    return text.replace(str(number), "")


def test_only_the_grant_of_a_reserved_domaine_shows_its_pieces(
    ouvrir: Ouvrir, archive: Archive
) -> None:
    paie = f"/piece/{archive.pieces['principal/2022/129']}"
    assert ouvrir("paie").get(paie).status_code == 200
    assert ouvrir("ordonnateur").get(paie).status_code == 404


def test_a_piece_of_an_open_exercice_is_not_shown(ouvrir: Ouvrir, archive: Archive) -> None:
    opened = f"/piece/{archive.pieces['principal/2024/1']}"
    assert ouvrir("comptable").get(opened).status_code == 404
