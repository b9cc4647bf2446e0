"""The sixteen tests of the law, as a table a lawyer can read; then what always holds."""

from dataclasses import fields, replace
from datetime import date, timedelta
from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc.retention.decide import RANGS, Decision, Statut, decide
from orc.retention.facts import Acquittement, Copie, Emargement, Facts, Marche, Preuve
from orc.retention.rules import REGLES, Rules
from tests.retention.dossiers import (
    AUJOURD_HUI,
    PAYEE_LE,
    PREUVE,
    make_facts,
    make_gel,
    make_ligne,
    make_mandat,
    make_periode,
    make_titre,
)

ELIGIBLE, EN_ATTENTE, SUSPENDU, REFUS = Statut
TROIS_MAI = Emargement("01", 120_000, PAYEE_LE)


def read(facts: Facts, rules: Rules | None = None, today: date = AUJOURD_HUI) -> Decision:
    return decide(facts, rules or Rules(), today)


def pay(*emargements: Emargement, montant: int = 120_000) -> dict[str, object]:
    ligne = make_ligne(montant, emargements=emargements)
    return {"citations": (make_mandat(lignes=(ligne,)),)}


def cite(**changes: object) -> dict[str, object]:
    return {"citations": (make_mandat(**changes),)}


def titre(**changes: object) -> dict[str, object]:
    return {"citations": (make_titre(**changes),)}


def marche(notifie_le: date | None, solde_le: date | None) -> dict[str, object]:
    return {"piece_de_marche": True, "marche": Marche(notifie_le, solde_le, PREUVE)}


