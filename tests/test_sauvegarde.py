"""Backup, loss of everything, restore, rebuild: the same answers; and what a backup refuses."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from orc.access import make_lecteur
from orc.bootstrap import Orc, make_orc
from orc.errors import Conflict, Invalid
from orc.index.fields import Genre
from orc.index.outbox import count_waiting
from orc.ingest.reconcile import reconcile_index
from orc.ingest.run import wait_for_index
from orc.models import read_now
from orc.sauvegarde import BASE, BILAN, TEXTES, make_sauvegarde
from orc.search.find import Question, find
from orc.settings import Settings
from tests.archive import make_archive

QUESTIONS = ("consommation école", "électricité", "sens:depense", '"ramettes de papier"')


def ask(orc: Orc, personne: int) -> list[object]:
    """What this person finds, passages included: read from SQL, texts and index together."""
    told: list[object] = []
    with orc.database.reading() as session:
        clearance = make_lecteur(session, personne, "x", "x", read_now().date()).clearance
        for texte in QUESTIONS:
            for genre in (Genre.PJ, Genre.PIECE):
                found = find(
                    orc.engine,
                    session,
                    orc.storage,
                    Question(texte, genre=genre),
                    clearance=clearance,
                )
                told.append((found.nb_pj, found.nb_pieces, found.sommes, found.passages))
    return told


def test_after_the_loss_of_everything_a_backup_gives_the_same_answers(tmp_path: Path) -> None:
    copy = tmp_path / "copie"
    with make_archive(tmp_path) as archive:
        personne = archive.personnes["ordonnateur"]
        before = ask(archive.orc, personne)
        # While ORC is open, a write under way.
        with archive.orc.database.writing():
            done = make_sauvegarde(archive.orc.settings, copy)
        data = archive.orc.settings.folder
    assert done.textes == done.textes_copies > 0
    shutil.rmtree(data)
    data.mkdir()
    shutil.copy(copy / BASE, data / "orc.sqlite")
    shutil.copytree(copy / TEXTES, data / "textes")
    orc = make_orc(Settings(data=str(data), silo=archive.orc.settings.silo))
    reconcile_index(orc.database, orc.engine)
    with orc.database.reading() as session:
        assert count_waiting(session) > 0
    wait_for_index(orc)
    after = ask(orc, personne)
    orc.close()
    assert after == before
    assert any(passages for *_, passages in after)


def test_a_second_backup_copies_what_is_new_and_a_draft_is_no_text(tmp_path: Path) -> None:
    copy = tmp_path / "copie"
    with make_archive(tmp_path) as archive:
        settings = archive.orc.settings
        first = make_sauvegarde(settings, copy)
        archive.orc.storage.put_pages("f" * 64, ("un texte de plus",))
        (settings.folder / "textes/en-cours").mkdir(exist_ok=True)
        (settings.folder / "textes/en-cours/1.2").write_bytes(b"une moiti")
        second = make_sauvegarde(settings, copy)
        kept = json.loads((copy / BILAN).read_text(encoding="utf-8"))
    assert (second.textes, second.textes_copies) == (first.textes + 1, 1)
    assert kept["textes"] == second.textes
    assert not list(copy.rglob("*.en-cours"))
    with sqlite3.connect(copy / BASE) as connection:
        assert connection.execute("SELECT count(*) FROM piece").fetchone()[0] > 0


def test_a_backup_does_not_go_where_orc_lives_nor_on_another_database(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive:
        settings = archive.orc.settings
        for folder in (settings.folder, settings.folder / "copie", settings.folder.parent):
            with pytest.raises(Conflict, match="autre dossier"):
                make_sauvegarde(settings, folder)
    elsewhere = Settings(data=str(tmp_path / "vide"), database="postgresql+psycopg://x@h/x")
    with pytest.raises(Invalid, match="pg_dump"):
        make_sauvegarde(elsewhere, tmp_path / "copie")
    with pytest.raises(Invalid, match="n’existe pas"):
        make_sauvegarde(Settings(data=str(tmp_path / "vide")), tmp_path / "copie")
