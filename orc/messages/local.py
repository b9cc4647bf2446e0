"""The sender of an installation without one: messages stay in SQL, read on a page of ORC."""

from orc.messages.port import Envoi


class BoiteLocale:
    """Takes every message; nothing leaves."""

    local = True

    def send(self, envoi: Envoi) -> None:
        """It is there already."""
        del envoi