# Test, what is the matter, what is changed of a PJ that may go, the answer, words of the reason.
CAS = [
    ("1", "jamais adhéré à ORC", {"adhesions_orc": ()}, REFUS, "jamais enregistrée"),
    (
        "1",
        "adhésion retirée",
        {"adhesions_orc": (make_periode("2020-01-01", "2025-01-01"),)},
        REFUS,
        "retirée",
    ),
    (
        "1",
        "adhésion à venir",
        {"adhesions_orc": (make_periode("2027-01-01"),)},
        REFUS,
        "jamais enregistrée",
    ),
    ("2", "offre jamais souscrite", {"adhesions_offre": ()}, REFUS, "l’offre de service"),
    ("2", "transmise avant l’offre", {"recue_le": date(2020, 12, 31)}, REFUS, "hors de l’adhésion"),
    ("2", "transmise on ne sait quand", {"recue_le": None}, REFUS, "date de transmission inconnue"),
    ("3", "comptes hors d’Hélios", {"tenue_helios": ()}, REFUS, "Hélios"),
    ("4", "pas une PJ", {"est_pj": False}, REFUS, "dix ans"),
    ("5", "papier", {"support": "02"}, REFUS, "support"),
    ("5", "cédérom", {"support": "03"}, REFUS, "support"),
    ("5", "support inconnu", {"support": ""}, REFUS, "support"),
    ("6", "aucun acquit", {"acquittement": None}, EN_ATTENTE, "aucun acquit"),
    (
        "6",
        "acquit de refus",
        {"acquittement": Acquittement(False, date(2022, 4, 2), PREUVE)},
        EN_ATTENTE,
        "refuse",
    ),
    (
        "6",
        "acquit douteux",
        {"acquit_douteux": PREUVE},
        EN_ATTENTE,
        "est venu, mais",
    ),
    ("7", "pas encore ouverte", {"copie": Copie(True, None, 9, PREUVE)}, EN_ATTENTE, "pas encore"),
    ("7", "absente de l’archive", {"copie": None}, REFUS, "absente"),
    ("7", "empreinte fausse", {"copie": Copie(False, True, 9, PREUVE)}, REFUS, "empreinte"),
    ("7", "vide", {"copie": Copie(True, True, 0, PREUVE)}, REFUS, "vide"),
    ("7", "illisible", {"copie": Copie(True, False, 9, PREUVE)}, REFUS, "illisible"),
    ("8", "numérisée, rien de déclaré", {"est_numerisee": True}, REFUS, "aucune déclaration"),
    ("8", "on ignore si elle est numérisée", {"est_numerisee": None}, REFUS, "on ignore"),
    ("9a", "aucun retour", cite(etat="", lignes=()), EN_ATTENTE, "aucun retour"),
    ("9a", "en instance", cite(etat="01"), EN_ATTENTE, "pas encore payé"),
    ("9a", "seulement pris en charge", cite(etat="02"), EN_ATTENTE, "pas encore payé"),
    ("9a", "rejeté", cite(etat="04"), REFUS, "rejeté"),
    ("9a", "annulé après prise en charge", cite(rejetee_le=date(2022, 6, 1)), REFUS, "annulé"),
    ("9a", "soldé sans détail", cite(lignes=()), EN_ATTENTE, "sans le détail"),
    ("9a", "payé en partie", pay(Emargement("01", 119_999, PAYEE_LE)), EN_ATTENTE, "1\u202f199,99"),
    ("9a", "payé deux fois", pay(TROIS_MAI, TROIS_MAI), EN_ATTENTE, "2\u202f400,00"),
    (
        "9a",
        "soldé par un mandat correctif",
        pay(Emargement("07", 120_000, PAYEE_LE)),
        EN_ATTENTE,
        "corrective",
    ),
    (
        "9a",
        "soldé par un titre correctif",
        pay(Emargement("09", 120_000, PAYEE_LE)),
        EN_ATTENTE,
        "corrective",
    ),
    (
        "9a",
        "compensé par un titre",
        pay(Emargement("10", 120_000, PAYEE_LE)),
        EN_ATTENTE,
        "origine 10",
    ),
    (
        "9a",
        "payé selon un retour V2.0, qui n’a pas d’origine",
        pay(Emargement("", 120_000, PAYEE_LE)),
        EN_ATTENTE,
        "émargée sans origine",
    ),
    (
        "9a",
        "pénalités de retard",
        pay(Emargement("02", 120_000, PAYEE_LE)),
        EN_ATTENTE,
        "origine 02",
    ),
    ("9a", "payé à une date inconnue", pay(Emargement("01", 120_000, None)), EN_ATTENTE, "date"),
    ("9a", "nul et sans paiement", pay(montant=0), EN_ATTENTE, "date"),
    (
        "9a",
        "payé demain",
        pay(Emargement("01", 120_000, date(2026, 6, 2))),
        EN_ATTENTE,
        "02/06/2026 seulement",
    ),
    ("9a", "pièce d’ordre", cite(type_piece="03"), EN_ATTENTE, "pièce d’ordre"),
    ("9a", "admission en non-valeur", cite(type_piece="07"), EN_ATTENTE, "pièce d’ordre"),
    ("9a", "opération d’ordre", cite(mode_reglement="08"), EN_ATTENTE, "pièce d’ordre"),
    (
        "9a",
        "émis après paiement, rien reçu",
        cite(type_piece="05", etat=""),
        EN_ATTENTE,
        "aucun retour",
    ),
    (
        "9a",
        "émis après paiement, en instance",
        cite(type_piece="05", etat="01"),
        EN_ATTENTE,
        "pas encore pris",
    ),
    ("9b", "titre sans retour", titre(etat=""), EN_ATTENTE, "aucun retour"),
    ("9b", "titre pris en charge en partie", titre(etat="03"), EN_ATTENTE, "pas encore pris"),
    (
        "9b",
        "titre sans date de prise en charge",
        titre(prise_en_charge_le=None),
        EN_ATTENTE,
        "pas encore pris",
    ),
    ("9b", "titre rejeté", titre(etat="04"), REFUS, "rejeté"),
    ("9b", "titre annulé", titre(etat="05"), REFUS, "annulé"),
    (
        "9b",
        "titre rejeté après prise en charge",
        titre(rejetee_le=date(2022, 5, 1)),
        REFUS,
        "annulé",
    ),
    ("9c", "citée par rien", {"citations": ()}, EN_ATTENTE, "jamais éligible"),
    (
        "9a",
        "citée par deux mandats, l’un impayé",
        {"citations": (make_mandat(), make_mandat(etat="02"))},
        EN_ATTENTE,
        "pas encore payé",
    ),
    (
        "9b",
        "citée par un mandat et un titre annulé",
        {"citations": (make_mandat(), make_titre(etat="05"))},
        REFUS,
        "annulé",
    ),
    ("10", "original exigé", {"rubriques": ("5311",)}, REFUS, "5311"),
    (
        "10",
        "cession partielle",
        cite(lignes=(make_ligne(cession_opposition="02"),)),
        REFUS,
        "cession",
    ),
    ("10", "cession totale", cite(lignes=(make_ligne(cession_opposition="03"),)), REFUS, "cession"),
    ("11", "gel", {"gels": (make_gel(),)}, SUSPENDU, "Contentieux"),
    ("11", "gel à venir", {"gels": (make_gel("2027-01-01"),)}, SUSPENDU, "Contentieux"),
    (
        "12",
        "cofinancement",
        {"cofinancements": (make_gel("2020-01-01", "2031-12-31"),)},
        SUSPENDU,
        "2025-114",
    ),
    ("13", "marché sans dates", {"piece_de_marche": True}, SUSPENDU, "date manque"),
    (
        "13",
        "marché notifié depuis peu",
        marche(date(2022, 1, 1), date(2015, 1, 1)),
        SUSPENDU,
        "5 ans",
    ),
    (
        "13",
        "marché soldé depuis peu",
        marche(date(2010, 1, 1), date(2020, 1, 1)),
        SUSPENDU,
        "10 ans",
    ),
    ("14", "à conserver", {"sort_final": "C"}, REFUS, "conserver"),
    ("14", "à trier", {"sort_final": "T"}, REFUS, "trier"),
    ("14", "sort inconnu", {"sort_final": ""}, EN_ATTENTE, "aucune règle"),
    ("14", "historique", {"historique": Preuve("signalement")}, REFUS, "versement"),
]


