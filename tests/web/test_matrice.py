"""Every person × every route × objects inside and outside its scope: rules held, nothing leaks."""

import html
import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import func, select, text

from orc.domain import Role
from orc.models import Base
from orc.retention.jobs import decide_waiting
from tests.archive import Archive, make_archive
from tests.web.matrice import (
    OBJETS,
    PERSONNAGES,
    ROUTES,
    SAFE,
    Case,
    Essai,
    Reponse,
    find_unfilled,
    make_cases,
    open_essai,
)
from web.acces import get_acces

# Routes with a verb that writes which a juge may call: its own account, session and searches.
DU_JUGE = {
    "/compte/mobile/retrait",
    "/compte/{quoi}",
    "/compte/{quoi}/code",
    "/connexion",
    "/connexion/certificat",
    "/deconnexion",
    "/mes-portes/certificat",
    "/mes-portes/certificats/{numero}/retirer",
    "/mes-portes/identites/{numero}/retirer",
    "/mes-portes/oidc",
    # The head of a mission adds its members.
    "/missions/{mission_id}/membres",
    "/missions/{mission_id}/membres/{habilitation_id}/retrait",
    "/mot-de-passe",
    "/oubli",
    "/oubli/code",
    "/preuve",
    "/recherche",
    "/second-facteur/code",
    "/second-facteur/confirmation",
    "/second-facteur/debut",
    "/second-facteur/retrait",
    "/sessions/fermer",
    "/sessions/fermer-autres",
}
# What a request leaves behind whoever sends it: the journal, the sessions, what slows logins down.
TRACES = {"journal", "session_web", "echec_connexion", "recherche_scellee"}
# The texts that answers of the administration hold: names of flows, never of a document.
MOTS = {nom: objet.mots for nom, objet in OBJETS.items()}

Rempli = list[tuple[Case, Reponse]]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("matrice")) as made:
        decide_waiting(made.orc.database, made.orc.settings)
        yield made


@pytest.fixture(scope="module")
def essai(archive: Archive) -> Iterator[Essai]:
    with open_essai(archive) as made:
        yield made


@pytest.fixture(scope="module")
def lues(essai: Essai, archive: Archive) -> Rempli:
    """Every reading request, and what came back."""
    return [(case, essai.ask(case)) for case in make_cases(archive, writes=False)]


def refusals(cases: Iterator[str]) -> list[str]:
    """At most fifty, so that a failure can be read."""
    return list(cases)[:50]


def test_every_route_has_what_the_matrix_needs() -> None:
    assert ROUTES
    assert not find_unfilled(), "tests/web/matrice.py : une ligne de PARAMETRES ou de AUTRES"


def test_a_new_parameter_without_a_sample_fails_the_build() -> None:
    from fastapi import APIRouter

    from web.acces import acces_connectes, find_routes

    router = APIRouter()

    @router.get("/oubli/{jamais_vu}")
    @acces_connectes
    def forgotten() -> None: ...

    assert find_unfilled(tuple(find_routes([router]))) == ["/oubli/{jamais_vu} : jamais_vu"]


def test_the_matrix_is_as_large_as_it_says(lues: Rempli, archive: Archive) -> None:
    written = sum(1 for _ in make_cases(archive, writes=True))
    by_status = Counter(answer.status for _, answer in lues)
    print(
        f"\nMatrice : {len(ROUTES)} routes × {len(PERSONNAGES)} personnes × {len(OBJETS)} objets : "
        f"{len(lues)} lectures ({dict(sorted(by_status.items()))}), {written} écritures deux fois."
    )
    assert len(lues) > len(ROUTES) * len(PERSONNAGES)


def test_no_reading_answers_whom_its_rule_keeps_out(lues: Rempli) -> None:
    assert not refusals(f"{c.nom} → {a.status}" for c, a in lues if not is_expected(c, a))


def is_expected(case: Case, answer: Reponse) -> bool:
    """Whether an answer is what the rule and the scope say of this request."""
    rule, status = get_acces(case.route.endpoint), answer.status
    if rule.anonyme or status >= 500:
        return status < 500
    if not case.qui.connecte:
        return status == (401 if case.route.path.startswith("/api/") else 303)
    if not case.qui.enters(rule):
        return status == 403
    if case.objet in OBJETS:
        return (status != 404) is case.sees
    # An archiviste has the counts of the silo only; a juge's words are in no address.
    held = case.route.path == "/silo" or (
        case.qui.nom == "juge" and case.path.startswith("/api/v1/recherche?")
    )
    return status != 401 and (held or status != 403)


