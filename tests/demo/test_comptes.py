"""The accounts of the demonstration: the referential, a mission and a demande show their rules."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from orc.access import Lecteur, make_lecteur
from orc.access.demandes_vues import find_a_repondre
from orc.access.referentiel import import_referentiel
from orc.access.ressort import find_ressort
from orc.db import Database
from orc.demo.comptes import make_comptes
from orc.demo.destruction import make_destruction
from orc.demo.habilitations import make_demandes
from orc.demo.referentiel import BUDGETS, CCAS, HOPITAL, PAYS_AVELLE, ROCHEBRUNE, TRESORERIE
from orc.demo.referentiel_csv import make_fichiers, write_fichiers
from orc.domain import CleBudget, Domaine, Role
from orc.identity.comptes import get_personne_id
from orc.ingest.referentiel import Cellules, Libelles, get_budget
from orc.models import Budget, Cellule, Demande, Gel, Mission, Personne
from orc.retention.declarations import Genre, find_periodes
from orc.storage import Storage
from tests.sql import make_database


def read_today() -> date:
    return date.today()  # noqa: DTZ011 - the demonstration's missions are dated from today


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """The budgets of the invented world, an exercice each, and its accounts."""
    folder = tmp_path_factory.mktemp("demo")
    database = make_database(folder)
    with database.writing() as session:
        for b in BUDGETS:
            cle = CleBudget(b.siret, b.codcol, b.codbud)
            made = get_budget(session, cle, Libelles(b.poste.codique, b.libelle, ""))
            Cellules().get(session, made.id, 2023, Domaine.ORDINAIRE)
    storage = Storage(str(folder / "textes"))
    for _ in range(2):  # relaunched, it makes nothing more
        make_comptes(database)
        make_demandes(database, storage)
        make_destruction(database, storage)
    return database


def get(database: Database, identifiant: str) -> Lecteur:
    with database.reading() as session:
        return make_lecteur(
            session, get_personne_id(session, identifiant), identifiant, identifiant, read_today()
        )


def find_sirens(database: Database, identifiant: str) -> set[str]:
    granted = get(database, identifiant).clearance.granted
    with database.reading() as session:
        query = (
            select(Budget.siren)
            .join(Cellule, Cellule.budget_id == Budget.id)
            .where(Cellule.id.in_(granted))
        )
        return set(session.scalars(query))


def test_the_ordonnateur_of_the_commune_sees_the_ccas_it_took_over(database: Database) -> None:
    assert find_sirens(database, "ordonnateur-xt") == {
        ROCHEBRUNE.siren,
        CCAS.siren,
        PAYS_AVELLE.siren,
    }


def test_the_comptable_sees_the_hospital_whose_poste_was_taken_over(database: Database) -> None:
    assert HOPITAL.siren in find_sirens(database, "comptable")
    with database.reading() as session:
        personne_id = get_personne_id(session, "comptable")
        assert HOPITAL.siren in find_ressort(session, personne_id, read_today())
        said = session.scalars(select(Budget.id_post).where(Budget.siren == HOPITAL.siren))
        assert set(said) == {TRESORERIE.codique}


def test_one_archiviste_sees_whatever_a_version_of_the_durees_may_change(
    database: Database,
) -> None:
    clearance = get(database, "directrice-xt").clearance
    with database.reading() as session:
        assert clearance.territoire == set(session.scalars(select(Cellule.id)))


def test_the_juge_heads_a_mission_opened_once(database: Database) -> None:
    assert get(database, "juge-xt").roles == {Role.JUGE}
    assert PAYS_AVELLE.siren in find_sirens(database, "juge-xt")
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Mission)) == 1


def test_a_demande_waits_for_the_comptable(database: Database) -> None:
    assert get(database, "gestionnaire-xt").roles == {Role.GESTIONNAIRE}
    assert get(database, "agent-xt").roles == frozenset()
    lecteur = get(database, "comptable")
    with database.reading() as session:
        (waiting,) = find_a_repondre(session, lecteur, read_today())
        assert waiting.identifiant == "agent-xt"
        assert session.scalar(select(func.count()).select_from(Demande)) == 2
        assert session.scalar(select(func.count()).select_from(Personne)) == 10


def test_the_referential_is_written_as_it_is_imported(database: Database, tmp_path: Path) -> None:
    write_fichiers(tmp_path)
    files = [(path.name, path.read_bytes()) for path in sorted(tmp_path.iterdir())]
    assert files == sorted(make_fichiers())
    with database.writing() as session:
        bilans = import_referentiel(session, files, par="test")
        assert all(b.nouvelles == b.changees == 0 for b in bilans)


def test_the_commune_has_joined_and_the_communaute_asks_to(database: Database) -> None:
    with database.reading() as session:
        both = (ROCHEBRUNE.siren, PAYS_AVELLE.siren)
        for genre in (Genre.ADHESION_ORC, Genre.ADHESION_OFFRE, Genre.TENUE_HELIOS):
            assert set(find_periodes(session, both, genre)) == {ROCHEBRUNE.siren}
        asked = find_periodes(session, both, Genre.DEMANDE_ORC)
        assert set(asked) == {PAYS_AVELLE.siren}


def test_an_enquiry_freezes_a_part_of_the_commune(database: Database) -> None:
    with database.reading() as session:
        gel = session.scalars(select(Gel)).one()
        assert (gel.siren, gel.leve_le) == (ROCHEBRUNE.siren, None)


def test_two_people_of_the_commune_may_sign_a_destruction(database: Database) -> None:
    for identifiant in ("ordonnateur-xt", "maire-xt"):
        assert get(database, identifiant).clearance.destruction
    assert not get(database, "drh-xt").clearance.destruction
