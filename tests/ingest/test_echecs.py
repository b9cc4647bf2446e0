"""An ingestion that meets what it cannot do: said, set aside or asked for again, and it ends."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from orc.bootstrap import Orc, make_orc
from orc.errors import Unavailable
from orc.ingest.echecs import ask_again, find_echecs, set_aside
from orc.ingest.traitements import name_taches, read_traitements
from orc.journal import Auteur
from orc.models import Fichier, Texte
from orc.settings import Settings
from orc.tasks.failures import Echec
from tests.flows import UnFlux, UnMandat
from tests.ingest.test_ingestion import CLOTURES, MANDAT, ingest, search
from tests.sql import prepare_data

AUTEUR = Auteur("admin")


@pytest.fixture
def silo(tmp_path: Path) -> Path:
    folder = tmp_path / "silo"
    folder.mkdir()
    (folder / "clotures.csv").write_text(CLOTURES)
    (folder / "a.xml").write_bytes(MANDAT.make())
    (folder / "b.xml").write_bytes(UnFlux((UnMandat("128"),), nom="b").make())
    return folder


@pytest.fixture
def orc(tmp_path: Path) -> Iterator[Orc]:
    orc = make_orc(Settings(data=str(prepare_data(tmp_path / "data")), workers=1, ocr="non"))
    orc.tasks._patience._pauses = (0.01,)  # type: ignore[attr-defined]  # quicker than in life
    orc.tasks._patience._rest = 0.0  # type: ignore[attr-defined]  # the same
    yield orc
    orc.close()


def read_echecs(orc: Orc) -> list[Echec]:
    with orc.database.reading() as session:
        return find_echecs(session)


def test_texts_that_cannot_be_extracted_are_said_then_done_once_asked_for_again(
    orc: Orc, silo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> int:
        raise KeyError("Mme Durand")

    with monkeypatch.context() as patch:
        patch.setattr("orc.ingest.jobs.extract_textes", refuse)
        with pytest.raises(Unavailable, match="« orc taches » la dit"):
            ingest(orc, silo)
    echecs = read_echecs(orc)
    assert {e.tache for e in echecs} == {"extraire_textes"}
    assert all("Durand" not in e.motif for e in echecs)
    assert read_traitements(orc).nb_echecs == len(echecs)
    with orc.database.reading() as session:
        names = name_taches(session, [(e.tache, e.cle) for e in echecs])
    assert "Extraire les textes du flux b" in names.values()
    with orc.database.writing() as session:
        ask_again(session, orc.tasks, None, auteur=AUTEUR)
    orc.tasks.wait()
    assert read_echecs(orc) == []
    assert search(orc, "chaufferie") == 1


def test_a_file_set_aside_is_in_quarantine_and_holds_up_no_ingestion(
    orc: Orc, silo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise KeyError

    with monkeypatch.context() as patch:
        patch.setattr("orc.ingest.jobs.read_fichier", refuse)
        with pytest.raises(Unavailable):
            ingest(orc, silo)
    with orc.database.writing() as session:
        ids = [e.id for e in find_echecs(session)]
        assert set_aside(session, orc.tasks, ids, auteur=AUTEUR) == 2
    with orc.database.reading() as session:
        assert set(session.scalars(select(Fichier.etat))) == {"quarantaine"}
        motifs = set(session.scalars(select(Fichier.motif)))
    assert motifs == {"Erreur interne d’ORC (KeyError) : la cause est dans les journaux."}
    assert ingest(orc, silo).quarantaine == 0  # a new ingestion tries them again, and well
    assert search(orc, "chaufferie") == 1


def test_texts_set_aside_let_their_pieces_be_found_by_what_else_they_say(
    orc: Orc, silo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> int:
        raise KeyError

    with monkeypatch.context() as patch:
        patch.setattr("orc.ingest.jobs.extract_textes", refuse)
        with pytest.raises(Unavailable):
            ingest(orc, silo)
        with orc.database.writing() as session:
            ids = [e.id for e in find_echecs(session)]
            set_aside(session, orc.tasks, ids, auteur=AUTEUR)
        ingest(orc, silo)
    with orc.database.reading() as session:
        assert set(session.scalars(select(Texte.etat))) == {"illisible"}
    assert len(orc.engine.find_versions()) == 2
    assert search(orc, "chaufferie") == 0
