"""Acquits and retours are kept as they came: once, whatever is read again."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from orc.db import Database
from orc.ingest.intake import remove_flux
from orc.models import (
    Acquit,
    Base,
    Emargement,
    ErreurAcquit,
    Flux,
    RetourLigne,
    RetourPiece,
)
from tests.ingest.test_intake import take_in

EVENTS: tuple[type[Base], ...] = (Acquit, ErreurAcquit, RetourPiece, RetourLigne, Emargement)


def count(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {
            table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0
            for table in EVENTS
        }


@pytest.fixture
def exemples(shared: Path) -> Path:
    return shared / "pes/exemples"


def test_each_element_of_a_real_acquit_is_kept_with_its_errors(
    database: Database, exemples: Path, tmp_path: Path
) -> None:
    take_in(database, (exemples / "acquit/bordereau_ko_8_pj_ok.xml").read_bytes(), tmp_path)
    with database.reading() as session:
        rows = session.scalars(select(Acquit).order_by(Acquit.id)).all()
        errors = session.scalars(select(ErreurAcquit)).all()
    pjs = [row for row in rows if row.domaine == "4"]
    assert (len(pjs), {row.accepte for row in pjs}) == (8, {True})
    assert all(row.id_unique and row.siren and row.nom_fic for row in pjs)
    (refused,) = [row for row in rows if row.domaine != "4"]
    assert refused.accepte is False
    assert refused.numero_bordereau
    assert {error.acquit_id for error in errors} == {refused.id}
    assert all(error.code for error in errors)


def test_a_real_retour_of_the_old_form_is_kept_with_its_recoveries(
    database: Database, exemples: Path, tmp_path: Path
) -> None:
    take_in(database, (exemples / "retour/recette_forme_v2.0.xml").read_bytes(), tmp_path)
    with database.reading() as session:
        rows = session.scalars(select(RetourPiece)).all()
    assert rows
    assert {(row.sens, row.forme_v20) for row in rows} == {("recette", True)}
    assert all(row.etat and row.numero and row.numero_bordereau for row in rows)
    found = count(database)
    assert found["retour_ligne"] >= len(rows)


def test_a_state_of_an_unknown_kind_of_retour_is_kept_as_it_is(
    database: Database, exemples: Path, tmp_path: Path
) -> None:
    take_in(database, (exemples / "retour/depense_etat_seul.xml").read_bytes(), tmp_path)
    with database.reading() as session:
        row = session.scalars(select(RetourPiece)).first()
    assert row is not None
    assert (row.type_restitution, row.etat) == ("AA", "01")
    assert isinstance(row.prise_en_charge_le, date)


@pytest.mark.parametrize(
    "name", ["acquit/acquit_v1_9_elements.xml", "retour/recette_forme_v2.0.xml"]
)
def test_events_read_twice_are_there_once(
    database: Database, exemples: Path, tmp_path: Path, name: str
) -> None:
    octets = (exemples / name).read_bytes()
    take_in(database, octets, tmp_path)
    once = count(database)
    assert sum(once.values()) > 0
    take_in(database, octets, tmp_path)
    assert count(database) == once


def test_a_flow_that_is_forgotten_takes_its_events_away(
    database: Database, exemples: Path, tmp_path: Path
) -> None:
    name = "retour/recette_forme_v2.0.xml"
    flux_id = take_in(database, (exemples / name).read_bytes(), tmp_path)
    remove_flux(database, flux_id)
    assert set(count(database).values()) == {0}
    with database.reading() as session:
        assert session.get(Flux, flux_id) is None


def test_an_ormc_taken_in_charge_says_it_of_the_whole_bordereau(
    database: Database, tmp_path: Path
) -> None:
    take_in(database, ORMC.encode(), tmp_path)
    with database.reading() as session:
        row = session.scalars(select(RetourPiece)).one()
    assert (row.numero, row.numero_bordereau, row.type_bordereau) == ("", "7", "06")
    assert (row.etat, row.prise_en_charge_le) == ("02", date(2024, 3, 4))


ORMC = """<?xml version="1.0" encoding="UTF-8"?>
<n:PES_Retour xmlns:n="http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/retour">
<Enveloppe><Parametres><Version V="5"/><TypFic V="PESRET"/><NomFic V="ORMC-1"/></Parametres>
</Enveloppe><EnTetePES><DteStr V="2024-03-05"/><IdPost V="033012"/><IdColl V="00000000100011"/>
<CodColl V="101"/><CodBud V="00"/></EnTetePES>
<PES_RecetteRetour><EnTeteRecette><TypRestit V="02"/><IdVer V="1"/></EnTeteRecette>
<BordereauORMCGlobal><Exer V="2024"/><IdBord V="7"/><MtTTC V="1200.00"/>
<DtePec V="2024-03-04"/></BordereauORMCGlobal>
</PES_RecetteRetour></n:PES_Retour>
"""
