"""What declarations say now: periods, rubriques, flags, windows, marchés; not superseded rows."""

from datetime import date
from pathlib import Path

import pytest

from orc.db import Database
from orc.models import LienMarche, Marche, Piece
from orc.retention.declarations import (
    Genre,
    find_cofinancements,
    find_historiques,
    find_marches,
    find_periodes,
    find_rubriques,
)
from tests.flows import UnePj, UnFlux, UnMandat
from tests.ingest.test_intake import take_in
from tests.retention.actes import JOUR, find_piece, find_pj, put_declaration

COMMUNE, AUTRE = "000000001", "000000002"
FIN = date(2025, 12, 31)
FLUX = UnFlux(
    mandats=(
        UnMandat("1", cite=("A",), marche="MARCHESEPT"),
        UnMandat("2", cite=("A", "B")),
    ),
    pjs=(UnePj("A"), UnePj("B", b"%PDF-1.4 b"), UnePj("SEULE", b"%PDF-1.4 seule")),
)


@pytest.fixture(autouse=True)
def _silo(database: Database, tmp_path: Path) -> None:
    take_in(database, FLUX, tmp_path)


def put(database: Database, genre: Genre, siren: str = COMMUNE, **values: object) -> int:
    with database.writing() as session:
        return put_declaration(session, genre, siren, **values)


def read_periodes(database: Database, genre: Genre) -> list[tuple[date, date | None]]:
    with database.reading() as session:
        found = find_periodes(session, [COMMUNE], genre).get(COMMUNE, ())
    return [(p.depuis, p.jusqu_a) for p in found]


def test_a_period_lasts_until_it_is_said_to_end(database: Database) -> None:
    assert read_periodes(database, Genre.ADHESION_ORC) == []
    first = put(database, Genre.ADHESION_ORC)
    put(database, Genre.ADHESION_ORC, AUTRE, depuis=date(2019, 1, 1))
    put(database, Genre.ADHESION_OFFRE, depuis=date(2018, 1, 1))
    assert read_periodes(database, Genre.ADHESION_ORC) == [(JOUR, None)]
    ended = put(database, Genre.ADHESION_ORC, jusqu_a=FIN, remplace_id=first)
    again = put(database, Genre.ADHESION_ORC, depuis=date(2026, 3, 1))
    assert read_periodes(database, Genre.ADHESION_ORC) == [(JOUR, FIN), (date(2026, 3, 1), None)]
    put(database, Genre.ADHESION_ORC, remplace_id=ended, retiree=True)
    put(database, Genre.ADHESION_ORC, remplace_id=again, retiree=True)
    assert read_periodes(database, Genre.ADHESION_ORC) == []


def test_a_period_says_who_declared_it_and_where(database: Database) -> None:
    row = put(database, Genre.NUMERISATION, valeur="NF Z 42-026", document="pv.pdf")
    with database.reading() as session:
        (periode,) = find_periodes(session, [COMMUNE, AUTRE], Genre.NUMERISATION)[COMMUNE]
    assert periode.preuve.source == f"declaration:{row}"
    assert periode.preuve.evenement == (
        "Chaîne de numérisation conforme, déclaration de test ; NF Z 42-026 ; pv.pdf"
    )


def test_what_is_declared_of_a_marche_is_not_of_the_whole(database: Database) -> None:
    put(database, Genre.COFINANCEMENT, objet="marche:MARCHESEPT")
    assert read_periodes(database, Genre.COFINANCEMENT) == []


def test_the_rubrique_of_a_pj_undoes_none_of_those_of_its_pieces(database: Database) -> None:
    a, b = find_pj(database, "A"), find_pj(database, "B")
    put(database, Genre.RUBRIQUE, objet=f"piece:{find_piece(database, '1')}", valeur="03122")
    put(database, Genre.RUBRIQUE, objet=f"piece:{find_piece(database, '2')}", valeur="5311")
    with database.reading() as session:
        assert find_rubriques(session, [a, b]) == {a: ("03122", "5311"), b: ("5311",)}
    put(database, Genre.RUBRIQUE, objet=f"pj:{a}", valeur="011")
    with database.reading() as session:
        assert find_rubriques(session, [a, b]) == {a: ("011", "03122", "5311"), b: ("5311",)}


