"""The archive that the tests of reading share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orc.db import Database, Reading
from tests.consultation import Archive, Document, make_archive

DOCUMENTS = [
    Document(1, "facture.pdf", b"%PDF-1.4 un"),
    Document(2, "avec_nir.pdf", b"%PDF-1.4 deux"),
]


@pytest.fixture
def archive(database: Database, tmp_path: Path) -> Archive:
    with database.writing() as session:
        return make_archive(session, tmp_path / "silo", DOCUMENTS)


@pytest.fixture
def lecture(database: Database) -> Iterator[Reading]:
    with database.reading() as session:
        yield session
