"""What changes a fact marks the PJ it bears on, once, on both databases."""

from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select

from orc.db import Database, Writing
from orc.domain import Domaine
from orc.marques import mark_collectivites, mark_pj_ids
from orc.models import ADecider, Flux, PieceJustificative, read_now
from tests.sql import count_to_decide, make_budget

A, B = "000000001", "000000002"


@pytest.fixture
def session(database: Database) -> Iterator[Writing]:
    with database.writing() as session:
        yield session


def put_pj(session: Writing, siren: str, pj_id: int) -> int:
    budget = make_budget(session, siren)
    if session.get(Flux, pj_id) is None:
        values = {"sha256": f"{pj_id}", "taille": 1, "etat": "lu", "recu_le": read_now()}
        session.execute(insert(Flux).values(id=pj_id, **values))
    row = PieceJustificative(
        id=pj_id, flux_id=pj_id, budget_id=budget.id, siren=siren, id_unique=f"F{pj_id}",
        nom="f.pdf", debut=0, longueur=1, sha256=f"{pj_id:064d}", taille=1, etat="lue",
        domaine=Domaine.ORDINAIRE.value,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return pj_id


def test_the_pj_of_a_collectivite_are_marked_and_no_other(session: Writing) -> None:
    mine, other = put_pj(session, A, 1), put_pj(session, B, 2)
    mark_collectivites(session, [A])
    assert set(session.scalars(select(ADecider.pj_id))) == {mine}
    mark_pj_ids(session, [mine, other])
    assert count_to_decide(session) == 2


def test_a_mark_made_again_says_the_last_moment(session: Writing) -> None:
    pj = put_pj(session, A, 1)
    mark_pj_ids(session, [pj, pj])
    first = session.scalars(select(ADecider.depuis)).one()
    mark_pj_ids(session, [pj])
    session.expire_all()
    assert session.scalars(select(ADecider.depuis)).one() > first
