"""The owner of a technical account is warned before its key ends, once a day that counts."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from orc.db import Database
from orc.domain import Role
from orc.identity.cles import DroitApi, Durees, remove_cle, rotate_cle
from orc.identity.rappels_cles import find_echeances, remind_cles
from orc.identity.techniques import NouveauTechnique, close_technique, create_technique
from orc.models import CleApi, Message, Personne, read_now
from tests.sql import grant, make_personne

JOURS = (30, 15, 7, 1)
DUREES = Durees(timedelta(days=365), timedelta(days=30))


@pytest.fixture
def comptes(database: Database) -> Database:
    """On both databases."""
    with database.writing() as session:
        owner = session.get_one(Personne, make_personne(session, "gestion"))
        owner.courriel, owner.courriel_verifie_le = "gestion@exemple.fr", read_now()
        droits = frozenset({DroitApi.RECHERCHE})
        nouveau = NouveauTechnique("999000018", "compta", "Compta {jour} {0}", "gestion", droits)
        create_technique(session, nouveau, par="gestion")
    return database


def get_compte(comptes: Database) -> int:
    with comptes.reading() as session:
        query = select(Personne.id).where(Personne.identifiant.startswith("ct-"))
        return session.scalars(query).one()


def make_key(comptes: Database, left: float) -> int:
    """A key that ends in so many days."""
    with comptes.writing() as session:
        neuve = rotate_cle(session, get_compte(comptes), DUREES, par="gestion")
        session.get_one(CleApi, neuve.id).expire_le = read_now() + timedelta(days=left)
        return neuve.id


def remind(comptes: Database, today: date | None = None) -> int:
    with comptes.writing() as session:
        return remind_cles(session, JOURS, today or datetime.now().astimezone().date())


def test_the_owner_is_told_once_a_step_with_the_day_and_never_the_key(comptes: Database) -> None:
    make_key(comptes, 30)
    assert (remind(comptes), remind(comptes)) == (1, 0)
    today = datetime.now().astimezone().date()
    assert remind(comptes, today + timedelta(days=10)) == 0
    later = [remind(comptes, today + timedelta(days=d)) for d in (15, 16, 23, 29)]
    assert later == [1, 0, 1, 1]
    with comptes.reading() as session:
        told = session.scalars(select(Message)).all()
        cle = session.scalars(select(CleApi)).one()
    assert {m.destinataire for m in told} == {"gestion@exemple.fr"}
    assert f"orc_{cle.debut}_…" in told[0].corps
    assert f"{cle.expire_le.astimezone():%d/%m/%Y}" in told[0].corps
    assert "Compta (jour) (0)" in told[0].corps


@pytest.mark.parametrize(("left", "sent"), [(200, 0), (31, 0), (29, 1), (8, 1)])
def test_nothing_is_said_before_the_first_step(comptes: Database, left: int, sent: int) -> None:
    make_key(comptes, left)
    assert remind(comptes) == sent


def test_a_key_withdrawn_or_of_a_closed_account_is_not_spoken_of(comptes: Database) -> None:
    compte, cle = get_compte(comptes), make_key(comptes, 7)
    with comptes.writing() as session:
        remove_cle(session, compte, cle, par="gestion")
    assert remind(comptes) == 0
    make_key(comptes, 7)
    with comptes.writing() as session:
        close_technique(session, compte, par="gestion")
    assert remind(comptes) == 0


def test_a_replaced_key_is_spoken_of_only_where_it_is_still_in_use(comptes: Database) -> None:
    old = make_key(comptes, 7)
    make_key(comptes, 365)
    with comptes.writing() as session:
        new = session.scalars(select(CleApi).where(CleApi.id != old)).one()
        session.get_one(CleApi, old).vue_le = new.creee_le - timedelta(hours=1)
        session.flush()
        assert [e.cle_id for e in find_echeances(session)] == [new.id]
        session.get_one(CleApi, old).vue_le = new.creee_le + timedelta(hours=1)
        session.flush()
        assert [(e.cle_id, e.remplacee) for e in find_echeances(session)] == [
            (old, True),
            (new.id, False),
        ]
    assert remind(comptes) == 1
    with comptes.reading() as session:
        assert "se sert toujours de celle-ci" in session.scalars(select(Message.corps)).one()


def test_where_the_owner_left_the_structure_s_gestionnaires_are_told(comptes: Database) -> None:
    make_key(comptes, 7)
    with comptes.writing() as session:
        for nom, siren in (("autre", "999000018"), ("voisin", "999000026")):
            made = session.get_one(Personne, make_personne(session, nom))
            made.courriel = f"{nom}@exemple.fr"
            scope = {"portee": "collectivite", "portee_cle": siren}
            grant(session, made.id, Role.GESTIONNAIRE, **scope)
        owner = session.scalars(select(Personne).where(Personne.identifiant == "gestion")).one()
        owner.desactive_le = read_now()
    assert remind(comptes) == 1
    with comptes.reading() as session:
        assert session.scalars(select(Message.destinataire)).all() == ["autre@exemple.fr"]
