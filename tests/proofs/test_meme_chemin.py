"""« Does not exist » and « may not be seen »: the same statements, status, headers and body."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from tests.archive import Archive, make_archive
from tests.web.matrice import (
    OBJETS,
    PERSONNAGES,
    ROUTES,
    VARIABLE,
    Case,
    Essai,
    make_paths,
    open_essai,
)
from web.acces import get_acces

IDS = re.compile(r"\d+")
REFERENCE = re.compile(r"[0-9A-F]{4}-[0-9A-F]{4}")
# Every list of ids is written in its statement: how many there are is not how it is asked.
LISTES = re.compile(r"IN \((?:SELECT 1 FROM \(SELECT 1\) WHERE 1!=1|[^()]*)\)")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("chemin")) as made:
        yield made


@pytest.fixture(scope="module")
def essai(archive: Archive) -> Iterator[Essai]:
    with open_essai(archive) as made:
        yield made


@contextmanager
def count_statements(archive: Archive) -> Iterator[list[str]]:
    """The statements given to the database, in order, their lists of ids put aside."""
    said: list[str] = []

    def hear(_c: object, _k: object, statement: str, *_rest: object) -> None:
        said.append(LISTES.sub("IN (…)", statement))

    engine = archive.orc.database.engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def make_hidden(archive: Archive) -> Iterator[tuple[Case, Case]]:
    """Each route of an object: what a person may not see, beside what does not exist."""
    for route in ROUTES:
        names = VARIABLE.findall(route.path)
        if not names or not {"GET"} & (route.methods or set()):
            continue
        paths = dict(make_paths(route, archive))
        for qui in PERSONNAGES:
            if not qui.enters(get_acces(route.endpoint)) or not qui.connecte:
                continue
            for objet in OBJETS.keys() & paths.keys():
                case = Case(route, "GET", qui, objet, paths[objet])
                if not case.sees and objet != "inconnu":
                    yield case, Case(route, "GET", qui, "inconnu", paths["inconnu"])


def scrub(text: str) -> str:
    return IDS.sub("", REFERENCE.sub("", text))


def test_what_may_not_be_seen_is_asked_and_answered_as_what_does_not_exist(
    essai: Essai, archive: Archive
) -> None:
    tried, wrong = 0, []
    for hidden, unknown in make_hidden(archive):
        essai.ask(hidden)  # a session seen a minute ago is touched: not in what follows
        with count_statements(archive) as asked:
            answer = essai.ask(hidden)
        with count_statements(archive) as asked_of_nothing:
            nothing = essai.ask(unknown)
        tried += 1
        if asked != asked_of_nothing:
            wrong.append(f"{hidden.nom} : {len(asked)} ordres, {len(asked_of_nothing)} pour rien")
        if (answer.status, scrub(answer.text)) != (nothing.status, scrub(nothing.text)):
            wrong.append(f"{hidden.nom} : autre réponse, {answer.status} et {nothing.status}")
        if {k: v for k, v in answer.headers.items() if k != "x-request-id"}.keys() != (
            {k: v for k, v in nothing.headers.items() if k != "x-request-id"}.keys()
        ):
            wrong.append(f"{hidden.nom} : autres en-têtes")
    print(f"\n{tried} refus comparés")
    assert tried > 100
    assert wrong[:50] == []