def test_a_flag_bears_on_a_pj_or_on_all_a_piece_cites(database: Database) -> None:
    a, b = find_pj(database, "A"), find_pj(database, "B")
    row = put(database, Genre.HISTORIQUE, objet=f"pj:{a}")
    with database.reading() as session:
        found = find_historiques(session, [a, b])
    assert {i: p.source for i, p in found.items()} == {a: f"declaration:{row}"}
    put(database, Genre.HISTORIQUE, objet=f"piece:{find_piece(database, '2')}")
    with database.reading() as session:
        assert set(find_historiques(session, [a, b])) == {a, b}


def test_a_window_bears_on_the_exercices_it_names(database: Database) -> None:
    a, seule = find_pj(database, "A"), find_pj(database, "SEULE")
    values = {"valeur": "FEDER", "autorite": "Région", "reference": "F-1", "jusqu_a": FIN}
    row = put(database, Genre.COFINANCEMENT, exercice_min=2022, exercice_max=2023, **values)
    put(database, Genre.COFINANCEMENT, exercice_min=2024, **values)
    put(database, Genre.COFINANCEMENT, exercice_max=2022, **values)
    put(database, Genre.COFINANCEMENT, AUTRE, **values)
    with database.reading() as session:
        found = find_cofinancements(session, [a, seule])
    (window,) = found[a]
    assert (window.nom, window.autorite, window.reference) == ("FEDER", "Région", "F-1")
    assert (window.periode.jusqu_a, window.periode.preuve.source) == (FIN, f"declaration:{row}")
    # Nobody knows the exercice of a PJ that nothing cites.
    assert len(found[seule]) == 3


def test_a_window_on_a_marche_bears_on_its_lines_and_its_contract(database: Database) -> None:
    a, b, seule = (find_pj(database, name) for name in ("A", "B", "SEULE"))
    put(database, Genre.COFINANCEMENT, objet="marche:MARCHESEPT", valeur="FEDER")
    with database.writing() as session:
        piece = session.get_one(Piece, find_piece(database, "1"))
        session.add(
            Marche(
                id=1, flux_id=piece.flux_id, budget_id=piece.budget_id, siren=COMMUNE,
                cle="MARCHESEPT", id_contrat="MARCHESEPT",
            )
        )  # fmt: skip
        session.flush()
        session.add(LienMarche(id=1, marche_id=1, siren=COMMUNE, id_unique="SEULE", pj_id=seule))
    with database.reading() as session:
        assert set(find_cofinancements(session, [a, b, seule])) == {a, seule}


def test_a_marche_is_known_by_its_collectivite_and_its_key(database: Database) -> None:
    put(database, Genre.NOTIFICATION_MARCHE, objet="marche:MARCHESEPT", depuis=date(2023, 2, 1))
    put(database, Genre.SOLDE_MARCHE, objet="marche:MARCHESEPT", depuis=date(2024, 2, 1))
    put(database, Genre.SOLDE_MARCHE, AUTRE, objet="marche:MARCHESEPT", depuis=date(2020, 2, 1))
    with database.reading() as session:
        found = find_marches(session, [(COMMUNE, "MARCHESEPT"), (COMMUNE, "AUTRE")])
    (dates,) = found.values()
    assert list(found) == [(COMMUNE, "MARCHESEPT")]
    assert (dates.notifie_le, dates.solde_le) == (date(2023, 2, 1), date(2024, 2, 1))
    assert [p.evenement[:12] for p in dates.preuves_notification] == ["Notification"]
    assert [p.evenement[:5] for p in dates.preuves_solde] == ["Solde"]


def test_the_last_of_several_balances_holds(database: Database) -> None:
    for day in (date(2024, 2, 1), date(2023, 2, 1)):
        put(database, Genre.SOLDE_MARCHE, objet="marche:MARCHESEPT", depuis=day)
    with database.reading() as session:
        (dates,) = find_marches(session, [(COMMUNE, "MARCHESEPT")]).values()
    assert (dates.notifie_le, dates.solde_le) == (None, date(2024, 2, 1))
