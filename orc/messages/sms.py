"""SMS by an HTTP gateway: one POST of JSON, made from the template of the settings."""

import json
import re
import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, urlsplit

from orc.errors import Invalid, Unavailable
from orc.messages.port import Envoi, EnvoiRefuse

NUMERO, TEXTE, JETON = "{numero}", "{texte}", "{jeton}"
_MARKS = re.compile(re.escape(NUMERO) + "|" + re.escape(TEXTE))
_LOCAUX = frozenset({"127.0.0.1", "::1", "localhost"})
_READ_MAX = 64 * 1024
_FOR_NOW = frozenset({401, 403, 408, 425, 429})


class PasserelleSms:
    """SMS handed to one gateway, over HTTPS (or in clear on this machine only)."""

    local = False

    def __init__(
        self, url: str, jeton: str, entete: str, modele: str, secondes: float = 20.0
    ) -> None:
        """Raises Invalid on settings that mean nothing; connects to nothing."""
        self._url = _read_url(url)
        self._entetes = _read_header(entete, jeton)
        self._modele = _read_template(modele)
        self._secondes = secondes

    def send(self, envoi: Envoi) -> None:
        """Hand the SMS over. Raises EnvoiRefuse for good, Unavailable for now."""
        values = {NUMERO: envoi.destinataire, TEXTE: envoi.corps}
        body = json.dumps(_fill(self._modele, values), ensure_ascii=False).encode()
        headers = {
            "content-type": "application/json",
            "accept": "application/json",
            **self._entetes,
        }
        try:
            status = self._post(body, headers)
        except (OSError, HTTPException) as error:
            raise Unavailable(
                f"La passerelle de SMS ne répond pas ({type(error).__name__})."
            ) from error
        if 200 <= status < 300:
            return
        if status in _FOR_NOW or status >= 500 or status < 400:
            raise Unavailable(f"La passerelle de SMS ne prend pas le message (code {status}).")
        raise EnvoiRefuse(f"La passerelle de SMS refuse le message (code {status}).")

    def _post(self, body: bytes, headers: dict[str, str]) -> int:
        url = self._url
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection = self._open()
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read(_READ_MAX)
            return answer.status
        finally:
            connection.close()

    def _open(self) -> HTTPConnection:
        host = self._url.hostname or ""
        if self._url.scheme == "https":
            return HTTPSConnection(
                host, self._url.port, timeout=self._secondes, context=ssl.create_default_context()
            )
        return HTTPConnection(host, self._url.port, timeout=self._secondes)


def _read_url(text: str) -> SplitResult:
    url = urlsplit(text)
    try:
        known = url.port is None or url.port > 0
    except ValueError:
        known = False
    safe = url.scheme == "https" or (url.scheme == "http" and url.hostname in _LOCAUX)
    if not (known and safe and url.hostname):
        raise Invalid("ORC_SMS attend une adresse https:// (http:// sur cette machine seulement).")
    return url


def _read_header(entete: str, jeton: str) -> dict[str, str]:
    """`Authorization: Bearer {jeton}` as a header; none without a token."""
    if not jeton:
        return {}
    name, separator, value = entete.partition(":")
    filled = value.strip().replace(JETON, jeton)
    if not separator or not name.strip().replace("-", "").isalnum() or not filled.isprintable():
        raise Invalid(
            "ORC_SMS_ENTETE attend « Nom: valeur », par exemple « Authorization: Bearer {jeton} »."
        )
    return {name.strip(): filled}


def _read_template(modele: str) -> Any:
    try:
        template = json.loads(modele)
    except ValueError as error:
        raise Invalid("ORC_SMS_MODELE n’est pas du JSON.") from error
    if NUMERO not in modele or TEXTE not in modele or not isinstance(template, dict):
        raise Invalid(f"ORC_SMS_MODELE attend un objet JSON où {NUMERO} et {TEXTE} se trouvent.")
    return template


def _fill(template: Any, values: dict[str, str]) -> Any:
    """Values go into strings already read: no quote of theirs changes the document."""
    if isinstance(template, dict):
        return {key: _fill(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [_fill(value, values) for value in template]
    if isinstance(template, str):
        # One pass: what a value holds is never looked into again.
        return _MARKS.sub(lambda mark: values[mark[0]], template)
    return template
