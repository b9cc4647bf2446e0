"""Decisions read from SQL and recorded: the same whatever the order of events, nothing doubled."""

from datetime import date
from itertools import permutations
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import settings as hyp_settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from orc.db import Database
from orc.marques import mark_pj_ids
from orc.models import Decision as DecisionGardee
from orc.models import DecisionCourante, Fichier, Lien, PieceJustificative, Texte
from orc.retention.criteres import Criteres
from orc.retention.decide import Decision, Statut
from orc.retention.decisions import Decidee, decide_now, find_decisions, read_decision
from tests.flows import UnePj
from tests.retention.actes import put_gel
from tests.retention.archives import (
    ACQUIT,
    AUJOURD_HUI,
    EVENEMENTS,
    FLUX,
    PAYE,
    PRIS_EN_CHARGE,
    SIREN,
    count_decisions,
    find_pj,
    join_all,
    make_ready,
    put_in_silo,
    take,
)
from tests.sql import count_to_decide, make_database


def decide_one(database: Database, pj_id: int, today: date = AUJOURD_HUI) -> Decision:
    with database.writing() as session:
        return decide_now(session, [pj_id], today)[pj_id]


def read_courante(database: Database, pj_id: int) -> DecisionCourante | None:
    with database.reading() as session:
        return session.get(DecisionCourante, pj_id)


def read_numbers(decision: Decision) -> set[str]:
    return {raison.regle.numero for raison in decision.empechements}


def test_a_pj_of_a_paid_mandat_of_who_joined_may_go(database: Database, tmp_path: Path) -> None:
    pj_id = make_ready(database, tmp_path)
    decision = decide_one(database, pj_id)
    assert [r.texte for r in decision.empechements] == []
    assert (decision.statut, decision.depuis) == (Statut.ELIGIBLE, date(2023, 6, 20))
    said = [r.texte for r in decision.raisons if r.regle.numero == "9a"]
    assert said == ["mandat 1, bordereau 12, 2023 : payé"]
    row = read_courante(database, pj_id)
    assert row is not None
    assert (row.statut, row.depuis, row.motif, row.motifs) == (
        "eligible", date(2023, 6, 20), "", "",
    )  # fmt: skip


def test_the_order_of_arrival_changes_nothing_of_what_is_recorded(tmp_path: Path) -> None:
    found = set()
    for rank, order in enumerate(permutations(EVENEMENTS)):
        folder = tmp_path / str(rank)
        folder.mkdir()
        database = make_database(folder / "base")
        pj_id = make_ready(database, folder, order)
        decide_one(database, pj_id)
        with database.reading() as session:
            found.add(session.scalars(select(DecisionGardee.empreinte)).one())
        database.close()
    assert len(found) == 1


@pytest.mark.parametrize("missing", EVENEMENTS[1:], ids=["acquit", "prise en charge", "paiement"])
def test_an_event_that_is_missing_makes_nothing_eligible(
    database: Database, tmp_path: Path, missing: object
) -> None:
    pj_id = make_ready(database, tmp_path, [e for e in EVENEMENTS if e is not missing])
    decision = decide_one(database, pj_id)
    if missing is PRIS_EN_CHARGE:  # the last retour says it again
        assert decision.statut is Statut.ELIGIBLE
    else:
        assert decision.statut is Statut.EN_ATTENTE


def test_the_same_facts_are_not_recorded_twice(database: Database, tmp_path: Path) -> None:
    pj_id = make_ready(database, tmp_path)
    for _ in range(3):
        decide_one(database, pj_id)
    take(database, tmp_path, EVENEMENTS)
    decide_one(database, pj_id)
    assert count_decisions(database) == 1


def test_a_new_fact_is_a_new_decision_and_the_past_ones_stay(
    database: Database, tmp_path: Path
) -> None:
    pj_id = make_ready(database, tmp_path, [FLUX, ACQUIT, PRIS_EN_CHARGE])
    with database.reading() as session:
        assert read_decision(session, pj_id, AUJOURD_HUI) is None
    decide_one(database, pj_id, date(2023, 7, 1))
    take(database, tmp_path, [PAYE])
    put_in_silo(database)
    decide_one(database, pj_id, date(2023, 8, 2))
    assert [read_past(database, pj_id, day) for day in ("2023-06-30", "2023-08-01")] == [
        None, Statut.EN_ATTENTE,
    ]  # fmt: skip
    assert read_past(database, pj_id, "2023-08-02") is Statut.ELIGIBLE
    with database.reading() as session:
        every = find_decisions(session, pj_id)
    assert [d.decision.statut for d in every] == [Statut.ELIGIBLE, Statut.EN_ATTENTE]
    assert [d.jour for d in every] == [date(2023, 8, 2), date(2023, 7, 1)]


def read_past(database: Database, pj_id: int, day: str) -> Statut | None:
    with database.reading() as session:
        found = read_decision(session, pj_id, date.fromisoformat(day))
    return found.decision.statut if found else None


