"""A silo read to the end: found when closed, gone when not, whatever happens to the files."""

import shutil
import tracemalloc
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from fpdf import FPDF
from sqlalchemy import TextClause, select
from sqlalchemy import text as sql

from orc.access import Clearance, make_lecteur
from orc.bootstrap import Orc, make_orc, open_generations
from orc.domain import Domaine, Role
from orc.errors import NotFound
from orc.index.fields import Genre
from orc.index.rebuild import rebuild
from orc.ingest.clotures import (
    Exercice,
    find_exercices,
    record_clotures,
    withdraw_cloture,
)
from orc.ingest.reconcile import reconcile_index
from orc.ingest.run import Bilan, ingest_silo, wait_for_index
from orc.journal import Auteur
from orc.models import Budget, Cellule, Ecriture, Fichier, Flux, Piece, Texte
from orc.retention.etats import read_bilan
from orc.retention.jobs import decide_waiting
from orc.search.find import Question, find
from orc.settings import Settings
from tests.flows import UnePj, UnFlux, UnMandat
from tests.sql import grant, make_personne, prepare_data

TODAY = date(2026, 11, 1)
AUTEUR = Auteur("test")
CLOTURES = "siret;codcol;codbud;exercice;close_le\n00000000100011;101;00;2023;2024-06-01\n"


def make_pdf(*pages: str) -> bytes:
    document = FPDF()
    document.set_font("helvetica", size=12)
    for text in pages:
        document.add_page()
        document.multi_cell(0, 8, text)
    return bytes(document.output())


FACTURE = make_pdf(
    "Commune de Rochebrune, facture d'energie de l'annee, merci de votre confiance.",
    "La chaufferie de la mediatheque a ete reparee par nos soins au printemps dernier.",
)


@pytest.fixture
def silo(tmp_path: Path) -> Path:
    folder = tmp_path / "silo"
    folder.mkdir()
    (folder / "clotures.csv").write_text(CLOTURES)
    return folder


@pytest.fixture
def orc(tmp_path: Path) -> Iterator[Orc]:
    orc = make_orc(Settings(data=str(prepare_data(tmp_path / "data")), workers=1))
    yield orc
    orc.close()


def write(silo: Path, name: str, flux: UnFlux | bytes) -> Path:
    path = silo / name
    path.write_bytes(flux if isinstance(flux, bytes) else flux.make())
    return path


def ingest(orc: Orc, silo: Path, *, clore_passes: bool = False) -> Bilan:
    return ingest_silo(orc, orc.engine, str(silo), clore_passes=clore_passes, today=TODAY)


def see(orc: Orc, *domaines: Domaine) -> Clearance:
    """What an ordonnateur of the collectivité of the flows sees."""
    with orc.database.writing() as session:
        personne = make_personne(session, f"p{len(domaines)}")
        named = ",".join(domaines)
        grant(
            session,
            personne,
            Role.ORDONNATEUR,
            portee="collectivite",
            portee_cle="000000001",
            domaines=named,
        )
        return make_lecteur(session, personne, "p", "P", TODAY).clearance


def search(
    orc: Orc, words: str, genre: Genre = Genre.PJ, clearance: Clearance | None = None
) -> int:
    with orc.database.reading() as session:
        question = Question(words, genre=genre)
        seen = clearance or see(orc)
        return find(orc.engine, session, orc.storage, question, clearance=seen).hits.total


MANDAT = UnFlux((UnMandat("127", ("F1",)),), (UnePj("F1", FACTURE),))


def test_a_pj_of_a_closed_exercice_is_found_by_its_text_at_its_page(orc: Orc, silo: Path) -> None:
    write(silo, "a.xml", MANDAT)
    bilan = ingest(orc, silo)
    assert (bilan.pieces, bilan.pj, bilan.cherchables, bilan.quarantaine) == (1, 1, 1, 0)
    with orc.database.reading() as session:
        question = Question("chaufferie médiathèque")
        answer = find(orc.engine, session, orc.storage, question, clearance=see(orc))
    ((passage, *_),) = answer.passages.values()
    assert answer.hits.total == 1
    assert passage.page == 2


def test_a_piece_of_an_open_exercice_is_read_and_kept_but_not_found(orc: Orc, silo: Path) -> None:
    (silo / "clotures.csv").unlink()
    write(silo, "a.xml", MANDAT)
    bilan = ingest(orc, silo)
    assert (bilan.pieces, bilan.cherchables) == (1, 0)
    assert search(orc, "chaufferie") == 0


