"""The sixteen tests of the law, as a table a lawyer can read; then what always holds."""

from dataclasses import fields, replace
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc.retention.decide import RANGS, Decision, Statut, decide
from orc.retention.facts import Facts
from orc.retention.rules import REGLES, Rules
from tests.retention.cas import (
    CAS,
    ELIGIBLE,
    EN_ATTENTE,
    LIMITES,
    PASSENT,
    REFUS,
    SUSPENDU,
    TRANSMISES,
    cite,
    marche,
    read_around,
    write_page,
)
from tests.retention.dossiers import AUJOURD_HUI, make_facts, make_gel

PAGE = Path(__file__).parents[2] / "docs" / "seize-tests.md"


def read(facts: Facts, rules: Rules | None = None, today: date = AUJOURD_HUI) -> Decision:
    return decide(facts, rules or Rules(), today)


@pytest.mark.parametrize(("numero", "cas", "changes", "statut", "mots"), CAS)
def test_each_test_of_the_law_answers_for_its_own_reason(
    numero: str, cas: str, changes: dict[str, object], statut: Statut, mots: str
) -> None:
    decision = read(make_facts(**changes))
    assert decision.statut is statut, cas
    assert {reason.regle.numero for reason in decision.empechements} == {numero}
    assert all(mots in reason.texte for reason in decision.empechements)
    assert decision.depuis is None


@pytest.mark.parametrize(("numero", "cas", "changes", "depuis"), PASSENT)
def test_what_passes_may_go_since_the_latest_of_its_reasons(
    numero: str, cas: str, changes: dict[str, object], depuis: date
) -> None:
    decision = read(make_facts(**changes))
    assert (decision.statut, decision.depuis) == (ELIGIBLE, depuis), cas
    assert decision.empechements == ()
    assert {r.regle.numero for r in decision.raisons} >= set("12345678"), numero


@pytest.mark.parametrize(("numero", "cas", "changes", "jour", "answers"), LIMITES)
def test_a_day_is_the_day_before_that_day_and_the_next(
    numero: str, cas: str, changes: dict[str, object], jour: str, answers: tuple[Statut, ...]
) -> None:
    found = list(read_around(changes, jour))
    assert tuple(decision.statut for decision in found) == answers, cas
    for decision in found:
        assert {r.regle.numero for r in decision.empechements} <= {numero}


@pytest.mark.parametrize(("jour", "answer"), TRANSMISES)
def test_a_pj_is_sent_on_the_day_the_offer_is_joined_or_after(jour: str, answer: Statut) -> None:
    assert read(make_facts(recue_le=date.fromisoformat(jour))).statut is answer


def test_the_page_a_lawyer_reads_says_every_case() -> None:
    """Write it again: `python -m tests.retention.cas > docs/seize-tests.md`."""
    assert PAGE.read_text(encoding="utf-8") == write_page()


def test_settings_relax_what_is_our_reading_and_nothing_else() -> None:
    early = make_facts(recue_le=date(2020, 1, 1))
    assert read(early, Rules(refuse_avant_offre=False)).statut is ELIGIBLE
    ordre = make_facts(**cite(type_piece="03", etat="02", lignes=()))
    decision = read(ordre, Rules(ordre_par_prise_en_charge=True))
    assert (decision.statut, decision.depuis) == (ELIGIBLE, date(2022, 4, 20))
    assert read(make_facts(), Rules(rubrique_inconnue_passe=False)).statut is EN_ATTENTE


def test_a_suspension_has_an_end_only_when_all_have_one() -> None:
    bounded = make_gel("2025-01-01", "2030-12-31")
    later = make_gel("2025-01-01", "2031-12-31")
    assert read(make_facts(gels=(bounded, later))).jusqu_a == date(2031, 12, 31)
    assert read(make_facts(gels=(bounded, make_gel()))).jusqu_a is None


@pytest.mark.parametrize("today", [date(2030, 4, 30), date(2030, 5, 1), date(2030, 5, 2)])
def test_a_marche_is_kept_on_its_last_day_and_not_the_next(today: date) -> None:
    facts = make_facts(**marche(date(2010, 1, 1), date(2020, 5, 1)))
    decision = read(facts, today=today)
    if today <= date(2030, 5, 1):
        assert (decision.statut, decision.jusqu_a) == (SUSPENDU, date(2030, 5, 1))
    else:
        assert (decision.statut, decision.depuis) == (ELIGIBLE, date(2030, 5, 2))


