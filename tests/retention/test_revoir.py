"""The day to look again is never too late: until then, time alone changes nothing."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from orc.retention.decide import decide
from orc.retention.facts import Acquittement, Facts, Marche
from orc.retention.revoir import find_revoir
from orc.retention.rules import Rules
from tests.retention.dossiers import PREUVE, make_facts, make_gel, make_periode
from tests.retention.test_decide import CHANGES

DAYS = st.dates(date(2019, 1, 1), date(2036, 1, 1))
ENDS = st.none() | DAYS


@st.composite
def draw_timed(draw: st.DrawFn) -> Facts:
    """Facts whose periods begin and end on any day."""
    facts = make_facts()
    for changes in draw(CHANGES):
        facts = replace(facts, **changes)
    for name in ("adhesions_orc", "adhesions_offre", "tenue_helios", "declarations_numerisation"):
        if draw(st.booleans()):
            facts = replace(facts, **{name: (draw_periode(draw),)})
    if draw(st.booleans()):
        gel = replace(make_gel(), periode=draw_periode(draw))
        facts = replace(facts, gels=(gel,), cofinancements=(gel,))
    if draw(st.booleans()):
        acquit = Acquittement(accepte=True, jour=draw(DAYS), preuve=PREUVE)
        facts = replace(facts, acquittement=acquit)
    if draw(st.booleans()):
        marche = Marche(draw(ENDS), draw(ENDS), (PREUVE,), (PREUVE,))
        facts = replace(facts, piece_de_marche=True, marche=marche)
    return facts


def draw_periode(draw: st.DrawFn):  # type: ignore[no-untyped-def]  # a Periode
    end = draw(ENDS)
    return make_periode(draw(DAYS).isoformat(), end.isoformat() if end else "")


@given(draw_timed(), DAYS, st.integers(1, 5000))
def test_nothing_changes_before_the_day_to_look_again(facts: Facts, today: date, days: int) -> None:
    revoir = find_revoir(facts, Rules(), today)
    later = today + timedelta(days=days)
    if revoir is not None and later >= revoir:
        later = revoir - timedelta(days=1)
    before, after = decide(facts, Rules(), today), decide(facts, Rules(), later)
    assert (before.statut, before.raisons) == (after.statut, after.raisons)
    assert revoir is None or revoir > today


def test_a_period_without_end_in_the_calendar_is_not_looked_at_again() -> None:
    gel = replace(make_gel(), periode=make_periode("2020-01-01", "9999-12-31"))
    assert find_revoir(make_facts(gels=(gel,)), Rules(), date(2026, 1, 1)) is None