@pytest.mark.parametrize(("numero", "cas", "changes", "statut", "mots"), CAS)
def test_each_test_of_the_law_answers_for_its_own_reason(
    numero: str, cas: str, changes: dict[str, object], statut: Statut, mots: str
) -> None:
    decision = read(make_facts(**changes))
    assert decision.statut is statut, cas
    assert {reason.regle.numero for reason in decision.empechements} == {numero}
    assert all(mots in reason.texte for reason in decision.empechements)
    assert decision.depuis is None


PASSENT = [
    ("née numérique, payée", {}, PAYEE_LE),
    (
        "payée en deux fois",
        pay(Emargement("01", 70_000, PAYEE_LE), Emargement("03", 50_000, date(2022, 7, 1))),
        date(2022, 7, 1),
    ),
    (
        "payée, reprise, payée",
        pay(
            TROIS_MAI,
            Emargement("01", -120_000, date(2022, 5, 9)),
            Emargement("01", 120_000, date(2022, 6, 2)),
        ),
        date(2022, 6, 2),
    ),
    ("annulation payée", pay(Emargement("01", -500, PAYEE_LE), montant=-500), PAYEE_LE),
    ("émise après paiement", cite(type_piece="05", etat="02", lignes=()), date(2022, 4, 20)),
    ("titre pris en charge", titre(), date(2022, 4, 20)),
    ("titre soldé, forme V2.0", titre(etat="05", forme_v20=True), date(2022, 4, 20)),
    (
        "acquit tardif",
        {"acquittement": Acquittement(True, date(2023, 1, 1), PREUVE)},
        date(2023, 1, 1),
    ),
    ("adhésion tardive à ORC", {"adhesions_orc": (make_periode("2024-02-29"),)}, date(2024, 2, 29)),
    (
        "numérisée, déclarée",
        {"est_numerisee": True, "declarations_numerisation": (make_periode("2024-01-01"),)},
        date(2024, 1, 1),
    ),
    ("gel levé", {"gels": (make_gel("2023-01-01", "2026-05-30"),)}, date(2026, 5, 31)),
    (
        "cofinancement clos",
        {"cofinancements": (make_gel("2018-01-01", "2024-12-31"),)},
        date(2025, 1, 1),
    ),
    ("vieux marché", marche(date(2010, 1, 1), date(2015, 5, 1)), date(2025, 5, 2)),
    ("rubrique sans original", {"rubriques": ("41",)}, PAYEE_LE),
    ("payée la veille", pay(Emargement("01", 120_000, AUJOURD_HUI)), AUJOURD_HUI),
]


@pytest.mark.parametrize(("cas", "changes", "depuis"), PASSENT)
def test_what_passes_may_go_since_the_latest_of_its_reasons(
    cas: str, changes: dict[str, object], depuis: date
) -> None:
    decision = read(make_facts(**changes))
    assert (decision.statut, decision.depuis) == (ELIGIBLE, depuis), cas
    assert decision.empechements == ()
    assert {r.regle.numero for r in decision.raisons} >= {"1", "2", "3", "4", "5", "6", "7", "8"}


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


CHANGES = st.lists(st.sampled_from([c[2] for c in CAS] + [c[1] for c in PASSENT]), max_size=4)
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
