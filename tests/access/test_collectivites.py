"""A collectivité is found by the beginnings of the words of its name, however they are typed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orc.access.collectivites import find_by_name
from orc.db import Writing
from orc.models import Collectivite
from tests.sql import make_database

NOMS = {"1": "Saint-Étienne-de-Bocage", "2": "Communauté du Bocage", "3": "Étables"}


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Writing]:
    database = make_database(tmp_path)
    with database.writing() as session:
        for siren, nom in NOMS.items():
            session.add(Collectivite(siren=siren, libelle=nom, departement="33"))
        session.flush()
        yield session
    database.close()


@pytest.mark.parametrize(
    ("texte", "sirens"),
    [
        ("bocage", ["2", "1"]),
        ("BOC etienne", ["1"]),
        ("é", ["3", "1"]),
        ("bocage lyon", []),
        ("cage", []),
        (" - ", []),
        ("", []),
    ],
)
def test_each_word_typed_begins_a_word_of_the_name(
    session: Writing, texte: str, sirens: list[str]
) -> None:
    assert find_by_name(session, texte) == [(siren, NOMS[siren]) for siren in sirens]


def test_no_more_are_given_than_asked(session: Writing) -> None:
    assert find_by_name(session, "bocage", most=1) == [("2", NOMS["2"])]
