"""What is read then written holds when several do it at once: nothing counts twice nor is lost."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update

from orc.db import BaseIndisponible, Database, Writing, insert_missing, open_engine
from orc.errors import Conflict, Invalid, NotFound
from orc.identity.comptes import NouveauCompte, create_compte, disable_compte
from orc.identity.connexion import ConnexionRefusee, log_in
from orc.identity.throttling import TropDEssais, record_attempt
from orc.index.claims import Attente, open_claims
from orc.index.outbox import mark_new_pieces, mark_piece_ids
from orc.ingest.clotures import (
    Exercice,
    record_clotures,
)
from orc.journal import Auteur
from orc.models import (
    AIndexer,
    Collectivite,
    Ecriture,
    Habilitation,
    Piece,
    SessionWeb,
    Tiers,
    read_now,
)
from tests.consultation import Archive, make_archive
from tests.search.conftest import DOCUMENTS
from tests.sql import make_budget, make_database

AT_ONCE = 8
SECRET = "une phrase assez longue"


def run_at_once(work: Callable[[int], object], times: int = AT_ONCE) -> list[object]:
    """What each gave, errors included: all of them start together."""
    ready = threading.Barrier(times)

    def one(rank: int) -> object:
        ready.wait()
        try:
            return work(rank)
        except Exception as error:  # noqa: BLE001 - what each of them met
            return error

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


@pytest.fixture
def archive(database: Database, tmp_path: Path) -> Archive:
    with database.writing() as session:
        return make_archive(session, tmp_path / "silo", DOCUMENTS)


def test_tries_sent_together_all_count(database: Database) -> None:
    now = read_now()

    def attempt(rank: int) -> None:
        with database.writing() as session:
            record_attempt(session, "marie", f"10.0.0.{rank}", now)

    met = run_at_once(attempt)
    assert sum(isinstance(m, TropDEssais) for m in met) == AT_ONCE - 5
    assert met.count(None) == 5


def test_an_account_made_twice_at_once_is_one(database: Database) -> None:
    def create(_rank: int) -> int:
        with database.writing() as session:
            return create_compte(session, NouveauCompte("marie", "", SECRET), par="t")

    met = run_at_once(create, 3)
    assert sum(isinstance(m, int) for m in met) == 1
    assert sum(isinstance(m, Conflict) for m in met) == 2


def test_an_account_closed_while_it_logs_in_has_no_open_session(database: Database) -> None:
    with database.writing() as session:
        create_compte(session, NouveauCompte("marie", "", SECRET), par="test")

    def act(rank: int) -> None:
        if rank:
            log_in(database, "marie", SECRET, "10.0.0.1")
            return
        with database.writing() as session:
            disable_compte(session, "marie", par="test")

    met = run_at_once(act, 2)
    assert all(m is None or isinstance(m, ConnexionRefusee) for m in met)
    with database.reading() as session:
        still_open = select(func.count()).where(SessionWeb.fermee_le.is_(None))
        assert session.scalar(still_open) == 0


def test_a_closure_recorded_by_several_at_once_is_one(database: Database, archive: Archive) -> None:
    exercice = Exercice(archive.commune.id, 2019)

    def close(_rank: int) -> int:
        with database.writing() as session:
            return record_clotures(
                session, [exercice], close_le=date(2020, 5, 1), auteur=Auteur("test")
            )

    assert sorted(map(int, run_at_once(close, 4))) == [0, 0, 0, 1]  # type: ignore[call-overload]  # each call answers a number
    with database.reading() as session:
        said = select(func.count()).where(
            Ecriture.acte == "cloture", Ecriture.objet.like("%/exercice:2019")
        )
        assert session.scalar(said) == 1


def test_a_reading_sees_one_state_of_the_archive(database: Database) -> None:
    with database.reading() as reading:
        assert reading.scalar(select(func.count()).select_from(Collectivite)) == 0
        with database.writing() as session:
            make_budget(session, "000000001")
        assert reading.scalar(select(func.count()).select_from(Collectivite)) == 0
    with database.reading() as reading:
        assert reading.scalar(select(func.count()).select_from(Collectivite)) == 1


def test_transactions_that_want_the_same_rows_in_two_orders_both_end(base_pg: str) -> None:
    database = Database(open_engine(base_pg))
    with database.writing() as session:
        insert_missing(session, Collectivite, [{"siren": s} for s in "ab"])
    met = threading.Barrier(2)
    plays: list[str] = []

    def write(order: str) -> None:
        def work(session: Writing) -> None:
            for siren in order:
                name = func.concat(Collectivite.libelle, order[0])
                where = Collectivite.siren == siren
                session.execute(update(Collectivite).where(where).values(libelle=name))
                if len(plays) < 2:
                    plays.append(order)
                    met.wait(5)

        database.write(work)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, ["ab", "ba"]))
    with database.reading() as session:
        names = session.scalars(select(Collectivite.libelle).order_by(Collectivite.siren)).all()
    assert [sorted(name) for name in names] == [["a", "b"]] * 2
    database.close()


def test_a_piece_marked_while_it_is_forgotten_waits_again(base_pg: str, tmp_path: Path) -> None:
    database = Database(open_engine(base_pg))
    with database.writing() as session:
        make_archive(session, tmp_path / "silo", DOCUMENTS)
    with database.reading() as session:
        marked = select(Piece).join(AIndexer, AIndexer.piece_id == Piece.id)
        waiting = {p.id: p.tour for p in session.scalars(marked)}
    with open_claims(database) as ours, open_claims(database) as others:
        taken = ours.take(list(waiting))
        assert taken == sorted(waiting)
        assert others.take(taken) == []
        with database.writing() as session:
            mark_piece_ids(session, taken[:1])
            ours.forget([Attente(i, waiting[i], cherchable=True) for i in taken])
    assert find_waiting(database) == taken[:1]
    with database.writing() as session:
        mark_new_pieces(session, select(Piece.id).where(Piece.id.in_(taken[:2])))
    with database.reading() as session:
        turns = session.execute(select(Piece.id, Piece.tour).where(Piece.id.in_(taken[:2])))
        assert dict(map(tuple, turns)) == {
            taken[0]: waiting[taken[0]] + 2,
            taken[1]: waiting[taken[1]],
        }
    assert find_waiting(database) == taken[:2]
    database.close()


def find_waiting(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.scalars(select(AIndexer.piece_id).order_by(AIndexer.piece_id)))


def test_whoever_holds_a_name_is_alone(database: Database) -> None:
    inside: list[int] = []

    def hold(_rank: int) -> int:
        with database.alone("test"):
            inside.append(1)
            seen = len(inside)
            inside.pop()
            return seen

    assert run_at_once(hold) == [1] * AT_ONCE


def test_who_reads_finds_a_connection_to_write_with_whatever_the_crowd(base_pg: str) -> None:
    database = Database(open_engine(base_pg, connexions=2))

    def visit(rank: int) -> None:
        with database.reading() as reading:
            assert reading.scalar(text("SELECT 1")) == 1
            with database.writing() as session:
                insert_missing(session, Collectivite, [{"siren": str(rank)}])

    assert run_at_once(visit) == [None] * AT_ONCE
    database.close()


def test_a_query_that_lasts_is_given_up_in_french(base_pg: str) -> None:
    database = Database(open_engine(base_pg, secondes=1))
    with (
        pytest.raises(BaseIndisponible, match="trop de temps"),
        database.reading() as session,
    ):
        session.execute(text("SELECT pg_sleep(20)"))
    with database.writing() as session:
        assert session.scalar(text("SHOW statement_timeout")) == "0"
    database.close()


def test_a_number_that_no_column_holds_is_that_of_nothing(base_pg: str) -> None:
    database = Database(open_engine(base_pg))
    with pytest.raises(NotFound, match="Rien ne porte ce numéro"), database.reading() as session:
        session.get(Habilitation, 2**40)
    database.close()


def test_a_null_character_is_refused_in_words(base_pg: str) -> None:
    database = Database(open_engine(base_pg))
    with pytest.raises(Invalid, match="caractère nul"), database.reading() as session:
        session.scalars(select(Collectivite).where(Collectivite.libelle == "a\0b")).all()
    rows = [{"siren": siren, "libelle": "a\0b"} for siren in "12"]
    with pytest.raises(Invalid, match="caractère nul"), database.writing() as session:
        insert_missing(session, Collectivite, rows)
    database.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    noms=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
        min_size=1,
        max_size=20,
    ),
    high=st.integers(0, 2**63 - 100),
)
def test_every_text_and_every_id_comes_back_as_it_was(
    database: Database, noms: list[str], high: int
) -> None:
    rows = [{"id": high + n, "siren": "1", "nom": nom} for n, nom in enumerate(noms)]
    with database.writing() as session:
        session.execute(Tiers.__table__.delete())  # type: ignore[attr-defined]  # a mapped class has a Table
        insert_missing(session, Tiers, rows)
        insert_missing(session, Tiers, list(reversed(rows)))
    with database.reading() as session:
        found = session.execute(select(Tiers.id, Tiers.nom).order_by(Tiers.id)).all()
        assert [(row.id, row.nom) for row in found] == [(r["id"], r["nom"]) for r in rows]
        in_order = session.scalars(select(Tiers.nom).order_by(Tiers.nom)).all()
        assert in_order == sorted(noms, key=str.encode)
        total = session.scalar(select(func.sum(Tiers.id - Tiers.id + 2)))
    assert (total, type(total)) == (2 * len(noms), int)


def test_who_waits_too_long_to_write_is_told_so_then_passes(
    tmp_path: Path,
) -> None:
    database = make_database(tmp_path)
    assert database.turns
    database.turns.patience = 0.05
    with ThreadPoolExecutor(1) as pool:

        def write() -> None:
            with database.writing() as session:
                insert_missing(session, Collectivite, [{"siren": "000000001"}])

        with database.writing() as session:
            session.execute(text("SELECT 1"))
            with pytest.raises(BaseIndisponible, match="occupée"):
                pool.submit(write).result()
        pool.submit(write).result()
    database.close()