def test_a_closure_makes_pieces_appear_without_the_silo_and_its_withdrawal_takes_them_away(
    orc: Orc, silo: Path
) -> None:
    (silo / "clotures.csv").unlink()
    write(silo, "a.xml", MANDAT)
    ingest(orc, silo)
    shutil.rmtree(silo)
    with orc.database.writing() as session:
        exercice = Exercice(session.scalars(select(Budget.id)).one(), 2023)
        assert record_clotures(session, [exercice], close_le=TODAY, auteur=AUTEUR) == 1
        assert record_clotures(session, [exercice], close_le=TODAY, auteur=AUTEUR) == 0
        (etat,) = find_exercices(session, which=Budget.id == exercice.budget_id)
        assert (etat.nb_pieces, etat.depenses_ttc, etat.close_le) == (1, 10000, TODAY)
    wait_for_index(orc)
    assert search(orc, "chaufferie") == 1
    with orc.database.writing() as session:
        withdraw_cloture(session, exercice, motif="erreur de budget", auteur=AUTEUR)
    assert search(orc, "chaufferie") == 0
    wait_for_index(orc)
    assert list(orc.engine.find_versions()) == []
    with orc.database.writing() as session, pytest.raises(NotFound, match="pas clos"):
        withdraw_cloture(session, exercice, motif="encore", auteur=AUTEUR)
    with orc.database.reading() as session:
        acts = set(session.scalars(select(Ecriture.acte)))
    assert {"cloture", "retrait_de_cloture", "ingestion"} <= acts


def test_without_clotures_csv_past_years_count_as_closed_when_asked(orc: Orc, silo: Path) -> None:
    (silo / "clotures.csv").unlink()
    write(silo, "a.xml", MANDAT)
    write(silo, "b.xml", UnFlux((UnMandat("1"),), exercice=2026, nom="b"))
    bilan = ingest(orc, silo, clore_passes=True)
    assert (bilan.clos_par_defaut, bilan.pieces, bilan.cherchables) == (1, 2, 1)


def test_an_ingestion_done_again_reads_nothing_again(orc: Orc, silo: Path) -> None:
    write(silo, "a.xml", MANDAT)
    ingest(orc, silo)
    with orc.database.reading() as session:
        read = session.scalars(select(Flux.lu_le)).all()
    bilan = ingest(orc, silo)
    assert (bilan.fichiers_nouveaux, bilan.fichiers_inchanges) == (0, 1)
    with orc.database.reading() as session:
        assert session.scalars(select(Flux.lu_le)).all() == read


def test_a_renamed_file_is_not_read_again_and_its_pj_still_opens(orc: Orc, silo: Path) -> None:
    path = write(silo, "a.xml", MANDAT)
    ingest(orc, silo)
    path.rename(silo / "b.xml")
    bilan = ingest(orc, silo)
    assert (bilan.fichiers_nouveaux, bilan.fichiers_disparus, bilan.flux) == (1, 1, 1)
    assert search(orc, "chaufferie") == 1


def test_a_changed_file_is_a_new_flow_and_the_old_one_stays(orc: Orc, silo: Path) -> None:
    path = write(silo, "a.xml", MANDAT)
    ingest(orc, silo)
    later = MANDAT.sent("2023-08-01", mandats=(UnMandat("127", ("F1",), ht="55.00"),), pjs=())
    path.write_bytes(later.make())
    bilan = ingest(orc, silo)
    assert (bilan.fichiers_changes, bilan.flux, bilan.pieces) == (1, 2, 1)
    with orc.database.reading() as session:
        amounts = session.scalars(select(Piece.ht).order_by(Piece.version)).all()
    assert amounts == [10000, 5500]
    assert search(orc, "montant:55", Genre.PIECE) == 1
    assert search(orc, "montant:100", Genre.PIECE) == 0


def test_a_vanished_file_is_reported_and_nothing_of_it_is_dropped(orc: Orc, silo: Path) -> None:
    write(silo, "a.xml", MANDAT)
    ingest(orc, silo)
    (silo / "a.xml").unlink()
    bilan = ingest(orc, silo)
    assert (bilan.fichiers_disparus, bilan.pieces) == (1, 1)
    assert search(orc, "chaufferie") == 1
    with orc.database.reading() as session:
        assert session.scalars(select(Fichier.disparu_le)).one() is not None


def test_a_pj_that_comes_later_makes_its_mandat_found_by_its_text(orc: Orc, silo: Path) -> None:
    write(silo, "a.xml", UnFlux((UnMandat("127", ("F1",)),)))
    ingest(orc, silo)
    assert search(orc, "chaufferie", Genre.PIECE) == 0
    write(silo, "b.xml", UnFlux(pjs=(UnePj("F1", FACTURE),), nom="b"))
    ingest(orc, silo)
    assert search(orc, "chaufferie", Genre.PIECE) == 1
    assert search(orc, "chaufferie", Genre.PJ) == 1


