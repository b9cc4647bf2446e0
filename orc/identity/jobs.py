"""The tasks of the queue of mail: messages to send, and what is done once a day."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Protocol

from orc.db import Database, Writing
from orc.identity.rappels import find_rappels, read_jours, send_rappels
from orc.identity.rappels_cles import remind_cles
from orc.messages import (
    Canal,
    Expediteur,
    find_to_send,
    give_up,
    on_message,
    send_message,
)
from orc.models import read_today
from orc.settings import Settings
from orc.tasks import MAIL, Ids, Tasks

# A session, the days of the settings, today; how many it wrote.
Rappel = Callable[[Writing, Sequence[int], date], int]


class Poste(Protocol):
    """The means of these tasks."""

    @property
    def settings(self) -> Settings:
        """The operator's choices."""

    @property
    def database(self) -> Database:
        """SQL."""

    @property
    def tasks(self) -> Tasks:
        """What comes next."""

    @property
    def expediteurs(self) -> Mapping[Canal, Expediteur]:
        """What sends messages."""


def register_mail(orc: Poste, autres: Sequence[Rappel] = ()) -> None:
    """Give the broker the tasks of mail; each message written is sent after its commit.

    `autres`: the reminders of the floors above, made once a day with those of passwords.
    """
    read_jours(orc.settings.rappels_jours)

    def envoyer_message(message_id: int) -> None:
        send_message(orc.database, orc.expediteurs, message_id)

    def rappeler() -> None:
        today = read_today()
        jours = read_jours(orc.settings.rappels_jours)
        # Before what says that the day is done: a fault here is tried again, nothing is sent twice.
        with orc.database.writing() as session:
            remind_cles(session, jours, today)
            for remind in autres:
                remind(session, jours, today)
        send_rappels(orc.database, orc.settings.mot_de_passe_jours, jours, today)

    orc.tasks.register(
        envoyer_message,
        queue=MAIL,
        unfinished=lambda: find_to_send(orc.database),
        set_aside=_set_aside,
    )
    orc.tasks.register(
        rappeler, queue=MAIL, unfinished=lambda: find_rappels(orc.database), unique=True
    )
    on_message(orc.database, lambda ident: orc.tasks.enqueue_now("envoyer_message", ident))


def _set_aside(session: Writing, ids: Ids, motif: str) -> None:
    give_up(session, int(ids[0]), motif)
