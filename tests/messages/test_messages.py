"""Messages: written with what they announce, sent once it is true, said once."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select

from orc.db import Database
from orc.errors import Invalid, Unavailable
from orc.messages import (
    BoiteLocale,
    Canal,
    Envoi,
    EnvoiRefuse,
    Expediteur,
    NouveauMessage,
    find_messages,
    find_to_send,
    forget_secrets,
    give_up,
    on_message,
    send_message,
    write_message,
    write_to_personne,
)
from orc.models import Message, Personne, read_now
from tests.sql import make_personne


class Noteur:
    """A sender that keeps what it takes, or says what it is told to."""

    local = False

    def __init__(self, error: Exception | None = None) -> None:
        self.pris: list[Envoi] = []
        self.error = error

    def send(self, envoi: Envoi) -> None:
        if self.error:
            raise self.error
        self.pris.append(envoi)


def both(sender: Expediteur) -> Mapping[Canal, Expediteur]:
    return {Canal.COURRIEL: sender, Canal.SMS: sender}


def code(**values: object) -> NouveauMessage:
    known = {"objet": "Code", "corps": "le code 1234", "secret": True, **values}
    return NouveauMessage(Canal.SMS, "+33612345678", **known)  # type: ignore[arg-type]  # fields by name


def put(database: Database, message: NouveauMessage) -> int:
    with database.writing() as session:
        ident = write_message(session, message)
    assert ident is not None
    return ident


def get(database: Database, ident: int) -> Message:
    with database.reading() as session:
        return session.get_one(Message, ident)


def write_then_fail(database: Database) -> None:
    with database.writing() as session:
        write_message(session, code())
        raise RuntimeError


def test_a_message_is_asked_for_after_the_commit_and_never_without_it(database: Database) -> None:
    asked: list[int] = []
    on_message(database, asked.append)
    with pytest.raises(RuntimeError):
        write_then_fail(database)
    assert asked == []
    assert find_to_send(database) == []
    with database.writing() as session:
        ident = write_message(session, code())
        assert asked == []
    assert asked == [ident]
    assert find_to_send(database) == [(ident,)]


def test_a_message_goes_once_and_its_secret_is_forgotten(database: Database) -> None:
    ident, noteur = put(database, code()), Noteur()
    send_message(database, both(noteur), ident)
    send_message(database, both(noteur), ident)
    assert [e.corps for e in noteur.pris] == ["le code 1234"]
    kept = get(database, ident)
    assert kept.envoye_le is not None
    assert kept.corps == ""
    assert find_to_send(database) == []


def test_a_notice_that_holds_no_secret_stays_readable(database: Database) -> None:
    ident = put(database, code(secret=False, corps="avis"))
    send_message(database, both(Noteur()), ident)
    assert get(database, ident).corps == "avis"


def test_the_local_mailbox_keeps_a_secret_for_a_day(database: Database) -> None:
    ident = put(database, code())
    send_message(database, both(BoiteLocale()), ident)
    assert get(database, ident).corps == "le code 1234"
    with database.writing() as session:
        forget_secrets(session)
        forget_secrets(session, read_now() + timedelta(hours=23))
    assert get(database, ident).corps == "le code 1234"
    with database.writing() as session:
        forget_secrets(session, read_now() + timedelta(hours=25))
    assert get(database, ident).corps == ""


def test_what_does_not_go_now_waits_with_its_reason(database: Database) -> None:
    ident, down = put(database, code()), Noteur(Unavailable("Le serveur dort."))
    with pytest.raises(Unavailable):
        send_message(database, both(down), ident)
    assert get(database, ident).echec == "Le serveur dort."
    assert find_to_send(database) == [(ident,)]
    send_message(database, both(Noteur()), ident)
    assert get(database, ident).echec == ""


def test_what_is_refused_for_good_is_given_up_without_its_secret(database: Database) -> None:
    ident = put(database, code())
    send_message(database, both(Noteur(EnvoiRefuse("Refusé (550)."))), ident)
    kept = get(database, ident)
    assert (kept.envoye_le, kept.corps, kept.echec) == (None, "", "Refusé (550).")
    assert find_to_send(database) == []
    noteur = Noteur()
    send_message(database, both(noteur), ident)
    assert noteur.pris == []


def test_a_code_that_came_too_late_is_not_sent(database: Database) -> None:
    ident = put(database, code(expire_le=read_now() - timedelta(seconds=1)))
    noteur = Noteur()
    send_message(database, both(noteur), ident)
    assert noteur.pris == []
    assert get(database, ident).abandonne_le is not None


def test_what_is_said_once_is_not_written_twice(database: Database) -> None:
    with database.writing() as session:
        assert write_message(session, code(unique="validite:1")) is not None
        assert write_message(session, code(unique="validite:1")) is None
        assert write_message(session, code(unique="validite:2")) is not None


def test_a_person_without_address_or_whose_account_is_closed_is_not_written_to(
    database: Database,
) -> None:
    with database.writing() as session:
        alice, bob = make_personne(session, "alice"), make_personne(session, "bob")
        session.get_one(Personne, alice).courriel = "alice@exemple.fr"
        session.flush()
        assert write_to_personne(session, bob, "O", "C") is None
        assert write_to_personne(session, alice, "O", "C") is not None
        session.get_one(Personne, alice).desactive_le = read_now()
        session.flush()
        assert write_to_personne(session, alice, "O", "C") is None
        assert session.scalars(select(Message.destinataire)).all() == ["alice@exemple.fr"]


def test_a_list_tells_what_waits_from_what_went(database: Database) -> None:
    sent, waits, dropped = (put(database, code()) for _ in range(3))
    send_message(database, both(Noteur()), sent)
    with database.writing() as session:
        give_up(session, dropped, "écarté")
    with database.reading() as session:
        etats = {m.id: m.etat for m in find_messages(session)}
        unsent = [m.id for m in find_messages(session, unsent=True)]
    assert etats == {sent: "envoye", waits: "attend", dropped: "abandonne"}
    assert unsent == [dropped, waits]


@pytest.mark.parametrize("wrong", [{"objet": "x" * 201}, {"corps": "x" * 20_001}])
def test_a_message_too_long_is_refused(database: Database, wrong: dict[str, object]) -> None:
    with database.writing() as session, pytest.raises(Invalid, match="trop long"):
        write_message(session, code(**wrong))
