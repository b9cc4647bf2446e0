"""A test message: whether the sender of the settings works."""

from orc.db import Writing
from orc.journal import Acte, record_acte
from orc.messages import Canal, NouveauMessage, check_courriel, check_mobile, write_message


def write_essai(session: Writing, adresse: str, *, par: str) -> int:
    """Write a test message to a mail address or a mobile number; its id. Raises Invalid."""
    mail = "@" in adresse
    message = NouveauMessage(
        Canal.COURRIEL if mail else Canal.SMS,
        check_courriel(adresse) if mail else check_mobile(adresse),
        "Message d’essai d’ORC",
        "Si vous lisez ceci, ORC sait envoyer des messages. Rien n’est à faire.\n",
    )
    numero = write_message(session, message)
    if numero is None:  # pragma: no cover - only a message with `unique` may be said already
        raise AssertionError
    record_acte(
        session, Acte.MESSAGE_D_ESSAI, acteur=par, objet=f"message:{numero}",
        details={"canal": message.canal.value},
    )  # fmt: skip
    return numero
