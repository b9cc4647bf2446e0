"""The messages that wait: written in the transaction of what they announce, then sent or given up.

A message may go twice (a process that dies between the sending and its writing), never more often
unsaid: `unique` says once only, and a mail's Message-ID is the same both times.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from orc.db import Database, Writing, call_after_commit, lock
from orc.errors import Unavailable
from orc.messages.port import (
    Canal,
    Envoi,
    EnvoiRefuse,
    Expediteur,
    NouveauMessage,
    check_message,
)
from orc.models import Message, Personne, read_now

# A notice older than this is no longer news.
LIFE = timedelta(days=7)
# How long a secret stays readable on the page of the local mailbox.
SECRET_KEPT = timedelta(days=1)
ECHEC_MAX = 300
PERIME = "Trop tard pour l’envoyer."
WAKE = "orc.messages.wake"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MessageVu:
    """A message as a list shows it. `etat`: envoye, attend or abandonne."""

    id: int
    canal: str
    destinataire: str
    objet: str
    corps: str
    cree_le: datetime
    envoye_le: datetime | None
    etat: str
    echec: str


def on_message(database: Database, wake: Callable[[int], None]) -> None:
    """Call `wake` with the id of each message written on this database, after its commit."""
    database.info[WAKE] = wake


def write_message(session: Writing, message: NouveauMessage) -> int | None:
    """Write a message in this transaction; it is sent after the commit. None: said already.

    Raises Invalid on an address, a subject or a body that cannot go.
    """
    check_message(message)
    if message.unique is not None:
        lock(session, f"message:{message.unique}")
        if session.scalar(select(Message.id).where(Message.unique == message.unique)):
            return None
    now = read_now()
    row = Message(
        personne_id=message.personne_id,
        canal=message.canal.value,
        destinataire=message.destinataire,
        objet=message.objet,
        corps=message.corps,
        secret=message.secret,
        unique=message.unique,
        cree_le=now,
        expire_le=message.expire_le or now + LIFE,
        echec="",
    )
    session.add(row)
    session.flush()
    wake: Callable[[int], None] | None = session.info.get(WAKE)
    if wake is not None:
        ident = row.id
        call_after_commit(session, lambda: wake(ident))
    return row.id


def write_to_personne(
    session: Writing, personne_id: int, objet: str, corps: str, *, unique: str | None = None
) -> int | None:
    """A mail to the address of this person; None where there is none, or it was said already."""
    personne = session.get_one(Personne, personne_id)
    if not personne.courriel or personne.desactive_le is not None:
        return None
    message = NouveauMessage(
        Canal.COURRIEL, personne.courriel, objet, corps, personne_id=personne_id, unique=unique
    )
    return write_message(session, message)


def find_to_send(database: Database) -> Iterable[tuple[int]]:
    """The ids of the messages that wait."""
    query = select(Message.id).where(Message.envoye_le.is_(None), Message.abandonne_le.is_(None))
    with database.reading() as session:
        return [(found,) for found in session.scalars(query.order_by(Message.id))]


def send_message(
    database: Database, expediteurs: Mapping[Canal, Expediteur], message_id: int
) -> None:
    """Send what waits under this id; sent or given up already, it does nothing.

    Raises Unavailable when it should be tried again.
    """
    with database.reading() as session:
        row = session.get_one(Message, message_id)
        if row.envoye_le is not None or row.abandonne_le is not None:
            return
        expediteur = expediteurs[Canal(row.canal)]
        envoi = Envoi(row.id, row.destinataire, row.objet, row.corps)
        late = row.expire_le <= read_now()
    if late:
        _give_up(database, message_id, PERIME)
        return
    try:
        expediteur.send(envoi)
    except EnvoiRefuse as error:
        log.warning("message refusé", extra={"numero": message_id})
        _give_up(database, message_id, str(error))
        return
    except Unavailable as error:
        _write_echec(database, message_id, str(error))
        raise
    with database.writing() as session:
        session.execute(
            update(Message).where(Message.id == message_id).values(envoye_le=read_now(), echec="")
        )
        if not expediteur.local:
            _empty_secret(session, message_id)


def give_up(session: Writing, message_id: int, motif: str) -> None:
    """This message will not be sent."""
    session.execute(
        update(Message)
        .where(Message.id == message_id, Message.envoye_le.is_(None))
        .values(abandonne_le=read_now(), echec=motif[:ECHEC_MAX])
    )
    _empty_secret(session, message_id)


def _give_up(database: Database, message_id: int, motif: str) -> None:
    with database.writing() as session:
        give_up(session, message_id, motif)


def _write_echec(database: Database, message_id: int, echec: str) -> None:
    with database.writing() as session:
        session.execute(
            update(Message).where(Message.id == message_id).values(echec=echec[:ECHEC_MAX])
        )


def _empty_secret(session: Writing, message_id: int) -> None:
    session.execute(
        update(Message).where(Message.id == message_id, Message.secret).values(corps="")
    )


def forget_secrets(session: Writing, now: datetime | None = None) -> None:
    """Empty the secrets that the local mailbox has shown long enough."""
    old = (now or read_now()) - SECRET_KEPT
    session.execute(
        update(Message)
        .where(Message.secret, Message.corps != "", Message.cree_le < old)
        .values(corps="")
    )


def find_messages(session: Session, most: int = 100, *, unsent: bool = False) -> list[MessageVu]:
    """The last messages, the newest first; `unsent`: those that wait or were given up."""
    query = select(Message).order_by(Message.id.desc()).limit(most)
    if unsent:
        query = query.where(Message.envoye_le.is_(None))
    return [_make_vu(row) for row in session.scalars(query)]


def _make_vu(row: Message) -> MessageVu:
    etat = "envoye" if row.envoye_le else "abandonne" if row.abandonne_le else "attend"
    return MessageVu(
        row.id,
        row.canal,
        row.destinataire,
        row.objet,
        row.corps,
        row.cree_le,
        row.envoye_le,
        etat,
        row.echec,
    )
