"""Mail by SMTP: TLS from the start or by STARTTLS, never in clear unless the setting says so."""

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from orc.errors import Invalid, Unavailable
from orc.messages.port import Envoi, EnvoiRefuse, check_courriel
from orc.models import read_now

# scheme: (port, TLS from the start, STARTTLS)
SCHEMES = {
    "smtps": (465, True, False),
    "smtp": (587, False, True),
    "smtp+clair": (25, False, False),
}
ATTENDU = (
    "ORC_COURRIEL attend smtps://compte:mot de passe@serveur:465, smtp://… (STARTTLS, 587) ou "
    "smtp+clair://… (sans TLS : un relais de la machine)."
)


class Smtp:
    """Mail handed to one server. The address of the sender is the installation's."""

    local = False

    def __init__(self, url: str, expediteur: str, ca: str = "", secondes: float = 20.0) -> None:
        """Raises Invalid on an URL or a sender that means nothing; connects to nothing."""
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise Invalid(ATTENDU)
        port, self._tls, self._starttls = SCHEMES[parts.scheme]
        try:
            self._port = parts.port or port
        except ValueError as error:
            raise Invalid(ATTENDU) from error
        self._host = parts.hostname
        self._compte = unquote(parts.username or "")
        self._mot_de_passe = unquote(parts.password or "")
        if not (self._compte + self._mot_de_passe).isascii():
            raise Invalid("ORC_COURRIEL : le compte et son mot de passe sont sans accent (ASCII).")
        self._ca, self._secondes = ca, secondes
        self._nom, self._adresse = _read_sender(expediteur)

    def send(self, envoi: Envoi) -> None:
        """Hand the mail over. Raises EnvoiRefuse for good, Unavailable for now."""
        message = self._make_message(envoi)
        try:
            with self._connect() as server:
                server.send_message(message, self._adresse, [envoi.destinataire])
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            raise _refuse(code, "le destinataire") from error
        except smtplib.SMTPDataError as error:
            raise _refuse(error.smtp_code, "le message") from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(
                f"Le serveur de courriel ne répond pas comme attendu ({type(error).__name__})."
            ) from error

    def _make_message(self, envoi: Envoi) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = Address(self._nom, addr_spec=self._adresse)
        message["To"] = envoi.destinataire
        message["Subject"] = envoi.objet
        message["Date"] = format_datetime(read_now())
        # The same for a second try: who receives both sees one.
        message["Message-ID"] = f"<orc-{envoi.numero}@{self._adresse.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(envoi.corps)
        return message

    def _connect(self) -> smtplib.SMTP:
        if self._tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=self._secondes, context=self._make_context()
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._secondes)
        try:
            if self._starttls:
                server.starttls(context=self._make_context())
            if self._compte:
                self._log_in(server)
        except BaseException:
            server.close()
            raise
        return server

    def _log_in(self, server: smtplib.SMTP) -> None:
        try:
            server.login(self._compte, self._mot_de_passe)
        except smtplib.SMTPException as error:
            raise Unavailable("Le serveur de courriel refuse le compte des réglages.") from error

    def _make_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._ca or None)


def _refuse(code: int, quoi: str) -> Exception:
    """5xx is for good, 4xx for now (RFC 5321, 4.2.1)."""
    if code >= 500:
        return EnvoiRefuse(f"Le serveur de courriel refuse {quoi} (code {code}).")
    return Unavailable(f"Le serveur de courriel diffère {quoi} (code {code}).")


def _read_sender(expediteur: str) -> tuple[str, str]:
    nom, adresse = parseaddr(expediteur)
    if not adresse or any(ord(c) < 32 for c in expediteur):
        raise Invalid(
            "ORC_COURRIEL_EXPEDITEUR attend une adresse : ORC <ne-pas-repondre@exemple.fr>."
        )
    return nom, check_courriel(adresse)
