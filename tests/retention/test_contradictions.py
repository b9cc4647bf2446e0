"""Events that contradict one another, or say half of what they should, never let a PJ go."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from orc.db import Database
from orc.retention.decide import Decision, Statut, decide
from orc.retention.dossier import read_dossiers
from orc.retention.events import Retour, Suivi
from orc.retention.rules import Rules
from tests.flows import UnePj, UnFlux, UnMandat
from tests.retention.archives import (
    ACQUIT,
    AUJOURD_HUI,
    FLUX,
    PAIEMENT,
    PAYE,
    Flow,
    find_pj,
    make_ready,
    take,
)
from tests.retention.reponses import UnAcquit, UnRetour

REJETE = UnRetour("2023-08-01", "04", rejet="2023-07-30")
# The order of retours of one day is that of their fingerprints: several days try both.
JOURS = ("2023-08-01", "2023-08-05")


@dataclass(frozen=True)
class Spoilt:
    """A retour of which one text is written otherwise."""

    retour: UnRetour | UnAcquit
    before: str
    after: str

    def make(self) -> bytes:
        """The XML."""
        made = self.retour.make().replace(self.before.encode(), self.after.encode())
        assert made != self.retour.make()
        return made


def decide_on(database: Database) -> Decision:
    pj_id = find_pj(database)
    with database.reading() as session:
        facts = read_dossiers(session, [pj_id], AUJOURD_HUI)[pj_id]
    return decide(facts, Rules(), AUJOURD_HUI)


def say(database: Database, folder: Path, flows: Iterable[object]) -> Decision:
    make_ready(database, folder, [FLUX, ACQUIT])
    take(database, folder, flows)  # type: ignore[arg-type]  # spoilt retours are made as others
    return decide_on(database)


def test_a_mandat_paid_may_go(database: Database, tmp_path: Path) -> None:
    assert say(database, tmp_path, [PAYE]).statut is Statut.ELIGIBLE


@pytest.mark.parametrize("jour", JOURS)
@pytest.mark.parametrize("etat", ["04", "02", "01"])
def test_two_retours_of_one_day_that_disagree_decide_nothing(
    database: Database, tmp_path: Path, jour: str, etat: str
) -> None:
    other = replace(REJETE, jour=jour, etat=etat, rejet="2023-07-30" if etat == "04" else "")
    said = say(database, tmp_path, [replace(PAYE, jour=jour), other])
    assert said.statut is not Statut.ELIGIBLE


@pytest.mark.parametrize("jour", JOURS)
def test_two_acquits_of_one_day_that_disagree_decide_nothing(
    database: Database, tmp_path: Path, jour: str
) -> None:
    make_ready(database, tmp_path, [FLUX, PAYE])
    take(database, tmp_path, [UnAcquit(jour, (("PJ1", ok),)) for ok in (True, False)])
    assert decide_on(database).statut is not Statut.ELIGIBLE


@pytest.mark.parametrize("jour", JOURS)
def test_an_acquit_that_contradicts_itself_decides_nothing(
    database: Database, tmp_path: Path, jour: str
) -> None:
    make_ready(database, tmp_path, [FLUX, PAYE])
    take(database, tmp_path, [UnAcquit(jour, (("PJ1", False), ("PJ1", True)))])
    assert decide_on(database).statut is not Statut.ELIGIBLE


@pytest.mark.parametrize("origine", ["01", "07", "99"])
def test_a_payment_whose_amount_cannot_be_read_is_not_left_out(
    database: Database, tmp_path: Path, origine: str
) -> None:
    more = replace(PAYE, paiements=(PAIEMENT, (origine, "2023-06-21", "7.77")))
    said = say(database, tmp_path, [Spoilt(more, 'MtPay V="7.77"', 'MtPay V="sept"')])
    assert said.statut is Statut.EN_ATTENTE


def test_what_settles_a_line_that_the_piece_has_not_is_not_left_out(
    database: Database, tmp_path: Path
) -> None:
    strange = UnRetour("2023-07-01", "02", (("07", "2023-06-20", "50.00"),))
    said = say(database, tmp_path, [Spoilt(strange, 'IdLigne V="1"', 'IdLigne V="2"'), PAYE])
    assert said.statut is Statut.EN_ATTENTE


def test_a_cession_of_a_line_that_the_piece_has_not_is_not_left_out(
    database: Database, tmp_path: Path
) -> None:
    strange = UnRetour("2023-07-01", "02", cession="02")
    said = say(database, tmp_path, [Spoilt(strange, 'IdLigne V="1"', 'IdLigne V="2"'), PAYE])
    assert said.statut is Statut.REFUS


def test_a_retour_of_no_day_that_rejects_is_not_put_before_the_others(
    database: Database, tmp_path: Path
) -> None:
    undated = Spoilt(REJETE, 'DteStr V="2023-08-01"', 'DteStr V="hier"')
    assert say(database, tmp_path, [PAYE, undated]).statut is not Statut.ELIGIBLE


def test_an_acquit_of_no_day_that_refuses_is_not_put_before_the_others(
    database: Database, tmp_path: Path
) -> None:
    refus = UnAcquit("2023-05-05", (("PJ1", False),))
    undated = Spoilt(refus, 'DteStr V="2023-05-05"', 'DteStr V=""')
    again = UnAcquit("2023-05-06", (("PJ1", True),))
    assert say(database, tmp_path, [PAYE, undated, again]).statut is not Statut.ELIGIBLE


def test_a_payment_to_come_pays_nothing(database: Database, tmp_path: Path) -> None:
    later = replace(PAYE, paiements=(("01", "2099-12-31", "100.00"),))
    assert say(database, tmp_path, [later]).statut is Statut.EN_ATTENTE


@pytest.mark.parametrize("montants", [("-100.00",), ("300.00", "-100.00"), ("99.99",), ("1e2",)])
def test_amounts_that_do_not_sum_to_the_line_pay_nothing(
    database: Database, tmp_path: Path, montants: tuple[str, ...]
) -> None:
    paid = tuple(("01", "2023-06-20", m) for m in montants)
    assert say(database, tmp_path, [replace(PAYE, paiements=paid)]).statut is Statut.EN_ATTENTE


def test_a_mandat_not_paid_that_cited_an_earlier_sending_still_counts(
    database: Database, tmp_path: Path
) -> None:
    first = UnFlux(
        mandats=(UnMandat("1", cite=("PJ1",)), UnMandat("2", cite=("PJ1",))), pjs=(UnePj("PJ1"),)
    )
    again = replace(FLUX, mandats=(UnMandat("1", cite=("PJ1",), objet="B"),)).sent("2023-05-03")
    flows: list[Flow] = [first, again, ACQUIT, UnAcquit("2023-05-04", (("PJ1", True),), again.nom)]
    make_ready(database, tmp_path, flows)
    take(database, tmp_path, [PAYE])
    said = decide_on(database)
    assert said.statut is Statut.EN_ATTENTE


def test_a_retour_of_no_day_says_the_state_of_nothing(database: Database, tmp_path: Path) -> None:
    undated = Spoilt(PAYE, 'DteStr V="2023-08-01"', 'DteStr V=""')
    assert say(database, tmp_path, [undated]).statut is Statut.EN_ATTENTE


def test_a_bordereau_taken_in_charge_does_not_take_back_the_rejection_of_a_piece() -> None:
    rejected = make_retour("04", date(2023, 6, 1), rejet_le=date(2023, 5, 30))
    whole = make_retour("02", date(2023, 7, 1), de_bordereau=True)
    assert "contredit" in Suivi((rejected, whole), (), ()).doute
    assert not Suivi((whole,), (), ()).doute
    assert not Suivi((whole, make_retour("04", date(2023, 8, 1))), (), ()).doute


def make_retour(etat: str, jour: date, **changes: object) -> Retour:
    retour = Retour(1, 1, "R", jour, "02", False, etat, "01", None, None, (), "")
    return replace(retour, **changes)  # type: ignore[arg-type]  # the fields of Retour


def test_a_retour_that_names_no_mandat_pays_none(database: Database, tmp_path: Path) -> None:
    for nameless in ("", '<IdPce V=""/>'):
        said = say(database, tmp_path, [Spoilt(PAYE, '<IdPce V="1"/>', nameless)])
        assert said.statut is Statut.EN_ATTENTE


def test_a_mandat_without_a_number_is_paid_by_none_and_replaced_by_none(
    database: Database, tmp_path: Path
) -> None:
    mandats = (UnMandat("", cite=("PJ1",)), UnMandat("", objet="B"))
    nameless = UnFlux(mandats, nom="SANS")
    anonyme = Spoilt(replace(PAYE, jour="2023-09-01"), '<IdPce V="1"/>', "")
    said = say(database, tmp_path, [PAYE, nameless, anonyme])
    assert said.statut is Statut.EN_ATTENTE
