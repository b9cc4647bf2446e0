"""Logging in: sessions, their limits, what slows guessing down, what is journaled."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from orc.db import Database
from orc.domain import Domaine, Role
from orc.errors import Conflict, Invalid, NotFound
from orc.identity.comptes import (
    NouveauCompte,
    Octroi,
    change_mot_de_passe,
    create_compte,
    disable_compte,
    find_comptes,
    grant_habilitation,
    withdraw_habilitation,
)
from orc.identity.connexion import ConnexionRefusee, log_in, log_out
from orc.identity.sessions import Limits, Ouverte, find_session, hash_cookie
from orc.identity.throttling import (
    PAR_ADRESSE,
    PAR_IDENTIFIANT,
    TropDEssais,
    record_attempt,
)
from orc.models import EchecConnexion, Ecriture, Habilitation, SessionWeb, read_now, read_today

SECRET = "correct cheval batterie"
LIMITS = Limits(timedelta(minutes=30), timedelta(hours=12))


@pytest.fixture
def marie(database: Database) -> int:
    with database.writing() as session:
        return create_compte(session, NouveauCompte("Marie", "Marie L.", SECRET), par="test")


def find(database: Database, cookie: str, after: timedelta = timedelta()) -> Ouverte | None:
    with database.reading() as session:
        return find_session(session, cookie, LIMITS, read_now() + after)


def acts(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Ecriture.acte).order_by(Ecriture.id)))


@pytest.mark.usefixtures("marie")
def test_a_login_opens_a_session_whose_key_is_kept_only_as_a_digest(database: Database) -> None:
    cookie = log_in(database, " MARIE ", SECRET, "10.0.0.1")
    ouverte = find(database, cookie)
    assert ouverte is not None
    assert ouverte.identifiant == "marie"
    with database.reading() as session:
        assert session.scalars(select(SessionWeb.cle)).all() == [hash_cookie(cookie)]
    assert cookie not in repr(ouverte)
    assert acts(database) == ["compte_cree", "connexion"]


@pytest.mark.usefixtures("marie")
def test_each_login_gives_another_key_and_another_token(database: Database) -> None:
    one, two = (log_in(database, "marie", SECRET, "10.0.0.1") for _ in range(2))
    first, second = find(database, one), find(database, two)
    assert first is not None
    assert second is not None
    assert first.csrf != second.csrf


@pytest.mark.usefixtures("marie")
def test_a_session_ends_when_idle_when_old_and_when_left(database: Database) -> None:
    cookie = log_in(database, "marie", SECRET, "10.0.0.1")
    assert find(database, cookie, timedelta(minutes=29)) is not None
    assert find(database, cookie, timedelta(minutes=31)) is None
    with database.writing() as session:
        kept = session.get_one(SessionWeb, hash_cookie(cookie))
        kept.ouverte_le = read_now() - timedelta(hours=13)
    assert find(database, cookie) is None
    other = log_in(database, "marie", SECRET, "10.0.0.1")
    ouverte = find(database, other)
    assert ouverte is not None
    log_out(database, ouverte)
    assert find(database, other) is None
    assert acts(database)[-1] == "deconnexion"


@pytest.mark.usefixtures("marie")
def test_a_disabled_account_is_out_at_once_and_stays_out(database: Database) -> None:
    cookie = log_in(database, "marie", SECRET, "10.0.0.1")
    with database.writing() as session:
        disable_compte(session, "marie", par="test")
    assert find(database, cookie) is None
    with pytest.raises(ConnexionRefusee):
        log_in(database, "marie", SECRET, "10.0.0.1")


@pytest.mark.usefixtures("marie")
def test_a_changed_password_ends_the_sessions_of_the_old_one(database: Database) -> None:
    cookie = log_in(database, "marie", SECRET, "10.0.0.1")
    with database.writing() as session:
        change_mot_de_passe(session, "marie", "une autre phrase", par="test")
    assert find(database, cookie) is None
    with pytest.raises(ConnexionRefusee):
        log_in(database, "marie", SECRET, "10.0.0.1")
    assert log_in(database, "marie", "une autre phrase", "10.0.0.1")


@pytest.mark.usefixtures("marie")
def test_refusals_say_the_same_whoever_is_asked_for(database: Database) -> None:
    said = set()
    for identifiant in ("marie", "personne", SECRET):
        with pytest.raises(ConnexionRefusee) as refusal:
            log_in(database, identifiant, "mauvais mot de passe", "10.0.0.1")
        said.add(str(refusal.value))
    assert said == {"Identifiant ou mot de passe incorrect."}
    with database.reading() as session:
        actors = session.scalars(
            select(Ecriture.acteur).where(Ecriture.acte == "connexion_refusee")
        ).all()
        kept = session.scalars(select(EchecConnexion.identifiant)).all()
    assert actors == ["marie", "inconnu", "inconnu"]
    assert SECRET not in "".join(kept)


@pytest.mark.usefixtures("marie")
def test_guessing_waits_longer_each_time_but_never_for_good(database: Database) -> None:
    start = read_now()
    with database.writing() as session:
        for _ in range(PAR_IDENTIFIANT.libres):
            record_attempt(session, "marie", "10.0.0.1", start)
        with pytest.raises(TropDEssais) as refusal:
            record_attempt(session, "MARIE", "10.0.0.2", start)
        assert refusal.value.secondes == 1
        at = start
        waits = []
        for _ in range(9):
            with pytest.raises(TropDEssais) as refusal:
                record_attempt(session, "marie", "10.0.0.1", at)
            waits.append(refusal.value.secondes)
            at += timedelta(seconds=refusal.value.secondes)
            record_attempt(session, "marie", "10.0.0.1", at)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_one_address_that_tries_many_names_is_slowed_too(database: Database) -> None:
    now = read_now()
    with database.writing() as session:
        for rank in range(PAR_ADRESSE.libres):
            record_attempt(session, f"nom{rank}", "10.0.0.1", now)
        with pytest.raises(TropDEssais):
            record_attempt(session, "encore", "10.0.0.1", now)
        record_attempt(session, "encore", "10.0.0.2", now)


@pytest.mark.usefixtures("marie")
def test_a_success_forgives_the_failures_before_it(database: Database) -> None:
    for _ in range(PAR_IDENTIFIANT.libres - 1):
        with pytest.raises(ConnexionRefusee):
            log_in(database, "marie", "mauvais mot de passe", "10.0.0.1")
    log_in(database, "marie", SECRET, "10.0.0.1")
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(EchecConnexion)) == 0


@pytest.mark.usefixtures("marie")
def test_an_account_exists_once_whatever_the_case(database: Database) -> None:
    with database.writing() as session, pytest.raises(Conflict):
        create_compte(session, NouveauCompte("MARIE", "Autre", SECRET), par="test")


@pytest.mark.parametrize("identifiant", ["", "é", "a b", "-a", "a" * 65, "x/../y"])
def test_an_identifiant_is_plain(database: Database, identifiant: str) -> None:
    with database.writing() as session, pytest.raises(Invalid):
        create_compte(session, NouveauCompte(identifiant, "X", SECRET), par="test")


@pytest.mark.parametrize(
    "octroi",
    [
        Octroi(Role.COMPTABLE, "planete", "x"),
        Octroi(Role.COMPTABLE, "poste", " "),
        Octroi(Role.JUGE, "collectivite", "999000018", 2023, 2022),
        Octroi(Role.ORDONNATEUR, "collectivite", "9", domaines=(Domaine.ORDINAIRE,)),
    ],
)
def test_a_grant_that_means_nothing_is_refused(
    database: Database, marie: int, octroi: Octroi
) -> None:
    with database.writing() as session, pytest.raises(Invalid):
        grant_habilitation(session, marie, octroi, par="test")


def test_a_grant_holds_at_once_where_the_day_is_not_that_of_utc(
    database: Database, marie: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for zone in ("OUEST+12", "EST-14"):
        try:
            with monkeypatch.context() as here, database.writing() as session:
                here.setenv("TZ", zone)
                time.tzset()
                grant = grant_habilitation(session, marie, Octroi(Role.COMPTABLE), par="test")
                assert session.get_one(Habilitation, grant).depuis <= read_today()
        finally:
            time.tzset()


def test_a_grant_is_listed_until_it_is_withdrawn_and_stays_written(
    database: Database, marie: int
) -> None:
    octroi = Octroi(Role.COMPTABLE, "poste", "033012")
    with database.writing() as session:
        grant = grant_habilitation(session, marie, octroi, par="test")
        assert find_comptes(session)[0].roles == (Role.COMPTABLE,)
        withdraw_habilitation(session, grant, par="test")
        assert find_comptes(session)[0].roles == ()
        with pytest.raises(NotFound):
            withdraw_habilitation(session, grant, par="test")
        assert session.get_one(Habilitation, grant).retire_le is not None
    assert acts(database) == ["compte_cree", "habilitation", "habilitation"]


def test_an_unknown_account_is_not_found(database: Database) -> None:
    with database.writing() as session, pytest.raises(NotFound):
        disable_compte(session, "personne", par="test")
