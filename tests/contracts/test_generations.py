"""What every engine promises of an index made again beside the one that is searched."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from sqlalchemy import update

from orc.access import Clearance
from orc.db import Database
from orc.errors import Conflict
from orc.index.jobs import index_pieces
from orc.index.outbox import mark_piece_ids
from orc.index.port import SearchEngine
from orc.index.query import Mot, Query, Tout
from orc.index.rebuild import _Chantier, _put_differences, rebuild
from orc.models import Cellule, Piece
from tests.archive import Archive, make_archive
from tests.contracts.conftest import Moteur
from tests.contracts.records import find, make_record, put


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with make_archive(tmp_path_factory.mktemp("archive")) as archive:
        yield archive


def see_all(archive: Archive) -> Clearance:
    with archive.orc.database.reading() as session:
        return Clearance(frozenset(session.scalars(Cellule.__table__.select())))


def count(archive: Archive, engine: SearchEngine) -> int:
    return engine.count(Query(Tout()), clearance=see_all(archive))


def make_again(archive: Archive, moteur: Moteur) -> int:
    orc, fresh = archive.orc, moteur.generations.start()
    return rebuild(orc.database, orc.storage, moteur.generations, fresh).pieces


def test_the_index_is_made_again_from_sql_and_checked(moteur, archive):
    index_pieces(archive.orc.database, archive.orc.storage, archive.orc.engine)
    wanted = archive.orc.engine.find_versions()
    assert make_again(archive, moteur) == len(wanted)
    assert moteur.open().find_versions() == wanted
    assert count(archive, moteur.open()) == len(wanted)


def test_searches_go_on_in_the_old_index_until_the_new_one_is_ready(moteur):
    searched, reader = moteur.open(), moteur.open()
    put(searched, make_record(1, "ancien"))
    fresh = moteur.generations.start()
    put(fresh, make_record(1, "nouveau"), make_record(2, "nouveau"))
    assert find(reader, Mot("ancien")) == {1}
    assert find(reader, Mot("nouveau")) == set()
    assert find(fresh, Mot("nouveau")) == {1, 2}
    searched.release()
    after = moteur.generations.switch(fresh)
    for engine in (after, reader, searched, moteur.open()):
        assert find(engine, Mot("nouveau")) == {1, 2}
        assert find(engine, Mot("ancien")) == set()
    put(after, make_record(3, "nouveau"))
    after.release()
    assert find(reader, Mot("nouveau")) == {1, 2, 3}
    put(searched, make_record(4, "nouveau"))
    assert find(reader, Mot("nouveau")) == {1, 2, 3, 4}


def test_the_index_replaced_is_kept_until_told(moteur):
    searched = moteur.open()
    put(searched, make_record(1, "ancien"))
    searched.release()
    for _ in range(2):
        fresh = moteur.generations.start()
        put(fresh, make_record(1, "nouveau"))
        moteur.generations.switch(fresh).release()
    assert len(moteur.generations.remove_others()) >= 2
    assert not moteur.generations.remove_others()
    assert find(moteur.open(), Mot("nouveau")) == {1}


def test_a_rebuild_given_up_leaves_the_index_as_it_is(moteur):
    put(moteur.open(), make_record(1, "ancien"))
    put(moteur.generations.start(), make_record(2, "nouveau"))
    assert find(moteur.open(), Tout()) == {1}


def test_what_changes_during_a_rebuild_is_in_the_new_index(moteur, archive):
    """A piece goes, another changes, and the worker tells the old index of it meanwhile."""
    orc = archive.orc
    make_again(archive, moteur)
    worker = moteur.open()
    gone, changed, *_ = sorted(p for p, _ in worker.find_versions())
    before = dict(worker.find_versions())

    def change(done: int, total: int) -> None:
        if done == total and not changes:
            changes.append(done)
            with orc.database.writing() as session:
                session.execute(update(Piece).where(Piece.id == gone).values(courante=False))
                mark_piece_ids(session, [gone, changed])
            index_pieces(orc.database, orc.storage, worker)

    changes: list[int] = []
    fresh = moteur.generations.start()
    rebuild(orc.database, orc.storage, moteur.generations, fresh, watch=change)
    held = dict(moteur.open().find_versions())
    assert changes
    assert gone not in held
    assert held[changed] == before[changed] + 1
    assert held.keys() == before.keys() - {gone}


def test_a_piece_that_comes_back_while_the_index_is_compared_is_not_lost(moteur, archive):
    """SQL was read before the index, and an ouvrier told the index of it in between."""
    orc, engine = archive.orc, moteur.open()
    make_again(archive, moteur)
    back = min(p for p, _ in engine.find_versions())
    set_courante(orc.database, back, courante=False)
    index_pieces(orc.database, orc.storage, engine)

    def come_back() -> None:
        set_courante(orc.database, back, courante=True)
        index_pieces(orc.database, orc.storage, engine)

    compared = Interrupted(engine, come_back)
    chantier = _Chantier(orc.database, orc.storage, lambda _done, _total: None)
    _put_differences(chantier, compared)
    index_pieces(orc.database, orc.storage, engine)
    assert back in dict(engine.find_versions())


class Interrupted:
    """An engine; before it is first asked what it holds, something else happens."""

    def __init__(self, engine: SearchEngine, meanwhile: Callable[[], None]) -> None:
        self._engine = engine
        self._meanwhile = [meanwhile]

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)

    def find_versions(self, **how: int) -> Sequence[tuple[int, int]]:
        while self._meanwhile:
            self._meanwhile.pop()()
        return self._engine.find_versions(**how)


def set_courante(database: Database, piece_id: int, *, courante: bool) -> None:
    with database.writing() as session:
        session.execute(update(Piece).where(Piece.id == piece_id).values(courante=courante))
        mark_piece_ids(session, [piece_id])


def test_a_new_index_that_does_not_hold_what_sql_says_does_not_take_the_place(moteur, archive):
    searched = moteur.open()
    put(searched, make_record(1, "ancien"))
    searched.release()
    fresh = moteur.generations.start()
    forgetful = Forgetful(fresh)
    with pytest.raises(Conflict, match="l’ancien, qui sert"):
        rebuild(archive.orc.database, archive.orc.storage, moteur.generations, forgetful)
    assert find(moteur.open(), Mot("ancien")) == {1}


class Forgetful:
    """An engine that answers for less than it was given, as a damaged one would."""

    def __init__(self, engine: SearchEngine) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Callable[..., object]:
        return getattr(self._engine, name)

    def find_versions(self, *, apres: int = -1, taille: int = 10_000) -> object:
        return self._engine.find_versions(apres=apres, taille=taille)[:-1]
