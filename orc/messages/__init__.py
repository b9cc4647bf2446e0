"""Mail and SMS out: written with what they announce, sent after its commit, by these senders."""

from collections.abc import Mapping

from orc.messages.local import BoiteLocale
from orc.messages.outbox import (
    MessageVu,
    find_messages,
    find_to_send,
    forget_secrets,
    give_up,
    on_message,
    send_message,
    write_message,
    write_to_personne,
)
from orc.messages.port import (
    Canal,
    Envoi,
    EnvoiRefuse,
    Expediteur,
    NouveauMessage,
    check_courriel,
    check_mobile,
)
from orc.messages.sms import PasserelleSms
from orc.messages.smtp import Smtp
from orc.settings import Settings

__all__ = [
    "BoiteLocale",
    "Canal",
    "Envoi",
    "EnvoiRefuse",
    "Expediteur",
    "MessageVu",
    "NouveauMessage",
    "PasserelleSms",
    "Smtp",
    "check_courriel",
    "check_mobile",
    "find_messages",
    "find_to_send",
    "forget_secrets",
    "give_up",
    "make_expediteurs",
    "on_message",
    "send_message",
    "write_message",
    "write_to_personne",
]


def make_expediteurs(settings: Settings) -> Mapping[Canal, Expediteur]:
    """What sends each kind of message; nothing leaves where no address is set. Raises Invalid."""
    delai = float(settings.courriel_secondes)
    return {
        Canal.COURRIEL: Smtp(
            settings.courriel, settings.courriel_expediteur, settings.courriel_ca, delai
        )
        if settings.courriel
        else BoiteLocale(),
        Canal.SMS: PasserelleSms(
            settings.sms, settings.sms_jeton, settings.sms_entete, settings.sms_modele, delai
        )
        if settings.sms
        else BoiteLocale(),
    }
