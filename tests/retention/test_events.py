"""What retours and acquits make of a piece: the same in whatever order, however often."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import select

from orc.db import Database
from orc.models import Piece, PieceJustificative
from orc.retention.events import AcquitPj, Paiement, Suivi, find_acquits, find_suivis
from tests.flows import UnePj, UnFlux, UnMandat
from tests.ingest.test_intake import take_in
from tests.retention.reponses import UnAcquit, UnRetour
from tests.sql import make_database

FLUX = UnFlux(mandats=(UnMandat("1", cite=("PJ1",)),), pjs=(UnePj("PJ1"),))
PAIEMENT = ("01", "2023-06-20", "60.00")
RESTE = ("01", "2023-07-20", "40.00")
PRIS_EN_CHARGE = UnRetour("2023-06-01", "02", prise_en_charge="2023-05-30")
PAYE_EN_PARTIE = UnRetour("2023-07-01", "02", (PAIEMENT,), prise_en_charge="2023-05-30")
SOLDE = UnRetour("2023-08-01", "05", (PAIEMENT, RESTE), prise_en_charge="2023-05-30")


def take(database: Database, folder: Path, flows: Iterable[UnFlux | UnRetour | UnAcquit]) -> None:
    for flow in flows:
        take_in(database, flow if isinstance(flow, UnFlux) else flow.make(), folder)


def read_suivi(database: Database, numero: str = "1") -> Suivi | None:
    with database.reading() as session:
        query = select(Piece.id).where(Piece.numero == numero, Piece.courante)
        (piece_id,) = session.scalars(query)
        return find_suivis(session, [piece_id]).get(piece_id)


def read_acquit(database: Database, *, version: int | None = None) -> AcquitPj | None:
    with database.reading() as session:
        query = select(PieceJustificative.id).order_by(PieceJustificative.version)
        ids = session.scalars(query).all()
        pj_id = ids[-1 if version is None else version - 1]
        return find_acquits(session, ids).get(pj_id)


def describe(suivi: Suivi | None) -> object:
    """What does not depend on the ids that arrival gives."""
    assert suivi is not None
    said = [(r.jour, r.etat, r.prise_en_charge_le, r.rejet_le) for r in suivi.retours]
    return said, suivi.lignes, suivi.paiements


def test_a_piece_no_retour_speaks_of_has_no_suivi(database: Database, tmp_path: Path) -> None:
    take(database, tmp_path, [FLUX, UnRetour("2023-06-01", "05", numero="2")])
    assert read_suivi(database) is None


def test_the_last_retour_by_its_day_says_the_state(database: Database, tmp_path: Path) -> None:
    take(database, tmp_path, [FLUX, SOLDE, PRIS_EN_CHARGE, PAYE_EN_PARTIE])
    suivi = read_suivi(database)
    assert suivi is not None
    assert suivi.dernier.etat == "05"
    assert suivi.dernier.prise_en_charge_le == date(2023, 5, 30)
    assert [r.etat for r in suivi.retours] == ["02", "02", "05"]
    assert suivi.paiements == (
        Paiement("1", "01", date(2023, 6, 20), 6_000),
        Paiement("1", "01", date(2023, 7, 20), 4_000),
    )


def test_the_order_of_arrival_changes_nothing(tmp_path: Path) -> None:
    found = []
    for rank, order in enumerate(permutations([FLUX, PRIS_EN_CHARGE, PAYE_EN_PARTIE, SOLDE])):
        folder = tmp_path / str(rank)
        database = make_database(folder)
        take(database, folder, order)
        found.append(describe(read_suivi(database)))
        database.close()
    assert all(one == found[0] for one in found)


def test_a_payment_said_again_is_one_payment(database: Database, tmp_path: Path) -> None:
    again = UnRetour("2023-09-01", "05", (PAIEMENT, RESTE), prise_en_charge="2023-05-30")
    take(database, tmp_path, [FLUX, PAYE_EN_PARTIE, SOLDE, again, PAYE_EN_PARTIE])
    suivi = read_suivi(database)
    assert suivi is not None
    assert sum(p.montant for p in suivi.paiements) == 10_000


def test_two_payments_alike_of_one_retour_are_two(database: Database, tmp_path: Path) -> None:
    half = ("01", "2023-06-20", "50.00")
    twice = UnRetour("2023-08-01", "05", (half, half))
    take(database, tmp_path, [FLUX, twice, UnRetour("2023-09-01", "05", (half, half))])
    suivi = read_suivi(database)
    assert suivi is not None
    assert [p.montant for p in suivi.paiements] == [5_000, 5_000]


def test_retours_that_say_only_what_is_new_add_up(database: Database, tmp_path: Path) -> None:
    only_new = UnRetour("2023-08-01", "05", (RESTE,))
    take(database, tmp_path, [FLUX, only_new, PAYE_EN_PARTIE])
    suivi = read_suivi(database)
    assert suivi is not None
    assert sum(p.montant for p in suivi.paiements) == 10_000


def test_a_rejection_speaks_of_the_sending_before_it(database: Database, tmp_path: Path) -> None:
    rejet = UnRetour("2023-05-20", "04", rejet="2023-05-18", restitution="01")
    again = FLUX.sent("2023-06-10", mandats=(UnMandat("1", cite=("PJ1",), objet="Corrigé"),))
    take(database, tmp_path, [FLUX, rejet])
    suivi = read_suivi(database)
    assert suivi is not None
    assert suivi.dernier.rejet_le == date(2023, 5, 18)
    take(database, tmp_path, [again])
    assert read_suivi(database) is None
    take(database, tmp_path, [SOLDE])
    suivi = read_suivi(database)
    assert suivi is not None
    assert [r.etat for r in suivi.retours] == ["05"]


def test_a_retour_of_another_kind_of_bordereau_is_not_its_own(
    database: Database, tmp_path: Path
) -> None:
    take(database, tmp_path, [FLUX, UnRetour("2023-08-01", "05", type_bordereau="02")])
    assert read_suivi(database) is None


def test_the_cession_of_a_line_is_what_the_last_retour_says(
    database: Database, tmp_path: Path
) -> None:
    take(database, tmp_path, [FLUX, UnRetour("2023-08-01", "05", cession="03"), PRIS_EN_CHARGE])
    suivi = read_suivi(database)
    assert suivi is not None
    assert [(n.numero, n.cession_opposition) for n in suivi.lignes] == [("1", "03")]


def test_a_pj_is_acknowledged_by_the_last_answer_to_its_flow(
    database: Database, tmp_path: Path
) -> None:
    take(database, tmp_path, [FLUX])
    assert read_acquit(database) is None
    take(database, tmp_path, [UnAcquit("2023-05-04", (("PJ1", True),))])
    take(database, tmp_path, [UnAcquit("2023-05-03", (("PJ1", False),))])
    found = read_acquit(database)
    assert found is not None
    assert (found.accepte, found.jour, found.ambigu) == (True, date(2023, 5, 4), False)


@pytest.mark.parametrize(
    "acquit",
    [
        UnAcquit("2023-05-04", (("PJ2", True),)),
        UnAcquit("2023-05-04", (("PJ1", True),), nom="AUTRE"),
        UnAcquit("2023-05-01", (("PJ1", True),)),
    ],
    ids=["autre PJ", "autre flux", "avant l’envoi"],
)
def test_an_acquit_of_something_else_acknowledges_nothing(
    database: Database, tmp_path: Path, acquit: UnAcquit
) -> None:
    take(database, tmp_path, [FLUX, acquit])
    assert read_acquit(database) is None


def test_the_same_name_sent_again_is_answered_by_what_comes_after(
    database: Database, tmp_path: Path
) -> None:
    again = replace(FLUX, date_str="2023-06-10", pjs=(UnePj("PJ1", b"autre"),))
    take(database, tmp_path, [FLUX, again, UnAcquit("2023-05-04", (("PJ1", False),))])
    first = read_acquit(database, version=1)
    assert first is not None
    assert first.accepte is False
    assert read_acquit(database, version=2) is None
    take(database, tmp_path, [UnAcquit("2023-06-12", (("PJ1", True),))])
    second, first = read_acquit(database, version=2), read_acquit(database, version=1)
    assert second is not None
    assert first is not None
    assert (second.accepte, first.accepte) == (True, False)


def test_an_acquit_that_fits_two_sendings_of_a_day_tells_nothing(
    database: Database, tmp_path: Path
) -> None:
    again = replace(FLUX, pjs=(UnePj("PJ1", b"autre"),))
    take(database, tmp_path, [FLUX, again, UnAcquit("2023-05-04", (("PJ1", True),))])
    for version in (1, 2):
        found = read_acquit(database, version=version)
        assert found is not None
        assert (found.accepte, found.ambigu) == (None, True)


def test_an_acquit_of_an_unknown_day_answers_the_flow_it_names(
    database: Database, tmp_path: Path
) -> None:
    take(database, tmp_path, [FLUX, UnAcquit("", (("PJ1", True),))])
    found = read_acquit(database)
    assert found is not None
    assert (found.accepte, found.jour) == (True, None)
