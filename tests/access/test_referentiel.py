"""The dated referential from CSV: all or nothing, the same again is nothing, faults by line."""

import json
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from orc.access.referentiel import FORMES, BilanImport, import_referentiel
from orc.access.tables import ERREURS_DITES, Erreurs, read_codique, read_jour, read_table
from orc.db import Database, Writing
from orc.errors import Invalid
from orc.models import (
    Collectivite,
    Departement,
    Ecriture,
    Poste,
    Rattachement,
    ServiceArchives,
    Succession,
)

FICHIERS = {
    "departements.csv": "departement;libelle\n99;Avelle\n",
    "collectivites.csv": "siren;libelle;departement\n000000018;Rochebrune;99\n",
    "postes.csv": (
        "codique;libelle;departement;depuis;jusqu_a;repris_par\n"
        "099010;SGC de Rochebrune;99;01/01/2020;;\n"
        "099020;Trésorerie;99;;2024-12-31;099010\n"
    ),
    "archives.csv": "code;libelle;departement;courriel\nAD99;Archives de l’Avelle;99;ad@x.fr\n",
    "successions.csv": "predecesseur;successeur;depuis\n000000026;000000018;2023-01-01\n",
    "rattachements.csv": (
        "siren;codique;depuis;jusqu_a\n"
        "000000018;099020;2020-01-01;2024-12-31\n"
        "000000018;099010;2025-01-01;\n"
    ),
}


@pytest.fixture
def session(database: Database) -> Iterator[Writing]:
    with database.writing() as session:
        yield session


def run(session: Writing, **fichiers: str) -> list[BilanImport]:
    files = [(f"{name}.csv", text.encode()) for name, text in fichiers.items()]
    return import_referentiel(session, files, par="test")


def run_all(session: Writing) -> list[BilanImport]:
    files = [(name, text.encode("utf-8-sig")) for name, text in FICHIERS.items()]
    return import_referentiel(session, files, par="test")


def refuse(session: Writing, **fichiers: str) -> str:
    with pytest.raises(Invalid) as refusal:
        run(session, **fichiers)
    session.rollback()
    return str(refusal.value)


def test_every_kind_of_file_is_written_and_the_import_journaled(session: Writing) -> None:
    bilans = {b.genre: b.nouvelles for b in run_all(session)}
    assert bilans == {
        "departements": 1,
        "collectivites": 1,
        "postes": 2,
        "archives": 1,
        "successions": 1,
        "rattachements": 2,
    }
    assert session.get_one(Poste, "099020").repris_par == "099010"
    assert session.get_one(Poste, "099020").jusqu_a == date(2024, 12, 31)
    assert session.get_one(Departement, "99").libelle == "Avelle"
    assert session.get_one(ServiceArchives, "AD99").courriel == "ad@x.fr"
    row = session.scalars(select(Ecriture)).one()
    assert (row.acte, row.acteur) == ("referentiel", "test")
    details = json.loads(row.details)
    assert details["postes"] == [2, 0, 0]
    assert set(details["fichiers"]) == set(FICHIERS)


def test_the_same_files_again_change_nothing(session: Writing) -> None:
    run_all(session)
    again = run_all(session)
    assert all(b.nouvelles == b.changees == 0 for b in again)
    assert session.scalar(select(func.count()).select_from(Rattachement)) == 2


def test_a_line_that_changed_changes_its_row_and_a_column_left_out_stays(session: Writing) -> None:
    run_all(session)
    (bilan,) = run(session, collectivites="siren;libelle\n000000018;Rochebrune-la-Neuve\n")
    assert (bilan.nouvelles, bilan.changees) == (0, 1)
    row = session.get_one(Collectivite, "000000018")
    assert (row.libelle, row.departement) == ("Rochebrune-la-Neuve", "99")


def test_one_fault_and_nothing_of_any_file_is_written(session: Writing) -> None:
    said = refuse(
        session,
        departements="departement;libelle\n99;Avelle\n",
        collectivites="siren;libelle\n000000018;Rochebrune\n12;Courte\n000000026;\n",
    )
    assert said.startswith("Rien n’a été importé.")
    assert "collectivites.csv, ligne 3 : siren : un SIREN a neuf chiffres, pas « 12 »." in said
    assert "collectivites.csv, ligne 4 : libelle : il manque." in said
    assert session.scalar(select(func.count()).select_from(Departement)) == 0