def test_of_several_reasons_the_worst_wins_and_all_are_said() -> None:
    for one, other in combinations([c for c in CAS if not set(c[2]) & {"citations"}], 2):
        if one[0] == other[0] or set(one[2]) & set(other[2]):
            continue
        decision = read(make_facts(**one[2], **other[2]))
        assert decision.statut is max(one[3], other[3], key=RANGS.__getitem__), (one, other)
        texts = " ; ".join(r.texte for r in decision.empechements)
        assert one[4] in texts
        assert other[4] in texts
        ranks = [RANGS[r.statut] for r in decision.empechements]
        assert ranks == sorted(ranks, reverse=True)


def test_what_is_missing_of_the_events_is_an_anomaly_to_list() -> None:
    for changes in ({"acquittement": None}, {"copie": None}, {"citations": ()}):
        (reason,) = read(make_facts(**changes)).empechements
        assert reason.anomalie


def test_of_nothing_known_nothing_may_go() -> None:
    assert read(Facts()).statut is REFUS


def test_each_reason_says_its_source_and_whose_reading_it_is() -> None:
    for reason in read(Facts()).raisons + read(make_facts()).raisons:
        assert reason.regle.reference
        assert reason.regle.fondement in {"texte", "interpretation"}
    assert set(REGLES) == {*map(str, range(1, 9)), "9a", "9b", "9c", *map(str, range(10, 17))}


CHANGES = st.lists(st.sampled_from([c[2] for c in CAS] + [c[2] for c in PASSENT]), max_size=4)
DAYS = st.dates(date(2019, 1, 1), date(2040, 1, 1))


@st.composite
def draw_facts(draw: st.DrawFn) -> Facts:
    facts = make_facts()
    for changes in draw(CHANGES):
        facts = replace(facts, **changes)
    return facts


@given(draw_facts(), DAYS, st.builds(Rules, st.booleans(), st.booleans(), st.booleans()))
def test_a_decision_always_comes_with_its_reasons(facts: Facts, today: date, rules: Rules) -> None:
    decision = decide(facts, rules, today)
    assert decision.raisons
    assert (decision.statut is ELIGIBLE) == (not decision.empechements)
    if decision.statut is ELIGIBLE:
        assert decision.depuis
        assert decision.depuis <= today


@given(draw_facts(), DAYS, st.sampled_from([f.name for f in fields(Facts)]))
def test_what_is_forgotten_never_makes_a_piece_eligible(
    facts: Facts, today: date, name: str
) -> None:
    if name in {
        "gels", "cofinancements", "piece_de_marche", "historique", "rubriques", "acquit_douteux",
        "pieces_absentes",
    }:  # fmt: skip
        return  # each of these forbids: to forget it is not to lose a proof
    unknown = replace(facts, **{name: getattr(Facts(), name)})
    if decide(facts, Rules(), today).statut is not ELIGIBLE:
        assert decide(unknown, Rules(), today).statut is not ELIGIBLE


@given(draw_facts(), DAYS, st.dates(date(2019, 1, 1), date(2040, 1, 1)))
def test_a_gel_never_makes_a_piece_eligible_and_always_stops_it(
    facts: Facts, today: date, depuis: date
) -> None:
    frozen = replace(facts, gels=(*facts.gels, make_gel(depuis.isoformat())))
    before, after = decide(facts, Rules(), today), decide(frozen, Rules(), today)
    assert RANGS[after.statut] >= max(RANGS[before.statut], RANGS[SUSPENDU])


@given(draw_facts(), DAYS, st.randoms(use_true_random=False))
def test_the_order_of_what_is_known_changes_nothing(
    facts: Facts, today: date, random: Random
) -> None:
    def mix(values: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(random.sample(values, len(values)))

    lists = {f.name: getattr(facts, f.name) for f in fields(Facts)}
    mixed = replace(facts, **{n: mix(v) for n, v in lists.items() if isinstance(v, tuple)})  # type: ignore[arg-type]  # the same values
    one, other = decide(facts, Rules(), today), decide(mixed, Rules(), today)
    assert (one.statut, one.depuis, one.jusqu_a) == (other.statut, other.depuis, other.jusqu_a)


@given(draw_facts(), DAYS)
def test_time_alone_undoes_no_eligibility_but_by_what_ends(facts: Facts, today: date) -> None:
    ends = [p.jusqu_a for p in (*facts.adhesions_orc, *facts.adhesions_offre) if p.jusqu_a]
    if ends or decide(facts, Rules(), today).statut is not ELIGIBLE:
        return
    assert decide(facts, Rules(), today + timedelta(days=1)).statut is ELIGIBLE
