"""What leaves the silo at its term is expected; an archiviste's act removes texts and records."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from orc.access import Lecteur
from orc.boxes import make_page_key
from orc.db import Database, open_engine
from orc.errors import Conflict, Invalid
from orc.index.fields import Genre
from orc.index.jobs import index_pieces
from orc.index.query import Query
from orc.models import (
    Acquit,
    Budget,
    Ecriture,
    Fichier,
    Flux,
    LecturePage,
    Lien,
    LigneSortie,
    PieceJustificative,
    Sortie,
    Texte,
    read_now,
)
from orc.retention.rapports.portee import Portee
from orc.retention.retraits import find_sortie, register_retraits
from orc.retention.sorties import (
    A_RETIRER,
    Situation,
    find_attendues,
    find_au_terme,
    find_sorties,
    make_liste_sha256,
    record_sortie,
    remove_texts,
)
from orc.storage import Storage
from orc.tasks import INDEX, Tasks
from orc.tasks.in_process import InProcess
from tests.archive import COMMUNE, Archive, make_archive
from tests.retention.rapports.fonds import (
    ABIME,
    ELECTRICITE,
    FOURNITURES,
    SCAN,
    find_all,
    find_cellules,
    make_lecteur_de,
    put_gel,
)

# Ten years after the acquit and after the exercice, both included.
JOUR = date(2033, 1, 1)


@pytest.fixture
def archive(tmp_path: Path, base: str) -> Iterator[Archive]:
    """Everything of 2022 is acknowledged, its flow of the budget principal gone from the silo."""
    with make_archive(tmp_path, database=base) as made:
        with made.orc.database.writing() as session:
            acknowledge(session)
            vanish(session, "PESALR2_principal_2022.xml")
        yield made


def acknowledge(session) -> None:  # type: ignore[no-untyped-def]  # a Writing
    query = (
        select(PieceJustificative, Flux.nom_fic, Flux.date_flux, Budget)
        .join(Flux, Flux.id == PieceJustificative.flux_id)
        .join(Budget, Budget.id == PieceJustificative.budget_id)
    )
    for rang, (pj, nom_fic, sent, budget) in enumerate(session.execute(query).all(), 1):
        session.add(
            Acquit(
                id=rang, flux_id=pj.flux_id, budget_id=budget.id, siren=pj.siren, nom_fic=nom_fic,
                jour=sent + timedelta(days=1), domaine="4", accepte=True, exercice=2022,
                numero_bordereau="",
                id_unique=pj.id_unique, id_marche="", ligne_xml=0,
            )
        )  # fmt: skip


def vanish(session, chemin: str) -> None:  # type: ignore[no-untyped-def]  # a Writing
    session.execute(update(Fichier).where(Fichier.chemin == chemin).values(disparu_le=read_now()))


def find(archive: Archive, day: date = JOUR, qui: str = "archiviste") -> dict[str, Situation]:
    with archive.orc.database.reading() as session:
        noms = {v: k for k, v in archive.pj.items()}
        portee = Portee(find_cellules(archive, qui))
        return {noms[pj.pj_id]: pj.situation for pj in find_au_terme(session, portee, day)}


def make_qui(archive: Archive) -> Lecteur:
    territoire = find_cellules(archive, "archiviste")
    return make_lecteur_de(archive, "archiviste", territoire)


def find_ids(archive: Archive) -> list[int]:
    with archive.orc.database.reading() as session:
        qui = make_qui(archive)
        found = find_attendues(session, qui.clearance.territoire, COMMUNE, 2022, JOUR)
        return [pj.pj_id for pj in found]


def leave(archive: Archive, ids: list[int], motif: str = "Terme échu") -> Sortie:
    with archive.orc.database.writing() as session:
        sortie = record_sortie(
            session, make_qui(archive), COMMUNE, 2022, motif, make_liste_sha256(ids), JOUR
        )
        session.expunge(sortie)
    return sortie


def search(archive: Archive) -> set[int]:
    from orc.access import make_lecteur

    with archive.orc.database.reading() as session:
        lecteur = make_lecteur(
            session, archive.personnes["comptable"], "comptable", "c", date(2026, 11, 23)
        )
    index_pieces(archive.orc.database, archive.orc.storage, archive.orc.engine)
    hits = archive.orc.engine.search(Query(genre=Genre.PJ, taille=200), clearance=lecteur.clearance)
    return {hit.numero for hit in hits.hits}


def test_what_vanishes_at_its_term_is_expected_and_before_is_an_anomaly(archive: Archive) -> None:
    attendues = {ELECTRICITE, SCAN, ABIME}
    assert find(archive) == dict.fromkeys(attendues, Situation.ATTENDUE)
    assert find(archive, JOUR - timedelta(days=1)) == dict.fromkeys(attendues, Situation.DUREE)
    before = find(archive, date(2032, 6, 2))  # the last day of the silo, included
    assert before == dict.fromkeys(attendues, Situation.PREMATUREE)
    at_term = find(archive, date(2034, 1, 1))
    assert at_term[FOURNITURES] is Situation.PRESENTE


def test_a_gel_keeps_what_would_leave(archive: Archive) -> None:
    put_gel(archive, "Recours", exercice_min=2022, exercice_max=2022)
    assert set(find(archive).values()) == {Situation.GELEE}
    assert find_ids(archive) == []


def test_what_is_to_be_kept_or_sorted_is_proposed_for_versement(archive: Archive) -> None:
    from orc.models import RegleDuree, VersionRegles

    with archive.orc.database.writing() as session:
        version = VersionRegles(
            etat="publiee", redigee_par="a", redigee_le=read_now(), en_vigueur_le=date(2026, 1, 1)
        )
        session.add(version)
        session.flush()
        for code, objet, evenement, sort in (
            ("PJ", "pj", "exercice", "T"), ("FLUX", "flux", "acquit", "D"),
        ):  # fmt: skip
            session.add(
                RegleDuree(
                    version_id=version.id, code=code, intitule=code,
                    criteres=f'{{"objet": "{objet}"}}', reference="r", fondement="texte",
                    evenement=evenement, nombre=10, unite="ans", arrondi="aucun", inclus=True,
                    sort_final=sort,
                )
            )  # fmt: skip
    assert set(find(archive).values()) == {Situation.VERSEMENT}


def test_the_act_keeps_the_register_and_removes_texts_and_records(archive: Archive) -> None:
    ids = find_ids(archive)
    assert set(ids) == {archive.pj[n] for n in (ELECTRICITE, SCAN, ABIME)}
    before = search(archive)
    with archive.orc.database.reading() as session:
        sha = {n: session.get_one(PieceJustificative, archive.pj[n]).sha256 for n in archive.pj}
    with archive.orc.database.writing() as session:
        session.add(
            LecturePage(
                sha256=sha[SCAN], page=1, etat="lue", qualite=90, nb_mots=1, lecteur="t",
                quand=read_now(),
            )
        )  # fmt: skip
    storage = archive.orc.storage
    storage.put_bytes(make_page_key(sha[SCAN], 1), b"mots")
    assert storage.exists(sha[ELECTRICITE])
    sortie = leave(archive, ids)
    assert (sortie.nb_pj, sortie.siren, sortie.exercice) == (3, COMMUNE, 2022)
    assert remove_texts(archive.orc.database, storage) == 3
    assert remove_texts(archive.orc.database, storage) == 0
    assert not storage.exists(sha[ELECTRICITE])
    assert not storage.exists(make_page_key(sha[SCAN], 1))
    assert storage.exists(sha[FOURNITURES])
    assert len(before - search(archive)) == 3
    with archive.orc.database.reading() as session:
        lignes = session.scalars(select(LigneSortie).order_by(LigneSortie.pj_id)).all()
        assert {n.nom for n in lignes} == {ELECTRICITE, SCAN, ABIME}
        assert {(n.sort_final, n.regle) for n in lignes} == {("D", "PJ-DEPENSE")}
        assert session.scalar(select(Texte.sha256).where(Texte.sha256 == sha[SCAN])) is None
        assert [s.numero for s in find_sorties(session, [COMMUNE])] == [sortie.numero]
        last = session.scalars(select(Ecriture).order_by(Ecriture.id.desc()).limit(1)).one()
        assert (last.acte, last.objet) == ("sortie_du_silo", f"sortie:{sortie.numero}")
    assert find(archive) == {}
    with pytest.raises(Conflict, match="a changé"):
        leave(archive, ids)


class Mortel(Storage):
    """A storage whose process is killed at its second removal."""

    restes = 1

    def remove(self, key: str) -> None:
        """Remove, or die."""
        if not self.restes:
            os.kill(os.getpid(), signal.SIGKILL)
        self.restes -= 1
        super().remove(key)


class Travail:
    """What registers tasks and is asked for them: only what bootstrap gives."""

    def __init__(self, archive: Archive) -> None:
        self.database, self.storage = archive.orc.database, archive.orc.storage
        self.tasks: Tasks = InProcess({INDEX: 1}, self.database)


def test_texts_half_removed_by_a_kill_are_removed_at_the_next_start(
    archive: Archive, base: str
) -> None:
    sortie = leave(archive, find_ids(archive))

    def die() -> None:
        remove_texts(Database(open_engine(base)), Mortel(archive.orc.settings.storage_url()))

    child = multiprocessing.get_context("fork").Process(target=die)
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    travail = Travail(archive)
    register_retraits(travail)
    tache = travail.tasks.taches["retirer_textes"]
    assert list(tache.unfinished() or ()) == [()]
    travail.tasks.start()
    travail.tasks.enqueue_unfinished()
    travail.tasks.wait()
    travail.tasks.stop()
    assert list(tache.unfinished() or ()) == []
    with archive.orc.database.reading() as session:
        for pj_id in (archive.pj[n] for n in (ELECTRICITE, SCAN, ABIME)):
            sha256 = session.get_one(PieceJustificative, pj_id).sha256
            assert not archive.orc.storage.exists(sha256)
            dite = find_sortie(session, pj_id)
            assert dite is not None
            assert dite.numero == sortie.numero
        assert find_sortie(session, archive.pj[FOURNITURES]) is None


def test_a_text_shared_with_a_pj_that_stays_is_kept(archive: Archive) -> None:
    with archive.orc.database.writing() as session:
        shared = session.get_one(PieceJustificative, archive.pj[ELECTRICITE]).sha256
        session.execute(
            update(PieceJustificative)
            .where(PieceJustificative.id == archive.pj[FOURNITURES])
            .values(sha256=shared)
        )
    leave(archive, find_ids(archive))
    remove_texts(archive.orc.database, archive.orc.storage)
    assert archive.orc.storage.exists(shared)
    with archive.orc.database.reading() as session:
        assert session.get_one(Texte, shared).etat == "extrait"


def test_a_text_that_comes_back_meanwhile_is_read_again(archive: Archive) -> None:
    leave(archive, find_ids(archive))
    with archive.orc.database.writing() as session:  # killed here; a new PJ has the same bytes
        shared = session.get_one(PieceJustificative, archive.pj[ELECTRICITE]).sha256
        assert session.get_one(Texte, shared).etat == A_RETIRER
        session.execute(
            update(PieceJustificative)
            .where(PieceJustificative.id == archive.pj[FOURNITURES])
            .values(sha256=shared)
        )
    remove_texts(archive.orc.database, archive.orc.storage)
    with archive.orc.database.reading() as session:
        assert session.get_one(Texte, shared).etat == "a_extraire"


def test_what_a_piece_outside_ones_territoire_cites_is_not_ones_own(archive: Archive) -> None:
    elsewhere = min(find_all(archive) - find_cellules(archive, "archiviste"))
    with archive.orc.database.writing() as session:
        lien = session.scalars(select(Lien).where(Lien.pj_id == archive.pj[ELECTRICITE])).one()
        session.add(
            Lien(
                id=lien.id + 999_999, flux_id=lien.flux_id, piece_id=lien.piece_id,
                siren=lien.siren, id_unique=lien.id_unique, origine="pj_ref", pj_id=lien.pj_id,
                cellule_id=elsewhere,
            )
        )  # fmt: skip
    assert set(find(archive)) == {SCAN, ABIME}


def test_an_act_has_a_motive_and_the_list_that_was_seen(archive: Archive) -> None:
    ids = find_ids(archive)
    with pytest.raises(Invalid, match="Dites pourquoi"):
        leave(archive, ids, " ")
    with pytest.raises(Conflict):
        leave(archive, ids[1:])
    put_gel(archive, "Recours", exercice_min=2022, exercice_max=2022)
    with pytest.raises(Conflict):
        leave(archive, ids)
    with archive.orc.database.reading() as session:
        assert session.scalars(select(LigneSortie.pj_id)).all() == []
