"""Counts and lists of decisions within a scope: whoever sees no cellule sees nothing."""

from collections.abc import Sequence
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from orc.db import Database
from orc.errors import NotFound
from orc.models import Cellule, Lien
from orc.retention.decide import Statut
from orc.retention.etats import (
    AUCUN,
    Bilan,
    Compte,
    Filtre,
    find_collectivites,
    find_ligne,
    find_lignes,
    get_pj,
    read_bilan,
    read_lignes,
)
from orc.retention.jobs import decide_waiting
from orc.retention.rapports.lignes_decisions import count_etats, sum_types
from orc.retention.rapports.portee import Portee
from orc.settings import Settings
from tests.flows import UnePj, UnFlux, UnMandat
from tests.ingest.test_intake import take_in
from tests.retention.archives import AUJOURD_HUI, EVENEMENTS, SIREN, find_pj, make_ready
from tests.sql import watch_queries

# Another exercice cites PJ1 too, nothing cites PERDUE.
AUTRE = UnFlux(
    (UnMandat("5", cite=("PJ1", "PJ5")),), (UnePj("PJ5", b"cinq"), UnePj("PERDUE", b"rien")),
    nom="AUTRE", exercice=2022,
)  # fmt: skip


@pytest.fixture
def cellules(database: Database, tmp_path: Path) -> frozenset[int]:
    make_ready(database, tmp_path, [*EVENEMENTS, AUTRE])
    decide_waiting(database, Settings(), today=AUJOURD_HUI)
    with database.reading() as session:
        return frozenset(session.scalars(select(Cellule.id)))


def find_of(database: Database, exercice: int) -> frozenset[int]:
    with database.reading() as session:
        return frozenset(session.scalars(select(Cellule.id).where(Cellule.exercice == exercice)))


def test_a_pj_counts_in_each_exercice_that_cites_it(
    database: Database, cellules: frozenset[int]
) -> None:
    with database.reading() as session:
        etats = {e.exercice: e for e in read_bilan(session, cellules, SIREN).etats}
        assert list(etats) == [2023, 2022, None]
        assert etats[2022].get(Statut.EN_ATTENTE).nombre == 2
        assert etats[2023].get(Statut.EN_ATTENTE) == Compte(1, len(b"%PDF-1.4 rien"))
        assert etats[None].get(Statut.EN_ATTENTE).nombre == 1
        assert etats[2023].get(Statut.ELIGIBLE) == Compte()
        assert read_bilan(session, cellules, "000000002") == Bilan([], [])


def test_whoever_sees_one_exercice_sees_nothing_of_the_others(
    database: Database, cellules: frozenset[int]
) -> None:
    only = find_of(database, 2023)
    assert only < cellules
    with database.reading() as session:
        assert [e.exercice for e in read_bilan(session, only).etats] == [2023, None]
        assert {n.id_unique for n in find_lignes(session, only, Filtre())} == {"PJ1", "PERDUE"}
        hidden = find_pj(database, "PJ5")
        assert find_ligne(session, only, hidden) is None
        with pytest.raises(NotFound):
            get_pj(session, only, hidden)


def test_what_is_counted_is_what_is_listed_whatever_one_sees(
    database: Database, tmp_path: Path
) -> None:
    # PJ1 of two exercices and of two budgets of one, PERDUE of none: every set of cellules.
    annexe = UnFlux((UnMandat("8", cite=("PJ1",)),), nom="ANNEXE").make()
    make_ready(database, tmp_path, [*EVENEMENTS, AUTRE])
    take_in(database, annexe.replace(b'CodBud V="00"', b'CodBud V="01"'), tmp_path)
    decide_waiting(database, Settings(), today=AUJOURD_HUI)
    with database.reading() as session:
        every = {c.id: c.exercice for c in session.scalars(select(Cellule))}
        assert sorted(every.values()) == [2022, 2023, 2023]
        for size in range(len(every) + 1):
            for some in combinations(sorted(every), size):
                years = {every[i] for i in some}
                assert _count(session, some) == _list(session, some, years)
                assert _report(session, some) == _count(session, some)