@pytest.mark.parametrize(
    ("fichiers", "message"),
    [
        ({"x": "siren;truc\n1;2\n"}, "Colonnes inconnues : siren, truc"),
        ({"x": ""}, "Colonnes inconnues"),
        ({"d": "departement;libelle\n99;A;B\n"}, "d.csv, ligne 2 : 3 valeurs pour 2 colonnes"),
        ({"d": "departement;libelle\n99;A\n99;B\n"}, "ligne 3 : déjà dit, d.csv, ligne 2"),
        ({"d": "departement;libelle\nX9;A\n"}, "un département s’écrit"),
        ({"d": f"departement;libelle\n99;{'a' * 501}\n"}, "valeur trop longue"),
        ({"d": "departement;libelle\n99;a\u0007b\n"}, "caractère interdit"),
        ({"d": 'departement;libelle\n99;"a"b\n'}, "n’est pas du CSV"),
        ({"p": "codique;libelle;repris_par\n099010;A;099010\n"}, "ne se reprend pas lui-même"),
        ({"p": "codique;libelle;repris_par\n099010;A;099011\n"}, "poste inconnu : 099011"),
        ({"p": "codique;libelle;repris_par\n099010;A;099011\n099011;B;\n"}, "depuis quand"),
        (
            {"p": "codique;libelle;depuis;jusqu_a\n099010;A;2024-01-01;2023-01-01\n"},
            "la fin (jusqu_a) précède",
        ),
        ({"r": "siren;codique;depuis\n000000018;099010;hier\n"}, "date attendue sous la forme"),
        (
            {
                "r": "siren;codique;depuis\n000000018;099010;2020-01-01\n"
                "000000018;099020;2022-01-01\n"
            },
            "deux postes à la fois, 099010 et 099020, au 01/01/2022",
        ),
        (
            {"s": "predecesseur;successeur;depuis\n000000018;000000018;2020-01-01\n"},
            "se succéder à lui-même",
        ),
        (
            {
                "s": "predecesseur;successeur;depuis\n000000018;000000026;2020-01-01\n"
                "000000026;000000018;2021-01-01\n"
            },
            "se succéder à lui-même",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(
    session: Writing, fichiers: dict[str, str], message: str
) -> None:
    assert message in refuse(session, **fichiers)


def test_a_file_that_is_not_utf8_is_refused(session: Writing) -> None:
    with pytest.raises(Invalid, match="UTF-8"):
        import_referentiel(session, [("d.csv", b"departement;libelle\n99;\xe9\n")], par="test")


def test_a_file_too_large_is_refused() -> None:
    with pytest.raises(Invalid, match="trop gros"):
        read_table("d.csv", b"x" * (33 * 1024**2), FORMES, Erreurs())


def test_too_many_lines_are_refused() -> None:
    octets = b"departement;libelle\n" + b"\n" * 500_001
    with pytest.raises(Invalid, match="lignes"):
        read_table("d.csv", octets, FORMES, Erreurs())


def test_a_thousand_faults_are_said_by_the_first_ones() -> None:
    erreurs = Erreurs()
    for number in range(1000):
        erreurs.add(f"ligne {number}", "faute.")
    with pytest.raises(Invalid) as refusal:
        erreurs.check()
    assert str(refusal.value).count("faute") == ERREURS_DITES
    assert "et 970 autres" in str(refusal.value)


def test_a_rattachement_that_follows_another_is_no_overlap(session: Writing) -> None:
    run_all(session)
    run(session, r="siren;codique;depuis;jusqu_a\n000000018;099010;2025-01-01;2025-12-31\n")
    run(session, r="siren,codique,depuis\n000000018,099020,2026-01-01\n")
    assert session.scalar(select(func.count()).select_from(Rattachement)) == 3
    assert session.scalar(select(func.count()).select_from(Succession)) == 1


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)))
def test_a_day_is_read_as_it_is_written(day: date) -> None:
    assert read_jour(f"{day:%d/%m/%Y}") == read_jour(day.isoformat()) == day


@pytest.mark.parametrize("codique", ["033012", "02A012", "02b012", "0330123", "33012"])
def test_a_codique_is_what_flows_say(codique: str) -> None:
    assert read_codique(codique) == codique.upper()


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(octets: bytes) -> None:
    try:
        read_table("x.csv", octets, FORMES, Erreurs())
    except Invalid:
        return