ADRESSES = re.compile(r'(?:href|action|formaction|src|data-\w+)="([^"]*)"')
CLE = re.compile(r"[A-Za-z0-9_-]{22}")


def test_no_address_of_a_page_of_a_juge_holds_what_it_searched(lues: Rempli) -> None:
    wrong = []
    seen = 0
    for case, answer in lues:
        if case.qui.nom != "juge":
            continue
        for address in ADRESSES.findall(answer.text):
            parts = urlsplit(html.unescape(address))
            said = dict(parse_qsl(parts.query))
            sealed = parts.path != "/recherche" or said.keys() <= {"r"}
            seen += "r" in said
            if not sealed or not CLE.fullmatch(said.get("q", "x" * 22)):
                wrong.append(f"{case.nom} : {address}")
    assert seen > 50
    assert wrong[:20] == []


def test_no_answer_holds_a_word_of_what_may_not_be_seen(lues: Rempli) -> None:
    assert not refusals(
        f"{case.nom} {case.path} : {mot}"
        for case, answer in lues
        for nom, mots in MOTS.items()
        if nom not in case.qui.sees_at(case.route.path)
        for mot in mots
        if mot in answer.text
    )


def test_each_word_is_seen_by_whoever_may(lues: Rempli) -> None:
    """The test above looks for words that answers do hold."""
    said: set[tuple[str, str]] = set()
    for case, answer in lues:
        for nom in case.qui.voit:
            said |= {(case.qui.nom, nom) for mot in MOTS[nom] if mot in answer.text}
    assert said == {(p.nom, nom) for p in PERSONNAGES for nom in p.voit}


def test_every_private_answer_is_kept_by_nobody(lues: Rempli) -> None:
    assert not refusals(
        f"{c.nom} : {a.headers.get('cache-control')}"
        for c, a in lues
        if a.headers.get("cache-control") != "no-store"
    )


def test_a_refused_writing_changes_nothing_whoever_sends_it(essai: Essai, archive: Archive) -> None:
    before = count_rows(archive)
    wrong = []
    for case in make_cases(archive, writes=True):
        rule = get_acces(case.route.endpoint)
        without = essai.ask(case)
        if without.status not in {303, 401, 403}:
            wrong.append(f"sans jeton : {case.nom} → {without.status}")
        if case.qui.connecte and not may_write(case):
            answer = essai.ask(case, jeton=True)
            if answer.status != 403:
                wrong.append(f"{case.nom} → {answer.status}")
        elif not case.qui.connecte and not rule.anonyme and without.status == 200:
            wrong.append(f"{case.nom} → {without.status}")
    assert not wrong[:50]
    assert count_rows(archive) == before


def may_write(case: Case) -> bool:
    rule = get_acces(case.route.endpoint)
    return case.qui.enters(rule) and not rule.refuses_juge(case.qui.roles, case.method)


def test_an_empty_form_is_a_refusal_in_words_never_a_fault(essai: Essai, archive: Archive) -> None:
    """Last: what is allowed may change things. Objects outside the scope are « not found »."""
    wrong = []
    for case in make_cases(archive, writes=True):
        if not case.qui.connecte or not may_write(case):
            continue
        essai.reopen(case.qui.nom)
        answer = essai.ask(case, jeton=True)
        missing = answer.status == 404
        if answer.status >= 500 or (case.objet in OBJETS and not case.sees and not missing):
            wrong.append(f"{case.nom} → {answer.status}")
    assert not wrong[:50]


def count_rows(archive: Archive) -> dict[str, int]:
    with archive.orc.database.reading() as session:
        return {
            name: session.scalar(select(func.count()).select_from(text(name))) or 0
            for name in Base.metadata.tables
            if name not in TRACES
        }


def test_a_juge_writes_by_these_routes_only() -> None:
    found = {
        route.path
        for route in ROUTES
        if not SAFE.issuperset(route.methods or ()) and get_acces(route.endpoint).juge_ecrit
    }
    assert found == DU_JUGE


def test_whoever_is_a_juge_too_is_held_to_reading() -> None:
    both = frozenset({Role.JUGE, Role.COMPTABLE})
    for route in ROUTES:
        rule = get_acces(route.endpoint)
        for method in route.methods or ():
            held = rule.refuses_juge(both, method)
            assert held is (method not in SAFE and not rule.juge_ecrit)
