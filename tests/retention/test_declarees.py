"""What pages show of declarations: what stands, its history, what each may do of it."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import update

from orc.access.pieces_demande import PieceJointe, put_piece
from orc.db import Database
from orc.errors import NotFound
from orc.models import Collectivite
from orc.retention.criteres import Criteres
from orc.retention.declarations import Genre
from orc.retention.declarees import (
    DECLARATIONS_PAR_PAGE,
    find_collectivites,
    find_declarations,
    find_genres,
    find_genres_de_piece,
    open_document,
)
from orc.retention.gels_vus import count_en_retard, write_criteres
from orc.storage import Storage
from tests.flows import UnePj, UnFlux, UnMandat
from tests.ingest.test_intake import take_in
from tests.retention.actes import find_piece, find_pj, put_declaration, put_gel
from tests.retention.gens import AUJOURD_HUI, AUTRE, COMMUNE, get_lecteur, put_gens
from tests.sql import make_database

FLUX = UnFlux(mandats=(UnMandat("1", cite=("A",)),), pjs=(UnePj("A"),))


@pytest.fixture
def commune(tmp_path: Path) -> Database:
    database = make_database(tmp_path / "base")
    take_in(database, FLUX, tmp_path)
    put_gens(database)
    return database


def read_etats(database: Database, nom: str) -> list[tuple[str, str]]:
    lecteur = get_lecteur(database, nom)
    with database.reading() as session:
        rows, _ = find_declarations(session, lecteur, COMMUNE, AUJOURD_HUI)
    return [(row.genre.value, row.etat) for row in rows]


def test_each_row_says_where_it_is(commune: Database) -> None:
    with commune.writing() as session:
        first = put_declaration(session, Genre.ADHESION_ORC, COMMUNE)
        put_declaration(session, Genre.ADHESION_ORC, COMMUNE, remplace_id=first, retiree=True)
        put_declaration(session, Genre.ADHESION_ORC, COMMUNE, depuis=date(2027, 1, 1))
        put_declaration(session, Genre.TENUE_HELIOS, COMMUNE, jusqu_a=date(2025, 1, 1))
        put_declaration(session, Genre.ADHESION_OFFRE, COMMUNE)
        put_declaration(session, Genre.DEMANDE_OFFRE, COMMUNE)
        asked = put_declaration(session, Genre.DEMANDE_ORC, COMMUNE)
        put_declaration(
            session, Genre.DEMANDE_ORC, COMMUNE, remplace_id=asked, retiree=True, valeur="refusée"
        )
    assert sorted(read_etats(commune, "comptable")) == sorted(
        [
            ("adhesion_orc", "remplacée"),
            ("adhesion_orc", "retirée"),
            ("adhesion_orc", "à venir"),
            ("tenue_helios", "finie"),
            ("adhesion_offre", "en vigueur"),
            ("demande_offre", "en attente"),
            ("demande_orc", "répondue"),
            ("demande_orc", "refusée"),
        ]
    )


def test_each_may_do_what_is_its_own(commune: Database) -> None:
    gestionnaire = get_lecteur(commune, "gestionnaire")
    a, piece = find_pj(commune, "A"), find_piece(commune, "1")
    with commune.writing() as session:
        put_declaration(session, Genre.ADHESION_ORC, COMMUNE)
        put_declaration(session, Genre.DEMANDE_OFFRE, COMMUNE, personne_id=gestionnaire.personne_id)
        put_declaration(session, Genre.HISTORIQUE, COMMUNE, objet=f"pj:{a}")
        put_declaration(session, Genre.HISTORIQUE, COMMUNE, objet=f"piece:{piece}")
        put_declaration(session, Genre.SOLDE_MARCHE, COMMUNE, objet="marche:M1")
        put_declaration(session, Genre.RUBRIQUE, COMMUNE, objet="pj:1", valeur="5311")
    may = {}
    with commune.reading() as session:
        for nom in ("comptable", "archiviste", "gestionnaire"):
            lecteur = get_lecteur(commune, nom)
            rows, _ = find_declarations(session, lecteur, COMMUNE, AUJOURD_HUI)
            may[nom] = {
                (r.genre.value, r.objet): (r.peut_changer, r.peut_repondre, r.mienne, r.url)
                for r in rows
            }
    no = (False, False, False, "")
    assert may["comptable"][("adhesion_orc", "")] == (True, False, False, "")
    assert may["comptable"][("demande_offre", "")] == (False, True, False, "")
    assert may["comptable"][("solde_marche", "marché M1")] == (True, False, False, "")
    assert may["gestionnaire"][("demande_offre", "")] == (False, False, True, "")
    assert may["gestionnaire"][("adhesion_orc", "")] == no
    assert may["archiviste"][("historique", "une pièce justificative")][0]
    assert may["archiviste"][("historique", "une pièce")][3] == f"/piece/{piece}"
    assert not may["comptable"][("historique", "une pièce")][0]
    # What is said of a piece one does not see is not there.
    assert len(may["gestionnaire"]) == 3
    assert not any(genre == "rubrique" for genre, _ in may["archiviste"])


def test_declarations_come_a_page_at_a_time_what_waits_first(commune: Database) -> None:
    with commune.writing() as session:
        asked = put_declaration(session, Genre.DEMANDE_OFFRE, COMMUNE)
        hidden = put_declaration(session, Genre.RUBRIQUE, COMMUNE, objet="pj:1", valeur="5311")
        rows = [
            put_declaration(session, Genre.COFINANCEMENT, COMMUNE, reference=f"F-{n}")
            for n in range(DECLARATIONS_PAR_PAGE)
        ]
    lecteur = get_lecteur(commune, "comptable")
    with commune.reading() as session:
        first, total = find_declarations(session, lecteur, COMMUNE, AUJOURD_HUI)
        second, _ = find_declarations(session, lecteur, COMMUNE, AUJOURD_HUI, page=2)
        alone = find_declarations(session, lecteur, COMMUNE, AUJOURD_HUI, seule=rows[0])
        assert find_declarations(session, lecteur, COMMUNE, AUJOURD_HUI, seule=hidden) == ((), 0)
    assert [v.id for v in (*first, *second)] == [asked, *reversed(rows)]
    assert (len(first), total) == (DECLARATIONS_PAR_PAGE, DECLARATIONS_PAR_PAGE + 1)
    assert ([v.id for v in alone[0]], alone[1]) == ([rows[0]], 1)


def test_collectivites_are_listed_those_that_wait_first(commune: Database, tmp_path: Path) -> None:
    take_in(commune, UnFlux(mandats=(UnMandat("1"),), siren=AUTRE, nom="AUTRE"), tmp_path)
    with commune.writing() as session:
        session.execute(
            update(Collectivite).where(Collectivite.siren == AUTRE).values(libelle="Abbaye")
        )
        put_declaration(session, Genre.ADHESION_ORC, AUTRE)
        put_declaration(session, Genre.ADHESION_ORC, COMMUNE, depuis=date(2027, 1, 1))
        put_declaration(session, Genre.DEMANDE_OFFRE, COMMUNE)
    with commune.reading() as session:
        lecteur = get_lecteur(commune, "comptable")
        rows, total = find_collectivites(session, lecteur, "", 1, AUJOURD_HUI)
        assert ([(r.siren, r.en_attente) for r in rows], total) == ([(COMMUNE, 1), (AUTRE, 0)], 2)
        assert [r.orc for r in rows] == [None, date(2024, 1, 1)]
        rows, total = find_collectivites(session, lecteur, "ABB", 1, AUJOURD_HUI)
        assert ([r.nom for r in rows], total) == (["Abbaye"], 1)
        assert find_collectivites(session, lecteur, "", 2, AUJOURD_HUI) == ((), 2)
        nobody = get_lecteur(commune, "lecteur")
        assert find_collectivites(session, nobody, "", 1, AUJOURD_HUI) == ((), 0)
        with pytest.raises(NotFound):
            find_declarations(session, nobody, COMMUNE, AUJOURD_HUI)


def test_forms_are_those_of_the_role(commune: Database) -> None:
    with commune.reading() as session:
        found = {
            nom: find_genres(session, get_lecteur(commune, nom), COMMUNE, AUJOURD_HUI)
            for nom in ("gestionnaire", "archiviste", "comptable")
        }
    assert found["gestionnaire"] == (Genre.DEMANDE_ORC, Genre.DEMANDE_OFFRE)
    assert found["archiviste"] == ()
    assert Genre.ADHESION_ORC in found["comptable"]
    archiviste = get_lecteur(commune, "archiviste")
    assert find_genres_de_piece(archiviste) == (Genre.HISTORIQUE, Genre.RUBRIQUE)
    assert find_genres_de_piece(get_lecteur(commune, "comptable")) == ()


def test_a_document_opens_for_who_sees_what_it_is_of(commune: Database, tmp_path: Path) -> None:
    storage = Storage(str(tmp_path / "stockage"))
    with commune.writing() as session:
        none = put_declaration(session, Genre.ADHESION_ORC, COMMUNE)
        hidden = put_declaration(
            session, Genre.RUBRIQUE, COMMUNE, objet="pj:1", document_sha256="0" * 64
        )
        digest = put_piece(storage, PieceJointe("pv.pdf", b"%PDF-1.4 pv"))
        shown = put_declaration(
            session, Genre.NUMERISATION, COMMUNE, document="pv.pdf", document_sha256=digest
        )
    with commune.reading() as session:
        comptable = get_lecteur(commune, "comptable")
        found = open_document(session, storage, comptable, shown, AUJOURD_HUI)
        assert found == ("pv.pdf", b"%PDF-1.4 pv")
        tries = (("comptable", none), ("comptable", hidden), ("voisin", none), ("lecteur", 9))
        for nom, ident in tries:
            with pytest.raises(NotFound):
                open_document(session, storage, get_lecteur(commune, nom), ident, AUJOURD_HUI)


def test_criteria_are_said_in_words() -> None:
    assert write_criteres(
        Criteres(
            "1", 2022, 2022, noms=("A", "B"), sens="recette", emis_du=date(2022, 1, 1),
            emis_au=date(2022, 2, 1), montant_min=100, montant_max=200,
        )
    ) == (
        "exercice 2022", "tiers A, B", "recettes", "émises depuis le 01/01/2022",
        "émises jusqu’au 01/02/2022", "d’au moins 1,00\u00a0€", "d’au plus 2,00\u00a0€",
    )  # fmt: skip
    assert write_criteres(Criteres("1", sens="depense")) == ("dépenses",)
    ordinaire = Criteres("1", domaines=("ordinaire",))
    assert write_criteres(ordinaire) == ("hors paie, aide sociale et santé",)


def test_late_reviews_are_counted_for_who_sees_them(commune: Database) -> None:
    with commune.writing() as session:
        put_gel(session, criteres=Criteres(siren=COMMUNE), revue_le=AUJOURD_HUI)
        put_gel(session, criteres=Criteres(siren=COMMUNE))
    with commune.reading() as session:
        for nom, late in (("archiviste", 1), ("voisin", 0)):
            assert count_en_retard(session, get_lecteur(commune, nom), AUJOURD_HUI) == late
