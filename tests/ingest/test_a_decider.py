"""What changes what is known of a PJ marks it to be decided again: a flow, a text, a file."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlalchemy import delete, insert, select, update

from orc.db import Database
from orc.ingest.a_decider import mark_fichiers, mark_flux, mark_sent_by, mark_textes
from orc.ingest.intake import remove_flux
from orc.ingest.reconcile import set_textes_aside
from orc.ingest.relire import ask_again, find_wanted
from orc.models import (
    FLUX_BITS,
    ADecider,
    Bordereau,
    Fichier,
    Flux,
    LienMarche,
    Marche,
    PieceJustificative,
    RetourPiece,
    Texte,
)
from tests.flows import UnePj, UnFlux, UnMandat
from tests.retention.archives import FLUX, PAYE, SIREN, find_pj, put_in_silo, take

AUTRE = UnFlux(
    (UnMandat("9", cite=("PJ9",)),), (UnePj("PJ9", b"neuf"),), nom="AUTRE", bordereau="13"
)


def forget(database: Database) -> None:
    """Nothing is marked any more."""
    with database.writing() as session:
        session.execute(delete(ADecider))


def read_marks(database: Database) -> set[int]:
    with database.reading() as session:
        return set(session.scalars(select(ADecider.pj_id)))


def start(database: Database, folder: Path) -> int:
    """Two flows read, nothing marked; the id of the PJ of the first."""
    take(database, folder, [FLUX, AUTRE])
    put_in_silo(database)
    forget(database)
    return find_pj(database)


def test_a_text_read_or_asked_again_marks_who_has_it(database: Database, tmp_path: Path) -> None:
    pj_id = start(database, tmp_path)
    with database.writing() as session:
        mine = select(PieceJustificative.sha256).where(PieceJustificative.id == pj_id)
        mark_textes(session, session.scalars(mine).all())
    assert read_marks(database) == {pj_id}
    forget(database)
    with database.writing() as session:
        assert ask_again(session, find_wanted("", "extrait", "")) == 2
    assert read_marks(database) == {pj_id, find_pj(database, "PJ9")}


def test_a_text_given_up_marks_who_has_it(database: Database, tmp_path: Path) -> None:
    pj_id = start(database, tmp_path)
    with database.writing() as session:
        session.execute(update(Texte).values(etat="a_extraire"))
        set_textes_aside(session, (pj_id >> FLUX_BITS,), "rien à faire")
    assert read_marks(database) == {pj_id}


def test_a_file_that_goes_or_comes_back_marks_what_it_holds(
    database: Database, tmp_path: Path
) -> None:
    pj_id = start(database, tmp_path)
    flux_id = pj_id >> FLUX_BITS
    with database.writing() as session:
        sha256 = session.get_one(Flux, flux_id).sha256
        mark_fichiers(session, "file:///silo", [f"{sha256}.xml", "inconnu.xml"])
        assert session.scalars(select(Fichier.chemin)).first()
    assert read_marks(database) == {pj_id}
    forget(database)
    with database.writing() as session:
        mark_sent_by(session, flux_id)
    assert read_marks(database) == {pj_id}


def test_a_flow_forgotten_marks_what_others_send_under_its_names(
    database: Database, tmp_path: Path
) -> None:
    pj_id = start(database, tmp_path)
    take(database, tmp_path, [FLUX.sent("2023-09-10", pjs=(UnePj("PJ1", b"autre"),))])
    last = find_pj(database)
    forget(database)
    remove_flux(database, last >> FLUX_BITS)
    assert read_marks(database) == {pj_id}


def test_an_answer_to_a_whole_bordereau_marks_all_its_pieces(
    database: Database, tmp_path: Path
) -> None:
    pj_id = start(database, tmp_path)
    take(database, tmp_path, [PAYE])
    forget(database)
    with database.writing() as session:
        row = session.scalars(select(RetourPiece)).one()
        row.numero = ""
        session.flush()
        mark_flux(session, row.flux_id, (), {"retour_piece": 1})
    assert read_marks(database) == {pj_id}


def test_the_days_of_a_marche_mark_its_contractual_pieces(
    database: Database, tmp_path: Path
) -> None:
    flux = replace(
        FLUX,
        mandats=(UnMandat("1", cite=("PJ1", "PJ2"), marche="2023ABC"),),
        pjs=(UnePj("PJ1", type_pj="009"), UnePj("PJ2", b"deux"), UnePj("PJ3", b"trois")),
    )
    take(database, tmp_path, [flux, AUTRE])
    with database.writing() as session:
        pj = session.get_one(PieceJustificative, find_pj(database, "PJ3"))
        told = find_pj(database, "PJ9") >> FLUX_BITS
        for rank, flux_id in enumerate((pj.flux_id, told)):
            values = {"id": flux_id << FLUX_BITS | 5000 + rank, "flux_id": flux_id}
            values |= {"budget_id": pj.budget_id, "siren": SIREN, "cle": "2023ABC"}
            day = {"id_contrat": "2023ABC", "date_notification": date(2023, 1, 1)}
            session.execute(insert(Marche).values(**values, **day))
        ident = pj.flux_id << FLUX_BITS | 5000
        session.execute(
            insert(LienMarche).values(
                id=ident, marche_id=ident, siren=SIREN, id_unique="PJ3", pj_id=pj.id
            )
        )
        session.execute(delete(ADecider))
        mark_flux(session, told, (), {"marche": 1})
        assert session.scalars(select(Bordereau.id)).first()
    assert read_marks(database) == {find_pj(database, "PJ1"), find_pj(database, "PJ3")}
