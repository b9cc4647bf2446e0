"""Who declares what, and how a row is superseded: never edited, never twice by two people."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from orc.access.pieces_demande import PieceJointe, get_piece
from orc.db import BaseIndisponible, Database, Writing
from orc.domain import Droit, Role
from orc.errors import Conflict, Forbidden, Invalid, NotFound, OrcError
from orc.journal import Auteur
from orc.models import ADecider, Declaration, Ecriture, Rattachement
from orc.retention.declarations import Genre, find_periodes
from orc.retention.declarees import find_declarations
from orc.retention.depots import SAISIES, Depot
from orc.retention.saisies import (
    end_declaration,
    insert_declaration,
    record_declaration,
    replace_declaration,
    retire_declaration,
)
from orc.storage import Storage
from tests.flows import UnePj, UnFlux, UnMandat
from tests.ingest.test_intake import take_in
from tests.retention.actes import find_piece, find_pj, put_declaration
from tests.retention.gens import (
    AUJOURD_HUI,
    AUTRE,
    COMMUNE,
    SUR_COMMUNE,
    get_lecteur,
    put_gens,
    put_personne,
)
from tests.sql import grant, make_database, make_personne

JOUR, FIN = date(2024, 1, 1), date(2025, 12, 31)
PV = PieceJointe("pv.pdf", b"%PDF-1.4 proces-verbal")
FLUX = UnFlux(
    mandats=(UnMandat("1", cite=("A",), marche="MARCHESEPT"), UnMandat("2", cite=("A", "B"))),
    pjs=(UnePj("A"), UnePj("B", b"%PDF-1.4 b")),
)
ADHESION = Depot(Genre.ADHESION_ORC, JOUR, COMMUNE)
NUMERISATION = Depot(Genre.NUMERISATION, JOUR, COMMUNE, valeur="NF Z 42-026", document=PV)
HISTORIQUE = Depot(Genre.HISTORIQUE, JOUR, COMMUNE, motif="Grand chantier")
FENETRE = Depot(
    Genre.COFINANCEMENT, JOUR, COMMUNE, jusqu_a=FIN, exercice_min=2022, exercice_max=2023,
    valeur="FEDER", autorite="Région", reference="F-1",
)  # fmt: skip


@pytest.fixture
def commune(tmp_path: Path) -> Database:
    """A commune with a flow, and its people, on SQLite."""
    database = make_database(tmp_path / "base")
    take_in(database, FLUX, tmp_path)
    put_gens(database)
    return database


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "stockage"))


def declare(database: Database, storage: Storage, nom: str, depot: Depot) -> int:
    lecteur = get_lecteur(database, nom)
    with database.writing() as session:
        return record_declaration(session, storage, lecteur, depot, today=AUJOURD_HUI)


def read(database: Database, row_id: int) -> Declaration:
    with database.reading() as session:
        return session.get_one(Declaration, row_id)


def read_marques(database: Database) -> set[int]:
    with database.reading() as session:
        return set(session.scalars(select(ADecider.pj_id)))


def forget_marques(database: Database) -> None:
    with database.writing() as session:
        session.execute(delete(ADecider))


def test_the_comptable_records_the_adhesion_and_it_is_journaled(
    commune: Database, storage: Storage
) -> None:
    forget_marques(commune)
    row_id = declare(commune, storage, "comptable", ADHESION)
    with commune.reading() as session:
        acte = session.scalars(select(Ecriture).where(Ecriture.acte == "declaration")).one()
        assert (acte.acteur, acte.objet) == ("comptable", f"declaration:{row_id}")
        assert find_periodes(session, [COMMUNE], Genre.ADHESION_ORC)[COMMUNE][0].depuis == JOUR
    assert read_marques(commune) == {find_pj(commune, "A"), find_pj(commune, "B")}


@pytest.mark.parametrize(
    ("genre", "may"),
    [
        (Genre.ADHESION_ORC, {"comptable"}),
        (Genre.ADHESION_OFFRE, {"comptable"}),
        (Genre.TENUE_HELIOS, {"comptable"}),
        (Genre.DEMANDE_ORC, {"ordonnateur", "gestionnaire"}),
        (Genre.DEMANDE_OFFRE, {"ordonnateur", "gestionnaire"}),
        (Genre.NUMERISATION, {"ordonnateur"}),
        (Genre.COFINANCEMENT, {"ordonnateur", "comptable"}),
        (Genre.HISTORIQUE, {"archiviste"}),
        (Genre.RUBRIQUE, {"ordonnateur", "archiviste"}),
        (Genre.NOTIFICATION_MARCHE, {"ordonnateur", "comptable"}),
        (Genre.SOLDE_MARCHE, {"ordonnateur", "comptable"}),
    ],
)
def test_each_fact_is_said_by_those_who_answer_for_it(
    commune: Database, storage: Storage, genre: Genre, may: set[str]
) -> None:
    objets = {"": "", "marche": "marche:MARCHESEPT", "pj": f"pj:{find_pj(commune, 'A')}"}
    objet = objets[SAISIES[genre].objets[0]]
    depot = Depot(
        genre, JOUR, COMMUNE, objet, valeur="5311", autorite="A", reference="R", motif="M",
        document=PV,
    )  # fmt: skip
    for nom in ("comptable", "ordonnateur", "archiviste", "gestionnaire", "lecteur", "voisin"):
        if nom in may:
            lecteur = get_lecteur(commune, nom)
            with commune.writing() as session:
                record_declaration(session, storage, lecteur, depot, today=AUJOURD_HUI)
                session.rollback()
        else:
            with pytest.raises((Forbidden, NotFound)):
                declare(commune, storage, nom, depot)


def test_what_one_does_not_see_does_not_exist(commune: Database, storage: Storage) -> None:
    pj, piece = find_pj(commune, "A"), find_piece(commune, "1")
    for depot in (
        replace(ADHESION, siren=AUTRE),
        Depot(Genre.SOLDE_MARCHE, JOUR, COMMUNE, "marche:INCONNU"),
    ):
        with pytest.raises(NotFound):
            declare(commune, storage, "comptable", depot)
    for objet in (f"pj:{pj}", f"piece:{piece}", "pj:1", "piece:1"):
        with pytest.raises(NotFound):
            declare(
                commune, storage, "voisin", Depot(Genre.HISTORIQUE, JOUR, objet=objet, motif="M")
            )
    with pytest.raises(Forbidden):
        declare(commune, storage, "comptable", Depot(Genre.RUBRIQUE, JOUR, objet=f"pj:{pj}"))


@pytest.mark.parametrize("objet", ["", "pj:", "pj:abc", "pj:²", "marche:1", "pj:" + "9" * 30])
def test_an_object_that_cannot_be_is_refused(
    commune: Database, storage: Storage, objet: str
) -> None:
    depot = Depot(Genre.HISTORIQUE, JOUR, COMMUNE, objet, motif="M")
    with pytest.raises(Invalid):
        declare(commune, storage, "archiviste", depot)


@pytest.mark.parametrize(
    "depot",
    [
        replace(NUMERISATION, document=None),
        replace(NUMERISATION, valeur="  "),
        replace(NUMERISATION, valeur="x" * 201),
        replace(NUMERISATION, motif="x" * 1001),
        replace(NUMERISATION, document=PieceJointe("pv.exe", b"MZ")),
        replace(NUMERISATION, exercice_min=2022),
        replace(NUMERISATION, depuis=date(1800, 1, 1)),
        replace(NUMERISATION, jusqu_a=date(2023, 12, 31)),
        replace(FENETRE, autorite=""),
        replace(FENETRE, reference=""),
        replace(FENETRE, exercice_min=2024),
        replace(FENETRE, exercice_max=20220),
        replace(FENETRE, objet="marche:MARCHESEPT"),
    ],
)
def test_a_declaration_that_lacks_something_is_refused(
    commune: Database, storage: Storage, depot: Depot
) -> None:
    with pytest.raises(Invalid):
        declare(commune, storage, "ordonnateur", depot)
    with commune.reading() as session:
        assert session.query(Declaration).count() == 0


@pytest.mark.parametrize("valeur", ["", "abc", "1234567", "¹"])
def test_a_rubrique_is_a_number_of_the_nomenclature(
    commune: Database, storage: Storage, valeur: str
) -> None:
    depot = Depot(Genre.RUBRIQUE, JOUR, objet=f"pj:{find_pj(commune, 'A')}", valeur=valeur)
    with pytest.raises(Invalid):
        declare(commune, storage, "archiviste", depot)


def test_the_document_is_kept_by_its_digest(commune: Database, storage: Storage) -> None:
    first = declare(commune, storage, "ordonnateur", NUMERISATION)
    row = read(commune, first)
    assert row.document == "pv.pdf"
    assert get_piece(storage, row.document_sha256) == PV.octets
    lecteur = get_lecteur(commune, "ordonnateur2")
    with commune.writing() as session:
        correction = replace(NUMERISATION, depuis=date(2023, 1, 1), document=None)
        second = replace_declaration(
            session, storage, lecteur, first, correction, today=AUJOURD_HUI
        )
    assert read(commune, second).document_sha256 == row.document_sha256


def test_a_row_is_never_edited_nor_deleted(commune: Database, storage: Storage) -> None:
    declare(commune, storage, "comptable", ADHESION)
    for statement in (update(Declaration).values(depuis=FIN), delete(Declaration)):
        with pytest.raises((DBAPIError, BaseIndisponible)), commune.writing() as session:
            session.execute(statement)


def test_an_adhesion_is_withdrawn_by_a_row_that_says_its_last_day(
    commune: Database, storage: Storage
) -> None:
    first = declare(commune, storage, "comptable", ADHESION)
    lecteur = get_lecteur(commune, "comptable2")
    with commune.writing() as session:
        second = end_declaration(
            session, storage, lecteur, first, FIN, "Retrait demandé", today=AUJOURD_HUI
        )
    old, new = read(commune, first), read(commune, second)
    assert (old.jusqu_a, new.jusqu_a, new.remplace_id) == (None, FIN, first)
    assert (new.saisie_par, new.motif) == ("comptable2", "Retrait demandé")
    with pytest.raises(Invalid), commune.writing() as session:
        end_declaration(
            session, storage, lecteur, second, date(2020, 1, 1), "Non", today=AUJOURD_HUI
        )


def test_what_was_never_true_is_retired_and_said_again(commune: Database, storage: Storage) -> None:
    first = declare(commune, storage, "comptable", ADHESION)
    lecteur = get_lecteur(commune, "comptable")
    with pytest.raises(Invalid), commune.writing() as session:
        retire_declaration(session, lecteur, first, " ", today=AUJOURD_HUI)
    with commune.writing() as session:
        gone = retire_declaration(session, lecteur, first, "Erreur", today=AUJOURD_HUI)
    with commune.reading() as session:
        assert find_periodes(session, [COMMUNE], Genre.ADHESION_ORC) == {}
    with pytest.raises(Conflict), commune.writing() as session:
        retire_declaration(session, lecteur, gone, "Encore", today=AUJOURD_HUI)
    assert declare(commune, storage, "comptable", ADHESION) > gone


def test_the_same_fact_is_not_said_twice_of_one_day(commune: Database, storage: Storage) -> None:
    declare(commune, storage, "comptable", replace(ADHESION, jusqu_a=FIN))
    with pytest.raises(Conflict, match="01/01/2024 par comptable"):
        declare(commune, storage, "comptable2", replace(ADHESION, depuis=FIN))
    declare(commune, storage, "comptable2", replace(ADHESION, depuis=date(2026, 1, 1)))
    declare(commune, storage, "comptable", FENETRE)
    declare(commune, storage, "comptable", replace(FENETRE, reference="F-2"))
    with pytest.raises(Conflict):
        declare(commune, storage, "ordonnateur", FENETRE)


def test_only_who_may_say_it_may_correct_it(commune: Database, storage: Storage) -> None:
    first = declare(commune, storage, "comptable", ADHESION)
    for nom, error in (("voisin", NotFound), ("ordonnateur", Forbidden)):
        lecteur = get_lecteur(commune, nom)
        with pytest.raises(error), commune.writing() as session:
            retire_declaration(session, lecteur, first, "Non", today=AUJOURD_HUI)
    with pytest.raises(NotFound), commune.writing() as session:
        retire_declaration(session, get_lecteur(commune, "voisin"), 12345, "Non", today=AUJOURD_HUI)


def change(database: Database, storage: Storage, nom: str, row_id: int, depot: Depot) -> None:
    """Try the three ways to undo a row; none leaves anything."""
    lecteur = get_lecteur(database, nom)
    with database.writing() as session:
        retire_declaration(session, lecteur, row_id, "Non", today=AUJOURD_HUI)
        session.rollback()
    with database.writing() as session:
        replace_declaration(session, storage, lecteur, row_id, depot, today=AUJOURD_HUI)
        session.rollback()


@pytest.mark.parametrize(
    ("genre", "objet", "higher"),
    [
        (Genre.RUBRIQUE, "pj", "archiviste"),
        (Genre.RUBRIQUE, "piece", "archiviste"),
        (Genre.COFINANCEMENT, "", "comptable"),
        (Genre.SOLDE_MARCHE, "marche", "comptable"),
        (Genre.NOTIFICATION_MARCHE, "marche", "comptable"),
    ],
)
def test_an_ordonnateur_undoes_what_an_ordonnateur_said_and_nothing_higher(
    commune: Database, storage: Storage, genre: Genre, objet: str, higher: str
) -> None:
    objets = {
        "": "", "pj": f"pj:{find_pj(commune, 'A')}", "piece": f"piece:{find_piece(commune, '1')}",
        "marche": "marche:MARCHESEPT",
    }  # fmt: skip
    depot = Depot(
        genre, JOUR, COMMUNE, objets[objet], valeur="5311", autorite="A", reference="R", motif="M"
    )
    said = declare(commune, storage, higher, depot)
    with pytest.raises(Forbidden, match=f"ne se change que comme {higher}"):
        change(commune, storage, "ordonnateur", said, depot)
    change(commune, storage, f"{higher}2", said, depot)
    assert read_peut_changer(commune, "ordonnateur", said) is False
    with commune.writing() as session:
        retire_declaration(
            session, get_lecteur(commune, higher), said, "À refaire", today=AUJOURD_HUI
        )
    own = declare(commune, storage, "ordonnateur", depot)
    assert read_peut_changer(commune, "ordonnateur2", own) is True
    change(commune, storage, "ordonnateur2", own, depot)
    # Replaced by one who is higher, it is his.
    with commune.writing() as session:
        lecteur = get_lecteur(commune, higher)
        taken = replace_declaration(session, storage, lecteur, own, depot, today=AUJOURD_HUI)
    with pytest.raises(Forbidden):
        change(commune, storage, "ordonnateur", taken, depot)


def read_peut_changer(database: Database, nom: str, row_id: int) -> bool:
    with database.reading() as session:
        lecteur = get_lecteur(database, nom)
        (vue,), _ = find_declarations(session, lecteur, COMMUNE, AUJOURD_HUI, seule=row_id)
    return vue.peut_changer


def test_what_a_command_said_is_undone_by_no_ordonnateur_unless_his_alone_to_say(
    commune: Database, storage: Storage
) -> None:
    with commune.writing() as session:
        window = insert_declaration(session, storage, Auteur("commande"), FENETRE, COMMUNE)
        chain = insert_declaration(session, storage, Auteur("commande"), NUMERISATION, COMMUNE)
    with pytest.raises(Forbidden):
        change(commune, storage, "ordonnateur", window, FENETRE)
    change(commune, storage, "comptable", window, FENETRE)
    change(commune, storage, "ordonnateur", chain, NUMERISATION)


def test_who_is_both_says_it_as_what_fewer_undo(commune: Database, storage: Storage) -> None:
    with commune.writing() as session:
        put_personne(session, "double", Role.ARCHIVISTE, **SUR_COMMUNE)
        values = {"droits": Droit.DESTRUCTION.value, **SUR_COMMUNE}
        grant(session, make_personne(session, "double"), Role.ORDONNATEUR, **values)
    depot = Depot(Genre.RUBRIQUE, JOUR, objet=f"pj:{find_pj(commune, 'A')}", valeur="5311")
    row_id = declare(commune, storage, "double", depot)
    assert read(commune, row_id).qualite == "archiviste"


@pytest.mark.parametrize(
    "genre",
    [Genre.RUBRIQUE, Genre.HISTORIQUE, Genre.SOLDE_MARCHE, Genre.NOTIFICATION_MARCHE],
)
def test_what_is_no_period_has_no_last_day(
    commune: Database, storage: Storage, genre: Genre
) -> None:
    objets = {"pj": f"pj:{find_pj(commune, 'A')}", "marche": "marche:MARCHESEPT"}
    who = "archiviste" if "pj" in SAISIES[genre].objets else "comptable"
    depot = Depot(genre, JOUR, COMMUNE, objets[SAISIES[genre].objets[0]], valeur="53", motif="M")
    row_id = declare(commune, storage, who, depot)
    lecteur = get_lecteur(commune, who)
    with pytest.raises(Invalid, match="pas de dernier jour"), commune.writing() as session:
        end_declaration(session, storage, lecteur, row_id, FIN, "Fin", today=AUJOURD_HUI)
    with commune.reading() as session:
        (vue,), _ = find_declarations(session, lecteur, COMMUNE, AUJOURD_HUI, seule=row_id)
    assert (vue.peut_changer, vue.peut_finir) == (True, False)


def test_a_declaration_marks_what_it_bears_on(commune: Database, storage: Storage) -> None:
    a, b = find_pj(commune, "A"), find_pj(commune, "B")
    for objet, marked in (
        (f"pj:{b}", {b}),
        (f"piece:{find_piece(commune, '1')}", {a}),
    ):
        forget_marques(commune)
        declare(
            commune, storage, "archiviste", Depot(Genre.HISTORIQUE, JOUR, objet=objet, motif="M")
        )
        assert read_marques(commune) == marked
    forget_marques(commune)
    declare(
        commune, storage, "comptable", Depot(Genre.SOLDE_MARCHE, JOUR, COMMUNE, "marche:MARCHESEPT")
    )
    assert read_marques(commune) == {a}


def test_a_marche_known_by_its_line_of_another_collectivite_is_not_found(
    commune: Database, storage: Storage, tmp_path: Path
) -> None:
    other = replace(FLUX, siren=AUTRE, mandats=(UnMandat("7", marche="MARCHEHUIT"),), nom="AUTRE")
    take_in(commune, other, tmp_path)
    with pytest.raises(NotFound):
        declare(
            commune, storage, "ordonnateur",
            Depot(Genre.SOLDE_MARCHE, JOUR, COMMUNE, "marche:MARCHEHUIT"),
        )  # fmt: skip


Attempt = Callable[[Writing], int]


def race(database: Database, *attempts: Attempt) -> list[OrcError]:
    """Play these at once; the refusals, all in French."""

    def play(attempt: Attempt) -> OrcError | None:
        try:
            database.write(attempt)
        except OrcError as error:
            return error
        return None

    with ThreadPoolExecutor(len(attempts)) as pool:
        return [error for error in pool.map(play, attempts) if error]


def test_two_people_at_once_one_is_told(database: Database, storage: Storage) -> None:
    put_gens(database)
    with database.writing() as session:
        row_id = put_declaration(session, Genre.ADHESION_ORC, COMMUNE)
    lecteurs = [get_lecteur(database, nom) for nom in ("comptable", "comptable2")]

    def make_end(rank: int) -> Attempt:
        return lambda session: end_declaration(
            session, storage, lecteurs[rank], row_id, FIN, "Retrait", today=AUJOURD_HUI
        )

    def make_new(rank: int) -> Attempt:
        return lambda session: record_declaration(
            session,
            storage,
            lecteurs[rank],
            Depot(Genre.TENUE_HELIOS, JOUR, COMMUNE),
            today=AUJOURD_HUI,
        )

    with database.writing() as session:
        # Makes the collectivité his before any flow.
        session.add(Rattachement(siren=COMMUNE, codique="033012", depuis=JOUR))
    (error,) = race(database, make_end(0), make_end(1))
    assert isinstance(error, Conflict)
    assert "rien n’a été enregistré" in str(error)
    (error,) = race(database, make_new(0), make_new(1))
    assert isinstance(error, Conflict)
    with database.reading() as session:
        assert session.query(Declaration).count() == 3