def _count(session: Session, cellules: Sequence[int]) -> set[tuple[object, ...]]:
    etats = read_bilan(session, cellules).etats
    return {(e.exercice, s, c.nombre, c.octets) for e in etats for s, c in e.comptes.items()}


def _report(session: Session, cellules: Sequence[int]) -> set[tuple[object, ...]]:
    """The same as the report of états counts it."""
    found = sum_types(count_etats(session, Portee(frozenset(cellules))))
    return {
        (exercice or None, Statut(statut), number, octets)
        for (_siren, exercice), counts in found.items()
        for statut, (number, octets) in counts.items()
    }


def _list(session: Session, cellules: Sequence[int], years: set[int]) -> set[tuple[object, ...]]:
    """The same from the lists themselves."""
    found: set[tuple[object, ...]] = set()
    for statut in Statut:
        for year in (*years, AUCUN):
            lines = find_lignes(session, cellules, Filtre(exercice=year, statut=statut))
            if lines:
                found.add((year or None, statut, len(lines), sum(n.octets for n in lines)))
    return found


def test_without_any_cellule_there_is_nothing(database: Database, cellules: frozenset[int]) -> None:
    assert cellules
    nothing: frozenset[int] = frozenset()
    with database.reading() as session:
        assert read_bilan(session, nothing) == Bilan([], [])
        assert find_lignes(session, nothing, Filtre()) == []
        assert find_collectivites(session, nothing) == []
        assert list(read_lignes(session, nothing, Filtre())) == []


@pytest.mark.parametrize(
    ("filtre", "found"),
    [
        (Filtre(exercice=2022), {"PJ1", "PJ5"}),
        (Filtre(siren="000000002"), set()),
        (Filtre(siren=SIREN, statut=Statut.REFUS), set()),
        (Filtre(test="6"), {"PJ5", "PERDUE"}),
        (Filtre(test="9c"), {"PERDUE"}),
        (Filtre(statut=Statut.EN_ATTENTE, anomalie=True), {"PJ5", "PERDUE"}),
        (Filtre(gelee=True), set()),
        (Filtre(depuis=date(2030, 1, 1)), set()),
    ],
)
def test_a_list_holds_what_is_asked(
    database: Database, cellules: frozenset[int], filtre: Filtre, found: set[str]
) -> None:
    with database.reading() as session:
        assert {n.id_unique for n in find_lignes(session, cellules, filtre)} == found


def test_a_list_is_read_to_its_end_a_lot_at_a_time(
    database: Database, cellules: frozenset[int]
) -> None:
    with watch_queries(database) as asked, database.reading() as session:
        read = read_lignes(session, cellules, Filtre(), combien=2)
        lots = [[n.pj_id for n in lot] for lot in read]
        assert sum("EXISTS" in query for query, _ in asked) == 1  # sought once, then read by ids
        links = session.scalars(select(Lien.pj_id)).all()
    assert [len(lot) for lot in lots] == [2, 1]
    flat = [pj_id for lot in lots for pj_id in lot]
    assert flat == sorted(flat)
    assert len(links) == 3


def test_the_motives_are_counted_and_the_collectivites_named(
    database: Database, cellules: frozenset[int]
) -> None:
    with database.reading() as session:
        motifs = dict(read_bilan(session, cellules).motifs)
        assert sum(motifs.values()) == 3
        assert find_collectivites(session, cellules)[0][0] == SIREN


def test_a_line_says_the_worst_reason_or_the_last_that_let_it_go(
    database: Database, tmp_path: Path
) -> None:
    pj_id = make_ready(database, tmp_path)
    decide_waiting(database, Settings(), today=AUJOURD_HUI)
    with database.reading() as session:
        every = frozenset(session.scalars(select(Cellule.id)))
        good = find_ligne(session, every, pj_id)
    assert good is not None
    assert (good.empechements, good.raison.regle.numero) == ((), "9a")


def test_the_worst_reason_comes_first(database: Database, cellules: frozenset[int]) -> None:
    with database.reading() as session:
        ligne = find_ligne(session, cellules, find_pj(database, "PERDUE"))
        pj = get_pj(session, cellules, find_pj(database, "PERDUE"))
    assert ligne is not None
    assert ligne.raison == ligne.empechements[0]
    assert (pj.id_unique, pj.courante) == ("PERDUE", True)