def test_bad_files_are_set_aside_with_their_reason_and_stop_nothing(orc: Orc, silo: Path) -> None:
    write(silo, "a.xml", b"")
    write(silo, "b.xml", b"<Document/>")
    write(silo, "c.xml.gz", b"\x1f\x8bnon")
    write(silo, "d.xml", MANDAT.make()[:-900])
    write(silo, "e.xml", MANDAT)
    (silo / "lisezmoi.txt").write_text("rien")
    bilan = ingest(orc, silo)
    assert bilan.autres_fichiers == ("lisezmoi.txt",)
    assert search(orc, "chaufferie") == 1
    with orc.database.reading() as session:
        motifs = [m for m in session.scalars(select(Flux.motif)) if m]
        motifs += [m for m in session.scalars(select(Fichier.motif)) if m]
    assert len(motifs) >= 2
    assert bilan.quarantaine >= 2


def test_budgets_csv_says_which_budgets_are_of_health_even_after_their_pieces(
    orc: Orc, silo: Path
) -> None:
    write(silo, "a.xml", MANDAT)
    ingest(orc, silo)
    assert search(orc, "chaufferie") == 1
    assert (count_pj(orc, Domaine.ORDINAIRE), count_pj(orc, Domaine.SANTE)) == (1, 0)
    (silo / "budgets.csv").write_text(
        "siret;codcol;codbud;nomenclature\n00000000100011;101;00;M21\n", encoding="utf-8-sig"
    )
    ingest(orc, silo)
    assert search(orc, "chaufferie") == 0
    assert search(orc, "chaufferie", clearance=see(orc, Domaine.SANTE)) == 1
    assert (count_pj(orc, Domaine.ORDINAIRE), count_pj(orc, Domaine.SANTE)) == (0, 1)


def count_pj(orc: Orc, domaine: Domaine) -> int:
    """How many PJ of a domaine early destruction counts."""
    decide_waiting(orc.database, orc.settings)
    with orc.database.reading() as session:
        cellules = set(session.scalars(select(Cellule.id).where(Cellule.domaine == domaine.value)))
        etats = read_bilan(session, cellules).etats
    return sum(compte.nombre for etat in etats for compte in etat.comptes.values())


def test_the_index_is_made_again_from_sql_and_texts_without_the_silo(orc: Orc, silo: Path) -> None:
    write(silo, "a.xml", MANDAT)
    ingest(orc, silo)
    shutil.rmtree(silo)
    generations = open_generations(orc.settings)
    done = rebuild(orc.database, orc.storage, generations, generations.start())
    assert done.pieces == 1
    assert search(orc, "chaufferie") == 1


def test_what_the_index_lost_is_found_missing_and_put_back(orc: Orc, silo: Path) -> None:
    write(silo, "a.xml", MANDAT)
    ingest(orc, silo)
    orc.engine.clear()
    orc.engine.commit()
    assert search(orc, "chaufferie") == 0
    assert reconcile_index(orc.database, orc.engine) == 1
    wait_for_index(orc)
    assert search(orc, "chaufferie") == 1
    assert reconcile_index(orc.database, orc.engine) == 0


def test_an_archive_of_any_size_is_compared_with_its_index_a_window_at_a_time(
    orc: Orc, silo: Path
) -> None:
    write(silo, "a.xml", MANDAT)
    ingest(orc, silo)
    with orc.database.writing() as session:
        columns = [c.name for c in Piece.__table__.columns if c.name != "id"]
        session.execute(copy_piece(", ".join(columns)), {"count": 60_000})
        session.execute(sql("INSERT INTO a_indexer (piece_id) SELECT id FROM piece"))
    tracemalloc.start()
    try:
        assert reconcile_index(orc.database, orc.engine) == 0  # all of them wait already
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def copy_piece(columns: str) -> TextClause:
    """The one piece there is, so many times more."""
    return sql(
        "INSERT INTO piece (id, "  # noqa: S608 - names of our own columns
        f"{columns}) WITH RECURSIVE n(i) AS "
        "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) "
        f"SELECT id + i, {columns} FROM (SELECT * FROM piece LIMIT 1), n"
    )


def test_a_text_lost_with_its_file_is_extracted_when_the_file_comes_back(
    orc: Orc, silo: Path
) -> None:
    path = write(silo, "a.xml", MANDAT)
    ingest(orc, silo)
    with orc.database.writing() as session:
        session.query(Texte).update({"etat": "a_extraire"})
    octets = path.read_bytes()
    path.unlink()
    ingest(orc, silo)
    with orc.database.reading() as session:
        assert session.scalars(select(Texte.etat)).one() == "illisible"
    path.write_bytes(octets)
    ingest(orc, silo)
    with orc.database.reading() as session:
        assert session.scalars(select(Texte.etat)).one() == "extrait"
