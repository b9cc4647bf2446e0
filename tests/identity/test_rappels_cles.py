"""The owner of a technical account is warned before its key ends, once a day that counts."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from orc.db import Database
from orc.domain import Role
from orc.identity.cles import DroitApi, Durees, remove_cle, rotate_cle
from orc.identity.rappels_cles import find_echeances, remind_cles
from orc.identity.techniques import NouveauTechnique, close_technique, create_technique
from orc.models import CleApi, Message, Personne, read_now
from tests.sql import grant, make_database, make_personne

JOURS = (30, 15, 7, 1)
DUREES = Durees(timedelta(days=365), timedelta(days=30))


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Database]:
    database = make_database(tmp_path)
    with database.writing() as session:
        owner = session.get_one(Personne, make_personne(session, "gestion"))
        owner.courriel, owner.courriel_verifie_le = "gestion@exemple.fr", read_now()
        droits = frozenset({DroitApi.RECHERCHE})
        nouveau = NouveauTechnique("999000018", "compta", "Compta {jour} {0}", "gestion", droits)
        create_technique(session, nouveau, par="gestion")
    yield database
    database.close()


def get_compte(base: Database) -> int:
    with base.reading() as session:
        query = select(Personne.id).where(Personne.identifiant.startswith("ct-"))
        return session.scalars(query).one()


def make_key(base: Database, left: float) -> int:
    """A key that ends in so many days."""
    with base.writing() as session:
        neuve = rotate_cle(session, get_compte(base), DUREES, par="gestion")
        session.get_one(CleApi, neuve.id).expire_le = read_now() + timedelta(days=left)
        return neuve.id


def remind(base: Database, today: date | None = None) -> int:
    with base.writing() as session:
        return remind_cles(session, JOURS, today or datetime.now().astimezone().date())


def test_the_owner_is_told_once_a_step_with_the_day_and_never_the_key(base: Database) -> None:
    make_key(base, 30)
    assert (remind(base), remind(base)) == (1, 0)
    today = datetime.now().astimezone().date()
    assert remind(base, today + timedelta(days=10)) == 0
    later = [remind(base, today + timedelta(days=d)) for d in (15, 16, 23, 29)]
    assert later == [1, 0, 1, 1]
    with base.reading() as session:
        told = session.scalars(select(Message)).all()
        cle = session.scalars(select(CleApi)).one()
    assert {m.destinataire for m in told} == {"gestion@exemple.fr"}
    assert f"orc_{cle.debut}_…" in told[0].corps
    assert f"{cle.expire_le.astimezone():%d/%m/%Y}" in told[0].corps
    assert "Compta (jour) (0)" in told[0].corps


@pytest.mark.parametrize(("left", "sent"), [(200, 0), (31, 0), (29, 1), (8, 1)])
def test_nothing_is_said_before_the_first_step(base: Database, left: int, sent: int) -> None:
    make_key(base, left)
    assert remind(base) == sent


def test_a_key_withdrawn_or_of_a_closed_account_is_not_spoken_of(base: Database) -> None:
    compte, cle = get_compte(base), make_key(base, 7)
    with base.writing() as session:
        remove_cle(session, compte, cle, par="gestion")
    assert remind(base) == 0
    make_key(base, 7)
    with base.writing() as session:
        close_technique(session, compte, par="gestion")
    assert remind(base) == 0


def test_a_replaced_key_is_spoken_of_only_where_it_is_still_in_use(base: Database) -> None:
    old = make_key(base, 7)
    make_key(base, 365)
    with base.writing() as session:
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
    assert remind(base) == 1
    with base.reading() as session:
        assert "se sert toujours de celle-ci" in session.scalars(select(Message.corps)).one()


def test_where_the_owner_left_the_structure_s_gestionnaires_are_told(base: Database) -> None:
    make_key(base, 7)
    with base.writing() as session:
        for nom, siren in (("autre", "999000018"), ("voisin", "999000026")):
            made = session.get_one(Personne, make_personne(session, nom))
            made.courriel = f"{nom}@exemple.fr"
            scope = {"portee": "collectivite", "portee_cle": siren}
            grant(session, made.id, Role.GESTIONNAIRE, **scope)
        owner = session.scalars(select(Personne).where(Personne.identifiant == "gestion")).one()
        owner.desactive_le = read_now()
    assert remind(base) == 1
    with base.reading() as session:
        assert session.scalars(select(Message.destinataire)).all() == ["autre@exemple.fr"]
