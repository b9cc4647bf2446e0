"""The collectivité asks to join, its comptable answers; both are written to."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, update

from orc.db import Database
from orc.domain import Role
from orc.errors import Conflict, Forbidden, Invalid, NotFound
from orc.models import Collectivite, Declaration, Message, Personne
from orc.retention.adhesions import (
    Reponse,
    abandon_demande,
    answer_demande,
    name_collectivite,
    request_adhesion,
)
from orc.retention.declarations import Genre, find_periodes
from orc.retention.depots import Depot
from orc.retention.saisies import record_declaration, retire_declaration
from orc.storage import Storage
from tests.flows import UnFlux, UnMandat
from tests.ingest.test_intake import take_in
from tests.retention.actes import put_declaration
from tests.retention.gens import AUJOURD_HUI, COMMUNE, POSTE, get_lecteur, put_gens
from tests.sql import grant, make_database, make_personne

JOUR = date(2024, 1, 1)
DEMANDE = Depot(Genre.DEMANDE_ORC, JOUR, COMMUNE, motif="Délibération du 3 mai")
OUI, NON = Reponse(accord=True), Reponse(accord=False, motif="Convention absente")


@pytest.fixture
def commune(tmp_path: Path) -> Database:
    database = make_database(tmp_path / "base")
    take_in(database, UnFlux(mandats=(UnMandat("1"),)), tmp_path)
    put_gens(database)
    with database.writing() as session:
        session.execute(update(Personne).values(courriel=Personne.identifiant + "@exemple.fr"))
    return database


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "stockage"))


def ask(database: Database, storage: Storage, nom: str, depot: Depot = DEMANDE) -> int:
    lecteur = get_lecteur(database, nom)
    with database.writing() as session:
        return request_adhesion(session, storage, lecteur, depot, today=AUJOURD_HUI)


def answer(
    database: Database, storage: Storage, nom: str, row_id: int, reponse: Reponse
) -> int | None:
    lecteur = get_lecteur(database, nom)
    with database.writing() as session:
        return answer_demande(session, storage, lecteur, row_id, reponse, today=AUJOURD_HUI)


def read_messages(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        rows = session.scalars(select(Message).order_by(Message.id)).all()
    return [(row.destinataire.partition("@")[0], row.objet) for row in rows]


def test_asked_by_the_collectivite_recorded_by_its_comptable(
    commune: Database, storage: Storage
) -> None:
    row_id = ask(commune, storage, "gestionnaire")
    assert [m[0] for m in read_messages(commune)] == ["comptable", "comptable2"]
    adhesion = answer(commune, storage, "comptable", row_id, OUI)
    with commune.reading() as session:
        (periode,) = find_periodes(session, [COMMUNE], Genre.ADHESION_ORC)[COMMUNE]
        assert (periode.depuis, periode.preuve.source) == (JOUR, f"declaration:{adhesion}")
        assert find_periodes(session, [COMMUNE], Genre.DEMANDE_ORC) == {}
    assert read_messages(commune)[2][0] == "gestionnaire"
    assert read_messages(commune)[2][1].endswith("accordée")
    assert read_messages(commune)[0][1].startswith("ORC : demande d’adhésion à ORC de")


def test_a_refusal_says_why_and_records_no_adhesion(commune: Database, storage: Storage) -> None:
    row_id = ask(commune, storage, "ordonnateur")
    with pytest.raises(Invalid):
        answer(commune, storage, "comptable", row_id, Reponse(accord=False))
    assert answer(commune, storage, "comptable", row_id, NON) is None
    with commune.reading() as session:
        assert find_periodes(session, [COMMUNE], Genre.ADHESION_ORC) == {}
        last = session.scalars(select(Message.corps).order_by(Message.id.desc())).first()
    assert last is not None
    assert "Convention absente" in last
    assert ask(commune, storage, "ordonnateur") > row_id


def test_a_demande_is_answered_once_by_its_comptable(commune: Database, storage: Storage) -> None:
    row_id = ask(commune, storage, "ordonnateur")
    for nom in ("ordonnateur", "archiviste", "voisin"):
        with pytest.raises(NotFound):
            answer(commune, storage, nom, row_id, OUI)
    with pytest.raises(NotFound):
        answer(commune, storage, "comptable", 12345, OUI)
    answer(commune, storage, "comptable", row_id, Reponse(accord=True, depuis=date(2025, 1, 1)))
    with pytest.raises(Conflict, match="par comptable"):
        answer(commune, storage, "comptable2", row_id, NON)
    with pytest.raises(Conflict):
        ask(commune, storage, "ordonnateur")
    with commune.reading() as session:
        closing = session.scalars(select(Declaration).filter_by(remplace_id=row_id)).one()
    assert (closing.retiree, closing.valeur) == (True, "accordée")
    with pytest.raises(Conflict, match="déjà reçu sa réponse :"):
        answer(commune, storage, "comptable", closing.id, OUI)


def test_nobody_answers_what_he_asked(commune: Database, storage: Storage) -> None:
    with commune.writing() as session:
        grant(
            session, make_personne(session, "ordonnateur"), Role.COMPTABLE,
            portee="poste", portee_cle=POSTE,
        )  # fmt: skip
    row_id = ask(commune, storage, "ordonnateur")
    with pytest.raises(Forbidden):
        answer(commune, storage, "ordonnateur", row_id, OUI)


def test_what_is_asked_is_asked_once(commune: Database, storage: Storage) -> None:
    ask(commune, storage, "ordonnateur")
    with pytest.raises(Conflict):
        ask(commune, storage, "gestionnaire")
    ask(commune, storage, "gestionnaire", replace(DEMANDE, genre=Genre.DEMANDE_OFFRE))
    with pytest.raises(Invalid):
        ask(commune, storage, "gestionnaire", replace(DEMANDE, genre=Genre.ADHESION_ORC))


def test_who_asked_may_take_it_back(commune: Database, storage: Storage) -> None:
    row_id = ask(commune, storage, "gestionnaire")
    with pytest.raises(NotFound), commune.writing() as session:
        abandon_demande(session, get_lecteur(commune, "comptable"), row_id)
    lecteur = get_lecteur(commune, "gestionnaire")
    with commune.writing() as session:
        abandon_demande(session, lecteur, row_id)
    with pytest.raises(Conflict), commune.writing() as session:
        abandon_demande(session, lecteur, row_id)
    with pytest.raises(Conflict):
        answer(commune, storage, "comptable", row_id, OUI)


def test_an_adhesion_ended_may_be_asked_again(commune: Database, storage: Storage) -> None:
    depot = Depot(Genre.ADHESION_ORC, JOUR, COMMUNE, jusqu_a=date(2024, 12, 31))
    lecteur = get_lecteur(commune, "comptable")
    with commune.writing() as session:
        row_id = record_declaration(session, storage, lecteur, depot, today=AUJOURD_HUI)
    again = replace(DEMANDE, depuis=date(2026, 1, 1))
    assert ask(commune, storage, "gestionnaire", again) > row_id
    with commune.writing() as session:
        retire_declaration(session, lecteur, row_id, "Erreur", today=AUJOURD_HUI)


def test_an_answer_to_a_demande_of_nobody_known_is_written_to_nobody(
    commune: Database, storage: Storage
) -> None:
    with commune.writing() as session:
        row_id = put_declaration(session, Genre.DEMANDE_ORC, COMMUNE)
    answer(commune, storage, "comptable", row_id, OUI)
    assert read_messages(commune) == []


def test_a_collectivite_is_called_by_its_name_or_its_siren(commune: Database) -> None:
    with commune.writing() as session:
        assert name_collectivite(session, "000000009") == "000000009"
        session.execute(update(Collectivite).values(libelle="Sainte-Anne"))
        assert name_collectivite(session, COMMUNE) == "Sainte-Anne"