def test_what_is_recorded_says_all_that_was_decided(database: Database, tmp_path: Path) -> None:
    pj_id = make_ready(database, tmp_path, [FLUX, ACQUIT])
    decision = decide_one(database, pj_id)
    with database.reading() as session:
        found = read_decision(session, pj_id, AUJOURD_HUI)
    assert isinstance(found, Decidee)
    assert found.decision == decision


def test_a_pj_sent_again_is_decided_by_its_last_sending(database: Database, tmp_path: Path) -> None:
    first = make_ready(database, tmp_path)
    decide_one(database, first)
    again = FLUX.sent("2023-09-10", pjs=(UnePj("PJ1", b"%PDF-1.4 autre"),))
    take(database, tmp_path, [again])
    put_in_silo(database)
    last = find_pj(database)
    with database.writing() as session:
        found = decide_now(session, [first, last], AUJOURD_HUI)
    assert set(found) == {last}
    assert found[last].statut is Statut.EN_ATTENTE
    assert read_courante(database, first) is None
    with database.reading() as session:
        past = read_decision(session, first, AUJOURD_HUI)
    assert past is not None
    assert past.decision.statut is Statut.REFUS
    assert "remplacée" in past.decision.raisons[0].texte
    with database.writing() as session:
        assert decide_now(session, [first], AUJOURD_HUI) == {}
    assert count_decisions(database) == 3


def test_the_same_bytes_sent_again_after_the_offer_are_still_those_sent_before_it(
    database: Database, tmp_path: Path
) -> None:
    make_ready(database, tmp_path)
    take(database, tmp_path, [FLUX.sent("2023-09-10")])
    put_in_silo(database)
    decision = decide_one(database, find_pj(database), date(2023, 9, 11))
    assert "2" not in read_numbers(decision)


def test_a_flow_that_vanished_from_the_silo_keeps_no_copy(
    database: Database, tmp_path: Path
) -> None:
    pj_id = make_ready(database, tmp_path)
    with database.writing() as session:
        session.execute(update(Fichier).values(disparu_le=session.scalar(select(Fichier.vu_le))))
    decision = decide_one(database, pj_id)
    assert (decision.statut, read_numbers(decision)) == (Statut.REFUS, {"7"})
    row = read_courante(database, pj_id)
    assert row is not None
    assert (row.anomalie, row.motif, row.motifs) == (True, "7", ",7,")


def test_a_document_nobody_opened_yet_waits(database: Database, tmp_path: Path) -> None:
    pj_id = make_ready(database, tmp_path)
    with database.writing() as session:
        session.execute(update(Texte).values(etat="a_extraire"))
    assert decide_one(database, pj_id).statut is Statut.EN_ATTENTE


def test_deciding_takes_the_mark_away(database: Database, tmp_path: Path) -> None:
    pj_id = make_ready(database, tmp_path)
    with database.writing() as session:
        mark_pj_ids(session, [pj_id])
    decide_one(database, pj_id)
    with database.reading() as session:
        assert count_to_decide(session) == 0


def test_a_pj_that_is_not_there_is_not_decided(database: Database) -> None:
    join_all(database)
    with database.writing() as session:
        assert decide_now(session, [123], AUJOURD_HUI) == {}
    with database.reading() as session:
        assert session.scalars(select(PieceJustificative.id)).all() == []


@pytest.mark.parametrize("portee", ["pj", "piece", "collectivite"])
def test_a_gel_on_what_may_go_stops_it_whatever_names_it(
    database: Database, tmp_path: Path, portee: str
) -> None:
    pj_id = make_ready(database, tmp_path)
    assert decide_one(database, pj_id).statut is Statut.ELIGIBLE
    with database.writing() as session:
        piece_id = session.scalars(select(Lien.piece_id)).one()
        scopes: dict[str, dict[str, object]] = {
            "pj": {"pj": (pj_id,)},
            "piece": {"pieces": (piece_id,)},
            "collectivite": {"criteres": Criteres(siren=SIREN)},
        }
        put_gel(session, **scopes[portee])  # type: ignore[arg-type]  # its own arguments
    assert decide_one(database, pj_id).statut is Statut.SUSPENDU
    row = read_courante(database, pj_id)
    assert row is not None
    assert (row.gelee, row.motif, row.jusqu_a) == (True, "11", None)


@given(st.sets(st.sampled_from(range(len(EVENEMENTS))), min_size=1), st.randoms())
@hyp_settings(max_examples=25)
def test_fewer_events_in_any_order_never_favour(kept: set[int], random: Random) -> None:
    """With all of them it may go; whatever is missing, it may only be the one said twice."""
    some = [EVENEMENTS[rank] for rank in sorted(kept | {0})]
    random.shuffle(some)
    with TemporaryDirectory() as name:
        folder = Path(name)
        database = make_database(folder / "base")
        pj_id = make_ready(database, folder, some)
        statut = decide_one(database, pj_id).statut
        database.close()
    assert (statut is Statut.ELIGIBLE) == ({ACQUIT, PAYE} <= set(some))
