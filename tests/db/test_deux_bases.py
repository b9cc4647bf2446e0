"""The demonstration read into SQLite and into PostgreSQL: the same archive, answers and pages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orc.bootstrap import Orc, make_orc
from orc.demo.comptes import MOT_DE_PASSE, make_comptes
from orc.demo.silo import make_silo
from orc.ingest.run import ingest_silo
from orc.settings import Settings
from scripts.recettes.serveur import Serveur
from tests.bases import make_postgresql
from tests.db.ouvriers import TODAY
from tests.faults.etat import read_answers, read_archive
from tests.sql import prepare_data
from tests.web.serving import Navigateur, open_navigateur, serve

pytestmark = pytest.mark.lent
# In an order of their own: scores count what is replaced in a segment until it is merged.
PAGES = (
    "/",
    "/recherche?q=",
    "/recherche?q=facture&tri=date_recente",
    "/parcourir",
    "/silo",
    "/exercices",
    "/api/v1/recherche?q=facture&tri=date_recente",
)
# Ids follow the order of arrival, and PostgreSQL leaves some out.
_IDS = re.compile(r"\b\d{7,}\b|[0-9A-F]{4}-[0-9A-F]{4}|(?<=budget=)\d+")
_JETON = re.compile(r'name="jeton" value="[^"]+"|nonce="?[\w-]+"?|nonce-[\w+/=-]+')


@dataclass(frozen=True)
class Lue:
    """An archive read to its end, and what is seen of it."""

    archive: dict[str, list[str]]
    answers: dict[str, Any]
    pages: dict[str, tuple[int, str]]


@pytest.fixture(scope="module")
def lues(
    tmp_path_factory: pytest.TempPathFactory, postgresql: Serveur
) -> Iterator[tuple[Lue, Lue]]:
    folder = tmp_path_factory.mktemp("deux")
    make_silo(folder / "silo", pieces=200)
    with make_postgresql(postgresql) as url:
        yield (
            read_one(folder, Settings(data=str(prepare_data(folder / "sqlite")), workers=2)),
            read_one(folder, Settings(data=str(folder / "pg"), database=url, workers=2)),
        )


def read_one(folder: Path, settings: Settings) -> Lue:
    orc = make_orc(settings)
    silo = str(folder / "silo")
    ingest_silo(orc, orc.engine, silo, clore_passes=False, today=TODAY)
    make_comptes(orc.database)
    lue = Lue(read_archive(orc), read_answers(orc), read_pages(orc))
    orc.close()
    return lue


def read_pages(orc: Orc) -> dict[str, tuple[int, str]]:
    with serve(orc) as address, open_navigateur(address) as navigateur:
        navigateur.log_in("comptable", MOT_DE_PASSE)
        return {path: read_page(navigateur, path) for path in PAGES}


def read_page(navigateur: Navigateur, path: str) -> tuple[int, str]:
    answer = navigateur.get(path)
    return answer.status_code, _IDS.sub("…", _JETON.sub("…", answer.text))


def test_sql_says_the_same(lues: tuple[Lue, Lue]) -> None:
    one, other = (lue.archive for lue in lues)
    assert len(one["piece"]) >= 200
    for table, rows in one.items():
        assert other[table] == rows, table


def test_searches_find_the_same(lues: tuple[Lue, Lue]) -> None:
    assert lues[0].answers == lues[1].answers


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_the_same(lues: tuple[Lue, Lue], path: str) -> None:
    assert lues[0].pages[path][0] == 200
    assert lues[0].pages[path] == lues[1].pages[path]
